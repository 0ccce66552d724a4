//! A reply in texts that is put together record by record, within the bytes that it may have.
//!
//! What of a record shows is the projection's business.

use filedex_query::ejson::{Marked, write_marked_within};
use filedex_query::{Account, Cut, DocumentRef, Error as QueryError, Plan, Projection};

use crate::error::Result;

/// Who gets the texts, and how many bytes of them there may be.
pub(crate) struct Reply<'v> {
    visitor: &'v mut dyn FnMut(Marked<'_>),
    projection: &'v Projection,
    most: usize,
    left: usize,
    /// The text of one record after the other, and its marks.
    text: Vec<u8>,
    marks: Vec<u8>,
    cut: Cut,
}

/// Bytes that are copied for the price of a step.
const BYTES_A_STEP: usize = 512;

impl<'v> Reply<'v> {
    pub(crate) fn new(visitor: &'v mut dyn FnMut(Marked<'_>), plan: &'v Plan) -> Reply<'v> {
        let most = plan.limits().reply_bytes;
        let (text, marks, cut) = Default::default();
        Reply { visitor, projection: plan.projection(), most, left: most, text, marks, cut }
    }

    /// Adds a record by its text, as the projection shows it; false, and nothing is added, if the record has to be
    /// looked at for that.
    pub(crate) fn add_text(&mut self, text: Marked<'_>, account: &Account) -> Result<bool> {
        account.work((text.text().len() / BYTES_A_STEP) as u64)?;
        let Some(shown) = self.projection.cut(text, &mut self.cut) else { return Ok(false) };
        self.left = self.left.checked_sub(shown.text().len()).ok_or_else(|| too_long(self.most))?;
        (self.visitor)(shown);
        Ok(true)
    }

    /// Adds a record as the projection shows it, where that takes no more than passing fields over.
    pub(crate) fn add_record(
        &mut self,
        record: DocumentRef<'_>,
        account: &Account,
    ) -> Result<bool> {
        let Some(shown) = self.projection.in_place(record) else { return Ok(false) };
        self.add(shown, account)?;
        Ok(true)
    }

    /// Adds what is shown of a record.
    pub(crate) fn add(&mut self, shown: DocumentRef<'_>, account: &Account) -> Result<()> {
        self.text.clear();
        self.marks.clear();
        let room = (&mut self.text, &mut self.marks);
        write_marked_within(shown, room, self.left, account).map_err(
            // The limit is that of the whole reply, not of what is left of it.
            |error| {
                if error.limit_name() == Some("reply_bytes") { too_long(self.most) } else { error }
            },
        )?;
        account.work((self.text.len() / BYTES_A_STEP) as u64)?;
        self.left -= self.text.len().min(self.left);
        (self.visitor)(Marked::new(&self.text, &self.marks));
        Ok(())
    }
}

pub(crate) fn too_long(most: usize) -> QueryError {
    QueryError::limit("reply_bytes", most)
}
