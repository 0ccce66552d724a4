//! The first records of an order that no list has, as they were found once among those in blocks: for a page these are
//! put together with what memtables have, or shown as texts that were written once.
//!
//! How they are found is [`super::zones`]'s business.

use std::ops::Range;
use std::sync::Arc;

use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::part::Part;
use super::reply::Reply;
use super::window::Window;
use super::zones::leaves_out_most;
use crate::cache::Texts;
use crate::cache::firsts::{Firsts, FirstsKey};
use crate::error::Result;
use crate::format::Place;
use crate::memtable::Cell;
use crate::snapshot::{Found, Stored};

/// First records that are known, and what they are kept under, if they are.
struct Known<'e> {
    key: Option<FirstsKey>,
    firsts: Arc<Firsts>,
    /// What memtables have of the part.
    cells: Vec<&'e Cell>,
}

/// Records from the first on that are found by zones.
const MOST_RECORDS: usize = 256;

/// Cells past which it takes no longer to find out what the latest of them change of a view.
const MOST_CELLS: usize = 2048;

/// Bytes of records whose texts are kept together.
const MOST_WRITTEN: usize = 128 << 10;

impl<'e> Execution<'e> {
    /// Keeps the first records of the order; false where it is not told well enough where they are.
    pub(super) fn walk_firsts(&mut self, collector: &mut Collector<'_>) -> Result<bool> {
        let Collector::Heap { window, place: None, .. } = collector else { return Ok(false) };
        let (window, held) = (*window, self.running.account().held());
        let found = match window.end() {
            Some(records) => self.firsts_of(records)?,
            None => None,
        };
        let is_found = match &found {
            Some(known) => self.take_firsts(known, collector)?,
            None => false,
        };
        if is_found {
            self.sorting = Sorting::Zones;
            self.columns = self.zoned_by().iter().map(|(path, _)| path.text().to_owned()).collect();
        } else {
            collector.begin_anew(self.plan);
            self.running.account().release_to(held);
        }
        Ok(is_found)
    }

    /// So many of the first records among those in blocks, and some more.
    fn firsts_of(&mut self, records: usize) -> Result<Option<Known<'e>>> {
        if !self.counted || records > MOST_RECORDS || self.zoned_by().is_none() {
            return Ok(None);
        }
        let Some(viewed) = self.viewed() else { return Ok(None) };
        let (pool, version) = (self.snapshot.pool, self.snapshot.state.version.number());
        let (view, name) = (self.view_key_of(viewed), self.open.name());
        let key = name.map(|name| FirstsKey { view, conditions: name.into() });
        let kept = key.as_ref().and_then(|key| pool.firsts.get(key));
        let kept = kept.filter(|kept| kept.tell(records));
        if let Some(firsts) = kept.as_ref().filter(|kept| kept.version == version)
            && self.snapshot.is_settled()
        {
            return Ok(Some(Known { key, firsts: firsts.clone(), cells: Vec::new() }));
        }
        let part = self.part_of_view(viewed)?;
        let is_worthwhile = |part: &Part<'_>| leaves_out_most(records, part.records);
        let Some(part) = part.filter(is_worthwhile) else { return Ok(None) };
        let Some(cells) = self.cells_of(&part, MOST_CELLS) else { return Ok(None) };
        if self.knows_most_of(&cells, &part, &self.view_key_of(viewed)) {
            return Ok(None);
        }
        if let Some(firsts) = kept
            && pool.columns.are_alike(&part.from, &part.to, (firsts.version, version))
        {
            return Ok(Some(Known { key, firsts, cells }));
        }
        let firsts = Arc::new(self.find_firsts(&part, records)?);
        if let Some(key) = &key {
            pool.firsts.keep(key.clone(), &firsts);
        }
        Ok(Some(Known { key, firsts, cells }))
    }

    /// Keeps the first records of blocks and cells together; false where they are not known.
    fn take_firsts(&mut self, known: &Known<'e>, collector: &mut Collector<'_>) -> Result<bool> {
        let Known { firsts, cells, .. } = known;
        let Some(places) = &firsts.places else { return Ok(false) };
        match collector {
            Collector::Heap { window, as_texts, .. } if cells.is_empty() => {
                let window = *window;
                let written = if *as_texts { self.written(known, places, window)? } else { None };
                *collector = match written {
                    Some(written) => written,
                    None => self.window_of(places, window)?,
                };
                Ok(true)
            }
            _ => Ok(self.take_best(places, cells, collector)? || firsts.are_all),
        }
    }

    /// The records of the window as their texts, which are written now for whoever wants the first of all; nothing where
    /// there are none.
    fn written<'v>(
        &mut self,
        known: &Known<'e>,
        places: &[(Place, usize)],
        window: Window,
    ) -> Result<Option<Collector<'v>>> {
        let Known { key: Some(key), firsts, .. } = known else { return Ok(None) };
        let offset = usize::try_from(window.offset).unwrap_or(usize::MAX);
        let end = window.end().map_or(places.len(), |end| end.min(places.len()));
        let mut firsts = firsts.clone();
        if firsts.texts.len() < end {
            // For who begins further on the first ones would be written for nothing.
            if offset > 0 {
                return Ok(None);
            }
            let Some(texts) = self.write(places.get(..end).unwrap_or_default())? else {
                return Ok(None);
            };
            firsts = Arc::new(Firsts { texts: Arc::new(texts), ..Firsts::clone(&firsts) });
            self.snapshot.pool.firsts.keep(key.clone(), &firsts);
        }
        Ok(Some(Collector::Written { firsts, run: offset.min(end)..end }))
    }

    /// The texts of these records, if they are not too long to be kept.
    fn write(&mut self, places: &[(Place, usize)]) -> Result<Option<Texts>> {
        let (mut records, mut bytes) = (Vec::with_capacity(places.len()), 0);
        for (place, at) in places {
            let record = self.record_in(*place, *at)?;
            bytes += record.body().len();
            if bytes > MOST_WRITTEN {
                return Ok(None);
            }
            records.push(record);
        }
        let account = self.running.account();
        Texts::written(None, |texts| {
            for record in &records {
                let Some(class) = record.class() else { return Ok(false) };
                texts.push(class, record.document(), account)?;
            }
            Ok(true)
        })
    }

    /// Shows records as they were written.
    pub(crate) fn show_written(
        &mut self,
        firsts: &Firsts,
        run: Range<usize>,
        reply: &mut Reply<'_>,
    ) -> Result<()> {
        let (texts, records) = (&firsts.texts, run.len() as u64);
        if reply.add_joined(texts.run(run.clone()), records, self.running.account())? {
            return Ok(());
        }
        for at in run {
            if !reply.add_text(texts.get(at), self.running.account())?
                && let Some((place, at)) = firsts.places.as_ref().and_then(|places| places.get(at))
            {
                let record = self.record_in(*place, *at)?;
                self.show(&[record], reply)?;
            }
        }
        Ok(())
    }

    /// The records of the window out of these.
    fn window_of<'v>(
        &mut self,
        places: &[(Place, usize)],
        window: Window,
    ) -> Result<Collector<'v>> {
        let (mut kept, mut skip) = (Collector::Window { window, kept: Vec::new() }, window.offset);
        for (place, at) in places {
            self.take_one(&mut skip, &mut kept, |this| this.record_in(*place, *at))?;
        }
        Ok(kept)
    }

    /// Keeps the best of these records and of those that memtables have; false where records behind these may be better
    /// than some.
    fn take_best(
        &mut self,
        places: &[(Place, usize)],
        cells: &[&Cell],
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let mut last = None;
        for (place, at) in places {
            let record = self.record_in(*place, *at)?;
            if record.key().is_some_and(|key| self.snapshot.cell(&key).is_none()) {
                self.keep(record.clone(), collector)?;
            }
            last = Some(record);
        }
        for cell in cells {
            if let Some(entry) = cell.entry() {
                self.judge_cell(cell, entry, collector)?;
            }
        }
        let last = last.map(|record| self.key_of(&record)).transpose()?;
        Ok(last.is_some_and(|last| collector.has_all_before(&last)))
    }

    /// The record that lies there in blocks.
    pub(super) fn record_in(&mut self, place: Place, at: usize) -> Result<Stored> {
        let (block, at) = self.snapshot.nth(place, at)?;
        Ok(Found::InBlock(block, at).into_record())
    }
}
