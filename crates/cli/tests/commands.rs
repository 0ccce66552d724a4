//! The commands for single records and for whoever installs the program.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use std::process::{Command, Stdio};

use super::program::{Run, fill, run, run_with, text};
use serde_json::{Value, json};

/// A store of so many records, and its path.
fn filled(records: u32) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("files");
    fill(&db, records);
    let db = text(&db).to_owned();
    (directory, db)
}

fn count(db: &str) -> String {
    run(&["count", "--db", db]).out
}

#[test]
fn records_are_shown_by_their_ids_and_missing_ones_are_told() {
    let (_site, db) = filled(3);
    let get = run(&["get", "--db", &db, "f2", "none", "f0"]);
    assert_eq!((get.status, get.lines().len()), (1, 2), "{get:?}");
    assert!(
        get.lines()[0].starts_with(r#"{"_id":"f2""#)
            && get.lines()[1].starts_with(r#"{"_id":"f0""#)
    );
    assert_eq!(get.err, "\"none\": no such record\n");
    let table = run(&["get", "--db", &db, "--format", "table", "f1"]).out;
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    let date = "1970-01-01T00:00:00.001Z";
    let expected =
        [["field", "value"], ["_id", "f1"], ["rid", "r1"], ["size", "1"], ["uploadedAt", date]];
    assert_eq!(rows, expected);
    assert_eq!(
        run(&["get", "--db", &db, "--format", "csv", "f1"]).out,
        format!("_id,rid,size,uploadedAt\nf1,r1,1,{date}\n")
    );
    assert_eq!(run(&["get", "--db", &db, "--format", "json", "f1"]).json()["size"], 1);
}

#[test]
fn a_count_is_a_number_and_nothing_else() {
    let (_site, db) = filled(70);
    for (arguments, expected) in [
        (&[][..], "70\n"),
        (&["--room", "r0"], "10\n"),
        (&["--query", "{size: {$gte: 60}}"], "10\n"),
        (&["--room", "none"], "0\n"),
    ] {
        assert_eq!(run(&[&["count", "--db", &db], arguments].concat()).out, expected);
    }
    assert_eq!(run(&["count", "--db", &db, "--query", "{size: {gt: 1}}"]).status, 2);
}

#[test]
fn records_are_removed_by_ids_or_by_a_question_and_never_for_want_of_one() {
    let (_site, db) = filled(70);
    let remove = |arguments: &[&str]| run(&[&["remove", "--db", &db], arguments].concat());
    let nothing = remove(&[]);
    assert!(nothing.status == 2 && nothing.err.contains("say which records"), "{nothing:?}");
    assert_eq!(remove(&["--query", "{size: {$lt: 10}}", "--dry-run"]).out, "10 would be removed\n");
    assert_eq!(count(&db), "70\n");
    assert_eq!(remove(&["f0", "f1", "none"]).out, "2 removed\n");
    assert_eq!(remove(&["--room", "r2", "f2", "f3"]).out, "1 removed\n");
    assert_eq!(remove(&["--query", "{size: {$lt: 10}}"]).out, "7 removed\n");
    assert_eq!(remove(&["--query", "{size: {$bigger: 1}}"]).status, 2);
    assert_eq!(count(&db), "60\n");
    assert_eq!(remove(&["--query", "{}"]).out, "60 removed\n");
    let verify = run(&["verify", "--db", &db]).json();
    assert_eq!((&verify["records"], &verify["problems"]), (&json!(0), &json!([])));
}

#[test]
fn records_are_changed_by_the_update_language() {
    let (_site, db) = filled(7);
    let update = |arguments: &[&str]| run(&[&["update", "--db", &db], arguments].concat());
    let set = ["--change", "{$set: {kind: 'new', seen: ISODate('2025-01-01')}}"];
    assert_eq!(update(&set).status, 2);
    assert_eq!(
        update(&[&set[..], &["--query", "{size: {$lt: 3}}", "--dry-run"]].concat()).out,
        "3 match\n"
    );
    assert_eq!(
        update(&[&set[..], &["--query", "{size: {$lt: 3}}"]].concat()).out,
        "3 changed, 0 unchanged, 0 inserted\n"
    );
    assert_eq!(
        update(&[&set[..], &["f0", "f5"]].concat()).out,
        "1 changed, 1 unchanged, 0 inserted\n"
    );
    let upsert = update(&["--change", "{$set: {kind: 'made'}}", "--upsert", "g"]);
    assert_eq!(upsert.out, "0 changed, 0 unchanged, 1 inserted\n", "{upsert:?}");
    let seen = "{kind: 'new', seen: ISODate('2025-01-01')}";
    assert_eq!(run(&["count", "--db", &db, "--query", seen]).out, "4\n");
    for wrong in ["{$bigger: {a: 1}}", "{$set: {_id: 'x'}}", "{$inc: {kind: 1}}", "{"] {
        let refused = update(&["--change", wrong, "f0"]);
        assert_ne!(refused.status, 0, "{wrong} {refused:?}");
    }
    let filters = update(&[
        "--change",
        "{$set: {'tags.$[t]': 'x'}}",
        "--array-filters",
        "[{t: 'y'}]",
        "--query",
        "{tags: 'y'}",
    ]);
    assert_eq!(filters.out, "0 changed, 0 unchanged, 0 inserted\n", "{filters:?}");
}

#[test]
fn every_form_says_the_same_of_the_same_records() {
    let (_site, db) = filled(3);
    let find =
        |format: &str| run(&["find", "--db", &db, "--sort", "{_id: 1}", "--format", format]).out;
    let csv = find("csv");
    assert_eq!(csv.lines().next(), Some("_id,rid,size,uploadedAt"));
    assert_eq!(find("tsv"), csv.replace(',', "\t"));
    assert_eq!(find("page"), find("json"));
    assert_eq!((find("lines"), find("ndjson")), (find("jsonl"), find("jsonl")));
    let table = find("table");
    assert!(table.ends_with("3 in all\n") && table.contains("1970-01-01T00:00:00.002Z"), "{table}");
    let some =
        run(&["find", "--db", &db, "--offset", "1", "--count", "1", "--format", "table"]).out;
    assert!(some.ends_with("2 to 2 of 3\n"), "{some}");
    let stats = |format: &str| run(&["stats", "--db", &db, "--format", format]).out;
    assert!(stats("csv").contains("\nrecords,3\n") && stats("table").contains("typeGroups.(none)"));
    assert_eq!(serde_json::from_str::<Value>(&stats("jsonl")).unwrap()["records"], 3);
}

#[test]
fn exported_rows_are_read_back() {
    let (site, db) = filled(30);
    for format in ["csv", "tsv"] {
        let rows = run(&["export", "--db", &db, "--format", format]).out;
        let other = site.path().join(format);
        let import = run_with(&["import", "--db", text(&other), "-"], rows.as_bytes());
        assert_eq!(import.out, "30 inserted, 0 replaced, 0 unchanged, 0 bad\n", "{import:?}");
        let all = |db: &str| run(&["export", "--db", db]).out;
        assert_eq!(all(text(&other)), all(&db));
    }
    assert_eq!(run(&["export", "--db", &db, "--room", "r0"]).lines().len(), 5);
}

#[test]
fn a_store_is_named_by_db_wherever_it_is_named() {
    let (site, db) = filled(5);
    let (backup, other) = (site.path().join("backup"), site.path().join("other"));
    let (backup, other) = (text(&backup), text(&other));
    for arguments in [
        &["backup", "--db", &db, backup][..],
        &["restore", backup, "--db", other],
        &["compact", "--db", other],
        &["repair", "--db", other],
        &["verify", "--db", other],
        &["stats", "--db", other],
        &["export", "--db", other],
        &["backup", other, backup],
        &["compact", other],
    ] {
        assert_eq!(run(arguments).status, 0, "{arguments:?}");
    }
    for arguments in [&["backup", backup][..], &["compact"], &["compact", other, "--db", other]] {
        assert_eq!(run(arguments).status, 2, "{arguments:?}");
    }
}

#[test]
fn a_token_is_hashed_as_a_directory_file_keeps_it() {
    let secret = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=\n";
    for text in ["secret", "secret\n", "secret\r\n"] {
        assert_eq!(run_with(&["token"], text.as_bytes()).out, secret);
    }
    for text in ["", "\n", "two words", "two\nlines", "caf\u{e9}"] {
        let refused = run_with(&["token"], text.as_bytes());
        assert_eq!((refused.status, refused.out.as_str()), (1, ""), "{text:?}");
    }
    let made: Vec<Run> = (0..2).map(|_| run(&["token", "--new"])).collect();
    assert_ne!(made[0].out, made[1].out);
    let lines = made[0].lines();
    assert_eq!((lines.len(), lines[0].len()), (2, 43));
    assert_eq!(run_with(&["token"], lines[0].as_bytes()).lines(), lines[1..]);
}

/// A shell that is there.
fn has(shell: &str) -> bool {
    Command::new(shell).arg("--version").stdout(Stdio::null()).status().is_ok()
}

#[test]
fn completions_load_in_every_shell_that_is_there() {
    let load = [
        ("bash", "source \"$1\" && complete -p filedex"),
        (
            "zsh",
            "autoload -U compinit && compinit -u -D && source \"$1\" && [[ $_comps[filedex] = _filedex ]]",
        ),
        ("fish", "source $argv[1]; and complete -C 'filedex com' | grep -q compact"),
    ];
    let site = tempfile::tempdir().unwrap();
    for (shell, script) in load {
        let completions = run(&["completions", shell]);
        assert!(completions.out.contains("filedex") && completions.status == 0);
        let file = site.path().join(shell);
        std::fs::write(&file, completions.out).unwrap();
        // bash is everywhere; the others are where they are wanted.
        if shell != "bash" && !has(shell) {
            continue;
        }
        let name = if shell == "fish" { &[][..] } else { &[shell] };
        let output =
            Command::new(shell).args(["-c", script]).args(name).arg(&file).output().unwrap();
        assert!(output.status.success(), "{shell}: {output:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command_and_renders() {
    let site = tempfile::tempdir().unwrap();
    let written = run(&["man", "--directory", text(site.path())]);
    assert_eq!(written.status, 0, "{written:?}");
    for page in ["filedex.1", "filedex-find.1", "filedex-serve.1", "filedex-man.1"] {
        let source = std::fs::read_to_string(site.path().join(page)).unwrap();
        assert!(source.contains(".TH ") && source.contains(".SH NAME"), "{page}: {source}");
    }
    let source = run(&["man"]).out;
    assert_eq!(source, std::fs::read_to_string(site.path().join("filedex.1")).unwrap());
    if has("groff") {
        let page = site.path().join("filedex-find.1");
        let rendered =
            Command::new("groff").args(["-man", "-Tutf8", "-ww"]).arg(page).output().unwrap();
        assert!(rendered.status.success() && rendered.stderr.is_empty(), "{rendered:?}");
        let shown = String::from_utf8(rendered.stdout).unwrap();
        assert!(
            shown.contains("Finds records in a store") && shown.contains("Examples:"),
            "{shown}"
        );
    }
}

#[test]
fn the_example_of_a_directory_file_is_read_and_a_slip_of_the_pen_is_told() {
    let site = tempfile::tempdir().unwrap();
    let file = site.path().join("directory.json");
    let example = run(&["directory", "--example"]).out;
    let check = |text_of_file: &str| {
        std::fs::write(&file, text_of_file).unwrap();
        run(&["directory", "--check", text(&file)])
    };
    assert_eq!(check(&example).status, 0);
    let slip = check(&example.replace("username", "user_name"));
    assert!(slip.status == 1 && slip.err.contains("user_name"), "{slip:?}");
    assert!(run(&["directory", "--schema"]).json()["$schema"].is_string());
    let help = run(&["serve", "--help"]).out;
    assert!(help.contains("filedex directory --example") && help.contains("--schema"), "{help}");
}
