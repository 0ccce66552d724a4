//! Opening a store: one that was closed, one that was only just loaded, one whose process was killed.

use std::path::Path;
use std::time::Instant;

use filedex_dataset::Dataset;

use crate::anonymous;
use crate::child::{self, Finding};
use crate::clock;
use crate::data::{self, Record};
use crate::error::Result;
use crate::peer::{Kind, Peer, Setting};
use crate::question::Question;
use crate::row::{self, Row};
use crate::tasks::Task;

/// How often a store is opened for the time of that.
const OPENINGS: usize = 5;

/// Records that are put before a kill: some 24 MB of a log.
const PUTS: usize = 40_000;

/// The first opening after a load is not timed: some engines work up what the load left.
pub(super) fn warm(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    let before = anonymous::bytes();
    let mut peer = kind.open(directory, Setting::DEFAULT)?;
    for question in row::room_pages(dataset) {
        std::hint::black_box(peer.answer(&question)?);
    }
    let mut finding = Finding::default();
    finding.add_some(Row::MemoryOpen, anonymous::above(before));
    peer.close()?;
    let mut times = Vec::new();
    for _ in 0..OPENINGS {
        times.push(time(kind, directory, dataset)?);
    }
    finding.add(Row::OpenWarm, clock::median(times));
    Ok(finding)
}

/// The load is another process's.
pub(super) fn after_load(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    child::start(Task::Load, kind, directory, dataset.len())?;
    let mut finding = Finding::default();
    finding.add(Row::OpenAfterLoad, time(kind, directory, dataset)?);
    Ok(finding)
}

/// Puts new records; the process must end without closing the store.
pub(super) fn leave(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    for record in left(dataset) {
        peer.put(&record)?;
    }
    // What holds the store is left to the system.
    std::mem::forget(peer);
    Ok(Finding::default())
}

/// The puts are another process's.
pub(super) fn after_kill(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    child::start(Task::Leave, kind, directory, dataset.len())?;
    let taken = time(kind, directory, dataset)?;
    let bytes: usize = left(dataset).map(|record| record.json.len()).sum();
    let mut finding = Finding::default();
    finding.add(Row::OpenAfterKill, taken);
    finding.add(Row::ReplayRate, bytes as f64 * 1e9 / taken.max(1.0));
    Ok(finding)
}

/// New records, fewer in a small store.
fn left(dataset: &Dataset) -> impl Iterator<Item = Record> {
    let start = dataset.len();
    data::chunks(dataset, start..start + start.min(PUTS)).flatten()
}

/// Nanoseconds of opening a store up to its first record, without those of the close.
fn time(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<f64> {
    let one = Question::One { id: dataset.id(0) };
    let start = Instant::now();
    let mut peer = kind.open(directory, Setting::ROOMY)?;
    std::hint::black_box(peer.answer(&one)?);
    let taken = start.elapsed().as_nanos() as f64;
    peer.close()?;
    Ok(taken)
}
