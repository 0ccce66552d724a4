//! Pages in an order that no list has, by a view: the records of a room, or of all, in the order of the sort,
//! kept in memory as numbers. What memtables say is put in between.
//!
//! A view is made when its order is asked for again, or far into it, of columns alone where these tell records
//! apart; then a page is read from it at any offset, whatever conditions select of it.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::frame::Frame;
use super::ordering::{STEPS_A_KEY, STEPS_A_RECORD};
use super::part::Part;
use super::residual::Verdict;
use super::scan::{Scan, key_columns, placed};
use super::window::Window;
use crate::cache::frame::Framed;
use crate::cache::views::{AT_ONCE, STRIDE, View, ViewKey};
use crate::error::Result;
use crate::snapshot::{Patches, Stored};

/// A view with what belongs to the answer, and what memtables change of it.
pub(super) struct Sorted<'e> {
    scan: Scan<'e>,
    pub(super) frame: Frame,
    pub(super) view: Arc<View>,
    pub(super) patches: Arc<Patches>,
}

/// When a view is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At once.
    Now,
    /// Once the order was asked for [`TIMES`] times: its first records are found faster than all are sorted.
    Asked,
}

const TIMES: u64 = 4;

/// An offset from which on a view is worth making at once.
const DEEP: u64 = 5_000;

impl<'e> Execution<'e> {
    /// Takes the window from a view; false where there is none and none is worth making.
    pub(super) fn walk_view(&mut self, collector: &mut Collector<'_>) -> Result<bool> {
        let Collector::Heap { window, place, .. } = collector else { return Ok(false) };
        let (window, place) = (*window, place.take());
        let when = match place {
            None if window.offset >= DEEP => When::Now,
            _ => When::Asked,
        };
        let Some(sorted) = self.sorted(when, place.is_some())? else {
            if let Collector::Heap { place: taken, .. } = collector {
                *taken = place;
            }
            return Ok(false);
        };
        // Nothing is sought past the last that matches.
        let left = match self.counted {
            true => u64::MAX,
            false => self.matched.saturating_sub(window.offset),
        };
        let count = window.count.map(|count| count.min(left));
        let mut kept = Collector::Window { window: Window { count, ..window }, kept: Vec::new() };
        match &place {
            Some(place) => self.take_beside(&sorted, place, window, &mut kept)?,
            None => self.take(&sorted, window, &mut kept)?,
        }
        *collector = kept;
        self.sorting = Sorting::View;
        Ok(true)
    }

    /// The view of the plan's order, in which a place may be sought, and how many records match; `None` where there is none
    /// and none is made now.
    pub(super) fn sorted(&mut self, when: When, seeks: bool) -> Result<Option<Sorted<'e>>> {
        let Some(viewed) = self.viewed() else { return Ok(None) };
        let Some(part) = self.part_of_view(viewed)? else { return Ok(None) };
        let key = self.view_key_of(viewed);
        let known = self.view_at_hand(&key, when)?;
        let has_cells = || self.cells_of(&part, 0).is_none();
        // A view that is there needs no keys, but to find places in it.
        let draws_keys = known.is_none() || seeks || has_cells();
        let Some(scan) = self.begin_scan(&part, draws_keys) else { return Ok(None) };
        if known.is_none() && !self.makes_view(&key, part.records, when) {
            return Ok(None);
        }
        let framed = |this: &mut Self, scan: &mut Scan<'e>| this.framed(scan, &part, key, known);
        let (scan, framed) = self.with_segments(scan, &part, framed)?;
        let Some((frame, view)) = framed else { return Ok(None) };
        let patches = self.patches(&scan, &part, &frame, &view)?;
        if !self.counted {
            let (added, gone) = (patches.added().len() as u64, patches.gone() as u64);
            self.matched = (frame.count() + added).saturating_sub(gone);
        }
        Ok(Some(Sorted { scan, frame, view, patches }))
    }

    /// The records of the part, with those that belong to the answer, and their order.
    fn framed(
        &mut self,
        scan: &mut Scan<'e>,
        part: &Part<'_>,
        key: ViewKey,
        known: Option<Arc<View>>,
    ) -> Result<Option<(Frame, Arc<View>)>> {
        let Some(mut frame) = self.frame(scan, part)? else { return Ok(None) };
        let Some(view) = self.view(key, known, &frame)? else { return Ok(None) };
        if !self.counted && !self.select(scan, &mut frame)? {
            return Ok(None);
        }
        Ok(Some((frame, view)))
    }

    /// Whether a view of so many records is made now. One that takes long and can wait is left to be made while others go on
    /// without it.
    fn makes_view(&self, key: &ViewKey, records: u64, when: When) -> bool {
        let (pool, records) = (self.snapshot.pool, usize::try_from(records).unwrap_or(usize::MAX));
        // One of an earlier version was worth making.
        let is_worthwhile = pool.views.get(key).is_some()
            || pool.views.has_room_for(records)
                && (pool.views.ask(key) >= TIMES || when == When::Now);
        let can_wait = when == When::Asked && records > AT_ONCE;
        if is_worthwhile && can_wait {
            pool.wanted.want(key, self.arrangement(), self.snapshot.state.version.number());
        }
        is_worthwhile && !can_wait
    }

    /// The view, if there is one, or will be soon for who needs it.
    fn view_at_hand(&self, key: &ViewKey, when: When) -> Result<Option<Arc<View>>> {
        let known = self.known_view(key);
        if known.is_some() || when == When::Asked || !self.is_asked {
            return Ok(known);
        }
        // What is being made is not made twice.
        let account = self.running.account();
        self.snapshot.pool.wanted.wait_for(key, || Ok(account.look()?))?;
        Ok(self.known_view(key))
    }

    /// The view, if there is one that is what this version says.
    pub(super) fn known_view(&self, key: &ViewKey) -> Option<Arc<View>> {
        let (pool, version) = (self.snapshot.pool, self.snapshot.state.version.number());
        let view = pool.views.get(key)?;
        let versions = (view.version(), version);
        pool.columns.are_alike(&key.from, &key.to, versions).then_some(view)
    }

    /// Puts the key of a record that was found, without its `_id`, in place of what is there, if columns say it.
    pub(super) fn append_key_of(
        &self,
        found: Option<(&Framed, usize)>,
        key: &mut Vec<u8>,
    ) -> Result<bool> {
        let Some((framed, row)) = found else { return Ok(false) };
        let columns = key_columns(self.plan.sort(), &framed.segment);
        self.append_key(columns.as_deref(), row, key)
    }

    /// The key of a record with its `_id` at the end, as the record itself says it.
    pub(super) fn whole_key(&mut self, frame: &Frame, number: usize) -> Result<Vec<u8>> {
        let record = self.record(frame, number)?;
        self.running.account().work(STEPS_A_RECORD)?;
        self.key_of(&record)
    }

    pub(super) fn key_of(&self, record: &Stored) -> Result<Vec<u8>> {
        let account = self.running.account();
        let held = account.held();
        let key = self.plan.sort().key_with_id_within(record.document(), account)?;
        account.release_to(held);
        Ok(key)
    }

    /// The record of that number, out of its block.
    fn record(&mut self, frame: &Frame, number: usize) -> Result<Stored> {
        let lost = || crate::error::Error::damaged("a record is in a view but not there");
        let (framed, row) = frame.find(number).ok_or_else(lost)?;
        let (place, at) = placed(&framed.segment, row)?;
        self.blocks += 1;
        self.record_in(place, at)
    }

    /// The place in the view before which a record of that key comes, or at which it stands.
    pub(super) fn place(&mut self, frame: &Frame, view: &View, sought: &[u8]) -> Result<usize> {
        self.place_among(frame, view, sought, 0..view.order.len())
    }

    /// The same from that place on, the nearer the sooner.
    fn place_from(
        &mut self,
        frame: &Frame,
        view: &View,
        sought: &[u8],
        from: usize,
    ) -> Result<usize> {
        let (mut low, mut step) = (from, 1);
        while low + step < view.order.len() && self.comes_before(frame, view, low + step, sought)? {
            low += step + 1;
            step *= 2;
        }
        let high = view.order.len().min(low + step);
        self.place_among(frame, view, sought, low..high)
    }

    fn place_among(
        &mut self,
        frame: &Frame,
        view: &View,
        sought: &[u8],
        places: Range<usize>,
    ) -> Result<usize> {
        let Range { start: mut low, end: mut high } = places;
        while low < high {
            let middle = low.midpoint(high);
            let is_before = self.comes_before(frame, view, middle, sought)?;
            (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
        }
        Ok(low)
    }

    /// Whether the record at that place of the view comes before that key.
    fn comes_before(
        &mut self,
        frame: &Frame,
        view: &View,
        place: usize,
        sought: &[u8],
    ) -> Result<bool> {
        let number = view.order.get(place).map_or(0, |number| *number as usize);
        let mut key = Vec::new();
        self.running.account().work(STEPS_A_KEY)?;
        let order = match self.append_key_of(frame.find(number), &mut key)? {
            true => key.as_slice().cmp(sought.get(..key.len()).unwrap_or(sought)),
            false => Ordering::Equal,
        };
        Ok(match order {
            Ordering::Equal => self.whole_key(frame, number)?.as_slice() < sought,
            order => order.is_lt(),
        })
    }

    /// Keeps the records of the window, from the stride of the view on in which it begins.
    fn take(
        &mut self,
        sorted: &Sorted<'e>,
        window: Window,
        kept: &mut Collector<'_>,
    ) -> Result<()> {
        let (place, added, mut skip) = self.start_for(sorted, window.offset)?;
        self.take_forward(sorted, place, added, (&mut skip, kept))
    }

    /// Keeps what is at that place of the view and behind it, and the records from that one on that were added.
    pub(super) fn take_forward(
        &mut self,
        sorted: &Sorted<'e>,
        mut place: usize,
        added: usize,
        (skip, kept): (&mut u64, &mut Collector<'_>),
    ) -> Result<()> {
        let Sorted { frame, view, patches, .. } = sorted;
        let mut added = patches.added().range(added..patches.added().len());
        while !kept.is_full() {
            let next = added.next();
            let end = match next {
                Some(next) => self.place_from(frame, view, &next.key, place)?,
                None => view.order.len(),
            };
            while place < end && !kept.is_full() {
                self.take_at(sorted, place, skip, kept)?;
                place += 1;
            }
            let Some(next) = next else { break };
            self.take_one(skip, kept, |_| Ok(Stored::of_cell(&next.cell)))?;
        }
        Ok(())
    }

    /// Keeps the record at that place of the view, if there is one and it belongs to the answer.
    pub(super) fn take_at(
        &mut self,
        sorted: &Sorted<'e>,
        place: usize,
        skip: &mut u64,
        kept: &mut Collector<'_>,
    ) -> Result<()> {
        let Some(number) = sorted.view.order.get(place) else { return Ok(()) };
        let number = *number as usize;
        if place.is_multiple_of(64) {
            self.running.account().work(1)?;
        }
        if self.belongs(&sorted.frame, number)? && !sorted.patches.is_gone(number) {
            self.take_one(skip, kept, |this| this.record(&sorted.frame, number))?;
        }
        Ok(())
    }

    pub(super) fn take_one(
        &mut self,
        skip: &mut u64,
        kept: &mut Collector<'_>,
        record: impl FnOnce(&mut Self) -> Result<Stored>,
    ) -> Result<()> {
        if *skip > 0 {
            *skip -= 1;
            return Ok(());
        }
        if kept.is_full() {
            return Ok(());
        }
        let record = record(self)?;
        self.keep(record, kept)
    }

    /// Whether the record belongs to the answer: by its class where counts told the total, else as it was
    /// selected.
    pub(super) fn belongs(&mut self, frame: &Frame, number: usize) -> Result<bool> {
        if !self.counted {
            return Ok(frame.is_selected(number));
        }
        let class = frame.find(number).and_then(|(framed, row)| framed.segment.class(row));
        Ok(class.is_some_and(|class| self.open.verdict(class) == Verdict::Yes))
    }

    /// How many records of each stride of the view belong to the answer, for an offset that is worth it.
    pub(super) fn counts_of(
        &mut self,
        sorted: &Sorted<'e>,
        offset: u64,
    ) -> Result<Option<Arc<[u32]>>> {
        let Sorted { scan, frame, view, .. } = sorted;
        if offset < STRIDE as u64 {
            return Ok(None);
        }
        let number = self.conditions_of(scan);
        if let Some(counts) = number.and_then(|number| view.counts(number)) {
            return Ok(Some(counts));
        }
        let mut counts = Vec::with_capacity(view.order.len().div_ceil(STRIDE));
        for stride in view.order.chunks(STRIDE) {
            self.running.account().work(STRIDE as u64 / 16)?;
            let mut count = 0;
            for record in stride {
                count += u32::from(self.belongs(frame, *record as usize)?);
            }
            counts.push(count);
        }
        let counts: Arc<[u32]> = counts.into();
        number.into_iter().for_each(|number| view.keep_counts(number, &counts));
        Ok(Some(counts))
    }
}
