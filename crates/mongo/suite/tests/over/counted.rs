//! Counts that are kept beside the records are those of the records, whatever is written.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use filedex::{Backend as _, Date, Document, ErrorKind, File, Filedex, Limits, Lookup, Value};
use filedex_dataset::Dataset;
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, over};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// What is done to an index.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Put(Document),
    PutMany(Vec<Document>),
    Remove(u8),
    RemoveRoom(u8),
    Change(u8, &'static str),
    Write(Vec<Document>, u8),
}

fn record() -> impl Strategy<Value = Document> {
    let group = proptest::sample::select(&["image", "video", "font", ""][..]);
    let room = prop_oneof![
        8 => (0..3_u8).prop_map(|room| Some(Value::from(format!("r{room}")))),
        1 => Just(None),
    ];
    (0..12_u8, room, group, 0..4_u8, any::<bool>()).prop_map(
        |(id, room, group, hidden, expires)| {
            let record = Document::new().with("_id", format!("f{id}"));
            let record = room.into_iter().fold(record, |record, room| record.with("rid", room));
            let record = if group.is_empty() { record } else { record.with("typeGroup", group) };
            let record = match hidden {
                0 => record.with("_hidden", true),
                1 => record.with("_hidden", false),
                _ => record,
            };
            if expires { record.with("expiresAt", Date(7)) } else { record }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let records = || proptest::collection::vec(record(), 1..6);
    let changes = [
        r#"{"$set": {"rid": "r1"}}"#,
        r#"{"$set": {"typeGroup": "image"}}"#,
        r#"{"$unset": {"_hidden": 1}}"#,
    ];
    prop_oneof![
        3 => record().prop_map(Step::Put),
        2 => records().prop_map(Step::PutMany),
        2 => (0..12_u8).prop_map(Step::Remove),
        1 => (0..3_u8).prop_map(Step::RemoveRoom),
        2 => (0..12_u8, proptest::sample::select(changes.to_vec())).prop_map(|(id, to)| Step::Change(id, to)),
        1 => (records(), 0..12_u8).prop_map(|(records, id)| Step::Write(records, id)),
    ]
}

fn take(index: &Filedex, step: &Step) {
    match step {
        Step::Put(record) => {
            index.put(record).unwrap();
        }
        Step::PutMany(records) => {
            index.put_many(records.iter().cloned()).unwrap();
        }
        Step::Remove(id) => {
            index.remove(&format!("f{id}")).unwrap();
        }
        Step::RemoveRoom(room) => {
            index.room(&format!("r{room}")).remove_all().unwrap();
        }
        Step::Change(id, change) => {
            index.update_with(&format!("f{id}"), *change).unwrap();
        }
        Step::Write(records, id) => index
            .write(|batch| {
                records.iter().try_for_each(|record| batch.put(record).map(|_| ()))?;
                batch.remove(&format!("f{id}")).map(|_| ())
            })
            .unwrap(),
    }
}

fn lookups(index: &Filedex) -> Vec<Lookup> {
    let filters = [
        "{}",
        r#"{"typeGroup": "image"}"#,
        r#"{"_hidden": {"$ne": true}, "typeGroup": {"$ne": "thumb"}}"#,
        r#"{"typeGroup": "font"}"#,
        r#"{"$or": [{"typeGroup": "video"}, {"_hidden": false}]}"#,
        r#"{"expiresAt": null}"#,
        r#"{"_id": {"$gt": "f3"}}"#,
    ];
    let rooms = ["r0", "r1", "none"];
    let asked = rooms.iter().flat_map(|room| filters.iter().map(move |filter| (room, filter)));
    asked.map(|(room, filter)| index.room(room).query(*filter).unwrap()).collect()
}

#[test]
fn totals_are_those_of_an_index_that_counts_its_own_records() {
    let steps = proptest::collection::vec(step(), 1..10);
    let config =
        Config { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let address = address();
        let backend = || MongoOptions::new(address.clone()).connect().unwrap();
        let here = Filedex::temporary().unwrap();
        let (before, rest) = steps.split_at(steps.len() / 3);
        let first = over(backend());
        before
            .iter()
            .for_each(|step| [&here, &first].into_iter().for_each(|index| take(index, step)));
        backend().keep_counts().unwrap();
        // Whoever connects from then on keeps them.
        let there = over(backend());
        rest.iter()
            .for_each(|step| [&here, &there].into_iter().for_each(|index| take(index, step)));
        for (here, there) in lookups(&here).iter().zip(lookups(&there)) {
            prop_assert_eq!(here.total().unwrap(), there.total().unwrap(), "{:?}", here);
            let page = |lookup: &Lookup| {
                let page = lookup.clone().count(2).sort(r#"{"_id":1}"#).unwrap().page().unwrap();
                (page.files, page.total)
            };
            prop_assert_eq!(page(here), page(&there));
            let counts = |lookup: &Lookup| lookup.counts_by("typeGroup").unwrap();
            prop_assert_eq!(counts(here), counts(&there));
        }
        let report = there.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.problems);
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn counts_hold_beside_many_writers() {
    let address = address();
    let backend = || MongoOptions::new(address.clone()).connect().unwrap();
    backend().keep_counts().unwrap();
    thread::scope(|scope| {
        for writer in 0..3 {
            let index = over(backend());
            scope.spawn(move || {
                for number in 0..12 {
                    let file = File::new(format!("f{}", number * (writer + 1) % 9)).unwrap();
                    index.put(&file.with_room("r").with_type_group("image")).unwrap();
                    index.remove(&format!("f{}", (number + writer) % 9)).unwrap();
                }
            });
        }
    });
    let index = over(backend());
    assert_eq!(index.room("r").total().unwrap(), index.room("r").iter().unwrap().count() as u64);
    assert!(index.verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn counts_that_are_wrong_are_told_by_a_verification() {
    let address = address();
    let backend = MongoOptions::new(address.clone()).connect().unwrap();
    let record = |id: &str| Document::new().with("_id", id).with("rid", "r");
    backend.put(&record("a")).unwrap();
    backend.keep_counts().unwrap();
    // By a program that knows of no counts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use mongodb::bson::{Document, doc};
        let client = mongodb::Client::with_uri_str(&address).await.unwrap();
        let files = client.default_database().unwrap().collection::<Document>("files");
        files.insert_one(doc! { "_id": "b", "rid": "r" }).await.unwrap();
    });
    let index = over(backend);
    assert_eq!(index.room("r").total().unwrap(), 1);
    let report = index.verify(&mut |_, _| ()).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    MongoOptions::new(address).connect().unwrap().keep_counts().unwrap();
    assert_eq!(index.room("r").total().unwrap(), 2);
}

#[test]
fn without_transactions_no_counts_are_kept() {
    let server = Server::start(&["--standalone"]);
    let alone = MongoOptions::new(server.address()).connect().unwrap();
    assert_eq!(alone.keep_counts().unwrap_err().kind(), ErrorKind::Unsupported);
    let address = address();
    MongoOptions::new(address.clone()).connect().unwrap().keep_counts().unwrap();
    let without = over(MongoOptions::new(address).without_transactions().connect().unwrap());
    let error = without.put(&File::new("a").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

/// Half of the records in one room, half in another, by the driver alone, which takes half a minute.
fn load(address: &str, records: usize) {
    let dataset = Dataset::new(records);
    let halved = dataset.records().zip(0_u32..).map(|(mut record, number)| {
        record.set("rid", format!("r{}", number % 2));
        let mut bytes = Vec::new();
        filedex_query::bson::write_document(&record, &mut bytes).unwrap();
        mongodb::bson::RawDocumentBuf::from_bytes(bytes).unwrap()
    });
    let all: Vec<_> = halved.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = mongodb::Client::with_uri_str(address).await.unwrap();
        let files =
            client.default_database().unwrap().collection::<mongodb::bson::RawDocumentBuf>("files");
        for portion in all.chunks(1_000) {
            files.insert_many(portion).await.unwrap();
        }
    });
}

/// The figures of docs/growing.md: `cargo test --test over figures -- --ignored --nocapture`, by hand.
#[test]
#[ignore = "figures, by hand: 100,000 records take minutes to load"]
fn figures_of_deep_pages_and_totals() {
    let records = std::env::var("FILEDEX_RECORDS").map_or(100_000, |text| text.parse().unwrap());
    let address = address();
    // A server without an index for the sort takes a while for each page.
    let long = Duration::from_secs(600);
    let mut limits = Limits::default();
    limits.time = long;
    let connect = || MongoOptions::new(address.clone()).time(long).connect().unwrap();
    let open = || Filedex::options().limits(limits.clone()).over(Arc::new(connect()));
    connect().make_indexes().unwrap();
    let index = open();
    load(&address, records);
    let time = |name: &str, ask: &dyn Fn()| {
        let once = |_| {
            let started = Instant::now();
            ask();
            started.elapsed()
        };
        println!("{name}: {:?}", (0..3).map(once).min().unwrap());
    };
    let room = index.room("r0").sort(r#"{"uploadedAt":-1}"#).unwrap();
    for offset in [0, 1_000, records as u64 / 4, (records as u64 / 2).saturating_sub(2_000)] {
        let place = room.clone().offset(offset).count(1).page().unwrap().next_token().unwrap();
        time(&format!("offset {offset}"), &|| {
            room.clone().offset(offset + 1).count(50).page().unwrap();
        });
        time(&format!("after {offset}"), &|| {
            room.clone().after_token(&place).count(50).page().unwrap();
        });
    }
    time("total by counting", &|| {
        room.total().unwrap();
    });
    connect().keep_counts().unwrap();
    let counted = open();
    let room = counted.room("r0");
    time("total by counts", &|| {
        room.total().unwrap();
    });
}
