//! Records as the JSON texts of a reply: written once for each block, and kept.

use std::sync::Arc;

use filedex_query::ejson::{Form, write_document_within};
use filedex_query::{Account, DocumentRef, ValueRef};

use super::found::{Found, Stored};
use super::state::Snapshot;
use crate::blocks::Ahead;
use crate::cache::{Text, Texts};
use crate::error::Result;
use crate::format::keys::by_id;
use crate::format::record::document;
use crate::format::{List, Place};
use crate::memtable::Cell;

/// The record as the JSON text of a reply; the account is told of the work.
fn text_of(record: DocumentRef<'_>, account: &Account) -> Result<Vec<u8>> {
    let mut text = Vec::with_capacity(1024);
    // Who shows it has a bound of his own.
    write_document_within(record, Form::Plain, &mut text, usize::MAX, account)?;
    Ok(text)
}

impl<'s> Snapshot<'s> {
    /// The texts of the records of a block none of whose entries is overridden here. For a list that holds
    /// no records that is what makes them be those of the block, whoever reads it. The account is
    /// told of the work.
    pub(crate) fn texts(
        self,
        place: Place,
        list: &[u8],
        ahead: &mut Ahead,
        account: &Account,
    ) -> Result<Arc<Texts>> {
        if let Some(texts) = self.pool.caches.texts.get(&place) {
            return Ok(texts);
        }
        let block = self.block_by_the_way(place, list, ahead)?;
        let mut texts = Texts::default();
        for (at, entry) in block.all() {
            let record = self.resolve(list, Found::InBlock(block.clone(), at))?;
            let record = record.document();
            // The cache has its own bound; a reply's is asked for what is shown of it.
            texts.push(entry.class, |out| {
                Ok(write_document_within(record, Form::Plain, out, usize::MAX, account)?)
            })?;
        }
        let texts = Arc::new(texts.shrink());
        self.pool.caches.texts.keep(place, texts.clone(), texts.memory());
        Ok(texts)
    }

    /// The text of the record behind an entry of the list of that key.
    pub(crate) fn text(self, list: &[u8], found: Found, account: &Account) -> Result<Text> {
        self.text_of(&self.resolve(list, found)?, account)
    }

    /// The text of a record that was found. One in a block is kept from the second time on.
    pub(crate) fn text_of(self, stored: &Stored, account: &Account) -> Result<Text> {
        if let Some(cell) = stored.cell() {
            return self.text_in_cell(cell, account);
        }
        let (caches, version) = (&self.pool.caches, self.state.version.number());
        let id = stored.document().get("_id");
        let (Some(ValueRef::String(id)), Some(place)) = (id, stored.place()) else {
            return Ok(Text::Whole(text_of(stored.document(), account)?));
        };
        if let Some(text) = caches.record(version, id) {
            return Ok(Text::Kept(text));
        }
        let text = text_of(stored.document(), account)?;
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
        let text: Arc<[u8]> = text_of(document(cell.payload()), account)?.into();
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
        let text: Arc<[u8]> = text_of(stored.document(), account)?.into();
        if is_in_blocks {
            self.pool.caches.keep_record(self.state.version.number(), id, &text);
        }
        Ok(Some(Text::Kept(text)))
    }
}
