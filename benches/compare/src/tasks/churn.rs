//! The disk that a store takes after each of its records was put anew many times, in another order and
//! another room each time.

use std::path::Path;

use filedex_dataset::Dataset;

use crate::child::{self, Finding};
use crate::data::{self, CHUNK, Record};
use crate::error::Result;
use crate::files;
use crate::peer::{Kind, Setting};
use crate::row::Row;
use crate::tasks::Task;

const ROUNDS: usize = 20;
const MOST_RECORDS: usize = 100_000;
/// Records of one write.
const TOGETHER: usize = 100;

pub(super) fn measure(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    let dataset = &Dataset::new(dataset.len().min(MOST_RECORDS));
    child::start(Task::Load, kind, directory, dataset.len())?;
    let before = files::size(directory)?;
    let mut peer = kind.open(directory, Setting::ROOMY)?;
    for round in 1..=ROUNDS {
        for start in (0..dataset.len()).step_by(CHUNK) {
            let changed = |visit| changed(dataset, visit, round);
            let visits = start..dataset.len().min(start + CHUNK);
            let mut records: Vec<Record> = visits.map(changed).collect::<Result<_>>()?;
            for some in records.chunks_mut(TOGETHER) {
                peer.replace(some)?;
            }
        }
    }
    peer.close()?;
    let after = files::size(directory)?;
    let mut finding = Finding::default();
    finding.add(Row::ChurnedBytes, after as f64);
    finding.add(Row::ChurnedGrowth, after as f64 / before.max(1) as f64);
    Ok(finding)
}

/// A prime step visits every record once a round, unless their number is a multiple of it.
fn changed(dataset: &Dataset, visit: usize, round: usize) -> Result<Record> {
    let number = visit * 7_919 % dataset.len().max(1);
    let room = dataset.room((number + round) % 20);
    Ok(data::changed(dataset, number, i32::try_from(round)?, Some(room)))
}
