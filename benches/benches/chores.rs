//! What the chores of a host cost: sums, badges, jumps to a file, pages behind a record, a room that goes.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use filedex_benches as benches;
use filedex_dataset::Dataset;

use quick::quick;

const NEWEST: &str = r#"{"uploadedAt":-1}"#;
const LARGEST: &str = r#"{"size":-1}"#;

fn figures(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    index.checkpoint().unwrap();
    let (room, user) = (dataset.room(0), dataset.user(0));
    criterion.bench_function("room_sum", |bencher| {
        bencher.iter(|| index.room(&room).sum("size").unwrap());
    });
    criterion.bench_function("user_sum", |bencher| {
        bencher.iter(|| index.user(&user).sum("size").unwrap());
    });
    criterion.bench_function("room_badges", |bencher| {
        bencher.iter(|| index.room(&room).counts_by("typeGroup").unwrap());
    });
    for (name, sort) in [("newest", NEWEST), ("largest", LARGEST)] {
        let sorted = || index.room(&room).sort(sort).unwrap().count(50);
        let half = sorted().total().unwrap() / 2;
        // What is asked for again is kept in its order.
        (0..2).for_each(|_| drop(sorted().offset(half).page().unwrap()));
        let page = sorted().offset(half).page().unwrap();
        let (record, token) = (page.files.first().unwrap(), page.next_token().unwrap());
        let id = record.get_str("_id").unwrap();
        criterion.bench_function(&format!("first_page_{name}"), |bencher| {
            bencher.iter(|| sorted().page().unwrap());
        });
        criterion.bench_function(&format!("page_behind_{name}"), |bencher| {
            bencher.iter(|| sorted().after_token(&token).page().unwrap());
        });
        criterion.bench_function(&format!("page_before_{name}"), |bencher| {
            bencher.iter(|| sorted().before_token(&token).page().unwrap());
        });
        criterion.bench_function(&format!("rank_{name}"), |bencher| {
            bencher.iter(|| sorted().rank(id).unwrap().unwrap());
        });
    }
}

/// Records of the room that goes.
const ROOM: usize = 50_000;

fn sweeps(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    let room = Dataset::new(dataset.len().min(ROOM));
    let mut group = criterion.benchmark_group("sweeps");
    group.sample_size(10).throughput(Throughput::Elements(room.len() as u64));
    let fill = || {
        let records = room.records().map(|mut record| {
            let id = format!("GENERAL-{}", record.get_str("_id").unwrap());
            record.set("_id", id);
            record.set("rid", "GENERAL");
            record
        });
        index.put_many(records).unwrap();
        index.checkpoint().unwrap();
    };
    let remove = |()| assert_eq!(index.room("GENERAL").remove_all().unwrap(), room.len() as u64);
    group.bench_function("remove_room", |bencher| {
        bencher.iter_batched(fill, remove, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(name = all; config = quick(); targets = figures, sweeps);
criterion_main!(all);
