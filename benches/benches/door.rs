//! What the endpoints add to a lookup: each page of 50 through the door, without a network, and the same
//! page through the library.
//!
//! The target is 1.5 times the library's time at most. What the door adds: the caller and the room from
//! the directory, the parameters, owners in the place of their ids, and the answer's headers.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{Criterion, criterion_group, criterion_main};
use filedex::{
    Endpoints, Filedex, Lookup, MemoryDirectory, Room, RoomKind, Scope, User, Visibility,
};
use filedex_benches as benches;
use filedex_dataset::Dataset;
use http::Request;

use quick::quick;

const NEWEST: &str = r#"{"uploadedAt":-1}"#;
const TOKEN: &str = "a token of the usual length, which is 43 by";

/// Every owner of a record, the rooms of the largest ranks with a caller in each.
fn directory(dataset: &Dataset) -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    for record in dataset.records() {
        let id = record.get_str("userId").unwrap_or_default();
        directory.add_user(User::new(id, id).named(id));
    }
    for rank in 0..100 {
        directory.add_room(Room::new(dataset.room(rank), RoomKind::Group), [dataset.user(0)]);
    }
    directory.add_token(&dataset.user(0), TOKEN);
    directory
}

/// The body of a page through the door.
fn asked(endpoints: &Endpoints, caller: &str, target: &str) -> Vec<u8> {
    let request = Request::get(target).header("X-User-Id", caller).header("X-Auth-Token", TOKEN);
    let response = endpoints.handle(request.body("").unwrap());
    assert_eq!(response.status(), 200);
    response.into_body()
}

/// The same page through the library.
fn lookup(index: &Filedex, scope: &Scope, sort: &str) -> Lookup {
    index.lookup(scope.clone()).sort(sort).unwrap().count(50)
}

fn door(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    let endpoints = Endpoints::new(index.clone(), directory(&dataset));
    let (room, user) = (dataset.room(0), dataset.user(0));
    let visible = || Scope::everything().visible(Visibility::default());
    let newest = "sort=%7B%22uploadedAt%22%3A-1%7D";
    let pages = [
        (
            "files",
            format!("/api/v1/groups.files?roomId={room}"),
            visible().room(&room),
            r#"{"name":1}"#,
        ),
        (
            "newest_files",
            format!("/api/v1/groups.files?roomId={room}&{newest}"),
            visible().room(&room),
            NEWEST,
        ),
        (
            "images",
            format!("/api/v1/rooms.images?roomId={room}"),
            visible().room(&room).type_group("image"),
            NEWEST,
        ),
        (
            "user_files",
            "/api/user/files?page=1&perpage=50".to_owned(),
            visible().user(&user),
            NEWEST,
        ),
    ];
    for (name, target, scope, sort) in &pages {
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("library", |bencher| {
            bencher.iter(|| lookup(&index, scope, sort).page().unwrap().to_json());
        });
        // Without documents that a host could look at; the door looks at them to show their owners.
        group.bench_function("library_text_only", |bencher| {
            bencher.iter(|| lookup(&index, scope, sort).json().unwrap());
        });
        group.bench_function("door", |bencher| {
            bencher.iter(|| asked(&endpoints, &user, target));
        });
        group.finish();
    }
}

criterion_group!(name = all; config = quick(); targets = door);
criterion_main!(all);
