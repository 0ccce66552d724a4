//! The directories: who gets in, what they see, and what a bad file is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::schema;

use filedex::{
    Directory, FileDirectory, MemoryDirectory, Role, Room, RoomKind, Tag, TokenHash, User,
};

fn two_users() -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new("u1", "ada").named("Ada"));
    directory.add_user(User::new("u2", "ben"));
    directory.add_token("u1", "one");
    directory.add_token("u1", "another");
    directory.add_token("u2", "two");
    directory
}

#[test]
fn a_token_opens_for_its_user_only() {
    let directory = two_users();
    let name = |user: Option<User>| user.map(|user| user.username);
    assert_eq!(name(directory.authenticate("u1", "one").unwrap()).as_deref(), Some("ada"));
    assert_eq!(name(directory.authenticate("u1", "another").unwrap()).as_deref(), Some("ada"));
    assert_eq!(name(directory.authenticate("u1", "two").unwrap()), None);
    assert_eq!(name(directory.authenticate("u3", "one").unwrap()), None);
    assert_eq!(name(directory.authenticate("u1", "").unwrap()), None);
    assert_eq!(name(directory.authenticate_token("two").unwrap()).as_deref(), Some("ben"));
    assert_eq!(name(directory.authenticate_token("three").unwrap()), None);
}

#[test]
fn tokens_are_kept_as_sha_256_in_base64() {
    let hash = TokenHash::of("");
    assert_eq!(hash.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert!("47DEQpj8HBSa".parse::<TokenHash>().is_err());
    let shown = format!("{:?}", two_users());
    assert!(!shown.contains("another"), "{shown}");
    assert!(!shown.contains(&TokenHash::of("one").to_string()), "{shown}");
}

#[test]
fn a_user_is_found_by_id_before_name() {
    let mut directory = two_users();
    directory.add_user(User::new("ben", "cyd"));
    assert_eq!(directory.find_user("ben").unwrap().unwrap().username, "cyd");
    assert_eq!(directory.find_user("ada").unwrap().unwrap().id, "u1");
    assert_eq!(directory.find_user("nobody").unwrap(), None);
}

#[test]
fn a_direct_room_is_found_from_both_sides_and_by_exactly_its_two() {
    let mut directory = two_users();
    directory.add_room(Room::new("d12", RoomKind::Direct), ["u1", "u2"]);
    directory.add_room(Room::new("d123", RoomKind::Direct), ["u1", "u2", "u3"]);
    directory.add_room(Room::new("d1", RoomKind::Direct), ["u1"]);
    let id = |one, other| directory.direct_room(one, other).unwrap().map(|room| room.id);
    assert_eq!(id("u1", "u2").as_deref(), Some("d12"));
    assert_eq!(id("u2", "u1").as_deref(), Some("d12"));
    assert_eq!(id("u1", "u1").as_deref(), Some("d1"));
    assert_eq!(id("u1", "u3"), None);
}

#[test]
fn channels_are_open_and_everything_else_is_for_members() {
    let mut directory = two_users();
    let nobody: [&str; 0] = [];
    directory.add_room(Room::new("c", RoomKind::Channel), nobody);
    for (id, kind) in [
        ("p", RoomKind::Group),
        ("d", RoomKind::Direct),
        ("l", RoomKind::Omnichannel),
        ("v", RoomKind::Voice),
    ] {
        directory.add_room(Room::new(id, kind), ["u1"]);
    }
    let (ada, ben) =
        (directory.user("u1").unwrap().unwrap(), directory.user("u2").unwrap().unwrap());
    for id in ["p", "d", "l", "v"] {
        let room = directory.room(id).unwrap().unwrap();
        assert!(directory.may_access(&ada, &room).unwrap());
        assert!(!directory.may_access(&ben, &room).unwrap());
    }
    let open = directory.room("c").unwrap().unwrap();
    assert!(directory.may_access(&ben, &open).unwrap());
    assert!(!directory.may_access(&User::new("u9", "stranger"), &open).unwrap());
    assert!(!directory.may_access(&ada, &Room::new("gone", RoomKind::Group)).unwrap());
}

#[test]
fn a_renamed_user_and_a_replaced_room_leave_no_old_names() {
    let mut directory = two_users();
    directory.add_user(User::new("u1", "ida"));
    assert_eq!(directory.find_user("ada").unwrap(), None);
    assert!(directory.authenticate("u1", "one").unwrap().is_some());
    directory.add_room(Room::new("r", RoomKind::Group).named("old"), ["u1"]);
    directory.add_room(Room::new("r", RoomKind::Group).named("new"), ["u2"]);
    assert_eq!(directory.room_by_name("old").unwrap(), None);
    assert_eq!(directory.room_by_name("new").unwrap().unwrap().id, "r");
}

#[test]
fn ranks_see_what_is_below_them_and_never_their_equals() {
    let of = |id: &str, role| User::new(id, id).ranked(role);
    let roles = [Role::User, Role::Admin, Role::SuperAdmin];
    for (high, seer) in roles.iter().enumerate() {
        for (low, seen) in roles.iter().enumerate() {
            assert_eq!(of("a", *seer).may_see_files_of(&of("b", *seen)), high > low);
        }
        assert!(of("a", *seer).may_see_files_of(&of("a", *seer)));
    }
}

#[test]
fn a_directory_comes_from_a_json_file_and_follows_its_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("directory.json");
    let hash = TokenHash::of("secret");
    let text = format!(
        r#"{{"users":[{{"_id":"u1","username":"ada","role":"SUPERADMIN","tokens":["{hash}"],
            "tags":[{{"id":"t1","name":"work"}}],"incomplete":["f9"]}}],
            "rooms":[{{"_id":"GENERAL","name":"general","type":"p","members":["u1"]}}]}}"#
    );
    std::fs::write(&path, text).unwrap();
    let directory = FileDirectory::open(&path).unwrap();
    let ada = directory.authenticate("u1", "secret").unwrap().unwrap();
    assert_eq!(ada.role, Role::SuperAdmin);
    let general = directory.room_by_name("general").unwrap().unwrap();
    assert!(directory.may_access(&ada, &general).unwrap());
    let tag = Tag { id: "t1".into(), name: "work".into(), ..Tag::default() };
    assert_eq!(directory.tags("u1").unwrap(), [tag]);
    assert_eq!(directory.incomplete_files("u1").unwrap(), ["f9"]);

    std::fs::write(&path, "{").unwrap();
    assert!(directory.reload().is_err());
    assert!(directory.user("u1").unwrap().is_some(), "a bad file changes nothing");
    std::fs::write(&path, "{}").unwrap();
    directory.reload().unwrap();
    assert!(directory.user("u1").unwrap().is_none());
}

#[test]
fn a_bad_directory_file_is_told_what_is_wrong() {
    for (text, why) in [
        ("", "EOF"),
        ("7", "struct Listing"),
        (r#"{"user":[]}"#, "unknown field `user`"),
        (r#"{"users":[{"_id":"u"}]}"#, "missing field `username`"),
        (r#"{"users":[{"_id":"u","username":"a","tokens":["plain"]}]}"#, "base64"),
        (r#"{"users":[{"_id":"u","username":"a","role":"ROOT"}]}"#, "unknown variant `ROOT`"),
        (r#"{"rooms":[{"_id":"r","type":"x"}]}"#, "unknown variant `x`"),
        (r#"{"rooms":[{"_id":"r","type":"c"},{"_id":"r","type":"p"}]}"#, "`r` stands twice"),
        (
            r#"{"users":[{"_id":"u","username":"a"},{"_id":"v","username":"a"}]}"#,
            "`a` stands twice",
        ),
    ] {
        let error = text.parse::<MemoryDirectory>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    let error = FileDirectory::open("no/such/file.json").unwrap_err().to_string();
    assert!(error.contains("no/such/file.json"), "{error}");
}

/// The example and the schema that `filedex directory` prints.
const EXAMPLE: &str = include_str!("../../cli/data/directory.json");
const SCHEMA: &str = include_str!("../../cli/data/directory.schema.json");

#[test]
fn a_file_is_read_where_it_fits_its_schema_and_nowhere_else() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let is_read = |listing: &serde_json::Value| {
        let read = listing.to_string().parse::<MemoryDirectory>().is_ok();
        assert_eq!(read, schema::fits(listing, &schema, &schema).is_ok(), "{listing}");
        read
    };
    let example: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    assert!(is_read(&example) && is_read(&serde_json::json!({})));
    let hash = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=";
    for (place, value, expected) in [
        ("/users/0/role", "\"SUPERADMIN\"", true),
        ("/users/0/role", "\"admin\"", false),
        ("/users/0/tokens", &format!("[{hash:?}, {hash:?}]"), true),
        ("/users/0/tokens/0", "\"secret\"", false),
        ("/users/0/tokens/0", &format!("{:?}", hash.replace("s=", "t=")), false),
        ("/users/0/_id", "7", false),
        ("/users/0/name", "null", true),
        ("/users/0", r#"{"_id": "u"}"#, false),
        ("/users/0", r#"{"_id": "u", "username": "u", "rooms": []}"#, false),
        ("/users/0/shortUrls", r#"{"created": 2, "views": 17}"#, true),
        ("/users/0/shortUrls", r#"{"created": -2, "views": 17}"#, false),
        ("/users/0/incomplete", r#"["f"]"#, true),
        ("/users/1/tags/0", r#"{"id": "t", "colour": "red"}"#, false),
        ("/users/1/folders/0", r#"{"id": "f", "parentId": null}"#, true),
        ("/users/1/folders/0", r#"{"name": "f"}"#, false),
        ("/rooms/0/type", "\"x\"", false),
        ("/rooms/1/members", "\"ada\"", false),
        ("/rooms/1", r#"{"_id": "R", "type": "v", "members": ["ada"]}"#, true),
        ("/rooms/1", r#"{"_id": "R"}"#, false),
    ] {
        let mut changed = example.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        let value = serde_json::from_str(value).unwrap();
        match changed.pointer_mut(parent).unwrap() {
            serde_json::Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            other => other[name] = value,
        }
        assert_eq!(is_read(&changed), expected, "{place} {changed}");
    }
}
