//! What opening a cleanly closed index costs, up to its first record.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{Criterion, criterion_group, criterion_main};
use filedex::Filedex;
use filedex_benches as benches;
use filedex_dataset::Dataset;
use std::hint::black_box;
use std::time::{Duration, Instant};

use quick::quick;

fn opening(criterion: &mut Criterion) {
    let dataset = Dataset::new(benches::records());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("files");
    let index = Filedex::open(&path).unwrap();
    index.put_many(dataset.records()).unwrap();
    index.close().unwrap();
    let first = dataset.id(0);
    let mut group = criterion.benchmark_group("opening");
    group.sample_size(10);
    group.bench_function("open_warm", |bencher| {
        bencher.iter_custom(|openings| (0..openings).map(|_| open(&path, &first)).sum());
    });
    group.finish();
}

/// The time without that of the close.
fn open(path: &std::path::Path, id: &str) -> Duration {
    let start = Instant::now();
    let index = Filedex::open(path).unwrap();
    black_box(index.get_document(id).unwrap());
    let taken = start.elapsed();
    index.close().unwrap();
    taken
}

criterion_group!(name = all; config = quick(); targets = opening);
criterion_main!(all);
