//! The users, rooms and files that the endpoint tests ask about.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests; each test file uses a part"
)]

use std::collections::HashMap;

use filedex::{
    Answer, Directory, DirectoryError, Document, EndpointOptions, Endpoints, File, Filedex,
    MemoryDirectory, Role, Room, RoomKind, Tag, User,
};

/// Ada and ben share the group `crew`, cyd (an admin) has one of her own, dan (a superadmin) knows
/// nobody.
pub fn directory() -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new("u1", "ada").named("Ada"));
    directory.add_user(User::new("u2", "ben"));
    directory.add_user(User::new("u3", "cyd").named("Cyd").ranked(Role::Admin));
    directory.add_user(User::new("u4", "dan").ranked(Role::SuperAdmin));
    directory.add_user(User::new("u5", "eve").ranked(Role::Admin));
    for id in ["u1", "u2", "u3", "u4", "u5"] {
        directory.add_token(id, &token_of(id));
    }
    use RoomKind::{Channel, Direct, Group, Omnichannel, Voice};
    directory.add_room(Room::new("G1", Group).named("crew"), ["u1", "u2"]);
    directory.add_room(Room::new("G2", Group).named("others"), ["u3"]);
    directory.add_room(Room::new("G0", Group).named("empty"), ["u1"]);
    directory.add_room(Room::new("C1", Channel).named("town"), ["u3"]);
    directory.add_room(Room::new("L1", Omnichannel).named("visitor"), ["u1"]);
    directory.add_room(Room::new("V1", Voice).named("voice"), ["u1"]);
    directory.add_room(Room::new("D12", Direct), ["u1", "u2"]);
    directory.add_room(Room::new("D13", Direct), ["u1", "u3"]);
    directory.add_room(Room::new("D23", Direct), ["u2", "u3"]);
    for (id, name) in [("t1", "work"), ("t2", "home")] {
        let (created_at, updated_at) = ("2025-01-01T00:00:00.000Z".into(), String::new());
        let (id, name, color) = (id.into(), name.into(), "red".into());
        directory.add_tag("u1", Tag { id, created_at, updated_at, name, color });
    }
    directory.add_tag("u2", Tag { id: "t9".into(), ..Tag::default() });
    directory.set_incomplete_files("u1", vec!["z7".into()]);
    directory
}

pub fn token_of(user: &str) -> String {
    format!("token of {user}")
}

pub fn put(index: &Filedex, json: &str) {
    index.put(&File::from_json(json).expect(json)).expect(json);
}

fn put_document(index: &Filedex, json: &str) {
    let limits = filedex::Limits::default();
    let document: Document = filedex::ejson::read_document(json, &limits).expect(json);
    index.put(&document).expect(json);
}

/// A record of the room in the usual shape.
fn shared(id: &str, name: &str, room: &str, owner: &str, media: &str, size: i64, day: u8) -> File {
    let day = format!("2024-01-{day:02}T00:00:00.000Z");
    let json = format!(
        r#"{{"_id":"{id}","name":"{name}","rid":"{room}","userId":"{owner}","token":"tk-{id}",
            "uploadedAt":"{day}","tagged":["x","y"]}}"#
    );
    File::from_json(&json).expect(&json).with_media_type(media).with_size(size)
}

pub fn index() -> Filedex {
    let index = Filedex::temporary().unwrap();
    let crew = [
        shared("a", "alpha.png", "G1", "u1", "image/png", 10, 1),
        shared("b", "Bravo(1).pdf", "G1", "u2", "application/pdf", 20, 2),
        shared("c", "charlie.mp3", "G1", "u2", "audio/mpeg", 30, 3),
        shared("d", "delta.txt", "G1", "u9", "text/plain", 40, 4),
    ];
    index.put_many(crew).unwrap();
    let echo = shared("e", "echo.png", "G1", "u1", "image/png", 50, 5);
    index.put(&echo.with_expires_at(filedex::Date(1_704_500_000_000))).unwrap();
    index
        .put(&shared("h", "hidden.png", "G1", "u1", "image/png", 60, 6).with_hidden(true))
        .unwrap();
    let thumb = shared("t", "thumb.png", "G1", "u1", "image/png", 70, 7).with_type_group("thumb");
    index.put(&thumb).unwrap();
    put_document(&index, r#"{"_id":"n","rid":"G1","userId":"u1","size":5}"#);
    index.put(&shared("x1", "secret.png", "G2", "u3", "image/png", 999, 8)).unwrap();
    index.put(&shared("x2", "alpha.png", "G2", "u3", "image/png", 998, 9)).unwrap();
    index.put(&shared("k1", "kilo.png", "C1", "u3", "image/png", 1, 1)).unwrap();
    index.put(&shared("k2", "lima.mp4", "C1", "u1", "video/mp4", 2, 2)).unwrap();
    index.put(&shared("l1", "visit.txt", "L1", "u3", "text/plain", 3, 3)).unwrap();
    index.put(&shared("m1", "mike.png", "D12", "u2", "image/png", 4, 4)).unwrap();
    index.put(&shared("m2", "oscar.pdf", "D12", "u1", "application/pdf", 5, 5)).unwrap();
    index.put(&shared("m3", "papa.pdf", "D23", "u3", "application/pdf", 6, 6)).unwrap();
    index
}

/// Ada's and ben's uploads, as the other product keeps them: no rooms.
pub fn uploads() -> Filedex {
    let index = Filedex::temporary().unwrap();
    for json in [
        r#"{"_id":"z1","name":"one.png","originalName":"Holiday 100%.png","size":10,"type":"image/png",
            "userId":"u1","views":3,"favorite":true,"tags":["t1","t2"],"password":"$2b$hash",
            "uploadedAt":"2025-01-01T00:00:00Z","_updatedAt":"2025-02-04T00:00:00Z"}"#,
        r#"{"_id":"z2","name":"two.txt","originalName":null,"size":20,"type":"text/plain; charset=utf-8",
            "userId":"u1","views":1,"tags":["t1"],"deletesAt":"2026-01-02T00:00:00Z",
            "uploadedAt":"2025-01-02T00:00:00Z","_updatedAt":"2025-02-03T00:00:00Z"}"#,
        r#"{"_id":"z3","name":"three.pdf","originalName":"beta_100.pdf","size":30,"type":"application/pdf",
            "userId":"u1","views":0,"favorite":true,"folderId":"f1","maxViews":9,
            "uploadedAt":"2025-01-03T00:00:00Z","_updatedAt":"2025-02-02T00:00:00Z"}"#,
        r#"{"_id":"z4","name":"Four.MP4","size":40,"type":"video/mp4","userId":"u1","views":2,
            "thumbnail":{"path":"z4.jpg"},"deletesAt":"2026-01-01T00:00:00Z",
            "uploadedAt":"2025-01-04T00:00:00Z","_updatedAt":"2025-02-01T00:00:00Z"}"#,
        r#"{"_id":"z5","name":"five.wav","size":50,"type":"Audio/wav","userId":"u1","favorite":false,
            "uploadedAt":"2025-01-05T00:00:00Z","_updatedAt":"2025-02-05T00:00:00Z"}"#,
        r#"{"_id":"z7","name":"half.png","size":0,"type":"image/png","userId":"u1",
            "uploadedAt":"2025-01-07T00:00:00Z"}"#,
        r#"{"_id":"y1","name":"bens.png","size":70,"type":"image/png","userId":"u2",
            "uploadedAt":"2025-01-08T00:00:00Z"}"#,
        r#"{"_id":"w1","name":"cyds.png","size":80,"type":"image/png","userId":"u3",
            "uploadedAt":"2025-01-09T00:00:00Z"}"#,
    ] {
        put(&index, json);
    }
    index
}

pub fn endpoints() -> Endpoints {
    Endpoints::new(index(), directory())
}

pub fn with(change: impl FnOnce(&mut EndpointOptions)) -> Endpoints {
    let mut options = EndpointOptions::default();
    change(&mut options);
    Endpoints::with_options(index(), directory(), options)
}

/// Asks as that user and gives back status and body.
pub fn get(endpoints: &Endpoints, user: &str, uri: &str) -> (u16, String) {
    let request = http::Request::get(uri)
        .header("X-User-Id", user)
        .header("X-Auth-Token", token_of(user))
        .body("")
        .expect(uri);
    let response = endpoints.handle(request);
    (response.status().as_u16(), String::from_utf8(response.into_body()).expect(uri))
}

/// A query string out of `name=value` texts separated by blanks or line ends; values may not hold
/// either. Everything but the first `=` of each is percent-encoded.
pub fn encode(parameters: &str) -> String {
    let pairs = parameters.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        format!("{name}={value}")
    });
    pairs.collect::<Vec<String>>().join("&")
}

/// `"a b | 2 0 6"`: the ids of the files, then count, offset and total.
pub fn summary(body: &str) -> String {
    let reply: serde_json::Value = serde_json::from_str(body).expect(body);
    assert_eq!(reply["success"], true, "{body}");
    let ids = reply["files"].as_array().expect(body).iter();
    let ids: Vec<&str> = ids.map(|file| file["_id"].as_str().unwrap_or("-")).collect();
    let numbers = ["count", "offset", "total"].map(|name| reply[name].to_string());
    format!("{} | {}", ids.join(" "), numbers.join(" "))
}

/// One row: parameters, status, and the exact error body or the summary of a page.
pub type Row = (&'static str, u16, &'static str);

/// Asks each row of that path as that user and tells every row that is answered otherwise.
pub fn check(endpoints: &Endpoints, user: &str, path: &str, rows: &[Row]) {
    check_with(endpoints, user, path, rows, summary);
}

pub fn check_with(
    endpoints: &Endpoints,
    user: &str,
    path: &str,
    rows: &[Row],
    summary: fn(&str) -> String,
) {
    let mut wrong = String::new();
    for (parameters, status, expected) in rows {
        let uri = format!("{path}?{}", encode(parameters));
        let (found, body) = get(endpoints, user, &uri);
        let shown = if found == 200 { summary(&body) } else { body };
        if (found, shown.as_str()) != (*status, *expected) {
            wrong += &format!("{parameters}\n  want {status} {expected}\n  got  {found} {shown}\n");
        }
    }
    assert!(wrong.is_empty(), "{path} as {user}:\n{wrong}");
}

/// A directory that lets ada in and then can't answer any more.
pub struct Away;

impl Directory for Away {
    fn authenticate(&self, _: &str, _: &str) -> Answer<Option<User>> {
        Ok(Some(User::new("u1", "ada")))
    }
    fn authenticate_token(&self, _: &str) -> Answer<Option<User>> {
        Ok(None)
    }
    fn user(&self, _: &str) -> Answer<Option<User>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn find_user(&self, _: &str) -> Answer<Option<User>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn users(&self, _: &[&str]) -> Answer<HashMap<String, User>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn room(&self, _: &str) -> Answer<Option<Room>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn room_by_name(&self, _: &str) -> Answer<Option<Room>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn direct_room(&self, _: &str, _: &str) -> Answer<Option<Room>> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn may_access(&self, _: &User, _: &Room) -> Answer<bool> {
        Err(DirectoryError::new("the secret database is away"))
    }
    fn incomplete_files(&self, _: &str) -> Answer<Vec<String>> {
        Err(DirectoryError::new("the secret database is away"))
    }
}
