//! Pages that begin or end at a record, ranks and figures are those of an index on this machine, whatever
//! values records are sorted by.

use filedex::{AsIs, Date, Document, Filedex, Lookup, ObjectId, Value};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, over};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A value that servers sort by as we do. Arrays stand in few of the cases, since places among them are
/// found by a walk.
fn value(with_arrays: bool) -> BoxedStrategy<Option<Value>> {
    let plain = prop_oneof![
        4 => (0..6_i32).prop_map(Value::Int),
        1 => (0..6_i64).prop_map(Value::Long),
        1 => (0..12_i32).prop_map(|half| Value::Double(f64::from(half) / 2.0)),
        1 => Just(Value::Double(f64::NAN)),
        2 => "[ab]{0,2}".prop_map(Value::String),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => (0..4_i64).prop_map(|time| Value::Date(Date(time))),
        1 => (0..3_u8).prop_map(|byte| Value::ObjectId(ObjectId([byte; 12]))),
        1 => (0..3_i32).prop_map(|x| Value::Document(Document::new().with("x", x))),
    ];
    let plain = plain.boxed();
    let some = match with_arrays {
        true => prop_oneof![
            3 => plain.clone(),
            1 => proptest::collection::vec(plain, 0..3).prop_map(Value::Array),
        ]
        .boxed(),
        false => plain,
    };
    proptest::option::weighted(0.85, some).boxed()
}

fn records() -> impl Strategy<Value = Vec<Document>> {
    any::<bool>().prop_flat_map(|with_arrays| {
        let fields = (value(with_arrays), value(false), 0..2_u8);
        proptest::collection::vec(fields, 1..40).prop_map(|records| {
            let record = |(number, (a, b, room)): (usize, (Option<Value>, Option<Value>, u8))| {
                // Ids in another order than records are put in.
                let id = format!("f{:02}", number * 7 % 40);
                let record = Document::new().with("_id", id).with("rid", format!("r{room}"));
                let fields = [("a", a), ("b", b)];
                fields.into_iter().fold(record, |record, (name, value)| match value {
                    Some(value) => record.with(name, value),
                    None => record,
                })
            };
            records.into_iter().enumerate().map(record).collect()
        })
    })
}

const SORTS: [&str; 5] =
    [r#"{"a":1}"#, r#"{"a":-1}"#, r#"{"b":-1,"rid":1}"#, r#"{"_id":-1}"#, r#"{"b":1}"#];

/// All pages of a lookup, from the first on or back from the last, each beside the one before.
fn pages(lookup: &Lookup, count: u64, back: bool) -> Vec<(Vec<Document>, u64)> {
    let lookup = lookup.clone().count(count);
    let (mut pages, mut token) = (Vec::new(), None::<String>);
    if back {
        let total = lookup.total().unwrap();
        let last = lookup.clone().offset(total.saturating_sub(1)).page().unwrap();
        token = last.next_token();
    }
    loop {
        let page = match (&token, back) {
            (None, _) => lookup.page().unwrap(),
            (Some(token), false) => lookup.clone().after_token(token).page().unwrap(),
            (Some(token), true) => lookup.clone().before_token(token).page().unwrap(),
        };
        token = if back { page.previous_token() } else { page.next_token() };
        pages.push((page.files, page.total));
        if token.is_none() || pages.len() > 60 {
            return pages;
        }
    }
}

fn agree(cases: u32, address: impl Fn() -> String, each: impl Fn(&Lookup, &Lookup)) {
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let asked = (records(), 1..6_usize);
    let outcome = runner.run(&asked, |(records, from)| {
        let there = over(MongoOptions::new(address()).connect().unwrap());
        let pair = [Filedex::temporary().unwrap(), there];
        for index in &pair {
            index.put_many(records.iter().cloned().map(AsIs)).unwrap();
        }
        for sort in SORTS.iter().cycle().skip(from).take(2) {
            let [here, there] = pair.each_ref().map(|index| index.all().sort(*sort).unwrap());
            each(&here, &there);
            let [here, there] = pair.each_ref().map(|index| index.room("r1").sort(*sort).unwrap());
            each(&here, &there);
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn lists_are_the_same_page_by_page_in_both_directions() {
    agree(12, address, |here, there| {
        for (count, back) in [(4, false), (5, true)] {
            assert_eq!(pages(here, count, back), pages(there, count, back), "{here:?} {back}");
        }
    });
}

#[test]
fn lists_are_the_same_page_by_page_without_transactions() {
    let server = Server::start(&["--standalone"]);
    agree(
        6,
        || server.address(),
        |here, there| {
            for (count, back) in [(7, false), (9, true)] {
                assert_eq!(pages(here, count, back), pages(there, count, back), "{here:?} {back}");
            }
        },
    );
}

#[test]
fn ranks_sums_and_values_are_the_same() {
    agree(12, address, |here, there| {
        for id in ["f00", "f07", "f21", "f35", "none"] {
            assert_eq!(here.rank(id).unwrap(), there.rank(id).unwrap(), "{here:?} {id}");
        }
        for field in ["a", "b", "rid", "nowhere"] {
            assert_eq!(
                format!("{:?}", here.sum(field).unwrap()),
                format!("{:?}", there.sum(field).unwrap()),
                "{field}"
            );
            let counts = |lookup: &Lookup| format!("{:?}", lookup.counts_by(field).unwrap());
            assert_eq!(counts(here), counts(there), "{field}");
            let values = |lookup: &Lookup| format!("{:?}", lookup.distinct(field).unwrap());
            assert_eq!(values(here), values(there), "{field}");
        }
    });
}
