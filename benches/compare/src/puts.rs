//! Durable puts of single new records, the peers in turn; wall time, since the disk is waited for.

use std::time::Instant;

use filedex_dataset::Dataset;

use crate::clock;
use crate::data::Record;
use crate::error::Result;
use crate::peer::Kind;
use crate::reads::Entrant;

/// Records that each peer puts in, one by one, when it is its turn. Many, since the first sync of a
/// turn may wait for what the peer before it left to the file system.
const PUTS: usize = 30;

/// Nanoseconds a put, of each kind that can: the median of all.
pub(crate) fn measure(
    entrants: &mut [Entrant],
    dataset: &Dataset,
    rounds: usize,
) -> Result<Vec<(Kind, f64)>> {
    let count = entrants.len();
    let mut samples = vec![Vec::new(); count];
    for round in 0..rounds {
        // Records beyond those that were loaded.
        let start = dataset.len() + round * PUTS;
        let records: Vec<Record> =
            (start..start + PUTS).map(|number| dataset.record(number).into()).collect();
        for turn in 0..count {
            let at = (round + turn) % count;
            if let (Some(entrant), Some(samples)) = (entrants.get_mut(at), samples.get_mut(at)) {
                put(entrant, &records, samples)?;
            }
        }
    }
    let figures = entrants.iter().zip(samples).filter(|(_, samples)| !samples.is_empty());
    Ok(figures.map(|(entrant, samples)| (entrant.kind, clock::median(samples))).collect())
}

fn put(entrant: &mut Entrant, records: &[Record], samples: &mut Vec<f64>) -> Result<()> {
    for record in records {
        let start = Instant::now();
        if entrant.peer.put(record)? {
            samples.push(start.elapsed().as_nanos() as f64);
        }
    }
    Ok(())
}
