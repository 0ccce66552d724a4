//! The published examples: their records go in, their replies come out, byte for byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{
    Document, Endpoints, File, Filedex, Limits, MemoryDirectory, Record, Room, RoomKind, User,
    ejson,
};

const IM: &str = r#"{"files":[{"_id":"zchmBCtCEGeGRFrFw","name":"images.jpeg","size":9778,"type":"image/jpeg","rid":"ksKsKmrjvxzkzxkwwzFWhJbub88A9mLrAD","description":"dafsd","store":"GridFS:Uploads","complete":true,"uploading":false,"extension":"jpeg","progress":1,"user":{"_id":"ksKsKmrjvxzkzxkww","username":"rocket.cat","name":"Rocket Cat"},"_updatedAt":"2018-03-08T17:36:09.846Z","instanceId":"uZG54xuoKauKHykbQ","etag":"mnqbLcmKAptJBEKrx","path":"/ufs/GridFS:Uploads/zchmBCtCEGeGRFrFw/images.jpeg","token":"787868e89B","uploadedAt":"2018-03-08T17:36:09.913Z","url":"/ufs/GridFS:Uploads/zchmBCtCEGeGRFrFw/images.jpeg"}],"count":1,"offset":0,"total":1,"success":true}"#;
const GROUPS: &str = r#"{"files":[{"_id":"S78TNnvaWGwdYRaCD","name":"images.jpeg","size":9778,"type":"image/jpeg","rid":"GENERAL","description":"","store":"GridFS:Uploads","complete":true,"uploading":false,"extension":"jpeg","progress":1,"user":{"_id":"ksKsKmrjvxzkzxkww","username":"rocket.cat","name":"Rocket Cat"},"_updatedAt":"2018-03-08T14:47:37.003Z","instanceId":"uZG54xuoKauKHykbQ","etag":"jPaviS9qG22xC5sDC","path":"/ufs/GridFS:Uploads/S78TNnvaWGwdYRaCD/images.jpeg","token":"28cAb868d9","uploadedAt":"2018-03-08T14:47:37.295Z","url":"/ufs/GridFS:Uploads/S78TNnvaWGwdYRaCD/images.jpeg"}],"count":1,"offset":0,"total":1,"success":true}"#;
const IMAGES: &str = r#"{"files":[{"_id":"666fdecb4ac1a8e6404ededd","name":"oauth-screen.png","size":78441,"type":"image/png","rid":"6630e42b72f069422b1022c1","userId":"yuT9xp9eEd6HqB3n8","store":"GridFS:Uploads","_updatedAt":"2024-06-17T06:59:23.608Z","identify":{"format":"png","size":{"width":1580,"height":884}},"complete":true,"etag":"yvaG9cjz6YRRdMg4L","path":"/ufs/GridFS:Uploads/666fdecb4ac1a8e6404ededd/oauth-screen.png","progress":1,"token":"1888eA0A0B","uploadedAt":"2024-06-17T06:59:23.602Z","uploading":false,"url":"https://pro.writing-demo.dev.rocket.chat/ufs/GridFS:Uploads/666fdecb4ac1a8e6404ededd/oauth-screen.png","typeGroup":"image"},{"_id":"666fddea4ac1a8e6404eded7","name":"11.jpg","size":83832,"type":"image/jpeg","rid":"6630e42b72f069422b1022c1","userId":"yuT9xp9eEd6HqB3n8","store":"GridFS:Uploads","_updatedAt":"2024-06-17T06:55:38.044Z","identify":{"format":"jpeg","size":{"width":839,"height":932}},"complete":true,"etag":"3jZf7SJZFCPpf9JK8","path":"/ufs/GridFS:Uploads/666fddea4ac1a8e6404eded7/11.jpg","progress":1,"token":"498bb849C8","uploadedAt":"2024-06-17T06:55:38.029Z","uploading":false,"url":"https://pro.writing-demo.dev.rocket.chat/ufs/GridFS:Uploads/666fddea4ac1a8e6404eded7/11.jpg","typeGroup":"image"}],"count":50,"offset":0,"total":2,"success":true}"#;
const USER: &str = r#"{"page":[{"createdAt":"2025-05-27T04:30:20.284Z","updatedAt":"2025-05-27T04:30:20.284Z","deletesAt":null,"favorite":false,"id":"cmb60pvng00039kentdaw6p68","originalName":null,"name":"brg2IB.png","size":1275067,"type":"image/png","views":0,"maxViews":null,"folderId":null,"thumbnail":null,"tags":[],"password":null,"url":"/u/brg2IB.png"}],"total":1,"pages":1}"#;
const SEARCH: &str = r#"{"page":[{"createdAt":"2025-05-27T04:30:20.284Z","updatedAt":"2025-05-27T04:30:20.284Z","deletesAt":null,"favorite":false,"id":"cmb60pvng00039kentdaw6p68","originalName":null,"name":"brg2IB.png","size":1275067,"type":"image/png","views":0,"maxViews":null,"folderId":null,"thumbnail":null,"tags":[],"url":"/u/brg2IB.png"}],"search":{"field":"id","query":"cmb"}}"#;

/// The user of the curl lines of `im.files`, and the one of the other pages.
const CURL: (&str, &str) = ("aobEdbYhXfu5hkeqG", "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq");
const DOCS: (&str, &str) = ("rbAXPnMktTFbNpwtJ", "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f");

fn directory() -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    for (number, (id, token)) in [CURL, DOCS].into_iter().enumerate() {
        directory.add_user(User::new(id, format!("caller{number}")));
        directory.add_token(id, token);
    }
    directory.add_user(User::new("ByehQjC44FwMeiLbX", "user"));
    directory.add_user(User::new("ksKsKmrjvxzkzxkww", "rocket.cat").named("Rocket Cat"));
    let direct = Room::new("ksKsKmrjvxzkzxkwwzFWhJbub88A9mLrAD", RoomKind::Direct);
    directory.add_room(direct, [CURL.0, "ByehQjC44FwMeiLbX"]);
    directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), [CURL.0, DOCS.0]);
    let images = Room::new("6630e42b72f069422b1022c1", RoomKind::Channel);
    directory.add_room(images, [DOCS.0]);
    directory
}

fn files_of(reply: &str) -> Vec<Document> {
    let reply = ejson::read_document(reply, &Limits::default()).unwrap();
    let files = reply.get("files").unwrap().as_array().unwrap();
    files.iter().map(|file| file.as_document().unwrap().clone()).collect()
}

/// A record of the examples as a server keeps it: the owner's id where the reply has the owner.
fn as_kept(file: Document) -> Document {
    let fields = file.into_iter().map(|(name, value)| match (name.as_str(), value.as_document()) {
        ("user", Some(user)) => ("userId".to_owned(), user.get("_id").unwrap().clone()),
        _ => (name, value),
    });
    fields.collect()
}

fn upload() -> Document {
    let json = format!(
        r#"{{"_id":"cmb60pvng00039kentdaw6p68","name":"brg2IB.png","size":1275067,"type":"image/png",
            "userId":"{}","uploadedAt":"2025-05-27T04:30:20.284Z",
            "_updatedAt":"2025-05-27T04:30:20.284Z"}}"#,
        DOCS.0
    );
    ejson::read_document(&json, &Limits::default()).unwrap()
}

fn check(endpoints: &Endpoints, (user, token): (&str, &str), uri: &str, expected: &str) {
    let request = http::Request::get(uri)
        .header("X-Auth-Token", token)
        .header("X-User-Id", user)
        .body(Vec::new())
        .unwrap();
    let response = endpoints.handle(request);
    assert_eq!(std::str::from_utf8(response.body()).unwrap(), expected, "{uri}");
    assert_eq!(response.status(), 200);
}

fn check_all(endpoints: &Endpoints) {
    check(endpoints, CURL, "http://localhost:3000/api/v1/im.files?roomId=ByehQjC44FwMeiLbX", IM);
    check(endpoints, CURL, "http://localhost:3000/api/v1/im.files?username=user", IM);
    check(endpoints, DOCS, "/api/v1/groups.files?roomName=general", GROUPS);
    check(endpoints, DOCS, "/api/v1/groups.files?roomId=GENERAL&offset=0&count=50", GROUPS);
    check(endpoints, DOCS, "/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1", IMAGES);
    let from = "/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1&startingFromId=666fdecb4ac1a8e6404ededd&offset=0&count=50";
    check(endpoints, DOCS, from, IMAGES);
    check(endpoints, DOCS, "/api/user/files?page=1", USER);
    check(endpoints, DOCS, "/api/user/files?page=1&searchField=id&searchQuery=cmb", SEARCH);
}

fn endpoints_with<R: Record>(records: impl IntoIterator<Item = R>) -> Endpoints {
    let index = Filedex::temporary().unwrap();
    index.put_many(records).unwrap();
    Endpoints::new(index, directory())
}

fn records() -> Vec<Document> {
    let files = [IM, GROUPS, IMAGES].into_iter().flat_map(files_of).map(as_kept);
    files.chain([upload()]).collect()
}

#[test]
fn the_examples_come_out_of_typed_records() {
    let typed = records().into_iter().map(|record| File::from_document(record).unwrap());
    check_all(&endpoints_with(typed));
}

#[test]
fn the_examples_come_out_of_documents_whose_dates_are_texts() {
    check_all(&endpoints_with(records()));
}

#[test]
fn the_examples_come_out_of_records_that_hold_their_user() {
    let files = [IM, GROUPS, IMAGES].into_iter().flat_map(files_of);
    check_all(&endpoints_with(files.chain([upload()])));
}

#[test]
fn the_examples_come_out_of_records_read_through_serde() {
    let read = |record: Document| {
        let json = ejson::to_text(filedex::Value::from(record).view(), ejson::Form::Relaxed);
        serde_json::from_str::<File>(&json).unwrap()
    };
    check_all(&endpoints_with(records().into_iter().map(read)));
}

#[test]
fn the_bodies_of_the_published_refusals() {
    let endpoints = endpoints_with(records());
    let ask = |user: (&str, &str), uri: &str| {
        let request = http::Request::get(uri)
            .header("x-auth-token", user.1)
            .header("x-user-id", user.0)
            .body("")
            .unwrap();
        let response = endpoints.handle(request);
        (response.status().as_u16(), String::from_utf8(response.into_body()).unwrap())
    };
    let logged_out =
        (401, r#"{"status":"error","message":"You must be logged in to do this."}"#.to_owned());
    assert_eq!(ask(("", ""), "/api/v1/groups.files?roomName=general"), logged_out);
    assert_eq!(ask(("", ""), "/api/v1/rooms.images"), logged_out);
    let no_room = r#"{"success":false,"error":"must have required property 'roomId' [invalid-params]","errorType":"invalid-params"}"#;
    assert_eq!(ask(DOCS, "/api/v1/rooms.images"), (400, no_room.to_owned()));
    let neither = "{\"success\":false,\"error\":\"must have required property 'roomId'\\n must have required property 'roomName'\\n must match exactly one schema in oneOf [invalid-params]\",\"errorType\":\"invalid-params\"}";
    assert_eq!(ask(DOCS, "/api/v1/groups.files"), (400, neither.to_owned()));
}
