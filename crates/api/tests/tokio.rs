//! The calls as futures: the same answers, so many at a time, and ended where they are dropped.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use filedex::tokio::Filedex;
use filedex::{Document, ErrorKind, doc};

/// Runs the work in both kinds of runtime.
fn in_both<F: Future<Output = ()>>(work: impl Fn() -> F) {
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(work());
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    many.unwrap().block_on(work());
}

fn records(number: i32) -> impl Iterator<Item = Document> + Send {
    (0..number).map(|n| doc! { "_id": n.to_string(), "rid": "r", "size": n })
}

#[test]
fn every_call_gives_what_the_call_that_blocks_gives() {
    in_both(|| async {
        let site = tempfile::tempdir().unwrap();
        let index = Filedex::open(site.path().join("uploads.filedex")).await.unwrap();
        assert_eq!(index.put_many(records(1000)).await.unwrap().inserted, 1000);
        index.put(&serde_json::json!({"_id": "a", "size": 1})).await.unwrap();
        index.update("a", |record| record.set("size", 2)).await.unwrap();
        index.update_with("a", r#"{"$inc": {"size": 1}}"#).await.unwrap();
        assert_eq!(index.get_document("a").await.unwrap().unwrap().get_i64("size"), Some(3));
        assert_eq!(index.get("a").await.unwrap(), index.index().get("a").unwrap());
        assert_eq!(
            index.get_as::<Document>("a").await.unwrap(),
            index.index().get_document("a").unwrap()
        );
        assert_eq!(index.get_json("a").await.unwrap(), index.index().get_json("a").unwrap());
        assert!(index.remove("a").await.unwrap());

        let asked = index.room("r").query(r#"{"size": {"$lt": 900}}"#).unwrap();
        let asked = asked.sort(doc! { "size": -1 }).unwrap().fields(doc! { "size": 1 }).unwrap();
        let blocking = index.index().room("r").query(r#"{"size": {"$lt": 900}}"#).unwrap();
        let blocking =
            blocking.sort(doc! { "size": -1 }).unwrap().fields(doc! { "size": 1 }).unwrap();
        assert_eq!(
            asked.clone().count(7).page().await.unwrap(),
            blocking.clone().count(7).page().unwrap()
        );
        assert_eq!(asked.json().await.unwrap(), blocking.json().unwrap());
        assert_eq!(asked.total().await.unwrap(), 900);
        assert_eq!(asked.explain().await.unwrap().matched, 900);
        let (mut matches, mut walked) = (asked.iter().await.unwrap(), Vec::new());
        while let Some(found) = matches.next().await {
            walked.push(found.unwrap());
        }
        let all: filedex::Result<Vec<Document>> = blocking.iter().unwrap().collect();
        assert_eq!(walked, all.unwrap());
        assert!(matches.next().await.is_none());

        assert_eq!(index.remove_many(["1", "2", "x"]).await.unwrap(), 2);
        assert_eq!(index.stats().await.unwrap().records, 998);
        index.flush().await.unwrap();
        let wrong = index.all().query(r#"{"size": {"$bigger": 1}}"#).unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Query);
        drop((matches, asked, blocking));
        index.close().await.unwrap();
    });
}

#[test]
fn no_more_calls_run_at_a_time_than_there_are_places() {
    in_both(|| async {
        let index = Filedex::with_places(filedex::Filedex::temporary().unwrap(), 2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let (index, running, most) = (index.clone(), running.clone(), most.clone());
                tokio::spawn(async move {
                    let work = move |_: &filedex::Filedex| {
                        most.fetch_max(
                            running.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        std::thread::sleep(Duration::from_millis(10));
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    };
                    index.run(work).await
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_lookup_whose_future_is_dropped_gives_its_place_up() {
    in_both(|| async {
        let index = Filedex::with_places(filedex::Filedex::temporary().unwrap(), 1);
        let text = "a".repeat(2_000);
        let slow = (0..2_000).map(move |n| doc! { "_id": n.to_string(), "text": text.clone() });
        index.put_many(slow).await.unwrap();
        // Goes back at every letter of every record: seconds, if it is let.
        let costly = index.all().query(r#"{"text": {"$regex": "(?=(a+)(a+)(a+)(a+)b)"}}"#).unwrap();
        let started = Instant::now();
        let dropped = tokio::time::timeout(Duration::from_millis(30), costly.total()).await;
        let ended_by_itself = dropped.is_ok();
        assert_eq!(index.all().count(1).page().await.unwrap().total, 2_000);
        assert!(ended_by_itself || started.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn a_call_whose_future_is_dropped_before_it_begins_never_begins() {
    in_both(|| async {
        let index = Filedex::with_places(filedex::Filedex::temporary().unwrap(), 1);
        let (block, held) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let busy = index.clone();
        let busy = tokio::spawn(async move {
            busy.run(move |_| {
                begin.send(()).unwrap();
                held.recv().ok();
                Ok(())
            })
            .await
        });
        begun.await.unwrap();
        let record = doc! { "_id": "a" };
        let waits = tokio::time::timeout(Duration::from_millis(20), index.put(&record)).await;
        assert!(waits.is_err());
        block.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(index.get_document("a").await.unwrap(), None);
        index.put(&record).await.unwrap();
        assert_eq!(index.get_document("a").await.unwrap(), Some(record));
    });
}

#[test]
fn a_walk_loses_nothing_where_a_future_of_its_next_is_dropped() {
    in_both(|| async {
        let index = Filedex::with_places(filedex::Filedex::temporary().unwrap(), 1);
        index.put_many(records(500)).await.unwrap();
        let (mut matches, mut number) = (index.all().iter().await.unwrap(), 0);
        loop {
            // Polled once, then dropped: nothing may be lost by it.
            let polled = {
                let mut next = std::pin::pin!(matches.next());
                std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
            };
            if let Poll::Ready(Some(found)) = polled {
                found.unwrap();
                number += 1;
            }
            match matches.next().await {
                Some(found) => {
                    found.unwrap();
                    number += 1;
                }
                None => break,
            }
        }
        assert_eq!(number, 500);
    });
}

#[test]
fn what_panics_in_a_call_panics_where_it_is_waited_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let index = Filedex::new(filedex::Filedex::temporary().unwrap());
    let call = index.run(|_| -> filedex::Result<()> { std::panic::resume_unwind(Box::new("odd")) });
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(call)));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"odd"));
}

#[test]
fn handles_and_futures_pass_between_threads() {
    fn is_sent<T: Send>(_: &T) {}
    let index = Filedex::new(filedex::Filedex::temporary().unwrap());
    is_sent(&index);
    is_sent(&index.all());
    is_sent(&index.all().page());
    is_sent(&index.all().iter());
    let record = doc! { "_id": "a" };
    is_sent(&index.put(&record));
}

#[test]
fn figures_sweeps_batches_and_states_are_those_of_the_calls_that_block() {
    in_both(|| async {
        let index = Filedex::new(filedex::Filedex::temporary().unwrap());
        index.put_many(records(100)).await.unwrap();
        let (all, blocking) = (index.room("r"), index.index().room("r"));
        assert_eq!(all.sum("size").await.unwrap(), blocking.sum("size").unwrap());
        assert_eq!(all.counts_by("size").await.unwrap(), blocking.counts_by("size").unwrap());
        assert_eq!(all.distinct("rid").await.unwrap(), blocking.distinct("rid").unwrap());
        let by_size = all.clone().sort(doc! { "size": 1 }).unwrap().count(10);
        assert_eq!(by_size.rank("42").await.unwrap(), Some(42));
        let first = by_size.page().await.unwrap();
        let token = first.next_token().unwrap();
        let second = by_size.clone().after_token(&token).page().await.unwrap();
        assert_eq!(second, by_size.clone().after(&first.files[9]).unwrap().page().await.unwrap());
        assert_eq!(second.files[0].get_str("_id"), Some("10"));
        let back = by_size.clone().before(&second.files[0]).unwrap().page().await.unwrap();
        assert_eq!(back.files, first.files);

        let state = index.snapshot().await.unwrap();
        let moved = all.clone().query(r#"{"size": {"$lt": 10}}"#).unwrap();
        assert_eq!(moved.update_all(r#"{"$set": {"rid": "s"}}"#).await.unwrap().changed, 10);
        let both = |batch: &mut filedex::Batch<'_>| {
            batch.put(&doc! { "_id": "x", "rid": "s", "deletesAt": filedex::Date(1) })?;
            batch.room("s")?.total()
        };
        assert_eq!(index.write(both).await.unwrap(), 11);
        assert_eq!(index.expire("deletesAt", filedex::Date(1)).await.unwrap(), 1);
        assert_eq!(index.room("s").remove_all().await.unwrap(), 10);
        assert_eq!(index.all().total().await.unwrap(), 90);
        assert_eq!(state.room("r").total().await.unwrap(), 100);
        assert!(state.get("3").await.unwrap().is_some() && index.get("3").await.unwrap().is_none());

        assert!(index.verify().await.unwrap().is_clean());
        let site = tempfile::tempdir().unwrap();
        assert_eq!(index.backup(site.path().join("night")).await.unwrap().records, 90);
    });
}

#[test]
fn what_is_written_is_told_to_a_task_that_waits_and_the_end_as_well() {
    in_both(|| async {
        let index = Filedex::new(filedex::Filedex::temporary().unwrap());
        let mut changes = index.watch(filedex::Scope::everything().room("r")).await.unwrap();
        let reader = tokio::spawn(async move {
            let mut told = Vec::new();
            while let Some(news) = changes.next().await {
                match news.unwrap() {
                    filedex::News::Commit(commit) => told.extend(commit.changes),
                    news => panic!("{news:?}"),
                }
            }
            told.into_iter().map(|change| change.id).collect::<Vec<_>>()
        });
        for number in 0..200 {
            let room = if number % 2 == 0 { "r" } else { "s" };
            index.put(&doc! { "_id": number.to_string(), "rid": room }).await.unwrap();
            tokio::task::yield_now().await;
        }
        index.close().await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(60), reader).await.unwrap().unwrap();
        let even: Vec<String> = (0..200).step_by(2).map(|number| number.to_string()).collect();
        assert_eq!(told, even);
    });
}

#[test]
fn a_watch_whose_future_is_dropped_misses_nothing() {
    in_both(|| async {
        let index = Filedex::new(filedex::Filedex::temporary().unwrap());
        let mut changes = index.watch(filedex::Scope::everything()).await.unwrap();
        let nothing = tokio::time::timeout(Duration::from_millis(5), changes.next()).await;
        assert!(nothing.is_err());
        index.put(&doc! { "_id": "a" }).await.unwrap();
        let number = changes.number();
        let Some(Ok(filedex::News::Commit(commit))) = changes.next().await else { panic!() };
        assert_eq!((&*commit.changes[0].id, commit.number), ("a", number + 1));
    });
}
