//! Questions over everything that no list answers, right after a checkpoint: what was kept of records in memory is of
//! blocks of which some are there no more. By the clock: a second thread may read some.

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::data;
use crate::error::Result;
use crate::peer::Peer;
use crate::question::Question;
use crate::row::Row;

/// Changes before each checkpoint, and how many of these there are for each question.
const CHANGES: usize = 1_000;
const ROUNDS: usize = 3;
/// Askings until everything is in memory that will be.
const WARMING: usize = 8;

pub(super) fn measure(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    let half = u64::try_from(dataset.len())? / 2;
    let questions = [
        (Row::CheckpointedEitherPage, Question::Either),
        (Row::CheckpointedDeepSizePage, Question::BySize { offset: half }),
    ];
    let (mut finding, mut change) = (Finding::default(), 0);
    for (row, question) in questions {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            for _ in 0..WARMING {
                peer.answer(&question)?;
            }
            for _ in 0..CHANGES {
                change += 1;
                let number = change * 7_919 % dataset.len().max(1);
                let size = i32::try_from(number % 100_000)?;
                peer.replace(&mut [data::changed(dataset, number, size, None)])?;
            }
            peer.checkpoint()?;
            let (answer, taken) = clock::wall_time(|| peer.answer(&question));
            finding.answered(answer?.as_deref());
            times.push(taken);
        }
        finding.add(row, clock::median(times));
    }
    peer.close()?;
    Ok(finding)
}
