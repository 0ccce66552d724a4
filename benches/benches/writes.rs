//! What a write costs: loading an empty index, and putting, updating and removing single records.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use filedex::{Durability, Filedex};
use filedex_benches as benches;
use filedex_dataset::Dataset;
use filedex_query::Document;

use quick::quick;

fn bulk_load(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Elements(dataset.len() as u64));
    group.bench_function("bulk_load", |bencher| {
        bencher.iter_batched(
            || (Filedex::temporary().unwrap(), dataset.records().collect::<Vec<Document>>()),
            |(index, records)| {
                index.put_many(records).unwrap();
                index
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn single(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let index = benches::index(&dataset).unwrap();
    let mut number = dataset.len();
    criterion.bench_function("put", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                dataset.record(number)
            },
            |record| index.put(&record).unwrap(),
            BatchSize::SmallInput,
        );
    });
    let mut visits = (0..dataset.len()).cycle().map(|n| dataset.id(n));
    let mut views = 0;
    criterion.bench_function("update", |bencher| {
        bencher.iter_batched(
            || visits.next().unwrap(),
            |id| {
                views += 1;
                index.update(&id, |record| record.set("views", views)).unwrap()
            },
            BatchSize::SmallInput,
        );
    });
}

fn durable(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let options = Filedex::options().durability(Durability::Durable);
    let index = options.open(directory.path().join("files")).unwrap();
    let dataset = Dataset::new(benches::records());
    let mut number = 0;
    let mut group = criterion.benchmark_group("durable");
    group.sample_size(10);
    group.bench_function("durable_put", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                dataset.record(number)
            },
            |record| index.put(&record).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(name = all; config = quick(); targets = bulk_load, single, durable);
criterion_main!(all);
