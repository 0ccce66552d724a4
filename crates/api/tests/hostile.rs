//! Rooms, users and files of any name that JSON can carry are told apart through the door, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Date, Document, Endpoints, Filedex, MemoryDirectory, Room, RoomKind, User};
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Beginnings of one another, NUL, slashes, what a query might take for its own, every plane.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "a", "a\0", "a\0b", "\0", "/", "../..", "%2f", "a&b=c", "a+b", "+", "#", "?", "{}", "\"",
        "\\", "$ne", "[]", " ", "\n", "\u{7f}", "é", "e\u{301}", "\u{202e}", "\u{feff}",
        "\u{fffd}",
    ]
    .map(str::to_owned)
    .into();
    names.extend(
        (0..=16).filter_map(|plane| char::from_u32(plane << 16 | 0xfffd)).map(String::from),
    );
    names.push("x".repeat(507));
    names.sort();
    names.dedup();
    names
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn endpoints(names: &[String]) -> Endpoints {
    let (index, mut directory) = (Filedex::temporary().unwrap(), MemoryDirectory::new());
    directory.add_user(User::new("u1", "ada"));
    directory.add_token("u1", "token");
    for (number, name) in names.iter().enumerate() {
        directory.add_room(Room::new(name, RoomKind::Group), ["u1"]);
        let file = Document::new().with("_id", format!("{name}-file")).with("rid", name.as_str());
        let file = file.with("name", name.as_str()).with("userId", name.as_str());
        index.put(&file.with("uploadedAt", Date(number as i64))).unwrap();
    }
    Endpoints::new(index, directory)
}

fn ask(endpoints: &Endpoints, query: &str) -> (u16, serde_json::Value) {
    let uri = format!("/api/v1/groups.files?{query}");
    let request = Request::get(uri).header("X-User-Id", "u1").header("X-Auth-Token", "token");
    let response = endpoints.handle(request.body("").unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[test]
fn a_room_of_any_name_shows_its_own_file_and_no_other() {
    let names = names();
    let endpoints = endpoints(&names);
    for name in &names {
        let by_name = encoded(&serde_json::json!({"name": name, "userId": name}).to_string());
        for query in ["", "&sort=%7B%22name%22%3A1%7D", &format!("&query={by_name}")] {
            let (status, body) = ask(&endpoints, &format!("roomId={}{query}", encoded(name)));
            assert_eq!(status, 200, "{name:?}: {body}");
            assert_eq!(body["total"], 1, "{name:?}: {body}");
            assert_eq!(body["files"][0]["_id"], format!("{name}-file"), "{name:?}");
            assert_eq!(body["files"][0]["rid"], name.as_str());
        }
    }
}

#[test]
fn names_that_no_room_has_are_refused_whatever_they_are() {
    let endpoints = endpoints(&["a".to_owned()]);
    for name in
        ["", "\0", "A", "a\0", "aa", "\u{10ffff}", &"x".repeat(20_000), &"\0".repeat(20_000)]
    {
        let (status, body) = ask(&endpoints, &format!("roomId={}", encoded(name)));
        assert_eq!(status, 400, "{name:?}: {body}");
        assert_eq!(body["success"], false);
    }
    // Bytes that are no UTF-8 name nothing.
    assert_eq!(ask(&endpoints, "roomId=%ff%fe").0, 400);
}
