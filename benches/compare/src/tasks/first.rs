//! What a process asks for the first time, with nothing in its memory and the files in the system's: each
//! question once. CPU time of the asking thread.

use std::collections::HashSet;
use std::hint::black_box;

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::error::Result;
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

fn median(
    mut peer: Box<dyn Peer>,
    row: Row,
    questions: impl Iterator<Item = Question>,
) -> Result<Finding> {
    let (mut asked, mut times) = (HashSet::new(), Vec::new());
    for question in questions.filter(|question| asked.insert(question.clone())) {
        let (answer, taken) = clock::thread_time(|| peer.answer(&question));
        black_box(answer?);
        times.push(taken);
    }
    peer.close()?;
    let mut finding = Finding::default();
    finding.add(row, clock::median(times));
    Ok(finding)
}
