//! What lies next to a place in a view, and how far from the beginning the place is: pages that begin or end at
//! a record, and ranks, in an order that no list has.

use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::place::Place;
use super::ranked::{Sorted, When};
use super::window::Window;
use crate::cache::views::STRIDE;
use crate::error::Result;
use crate::snapshot::{Added, Stored};

impl<'e> Execution<'e> {
    /// Keeps the records of the window that is counted from a place, going from there through the view.
    pub(super) fn take_beside(
        &mut self,
        sorted: &Sorted<'e>,
        place: &Place,
        window: Window,
        kept: &mut Collector<'_>,
    ) -> Result<()> {
        let (view, key) = (&sorted.view, place.key());
        let (at, mut skip) = (self.place(&sorted.frame, view, key)?, window.offset);
        let added = sorted.patches.added().before(key);
        if place.is_end() {
            return self.take_backward(sorted, at, added, (&mut skip, kept));
        }
        let is_it = |added: &Added| *added.key == *key;
        let behind = added + usize::from(sorted.patches.added().get(added).is_some_and(is_it));
        let stands_there = match view.order.get(at) {
            Some(number) => self.whole_key(&sorted.frame, *number as usize)? == key,
            None => false,
        };
        self.take_forward(sorted, at + usize::from(stands_there), behind, (&mut skip, kept))
    }

    /// Keeps what comes before that place in the view, with so many of those that were added, the last first, and puts it
    /// in order then.
    fn take_backward(
        &mut self,
        sorted: &Sorted<'e>,
        mut place: usize,
        added: usize,
        (skip, kept): (&mut u64, &mut Collector<'_>),
    ) -> Result<()> {
        let Sorted { frame, view, patches, .. } = sorted;
        let mut added = patches.added().range(0..added).rev();
        while !kept.is_full() {
            let next = added.next();
            let start = match next {
                Some(next) => self.place(frame, view, &next.key)?,
                None => 0,
            };
            while place > start && !kept.is_full() {
                place -= 1;
                self.take_at(sorted, place, skip, kept)?;
            }
            let Some(next) = next else { break };
            self.take_one(skip, kept, |_| Ok(Stored::of_cell(&next.cell)))?;
        }
        kept.reverse();
        Ok(())
    }

    /// How many records of the answer come before that key; `None` where there is no view and none is worth
    /// making.
    pub(super) fn rank_by_view(&mut self, key: &[u8]) -> Result<Option<u64>> {
        let Some(sorted) = self.sorted(When::Asked, true)? else { return Ok(None) };
        let view = &sorted.view;
        let at = self.place(&sorted.frame, view, key)?;
        let counts = self.counts_of(&sorted, at as u64)?;
        let strides =
            counts.as_deref().map_or(&[][..], |counts| counts.get(..at / STRIDE).unwrap_or(counts));
        let mut rank: u64 = strides.iter().map(|count| u64::from(*count)).sum();
        self.running.account().work(strides.len() as u64 / 16 + STRIDE as u64 / 64)?;
        for number in view.order.get(strides.len() * STRIDE..at).unwrap_or_default() {
            rank += u64::from(self.belongs(&sorted.frame, *number as usize)?);
        }
        let gone = self.gone_before(&sorted, at)?;
        self.sorting = Sorting::View;
        Ok(Some((rank + sorted.patches.added().before(key) as u64).saturating_sub(gone)))
    }
}
