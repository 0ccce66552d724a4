//! What the door puts together from the texts of records is what the typed calls make of these, to the byte: whatever
//! the records, their owners, the fields and the policy, and whatever the directory says of owners meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::sync::Arc;

use filedex::{
    Directory, Document, EndpointOptions, Endpoints, FileDirectory, Filedex, FilesParams,
    ImagesParams, MemoryDirectory, OwnerShape, Policy, Room, RoomKey, RoomKind, SearchField,
    SortBy, Tag, TokenHash, User, UserFilesParams, Value,
};
use http::Request;
use proptest::prelude::*;

const NAMES: [&str; 18] = [
    "user",
    "userId",
    "password",
    "token",
    "name",
    "size",
    "share",
    "a\"b",
    "é",
    "description",
    "tags",
    "thumbnail",
    "views",
    "favorite",
    "originalName",
    "deletesAt",
    "maxViews",
    "folderId",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        prop_oneof![-2_i64..3, any::<i64>()].prop_map(Value::Long),
        prop_oneof![Just(-0.0), Just(7.0), Just(1e15)].prop_map(Value::Double),
        "[a-c\"\\\\\u{1}é]{0,6}".prop_map(Value::String),
        prop_oneof!["u1", "u2", "u3", "", "t1", "t2"].prop_map(Value::String),
        Just(Value::Undefined),
        prop_oneof![Just(1_520_523_369_913), Just(i64::MAX)]
            .prop_map(|time| Value::from(filedex::Date(time))),
        prop_oneof!["2018-03-08T15:36:09\\.913Z", "7"].prop_map(Value::Symbol),
        "[a-c]{1500}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..4)
                .prop_map(|fields| Value::Document(document(fields))),
        ]
    })
}

/// Names may stand twice.
fn document(fields: Vec<(&'static str, Value)>) -> Document {
    let mut document = Document::new();
    fields.into_iter().for_each(|(name, value)| document.push(name, value));
    document
}

fn records() -> impl Strategy<Value = Vec<Document>> {
    let fields = prop::collection::vec((prop::sample::select(&NAMES[..]), value()), 0..8);
    let owner = prop::sample::select(&["u1", "u2", "nobody"][..]);
    prop::collection::vec((fields, prop::option::of(owner)), 0..6).prop_map(|records| {
        let numbered = records.into_iter().enumerate().map(|(number, (fields, owner))| {
            let mut record = Document::new().with("_id", format!("f{number}")).with("rid", "R");
            if number % 3 != 1 {
                record.push("typeGroup", "image");
                record.push("uploadedAt", filedex::Date(number as i64 / 2));
            }
            // Where an owner is drawn it stands before or behind what else there is.
            if let Some(owner) = owner.filter(|_| number % 2 == 0) {
                record.push("userId", owner);
            }
            fields.into_iter().for_each(|(name, value)| {
                if name != "userId" || !matches!(value, Value::Document(_) | Value::Array(_)) {
                    record.push(name, value);
                }
            });
            if let Some(owner) = owner {
                record.set("userId", owner);
            }
            record
        });
        numbered.collect()
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::default()),
        Just(Policy::open()),
        Just(Policy::default().deny_field("share").deny_field("userId")),
        Just(Policy::open().show_only("a\"b").deny_field("password")),
    ]
}

fn params() -> impl Strategy<Value = FilesParams> {
    let fields = prop_oneof![
        Just(None),
        Just(Some(r#"{"name":1,"userId":1}"#)),
        Just(Some(r#"{"size":0,"share":0}"#)),
        Just(Some(r#"{"share.name":1,"_id":0}"#)),
        Just(Some(r#"{"user.username":1,"name":1}"#)),
        Just(Some(r#"{"user":1,"userId":1,"password":1}"#)),
        Just(Some(r#"{"user.name":0,"share":0}"#)),
        Just(Some(r#"{"_id":0,"é":1,"user":1}"#)),
        Just(Some(r#"{"x":{"$toUpper":"$_id"},"user":1}"#)),
    ];
    let sort = prop_oneof![
        Just(None),
        Just(Some(r#"{"uploadedAt":-1}"#)),
        Just(Some(r#"{"size":1}"#)),
        Just(Some(r#"{"user.username":1}"#)),
    ];
    let query = prop_oneof![
        Just(None),
        Just(Some(r#"{"name":{"$ne":"a"}}"#)),
        Just(Some(r#"{"user._id":"u1"}"#)),
        Just(Some(r#"{"$expr":{"$gt":["$size",0]}}"#)),
    ];
    (fields, sort, query, 0_u64..3, prop::option::of(0_u64..4)).prop_map(
        |(fields, sort, query, offset, count)| {
            let mut params = FilesParams::of("R");
            params.fields = fields.map(str::to_owned);
            params.sort = sort.map(str::to_owned);
            params.query = query.map(str::to_owned);
            (params.offset, params.count) = (offset, count);
            params
        },
    )
}

fn target(params: &FilesParams) -> String {
    let RoomKey::Id(room) = &params.room else { panic!("by its id") };
    let mut target = format!("/api/v1/groups.files?roomId={room}&offset={}", params.offset);
    if let Some(count) = params.count {
        target += &format!("&count={count}");
    }
    for (name, text) in
        [("fields", &params.fields), ("sort", &params.sort), ("query", &params.query)]
    {
        if let Some(text) = text {
            let set = percent_encoding::NON_ALPHANUMERIC;
            target += &format!("&{name}={}", percent_encoding::utf8_percent_encode(text, set));
        }
    }
    target
}

/// A file of users, of whom the first has the token and the room, and the others may be anybody or nobody.
fn listing() -> impl Strategy<Value = String> {
    let name = || prop::option::of("[a-b\"\\\\é]{0,3}");
    let other = || prop::option::of((any::<bool>(), name()));
    (name(), other(), other()).prop_map(|(name, second, third)| {
        let hash = TokenHash::of("secret").to_string();
        let first = serde_json::json!({
            "_id": "u1", "username": "ada", "name": name, "tokens": [hash],
        });
        let others = [("u2", second), ("", third)].into_iter().filter_map(|(id, user)| {
            let (is_ben, name) = user?;
            let username = format!("{}{id}", if is_ben { "ben" } else { "\"é" });
            Some(serde_json::json!({"_id": id, "username": username, "name": name}))
        });
        let users: Vec<_> = [first].into_iter().chain(others).collect();
        let room = serde_json::json!({"_id": "R", "type": "p", "members": ["u1"]});
        serde_json::json!({"users": users, "rooms": [room]}).to_string()
    })
}

fn endpoints(index: &Filedex, policy: &Policy, owner: OwnerShape) -> Endpoints {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new("u1", "ada"));
    directory.add_user(User::new("u2", "be\"n").named("Ben \u{1} é"));
    directory.add_user(User::new("", "nameless"));
    directory.add_token("u1", "secret");
    directory.add_tag("u2", tag("t2"));
    directory.add_tag("u1", tag("t1"));
    directory.add_room(Room::new("R", RoomKind::Group), ["u1"]);
    endpoints_of(index, directory, policy, owner)
}

fn endpoints_of(
    index: &Filedex,
    directory: impl Directory + 'static,
    policy: &Policy,
    owner: OwnerShape,
) -> Endpoints {
    let mut options = EndpointOptions::default();
    (options.policy, options.owner) = (policy.clone(), owner);
    Endpoints::with_options(index.clone(), directory, options)
}

fn tag(id: &str) -> Tag {
    Tag { id: id.to_owned(), name: "n\"".to_owned(), ..Tag::default() }
}

fn filled(records: &[Document]) -> Filedex {
    let index = Filedex::temporary().unwrap();
    for record in records {
        // What can't be a record is nobody's matter here.
        let _ = index.put(record);
    }
    index
}

/// The body of the door's answer to the first user.
fn asked(endpoints: &Endpoints, target: &str) -> String {
    let request = Request::get(target);
    let request = request.header("X-User-Id", "u1").header("X-Auth-Token", "secret");
    let response = endpoints.handle(request.body("").unwrap());
    String::from_utf8(response.into_body()).unwrap()
}

fn successful(mut body: Vec<u8>) -> Vec<u8> {
    body.pop();
    body.extend_from_slice(b",\"success\":true}");
    body
}

const SORTS: [(SortBy, &str); 5] = [
    (SortBy::CreatedAt, "createdAt"),
    (SortBy::Name, "name"),
    (SortBy::Size, "size"),
    (SortBy::OriginalName, "originalName"),
    (SortBy::Favorite, "favorite"),
];

const SEARCHES: [(SearchField, &str, &str); 2] =
    [(SearchField::Name, "name", "a"), (SearchField::Tags, "tags", "t1")];

proptest! {
    #[test]
    fn the_door_writes_what_the_typed_call_gives(
        records in records(),
        policy in policy(),
        params in params(),
        both in any::<bool>(),
    ) {
        let index = filled(&records);
        let shape = if both { OwnerShape::ObjectAndId } else { OwnerShape::Object };
        let endpoints = endpoints(&index, &policy, shape);
        let caller = User::new("u1", "ada");
        let expected = match endpoints.groups_files(&caller, &params) {
            Ok(page) => successful(page.to_json()),
            Err(error) => error.body(),
        };
        prop_assert_eq!(asked(&endpoints, &target(&params)), String::from_utf8(expected).unwrap());
    }

    #[test]
    fn the_door_follows_a_directory_that_is_read_again(
        records in records(),
        policy in policy(),
        params in params(),
        both in any::<bool>(),
        listings in prop::collection::vec(listing(), 1..4),
    ) {
        let (index, place) = (filled(&records), tempfile::tempdir().unwrap());
        // What lies in blocks is kept as text with what lies beside it.
        index.checkpoint().unwrap();
        let shape = if both { OwnerShape::ObjectAndId } else { OwnerShape::Object };
        let path = place.path().join("users.json");
        std::fs::write(&path, &listings[0]).unwrap();
        let directory = Arc::new(FileDirectory::open(&path).unwrap());
        let endpoints = endpoints_of(&index, Arc::clone(&directory), &policy, shape);
        for listing in &listings {
            std::fs::write(&path, listing).unwrap();
            directory.reload().unwrap();
            let expected = match endpoints.groups_files(&User::new("u1", "ada"), &params) {
                Ok(page) => successful(page.to_json()),
                Err(error) => error.body(),
            };
            let expected = String::from_utf8(expected).unwrap();
            for _ in 0..3 {
                prop_assert_eq!(asked(&endpoints, &target(&params)), expected.as_str());
            }
        }
    }

    #[test]
    fn the_door_writes_the_images_that_the_typed_call_gives(
        records in records(),
        policy in policy(),
        start in prop::option::of(0_usize..6),
        offset in 0_u64..3,
        count in prop::option::of(0_u64..4),
    ) {
        let index = filled(&records);
        let endpoints = endpoints(&index, &policy, OwnerShape::ObjectAndId);
        let mut params = ImagesParams::of("R");
        params.starting_from_id = start.map(|number| format!("f{number}"));
        (params.offset, params.count) = (offset, count);
        let expected = match endpoints.rooms_images(&User::new("u1", "ada"), &params) {
            Ok(page) => successful(page.to_json()),
            Err(error) => error.body(),
        };
        let mut target = format!("/api/v1/rooms.images?roomId=R&offset={offset}");
        if let Some(count) = count {
            target += &format!("&count={count}");
        }
        if let Some(id) = &params.starting_from_id {
            target += &format!("&startingFromId={id}");
        }
        prop_assert_eq!(asked(&endpoints, &target), String::from_utf8(expected).unwrap());
    }

    #[test]
    fn the_door_writes_the_files_of_a_user_that_the_typed_call_gives(
        records in records(),
        policy in policy(),
        page in 1_u64..4,
        per_page in 1_u64..4,
        sort in prop::sample::select(&SORTS[..]),
        search in prop::option::of(prop::sample::select(&SEARCHES[..])),
    ) {
        let index = filled(&records);
        let endpoints = endpoints(&index, &policy, OwnerShape::Object);
        let (sort_by, name) = sort;
        let mut target = format!("/api/user/files?page={page}&perpage={per_page}&sortBy={name}");
        let mut params = UserFilesParams::page(page).per_page(per_page);
        params.sort_by = sort_by;
        if let Some((field, name, text)) = search {
            target += &format!("&searchField={name}&searchQuery={text}");
            (params.search_field, params.search_query) = (field, text.to_owned());
        }
        let expected = match endpoints.user_files(&User::new("u1", "ada"), &params) {
            Ok(files) => files.to_json(),
            Err(error) => error.body(),
        };
        prop_assert_eq!(asked(&endpoints, &target), String::from_utf8(expected).unwrap());
    }
}
