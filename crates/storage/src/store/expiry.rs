//! Records that are to go at a date of their own: those whose date comes first are known in memory, so that
//! each call looks at what is due and at what was written since the last one.
//!
//! Nothing on disk depends on it. The first call of an open store goes through all records once; so does one
//! that fell behind what is kept of writes, or that has used up the dates which it knew.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::time::Instant;

use filedex_query::{
    Account, Arrays, Date, Document, DocumentRef, Environment, Filter, Path, Plan, Projection,
    Sort, Value, ValueRef,
};
use parking_lot::Mutex;

use super::handle::Store;
use super::history::Next;
use super::put::RECORDS_PER_WRITE;
use crate::error::Result;
use crate::format::record::document;
use crate::options::Durability;
use crate::read::{Access, Execution, Figure, Running, Watch};
use crate::snapshot::{Snapshot, State};
use crate::write::Batch;

/// The dates of records by field, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Expiry(Mutex<HashMap<String, Timetable>>);

/// The records whose dates under one path come first.
#[derive(Debug, Default)]
struct Timetable {
    soonest: BTreeSet<(Date, Box<str>)>,
    /// Every record whose date comes before this one is there; all of them, if there is none.
    horizon: Option<Date>,
    /// The number of the last write that was looked at.
    seen: u64,
}

/// Dates that are known at once, some 2 MB of them.
const MOST_DATES: usize = 20_000;

impl Store {
    /// Removes all records with a date under that path that is not after `now`, in steps as
    /// [`Store::remove_all`] does, and says how many there were. `due` is the plan of those records: no other is
    /// removed. Beside what is due, a call costs what was written since the one before.
    ///
    /// # Errors
    /// As [`Store::remove_all`].
    pub fn expire(&self, due: &Plan, path: &Path, now: Date, watch: &Watch) -> Result<u64> {
        let mut tables = self.shared().expiry.0.lock();
        let mut expired = 0;
        loop {
            let mut table = match tables.remove(path.text()) {
                Some(table) => table,
                None => self.timetable(path, watch)?,
            };
            if !table.follow(self, path) {
                table = self.timetable(path, watch)?;
            }
            while let Some(step) = table.due(now) {
                watch.look(&self.options().limits)?;
                expired += self.remove_due(due, &step, watch)?;
                for entry in &step {
                    table.soonest.remove(entry);
                }
            }
            // What lies behind the horizon may be due as well.
            if table.horizon.is_none_or(|horizon| horizon > now) {
                tables.insert(path.text().to_owned(), table);
                self.shared().make_durable(self.options().durability)?;
                return Ok(expired);
            }
        }
    }

    /// Goes through all records that have a date there.
    fn timetable(&self, path: &Path, watch: &Watch) -> Result<Timetable> {
        // From here on what is written is kept: the state that is read now has all before.
        let seen = self.shared().begin_history()?;
        let mut table = Timetable { seen, ..Timetable::default() };
        let state: State = self.shared().state();
        let (shared, plan) = (self.shared(), dated(path)?);
        let reading = Snapshot::new(&shared.pool, &state);
        let access = Access::stream(reading, &plan)?;
        let running = Running::start(watch, &shared.options.limits);
        let mut execution = Execution::new(reading, &plan, &access, running);
        let mut note = |record: DocumentRef<'_>, _: &Account| {
            table.note(path, record);
            Ok(())
        };
        execution.gather(Figure::Each(&mut note))?;
        Ok(table)
    }

    fn remove_due(&self, due: &Plan, step: &[(Date, Box<str>)], watch: &Watch) -> Result<u64> {
        self.shared().write(Durability::Relaxed, true, |batch: &mut Batch<'_>| {
            let mut removed = 0;
            for (_, id) in step {
                let Some(record) = batch.stored(id)? else { continue };
                let account = watch.account(&self.options().limits);
                // The date that is known may be an old one.
                if due.matcher().matches_within(record.document(), &account)? {
                    removed += u64::from(batch.remove(id)?);
                }
            }
            Ok(removed)
        })
    }
}

impl Timetable {
    /// Looks at what was written since; false if that is not kept any more.
    fn follow(&mut self, store: &Store, path: &Path) -> bool {
        let now = Instant::now();
        loop {
            match store.shared().history.after(self.seen, now) {
                Next::Nothing | Next::End => return true,
                Next::Gap(_) => return false,
                Next::Write(write) => {
                    self.seen = write.number;
                    let written = write.fates.iter().filter_map(|fate| fate.after.as_deref());
                    written.for_each(|body| self.note(path, document(body)));
                }
            }
        }
    }

    /// Notes the record's date, if it is one of the first.
    fn note(&mut self, path: &Path, record: DocumentRef<'_>) {
        let Some(date) = earliest(path, record) else { return };
        let Some(id) = record.get("_id").and_then(ValueRef::as_text) else { return };
        if self.horizon.is_some_and(|horizon| date >= horizon) {
            return;
        }
        self.soonest.insert((date, id.into()));
        if self.soonest.len() > MOST_DATES
            && let Some((last, _)) = self.soonest.pop_last()
        {
            self.horizon = Some(last);
            // Others of that date are not known any more, either.
            self.soonest.retain(|(date, _)| *date < last);
        }
    }

    /// Some of the records that may be due.
    fn due(&self, now: Date) -> Option<Vec<(Date, Box<str>)>> {
        let due = self.soonest.iter().take_while(|(date, _)| *date <= now);
        let step: Vec<_> = due.take(RECORDS_PER_WRITE).cloned().collect();
        (!step.is_empty()).then_some(step)
    }
}

/// The plan of all records with a date under that path.
fn dated(path: &Path) -> Result<Plan> {
    let environment = Environment::default();
    let of_type = Document::new().with("$type", Value::from("date"));
    let filter = Filter::parse(&Document::new().with(path.text(), of_type), &environment)?;
    Ok(Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?)
}

/// The first of the dates that a record has under that path.
fn earliest(path: &Path, record: DocumentRef<'_>) -> Option<Date> {
    let mut earliest: Option<Date> = None;
    let _all_visited = path.walk(record, Arrays::Expand, &mut |leaf| {
        if let Some(ValueRef::Date(date)) = leaf.value {
            earliest = Some(earliest.map_or(date, |before| before.min(date)));
        }
        ControlFlow::Continue(())
    });
    earliest
}
