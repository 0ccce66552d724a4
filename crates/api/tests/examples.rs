//! The examples do what they are there to show: each ends by itself, and checks what it says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[cfg(feature = "tokio")]
use super::hosted;

use std::path::PathBuf;
use std::process::Command;

/// Where cargo puts examples, which it builds with the tests: beside them.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn runs(name: &str) -> String {
    let path = example(name);
    assert!(path.exists(), "tests alone build no examples: `cargo build -p filedex --examples`");
    let output = Command::new(path).output().unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {out}{errors}");
    out.into_owned()
}

#[test]
fn the_bot_greets_every_upload() {
    assert!(runs("bot").contains("greeted 3 uploads"));
}

#[test]
fn the_administrator_does_his_chores() {
    let out = runs("admin");
    for said in ["100 files expired", "files of bob's are ada's", " gone", "records in"] {
        assert!(out.contains(said), "{said}: {out}");
    }
}

#[test]
fn the_importer_tells_of_each_record_that_is_none() {
    let out = runs("importer");
    assert!(out.contains("2 in, 1 not") && out.contains("line 2: b"), "{out}");
}

/// Every chore of a host, over HTTP.
#[cfg(feature = "tokio")]
#[test]
fn the_host_does_all_that_a_host_has_to_do() {
    let host = hosted::Host::start(&example("axum_host"));
    let ask = |method: &str, path: &str, body: &str| host.ask(method, path, body);
    let live = host.follow("/rooms/GENERAL/live");
    for number in 0..120 {
        let group = if number % 3 == 0 { "video" } else { "image" };
        let upload = format!(
            r#"{{"_id":"f{number:03}","rid":"GENERAL","userId":"u1","name":"{number}.png","typeGroup":"{group}","size":7,"uploadedAt":{number}}}"#
        );
        assert_eq!(ask("PUT", "/files", &upload).status, 201);
    }
    let told = live.events(120);
    assert!(told[0].contains("Added f000") && told[119].contains("Added f119"), "{told:?}");

    // Nothing is put twice, and nobody gets more than the quota.
    let large = r#"{"_id":"x","rid":"GENERAL","userId":"u1","name":"x","typeGroup":"video","size":999999990}"#;
    assert_eq!(ask("PUT", "/files", large).status, 507);
    assert_eq!(ask("PUT", "/files", &large.replace("\"x\",\"rid", "\"f001\",\"rid")).status, 409);
    assert_eq!(ask("PUT", "/files", "{").status, 400);
    assert_eq!(ask("GET", "/users/u1", "").body, "840 of 1000000000 bytes\n");
    assert_eq!(ask("GET", "/rooms/GENERAL/badges", "").body, r#"{"image":80,"video":40}"#);

    // Pages that stay put, a search, a jump.
    let first = ask("GET", "/rooms/GENERAL", "");
    assert!(
        first.body.contains(r#""count":50,"offset":0,"total":120"#) && first.body.contains("f119")
    );
    let next = first.next.clone().unwrap();
    let second = ask("GET", &format!("/rooms/GENERAL?after={next}"), "");
    assert!(second.body.contains("f069") && !second.body.contains("f070"), "{}", second.body);
    let found = ask("GET", "/rooms/GENERAL?query=%7B%22name%22%3A%227.png%22%7D", "");
    assert!(found.body.contains(r#""total":1}"#), "{}", found.body);
    assert_eq!(ask("GET", "/rooms/GENERAL?query=%7B", "").status, 400);
    let page = ask("GET", "/files/f042", "").body;
    assert!(page.contains(r#""offset":50"#) && page.contains("f042"), "{page}");
    assert_eq!(ask("GET", "/files/nobody", "").status, 404);

    // The published API sees the same.
    let api = host.ask_as("/api/v1/groups.files?roomName=general&count=1");
    assert!(api.body.contains(r#""total":120"#), "{}", api.body);
    assert_eq!(ask("GET", "/api/v1/groups.files?roomName=general", "").status, 401);

    assert_eq!(ask("POST", "/files/f000?room=other", "").status, 204);
    assert_eq!(ask("POST", "/files/f001", r#"{"$set": {"name": "new.png"}}"#).status, 204);
    assert_eq!(ask("POST", "/files/f001", r#"{"$sett": {"name": "new.png"}}"#).status, 400);
    assert_eq!(ask("DELETE", "/files/f002", "").status, 204);
    assert_eq!(ask("DELETE", "/files/f002", "").status, 404);
    let lines = "{\"_id\":\"i1\",\"rid\":\"other\",\"userId\":\"u2\"}\n{\"_id\":\"i2\",\"size\":\"large\"}\n";
    let imported = ask("POST", "/import", lines).body;
    assert!(imported.starts_with("1 in, 1 not\nline 2: i2 "), "{imported}");
    let backup = ask("POST", "/backup", "").body;
    let (records, path) = backup.trim().split_once(" records in ").unwrap();
    assert_eq!((records, std::fs::remove_file(path).is_ok()), ("120", true));
    let figures = ask("GET", "/metrics", "").body;
    assert!(figures.contains("filedex_records 120\n") && figures.contains("cache=\"blocks\""));
    assert_eq!(ask("DELETE", "/rooms/other", "").body, "2 files\n");
    assert_eq!(ask("DELETE", "/users/u1", "").body, "118 files\n");
    assert!(ask("GET", "/rooms/GENERAL", "").body.contains(r#""total":0"#));
}
