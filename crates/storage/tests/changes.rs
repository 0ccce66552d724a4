//! Who follows what is written is told every write as a whole, in order, or that he missed some.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::support::plan;
use filedex_query::Document;
use filedex_storage::{Changed, Changes, Commit, Error, News, Options, Store, Watch, What};

const NOW: Duration = Duration::ZERO;

fn store() -> Store {
    Store::temporary(&Options::default()).unwrap()
}

fn record(id: &str, room: &str) -> Document {
    Document::new().with("_id", id).with("rid", room)
}

fn commit(changes: &mut Changes) -> Commit {
    match changes.wait(NOW).unwrap() {
        Some(News::Commit(commit)) => commit,
        other => panic!("no commit but {other:?}"),
    }
}

fn told(changes: &mut Changes) -> Vec<(String, What)> {
    commit(changes).changes.into_iter().map(|Changed { id, what, .. }| (id, what)).collect()
}

#[test]
fn a_scope_is_told_what_comes_into_it_changes_in_it_and_leaves_it() {
    let store = store();
    let mut changes = store.changes(&plan(r#"{"rid":"r"}"#, "{}"), None).unwrap();
    let one = |what| vec![("a".to_owned(), what)];
    store.put(&record("a", "s")).unwrap();
    assert!(changes.wait(NOW).unwrap().is_none());
    store.update("a", |record| record.set("rid", "r")).unwrap();
    assert_eq!(told(&mut changes), one(What::Added));
    store.update("a", |record| record.set("name", "b.png")).unwrap();
    assert_eq!(told(&mut changes), one(What::Replaced));
    // A put that changes nothing is no write.
    store.put(&store.get("a").unwrap().unwrap()).unwrap();
    assert!(changes.wait(NOW).unwrap().is_none());
    store.update("a", |record| record.set("rid", "s")).unwrap();
    assert_eq!(told(&mut changes), one(What::Removed));
    store.remove("a").unwrap();
    assert!(changes.wait(NOW).unwrap().is_none());
}

#[test]
fn a_write_is_told_as_a_whole_and_a_record_once() {
    let store = store();
    store.put(&record("b", "r")).unwrap();
    let mut changes = store.changes(&plan("{}", "{}"), None).unwrap();
    store
        .write(|batch| {
            batch.put(&record("a", "r"))?;
            batch.put(&record("a", "s"))?;
            batch.remove("b")?;
            batch.put(&record("c", "r"))?;
            batch.remove("c")?;
            Ok::<(), Error>(())
        })
        .unwrap();
    let whole = [("a".to_owned(), What::Added), ("b".to_owned(), What::Removed)];
    assert_eq!(told(&mut changes), whole);
    let failed = store.write(|batch| {
        batch.put(&record("d", "r"))?;
        batch.put(&Document::new())
    });
    assert!(failed.is_err());
    store.put_many((0..5).map(|number| record(&number.to_string(), "r"))).unwrap();
    assert_eq!(told(&mut changes).len(), 5);
    store.remove_all(&plan(r#"{"rid":"r"}"#, "{}"), &Watch::default(), &mut |_| ()).unwrap();
    assert_eq!(told(&mut changes).len(), 5);
    assert!(changes.wait(NOW).unwrap().is_none());
}

#[test]
fn who_comes_back_with_a_number_misses_nothing() {
    let store = store();
    let everything = plan("{}", "{}");
    let mut changes = store.changes(&everything, None).unwrap();
    let begin = changes.number();
    store.put(&record("a", "r")).unwrap();
    let first = commit(&mut changes);
    store.put(&record("b", "r")).unwrap();
    let second = commit(&mut changes);
    assert!(begin < first.number && first.number < second.number);
    let mut again = store.changes(&everything, Some(begin)).unwrap();
    assert_eq!((commit(&mut again), commit(&mut again)), (first.clone(), second.clone()));
    let mut again = store.changes(&everything, Some(first.number)).unwrap();
    assert_eq!(commit(&mut again), second);
    // Of a number that no write has had nobody knows what came after it.
    let mut strange = store.changes(&everything, Some(second.number + 1)).unwrap();
    assert_eq!(strange.wait(NOW).unwrap(), Some(News::Lagged(second.number)));
}

#[test]
fn a_number_holds_from_one_open_to_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let everything = plan("{}", "{}");
    let store = Store::open(&path, &Options::default()).unwrap();
    let mut changes = store.changes(&everything, None).unwrap();
    store.put(&record("a", "r")).unwrap();
    let number = commit(&mut changes).number;
    store.close().unwrap();
    assert!(changes.has_ended());
    assert!(changes.wait(Duration::MAX).unwrap().is_none(), "it waits for nothing");

    let store = Store::open(&path, &Options::default()).unwrap();
    let mut same = store.changes(&everything, Some(number)).unwrap();
    assert!(same.wait(NOW).unwrap().is_none(), "nothing was written since");
    store.put(&record("b", "r")).unwrap();
    assert!(commit(&mut same).number > number);
    let mut earlier = store.changes(&everything, Some(number - 1)).unwrap();
    assert_eq!(earlier.wait(NOW).unwrap(), Some(News::Lagged(number)));
    assert_eq!(told(&mut earlier), [("b".to_owned(), What::Added)]);
}

#[test]
fn who_falls_behind_what_is_kept_is_told_so_and_goes_on() {
    let store = store();
    let mut changes = store.changes(&plan("{}", "{}"), None).unwrap();
    let large = |id: u32| record(&id.to_string(), "r").with("text", "x".repeat(1 << 20));
    for id in 0..40 {
        store.put(&large(id)).unwrap();
    }
    let Some(News::Lagged(number)) = changes.wait(NOW).unwrap() else { panic!("40 MiB are kept") };
    let mut last = number;
    let mut seen = 0;
    while let Some(news) = changes.wait(NOW).unwrap() {
        let News::Commit(commit) = news else { panic!("it lags again") };
        assert_eq!(commit.number, last + 1);
        last = commit.number;
        seen += 1;
    }
    assert!((10..20).contains(&seen), "{seen}");
    assert!(store.get("39").unwrap().is_some());
}

#[test]
fn beside_eight_writers_nothing_is_lost() {
    let store = store();
    let mut changes = store.changes(&plan(r#"{"rid":"r"}"#, "{}"), None).unwrap();
    let begin = Barrier::new(9);
    let told = thread::scope(|scope| {
        let writers = [0_u32, 1, 2, 3, 4, 5, 6, 7].map(|writer| {
            let (store, begin) = (&store, &begin);
            scope.spawn(move || {
                begin.wait();
                for step in 0..200u32 {
                    let id = format!("{}", (writer * 7 + step * 13) % 60);
                    match step % 4 {
                        0 => drop(store.remove(&id).unwrap()),
                        1 => drop(store.put(&record(&id, "s")).unwrap()),
                        2 => drop(store.put_many([record(&id, "r"), record("0", "r")]).unwrap()),
                        _ => drop(store.put(&record(&id, "r").with("step", 1)).unwrap()),
                    }
                }
            })
        });
        begin.wait();
        let follower = scope.spawn(|| {
            let (mut there, mut last) = (BTreeSet::new(), 0);
            while !there.contains("the last") {
                match changes.wait(Duration::from_secs(60)).unwrap() {
                    Some(News::Commit(commit)) => {
                        assert!(commit.number > last);
                        last = commit.number;
                        for Changed { id, what, .. } in commit.changes {
                            match what {
                                What::Added => assert!(there.insert(id)),
                                What::Replaced => assert!(there.contains(&id)),
                                What::Removed => assert!(there.remove(&id)),
                            }
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
            there
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        store.put(&record("the last", "r")).unwrap();
        follower.join().unwrap()
    });
    let records = store.cursor(&plan(r#"{"rid":"r"}"#, "{}"), &Watch::default()).unwrap();
    let there: BTreeSet<String> =
        records.map(|record| record.unwrap().get_str("_id").unwrap().to_owned()).collect();
    assert_eq!(told, there);
}
