//! What a lookup costs: pages of 50 as JSON text with their exact total, and single records.
//!
//! Rooms and users are visited in proportion to their files, as in a busy server.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{Criterion, criterion_group, criterion_main};
use filedex::{Filedex, Lookup};
use filedex_benches as benches;
use filedex_dataset::Dataset;
use std::hint::black_box;

use quick::quick;

const NEWEST: &str = r#"{"uploadedAt":-1}"#;

fn page(lookup: Lookup) -> Vec<u8> {
    lookup.count(50).json().unwrap()
}

fn pages(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    let largest = dataset.room(0);
    by_room(criterion, &dataset, &index);
    by_user(criterion, &dataset, &index);
    in_largest_room(criterion, &index, &largest);
    everywhere(criterion, &index);
    by_id(criterion, &dataset, &index);
}

fn by_room(criterion: &mut Criterion, dataset: &Dataset, index: &Filedex) {
    let rooms: Vec<String> =
        dataset.room_visits().take(1_000).map(|rank| dataset.room(rank)).collect();
    let mut visits = rooms.iter().cycle();
    criterion.bench_function("room_page", |bencher| {
        bencher.iter(|| page(index.room(visits.next().unwrap()).sort(NEWEST).unwrap()));
    });
}

fn by_user(criterion: &mut Criterion, dataset: &Dataset, index: &Filedex) {
    let users: Vec<String> =
        dataset.user_visits().take(1_000).map(|rank| dataset.user(rank)).collect();
    let mut visits = users.iter().cycle();
    criterion.bench_function("user_page", |bencher| {
        bencher.iter(|| page(index.user(visits.next().unwrap()).sort(NEWEST).unwrap()));
    });
}

fn in_largest_room(criterion: &mut Criterion, index: &Filedex, room: &str) {
    let newest = || index.room(room).sort(NEWEST).unwrap();
    criterion.bench_function("largest_room_page", |bencher| bencher.iter(|| page(newest())));
    criterion.bench_function("room_type_page", |bencher| {
        bencher.iter(|| page(newest().type_group("image")));
    });
    let deep = newest().total().unwrap() * 9 / 10;
    criterion.bench_function("deep_page", |bencher| {
        bencher.iter(|| page(newest().offset(deep)));
    });
    let query = r#"{"size":{"$gt":100000},"name":{"$regex":"logo","$options":"i"}}"#;
    criterion.bench_function("filter_page", |bencher| {
        bencher
            .iter(|| page(index.room(room).query(query).unwrap().sort(r#"{"name":1}"#).unwrap()));
    });
}

fn everywhere(criterion: &mut Criterion, index: &Filedex) {
    let query = r#"{"identify.size.width":{"$gte":3000},"extension":"png"}"#;
    let mut group = criterion.benchmark_group("everywhere");
    group.sample_size(10);
    group.bench_function("full_filter", |bencher| {
        bencher.iter(|| page(index.all().query(query).unwrap().sort(NEWEST).unwrap()));
    });
    // Another text each time, as somebody types it.
    let mut texts =
        (0_u32..).map(|number| format!(r#"{{"name":{{"$regex":"log.*{number}[a-f]"}}}}"#));
    group.bench_function("another_pattern", |bencher| {
        let mut another = || index.all().query(texts.next().unwrap()).unwrap();
        bencher.iter(|| page(another().sort(NEWEST).unwrap()));
    });
    group.bench_function("cursor", |bencher| {
        bencher.iter(|| index.all().iter().unwrap().map(Result::unwrap).count());
    });
    group.finish();
}

fn by_id(criterion: &mut Criterion, dataset: &Dataset, index: &Filedex) {
    // A prime step visits the records in no order the store could profit from.
    let ids: Vec<String> =
        (0..1_000).map(|n| dataset.id(n * 7_919 % dataset.len().max(1))).collect();
    let mut visits = ids.iter().cycle();
    criterion.bench_function("get", |bencher| {
        bencher.iter(|| black_box(index.get_document(visits.next().unwrap()).unwrap()));
    });
}

criterion_group!(name = all; config = quick(); targets = pages);
criterion_main!(all);
