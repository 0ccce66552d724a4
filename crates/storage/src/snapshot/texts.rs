//! Records as the JSON texts of a reply: written once for some consecutive entries of a block, and kept.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::{Account, ValueRef};

use super::found::Stored;
use super::state::Snapshot;
use crate::blocks::Ahead;
use crate::cache::{Stretch, Text, Texts};
use crate::error::Result;
use crate::format::keys::by_id;
use crate::format::record::document;
use crate::format::{Block, List, Place};
use crate::memtable::Cell;

/// Entries whose texts are kept together: some of a page, so that hardly any is written that nobody asked for.
pub(crate) const STRETCH: usize = 16;

/// Bytes of texts from which on no more are kept together: of long records each may be as long as a reply.
const MOST_TOGETHER: usize = 128 << 10;

/// What reading a record costs that lies elsewhere.
const STEPS_A_RECORD: u64 = 20;

/// A block whose texts are asked for. It is read when there are none.
#[derive(Debug)]
pub(crate) struct Source<'l> {
    place: Place,
    list: &'l [u8],
    block: Option<Block>,
}

impl<'l> Source<'l> {
    /// A block of the list of that key.
    pub(crate) fn new(place: Place, list: &'l [u8]) -> Source<'l> {
        Source { place, list, block: None }
    }

    /// The block.
    pub(crate) fn block(&mut self, snapshot: Snapshot<'_>, ahead: &mut Ahead) -> Result<Block> {
        if let Some(block) = &self.block {
            return Ok(block.clone());
        }
        let block = snapshot.block_by_the_way(self.place, self.list, ahead)?;
        Ok(self.block.insert(block).clone())
    }
}

/// The numbers of the entries of a stretch, of so many in its block.
pub(crate) fn stretch_from(start: usize, entries: usize) -> Range<usize> {
    start..entries.min(start + STRETCH)
}

impl<'s> Snapshot<'s> {
    /// The texts of the records of the stretch of a block that begins where the range does, up to where it ends at
    /// least: those that blocks have, whatever cells say. As long as the block is listed none of them changes there, since
    /// a record that does changes in every list. `None` if they are too long to be kept together. The account is told of
    /// the work.
    pub(crate) fn texts(
        self,
        source: &mut Source<'_>,
        range: Range<usize>,
        ahead: &mut Ahead,
        account: &Account,
    ) -> Result<Option<Arc<Texts>>> {
        let Range { start, end } = range;
        let kept = self.kept_texts(source, start);
        if kept.as_ref().is_some_and(|texts| start + texts.len() >= end) {
            return Ok(kept);
        }
        let (list, block) = (source.list, source.block(self, ahead)?);
        let texts = Texts::written(kept.as_deref(), |texts| {
            for (_, entry) in block.entries(start + texts.len()..end) {
                if texts.memory() > MOST_TOGETHER {
                    return Ok(false);
                }
                account.work(STEPS_A_RECORD)?;
                self.show_in_blocks(list, &entry, |body| {
                    texts.push(entry.class, document(body), account)
                })?;
            }
            Ok(true)
        })?;
        let texts = texts.map(Arc::new);
        if let Some(texts) = &texts {
            let stretch = Stretch { place: source.place, start };
            self.pool.caches.texts.keep(stretch, texts.clone(), texts.memory());
        }
        Ok(texts)
    }

    /// Those that there are, perhaps of the first records only.
    pub(crate) fn kept_texts(self, source: &Source<'_>, start: usize) -> Option<Arc<Texts>> {
        self.pool.caches.texts.get(&Stretch { place: source.place, start })
    }

    /// The text of a record that was found. One in a block is kept from the second time on.
    pub(crate) fn text_of(self, stored: &Stored, account: &Account) -> Result<Text> {
        if let Some(cell) = stored.cell() {
            return self.text_in_cell(cell, account);
        }
        let (caches, version) = (&self.pool.caches, self.state.version.number());
        let id = stored.document().get("_id");
        let (Some(ValueRef::String(id)), Some(place)) = (id, stored.place()) else {
            return Ok(Text::Whole(Text::of(stored.document(), account)?));
        };
        if let Some(text) = caches.record(version, id) {
            return Ok(Text::Kept(text));
        }
        let text = Text::of(stored.document(), account)?;
        if !caches.seen.again(&place) {
            return Ok(Text::Whole(text));
        }
        let text: Arc<[u8]> = text.into();
        caches.keep_record(version, id, &text);
        Ok(Text::Kept(text))
    }

    /// The text of the record of a cell.
    fn text_in_cell(self, cell: &Cell, account: &Account) -> Result<Text> {
        let written = &self.pool.caches.written;
        if let Some(text) = written.get(&cell.stamp()) {
            return Ok(Text::Kept(text));
        }
        let text: Arc<[u8]> = Text::of(document(cell.payload()), account)?.into();
        written.keep(cell.stamp(), text.clone(), text.len());
        Ok(Text::Kept(text))
    }

    /// The text of the record of that id. It is one record, whole: nobody has to be able to end that.
    pub(crate) fn text_by_id(self, id: &str) -> Result<Option<Text>> {
        let account = &Account::default();
        let is_written = || self.cell(&List::ids().key(&by_id(id)));
        let is_in_blocks = self.is_settled() || is_written().is_none();
        if is_in_blocks && let Some(text) = self.pool.caches.record(self.state.version.number(), id)
        {
            return Ok(Some(Text::Kept(text)));
        }
        let Some(stored) = self.by_id(id)? else { return Ok(None) };
        if let Some(cell) = stored.cell() {
            return self.text_in_cell(cell, account).map(Some);
        }
        let text: Arc<[u8]> = Text::of(stored.document(), account)?.into();
        if is_in_blocks {
            self.pool.caches.keep_record(self.state.version.number(), id, &text);
        }
        Ok(Some(Text::Kept(text)))
    }
}
