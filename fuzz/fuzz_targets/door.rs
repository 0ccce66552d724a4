//! No request makes the door panic or answer anything but JSON, and none shows what is not the
//! caller's.
#![no_main]

use std::sync::LazyLock;

use filedex::{Endpoints, File, Filedex, MemoryDirectory, Room, RoomKind, User};
use http::Request;
use libfuzzer_sys::fuzz_target;

/// In the name of every file that `ada` may not see.
const SECRET: &str = "SECRET";

static ENDPOINTS: LazyLock<Endpoints> = LazyLock::new(|| {
    let mut directory = MemoryDirectory::new();
    for (id, name) in [("u1", "ada"), ("u2", "ben")] {
        directory.add_user(User::new(id, name));
    }
    directory.add_token("u1", "t1");
    directory.add_room(Room::new("G1", RoomKind::Group).named("crew"), ["u1"]);
    directory.add_room(Room::new("G2", RoomKind::Group).named("others"), ["u2"]);
    directory.add_room(Room::new("C1", RoomKind::Channel).named("town"), ["u2"]);
    directory.add_room(Room::new("D12", RoomKind::Direct), ["u1", "u2"]);
    directory.add_room(Room::new("D2", RoomKind::Direct), ["u2"]);
    let index = Filedex::temporary().expect("an index");
    for (number, room) in ["G1", "G2", "C1", "D12", "D2"].iter().cycle().take(40).enumerate() {
        let secret = if ["G2", "D2"].contains(room) { SECRET } else { "open" };
        let kind = if number % 2 == 0 { "image/png" } else { "text/plain" };
        let file = File::new(format!("f{number}")).expect("a file");
        let file = file.with_name(format!("{secret} {number}.png")).with_room(*room);
        index.put(&file.with_size(number as i64).with_media_type(kind)).expect("it is put");
    }
    Endpoints::new(index, directory)
});

/// A request of text: a line with method and target, lines of headers, an empty line, the body.
fn request(text: &str) -> Option<Request<Vec<u8>>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    let mut known = false;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        known |= name.eq_ignore_ascii_case("x-user-id");
        request = request.header(name.trim(), value.trim());
    }
    if !known {
        request = request.header("X-User-Id", "u1").header("X-Auth-Token", "t1");
    }
    request.body(body.as_bytes().to_vec()).ok()
}

fuzz_target!(|text: &str| {
    let Some(request) = request(text) else { return };
    let head = request.method() == http::Method::HEAD;
    let response = ENDPOINTS.handle(request);
    let status = response.status().as_u16();
    let body = String::from_utf8(response.into_body()).expect("a text");
    assert!(matches!(status, 200..500), "{status}: {body}");
    if !head && !body.is_empty() {
        let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        if let (Some(files), Some(total)) = (json["files"].as_array(), json["total"].as_u64()) {
            assert!(files.len() as u64 <= total, "{body}");
        }
    }
    // A query may bring the word along; what it brings is no secret.
    let brought = text.to_ascii_uppercase().contains("CRET") || text.contains("\\u");
    assert!(status != 200 || brought || !body.contains(SECRET), "{body}");
});
