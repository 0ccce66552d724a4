//! Records spread over shards by their rooms are answered as those of one store, and what asks of one room
//! asks one shard.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::blindness::{choices, records, requests};

use std::sync::Arc;

use super::shards::Sharded;
use choices::Choices;
use filedex::{
    AsIs, Backend, Document, EndpointOptions, Endpoints, Filedex, FilesParams, ImagesParams,
    MemoryDirectory, Room, RoomKind, Store, User, UserFilesParams,
};
use filedex_storage::Options;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use records::{ROOM, Rules, USER};
use requests::Request;

fn shards(number: usize) -> Arc<Sharded> {
    let mut options = Options::default();
    options.cache_bytes = 4 << 20;
    options.write_buffer_bytes = 4 << 20;
    let store = |_| Arc::new(Store::temporary(&options).unwrap()) as Arc<dyn Backend>;
    Arc::new(Sharded::new((0..number).map(store).collect()))
}

fn endpoints(index: Filedex, rules: &Rules) -> Endpoints {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new(USER, "ada"));
    directory.add_room(Room::new(ROOM, RoomKind::Group).named("crew"), [USER]);
    let mut options = EndpointOptions::default();
    options.policy = rules.policy.clone();
    Endpoints::with_options(index, directory, options)
}

/// Asks requests drawn from the bytes; gives how many, and the first that told shards from a store.
fn check(bytes: &[u8]) -> (usize, Option<String>) {
    let mut choices = Choices::new(bytes);
    let rules = Rules::draw(&mut choices);
    let [records, _] = records::draw(&mut choices, &rules);
    let pair = [Filedex::temporary().unwrap(), Filedex::options().over(shards(8))];
    for index in &pair {
        // As in a cluster, no record is of several rooms.
        let one_room =
            |record: &&Document| record.get("rid").is_none_or(|rid| rid.as_array().is_none());
        index.put_many(records.iter().filter(one_room).cloned().map(AsIs)).unwrap();
    }
    let [one, spread] = pair.map(|index| endpoints(index, &rules));
    let mut asked = 0;
    while !choices.is_spent() {
        let request = Request::draw(&mut choices);
        asked += 1;
        let (one, spread) = (request.ask(&one), request.ask(&spread));
        if one != spread {
            return (asked, Some(format!("{request:?}\n{one:?}\n{spread:?}\n{records:#?}")));
        }
    }
    (asked, None)
}

#[test]
fn eight_shards_answer_as_one_store_to_the_byte() {
    let mut runner = TestRunner::new(Config {
        cases: 20,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let bytes = proptest::collection::vec(any::<u8>(), 1_000..3_000);
    let asked = std::cell::Cell::new(0);
    let outcome = runner.run(&bytes, |bytes| {
        let (requests, told) = check(&bytes);
        asked.set(asked.get() + requests);
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert!(asked.get() > 400, "only {} requests were asked", asked.get());
}

/// A call, and whether all shards have to be asked for it.
type Asked = (&'static str, bool, fn(&Endpoints));

/// What is asked of a site, one row a kind.
const CALLS: [Asked; 7] = [
    ("a room's page", false, |site| {
        site.groups_files(&ada(), &FilesParams::of(ROOM)).unwrap();
    }),
    ("a room's page by a filter", false, |site| {
        let params = FilesParams::of(ROOM).query(r#"{"size":{"$gt":3}}"#);
        site.groups_files(&ada(), &params).unwrap();
    }),
    ("a room's images", false, |site| {
        site.rooms_images(&ada(), &ImagesParams::of(ROOM)).unwrap();
    }),
    ("a room's total", false, |site| {
        site.index().room(ROOM).total().unwrap();
    }),
    ("a user's files", true, |site| {
        site.user_files(&ada(), &UserFilesParams::page(1)).unwrap();
    }),
    ("everybody's newest", true, |site| {
        site.index().all().sort(r#"{"uploadedAt":-1}"#).unwrap().count(20).page().unwrap();
    }),
    ("a record by its id", true, |site| {
        site.index().get_document("f7").unwrap();
    }),
];

fn ada() -> User {
    User::new(USER, "ada")
}

/// Printed with `--nocapture`: the figures of docs/growing.md.
#[test]
fn what_asks_of_one_room_asks_one_shard() {
    let rules = Rules::draw(&mut Choices::new(&[]));
    let mut table = String::from("shards");
    CALLS.iter().for_each(|(name, ..)| table += &format!(" | {name}"));
    for number in [1, 8, 64] {
        let shards = shards(number);
        let index = Filedex::options().over(Arc::clone(&shards) as Arc<dyn Backend>);
        let record = |n: u32| {
            let room = if n.is_multiple_of(10) { ROOM.to_owned() } else { format!("r{}", n % 97) };
            Document::new()
                .with("_id", format!("f{n}"))
                .with("rid", room)
                .with("userId", USER)
                .with("size", n as i32)
        };
        for n in 0..300 {
            index.put(&record(n)).unwrap();
        }
        let site = endpoints(index, &rules);
        table += &format!("\n{number}");
        for (name, asks_all, call) in CALLS {
            shards.touched();
            call(&site);
            let touched = shards.touched();
            let expected = if asks_all { number as u64 } else { 1 };
            assert!(
                touched >= expected && touched.is_multiple_of(expected),
                "{name}: {touched} of {number}"
            );
            table += &format!(" | {touched}");
        }
    }
    println!("{table}");
}
