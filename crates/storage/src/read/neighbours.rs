//! What lies next to a place in a view, and how far from the beginning the place is: pages that begin or end at
//! a record, and ranks, in an order that no list has.

use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::place::Place;
use super::ranked::{Added, Sorted, TIMES};
use super::window::Window;
use crate::cache::views::STRIDE;
use crate::error::Result;

impl<'e> Execution<'e> {
    /// Keeps the records of the window that is counted from a place, going from there through the view.
    pub(super) fn take_beside(
        &mut self,
        sorted: &Sorted<'e>,
        place: &Place,
        window: Window,
        kept: &mut Collector<'_>,
    ) -> Result<()> {
        let (view, added, key) = (&sorted.view, &sorted.patches.added, place.key());
        let (at, mut skip) = (self.place(&sorted.frame, view, key)?, window.offset);
        if place.is_end() {
            let (before, _) = added.split_at(added.partition_point(|(_, other, _)| &**other < key));
            return self.take_backward(sorted, at, before, (&mut skip, kept));
        }
        let (_, behind) = added.split_at(added.partition_point(|(_, other, _)| &**other <= key));
        let mut behind = behind.iter().peekable();
        let stands_there = match view.order.get(at) {
            Some(number) => self.whole_key(&sorted.frame, *number as usize)? == key,
            None => false,
        };
        let places = at + usize::from(stands_there)..view.order.len() + 1;
        self.take_forward(sorted, places, &mut behind, (&mut skip, kept))
    }

    /// Keeps what comes before that place in the view, the last first, and puts it in order then.
    fn take_backward(
        &mut self,
        sorted: &Sorted<'e>,
        at: usize,
        added: &[Added],
        (skip, kept): (&mut u64, &mut Collector<'_>),
    ) -> Result<()> {
        let mut added = added.iter().rev().peekable();
        for place in (0..=at).rev() {
            // What was put in before a record comes behind the one before that.
            while let Some((_, _, record)) = added.next_if(|(before, ..)| *before >= place) {
                self.take_one(skip, kept, |_| Ok(record.clone()))?;
            }
            if let Some(place) = place.checked_sub(1) {
                self.take_at(sorted, place, skip, kept)?;
            }
            if kept.is_full() {
                break;
            }
        }
        kept.reverse();
        Ok(())
    }

    /// How many records of the answer come before that key; `None` where there is no view and none is worth
    /// making.
    pub(super) fn rank_by_view(&mut self, key: &[u8]) -> Result<Option<u64>> {
        let Some(sorted) = self.sorted(TIMES, true)? else { return Ok(None) };
        let (view, patches) = (&sorted.view, &sorted.patches);
        let at = self.place(&sorted.frame, view, key)?;
        let counts = self.counts_of(&sorted, at as u64)?;
        let strides =
            counts.as_deref().map_or(&[][..], |counts| counts.get(..at / STRIDE).unwrap_or(counts));
        let mut rank: u64 = strides.iter().map(|count| u64::from(*count)).sum();
        self.running.account().work(strides.len() as u64 / 16 + STRIDE as u64 / 64)?;
        for number in view.order.get(strides.len() * STRIDE..at).unwrap_or_default() {
            rank += u64::from(self.belongs(&sorted.frame, *number as usize)?);
        }
        rank += patches.added.partition_point(|(_, other, _)| &**other < key) as u64;
        self.sorting = Sorting::View;
        Ok(Some(rank.saturating_sub(patches.gone.partition_point(|gone| *gone < at) as u64)))
    }
}
