//! The most anonymous memory of a process, above what its engine grants itself: while it reads, and while it
//! reads beside its writes.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use filedex_dataset::Dataset;

use crate::anonymous;
use crate::child::Finding;
use crate::data;
use crate::error::{Error, Result};
use crate::peer::{Kind, Peer};
use crate::question::Question;
use crate::row::{self, Row};
use crate::tasks::another;

/// Records that are asked for, all over the store.
const GETS: usize = 50_000;
/// Filters over everything.
const FILTERS: usize = 4;
/// Records that are put beside the readers, unless the store has fewer.
const PUTS: usize = 100_000;

pub(super) fn reading(mut peer: Box<dyn Peer>, kind: Kind, dataset: &Dataset) -> Result<Finding> {
    let (read, most) = anonymous::most(|| read(&mut *peer, dataset));
    read?;
    peer.close()?;
    Ok(finding(Row::OverBudgetReading, kind, most))
}

pub(super) fn mixed(mut peer: Box<dyn Peer>, kind: Kind, dataset: &Dataset) -> Result<Finding> {
    let (mut reader, stop) = (another(&*peer)?, AtomicBool::new(false));
    let (done, most) = anonymous::most(|| {
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    read(&mut *reader, dataset)?;
                }
                Ok::<(), Error>(())
            });
            let written = write(&mut *peer, dataset);
            stop.store(true, Ordering::Relaxed);
            reading.join().map_err(|_| Error::from("a reader panicked"))??;
            written
        })
    });
    done?;
    drop(reader);
    peer.close()?;
    Ok(finding(Row::OverBudgetMixed, kind, most))
}

fn read(peer: &mut dyn Peer, dataset: &Dataset) -> Result<()> {
    for question in row::room_pages(dataset).chain(row::user_pages(dataset)) {
        black_box(peer.answer(&question)?);
    }
    for visit in 0..GETS.min(dataset.len()) {
        let id = dataset.id(visit * 7_919 % dataset.len());
        black_box(peer.answer(&Question::One { id })?);
    }
    for _ in 0..FILTERS {
        black_box(peer.answer(&Question::Wide)?);
    }
    Ok(())
}

fn write(peer: &mut dyn Peer, dataset: &Dataset) -> Result<()> {
    let end = dataset.len() + dataset.len().min(PUTS);
    for records in data::chunks(dataset, dataset.len()..end) {
        for record in &records {
            peer.put(record)?;
        }
    }
    Ok(())
}

fn finding(row: Row, kind: Kind, most: Option<u64>) -> Finding {
    let mut finding = Finding::default();
    finding.add_some(row, most.map(|most| most.saturating_sub(kind.budget())));
    finding
}
