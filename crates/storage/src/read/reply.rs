//! A reply in texts that is put together record by record, within the bytes that it may have.
//!
//! What of a record shows is the projection's business.

use filedex_query::ejson::{Marked, MarkedTexts};
use filedex_query::{Account, Cut, DocumentRef, Plan, Projection};

use crate::error::Result;

/// Who gets the texts, and how many bytes of them there may be.
pub(crate) struct Reply<'v> {
    visitor: &'v mut dyn FnMut(Marked<'_>),
    projection: &'v Projection,
    texts: MarkedTexts,
    cut: Cut,
}

/// Bytes that are copied for the price of a step.
const BYTES_A_STEP: usize = 512;

impl<'v> Reply<'v> {
    pub(crate) fn new(visitor: &'v mut dyn FnMut(Marked<'_>), plan: &'v Plan) -> Reply<'v> {
        let texts = MarkedTexts::within(plan.limits().reply_bytes);
        Reply { visitor, projection: plan.projection(), texts, cut: Cut::default() }
    }

    /// Adds a record by its text, as the projection shows it; false, and nothing is added, if the record has to be
    /// looked at for that.
    pub(crate) fn add_text(&mut self, text: Marked<'_>, account: &Account) -> Result<bool> {
        account.work((text.text().len() / BYTES_A_STEP) as u64)?;
        let Some(shown) = self.projection.cut(text, &mut self.cut) else { return Ok(false) };
        self.texts.take(shown.text().len())?;
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
        let text = self.texts.write(shown, account)?;
        account.work((text.text().len() / BYTES_A_STEP) as u64)?;
        (self.visitor)(text);
        Ok(())
    }
}
