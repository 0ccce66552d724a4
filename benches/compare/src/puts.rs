//! Durable puts of single new records, the peers in turn; wall time, since the disk is waited for.

use std::time::Instant;

use filedex_dataset::Dataset;

use crate::clock;
use crate::data::Record;
use crate::error::Result;
use crate::peer::Kind;
use crate::reads::Entrant;

/// Records that each peer puts in during one round.
const PUTS: usize = 20;

/// Nanoseconds a put, of each kind that can: the median of all.
pub(crate) fn measure(
    entrants: &mut [Entrant],
    dataset: &Dataset,
    rounds: usize,
) -> Result<Vec<(Kind, f64)>> {
    let count = entrants.len();
    let mut samples = vec![Vec::new(); count];
    for number in 0..rounds * PUTS {
        // Records beyond those that were loaded.
        let record = Record::from(dataset.record(dataset.len() + number));
        for turn in 0..count {
            let at = (number + turn) % count;
            let (Some(entrant), Some(samples)) = (entrants.get_mut(at), samples.get_mut(at)) else {
                continue;
            };
            let start = Instant::now();
            if entrant.peer.put(&record)? {
                samples.push(start.elapsed().as_nanos() as f64);
            }
        }
    }
    let figures = entrants.iter().zip(samples).filter(|(_, samples)| !samples.is_empty());
    Ok(figures.map(|(entrant, samples)| (entrant.kind, clock::median(samples))).collect())
}
