//! Removing and changing all matches of a lookup, whatever its window.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use filedex_query::{Account, ObjectId, Plan, Update, Value};
use filedex_storage::Sweep;

use super::Lookup;
use crate::backend::unsupported;
use crate::change::updated;
use crate::file::record;
use crate::{Change, Document, Environment, Error, Result};

/// What [`Lookup::update_all`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Updates {
    /// Records that matched.
    pub matched: u64,
    /// Those of them that are another now.
    pub changed: u64,
    /// The `_id` of the record that was put in, because none matched and the change says so.
    pub inserted: Option<String>,
}

impl Lookup {
    /// Takes all matches out, whatever the window, and says how many there were. It goes in steps of up to
    /// 1,000 records or some 4 MiB: a step is one write, of which readers see all or nothing. Records that
    /// come to match meanwhile may stay.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, room) in [("a", "GENERAL"), ("b", "GENERAL"), ("c", "random")] {
    ///     index.put(&File::new(id)?.with_room(room))?;
    /// }
    /// assert_eq!(index.room("GENERAL").remove_all()?, 2);
    /// assert_eq!(index.all().total()?, 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Lookup::page`]; `Cancelled`, and past [`Lookup::time`], with the steps that were done; `Unsupported`
    /// of a snapshot.
    pub fn remove_all(&self) -> Result<u64> {
        self.remove_all_with(&mut |_| ())
    }

    /// As [`Lookup::remove_all`]; `progress` is told after each step what has been done so far.
    ///
    /// # Errors
    /// As [`Lookup::remove_all`].
    pub fn remove_all_with(&self, progress: &mut dyn FnMut(Sweep)) -> Result<u64> {
        self.check_changes()?;
        let plan = self.unordered_plan()?;
        Ok(self.index.backend().remove_all(&plan, &self.watch, progress)?.changed)
    }

    /// Changes all matches, each once, by MongoDB's update language, in steps as [`Lookup::remove_all`] does. A
    /// positional `$` stands for what the filter found. With [`Change::upsert`] a record is put in where none
    /// matches: what the filters ask to equal, and the update.
    ///
    /// ```
    /// use filedex::{Change, File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, size) in [("a", 10), ("b", 2000)] {
    ///     index.put(&File::new(id)?.with_room("GENERAL").with_size(size))?;
    /// }
    /// let large = index.room("GENERAL").query(r#"{"size": {"$gt": 1000}}"#)?;
    /// let updates = large.update_all(r#"{"$set": {"rid": "archive"}, "$inc": {"moves": 1}}"#)?;
    /// assert_eq!((updates.matched, updates.changed), (1, 1));
    /// assert_eq!(index.room("archive").total()?, 1);
    ///
    /// let once = Change::new(r#"{"$set": {"name": "welcome.txt"}}"#).upsert();
    /// let updates = index.room("lobby").update_all(&once)?;
    /// assert!(updates.inserted.is_some());
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Query` for an update that can't be read; for one that a record does not allow, with the record
    /// ([`Error::failed_record`]) and the steps before it done; those of
    /// [`Lookup::remove_all`].
    pub fn update_all(&self, change: impl Into<Change>) -> Result<Updates> {
        self.update_all_with(change, &mut |_| ())
    }

    /// As [`Lookup::update_all`]; `progress` is told after each step what has been done so far.
    ///
    /// # Errors
    /// As [`Lookup::update_all`].
    pub fn update_all_with(
        &self,
        change: impl Into<Change>,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Updates> {
        self.check_changes()?;
        let change = change.into();
        let account = Arc::new(self.watch.account(self.index.limits()));
        let environment = Environment { account, ..self.environment.clone() };
        let (plan, update) = (self.unordered_plan()?, change.read(&environment)?);
        let account = &*environment.account;
        loop {
            let sweep = self.change_all(&plan, (&update, account), progress)?;
            let updates =
                Updates { matched: sweep.matched, changed: sweep.changed, inserted: None };
            if sweep.matched > 0 || !change.is_upsert() {
                return Ok(updates);
            }
            // Somebody else may have put one in meanwhile.
            if let Some(id) = self.insert_unless_there(&plan, (&update, account))? {
                return Ok(Updates { inserted: Some(id), ..updates });
            }
        }
    }

    fn change_all(
        &self,
        plan: &Plan,
        (update, account): (&Update, &Account),
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        let mut change = |before: Document, found| {
            let after = updated(update, &before, found, account);
            let id = before.get_str("_id");
            let mut after = after.map_err(|error| Error::from(error).of_record(id))?;
            record::retype(&before, &mut after)?;
            Ok(after)
        };
        self.index.backend().change_all(plan, &self.watch, &mut change, progress)
    }

    fn insert_unless_there(
        &self,
        plan: &Plan,
        (update, account): (&Update, &Account),
    ) -> Result<Option<String>> {
        self.index.write(|batch| {
            if batch.records()?.total(plan, &self.watch)? > 0 {
                return Ok(None);
            }
            let id = || Value::from(self.new_id());
            let record = update.insert_within(plan.filter(), id, account)?;
            batch.put(&record)?;
            Ok(record.get_str("_id").map(str::to_owned))
        })
    }

    /// The digits of a new object id: the time, and what no other is likely to have.
    fn new_id(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut bytes = [0; 12];
        let seconds = (now.as_secs() as u32).to_be_bytes();
        let drawn = self.index.environment().seed.to_be_bytes();
        let parts = seconds.iter().chain(&drawn);
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = *byte);
        ObjectId(bytes).to_hex()
    }

    /// A state that is kept is not changed.
    fn check_changes(&self) -> Result<()> {
        match self.state {
            None => Ok(()),
            Some(_) => Err(unsupported("changing what a lookup of one state finds")),
        }
    }
}
