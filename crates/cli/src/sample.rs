//! The world of `filedex demo` and `filedex serve --demo`: the example records of the endpoints'
//! documents, the users and rooms they belong to, and generated records in other rooms.

use filedex::{Filedex, Folder, MemoryDirectory, Room, RoomKind, Tag, User};
use filedex_dataset::Dataset;
use filedex_query::{Limits, ejson};

use crate::failure::Failure;

/// The example records, as the documents show them; `user` of a reply is `userId` of a record.
const RECORDS: &str = include_str!("../data/records.jsonl");

/// Generated records besides.
const GENERATED: usize = 3_000;

/// Somebody who may ask: a user id and a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) id: &'static str,
    pub(crate) token: &'static str,
}

/// Who asks in the documents' curl lines.
pub(crate) const CALLER: Caller =
    Caller { id: "aobEdbYhXfu5hkeqG", token: "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq" };

/// Who asks in the documents' header examples.
pub(crate) const OTHER_CALLER: Caller =
    Caller { id: "rbAXPnMktTFbNpwtJ", token: "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f" };

/// The user named `user`, whose direct room with the callers holds the first example record.
const PEER: &str = "ByehQjC44FwMeiLbX";
const DIRECT_ROOM: &str = "ksKsKmrjvxzkzxkwwzFWhJbub88A9mLrAD";

/// A temporary index with all records, which answers under these limits.
pub(crate) fn index(limits: Limits) -> Result<Filedex, Failure> {
    let index = Filedex::options().limits(limits.clone()).temporary()?;
    for line in RECORDS.lines() {
        index.put(&ejson::read_document(line, &limits)?)?;
    }
    index.put_many(dataset().records())?;
    Ok(index)
}

/// The generated part of the records.
pub(crate) fn dataset() -> Dataset {
    Dataset::new(GENERATED)
}

/// The users and rooms of the example records, and a few of the generated ones.
pub(crate) fn directory() -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new(CALLER.id, "ada").named("Ada"));
    directory.add_user(User::new(OTHER_CALLER.id, "ben").named("Ben"));
    directory.add_user(User::new(PEER, "user").named("User"));
    directory.add_user(User::new("ksKsKmrjvxzkzxkww", "rocket.cat").named("Rocket Cat"));
    directory.add_user(User::new("yuT9xp9eEd6HqB3n8", "cyd").named("Cyd"));
    for Caller { id, token } in [CALLER, OTHER_CALLER] {
        directory.add_token(id, token);
    }

    let made = "2025-05-27T04:30:20.284Z".to_owned();
    directory.add_folder(Folder {
        name: "trips".to_owned(),
        public: true,
        created_at: made.clone(),
        updated_at: made.clone(),
        ..Folder::new("cmb60pvng00039kentdaw6p70", CALLER.id)
    });
    let (id, name, color) = ("cmb60pvng00039kentdaw6p71", "work", "#ff0000");
    let (created_at, updated_at) = (made.clone(), made);
    let (id, name, color) = (id.to_owned(), name.to_owned(), color.to_owned());
    directory.add_tag(CALLER.id, Tag { id, created_at, updated_at, name, color });

    let callers = [CALLER.id, OTHER_CALLER.id];
    let both = || callers.into_iter();
    directory.add_room(Room::new(DIRECT_ROOM, RoomKind::Direct), both().chain([PEER]));
    for caller in callers {
        directory.add_direct(caller, PEER, DIRECT_ROOM);
    }
    directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), both());
    directory.add_room(Room::new("6630e42b72f069422b1022c1", RoomKind::Channel), both());

    let dataset = dataset();
    directory.add_room(Room::new(dataset.room(0), RoomKind::Channel).named("uploads"), both());
    for rank in 0..20 {
        let user = User::new(dataset.user(rank), format!("user{rank}"));
        directory.add_user(user.named(format!("User {rank}")));
    }
    directory
}
