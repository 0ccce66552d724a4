//! `filedex import`, `export`, `stats` and `verify`: records in and out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program::{run, run_with, text};

/// Everything in a directory, itself first, with its permissions.
#[cfg(unix)]
fn permissions(path: &std::path::Path) -> Vec<(std::path::PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let own = std::fs::symlink_metadata(path).unwrap();
    let mut found = vec![(path.to_owned(), own.permissions().mode() & 0o777)];
    if own.is_dir() {
        let inside = std::fs::read_dir(path).unwrap();
        inside.for_each(|entry| found.extend(permissions(&entry.unwrap().path())));
    }
    found
}

#[cfg(unix)]
#[test]
fn a_store_is_its_owners_alone_whatever_the_umask() {
    let directory = tempfile::tempdir().unwrap();
    for umask in ["000", "022", "077"] {
        let db = directory.path().join(format!("files{umask}"));
        let lines = directory.path().join("lines");
        let records = (0..100).map(|n| format!("{{\"_id\":\"{n}\",\"rid\":\"R\"}}\n"));
        std::fs::write(&lines, records.collect::<String>()).unwrap();
        let program = env!("CARGO_BIN_EXE_filedex");
        let script = format!(
            "umask {umask} && {program} import --db {db} {lines} && {program} compact {db}",
            db = text(&db),
            lines = text(&lines),
        );
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let found = permissions(&db);
        assert!(found.len() > 4, "{found:?}");
        for (path, mode) in found {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            // What sled makes in its own directory has the umask's permissions; nobody else gets in there.
            if path.parent().is_some_and(|parent| parent.starts_with(db.join("tree"))) {
                continue;
            }
            assert_eq!(mode, expected, "{} under {umask}: {mode:o}", path.display());
        }
    }
}

#[test]
fn bad_lines_are_told_in_order_with_number_and_reason_and_the_rest_goes_in() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let lines = concat!(
        "{\"_id\":\"a\",\"rid\":\"R\"}\n",
        "{\"_id\":\"b\",\n",
        "\n",
        "{\"rid\":\"R\"}\n",
        "{\"_id\":\"\"}\n",
        "{\"_id\":7}\n",
        "\"text\"\n",
        "{\"_id\":\"c\"}\u{FF}\n",
        "{\"_id\":\"d\",\"size\":{\"$numberLong\":\"7\"}}\r\n",
    );
    let lines: Vec<u8> = lines.chars().map(|letter| letter as u8).collect();
    let import = run_with(&["import", "--db", text(&db), "-"], &lines);
    assert_eq!(import.status, 1, "{import:?}");
    assert_eq!(import.out, "2 inserted, 0 replaced, 0 unchanged, 6 bad\n");
    let told: Vec<&str> = import.err.lines().map(|line| line.split(':').next().unwrap()).collect();
    // In the order of the file, whether the reader refused them or, a batch at a time, the store; each has one
    // position.
    assert_eq!(told, ["line 2", "line 4", "line 5", "line 6", "line 7", "line 8"]);
    assert!(!import.err.contains("column"), "{}", import.err);
    assert!(import.err.lines().all(|line| line.len() > "line 2: ".len()), "{}", import.err);

    let found = run(&["find", "--db", text(&db), "--sort", r#"{"_id":1}"#, "--format", "lines"]);
    assert_eq!(found.lines(), [r#"{"_id":"a","rid":"R"}"#, r#"{"_id":"d","size":7}"#]);
}

#[test]
fn records_past_a_limit_are_told_and_those_at_it_go_in() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let nested = |levels: usize| {
        let (open, close) = ("{\"a\":".repeat(levels - 1), "}".repeat(levels - 1));
        format!("{{\"_id\":\"deep{levels}\",\"value\":{open}1{close}}}")
    };
    let named = |id: &str| format!("{{\"_id\":{}}}", serde_json::Value::from(id));
    let long = |bytes: usize| format!("{{\"_id\":\"long\",\"text\":\"{}\"}}", "x".repeat(bytes));
    let lines = [
        (nested(100), true),
        (nested(101), false),
        (nested(5_000), false),
        (named("\0"), true),
        (named("/"), true),
        (named("\u{10ffff}"), true),
        (named(&"x".repeat(512)), true),
        (named(&"x".repeat(513)), false),
        (named(&"x".repeat(1 << 20)), false),
        (named(""), false),
        (long((16 << 20) - 64), true),
        (long(16 << 20), false),
    ];
    let input: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let import = run_with(&["import", "--db", text(&db), "-"], input.join("\n").as_bytes());
    assert_eq!(import.status, 1);
    let told: Vec<usize> = import
        .err
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.split(':').next()?.parse().ok())
        .collect();
    let bad: Vec<usize> =
        (1..).zip(&lines).filter(|(_, (_, good))| !good).map(|(number, _)| number).collect();
    assert_eq!(told, bad, "{:.2000}", import.err);
    assert_eq!(import.out, "6 inserted, 0 replaced, 0 unchanged, 6 bad\n");
    assert_eq!(run(&["verify", "--db", text(&db)]).status, 0);
}

#[test]
fn importing_again_changes_only_what_differs() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let first = b"{\"_id\":\"a\",\"size\":1}\n{\"_id\":\"b\",\"size\":2}\n";
    let second = b"[{\"_id\":\"a\",\"size\":1}, {\"_id\":\"b\",\"size\":3}, {\"_id\":\"c\"}]";
    let import = |input: &[u8]| run_with(&["import", "--db", text(&db), "-"], input).out;
    assert_eq!(import(first), "2 inserted, 0 replaced, 0 unchanged, 0 bad\n");
    assert_eq!(import(second), "1 inserted, 1 replaced, 1 unchanged, 0 bad\n");
}

#[test]
fn an_array_is_read_to_its_first_break_and_bad_elements_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let broken = b"\n[{\"_id\":\"a\"},\n 7,\n {\"_id\":\"b\"}, {]";
    let import = run_with(&["import", "--db", text(&db), "-"], broken);
    assert_eq!(import.status, 1);
    assert_eq!(import.out, "2 inserted, 0 replaced, 0 unchanged, 2 bad\n");
    let told: Vec<&str> = import.err.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(told, ["element 2", "element 4"]);
}

#[test]
fn mongoexport_lines_keep_their_kinds() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let line = concat!(
        r#"{"_id":{"$oid":"666fdecb4ac1a8e6404ededd"},"uploadedAt":{"$date":"2024-06-17T06:59:23.602Z"},"#,
        r#""size":{"$numberLong":"5000000000"},"price":{"$numberDecimal":"1.50"}}"#,
    );
    let file = directory.path().join("export.json");
    std::fs::write(&file, line).unwrap();
    assert_eq!(run(&["import", "--db", text(&db), text(&file)]).status, 0);
    let export = run(&["export", "--db", text(&db)]);
    let expected = line
        .replace(r#"{"$oid":"666fdecb4ac1a8e6404ededd"}"#, r#""666fdecb4ac1a8e6404ededd""#)
        .replace(r#"{"$numberLong":"5000000000"}"#, "5000000000");
    assert_eq!(export.out, expected + "\n");
}

#[test]
fn an_export_fills_another_store_with_the_same_records() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (directory.path().join("one"), directory.path().join("other"));
    let lines: String = (0..500)
        .map(|n| format!("{{\"_id\":\"f{n}\",\"rid\":\"r{}\",\"size\":{n},\"ratio\":{n}.0,            \"uploadedAt\":{{\"$date\":{{\"$numberLong\":\"{n}\"}}}}}}\n", n % 7))
        .collect();
    assert_eq!(run_with(&["import", "--db", text(&one), "-"], lines.as_bytes()).status, 0);
    let export = run(&["export", "--db", text(&one), "--canonical"]);
    let import = run_with(&["import", "--db", text(&other), "-"], export.out.as_bytes());
    assert_eq!(import.out, "500 inserted, 0 replaced, 0 unchanged, 0 bad\n");
    assert_eq!(run(&["export", "--db", text(&other), "--canonical"]).out, export.out);

    let stats = run(&["stats", "--db", text(&other)]).json();
    assert_eq!((&stats["records"], &stats["rooms"]), (&500.into(), &7.into()));
    let verify = run(&["verify", "--db", text(&other)]);
    assert_eq!(verify.status, 0, "{verify:?}");
    assert_eq!(verify.json()["records"], 500);
}

#[test]
fn a_file_that_cannot_be_read_makes_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let import = run(&["import", "--db", text(&db), "no-such-file"]);
    assert_eq!(import.status, 1);
    assert!(import.err.contains("no-such-file"));
    assert!(!db.exists());
}

#[test]
fn a_file_of_another_kind_is_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    let file = directory.path().join("uploads.json");
    std::fs::write(&file, "<!doctype html>\n<title>Log in</title>\n").unwrap();
    let import = run(&["import", "--db", text(&db), text(&file)]);
    assert_eq!((import.status, import.out.as_str()), (1, ""));
    let said = "this is a web page (HTML), not JSON; nothing was imported\n";
    assert_eq!(import.err, format!("filedex: {}: {said}", text(&file)));
    let directory = run(&["import", "--db", text(&db), text(directory.path())]);
    assert!(directory.err.contains("filedex scan"), "{directory:?}");
}

#[test]
fn what_find_prints_goes_back_in_and_options_are_heard() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (directory.path().join("one"), directory.path().join("other"));
    let record = r#"{"_id":"a","rid":{"$oid":"5a9f1b2c3d4e5f60718293aa"},"size":"7","type":"image/png","uploadedAt":"2024-01-01T00:00:00Z","user":{"_id":"u1","username":"ada"}}"#;
    assert_eq!(run_with(&["import", "--db", text(&one), "-"], record.as_bytes()).status, 0);
    let found =
        run(&["find", "--db", text(&one), "--room", "5a9f1b2c3d4e5f60718293aa", "--user", "u1"]);
    assert_eq!(found.json()["total"], 1);
    assert_eq!(run_with(&["import", "--db", text(&other), "-"], found.out.as_bytes()).status, 0);
    let exported = |db: &std::path::Path| run(&["export", "--db", text(db), "--canonical"]).out;
    assert_eq!(exported(&one), exported(&other));

    let query = r#"{"rid":{"$oid":"5a9f1b2c3d4e5f60718293aa"},"uploadedAt":{"$gte":{"$date":"2024-01-01"}}}"#;
    assert_eq!(run(&["find", "--db", text(&one), "--query", query]).json()["total"], 1);

    let as_is = directory.path().join("as-is");
    let import = run_with(&["import", "--db", text(&as_is), "--as-is", "-"], record.as_bytes());
    assert_eq!(import.status, 0);
    assert!(exported(&as_is).contains(r#""size":"7""#));
    let many: String =
        (0..30).map(|n| format!("{{\"_id\":\"f{n}\",\"size\":\"big\"}}\n")).collect();
    let import = run_with(&["import", "--db", text(&other), "--faults", "3", "-"], many.as_bytes());
    assert_eq!(import.err.lines().count(), 4, "{import:?}");
    assert!(import.err.ends_with("and 27 more\n"), "{import:?}");
    let help = run(&["import", "--help"]).out;
    for word in
        ["mongodump", "Zipline", "--as-is", "--no-type-group", "--owner", "CSV", "createdAt"]
    {
        assert!(help.contains(word), "{word}: {help}");
    }
}
