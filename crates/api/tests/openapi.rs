//! The description of the endpoints says what the door does: paths, parameters, statuses, bodies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::schema::fits;
use super::world::{directory, encode, endpoints, get, uploads};
use filedex::{Endpoints, Folder};
use proptest::prelude::*;
use serde_json::Value;

fn description() -> Value {
    let response = endpoints().handle(http::Request::get("/api/openapi.json").body("").unwrap());
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn every_described_path_is_served_and_every_answer_is_described() {
    let description = description();
    let mut folders = directory();
    for (id, public) in [("f1", true), ("f2", false)] {
        folders.add_folder(Folder { public, ..Folder::new(id, "u1") });
    }
    let (rooms, uploads) = (endpoints(), Endpoints::new(uploads(), folders));
    let chat = [
        "",
        "roomId=G1",
        "roomId=C1",
        "roomId=D12",
        "roomId=D23",
        "roomId=G2",
        "roomId=G1 count=1 offset=2",
        "roomId=G1 count=x",
        "roomId=C1 sort=x",
        "roomId=D12 fields={\"user\":1}",
        "roomId=L1",
        "roomId=G1 query={\"$bad\":1}",
        "roomName=crew",
        "username=ben",
        "roomId=G1 startingFromId=a",
    ];
    let zipline = [
        "",
        "page=1",
        "page=2 perpage=2",
        "page=1 searchQuery=o",
        "page=1 searchField=tags searchQuery=t1",
        "page=x",
        "page=1 id=u2",
        "page=1 id=u9",
        "page=1 sortBy=x",
        "page=1 searchField=tags searchQuery=,",
    ];
    let small = [
        "",
        "take=2",
        "take=x",
        "noincl=1",
        "user=u2",
        "user=u1",
        "parentId=a&parentId=b",
        "uploads=1",
    ];
    let mut asked = 0;
    let described = description["paths"].as_object().unwrap().iter();
    let each = described.flat_map(|(path, methods)| ids(path).map(move |path| (path, methods)));
    for (path, methods) in each {
        let (endpoints, rows) = match path.as_str() {
            "/api/user/files" => (&uploads, &zipline[..]),
            path if path.starts_with("/api/v1/") => (&rooms, &chat[..]),
            _ => (&uploads, &small[..]),
        };
        let answers = methods["get"]["responses"].as_object().unwrap();
        for parameters in rows {
            for user in ["u1", "u2", "u3", "stranger"] {
                let uri = format!("{path}?{}", encode(parameters));
                let (status, body) = get(endpoints, user, &uri);
                let Some(answer) = answers.get(&status.to_string()) else {
                    panic!("{uri}: {status} is not described: {body}");
                };
                let schema = &answer["content"]["application/json"]["schema"];
                let body: Value = serde_json::from_str(&body).expect(&body);
                fits(&body, schema, &description).unwrap_or_else(|why| panic!("{uri}: {why}"));
                asked += 1;
            }
        }
    }
    assert!(asked > 250, "{asked}");
}

/// The path, with ids of things that are there and that aren't in the place of its own.
fn ids(path: &str) -> impl Iterator<Item = String> {
    let ids = ["z1", "one.png", "t1", "f1", "f2", "nothing", "%20"];
    let number = if path.contains("{id}") { ids.len() } else { 1 };
    ids.into_iter().take(number).map(|id| path.replace("{id}", id))
}

/// Query strings that no client means to send.
fn odd_query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        6 => prop::sample::select(vec![
            "roomId", "username", "roomName", "offset", "count", "sort", "query", "fields", "name",
            "typeGroup", "onlyConfirmed", "startingFromId", "page", "perpage", "filter", "favorite",
            "sortBy", "order", "searchField", "searchQuery", "id", "folder", "take", "noincl", "user",
            "parentId", "root", "uploads",
        ]).prop_map(str::to_owned),
        1 => "[a-z\\[\\]]{0,6}",
    ];
    let value = prop_oneof![
        6 => prop::sample::select(vec![
            "G1", "C1", "D12", "crew", "ben", "0", "1", "2", "-1", "1.5", "1e400", "0x", "true", "", " ",
            "{}", "[]", "null", "{\"name\":1}", "{\"size\":{\"$gt\":1}}", "{\"$or\":[]}",
            "{\"a\":{\"$regex\":\"(\"}}", "{\"a.$\":1}", "{\"a\":{\"$elemMatch\":{}}}",
            "{\"$expr\":{\"$divide\":[1,0]}}", "{\"\":1}", "{\"a\":{\"$date\":9e99}}", "%", "t1,t2", "asc",
            "size", "tags", "dashboard",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let raw = any::<bool>();
    prop::collection::vec((name, value, raw), 0..5).prop_map(|pairs| {
        let pair = |(name, value, raw): &(String, String, bool)| {
            let encoded =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            let visible =
                value.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>".contains(&byte));
            if *raw && visible { format!("{name}={value}") } else { format!("{name}={encoded}") }
        };
        pairs.iter().map(pair).collect::<Vec<String>>().join("&")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_answer_is_a_described_one(query in odd_query()) {
        thread_local! {
            static WORLD: (Endpoints, Value) = (endpoints(), description());
        }
        WORLD.with(|(endpoints, description)| {
            for (path, methods) in description["paths"].as_object().unwrap() {
                let uri = format!("{}?{query}", path.replace("{id}", "z1"));
                if uri.parse::<http::Uri>().is_err() {
                    continue;
                }
                let (status, body) = get(endpoints, "u1", &uri);
                let answer = methods["get"]["responses"].get(status.to_string());
                prop_assert!(status < 500 && answer.is_some(), "{}: {} {}", uri, status, body);
                let schema = &answer.unwrap()["content"]["application/json"]["schema"];
                let reply: Value = serde_json::from_str(&body).unwrap();
                prop_assert_eq!(fits(&reply, schema, description), Ok(()), "{}", uri);
            }
            Ok(())
        })?;
    }
}

#[test]
fn described_examples_fit_their_schemas() {
    let description = description();
    for methods in description["paths"].as_object().unwrap().values() {
        for answer in methods["get"]["responses"].as_object().unwrap().values() {
            let content = &answer["content"]["application/json"];
            if let Some(example) = content.get("example") {
                fits(example, &content["schema"], &description).unwrap();
            }
        }
    }
}

#[test]
fn strict_endpoints_take_exactly_the_described_parameters() {
    let description = description();
    for path in ["/api/v1/im.files", "/api/v1/channels.files", "/api/v1/rooms.images"] {
        let described = &description["paths"][path]["get"]["parameters"];
        let names: Vec<&str> =
            described.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        let known = [
            "roomId",
            "username",
            "roomName",
            "offset",
            "count",
            "sort",
            "query",
            "fields",
            "name",
            "typeGroup",
            "onlyConfirmed",
            "startingFromId",
            "page",
        ];
        for name in known {
            let room = if name == "roomId" { "" } else { "roomId=x&" };
            let (_, body) = get(&endpoints(), "u1", &format!("{path}?{room}{name}=1"));
            let refused = body.contains("must NOT have additional properties");
            // The two keys of a room exclude each other, which is told first.
            assert_eq!(refused, !names.contains(&name), "{path} {name}: {body}");
        }
    }
}

#[test]
fn the_description_names_its_own_components_only() {
    let description = description();
    let text = description.to_string();
    for (at, _) in text.match_indices("\"#/") {
        let pointer = text.get(at + 2..).unwrap().split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
    assert_eq!(description["openapi"], "3.1.0");
}
