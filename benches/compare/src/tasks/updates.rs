//! The filter over everything, warm, and the next one after records all over the store were changed. CPU
//! time of the asking thread.

use std::hint::black_box;

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::data::{self, Record};
use crate::error::Result;
use crate::peer::Peer;
use crate::question::Question;
use crate::row::Row;

const UPDATES: usize = 1_000;
const ROUNDS: usize = 3;
/// Filters until everything is in memory that will be, and those that are measured then.
const WARMING: usize = 3;
const WARM: usize = 5;

pub(super) fn measure(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    let (mut warm, mut next) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for _ in 0..WARMING {
            ask(&mut *peer)?;
        }
        for _ in 0..WARM {
            warm.push(ask(&mut *peer)?);
        }
        let number = |update: usize| (update + round * UPDATES) * 7_919 % dataset.len().max(1);
        let size = i32::try_from(round)?;
        let changed = |update| data::changed(dataset, number(update), size, None);
        let mut records: Vec<Record> = (0..UPDATES).map(changed).collect();
        for record in &mut records {
            peer.replace(std::slice::from_mut(record))?;
        }
        next.push(ask(&mut *peer)?);
    }
    peer.close()?;
    let (warm, next) = (clock::median(warm), clock::median(next));
    let mut finding = Finding::default();
    finding.add(Row::FilterAfterUpdates, next);
    finding.add(Row::FilterAfterUpdatesTimes, next / warm.max(1.0));
    Ok(finding)
}

fn ask(peer: &mut dyn Peer) -> Result<f64> {
    let (answer, taken) = clock::process_time(|| peer.answer(&Question::Wide));
    black_box(answer?);
    Ok(taken)
}
