//! `rooms.images`: each row a request, its status and its answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::world;

use filedex::{Date, Endpoints, File, Filedex};
use world::{Row, check, endpoints, get, summary, with};

const IMAGES: &str = "/api/v1/rooms.images";
const NO_ACCESS: &str = r#"{"success":false,"error":"unauthorized"}"#;
const NO_ROOM: &str = r#"{"success":false,"error":"must have required property 'roomId' [invalid-params]","errorType":"invalid-params"}"#;
const UNKNOWN_KEY: &str = r#"{"success":false,"error":"must NOT have additional properties [invalid-params]","errorType":"invalid-params"}"#;
const NOT_NUMBER: &str =
    r#"{"success":false,"error":"must be number [invalid-params]","errorType":"invalid-params"}"#;
const NEGATIVE: &str =
    r#"{"success":false,"error":"must be >= 0 [invalid-params]","errorType":"invalid-params"}"#;
const NOT_STRING: &str =
    r#"{"success":false,"error":"must be string [invalid-params]","errorType":"invalid-params"}"#;

#[test]
fn images_come_newest_first_and_count_is_the_limit() {
    let rows: &[Row] = &[
        ("roomId=G1", 200, "e a | 50 0 2"),
        ("roomId=G1 count=1", 200, "e | 1 0 2"),
        ("roomId=G1 count=1 offset=1", 200, "a | 1 1 2"),
        ("roomId=G1 offset=2", 200, " | 50 2 2"),
        ("roomId=G1 count=0", 200, "e a | 0 0 2"),
        ("roomId=G1 count=1000", 200, "e a | 100 0 2"),
        ("roomId=G1 count=", 200, "e a | 50 0 2"),
        ("roomId=G0", 200, " | 50 0 0"),
        ("roomId=D12", 200, "m1 | 50 0 1"),
        ("roomId=C1", 200, "k1 | 50 0 1"),
        ("roomId=L1", 200, " | 50 0 0"),
        ("roomId=V1", 200, " | 50 0 0"),
        ("roomId=G2", 403, NO_ACCESS),
        ("roomId=invalid", 403, NO_ACCESS),
        ("roomId=crew", 403, NO_ACCESS),
        ("roomId=", 403, NO_ACCESS),
        ("roomId=D23", 403, NO_ACCESS),
        ("", 400, NO_ROOM),
        ("roomName=crew", 400, NO_ROOM),
        ("roomId=G1 sort={}", 400, UNKNOWN_KEY),
        ("roomId=G1 query={}", 400, UNKNOWN_KEY),
        ("roomId=G1 fields={}", 400, UNKNOWN_KEY),
        ("roomId=G1 name=a", 400, UNKNOWN_KEY),
        ("roomId=G1 typeGroup=video", 400, UNKNOWN_KEY),
        ("roomId=G1 onlyConfirmed=true", 400, UNKNOWN_KEY),
        ("roomId=G1 count=abc", 400, NOT_NUMBER),
        ("roomId=G1 offset=-1", 400, NEGATIVE),
        ("roomId=G1 roomId=G1", 400, NOT_STRING),
        ("roomId=G1 startingFromId=a startingFromId=e", 400, NOT_STRING),
        ("roomId=G2 count=abc", 400, NOT_NUMBER),
    ];
    check(&endpoints(), "u1", IMAGES, rows);
}

#[test]
fn a_list_starts_from_a_file_and_goes_back_in_time() {
    let rows: &[Row] = &[
        ("roomId=G1 startingFromId=a", 200, "a | 50 0 1"),
        ("roomId=G1 startingFromId=e", 200, "e a | 50 0 2"),
        // Not an image: nothing is put in, its date still bounds the list.
        ("roomId=G1 startingFromId=c", 200, "a | 50 0 1"),
        ("roomId=G1 startingFromId=h", 200, "e a | 50 0 2"),
        ("roomId=G1 startingFromId=t", 200, "e a | 50 0 2"),
        // Without a date, unknown, of another room or empty: as if not given.
        ("roomId=G1 startingFromId=n", 200, "e a | 50 0 2"),
        ("roomId=G1 startingFromId=nothing", 200, "e a | 50 0 2"),
        ("roomId=G1 startingFromId=x1", 200, "e a | 50 0 2"),
        ("roomId=G1 startingFromId=", 200, "e a | 50 0 2"),
        ("roomId=G1 startingFromId=e count=1 offset=1", 200, "a | 1 1 2"),
        ("roomId=G1 startingFromId=a offset=1", 200, " | 50 1 1"),
    ];
    check(&endpoints(), "u1", IMAGES, rows);
}

fn gallery() -> Endpoints {
    let index = Filedex::temporary().unwrap();
    // Five images of one moment between an older and a newer one.
    for (id, day) in [("i0", 1), ("i1", 2), ("i2", 2), ("i3", 2), ("i4", 2), ("i5", 2), ("i6", 3)] {
        let file = File::new(id).unwrap().with_room("G1").with_media_type("image/png");
        index.put(&file.with_uploaded_at(Date(day * 86_400_000))).unwrap();
    }
    Endpoints::new(index, world::directory())
}

#[test]
fn the_start_comes_first_and_stands_once_however_pages_are_cut() {
    let endpoints = gallery();
    let ids = |parameters: &str| {
        let uri = format!("{IMAGES}?{}", world::encode(&format!("roomId=G1 {parameters}")));
        let (_, body) = get(&endpoints, "u1", &uri);
        let summary = summary(&body);
        let (ids, numbers) = summary.split_once(" | ").unwrap();
        let total = numbers.rsplit(' ').next().unwrap().to_owned();
        (ids.split_whitespace().map(str::to_owned).collect::<Vec<String>>(), total)
    };
    for start in ["i0", "i1", "i2", "i3", "i4", "i5", "i6"] {
        let (whole, total) = ids(&format!("startingFromId={start} count=0"));
        assert_eq!(whole.first().map(String::as_str), Some(start));
        assert_eq!(whole.len().to_string(), total);
        for count in 1..=8 {
            let mut joined = Vec::new();
            let mut offset = 0;
            loop {
                let page = ids(&format!("startingFromId={start} count={count} offset={offset}"));
                assert_eq!(page.1, total);
                if page.0.is_empty() {
                    break;
                }
                offset += page.0.len();
                joined.extend(page.0);
            }
            assert_eq!(joined, whole, "from {start}, {count} a page");
        }
        let (rest, _) = ids(&format!("startingFromId={start} count=0 offset=2"));
        assert_eq!(rest, whole.iter().skip(2).cloned().collect::<Vec<String>>());
    }
}

#[test]
fn images_carry_the_owners_id_and_no_user() {
    let (_, body) = get(&endpoints(), "u1", "/api/v1/rooms.images?roomId=G1&startingFromId=a");
    let file = r#"{"_id":"a","name":"alpha.png","rid":"G1","userId":"u1","token":"tk-a","uploadedAt":"2024-01-01T00:00:00.000Z","tagged":["x","y"],"type":"image/png","typeGroup":"image","size":10}"#;
    assert_eq!(
        body,
        format!(r#"{{"files":[{file}],"count":50,"offset":0,"total":1,"success":true}}"#)
    );
}

#[test]
fn hidden_images_show_where_the_host_says_so() {
    let open = with(|options| options.visibility = filedex::Visibility::EVERYTHING);
    check(&open, "u1", IMAGES, &[("roomId=G1", 200, "h e a | 50 0 3")]);
}
