//! The candidates for a page among the records of a scan: those whose keys begin first. No other record is read.
//!
//! This file does not know columns, which tell how keys begin.

use super::collector::Collector;
use super::execution::Execution;
use super::window::Window;
use crate::error::Result;
use crate::format::Place;

/// The records whose keys begin first, and all that begin like the last of them.
pub(super) struct Candidates {
    records: Vec<Candidate>,
    /// As many as the page may take.
    most: usize,
    /// No candidate's key begins with more.
    bound: u128,
}

/// How the key of a record begins, and where it lies.
type Candidate = (u128, (Place, usize));

/// Further in records are read as they come.
const MOST: usize = 1024;

impl Candidates {
    /// For the records of a window; none if it lies far in.
    pub(super) fn of(window: Window) -> Option<Candidates> {
        let most = window.end().filter(|end| (1..=MOST).contains(end))?;
        Some(Candidates { records: Vec::new(), most, bound: u128::MAX })
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        2 * self.most * size_of::<Candidate>()
    }

    /// Whether a record whose key begins so may be one of them.
    pub(super) fn may_take(&self, head: u128) -> bool {
        head <= self.bound
    }

    /// Adds a record; says whether too many begin alike now: they have to be read to be told apart.
    pub(super) fn push(&mut self, head: u128, record: (Place, usize)) -> bool {
        self.records.push((head, record));
        if self.records.len() >= 2 * self.most {
            let last = self.most.saturating_sub(1);
            self.bound = self.records.select_nth_unstable(last).1.0;
            self.records.retain(|(head, _)| *head <= self.bound);
        }
        self.records.len() >= 2 * self.most
    }

    /// Takes them out, in order.
    pub(super) fn take(&mut self) -> Vec<Candidate> {
        self.records.sort_unstable();
        std::mem::take(&mut self.records)
    }
}

impl Execution<'_> {
    /// Takes in a record whose key begins so, if it may be one of them.
    pub(super) fn offer(
        &mut self,
        head: u128,
        place: impl FnOnce() -> Result<(Place, usize)>,
        candidates: &mut Candidates,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        match candidates.may_take(head) && candidates.push(head, place()?) {
            true => self.take_candidates(candidates, collector),
            false => Ok(()),
        }
    }

    /// Reads those that may belong to the page, and keeps them.
    pub(super) fn take_candidates(
        &mut self,
        candidates: &mut Candidates,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        for (head, (place, at)) in candidates.take() {
            if collector.refuses(|| Some(head)) {
                break;
            }
            (self.blocks, self.decoded) = (self.blocks + 1, self.decoded + 1);
            let record = self.record_in(place, at)?;
            self.keep(record, collector)?;
        }
        Ok(())
    }
}
