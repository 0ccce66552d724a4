//! A reply in texts that is put together record by record, within the bytes that it may have.
//!
//! What of a record shows is the projection's business.

use filedex_query::ejson::{Marked, MarkedTexts};
use filedex_query::{Account, Cut, DocumentRef, Plan, Projection};

use crate::error::Result;

/// Who gets the texts.
pub(crate) enum Visitor<'v> {
    /// Each with its marks.
    Marked(&'v mut dyn FnMut(Marked<'_>)),
    /// One or several at once with commas between them, and how many these are.
    Joined(&'v mut dyn FnMut(&[u8], u64)),
}

/// Who gets the texts, and how many bytes of them there may be.
pub(crate) struct Reply<'v> {
    visitor: Visitor<'v>,
    projection: &'v Projection,
    texts: MarkedTexts,
    cut: Cut,
}

/// Bytes that are copied for the price of a step.
const BYTES_A_STEP: usize = 512;

impl Visitor<'_> {
    fn show(&mut self, text: Marked<'_>) {
        match self {
            Visitor::Marked(visitor) => visitor(text),
            Visitor::Joined(visitor) => visitor(text.text(), 1),
        }
    }
}

impl<'v> Reply<'v> {
    pub(crate) fn new(visitor: Visitor<'v>, plan: &'v Plan) -> Reply<'v> {
        let texts = MarkedTexts::within(plan.limits().reply_bytes);
        Reply { visitor, projection: plan.projection(), texts, cut: Cut::default() }
    }

    /// Adds a record by its text, as the projection shows it; false, and nothing is added, if the record has to be
    /// looked at for that.
    pub(crate) fn add_text(&mut self, text: Marked<'_>, account: &Account) -> Result<bool> {
        account.work((text.text().len() / BYTES_A_STEP) as u64)?;
        let Some(shown) = self.projection.cut(text, &mut self.cut) else { return Ok(false) };
        self.texts.take(shown.text().len())?;
        self.visitor.show(shown);
        Ok(true)
    }

    /// Adds the texts of so many records with commas between them; false, and nothing is added, if they have to be
    /// taken one by one.
    pub(crate) fn add_joined(
        &mut self,
        texts: &[u8],
        records: u64,
        account: &Account,
    ) -> Result<bool> {
        let Visitor::Joined(visitor) = &mut self.visitor else { return Ok(false) };
        if !self.projection.is_everything() || records == 0 {
            return Ok(false);
        }
        account.work((texts.len() / BYTES_A_STEP) as u64)?;
        self.texts.take((texts.len() + 1).saturating_sub(records as usize))?;
        visitor(texts, records);
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
        self.visitor.show(text);
        Ok(())
    }
}
