//! A reply in texts that is put together record by record, within the bytes that it may have.
//!
//! What of a record shows is the projection's business.

use filedex_query::ejson::{Form, write_document_within};
use filedex_query::{Account, DocumentRef, Error as QueryError, Limits};

use crate::error::Result;

/// Who gets the texts, and how many bytes of them there may be.
pub(crate) struct Reply<'v> {
    visitor: &'v mut dyn FnMut(&[u8]),
    most: usize,
    left: usize,
    /// The text of one record after the other.
    text: Vec<u8>,
}

/// Bytes that are copied for the price of a step.
const BYTES_A_STEP: usize = 512;

impl<'v> Reply<'v> {
    pub(crate) fn new(visitor: &'v mut dyn FnMut(&[u8]), limits: &Limits) -> Reply<'v> {
        Reply { visitor, most: limits.reply_bytes, left: limits.reply_bytes, text: Vec::new() }
    }

    /// Adds the text of a record.
    pub(crate) fn add_text(&mut self, text: &[u8], account: &Account) -> Result<()> {
        account.work((text.len() / BYTES_A_STEP) as u64)?;
        self.left = self.left.checked_sub(text.len()).ok_or_else(|| too_long(self.most))?;
        (self.visitor)(text);
        Ok(())
    }

    /// Adds a record as it is.
    pub(crate) fn add(&mut self, record: DocumentRef<'_>, account: &Account) -> Result<()> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        write_document_within(record, Form::Plain, &mut text, self.left, account).map_err(
            // The limit is that of the whole reply, not of what is left of it.
            |error| {
                if error.limit_name() == Some("reply_bytes") { too_long(self.most) } else { error }
            },
        )?;
        self.add_text(&text, account)?;
        self.text = text;
        Ok(())
    }
}

pub(crate) fn too_long(most: usize) -> QueryError {
    QueryError::limit("reply_bytes", most)
}
