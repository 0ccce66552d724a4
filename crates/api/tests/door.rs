//! The door: who gets in, what is found behind which path, and the headers of every answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::world;

use filedex::{Endpoints, User};
use http::{Method, Request, Response};
use world::{endpoints, token_of};

const PATHS: [&str; 6] = [
    "/api/v1/im.files?roomId=D12",
    "/api/v1/dm.files?roomId=D12",
    "/api/v1/groups.files?roomId=G1",
    "/api/v1/channels.files?roomId=C1",
    "/api/v1/rooms.images?roomId=G1",
    "/api/user/files?page=1",
];

fn ask(uri: &str, headers: &[(&str, &str)]) -> Response<Vec<u8>> {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    endpoints().handle(request.body("").unwrap())
}

fn text(response: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[test]
fn whoever_is_not_known_gets_the_same_401() {
    let good = token_of("u1");
    let good = good.as_str();
    for path in PATHS {
        let chat = r#"{"status":"error","message":"You must be logged in to do this."}"#;
        let zipline = r#"{"error":"not logged in","statusCode":401}"#;
        let expected = if path.starts_with("/api/v1") { chat } else { zipline };
        for headers in [
            &[][..],
            &[("X-User-Id", "u1")],
            &[("X-Auth-Token", good)],
            &[("X-User-Id", "u1"), ("X-Auth-Token", "wrong")],
            &[("X-User-Id", "u1"), ("X-Auth-Token", "")],
            &[("X-User-Id", "u2"), ("X-Auth-Token", good)],
            &[("X-User-Id", "nobody"), ("X-Auth-Token", good)],
            &[("X-User-Id", "ada"), ("X-Auth-Token", good)],
            &[("X-User-Id", "ü"), ("X-Auth-Token", good)],
            &[("Authorization", "wrong")],
        ] {
            let response = ask(path, headers);
            assert_eq!((response.status().as_u16(), text(&response)), (401, expected), "{path}");
        }
    }
}

#[test]
fn being_logged_out_beats_every_other_complaint() {
    for path in ["/api/v1/groups.files", "/api/v1/rooms.images?x=1", "/api/user/files?page=x"] {
        assert_eq!(ask(path, &[]).status(), 401);
    }
}

#[test]
fn the_right_token_opens_by_either_header() {
    let good = token_of("u1");
    for path in PATHS {
        let upper = ask(path, &[("X-USER-ID", "u1"), ("X-AUTH-TOKEN", &good)]);
        assert_eq!(upper.status(), 200, "{path}");
    }
    assert_eq!(ask("/api/user/files?page=1", &[("Authorization", &good)]).status(), 200);
    assert_eq!(ask("/api/v1/groups.files?roomId=G1", &[("Authorization", &good)]).status(), 401);
    let both = [("Authorization", "Basic x"), ("X-User-Id", "u1"), ("X-Auth-Token", &good)];
    assert_eq!(ask("/api/user/files?page=1", &both).status(), 200);
}

#[test]
fn every_answer_has_the_same_headers() {
    let good = token_of("u1");
    let known = [("X-User-Id", "u1"), ("X-Auth-Token", good.as_str())];
    for (path, status) in [
        (PATHS[0], 200),
        (PATHS[5], 200),
        ("/api/v1/groups.files", 400),
        ("/api/v1/rooms.images?roomId=x", 403),
        ("/api/v1/nothing", 404),
        ("/api/openapi.json", 200),
    ] {
        let response = ask(path, &known);
        assert_eq!(response.status().as_u16(), status, "{path}");
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("pragma"), "no-cache");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert!(body.is_object());
    }
}

#[test]
fn other_paths_and_methods_are_refused() {
    let endpoints = endpoints();
    for path in ["/", "/api/v1/im.files/", "/api/v1/groups.images", "/api/v1/IM.files"] {
        let request = Request::get(path).body("").unwrap();
        assert_eq!(endpoints.handle(request).status(), 404, "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request = Request::builder().method(method).uri(PATHS[2]).body("{}").unwrap();
        let response = endpoints.handle(request);
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers().get("allow").unwrap(), "GET, HEAD");
    }
}

#[test]
fn head_answers_as_get_does_without_the_body() {
    let request = Request::head(PATHS[2])
        .header("X-User-Id", "u1")
        .header("X-Auth-Token", token_of("u1"))
        .body("")
        .unwrap();
    let response = endpoints().handle(request);
    assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
}

#[test]
fn floods_and_broken_escapes_are_answered_not_crashed_on() {
    let endpoints = endpoints();
    let flood = vec!["count=1"; 501].join("&");
    let (status, body) =
        world::get(&endpoints, "u1", &format!("/api/v1/groups.files?roomId=G1&{flood}"));
    assert_eq!(status, 400);
    assert_eq!(body, r#"{"success":false,"error":"Invalid query parameters"}"#);
    let (status, body) = world::get(&endpoints, "u1", &format!("/api/user/files?page=1&{flood}"));
    assert_eq!(
        (status, body.as_str()),
        (400, r#"{"error":"Invalid query parameters","statusCode":400}"#)
    );
    for query in [
        "%",
        "roomId=%ff",
        "roomId=G1&sort=%zz",
        "&&&=&=",
        "roomId[=1",
        "[]=1",
        "roomId=G1&name=%F0%9F",
    ] {
        for path in ["/api/v1/groups.files", "/api/user/files"] {
            let (status, _) = world::get(&endpoints, "u1", &format!("{path}?{query}"));
            assert!(status < 500, "{path}?{query}: {status}");
        }
    }
}

#[test]
fn a_fault_of_the_host_is_a_500_that_tells_nothing() {
    let endpoints = Endpoints::new(world::index(), world::Away);
    for path in PATHS {
        let (status, body) = world::get(&endpoints, "u1", path);
        assert_eq!(status, 500, "{path}");
        assert!(!body.contains("secret"), "{body}");
    }
    let error = endpoints
        .groups_files(&User::new("u1", "ada"), &filedex::FilesParams::of("G1"))
        .unwrap_err();
    assert!(error.cause().unwrap().to_string().contains("the secret database is away"));
}

#[test]
fn typed_parameters_travel_under_the_names_of_the_query_string() {
    let params: filedex::FilesParams =
        serde_json::from_str(r#"{"username":"ben","typeGroup":"image","count":3}"#).unwrap();
    let by_hand = filedex::FilesParams::named("ben").type_group("image").count(3);
    assert_eq!(params, by_hand);
    let ada = User::new("u1", "ada");
    let page = endpoints().im_files(&ada, &params).unwrap();
    let (_, body) =
        world::get(&endpoints(), "u1", "/api/v1/im.files?username=ben&typeGroup=image&count=3");
    let mut typed = String::from_utf8(page.to_json()).unwrap();
    typed.truncate(typed.len() - 1);
    assert_eq!(format!("{typed},\"success\":true}}"), body);
    let images: filedex::ImagesParams =
        serde_json::from_str(r#"{"roomId":"G1","startingFromId":"a"}"#).unwrap();
    assert_eq!(images, filedex::ImagesParams::of("G1").starting_from("a"));
    let files: filedex::UserFilesParams =
        serde_json::from_str(r#"{"page":2,"perpage":5,"sortBy":"size","order":"asc"}"#).unwrap();
    let by_hand = filedex::UserFilesParams::page(2).per_page(5);
    assert_eq!(files, by_hand.sort(filedex::SortBy::Size, filedex::Order::Ascending));
}

#[test]
fn a_page_can_be_read_as_the_hosts_own_type() {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Mine {
        name: Option<String>,
        uploaded_at: Option<String>,
    }
    let page = endpoints().index().room("D12").sort(r#"{"name":1}"#).unwrap().page().unwrap();
    let mine: Vec<Mine> = page.files_as().unwrap();
    assert_eq!(mine[0].name.as_deref(), Some("mike.png"));
    assert_eq!(mine[0].uploaded_at.as_deref(), Some("2024-01-04T00:00:00.000Z"));
    assert_eq!(page.to_files().unwrap()[1].name(), Some("oscar.pdf"));
}
