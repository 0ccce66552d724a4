//! `filedex find`: what it prints and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program;

use program::{Run, run, run_with, text};

const FILES: &str = r#"{"_id":"a","rid":"R","userId":"U","typeGroup":"image","name":"Logo.png","size":900}
{"_id":"b","rid":"R","userId":"V","typeGroup":"text","name":"notes.txt","size":20,"uploadedAt":{"$date":"2024-06-17T06:59:23.602Z"}}
{"_id":"c","rid":"S","userId":"U","typeGroup":"image","name":"logo.gif","size":100}
"#;

fn find(arguments: &[&str]) -> Run {
    run_with(&[&["find", "--input", "-"], arguments].concat(), FILES.as_bytes())
}

/// The same lookup in a store and over the lines it was filled from.
fn find_both(arguments: &[&str]) -> [Run; 2] {
    let directory = tempfile::tempdir().unwrap();
    let db = text(directory.path()).to_owned() + "/files";
    assert_eq!(run_with(&["import", "--db", &db, "-"], FILES.as_bytes()).status, 0);
    let stored = run(&[&["find", "--db", &db], arguments].concat());
    [stored, find(arguments)]
}

fn ids(run: &Run) -> String {
    let page = run.json();
    let ids = page["files"].as_array().unwrap().iter().map(|file| file["_id"].as_str().unwrap());
    ids.collect()
}

#[test]
fn a_page_is_one_json_object_with_files_count_offset_and_total() {
    for found in find_both(&[
        "--query",
        r#"{"size":{"$gte":100}}"#,
        "--sort",
        r#"{"size":1}"#,
        "--fields",
        r#"{"name":1}"#,
        "--offset",
        "1",
    ]) {
        assert_eq!(found.status, 0, "{found:?}");
        let page = r#"{"files":[{"_id":"a","name":"Logo.png"}],"count":1,"offset":1,"total":2}"#;
        assert_eq!(found.out, format!("{page}\n"));
    }
}

#[test]
fn room_user_and_group_narrow_what_the_query_finds() {
    for (arguments, expected) in [
        (&["--room", "R"][..], "ab"),
        (&["--user", "U"], "ac"),
        (&["--type-group", "image"], "ac"),
        (&["--room", "R", "--user", "U"], "a"),
        (&["--room", "R", "--query", r#"{"rid":"S"}"#], ""),
        (&["--room", "R", "--query", r#"{"$or":[{"rid":"S"},{"rid":"R"}]}"#], "ab"),
    ] {
        for found in find_both(&[arguments, &["--sort", r#"{"_id":1}"#]].concat()) {
            assert_eq!(ids(&found), expected, "{arguments:?}");
        }
    }
}

#[test]
fn count_limits_the_page_and_zero_means_all() {
    for (count, expected) in [("1", "a"), ("2", "ab"), ("0", "abc"), ("9", "abc")] {
        for found in find_both(&["--sort", r#"{"_id":1}"#, "--count", count]) {
            assert_eq!(ids(&found), expected);
            assert_eq!(found.json()["total"], 3);
        }
    }
}

#[test]
fn a_page_shows_dates_as_text_and_lines_show_them_as_extended_json() {
    for (format, expected) in [
        (
            "page",
            r#"{"files":[{"uploadedAt":"2024-06-17T06:59:23.602Z"}],"count":1,"offset":0,"total":1}"#,
        ),
        ("lines", r#"{"uploadedAt":{"$date":"2024-06-17T06:59:23.602Z"}}"#),
    ] {
        for found in find_both(&[
            "--query",
            r#"{"_id":"b"}"#,
            "--fields",
            r#"{"uploadedAt":1,"_id":0}"#,
            "--format",
            format,
        ]) {
            assert_eq!(found.out, format!("{expected}\n"));
        }
    }
}

#[test]
fn a_bad_query_is_told_as_json_and_ends_with_2() {
    for (option, json) in [
        ("--query", r#"{"size":{"$bigger":1}}"#),
        ("--query", r#"{"size":"#),
        ("--query", "[]"),
        ("--sort", r#"{"size":2}"#),
        ("--fields", r#"{"a":1,"b":0}"#),
    ] {
        for found in find_both(&[option, json]) {
            assert_eq!((found.status, found.out.as_str()), (2, ""), "{option} {json}: {found:?}");
            // A fault in the syntax is drawn behind the first line.
            let first = found.err.lines().next().unwrap();
            let error: serde_json::Value = serde_json::from_str(first).unwrap();
            assert!(!error["error"].as_str().unwrap().is_empty());
            assert!(error["code"].as_u64().unwrap() > 0);
            assert!(!error["codeName"].as_str().unwrap().is_empty());
            assert!(
                found.err.starts_with(r#"{"error":""#) && found.err.contains(r#","codeName":""#)
            );
        }
    }
}

#[test]
fn explain_is_told_beside_the_answer() {
    for found in find_both(&["--query", r#"{"rid":"R"}"#, "--explain"]) {
        assert_eq!(found.json()["total"], 2);
        assert!(!found.err.is_empty());
    }
}

#[test]
fn a_missing_store_ends_with_3_and_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("nothing");
    for command in ["find", "export", "stats", "verify"] {
        let ended = run(&[command, "--db", text(&db)]);
        assert_eq!((ended.status, ended.out.as_str()), (3, ""), "{command}: {ended:?}");
        assert!(!ended.err.is_empty());
        assert!(!db.exists(), "{command} made {}", db.display());
    }
}

#[test]
fn a_directory_that_is_no_store_ends_with_3_and_stays_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("letter.txt"), "mine").unwrap();
    let ended = run(&["find", "--db", text(directory.path())]);
    assert_eq!(ended.status, 3, "{ended:?}");
    let names =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["letter.txt"]);
}

#[test]
fn any_documents_can_be_searched_without_an_index() {
    let documents = "{\"a\":1}\n\n{\"_id\":{\"x\":[1]},\"a\":2}\n{\"_id\":null,\"a\":[3,1]}\n{}\n";
    let found = run_with(
        &["find", "--input", "-", "--query", r#"{"a":1}"#, "--format", "lines"],
        documents.as_bytes(),
    );
    assert_eq!(found.status, 0);
    assert_eq!(found.lines(), [r#"{"a":1}"#, r#"{"_id":null,"a":[3,1]}"#]);
    let array = r#" [ {"a": 1}, {"a": 2} ] "#;
    let found = run_with(&["find", "--input", "-", "--query", r#"{"a":2}"#], array.as_bytes());
    assert_eq!(found.out, "{\"files\":[{\"a\":2}],\"count\":1,\"offset\":0,\"total\":1}\n");
}

#[test]
fn a_bad_line_is_told_and_the_others_are_searched() {
    let found =
        run_with(&["find", "--input", "-", "--format", "lines"], b"{\"a\":1}\n{oops\n{\"a\":2}\n");
    assert_eq!(found.status, 1);
    assert_eq!(found.lines(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert!(found.err.starts_with("line 2: "), "{}", found.err);
}

#[test]
fn a_missing_input_file_or_source_is_told() {
    let found = run(&["find", "--input", "no-such-file"]);
    assert_eq!(found.status, 1);
    assert!(found.err.contains("no-such-file"));
    assert_eq!(run(&["find"]).status, 2);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("many.jsonl");
    std::fs::write(&file, "{\"name\":\"a line long enough to fill a pipe\"}\n".repeat(20_000))
        .unwrap();
    let mut child =
        program::command(&["find", "--input", text(&file), "--count", "0", "--format", "lines"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
