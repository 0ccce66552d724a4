//! Removing and changing all records of a plan, in bounded atomic steps.
//!
//! Which records there are is found out beside other writers, in the state of the beginning; a step asks
//! again only if somebody else wrote meanwhile.

use filedex_query::{Account, Document, Found, Plan, Projection};

use super::handle::Store;
use super::put::{BYTES_PER_WRITE, RECORDS_PER_WRITE};
use super::walker::{CHUNK, Walker};
use crate::error::{Error, Result};
use crate::format::Record;
use crate::options::Durability;
use crate::read::Watch;
use crate::snapshot::{Snapshot, State, Stored};
use crate::write::{Batch, Put};

/// What was made of all records of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Sweep {
    /// Records that matched and were met.
    pub matched: u64,
    /// Those of them that are another now, or gone.
    pub changed: u64,
}

/// A sweep that is under way.
struct Sweeping<'s> {
    store: &'s Store,
    plan: &'s Plan,
    state: State,
    /// The stamp of the last cell, unless somebody else has written since the state was taken.
    stamp: u64,
    walker: Walker,
    /// What records are looked at again and changed with; nothing of one is held when the next one comes.
    account: &'s Account,
    sweep: Sweep,
    progress: &'s mut dyn FnMut(Sweep),
}

impl Store {
    /// Removes all records that match in the state of now, in steps of up to 1,000 records or some 4 MiB. A
    /// step is one write: readers see all of it or nothing. Records that no longer match when their turn
    /// comes stay; those that come to match meanwhile may. `progress` is told after each step what has been
    /// done so far.
    ///
    /// ```
    /// # use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort};
    /// # use filedex_storage::{Options, Store, Watch};
    /// # let store = Store::temporary(&Options::default())?;
    /// # let environment = Environment::default();
    /// store.put_many((0..1500).map(|number| {
    ///     Document::new().with("_id", number.to_string()).with("rid", "GENERAL")
    /// }))?;
    /// let room = Filter::eq("rid", "GENERAL")?;
    /// let plan = Plan::compile(room, Projection::everything(), Sort::none(), &environment)?;
    /// let mut steps = Vec::new();
    /// store.remove_all(&plan, &Watch::default(), &mut |sweep| steps.push(sweep.changed))?;
    /// assert_eq!(steps, [1000, 1500]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Store::page`] and [`Store::put`]. The steps before the failing one stand, as durable as the
    /// options say.
    pub fn remove_all(
        &self,
        plan: &Plan,
        watch: &Watch,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        self.sweep(plan, watch, progress, |sweeping| {
            while let Some(step) = sweeping.next_step()? {
                sweeping.remove(step)?;
            }
            Ok(())
        })
    }

    /// Changes all records that match in the state of now, each once, in steps as [`Store::remove_all`]
    /// does. The change is given a record and what of it matched, and gives what it is to be.
    ///
    /// # Errors
    /// Those of the change; as [`Store::page`] and [`Store::put`], `InvalidRecord` also if the change touches
    /// `_id`. The steps before the failing one stand, as durable as the options say.
    pub fn change_all<E: From<Error>>(
        &self,
        plan: &Plan,
        watch: &Watch,
        change: &mut dyn FnMut(Document, Found) -> std::result::Result<Document, E>,
        progress: &mut dyn FnMut(Sweep),
    ) -> std::result::Result<Sweep, E> {
        self.sweep(plan, watch, progress, |sweeping| {
            while let Some(step) = sweeping.next_step()? {
                sweeping.change(step, change)?;
            }
            Ok(())
        })
    }

    fn sweep<E: From<Error>>(
        &self,
        plan: &Plan,
        watch: &Watch,
        progress: &mut dyn FnMut(Sweep),
        work: impl FnOnce(&mut Sweeping<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<Sweep, E> {
        let (state, stamp) = self.shared().stamped_state()?;
        let reading = Snapshot::new(&self.shared().pool, &state);
        let limits = &self.options().limits;
        let (walker, account) = (Walker::new(reading, plan, watch, limits)?, watch.account(limits));
        let sweep = Sweep::default();
        let mut sweeping = Sweeping {
            store: self,
            plan,
            state,
            stamp,
            walker,
            account: &account,
            sweep,
            progress,
        };
        let done = work(&mut sweeping);
        let sweep = sweeping.sweep;
        drop(sweeping);
        // Also of a run of writes that ends with an error, those before are as durable as was promised.
        let durable = self.shared().make_durable(self.options().durability);
        done?;
        durable?;
        Ok(sweep)
    }
}

impl<'s> Sweeping<'s> {
    /// The records of the next step, as they were in the beginning.
    fn next_step(&mut self) -> Result<Option<Vec<Stored>>> {
        self.walker.look()?;
        let reading = Snapshot::new(&self.store.shared().pool, &self.state);
        let (mut step, mut bytes) = (Vec::new(), 0);
        while step.len() < RECORDS_PER_WRITE && bytes < BYTES_PER_WRITE {
            let most = CHUNK.min(RECORDS_PER_WRITE - step.len());
            let some = self.walker.chunk(reading, most, &mut |_, record| {
                bytes += record.body().len();
                step.push(record);
                Ok(())
            })?;
            if !some {
                break;
            }
        }
        Ok((!step.is_empty()).then_some(step))
    }

    fn remove(&mut self, step: Vec<Stored>) -> Result<()> {
        let removed = self.write(|batch, nobody_wrote, asking| {
            let mut removed = 0;
            for record in step {
                let record = match nobody_wrote {
                    true => Some(record),
                    false => current(batch, asking, &record)?,
                };
                removed += u64::from(record.is_some());
                record.into_iter().for_each(|record| batch.remove_known(record));
            }
            Ok::<u64, Error>(removed)
        })?;
        self.sweep.matched += removed;
        self.sweep.changed += removed;
        (self.progress)(self.sweep);
        Ok(())
    }

    fn change<E: From<Error>>(
        &mut self,
        step: Vec<Stored>,
        change: &mut dyn FnMut(Document, Found) -> std::result::Result<Document, E>,
    ) -> std::result::Result<(), E> {
        let asking = self.asking();
        // All but the writing itself is done before the turn.
        let mut changed = Vec::with_capacity(step.len());
        for before in step {
            let after = changed_record(asking, &before, change)?;
            changed.extend(after.map(|after| (before, after)));
        }
        let (matched, changed) = self.write(|batch, nobody_wrote, asking| {
            let (mut matched, mut puts) = (0, 0);
            for (before, after) in changed {
                let put = match nobody_wrote {
                    true => Some(batch.replace_known(before, after)),
                    false => change_current(batch, asking, (&before, after), change)?,
                };
                matched += u64::from(put.is_some());
                puts += u64::from(put.is_some_and(|put| put != Put::Unchanged));
            }
            Ok::<(u64, u64), E>((matched, puts))
        })?;
        self.sweep.matched += matched;
        self.sweep.changed += changed;
        (self.progress)(self.sweep);
        Ok(())
    }

    /// Makes a step in a turn of its own, which is told whether nobody else has written since the beginning.
    fn write<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>, bool, Asking<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let (asking, known) = (self.asking(), self.stamp);
        let (answer, stamp) = self.store.shared().write(Durability::Relaxed, false, |batch| {
            let nobody_wrote = batch.stamp() == known;
            let answer = work(batch, nobody_wrote, asking)?;
            // No stamp comes after the last of all: once somebody has written, it stays known.
            Ok::<_, E>((answer, if nobody_wrote { batch.stamp() } else { u64::MAX }))
        })?;
        self.stamp = stamp;
        Ok(answer)
    }

    fn asking(&self) -> Asking<'s> {
        let most_depth = self.store.options().limits.document_depth;
        Asking { plan: self.plan, account: self.account, most_depth }
    }
}

/// What single records are looked at with.
#[derive(Clone, Copy)]
struct Asking<'s> {
    plan: &'s Plan,
    account: &'s Account,
    most_depth: usize,
}

/// The record of that id as it stands now, if it is the one that matched, or matches as well.
fn current(batch: &Batch<'_>, asking: Asking<'_>, before: &Stored) -> Result<Option<Stored>> {
    let Some(now) = batch.stored(&before.standing().id)? else { return Ok(None) };
    let still = now.body() == before.body() || {
        let held = asking.account.held();
        let matches = asking.plan.matcher().matches_within(now.document(), asking.account)?;
        asking.account.release_to(held);
        matches
    };
    Ok(still.then_some(now))
}

/// What a change makes of a record; nothing if it does not match.
fn changed_record<E: From<Error>>(
    asking: Asking<'_>,
    before: &Stored,
    change: &mut dyn FnMut(Document, Found) -> std::result::Result<Document, E>,
) -> std::result::Result<Option<Record>, E> {
    let Asking { plan, account, most_depth } = asking;
    let held = account.held();
    let found = plan.matcher().find_within(before.document(), account).map_err(Error::from)?;
    let Some(found) = found else {
        account.release_to(held);
        return Ok(None);
    };
    let whole = Projection::everything().apply_within(before.document(), None, account);
    let record = whole.map_err(Error::from)?;
    let id = record.get("_id").cloned();
    let after = change(record, found)?;
    if after.get("_id") != id.as_ref() {
        return Err(Error::id_changed().into());
    }
    account.release_to(held);
    Ok(Some(Record::new(&after, most_depth)?))
}

/// Changes the record as it stands now; `None` if it does not match any more.
fn change_current<E: From<Error>>(
    batch: &mut Batch<'_>,
    asking: Asking<'_>,
    (before, after): (&Stored, Record),
    change: &mut dyn FnMut(Document, Found) -> std::result::Result<Document, E>,
) -> std::result::Result<Option<Put>, E> {
    let Some(now) = current(batch, asking, before)? else { return Ok(None) };
    let after = match now.body() == before.body() {
        true => Some(after),
        // Somebody changed it meanwhile: the change is of what it is now.
        false => changed_record(asking, &now, change)?,
    };
    Ok(after.map(|after| batch.replace_known(now, after)))
}
