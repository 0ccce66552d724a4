//! What becomes of records that arrive: judged, counted, kept if they belong to the window, shown.
//!
//! All of it is charged to the account of the request. This file knows plans and records; it knows no
//! server.

use filedex::{Document, Plan, Position, QueryError, Watch, Window};
use filedex_query::ejson::{Form, write_document_within};
use filedex_query::{Account, TopK};

use crate::error::Failure;
use crate::place::Place;
use crate::question::Question;
use crate::record;

type Ends = Option<(Position, Position)>;
type Outcome<T> = std::result::Result<T, Failure>;

/// What looking at a record costs, in steps of the account.
const STEPS_A_RECORD: u64 = 4;

/// Takes records and gives those of a window.
pub(crate) struct Collector<'p> {
    plan: &'p Plan,
    question: &'p Question,
    account: &'p Account,
    window: Window,
    kept: Kept,
    pub(crate) examined: u64,
    pub(crate) matched: u64,
    most_examined: u64,
    /// Where all of them have to lie beside.
    pub(crate) place: Option<&'p Place>,
    /// Whether one does not, or may stand in another's place.
    pub(crate) has_strayed: bool,
}

enum Kept {
    /// They come in order, from that one on.
    InOrder {
        from: u64,
        records: Vec<Document>,
    },
    Sorted(TopK<Document>),
}

impl<'p> Collector<'p> {
    /// For records of which the server passed over so many.
    pub(crate) fn new(
        plan: &'p Plan,
        question: &'p Question,
        account: &'p Account,
        window: Window,
        watch: &Watch,
        passed: u64,
    ) -> Collector<'p> {
        let limits = plan.limits();
        let kept = match question.sort {
            Some(_) => Kept::InOrder { from: passed, records: Vec::new() },
            None => {
                let end = window.count.map(|count| window.offset.saturating_add(count));
                let end = end.map(|end| usize::try_from(end).unwrap_or(usize::MAX));
                Kept::Sorted(TopK::new(end, limits))
            }
        };
        let most = watch.documents_examined.unwrap_or(u64::MAX).min(limits.documents_examined);
        Collector {
            plan,
            question,
            account,
            window,
            kept,
            examined: 0,
            matched: 0,
            most_examined: most,
            place: None,
            has_strayed: false,
        }
    }

    /// Takes the next record.
    pub(crate) fn take(&mut self, raw: &mongodb::bson::RawDocument) -> Outcome<()> {
        self.examined += 1;
        if self.examined > self.most_examined {
            return Err(QueryError::limit("documents_examined", self.most_examined).into());
        }
        self.account.work(STEPS_A_RECORD)?;
        let bytes = raw.as_bytes().len();
        let record = record::read(raw)?;
        let residual = self.plan.residual(&self.question.proven);
        if !residual.matches_within(record.view(), self.account)? {
            return Ok(());
        }
        if let Some(place) = self.place {
            let held = self.account.held();
            let is_beside = place.has(&sort_key(self.plan, &record, self.account)?);
            self.has_strayed |= !is_beside || !place.is_reversible(self.plan, record.view());
            self.account.release_to(held);
        }
        let position = self.matched;
        self.matched += 1;
        if self.window.count == Some(0) {
            return Ok(());
        }
        self.keep(position, record, bytes)
    }

    fn keep(&mut self, position: u64, record: Document, bytes: usize) -> Outcome<()> {
        match &mut self.kept {
            Kept::InOrder { from, records } => {
                let position = position.saturating_add(*from);
                let end = self.window.count.map(|count| self.window.offset.saturating_add(count));
                if position >= self.window.offset && end.is_none_or(|end| position < end) {
                    self.account.hold(bytes)?;
                    records.push(record);
                }
            }
            Kept::Sorted(top) => {
                let held = self.account.held();
                let key = sort_key(self.plan, &record, self.account)?;
                self.account.release_to(held);
                let before = top.held();
                top.push(key, record, bytes)?;
                let after = top.held();
                self.account.release(before.saturating_sub(after));
                self.account.hold(after.saturating_sub(before))?;
            }
        }
        Ok(())
    }

    /// The records of the window, as they are shown.
    pub(crate) fn finish(self) -> Outcome<(Vec<Document>, Ends)> {
        let (plan, account) = (self.plan, self.account);
        let (held, most) = (account.held(), plan.limits().reply_bytes);
        let (records, mut shown) = (self.into_window(), Vec::new());
        let ends = ends(plan, &records)?;
        for record in records {
            shown.push(show(plan, &record, account)?);
            if account.held().saturating_sub(held) > most {
                return Err(QueryError::limit("reply_bytes", most).into());
            }
        }
        Ok((shown, ends))
    }

    /// The JSON texts of the records of the window.
    pub(crate) fn finish_texts(self) -> Outcome<Vec<Vec<u8>>> {
        let (plan, account) = (self.plan, self.account);
        let most = plan.limits().reply_bytes;
        let (mut texts, mut left) = (Vec::new(), most);
        for record in self.into_window() {
            let held = account.held();
            let (record, mut text) = (show(plan, &record, account)?, Vec::new());
            write_document_within(record.view(), Form::Plain, &mut text, left, account).map_err(
                // The limit is that of the whole reply, not of what is left of it.
                |error| match error.limit_name() {
                    Some("reply_bytes") => QueryError::limit("reply_bytes", most),
                    _ => error,
                },
            )?;
            account.release_to(held);
            left = left.saturating_sub(text.len());
            texts.push(text);
        }
        Ok(texts)
    }

    fn into_window(self) -> Vec<Document> {
        let offset = usize::try_from(self.window.offset).unwrap_or(usize::MAX);
        match self.kept {
            Kept::InOrder { mut records, .. } => {
                // Towards an end they came from there.
                if self.place.is_some_and(Place::is_end) {
                    records.reverse();
                }
                records
            }
            Kept::Sorted(top) => top.into_sorted().into_iter().skip(offset).collect(),
        }
    }
}

/// The places of the first and the last record in the plan's order, if it has one.
fn ends(plan: &Plan, records: &[Document]) -> Outcome<Ends> {
    let place = |record: &Document| plan.sort().position(record.view());
    match (records.first(), records.last()) {
        (Some(first), Some(last)) if !plan.sort().is_none() => {
            Ok(Some((place(first)?, place(last)?)))
        }
        _ => Ok(None),
    }
}

/// The record as the plan shows it.
pub(crate) fn show(plan: &Plan, record: &Document, account: &Account) -> Outcome<Document> {
    let found = match plan.projection().needs_position() {
        true => plan.matcher().find_within(record.view(), account)?,
        false => None,
    };
    Ok(plan.projection().apply_within(record.view(), found, account)?)
}

/// Where the record stands in the plan's order; without one the newest come first.
fn sort_key(plan: &Plan, record: &Document, account: &Account) -> Outcome<Vec<u8>> {
    Ok(plan.sort().key_with_id_within(record.view(), account)?)
}
