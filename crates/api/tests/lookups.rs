//! The lookups beside the main listings: requests with their exact answers, in testdata/lookups.jsonl.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::collections::HashMap;

use filedex::{
    Document, EndpointOptions, Endpoints, File, Filedex, Folder, IncompleteUpload, MemoryDirectory,
    Role, Room, ShortUrls, Tag, User, ejson,
};
use serde_json::Value;

fn text(row: &Document, name: &str) -> String {
    row.get_str(name).unwrap_or_default().to_owned()
}

fn read<T: serde::de::DeserializeOwned>(value: &filedex::Value) -> T {
    let json = ejson::to_text(value.view(), ejson::Form::Relaxed);
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn incomplete(row: &Document) -> IncompleteUpload {
    let mut upload = IncompleteUpload::default();
    upload.id = text(row, "id");
    upload.created_at = text(row, "createdAt");
    upload.updated_at = text(row, "updatedAt");
    upload.status = text(row, "status");
    upload.chunks_total = read(row.get("chunksTotal").unwrap());
    upload.chunks_complete = read(row.get("chunksComplete").unwrap());
    upload.metadata = row.get("metadata").and_then(filedex::Value::as_document).unwrap().clone();
    upload
}

/// The server that a case describes.
fn endpoints(case: &Document) -> Endpoints {
    let index = Filedex::temporary().unwrap();
    let mut directory = MemoryDirectory::new();
    let mut options = EndpointOptions::default();
    let mut urls: HashMap<String, ShortUrls> = HashMap::new();
    let state = case.get("state").and_then(filedex::Value::as_array).unwrap();
    let rows = |kind: &str| -> Vec<&Document> {
        state.iter().filter_map(|row| row.as_document()?.get(kind)?.as_document()).collect()
    };
    for row in rows("user") {
        let role: Role = row.get("role").map(read).unwrap_or_default();
        let id = text(row, "_id");
        directory.add_user(User::new(id.as_str(), text(row, "username")).ranked(role));
        directory.add_token(&id, &format!("token of {id}"));
    }
    for row in rows("folder") {
        directory.add_folder(read::<Folder>(&row.clone().into()));
    }
    for row in rows("tag") {
        let (id, name, color) = (text(row, "_id"), text(row, "name"), text(row, "color"));
        let (created_at, updated_at) = (text(row, "createdAt"), text(row, "updatedAt"));
        directory.add_tag(&text(row, "userId"), Tag { id, created_at, updated_at, name, color });
    }
    for row in rows("incomplete") {
        directory.add_incomplete_upload(&text(row, "userId"), incomplete(row));
    }
    for row in rows("url") {
        let counted = urls.entry(text(row, "userId")).or_default();
        counted.created += 1;
        counted.views += row.get("views").map_or(0, read::<u64>);
    }
    for (user, counted) in urls {
        directory.set_short_urls(&user, counted);
    }
    for row in rows("room") {
        let members: Vec<String> = read(row.get("members").unwrap());
        directory.add_room(Room::new(text(row, "_id"), read(row.get("type").unwrap())), members);
    }
    for row in rows("file") {
        index.put(&File::from_document(row.clone()).unwrap()).unwrap();
    }
    for row in rows("setting") {
        if let Some(route) = row.get_str("filesRoute") {
            options.files_route = route.to_owned();
        }
    }
    Endpoints::with_options(index, directory, options)
}

/// Lists that the server leaves in any order, put into one.
fn ordered(mut body: Value, any_order: &[Value]) -> Value {
    for path in any_order {
        sort(&mut body, path.as_str().unwrap());
    }
    body
}

fn sort(value: &mut Value, path: &str) {
    if path.is_empty() {
        if let Some(list) = value.as_array_mut() {
            list.sort_by_key(ToString::to_string);
        }
        return;
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match first {
        "*" => value.as_array_mut().into_iter().flatten().for_each(|member| sort(member, rest)),
        name => value.get_mut(name).into_iter().for_each(|member| sort(member, rest)),
    }
}

#[test]
fn every_lookup_is_answered_to_the_byte() {
    let cases = include_str!("../../../testdata/lookups.jsonl");
    let mut wrong = String::new();
    for line in cases.lines() {
        let endpoints = endpoints(&ejson::read_document(line, &Default::default()).unwrap());
        let case: Value = serde_json::from_str(line).unwrap();
        let mut request = http::Request::get(case["request"]["path"].as_str().unwrap());
        if let Some(user) = case["request"]["as"].as_str() {
            request = request.header("X-User-Id", user);
            request = request.header("X-Auth-Token", format!("token of {user}"));
        }
        let response = endpoints.handle(request.body("").unwrap());
        let status = u64::from(response.status().as_u16());
        let body = String::from_utf8(response.into_body()).unwrap();
        let wanted = case["text"].as_str().unwrap();
        let same = match case["any_order"].as_array() {
            None => body == wanted,
            Some(any) => {
                let read = |text: &str| ordered(serde_json::from_str(text).unwrap(), any);
                read(&body) == read(wanted) && body.len() == wanted.len()
            }
        };
        if !same || Some(status) != case["status"].as_u64() {
            wrong += &format!(
                "{}\n  want {} {wanted}\n  got  {status} {body}\n",
                case["id"], case["status"]
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
