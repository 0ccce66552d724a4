//! What the language costs without a store: compiling, matching, projecting, writing JSON.
//!
//! `match` runs the compiled filter; `match by hand` runs the same test as a Rust programmer would
//! write it over the same documents.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed benchmark has nobody to tell")]

mod quick;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use filedex_dataset::Dataset;
use filedex_query::ejson::{self, Form};
use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Document, Environment, Filter, Matcher, Projection, Sort, ValueRef};
use std::hint::black_box;

use quick::quick;

const FILTER: &str =
    r#"{"typeGroup":"image","size":{"$gt":10000},"name":{"$regex":"logo","$options":"i"}}"#;

fn compile(criterion: &mut Criterion) {
    criterion.bench_function("compile filter", |bencher| {
        bencher.iter(|| {
            // One for each, as a request has it: what it holds for one is not given back for the next.
            let environment = Environment::default();
            let filter = Filter::parse_text(black_box(FILTER), &environment).unwrap();
            Matcher::compile(&filter, &environment).unwrap()
        });
    });
}

fn matching(criterion: &mut Criterion) {
    let environment = Environment::default();
    let documents: Vec<Document> = Dataset::new(10_000).records().collect();
    let stored: Vec<Vec<u8>> = documents.iter().map(packed::pack).collect();
    let filter = Filter::parse_text(FILTER, &environment).unwrap();
    let matcher = Matcher::compile(&filter, &environment).unwrap();
    let name = regex::RegexBuilder::new("logo").case_insensitive(true).build().unwrap();
    let by_hand = |document: &Document| {
        let large = || match document.get("size").map(|size| size.view()) {
            Some(ValueRef::Int(size)) => size > 10_000,
            Some(ValueRef::Long(size)) => size > 10_000,
            _ => false,
        };
        let image = document.get_str("typeGroup") == Some("image");
        image && large() && document.get_str("name").is_some_and(|text| name.is_match(text))
    };
    let found = documents.iter().filter(|document| by_hand(document)).count();

    let mut group = criterion.benchmark_group("match");
    group.throughput(Throughput::Elements(documents.len() as u64));
    group.bench_function("match", |bencher| {
        let matches = |document: &&Document| matcher.matches(document.view()).unwrap();
        bencher.iter(|| assert_eq!(documents.iter().filter(matches).count(), found));
    });
    group.bench_function("match stored", |bencher| {
        let matches = |bytes: &&Vec<u8>| {
            matcher.matches(PackedDocument::new(bytes.as_slice()).into()).unwrap()
        };
        bencher.iter(|| assert_eq!(stored.iter().filter(matches).count(), found));
    });
    group.bench_function("match by hand", |bencher| {
        let matches = |document: &&Document| by_hand(document);
        bencher.iter(|| assert_eq!(documents.iter().filter(matches).count(), found));
    });
    group.finish();
}

fn shaping(criterion: &mut Criterion) {
    let environment = Environment::default();
    let page: Vec<Document> = Dataset::new(50).records().collect();
    let fields = Projection::parse_text(r#"{"name":1,"identify.size":1}"#, &environment).unwrap();
    criterion.bench_function("project 50", |bencher| {
        let apply = |document: &Document| fields.apply(document.view(), None).unwrap();
        bencher.iter(|| page.iter().map(apply).collect::<Vec<Document>>());
    });
    let sort = Sort::parse_text(r#"{"name":1,"size":-1}"#, &environment).unwrap();
    criterion.bench_function("sort keys 50", |bencher| {
        let key = |document: &Document| sort.key(document.view()).unwrap();
        bencher.iter(|| page.iter().map(key).collect::<Vec<Vec<u8>>>());
    });
    criterion.bench_function("json of 50", |bencher| {
        let mut text = Vec::new();
        bencher.iter(|| {
            text.clear();
            for document in &page {
                ejson::write_document(document.view(), Form::Plain, &mut text);
            }
            text.len()
        });
    });
}

criterion_group!(name = all; config = quick(); targets = compile, matching, shaping);
criterion_main!(all);
