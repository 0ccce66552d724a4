//! What reading and writing cost each other: one thread that reads, one that writes, at once.
//!
//! One of the two is measured while the other goes on without a pause.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{Criterion, criterion_group, criterion_main};
use filedex::Filedex;
use filedex_benches as benches;
use filedex_dataset::Dataset;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quick::quick;

fn mixed(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    let (mut reads, mut writes) = (pages(&index, &dataset), updates(&index, &dataset));
    let mut group = criterion.benchmark_group("mixed");
    group.bench_function("page alone", |bencher| bencher.iter(&mut reads));
    group.bench_function("page beside a writer", |bencher| {
        beside(updates(&index, &dataset), || bencher.iter(&mut reads));
    });
    group.bench_function("update alone", |bencher| bencher.iter(&mut writes));
    group.bench_function("update beside a reader", |bencher| {
        beside(pages(&index, &dataset), || bencher.iter(&mut writes));
    });
    group.finish();
}

/// Does the work while another thread repeats its own.
fn beside(mut other: impl FnMut() + Send, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                other();
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
}

/// The newest page of a room, rooms in proportion to their files.
fn pages<'a>(index: &'a Filedex, dataset: &'a Dataset) -> impl FnMut() + Send + 'a {
    let rooms: Vec<String> =
        dataset.room_visits().take(1_000).map(|rank| dataset.room(rank)).collect();
    let mut visits = rooms.into_iter().cycle();
    move || {
        let room = visits.next().unwrap();
        let lookup = index.room(&room).sort(r#"{"uploadedAt":-1}"#).unwrap();
        black_box(lookup.count(50).json().unwrap());
    }
}

/// One field of a record, records in turn: the index stays as large as it is.
fn updates<'a>(index: &'a Filedex, dataset: &'a Dataset) -> impl FnMut() + Send + 'a {
    let mut visits = (0..dataset.len()).cycle().map(|number| dataset.id(number));
    let mut views = 0;
    move || {
        views += 1;
        let id = visits.next().unwrap();
        black_box(index.update(&id, |record| record.set("views", views)).unwrap());
    }
}

criterion_group!(name = all; config = quick(); targets = mixed);
criterion_main!(all);
