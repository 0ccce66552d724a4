//! What a process asks for the first time, with nothing in its memory and the files in the system's: each
//! question once. How long that takes: an engine may have a second thread read ahead.

use std::collections::HashSet;

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::error::Result;
use crate::neighbour::{Neighbour, Visit};
use crate::peer::Peer;
use crate::question::Question;
use crate::row::{self, Row};

pub(super) fn gets(peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    median(peer, Row::FirstGet, row::records(dataset))
}

pub(super) fn room_pages(peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    median(peer, Row::FirstRoomPage, row::room_pages(dataset))
}

pub(super) fn user_pages(peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    median(peer, Row::FirstUserPage, row::user_pages(dataset))
}

pub(super) fn full_filter(peer: Box<dyn Peer>) -> Result<Finding> {
    median(peer, Row::FirstFullFilter, [Question::Wide].into_iter())
}

/// Asks the question twice.
pub(super) fn visits(
    mut peer: Box<dyn Peer>,
    neighbour: Neighbour,
    dataset: &Dataset,
) -> Result<Finding> {
    let (question, mut finding) = (neighbour.question(dataset), Finding::default());
    for visit in [Visit::First, Visit::Second] {
        let (answer, taken) = clock::wall_time(|| peer.answer(&question));
        finding.answered(answer?.as_deref());
        neighbour.row(visit).into_iter().for_each(|row| finding.add(row, taken));
    }
    peer.close()?;
    Ok(finding)
}

fn median(
    mut peer: Box<dyn Peer>,
    row: Row,
    questions: impl Iterator<Item = Question>,
) -> Result<Finding> {
    let (mut asked, mut times, mut finding) = (HashSet::new(), Vec::new(), Finding::default());
    for question in questions.filter(|question| asked.insert(question.clone())) {
        let (answer, taken) = clock::wall_time(|| peer.answer(&question));
        finding.answered(answer?.as_deref());
        times.push(taken);
    }
    peer.close()?;
    finding.add(row, clock::median(times));
    Ok(finding)
}
