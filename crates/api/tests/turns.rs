//! Work of a host's own beside the endpoints: it takes its turn, and ends where nobody waits for it.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use filedex::{Admission, AdmissionOptions, Cancel, ErrorKind, File, Filedex, Refused};

fn index() -> Filedex {
    let index = Filedex::temporary().unwrap();
    let files = (0..3000).map(|number| {
        File::new(format!("f{number}")).unwrap().with_room("r").with_name("a".repeat(40))
    });
    index.put_many(files).unwrap();
    index
}

/// A filter that takes far longer than any allowance.
const SLOW: &str = r#"{"$expr": {"$gt": [{"$reduce": {"input": {"$range": [0, 2000]}, "initialValue": 0,
    "in": {"$add": ["$$value", "$$this"]}}}, 1]}}"#;

fn one_slow_place(patience: Duration) -> Admission {
    let mut options = AdmissionOptions::default();
    options.slow = std::num::NonZeroUsize::MIN;
    options.patience = patience;
    Admission::new(options)
}

/// Longer than anybody waits for what must come.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn work_past_its_allowance_is_begun_anew_in_a_slow_place() {
    let (index, gate, begun) = (index(), one_slow_place(LONG), Arc::new(AtomicU32::new(0)));
    let (counted, asked) = (begun.clone(), index.clone());
    let total = gate.run("ada", move |turn| {
        counted.fetch_add(1, Ordering::Relaxed);
        turn.of(asked.room("r")).query(r#"{"name": "b"}"#)?.total()
    });
    assert_eq!(total.await.unwrap().unwrap(), 0);
    let allowances = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = allowances.clone();
    let result = gate.run("ada", move |turn| {
        seen.lock().unwrap().push(turn.allowance.is_some());
        let lookup = turn.of(index.room("r")).query(SLOW)?.count(1);
        match turn.allowance {
            Some(_) => lookup.page(),
            None => lookup.time(Duration::from_millis(60)).page(),
        }
    });
    // It got its place, and there the lookup's own time ended it.
    assert_eq!(result.await.unwrap().unwrap_err().kind(), ErrorKind::Query);
    assert_eq!(*allowances.lock().unwrap(), [true, false]);
    assert!(begun.load(Ordering::Relaxed) >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_ends_the_work_and_leaves_the_place() {
    let (index, gate) = (index(), one_slow_place(LONG));
    let (slot, (tell, told)) = (index.clone(), tokio::sync::oneshot::channel());
    let (end, ended) = std::sync::mpsc::channel();
    let asked = gate.run_long("ada", move |turn| {
        tell.send(turn.cancel.clone()).unwrap();
        // Again and again: it ends when it is told to, and not by itself.
        let total = || turn.of(slot.room("r")).query(SLOW).and_then(|lookup| lookup.total());
        let outcome = std::iter::repeat_with(total).find_map(Result::err);
        end.send(outcome.map(|error| error.kind())).unwrap();
    });
    let cancel: Cancel = tokio::select! {
        cancel = told => cancel.unwrap(),
        _ = asked => unreachable!("it ended by itself"),
    };
    assert!(cancel.is_cancelled());
    // The only slow place is free again: the work came to its end.
    let next = gate.run_long("ben", move |turn| turn.of(index.all()).total()).await;
    assert_eq!(next.unwrap().unwrap(), 3000);
    assert_eq!(ended.recv().unwrap(), Some(ErrorKind::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_longer_than_there_is_patience_is_refused() {
    let gate = one_slow_place(Duration::from_millis(200));
    let held = gate.clone();
    let (tell, told) = tokio::sync::oneshot::channel();
    let (leave, left) = std::sync::mpsc::channel();
    let holder = tokio::spawn(async move {
        held.run_long("ada", move |_| {
            tell.send(()).unwrap();
            left.recv().unwrap();
        })
        .await
    });
    told.await.unwrap();
    assert_eq!(gate.run_long("ben", |_| ()).await, Err(Refused));
    leave.send(()).unwrap();
    assert_eq!(holder.await.unwrap(), Ok(()));
    assert_eq!(gate.run_long("ben", |_| ()).await, Ok(()));
}
