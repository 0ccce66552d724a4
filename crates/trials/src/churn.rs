//! Overwriting and removing without end takes no space without end, and a compaction gives back what it
//! took: the answers stay the same.
//!
//! Each round puts every record anew once, in random order and in a room of its own choosing, and takes a
//! tenth of them out for a while.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use fastrand::Rng;
use filedex_dataset::Dataset;
use filedex_query::Document;
use filedex_storage::{Options, Store};

use crate::Outcome;
use crate::check::{Checked, check};
use crate::engine::Kind;
use crate::files;
use crate::subject::Subject;
use crate::verdict::Verdict;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How often every record is put anew.
    #[arg(long, default_value_t = 20)]
    rounds: u64,
    /// Records that are there.
    #[arg(long, default_value_t = 20_000)]
    records: usize,
    /// Bytes of changes that wait for a checkpoint. The fewer, the more is written.
    #[arg(long, default_value_t = 4 << 20)]
    write_buffer_bytes: u64,
    #[command(flatten)]
    subject: Subject,
}

/// Records of one write.
const RECORDS_PER_WRITE: usize = 100;

/// How many times its size after the first rounds a store may take after all of them.
const MOST_GROWTH: u64 = 2;

/// The first rounds, after which a store has found its size.
const FIRST_ROUNDS: u64 = 5;

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("churn", arguments.subject.engine, arguments.subject.seed);
    if arguments.subject.engine != Kind::Filedex {
        verdict.skip("of Filedex only");
        return Ok(verdict);
    }
    let directory = tempfile::Builder::new().prefix("trials-churn-").tempdir()?;
    let path = directory.path().join("store");
    let mut options = Options::default();
    options.write_buffer_bytes = arguments.write_buffer_bytes;
    let (dataset, mut random) =
        (Dataset::new(arguments.records), Rng::with_seed(arguments.subject.seed));
    let store = Store::open(&path, &options)?;
    store.put_many(dataset.records())?;
    store.close()?;
    verdict.set("bytes_loaded", bytes(&path)?);
    let mut settled = u64::MAX;
    for round in 1..=arguments.rounds {
        let store = Store::open(&path, &options)?;
        churn(&store, &dataset, round, &mut random)?;
        store.close()?;
        let bytes = bytes(&path)?;
        verdict.set(&format!("bytes_after_{round:03}"), bytes);
        if round == FIRST_ROUNDS {
            settled = bytes;
        }
        verdict.progress(round, arguments.rounds);
    }
    if bytes(&path)? / MOST_GROWTH > settled {
        verdict.broke(format!("the store grows: {} bytes, {settled} before", bytes(&path)?));
    }
    compact(&path, &options, &mut verdict)?;
    Ok(verdict)
}

/// Puts every record anew, in random order; some are not there for a while.
fn churn(store: &Store, dataset: &Dataset, round: u64, random: &mut Rng) -> Outcome<()> {
    let mut numbers: Vec<usize> = (0..dataset.len()).collect();
    random.shuffle(&mut numbers);
    for some in numbers.chunks(RECORDS_PER_WRITE) {
        let removed = some.iter().take(RECORDS_PER_WRITE / 10).map(|number| dataset.id(*number));
        store.remove_many(removed)?;
        store.put_many(some.iter().map(|number| changed(dataset, *number, round, random)))?;
    }
    Ok(())
}

fn changed(dataset: &Dataset, number: usize, round: u64, random: &mut Rng) -> Document {
    let mut record = dataset.record(number);
    record.set("rid", dataset.room(random.usize(0..20)));
    record.set("size", round.cast_signed());
    record
}

/// Compacts the store; what it answers stays the same.
fn compact(path: &Path, options: &Options, verdict: &mut Verdict) -> Outcome<()> {
    let before = whole(path)?;
    let started = Instant::now();
    let compaction = Store::compact(path, options, &mut |_, _| ())?;
    verdict.set("compaction_ms", started.elapsed().as_millis() as u64);
    verdict.set("bytes_before_compaction", compaction.bytes_before);
    verdict.set("bytes_after_compaction", compaction.bytes_after);
    if whole(path)?.answers != before.answers {
        verdict.broke("a compaction changed the answers".to_owned());
    }
    Ok(())
}

fn whole(path: &Path) -> Outcome<Checked> {
    let checked = check(Kind::Filedex, path)?;
    match checked.problems.is_empty() && checked.refused.is_none() {
        true => Ok(checked),
        false => Err(format!("{:?} {:?}", checked.refused, checked.problems).into()),
    }
}

fn bytes(path: &Path) -> Outcome<u64> {
    let lengths = files::all(path)?.into_iter().map(|file| Ok(file.metadata()?.len()));
    lengths.sum()
}
