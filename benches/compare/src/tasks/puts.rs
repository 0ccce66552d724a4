//! Single puts that do not wait for the disk, and puts beside a backup; wall time, since a writer waits for
//! whatever it is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::data::{self, Record};
use crate::error::{Error, Result};
use crate::peer::Peer;
use crate::row::Row;
use crate::tasks::another;

/// Records that are put, one by one.
const PUTS: usize = 500_000;
/// Of a small store, in times of its records.
const MOST_TIMES: usize = 5;

pub(super) fn unsynced(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    let mut times = Vec::new();
    let end = dataset.len() + PUTS.min(dataset.len() * MOST_TIMES);
    for records in data::chunks(dataset, dataset.len()..end) {
        for record in &records {
            times.push(put(&mut *peer, record)?);
        }
    }
    peer.close()?;
    let mut finding = Finding::default();
    finding.add(Row::Put, clock::quantile(&mut times, 0.5));
    finding.add(Row::PutP999, clock::quantile(&mut times, 0.999));
    finding.add(Row::PutLongest, clock::quantile(&mut times, 1.0));
    Ok(finding)
}

/// Puts without a pause, as long as a backup takes on another thread.
pub(super) fn beside_backup(
    mut peer: Box<dyn Peer>,
    directory: &Path,
    dataset: &Dataset,
) -> Result<Finding> {
    let (mut other, done) = (another(&*peer)?, AtomicBool::new(false));
    let backup = directory.join("backup");
    let longest = thread::scope(|scope| {
        let backing_up = scope.spawn(|| {
            let backed_up = other.back_up(&backup);
            done.store(true, Ordering::Relaxed);
            backed_up.map(|_| ())
        });
        let (mut longest, mut number) = (0.0_f64, dataset.len());
        while !done.load(Ordering::Relaxed) {
            let record = Record::from(dataset.record(number));
            longest = longest.max(put(&mut *peer, &record)?);
            number += 1;
        }
        backing_up.join().map_err(|_| Error::from("the backup panicked"))??;
        Ok::<f64, Error>(longest)
    })?;
    drop(other);
    peer.close()?;
    let mut finding = Finding::default();
    finding.add(Row::PutLongestBackup, longest);
    Ok(finding)
}

/// Nanoseconds of one put.
fn put(peer: &mut dyn Peer, record: &Record) -> Result<f64> {
    let start = Instant::now();
    peer.put(record)?;
    Ok(start.elapsed().as_nanos() as f64)
}
