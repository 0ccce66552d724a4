//! Pages in an order that no list has, while records all over the store are changed. CPU time of the asking thread.

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::data;
use crate::error::Result;
use crate::peer::Peer;
use crate::question::Question;
use crate::row::Row;

/// Changes between two askings, and how often both pages are asked for.
const CHANGES: usize = 100;
const ROUNDS: usize = 20;
/// Askings until everything is in memory that will be.
const WARMING: usize = 6;

pub(super) fn measure(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    let half = u64::try_from(dataset.len())? / 2;
    let questions = [Question::BySize { offset: 0 }, Question::BySize { offset: half }];
    for question in questions.iter().cycle().take(WARMING * questions.len()) {
        peer.answer(question)?;
    }
    let (mut finding, mut times) = (Finding::default(), [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for change in round * CHANGES..(round + 1) * CHANGES {
            let number = change * 7_919 % dataset.len().max(1);
            let size = i32::try_from(number % 100_000)?;
            peer.replace(&mut [data::changed(dataset, number, size, None)])?;
        }
        for (question, times) in questions.iter().zip(&mut times) {
            let (answer, taken) = clock::process_time(|| peer.answer(question));
            finding.answered(answer?.as_deref());
            times.push(taken);
        }
    }
    peer.close()?;
    let rows = [Row::WrittenSizePage, Row::WrittenDeepSizePage];
    for (row, times) in rows.into_iter().zip(times) {
        finding.add(row, clock::median(times));
    }
    Ok(finding)
}
