//! `/api/user/files`: each row a request, its status and its answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::world;

use filedex::{
    EndpointOptions, Endpoints, Order, SearchField, Shown, SortBy, User, UserFilesParams,
};
use world::{Row, check_with, get};

const PATH: &str = "/api/user/files";

fn endpoints() -> Endpoints {
    Endpoints::new(world::uploads(), world::directory())
}

/// `"z1 z2 | 5 1"`: ids, then total and pages; of a search, what it says it searched for.
fn summary(body: &str) -> String {
    let reply: serde_json::Value = serde_json::from_str(body).expect(body);
    let ids = reply["page"].as_array().expect(body).iter();
    let ids: Vec<&str> = ids.map(|file| file["id"].as_str().unwrap()).collect();
    let end = match reply.get("search") {
        Some(search) => search.to_string(),
        None => format!("{} {}", reply["total"], reply["pages"]),
    };
    format!("{} | {end}", ids.join(" "))
}

fn check(rows: &[Row]) {
    check_with(&endpoints(), "u1", PATH, rows, summary);
}

fn refusal(text: &str) -> String {
    let status = match text {
        "You can't view this user's files." => 403,
        "User not found" => 404,
        _ => 400,
    };
    format!(r#"{{"error":"{text}","statusCode":{status}}}"#)
}

#[test]
fn pages_are_numbered_from_1() {
    check(&[
        ("page=1", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 perpage=2", 200, "z5 z4 | 5 3"),
        ("page=2 perpage=2", 200, "z3 z2 | 5 3"),
        ("page=3 perpage=2", 200, "z1 | 5 3"),
        ("page=4 perpage=2", 200, " | 5 3"),
        ("page=1 perpage=5", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 perpage=1000000", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 perpage=", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=0x2 perpage=2e0", 200, "z3 z2 | 5 3"),
        ("page=9007199254740991 perpage=9007199254740991", 200, " | 5 1"),
        ("page=1 unknown=1 searchThreshold=0.1", 200, "z5 z4 z3 z2 z1 | 5 1"),
    ]);
}

#[test]
fn the_first_thing_wrong_is_what_is_told() {
    for (parameters, text) in [
        ("", "Page is required"),
        ("page=", "Page is required"),
        ("perpage=5", "Page is required"),
        ("searchQuery=x", "Page is required"),
        ("page=x", "Page must be a number"),
        ("page=1 page=2", "Page must be a number"),
        ("page=0", "Page must be a whole number from 1"),
        ("page=-1", "Page must be a whole number from 1"),
        ("page=1.5", "Page must be a whole number from 1"),
        ("page=Infinity", "Page must be a whole number from 1"),
        ("page=1e30", "Page must be a whole number from 1"),
        ("page=1 perpage=x", "Perpage must be a number"),
        ("page=1 perpage=1 perpage=2", "Perpage must be a number"),
        ("page=1 perpage=0", "Perpage must be a whole number from 1"),
        ("page=1 perpage=-3", "Perpage must be a whole number from 1"),
        ("page=1 perpage=2.5", "Perpage must be a whole number from 1"),
        ("page=x perpage=x sortBy=x", "Perpage must be a number"),
        ("page=x sortBy=x order=x", "Page must be a number"),
        ("page=1 sortBy=x order=x", "Invalid sortBy value"),
        ("page=1 sortBy=maxViews", "Invalid sortBy value"),
        ("page=1 sortBy=CreatedAt", "Invalid sortBy value"),
        ("page=1 sortBy=size sortBy=size", "Invalid sortBy value"),
        ("page=1 order=up searchField=x", "Invalid order value"),
        ("page=1 order=ASC", "Invalid order value"),
        ("page=1 searchField=x", "Invalid searchField value"),
        ("page=1 searchField=size", "Invalid searchField value"),
        ("page=1 searchField=size searchQuery=x", "Invalid searchField value"),
        ("page=1 searchQuery=a searchQuery=b", "Invalid searchQuery value"),
        ("page=1 searchField=tags searchQuery=nothing", "invalid tag somewhere"),
        ("page=1 searchField=tags searchQuery=t9", "invalid tag somewhere"),
        ("page=1 searchField=tags searchQuery=work", "invalid tag somewhere"),
        ("page=1 searchField=tags searchQuery=t1,t9", "invalid tag somewhere"),
        ("page=1 searchField=tags searchQuery=t1,t1", "invalid tag somewhere"),
        ("page=1 id=u1 id=u2", "Invalid id value"),
        ("id=u2", "You can't view this user's files."),
        ("id=u3 page=x", "You can't view this user's files."),
        ("id=u7", "User not found"),
        ("id=", "User not found"),
        ("id=u7 perpage=x", "User not found"),
    ] {
        let uri = format!("{PATH}?{}", world::encode(parameters));
        let (status, body) = get(&endpoints(), "u1", &uri);
        let expected = refusal(text);
        assert_eq!(body, expected, "{parameters}");
        assert!(expected.ends_with(&format!("{status}}}")), "{parameters}: {status}");
    }
}

#[test]
fn ranks_see_the_files_of_those_below_them() {
    let asked = |user: &str, id: &str| {
        let (status, body) = get(&endpoints(), user, &format!("{PATH}?page=1&id={id}"));
        if status == 200 { summary(&body) } else { status.to_string() }
    };
    let adas = "z5 z4 z3 z2 z1 | 5 1";
    assert_eq!(asked("u1", "u1"), adas);
    assert_eq!(asked("u3", "u1"), adas);
    assert_eq!(asked("u3", "u2"), "y1 | 1 1");
    assert_eq!(asked("u3", "u3"), "w1 | 1 1");
    assert_eq!(asked("u3", "u4"), "403");
    assert_eq!(asked("u3", "u5"), "403");
    assert_eq!(asked("u4", "u3"), "w1 | 1 1");
    assert_eq!(asked("u4", "u1"), adas);
    assert_eq!(asked("u4", "u4"), " | 0 0");
    assert_eq!(asked("u4", "u8"), "404");
    assert_eq!(asked("u2", "u1"), "403");
}

#[test]
fn filters_and_favorites_combine_as_documented() {
    check(&[
        ("page=1 filter=dashboard", 200, "z4 z2 z1 | 3 1"),
        ("page=1 filter=none", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 filter=all", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 filter=whatever", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 filter=dashboard filter=all", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 favorite=true", 200, "z3 z1 | 2 1"),
        ("page=1 favorite=false", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 favorite=yes", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 favorite=true filter=all", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 favorite=true filter=none", 200, "z3 z1 | 2 1"),
        ("page=1 favorite=true filter=dashboard", 200, "z1 | 1 1"),
        ("page=1 perpage=1 filter=dashboard", 200, "z4 | 3 3"),
    ]);
}

#[test]
fn sorts_put_missing_dates_and_names_highest() {
    check(&[
        ("page=1 sortBy=id order=asc", 200, "z1 z2 z3 z4 z5 | 5 1"),
        ("page=1 sortBy=id", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 sortBy=createdAt order=asc", 200, "z1 z2 z3 z4 z5 | 5 1"),
        ("page=1 sortBy= order=", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 sortBy=updatedAt", 200, "z5 z1 z2 z3 z4 | 5 1"),
        ("page=1 sortBy=name order=asc", 200, "z4 z5 z1 z3 z2 | 5 1"),
        ("page=1 sortBy=size", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 sortBy=type order=asc", 200, "z5 z3 z1 z2 z4 | 5 1"),
        ("page=1 sortBy=views", 200, "z1 z4 z2 z3 z5 | 5 1"),
        ("page=1 sortBy=favorite", 200, "z3 z1 z5 z4 z2 | 5 1"),
        ("page=1 sortBy=deletesAt order=asc", 200, "z4 z2 z1 z3 z5 | 5 1"),
        ("page=1 sortBy=deletesAt", 200, "z5 z3 z1 z2 z4 | 5 1"),
        ("page=1 sortBy=originalName order=asc", 200, "z1 z3 z2 z4 z5 | 5 1"),
        ("page=1 sortBy=originalName order=desc", 200, "z5 z4 z2 z3 z1 | 5 1"),
        ("page=1 perpage=2 sortBy=deletesAt", 200, "z5 z3 | 5 3"),
        ("page=2 perpage=2 sortBy=deletesAt", 200, "z1 z2 | 5 3"),
        ("page=3 perpage=2 sortBy=deletesAt", 200, "z4 | 5 3"),
        ("page=2 perpage=3 sortBy=deletesAt", 200, "z2 z4 | 5 2"),
        ("page=4 perpage=2 sortBy=deletesAt", 200, " | 5 3"),
        ("page=2 perpage=2 sortBy=deletesAt order=asc", 200, "z1 z3 | 5 3"),
        ("page=1 perpage=1 sortBy=deletesAt filter=dashboard", 200, "z1 | 3 3"),
        ("page=2 perpage=1 sortBy=deletesAt filter=dashboard", 200, "z2 | 3 3"),
    ]);
}

#[test]
fn searches_find_literal_text_in_any_case() {
    check(&[
        ("page=1 searchQuery=PNG", 200, r#"z1 | {"field":"name","query":"PNG"}"#),
        ("page=1 searchQuery=four", 200, r#"z4 | {"field":"name","query":"four"}"#),
        ("page=1 searchQuery=t.o", 200, r#" | {"field":"name","query":"t.o"}"#),
        ("page=1 searchQuery=e searchField=", 200, r#"z5 z3 z1 | {"field":"name","query":"e"}"#),
        (
            "page=1 searchQuery=100% searchField=originalName",
            200,
            r#"z1 | {"field":"originalName","query":"100%"}"#,
        ),
        (
            "page=1 searchQuery=_ searchField=originalName",
            200,
            r#"z3 | {"field":"originalName","query":"_"}"#,
        ),
        (
            "page=1 searchQuery=Holiday%20100 searchField=originalName",
            200,
            r#"z1 | {"field":"originalName","query":"Holiday 100"}"#,
        ),
        (
            "page=1 searchQuery=audio searchField=type",
            200,
            r#"z5 | {"field":"type","query":"audio"}"#,
        ),
        (
            "page=1 searchQuery=Z searchField=id perpage=2",
            200,
            r#"z5 z4 | {"field":"id","query":"Z"}"#,
        ),
        (
            "page=3 searchQuery=Z searchField=id perpage=2",
            200,
            r#"z1 | {"field":"id","query":"Z"}"#,
        ),
        ("page=1 searchQuery=z7 searchField=id", 200, r#" | {"field":"id","query":"z7"}"#),
        ("page=1 searchQuery=y1 searchField=id", 200, r#" | {"field":"id","query":"y1"}"#),
        (
            "page=1 searchQuery=e favorite=true order=asc",
            200,
            r#"z1 z3 | {"field":"name","query":"e"}"#,
        ),
        ("page=1 searchQuery=e filter=dashboard", 200, r#"z1 | {"field":"name","query":"e"}"#),
        (
            "page=1 searchQuery=z searchField=id sortBy=deletesAt perpage=4",
            200,
            r#"z5 z3 z1 z2 | {"field":"id","query":"z"}"#,
        ),
        ("page=1 searchField=id", 200, "z5 z4 z3 z2 z1 | 5 1"),
        ("page=1 searchQuery=", 200, "z5 z4 z3 z2 z1 | 5 1"),
    ]);
    let spaces = format!("{PATH}?page=1&searchQuery=%20%20");
    assert_eq!(summary(&get(&endpoints(), "u1", &spaces).1), "z5 z4 z3 z2 z1 | 5 1");
    let trimmed = format!("{PATH}?page=1&searchQuery=%20two%20");
    let found = r#"z2 | {"field":"name","query":"two"}"#;
    assert_eq!(summary(&get(&endpoints(), "u1", &trimmed).1), found);
}

#[test]
fn tags_are_searched_by_id_and_all_must_be_there() {
    check(&[
        (
            "page=1 searchField=tags searchQuery=t1",
            200,
            r#"z2 z1 | {"field":"tags","query":["t1"]}"#,
        ),
        (
            "page=1 searchField=tags searchQuery=t1,,t2,",
            200,
            r#"z1 | {"field":"tags","query":["t1","t2"]}"#,
        ),
        ("page=1 searchField=tags searchQuery=,", 200, r#" | {"field":"tags","query":[]}"#),
        ("page=1 searchField=tags", 200, "z5 z4 z3 z2 z1 | 5 1"),
    ]);
    // A record may hold its tags whole.
    let endpoints = endpoints();
    let whole = r#"{"_id":"z9","name":"nine","userId":"u1","tags":[{"id":"t1","name":"work"}]}"#;
    world::put(endpoints.index(), whole);
    let uri = format!("{PATH}?page=1&searchField=tags&searchQuery=t1");
    let (_, body) = get(&endpoints, "u1", &uri);
    assert_eq!(summary(&body), r#"z2 z1 z9 | {"field":"tags","query":["t1"]}"#);
    assert!(body.contains(r#""tags":[{"id":"t1","name":"work"}]"#), "{body}");
}

#[test]
fn a_file_shows_every_field_with_its_default() {
    let ask = |search: &str| {
        let uri = format!("{PATH}?page=1&perpage=1&sortBy=id&order=asc{search}");
        get(&endpoints(), "u1", &uri).1
    };
    let start = r#"{"page":[{"createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"2025-02-04T00:00:00.000Z","deletesAt":null,"favorite":true,"id":"z1","originalName":"Holiday 100%.png","name":"one.png","size":10,"type":"image/png","views":3,"maxViews":null,"folderId":null,"thumbnail":null,"tags":[{"id":"t1","createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"","name":"work","color":"red"},{"id":"t2","createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"","name":"home","color":"red"}],"#;
    assert_eq!(
        ask(""),
        format!(r#"{start}"password":true,"url":"/u/one.png"}}],"total":5,"pages":5}}"#)
    );
    assert_eq!(
        ask("&searchQuery=one"),
        format!(r#"{start}"url":"/u/one.png"}}],"search":{{"field":"name","query":"one"}}}}"#)
    );
    let (_, body) = get(&endpoints(), "u2", &format!("{PATH}?page=1"));
    assert_eq!(
        body,
        r#"{"page":[{"createdAt":"2025-01-08T00:00:00.000Z","updatedAt":null,"deletesAt":null,"favorite":false,"id":"y1","originalName":null,"name":"bens.png","size":70,"type":"image/png","views":0,"maxViews":null,"folderId":null,"thumbnail":null,"tags":[],"password":null,"url":"/u/bens.png"}],"total":1,"pages":1}"#
    );
}

#[test]
fn the_host_says_where_files_are_served_and_how_many_are_a_page() {
    let mut options = EndpointOptions::default();
    options.files_route = "/".to_owned();
    options.per_page = std::num::NonZeroU64::new(2).unwrap();
    let endpoints = Endpoints::with_options(world::uploads(), world::directory(), options);
    let (_, body) = get(&endpoints, "u1", "/api/user/files?page=1");
    assert_eq!(summary(&body), "z5 z4 | 5 3");
    assert!(body.contains(r#""url":"/five.wav""#), "{body}");
}

#[test]
fn typed_calls_answer_as_the_door_does() {
    let endpoints = endpoints();
    let ada = User::new("u1", "ada");
    let params = UserFilesParams::page(1)
        .per_page(2)
        .filter(Shown::Dashboard)
        .sort(SortBy::Size, Order::Ascending)
        .search(SearchField::Type, "t");
    let files = endpoints.user_files(&ada, &params).unwrap();
    assert_eq!((files.total, files.pages), (1, 1));
    let uri = "/api/user/files?page=1&perpage=2&filter=dashboard&sortBy=size&order=asc&searchField=type&searchQuery=t";
    assert_eq!(String::from_utf8(files.to_json()).unwrap(), get(&endpoints, "u1", uri).1);
    let error = endpoints.user_files(&ada, &UserFilesParams::page(1).of_user("u2")).unwrap_err();
    assert_eq!(error.status().as_u16(), 403);
}

#[test]
fn many_incomplete_files_are_left_out_as_few_are() {
    let mut directory = world::directory();
    let mut incomplete: Vec<String> = (0..25_000).map(|n| format!("gone{n}")).collect();
    incomplete.push("z5".to_owned());
    directory.set_incomplete_files("u1", incomplete);
    let endpoints = Endpoints::new(world::uploads(), directory);
    let (_, body) = get(&endpoints, "u1", "/api/user/files?page=1&perpage=3");
    assert_eq!(summary(&body), "z7 z4 z3 | 5 2");
}
