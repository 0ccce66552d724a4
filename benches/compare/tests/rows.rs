//! The comparison as it is run: all peers give the same answers, and every row has its figures.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

use serde_json::Value;

/// The rows, and the unit in the names of their figures.
const ROWS: &[(&str, &str)] = &[
    ("room_page", "ns"),
    ("largest_room_page", "ns"),
    ("room_type_page", "ns"),
    ("deep_page", "ns"),
    ("user_page", "ns"),
    ("all_page", "ns"),
    ("type_page", "ns"),
    ("filter_page", "ns"),
    ("full_filter", "ns"),
    ("full_filter_columns", "ns"),
    ("filter_after_updates", "ns"),
    ("filter_after_updates_times", "times"),
    ("get", "ns"),
    ("first_get", "ns"),
    ("first_room_page", "ns"),
    ("first_user_page", "ns"),
    ("first_full_filter", "ns"),
    ("name_page", "ns"),
    ("first_name_page", "ns"),
    ("second_name_page", "ns"),
    ("size_page", "ns"),
    ("first_size_page", "ns"),
    ("second_size_page", "ns"),
    ("written_size_page", "ns"),
    ("deep_size_page", "ns"),
    ("first_deep_size_page", "ns"),
    ("second_deep_size_page", "ns"),
    ("written_deep_size_page", "ns"),
    ("id_page", "ns"),
    ("first_id_page", "ns"),
    ("second_id_page", "ns"),
    ("half_page", "ns"),
    ("first_half_page", "ns"),
    ("second_half_page", "ns"),
    ("before_page", "ns"),
    ("first_before_page", "ns"),
    ("second_before_page", "ns"),
    ("behind_page", "ns"),
    ("first_behind_page", "ns"),
    ("second_behind_page", "ns"),
    ("either_page", "ns"),
    ("first_either_page", "ns"),
    ("second_either_page", "ns"),
    ("computed_page", "ns"),
    ("first_computed_page", "ns"),
    ("second_computed_page", "ns"),
    ("pattern_page", "ns"),
    ("first_pattern_page", "ns"),
    ("second_pattern_page", "ns"),
    ("bulk_load", "per_cpu_second"),
    ("bulk_load_uncounted", "per_cpu_second"),
    ("load_growth", "times"),
    ("durable_put", "ns"),
    ("durable_put_uncounted", "ns"),
    ("put", "ns"),
    ("put_uncounted", "ns"),
    ("put_p999", "ns"),
    ("put_p999_uncounted", "ns"),
    ("put_longest", "ns"),
    ("put_longest_uncounted", "ns"),
    ("put_longest_backup", "ns"),
    ("read_p999_beside", "ns"),
    ("read_share_beside", "share"),
    ("disk_bytes", "bytes"),
    ("churned_bytes", "bytes"),
    ("churned_growth", "times"),
    ("memory_loaded", "bytes"),
    ("memory_open", "bytes"),
    ("over_budget_reading", "bytes"),
    ("over_budget_loading", "bytes"),
    ("over_budget_mixed", "bytes"),
    ("open_warm", "ns"),
    ("open_after_load", "ns"),
    ("open_after_kill", "ns"),
    ("replay_rate", "bytes_per_second"),
];

/// Parts of the names of rows for whose questions there is a SQLite with an index for just them.
const INDEXED: &[&str] = &[
    "name_page",
    "size_page",
    "id_page",
    "half_page",
    "before_page",
    "behind_page",
    "either_page",
    "computed_page",
    "pattern_page",
];

/// Rows that plain sled stands in.
const OF_SLED: &[&str] = &[
    "room_page",
    "largest_room_page",
    "room_type_page",
    "deep_page",
    "user_page",
    "filter_page",
    "full_filter",
    "full_filter_columns",
    "get",
    "bulk_load",
    "durable_put",
    "disk_bytes",
    "memory_loaded",
    "memory_open",
    "open_warm",
];

fn compare(arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_filedex-compare");
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn peers_answer_alike_and_every_row_has_figures() {
    let text = compare(&["--records", "2k", "--rounds", "1", "--json"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["row"].as_str().unwrap()).collect();
    assert_eq!(names, ROWS.iter().map(|(name, _)| *name).collect::<Vec<&str>>());
    let measures_memory = cfg!(target_os = "linux");
    for (line, (name, unit)) in lines.iter().zip(ROWS) {
        if (name.starts_with("memory") || name.starts_with("over_budget")) && !measures_memory {
            continue;
        }
        let mut peers = vec!["filedex", "sqlite"];
        peers.extend(OF_SLED.contains(name).then_some("sled"));
        peers.extend(INDEXED.iter().any(|page| name.ends_with(page)).then_some("indexed"));
        // A process may keep to its budget.
        let least = if name.starts_with("over_budget") { -1.0 } else { 0.0 };
        for peer in peers {
            let figure = line[format!("{peer}_{unit}")].as_f64();
            assert!(figure > Some(least), "{peer} in {line}");
        }
        assert!(least < 0.0 || line["times_sqlite"].as_f64() > Some(0.0), "{line}");
    }
}

#[test]
fn pictures_show_the_rows_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let (picture, plot) = (directory.path().join("rows.svg"), directory.path().join("sizes.svg"));
    let rows = ["--rounds", "1", "--peers", "sqlite", "--rows", "room_page,deep_page"];
    compare(&[&["--records", "500", "--svg", picture.to_str().unwrap()][..], &rows[..]].concat());
    let sizes = ["scaling", "--sizes", "200,500", "--svg", plot.to_str().unwrap()];
    compare(&[&sizes[..], &rows[..]].concat());
    for path in [picture, plot] {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"), "{text}");
        assert!(text.contains(">room_page<") && text.contains(">deep_page<"), "{text}");
        assert!(!text.contains(">get<"), "{text}");
    }
}
