//! Records as the projection shows them: where they lie, if nothing has to be made for it, else as documents.

use filedex_query::{Account, Document, DocumentRef, Error as QueryError};

use super::execution::Execution;
use super::reply::Reply;
use crate::cache::Text;
use crate::error::Result;
use crate::snapshot::Stored;

/// What showing a record costs, beside what is done with its fields.
const STEPS_A_RECORD: u64 = 4;

/// Bytes of a record that is written without a bound, to be kept.
const MOST_WRITTEN: usize = 64 << 10;

impl Execution<'_> {
    /// The text of a record, if that is short enough to be written without a bound.
    pub(super) fn text_to_keep(&self, record: &Stored) -> Result<Option<Text>> {
        let is_short = record.body().len() <= MOST_WRITTEN;
        is_short.then(|| self.snapshot.text_of(record, self.running.account())).transpose()
    }

    /// Adds the records to a reply as the projection shows them.
    pub(crate) fn show(&mut self, records: &[Stored], reply: &mut Reply<'_>) -> Result<()> {
        let account = self.running.account();
        let cuts = self.plan.projection().cuts();
        for record in records {
            self.decoded += 1;
            account.work(STEPS_A_RECORD)?;
            if cuts
                && let Some(text) = self.text_to_keep(record)?
                && reply.add_text(text.marked(), account)?
            {
                continue;
            }
            let record = record.document();
            if reply.add_record(record, account)? {
                continue;
            }
            let held = account.held();
            reply.add(self.shown(record)?.view(), account)?;
            account.release_to(held);
        }
        Ok(())
    }

    /// Shows the records all together as the projection does, where they lie if nothing has to be made
    /// for it.
    pub(crate) fn show_together(
        &mut self,
        records: &[Stored],
        show: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
    ) -> Result<()> {
        let projection = self.plan.projection();
        let account = self.running.account();
        account.hold(size_of_val(records))?;
        let in_place = records.iter().map(|record| projection.in_place(record.document()));
        if let Some(shown) = in_place.collect::<Option<Vec<DocumentRef<'_>>>>() {
            self.decoded += shown.len() as u64;
            account.work(STEPS_A_RECORD * shown.len() as u64)?;
            show(&shown, account);
            return Ok(());
        }
        let documents = self.documents(records)?;
        let shown: Vec<DocumentRef<'_>> = documents.iter().map(Document::view).collect();
        show(&shown, self.running.account());
        Ok(())
    }

    /// The records as the projection shows them, within what a reply may hold.
    pub(crate) fn documents(&mut self, records: &[Stored]) -> Result<Vec<Document>> {
        let (held, most) = (self.account().held(), self.plan.limits().reply_bytes);
        let mut documents = Vec::with_capacity(records.len());
        for record in records {
            documents.push(self.show_one(record)?);
            if self.account().held().saturating_sub(held) > most {
                return Err(QueryError::limit("reply_bytes", most).into());
            }
        }
        Ok(documents)
    }

    /// The record as the projection shows it. It is held from then on.
    pub(crate) fn show_one(&mut self, record: &Stored) -> Result<Document> {
        self.decoded += 1;
        self.running.account().work(STEPS_A_RECORD)?;
        self.shown(record.document())
    }

    fn shown(&self, record: DocumentRef<'_>) -> Result<Document> {
        let (projection, account) = (self.plan.projection(), self.running.account());
        let found = match projection.needs_position() {
            true => self.plan.matcher().find_within(record, account)?,
            false => None,
        };
        Ok(projection.apply_within(record, found, account)?)
    }
}
