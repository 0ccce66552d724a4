//! `im.files`, `groups.files` and `channels.files`: each row a request, its status and its answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::world;

use world::{Row, check, check_with, endpoints, get, with};

const GROUPS: &str = "/api/v1/groups.files";
const CHANNELS: &str = "/api/v1/channels.files";
const IM: &str = "/api/v1/im.files";

const NO_GROUP: &str = r#"{"success":false,"error":"The required \"roomId\" or \"roomName\" param provided does not match any group [error-room-not-found]","errorType":"error-room-not-found"}"#;
const NO_CHANNEL: &str = r#"{"success":false,"error":"The required \"roomId\" or \"roomName\" param provided does not match any channel [error-room-not-found]","errorType":"error-room-not-found"}"#;
const NO_DIRECT: &str =
    r#"{"success":false,"error":"[invalid-channel]","errorType":"invalid-channel"}"#;
const NO_ACCESS: &str = r#"{"success":false,"error":"unauthorized"}"#;
const NEITHER: &str = r#"{"success":false,"error":"must have required property 'roomId'\n must have required property 'roomName'\n must match exactly one schema in oneOf [invalid-params]","errorType":"invalid-params"}"#;
const NEITHER_IM: &str = r#"{"success":false,"error":"must have required property 'roomId'\n must have required property 'username'\n must match exactly one schema in oneOf [invalid-params]","errorType":"invalid-params"}"#;
const BOTH: &str = r#"{"success":false,"error":"must match exactly one schema in oneOf [invalid-params]","errorType":"invalid-params"}"#;
const UNKNOWN_KEY: &str = r#"{"success":false,"error":"must NOT have additional properties [invalid-params]","errorType":"invalid-params"}"#;
const NOT_STRING: &str =
    r#"{"success":false,"error":"must be string [invalid-params]","errorType":"invalid-params"}"#;
const NOT_NUMBER: &str =
    r#"{"success":false,"error":"must be number [invalid-params]","errorType":"invalid-params"}"#;
const NOT_BOOLEAN: &str =
    r#"{"success":false,"error":"must be boolean [invalid-params]","errorType":"invalid-params"}"#;
const NEGATIVE: &str =
    r#"{"success":false,"error":"must be >= 0 [invalid-params]","errorType":"invalid-params"}"#;
const TOO_GREAT: &str = r#"{"success":false,"error":"must be <= 9007199254740991 [invalid-params]","errorType":"invalid-params"}"#;
const NO_ROOM_KEY: &str = r#"{"success":false,"error":"The parameter \"roomId\" or \"roomName\" is required [error-room-param-not-provided]","errorType":"error-room-param-not-provided"}"#;
const NO_ROOM_KEY_IM: &str = r#"{"success":false,"error":"Query param \"roomId\" or \"username\" is required [error-room-param-not-provided]","errorType":"error-room-param-not-provided"}"#;

/// The whole group by name: a missing name is least, upper case comes before lower case.
const ALL: &str = "n b a c d e | 6 0 6";

#[test]
fn groups_are_found_by_id_or_exact_name() {
    let rows: &[Row] = &[
        ("roomId=G1", 200, ALL),
        ("roomName=crew", 200, ALL),
        ("roomId=G0", 200, " | 0 0 0"),
        ("roomId=invalid", 400, NO_GROUP),
        ("roomName=Crew", 400, NO_GROUP),
        ("roomName=nothing", 400, NO_GROUP),
        ("roomId=crew", 400, NO_GROUP),
        ("roomName=G1", 400, NO_GROUP),
        ("roomId=C1", 400, NO_GROUP),
        ("roomId=D12", 400, NO_GROUP),
        ("roomId=V1", 400, NO_GROUP),
        ("roomId=G2", 400, NO_GROUP),
        ("roomName=others", 400, NO_GROUP),
        ("", 400, NEITHER),
        ("count=5", 400, NEITHER),
        ("roomId=G1 roomName=crew", 400, BOTH),
        ("roomId= roomName=crew", 400, BOTH),
        ("roomId=", 400, NO_ROOM_KEY),
        ("roomName=", 400, NO_ROOM_KEY),
        ("roomId=G1 roomId=G1", 400, NOT_STRING),
        ("roomId[]=G1", 200, ALL),
        ("roomId[x]=G1", 400, NOT_STRING),
        ("roomId=G1 unknown=1", 200, ALL),
        ("unknown=1", 400, NEITHER),
    ];
    check(&endpoints(), "u1", GROUPS, rows);
}

#[test]
fn channels_are_found_by_id_or_exact_name() {
    let rows: &[Row] = &[
        ("roomId=C1", 200, "k1 k2 | 2 0 2"),
        ("roomName=town", 200, "k1 k2 | 2 0 2"),
        ("roomId=L1", 200, "l1 | 1 0 1"),
        ("roomId=invalid", 400, NO_CHANNEL),
        ("roomId=V1", 400, NO_CHANNEL),
        ("roomId=G1", 400, NO_CHANNEL),
        ("roomId=D12", 400, NO_CHANNEL),
        ("", 400, NEITHER),
        ("roomId=C1 roomName=town", 400, BOTH),
        ("roomId=C1 unknown=1", 400, UNKNOWN_KEY),
        ("roomId=C1 fields={\"name\":1}", 200, "k1 k2 | 2 0 2"),
        ("roomId=", 400, NO_ROOM_KEY),
        ("roomId=invalid sort=x", 400, NO_CHANNEL),
        ("roomId=C1 typeGroup=video", 200, "k2 | 1 0 1"),
    ];
    check(&endpoints(), "u1", CHANNELS, rows);
    check(&endpoints(), "u2", CHANNELS, &[("roomId=L1", 403, NO_ACCESS)]);
    check(&endpoints(), "u2", CHANNELS, &[("roomId=C1", 200, "k1 k2 | 2 0 2")]);
}

#[test]
fn direct_rooms_are_found_by_id_or_by_the_other_user() {
    let here = "m1 m2 | 2 0 2";
    let rows: &[Row] = &[
        ("roomId=D12", 200, here),
        ("username=ben", 200, here),
        ("username=@ben", 200, here),
        ("username=u2", 200, here),
        ("roomId=ben", 200, here),
        ("roomId=u2", 200, here),
        ("username=D12", 200, here),
        ("username=cyd", 200, " | 0 0 0"),
        ("roomId=D13", 200, " | 0 0 0"),
        ("roomId=D23", 403, NO_ACCESS),
        ("roomId=nothing", 400, NO_DIRECT),
        ("username=nobody", 400, NO_DIRECT),
        ("roomId=G1", 400, NO_DIRECT),
        ("roomId=#crew", 400, NO_DIRECT),
        ("roomId=C1", 400, NO_DIRECT),
        ("", 400, NEITHER_IM),
        ("roomName=ben", 400, NEITHER_IM),
        ("roomId=D12 username=ben", 400, BOTH),
        ("roomId=D12 roomName=x", 400, UNKNOWN_KEY),
        ("roomId=", 400, NO_ROOM_KEY_IM),
        ("username=", 400, NO_ROOM_KEY_IM),
        ("roomId=D12 fields={\"name\":1}", 200, here),
    ];
    check(&endpoints(), "u1", IM, rows);
    check(&endpoints(), "u1", "/api/v1/dm.files", rows);
    check(&endpoints(), "u3", IM, &[("roomId=D12", 403, NO_ACCESS)]);
}

#[test]
fn a_bad_sort_beats_an_unknown_room_in_direct_messages_only() {
    let bad = r#"{"success":false,"error":"Invalid sort parameter provided: \"x\" [error-invalid-sort]","errorType":"error-invalid-sort","details":{"helperMethod":"parseJsonQuery"}}"#;
    check(&endpoints(), "u1", IM, &[("roomId=nothing sort=x", 400, bad)]);
    check(&endpoints(), "u1", GROUPS, &[("roomId=nothing sort=x", 400, NO_GROUP)]);
    check(&endpoints(), "u1", CHANNELS, &[("roomId=nothing sort=x", 400, NO_CHANNEL)]);
}

#[test]
fn pages_are_cut_by_offset_and_count() {
    let rows: &[Row] = &[
        ("roomId=G1 count=2", 200, "n b | 2 0 6"),
        ("roomId=G1 count=2 offset=2", 200, "a c | 2 2 6"),
        ("roomId=G1 count=2 offset=5", 200, "e | 1 5 6"),
        ("roomId=G1 offset=6", 200, " | 0 6 6"),
        ("roomId=G1 offset=1000", 200, " | 0 1000 6"),
        ("roomId=G1 count=0", 200, ALL),
        ("roomId=G1 count=", 200, ALL),
        ("roomId=G1 offset=", 200, ALL),
        ("roomId=G1 count=101", 200, ALL),
        ("roomId=G1 count=2.7", 200, "n b | 2 0 6"),
        ("roomId=G1 offset=2.7", 200, "a c d e | 4 2 6"),
        ("roomId=G1 count=0.5", 200, ALL),
        ("roomId=G1 count=1e3", 200, ALL),
        ("roomId=G1 count=0x2", 200, "n b | 2 0 6"),
        ("roomId=G1 count=abc", 400, NOT_NUMBER),
        ("roomId=G1 offset=abc", 400, NOT_NUMBER),
        ("roomId=G1 count=Infinity", 400, NOT_NUMBER),
        ("roomId=G1 count=NaN", 400, NOT_NUMBER),
        ("roomId=G1 count=true", 400, NOT_NUMBER),
        ("roomId=G1 count=1 count=2", 400, NOT_NUMBER),
        ("roomId=G1 count[]=2", 200, "n b | 2 0 6"),
        ("roomId=G1 count[x]=2", 400, NOT_NUMBER),
        ("roomId=G1 count=-1", 400, NEGATIVE),
        ("roomId=G1 offset=-1", 400, NEGATIVE),
        ("roomId=G1 count=-0.5", 400, NEGATIVE),
        ("roomId=G1 offset=1e30", 400, TOO_GREAT),
        ("roomId=G1 offset=9007199254740991", 200, " | 0 9007199254740991 6"),
        ("roomId=nothing count=abc", 400, NOT_NUMBER),
    ];
    check(&endpoints(), "u1", GROUPS, rows);
    let (status, body) = get(&endpoints(), "u1", "/api/v1/groups.files?roomId=G1&count=%20+1");
    assert_eq!((status, world::summary(&body)), (200, "n | 1 0 6".to_owned()));
    let (status, body) = get(&endpoints(), "u1", "/api/v1/groups.files?roomId=G1&count=%20");
    assert_eq!((status, world::summary(&body)), (200, ALL.to_owned()));
}

#[test]
fn page_sizes_are_the_hosts() {
    let endpoints = with(|options| {
        options.paging.default_count = 2;
        options.paging.upper_count = 3;
        options.paging.infinite = false;
    });
    let rows: &[Row] = &[
        ("roomId=G1", 200, "n b | 2 0 6"),
        ("roomId=G1 count=0", 200, "n b | 2 0 6"),
        ("roomId=G1 count=5", 200, "n b a | 3 0 6"),
        ("roomId=G1 count=1", 200, "n | 1 0 6"),
    ];
    check(&endpoints, "u1", GROUPS, rows);
}

#[test]
fn the_order_without_a_sort_is_the_hosts() {
    let newest = with(|options| options.sort = filedex::DefaultSort::Newest);
    let rows: &[Row] = &[
        ("roomId=G1", 200, "e d c b a n | 6 0 6"),
        ("roomId=G1 sort=0", 200, "e d c b a n | 6 0 6"),
        (r#"roomId=G1 sort={"name":1}"#, 200, ALL),
    ];
    check(&newest, "u1", GROUPS, rows);
}

#[test]
fn a_room_of_more_files_than_the_cap_shows_the_cap() {
    let endpoints = endpoints();
    let file = |n: i64| filedex::File::new(format!("many{n:03}")).unwrap().with_room("G0");
    let many = (0..150).map(|n| file(n).with_name(format!("{n:03}")).with_size(n));
    endpoints.index().put_many(many).unwrap();
    let counts = |parameters: &str| {
        let uri = format!("/api/v1/groups.files?roomId=G0&{parameters}");
        let (_, body) = get(&endpoints, "u1", &uri);
        world::summary(&body).split_once(" | ").unwrap().1.to_owned()
    };
    assert_eq!(counts(""), "50 0 150");
    assert_eq!(counts("count=100"), "100 0 150");
    assert_eq!(counts("count=101"), "100 0 150");
    assert_eq!(counts("count=1e3"), "100 0 150");
    assert_eq!(counts("count=0"), "150 0 150");
    assert_eq!(counts("count=100&offset=100"), "50 100 150");
}

fn bad(parameter: &str, text: &str) -> String {
    let text = serde_json::Value::from(format!(
        "Invalid {parameter} parameter provided: \"{text}\" [error-invalid-{parameter}]"
    ));
    format!(
        "{{\"success\":false,\"error\":{text},\"errorType\":\"error-invalid-{parameter}\",\"details\":{{\"helperMethod\":\"parseJsonQuery\"}}}}"
    )
}

#[test]
fn sorts_are_objects_of_1_and_minus_1() {
    let rows: &[Row] = &[
        (r#"roomId=G1 sort={"name":-1}"#, 200, "e d c a b n | 6 0 6"),
        (r#"roomId=G1 sort={"size":1}"#, 200, "n a b c d e | 6 0 6"),
        (r#"roomId=G1 sort={"size":-1.0}"#, 200, "e d c b a n | 6 0 6"),
        (r#"roomId=G1 sort={"uploadedAt":-1} count=2"#, 200, "e d | 2 0 6"),
        (r#"roomId=G1 sort={"typeGroup":-1,"name":1}"#, 200, "d a e c b n | 6 0 6"),
        (r#"roomId=G1 sort={"rid":1}"#, 200, "a b c d e n | 6 0 6"),
        (r#"roomId=G1 sort={"rid":-1}"#, 200, "n e d c b a | 6 0 6"),
        (r#"roomId=G1 sort={"nothing.at.all":1}"#, 200, "a b c d e n | 6 0 6"),
        ("roomId=G1 sort=", 200, ALL),
        ("roomId=G1 sort=0", 200, ALL),
        ("roomId=G1 sort=false", 200, ALL),
    ];
    check(&endpoints(), "u1", GROUPS, rows);
    // An empty sort asks for no order: the same files, whatever the order.
    for empty in ["{}", "[]"] {
        let uri = format!("{GROUPS}?{}", world::encode(&format!("roomId=G1 sort={empty}")));
        let summary = world::summary(&get(&endpoints(), "u1", &uri).1);
        let mut ids: Vec<&str> = summary.split(' ').take(6).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["a", "b", "c", "d", "e", "n"]);
    }
}

#[test]
fn other_sorts_are_refused_with_the_text_that_was_given() {
    let endpoints = endpoints();
    for text in [
        "x",
        "{",
        "null",
        "\"name\"",
        "1",
        "2",
        "true",
        "[1]",
        r#"{"name":"asc"}"#,
        r#"{"name":true}"#,
        r#"{"name":0}"#,
        r#"{"name":2}"#,
        r#"{"name":1.5}"#,
        r#"{"name":null}"#,
        r#"{"name":{"$meta":"textScore"}}"#,
        r#"{"name":1,"size":"1"}"#,
    ] {
        let uri = format!("{GROUPS}?{}", world::encode(&format!("roomId=G1 sort={text}")));
        assert_eq!(get(&endpoints, "u1", &uri), (400, bad("sort", text)), "{text}");
    }
}

#[test]
fn the_parameters_that_narrow() {
    let rows: &[Row] = &[
        ("roomId=G1 name=alpha.png", 200, "a | 1 0 1"),
        ("roomId=G1 name=ALPHA", 200, "a | 1 0 1"),
        ("roomId=G1 name=.png", 200, "a e | 2 0 2"),
        ("roomId=G1 name=p.n", 200, " | 0 0 0"),
        ("roomId=G1 name=(1)", 200, "b | 1 0 1"),
        ("roomId=G1 name=(", 200, "b | 1 0 1"),
        ("roomId=G1 name=.*", 200, " | 0 0 0"),
        ("roomId=G1 name=\\", 200, " | 0 0 0"),
        ("roomId=G1 name=", 200, ALL),
        ("roomId=G1 name=a name=b", 400, NOT_STRING),
        ("roomId=G1 typeGroup=image", 200, "a e | 2 0 2"),
        ("roomId=G1 typeGroup=images", 200, " | 0 0 0"),
        ("roomId=G1 typeGroup=Image", 200, " | 0 0 0"),
        ("roomId=G1 typeGroup=audio", 200, "c | 1 0 1"),
        ("roomId=G1 typeGroup=video", 200, " | 0 0 0"),
        ("roomId=G1 typeGroup=text", 200, "d | 1 0 1"),
        ("roomId=G1 typeGroup=application", 200, "b | 1 0 1"),
        ("roomId=G1 typeGroup=all", 200, ALL),
        ("roomId=G1 typeGroup=", 200, ALL),
        ("roomId=G1 typeGroup=thumb", 200, "t | 1 0 1"),
        ("roomId=G1 onlyConfirmed=true", 200, "n b a c d | 5 0 5"),
        ("roomId=G1 onlyConfirmed=false", 200, ALL),
        ("roomId=G1 onlyConfirmed=", 400, NOT_BOOLEAN),
        ("roomId=G1 onlyConfirmed=1", 400, NOT_BOOLEAN),
        ("roomId=G1 onlyConfirmed=TRUE", 400, NOT_BOOLEAN),
        ("roomId=G1 typeGroup=image name=ECHO onlyConfirmed=false", 200, "e | 1 0 1"),
        ("roomId=G1 typeGroup=image onlyConfirmed=true", 200, "a | 1 0 1"),
    ];
    check(&endpoints(), "u1", GROUPS, rows);
    let spaced = format!("{GROUPS}?roomId=G1&name=%20alpha");
    assert_eq!(world::summary(&get(&endpoints(), "u1", &spaced).1), "a | 1 0 1");
    let nul = format!("{GROUPS}?roomId=G1&name=%00");
    assert_eq!(world::summary(&get(&endpoints(), "u1", &nul).1), " | 0 0 0");
}

#[test]
fn queries_are_honoured_in_the_whole_language_and_only_narrow() {
    let rows: &[Row] = &[
        (r#"roomId=G1 query={"size":{"$gt":20}}"#, 200, "c d e | 3 0 3"),
        (r#"roomId=G1 query={"name":{"$regex":"g$"}}"#, 200, "a e | 2 0 2"),
        (r#"roomId=G1 query={"$nor":[{"size":{"$gt":20}}]}"#, 200, "n b a | 3 0 3"),
        (r#"roomId=G1 query={"$expr":{"$gt":["$size",40]}}"#, 200, "e | 1 0 1"),
        (
            r#"roomId=G1 query={"uploadedAt":{"$gte":{"$date":"2024-01-04T00:00:00Z"}}}"#,
            200,
            "d e | 2 0 2",
        ),
        (r#"roomId=G1 query={"tagged":{"$all":["x","y"]},"userId":"u2"}"#, 200, "b c | 2 0 2"),
        (r#"roomId=G1 query={"name":{"$exists":false}}"#, 200, "n | 1 0 1"),
        (r#"roomId=G1 query={"rid":"G2"}"#, 200, " | 0 0 0"),
        (r#"roomId=G1 query={"$or":[{"rid":"G2"},{"rid":"G1"}]}"#, 200, ALL),
        (r#"roomId=G1 query={"rid":{"$ne":"G1"}}"#, 200, " | 0 0 0"),
        (r#"roomId=G1 query={"_hidden":true}"#, 200, " | 0 0 0"),
        (r#"roomId=G1 query={"typeGroup":"thumb"}"#, 200, " | 0 0 0"),
        (r#"roomId=G1 query={"typeGroup":"audio"} typeGroup=image"#, 200, " | 0 0 0"),
        (r#"roomId=G1 query={"_id":"x1"}"#, 200, " | 0 0 0"),
        ("roomId=G1 query={}", 200, ALL),
        ("roomId=G1 query=", 200, ALL),
    ];
    check(&endpoints(), "u1", GROUPS, rows);
}

#[test]
fn bad_queries_and_fields_say_what_was_given() {
    let endpoints = endpoints();
    for (parameter, texts) in [
        ("query", &["x", "[]", "1", "null", "{", r#"{"a":{"$date":"x"}}"#][..]),
        (
            "fields",
            &[
                "x",
                "[]",
                "1",
                "null",
                r#"{"a":2}"#,
                r#"{"a":true}"#,
                r#"{"a":"x"}"#,
                r#"{"a":null}"#,
            ],
        ),
    ] {
        for text in texts {
            let uri =
                format!("{GROUPS}?{}", world::encode(&format!("roomId=G1 {parameter}={text}")));
            assert_eq!(get(&endpoints, "u1", &uri), (400, bad(parameter, text)), "{text}");
        }
    }
}

#[test]
fn what_the_language_refuses_is_a_400_without_a_code() {
    let refusal =
        |text: &str| format!("{{\"success\":false,\"error\":{}}}", serde_json::Value::from(text));
    let endpoints = endpoints();
    let mut wrong = String::new();
    for (parameters, text) in [
        (
            r#"roomId=G1 query={"size":{"$bigger":1}}"#,
            "$.size.$bigger: `$bigger` is no operator on a field",
        ),
        (
            r#"roomId=G1 query={"$where":"true"}"#,
            "$.$where: $where runs JavaScript, which Filedex does not; say it with $expr",
        ),
        (
            r#"roomId=G1 query={"name":{"$regex":"("}}"#,
            "$.name.$regex: regular expression: a group without its closing parenthesis, at byte 1",
        ),
        (r#"roomId=G1 query={"size":{"$in":1}}"#, "$.size.$in: takes an array"),
        (r#"roomId=G1 query={"$or":[]}"#, "$.$or: takes an array with at least one filter"),
        (r#"roomId=G1 query={"size":{"$mod":[0,1]}}"#, "$.size.$mod.0: the divisor must not be 0"),
        (
            r#"roomId=G1 query={"$expr":{"$divide":["$size",0]}}"#,
            "$.$divide: $divide can't divide by zero",
        ),
        (r#"roomId=G1 fields={"name":1,"size":0}"#, "$.size: an inclusion can't exclude a field"),
        (r#"roomId=G1 sort={"$name":1}"#, "$.$name: the field name `$name` starts with `$`"),
        (r#"roomId=G1 sort={"a..b":1}"#, "$.a..b: a part of a field path is empty"),
    ] {
        let uri = format!("{GROUPS}?{}", world::encode(parameters));
        let found = get(&endpoints, "u1", &uri);
        if found != (400, refusal(text)) {
            wrong += &format!("{parameters}\n  want {}\n  got  {found:?}\n", refusal(text));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn files(body: &str) -> String {
    let end = body.find(",\"count\"").unwrap();
    body.get(..end).unwrap().to_owned()
}

#[test]
fn fields_project_and_the_owner_follows_them() {
    let rows: &[Row] = &[
        (
            r#"roomId=G1 count=1 offset=2 fields={"name":1}"#,
            200,
            r#"{"files":[{"_id":"a","name":"alpha.png"}]"#,
        ),
        (
            r#"roomId=G1 count=1 offset=2 fields={"name":1,"_id":0}"#,
            200,
            r#"{"files":[{"name":"alpha.png"}]"#,
        ),
        (
            r#"roomId=G1 count=1 offset=2 fields={"userId":1,"size":1}"#,
            200,
            r#"{"files":[{"_id":"a","user":{"_id":"u1","username":"ada","name":"Ada"},"size":10}]"#,
        ),
        (
            r#"roomId=G1 count=1 offset=2 fields={"tagged":{"$slice":1},"name":1}"#,
            200,
            r#"{"files":[{"_id":"a","name":"alpha.png","tagged":["x"]}]"#,
        ),
        (
            r#"roomId=G1 count=1 offset=2 fields={"twice":{"$multiply":["$size",2]}}"#,
            200,
            r#"{"files":[{"_id":"a","twice":20}]"#,
        ),
        (
            r#"roomId=G1 count=1 offset=2 fields={"token":0,"tagged":0,"uploadedAt":0}"#,
            200,
            r#"{"files":[{"_id":"a","name":"alpha.png","rid":"G1","user":{"_id":"u1","username":"ada","name":"Ada"},"type":"image/png","typeGroup":"image","size":10}]"#,
        ),
    ];
    check_with(&endpoints(), "u1", GROUPS, rows, files);
}

#[test]
fn an_owner_stands_in_the_place_of_his_id() {
    let rows: &[Row] = &[
        (
            "roomId=G1 name=Bravo",
            200,
            r#"{"files":[{"_id":"b","name":"Bravo(1).pdf","rid":"G1","user":{"_id":"u2","username":"ben"},"token":"tk-b","uploadedAt":"2024-01-02T00:00:00.000Z","tagged":["x","y"],"type":"application/pdf","typeGroup":"application","size":20}]"#,
        ),
        (
            "roomId=G1 name=delta",
            200,
            r#"{"files":[{"_id":"d","name":"delta.txt","rid":"G1","userId":"u9","token":"tk-d","uploadedAt":"2024-01-04T00:00:00.000Z","tagged":["x","y"],"type":"text/plain","typeGroup":"text","size":40}]"#,
        ),
    ];
    check_with(&endpoints(), "u1", GROUPS, rows, files);
    let both = with(|options| options.owner = filedex::OwnerShape::ObjectAndId);
    let rows: &[Row] = &[(
        "roomId=G1 name=Bravo",
        200,
        r#"{"files":[{"_id":"b","name":"Bravo(1).pdf","rid":"G1","userId":"u2","token":"tk-b","uploadedAt":"2024-01-02T00:00:00.000Z","tagged":["x","y"],"type":"application/pdf","typeGroup":"application","size":20,"user":{"_id":"u2","username":"ben"}}]"#,
    )];
    check_with(&both, "u1", GROUPS, rows, files);
}

#[test]
fn hidden_records_and_thumbs_show_where_the_host_says_so() {
    let open = with(|options| options.visibility = filedex::Visibility::EVERYTHING);
    check(&open, "u1", GROUPS, &[("roomId=G1", 200, "n b a c d e h t | 8 0 8")]);
}

#[test]
fn denied_fields_are_refused_by_name() {
    let denied = |parameter: &str, what: &str| {
        format!(
            "{{\"success\":false,\"error\":\"Invalid {parameter} parameter provided: {what} may not be asked for [error-invalid-{parameter}]\",\"errorType\":\"error-invalid-{parameter}\",\"details\":{{\"helperMethod\":\"parseJsonQuery\"}}}}"
        )
    };
    let endpoints = endpoints();
    for (parameter, text, what) in [
        ("sort", r#"{"token":1}"#, "the field `token`"),
        ("fields", r#"{"token":1}"#, "the field `token`"),
        ("fields", r#"{"x":"$token"}"#, "the field `token`"),
        ("query", r#"{"token":{"$regex":"^tk"}}"#, "the field `token`"),
        ("query", r#"{"$or":[{"password":1}]}"#, "the field `password`"),
        ("query", r#"{"$expr":{"$eq":["$$ROOT.token",1]}}"#, "the field `token`"),
    ] {
        let uri = format!("{GROUPS}?{}", world::encode(&format!("roomId=G1 {parameter}={text}")));
        assert_eq!(get(&endpoints, "u1", &uri), (400, denied(parameter, what)), "{text}");
    }
}

#[test]
fn evaluation_never_reaches_what_the_scope_leaves_out() {
    // The hidden record and the thumb would be divided by; the room's visible ones can be.
    let endpoints = endpoints();
    for id in ["h", "t"] {
        let broken = |file: &mut filedex::Document| file.set("size", 0);
        endpoints.index().update(id, broken).unwrap();
    }
    let rows: &[Row] =
        &[(r#"roomId=G1 query={"$expr":{"$lt":[{"$divide":[400,"$size"]},9]}}"#, 200, "e | 1 0 1")];
    check(&endpoints, "u1", GROUPS, rows);
}
