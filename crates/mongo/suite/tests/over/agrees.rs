//! An index on this machine and one over a server answer alike, to the byte.

#[path = "../../../../api/tests/blindness/choices.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod choices;
#[path = "../../../../api/tests/blindness/records.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod records;
#[path = "../../../../api/tests/blindness/requests.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod requests;

use choices::Choices;
use filedex::{AsIs, EndpointOptions, Endpoints, Filedex, MemoryDirectory, Room, RoomKind, User};
use filedex_dataset::Dataset;
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, over};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use records::{ROOM, Rules, USER};
use requests::Request;

fn endpoints(index: Filedex, rules: &Rules) -> Endpoints {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new(USER, "ada"));
    directory.add_user(User::new("u2", "ben"));
    directory.add_room(Room::new(ROOM, RoomKind::Group).named("crew"), [USER]);
    let mut options = EndpointOptions::default();
    options.policy = rules.policy.clone();
    Endpoints::with_options(index, directory, options)
}

/// Asks requests drawn from the bytes; gives how many, and the first that told the two apart.
fn check(bytes: &[u8], address: String, transactions: bool) -> (usize, Option<String>) {
    let mut choices = Choices::new(bytes);
    let rules = Rules::draw(&mut choices);
    let [records, _] = records::draw(&mut choices, &rules);
    let options = MongoOptions::new(address);
    let options = if transactions { options } else { options.without_transactions() };
    let pair = [Filedex::temporary().unwrap(), over(options.connect().unwrap())];
    for index in &pair {
        index.put_many(records.iter().cloned().map(AsIs)).unwrap();
    }
    let pair = pair.map(|index| endpoints(index, &rules));
    let mut asked = 0;
    while !choices.is_spent() {
        let request = Request::draw(&mut choices);
        if is_answered_otherwise(&request) {
            continue;
        }
        asked += 1;
        let [here, there] = pair.each_ref().map(|endpoints| request.ask(endpoints));
        // Of several records that a filter fails on, the one is told that is met first: each of the two goes
        // through them in its own order.
        // Of alternatives one may be decided by what is counted of a record, and then a failing one beside it is
        // never asked.
        let text = format!("{request:?}");
        let has_alternatives = text.contains("$or") || text.contains("$nor");
        let fails = [&here, &there].map(|answer| answer.0 == 400);
        let may_fail = text.contains("$expr")
            && (fails == [true, true] || has_alternatives && fails.contains(&true));
        if here != there && !may_fail {
            return (asked, Some(format!("{request:?}\n{here:?}\n{there:?}\n{records:#?}")));
        }
    }
    (asked, None)
}

/// What the server that is tried with does otherwise than MongoDB (`cases.rs` names it case by case):
/// `$elemMatch` among arrays in arrays, and sorts through arrays.
fn is_answered_otherwise(request: &Request) -> bool {
    let text = format!("{request:?}");
    let sort = text.split("sort: Some(").nth(1).and_then(|rest| rest.split("query:").next());
    let sorts_arrays = sort.is_some_and(|sort| sort.contains("list") || sort.contains("tags"));
    text.contains("$elemMatch") || sorts_arrays
}

fn agree(at_least: usize, pairs: u32, address: impl Fn() -> String, transactions: bool) {
    let mut runner = TestRunner::new(Config {
        cases: pairs,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let bytes = proptest::collection::vec(any::<u8>(), 2_000..6_000);
    let asked = std::cell::Cell::new(0);
    let outcome = runner.run(&bytes, |bytes| {
        let (requests, told) = check(&bytes, address(), transactions);
        asked.set(asked.get() + requests);
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert!(asked.get() >= at_least, "only {} requests were asked", asked.get());
}

#[test]
fn random_requests_get_the_same_bytes_from_this_machine_and_from_a_server() {
    agree(1_000, 16, address, true);
}

#[test]
fn random_requests_get_the_same_bytes_from_a_server_without_transactions() {
    let server = Server::start(&["--standalone"]);
    agree(300, 6, || server.address(), true);
}

#[test]
fn lookups_among_records_as_there_are_get_the_same_bytes() {
    let dataset = Dataset::new(400);
    let here = Filedex::temporary().unwrap();
    let there = over(MongoOptions::new(address()).connect().unwrap());
    for index in [&here, &there] {
        index.put_many(dataset.records()).unwrap();
    }
    assert_eq!(here.stats().unwrap().records, there.stats().unwrap().records);
    assert_eq!(here.stats().unwrap().rooms, there.stats().unwrap().rooms);
    assert_eq!(here.stats().unwrap().users, there.stats().unwrap().users);
    assert_eq!(here.stats().unwrap().type_groups, there.stats().unwrap().type_groups);
    let queries = [
        "{}",
        r#"{"size":{"$gt":100000}}"#,
        r#"{"name":{"$regex":"^[a-m]","$options":"i"}}"#,
        r#"{"$or":[{"typeGroup":"image"},{"size":{"$lt":5000}}]}"#,
        r#"{"$expr":{"$gt":["$size",{"$strLenCP":{"$ifNull":["$name",""]}}]}}"#,
        r#"{"typeGroup":{"$not":{"$in":["image",null]}}}"#,
    ];
    let sorts = [r#"{"uploadedAt":-1}"#, r#"{"size":1}"#, r#"{"name":1,"size":-1}"#];
    for query in queries {
        for sort in sorts {
            for (offset, count) in [(0, 25), (40, 10), (0, 0), (390, 50)] {
                for room in [Some(dataset.room(0)), Some(dataset.room(5)), None] {
                    let [here, there] = [&here, &there].map(|index| {
                        let lookup = match &room {
                            Some(room) => index.room(room),
                            None => index.all(),
                        };
                        let lookup = lookup.query(query).unwrap().sort(sort).unwrap();
                        lookup.offset(offset).count(count).json().unwrap()
                    });
                    assert_eq!(here, there, "{query} {sort} {offset} {count} {room:?}");
                }
            }
        }
    }
}
