//! How many records of each class a part of a list has: by what chunks of the index and parts of memtables
//! add up to, and a look at the block in which each end of the part lies.

use super::access::Span;
use crate::error::Result;
use crate::format::{CLASSES, Class, List};
use crate::snapshot::Snapshot;

/// Numbers of records by class. In a difference they may be negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts([i64; CLASSES]);

impl Counts {
    /// Those of the records in the part.
    pub(super) fn of_span(snapshot: Snapshot<'_>, span: &Span) -> Result<Counts> {
        let mut counts = Counts([0; CLASSES]);
        if span.is_empty() {
            return Ok(counts);
        }
        match &span.to {
            Some(to) => counts.add_before(snapshot, &span.list, to, 1)?,
            None => counts.add_all(span.tally(snapshot)?.counts(), 1),
        }
        if !span.from.is_empty() {
            counts.add_before(snapshot, &span.list, &span.from, -1)?;
        }
        Ok(counts)
    }

    /// Those of the records that lie in the list before the part.
    pub(super) fn before_span(snapshot: Snapshot<'_>, span: &Span) -> Result<Counts> {
        let mut counts = Counts([0; CLASSES]);
        if !span.from.is_empty() {
            counts.add_before(snapshot, &span.list, &span.from, 1)?;
        }
        Ok(counts)
    }

    /// The classes that occur, each with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Class, u64)> {
        let numbers = (0_u8..).zip(&self.0).filter(|(_, count)| **count > 0);
        numbers.filter_map(|(class, count)| Some((Class::from_byte(class)?, count.unsigned_abs())))
    }

    /// Adds so many times the records that lie in the list before that key.
    fn add_before(
        &mut self,
        snapshot: Snapshot<'_>,
        list: &List,
        key: &[u8],
        times: i64,
    ) -> Result<()> {
        let (index, version) = (&snapshot.pool.index, &snapshot.state.version);
        if let Some(outline) = index.outline(version, list, true)? {
            self.add_all(outline.counts_before(outline.place(key)), times);
        }
        if let Some(chunk) = index.find(version, list, key)? {
            let chunk = &chunk.chunk;
            let at = chunk.find(key);
            chunk.items().take(at).for_each(|item| self.add_all(item.counts(), times));
            if let Some(item) = chunk.item(at).filter(|item| item.fence < key) {
                let block = snapshot.block(item.place, list.bytes())?;
                let entries = block.entries(0..block.position(key));
                self.add_all(entries.map(|(_, entry)| (entry.class, 1)), times);
            }
        }
        if !snapshot.is_settled() {
            let key = list.key(key);
            let change = snapshot.state.change(list.bytes(), &key);
            change.iter().for_each(|(class, weight)| self.add(class, weight.count * times));
        }
        Ok(())
    }

    fn add_all(&mut self, counts: impl Iterator<Item = (Class, u64)>, times: i64) {
        counts.for_each(|(class, count)| self.add(class, count as i64 * times));
    }

    fn add(&mut self, class: Class, count: i64) {
        let place = self.0.get_mut(usize::from(class.byte()));
        place.into_iter().for_each(|place| *place += count);
    }
}
