//! Views being made: all records of a frame are put in order.
//!
//! Keys are drawn from columns; where these say the same of records, or not all, the records are read. This file does not
//! know what is asked of them.

use std::sync::Arc;

use filedex_query::{Environment, Filter, Limits, Plan, Projection};

use super::access::{Access, Path};
use super::execution::Execution;
use super::frame::Frame;
use super::ranked::When;
use super::scan::key_columns;
use super::watch::{Cancel, Running, Watch};
use crate::cache::views::{Arrangement, View, ViewKey};
use crate::error::{ErrorKind, Result};
use crate::format::keys::first_bytes;
use crate::snapshot::Snapshot;

/// How a key begins, then the `_id` in the direction of the sort, then the number of the record.
type Head = (u128, u32, u32);

/// What the key of a record costs, in steps.
pub(super) const STEPS_A_KEY: u64 = 1;

/// What reading a record for its key costs, in steps.
pub(super) const STEPS_A_RECORD: u64 = 8;

/// Makes a view for nobody in particular; false where there can be none.
pub(crate) fn arrange(
    snapshot: Snapshot<'_>,
    arrangement: Arrangement,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<bool> {
    let Arrangement { room, sort } = arrangement;
    let environment = Environment { limits: limits.clone(), ..Environment::default() };
    let plan = Plan::compile(Filter::all(), Projection::everything(), sort, &environment)?;
    let access = Access::along(Path::of_part(room), &plan, Vec::new());
    let watch = Watch { cancel: Some(cancel.clone()), ..Watch::default() };
    let mut execution = Execution::new(snapshot, &plan, &access, Running::start(&watch, limits));
    (execution.is_asked, execution.counted) = (false, true);
    Ok(execution.sorted(When::Now, false)?.is_some())
}

impl<'e> Execution<'e> {
    /// The view that is known, or one that is made now; none for a version that has passed.
    pub(super) fn view(
        &mut self,
        key: ViewKey,
        known: Option<Arc<View>>,
        frame: &Frame,
    ) -> Result<Option<Arc<View>>> {
        let pool = self.snapshot.pool;
        let version = self.snapshot.state.version.number();
        if let Some(view) = known.filter(|view| view.order.len() == frame.records()) {
            view.is_of_as_well(version);
            self.note_asked(&view);
            return Ok(Some(view));
        }
        let earlier = pool.views.get(&key);
        if earlier.as_ref().is_some_and(|view| view.version() > version) {
            return Ok(None);
        }
        let held = self.running.account().held();
        let order = match self.order(frame) {
            // A record without a key ends the query if it belongs to the answer, and only then.
            Err(error) if error.kind() == ErrorKind::Query => {
                self.running.account().look()?;
                self.running.account().release_to(held);
                return Ok(None);
            }
            order => order?,
        };
        self.running.account().release_to(held);
        let view = pool.views.keep(key, version, order, self.arrangement());
        self.note_asked(&view);
        Ok(Some(view))
    }

    fn note_asked(&self, view: &View) {
        if self.is_asked {
            view.note_asked();
        }
    }

    /// The numbers of all records of the frame, in the order of the sort.
    fn order(&mut self, frame: &Frame) -> Result<Vec<u32>> {
        let records = frame.records();
        self.running.account().hold(records * (size_of::<Head>() + size_of::<u32>()))?;
        let mut heads = self.heads(frame)?;
        heads.sort_unstable();
        let mut order: Vec<u32> = heads.iter().map(|(.., number)| *number).collect();
        let mut start = 0;
        for group in heads.chunk_by(|one, next| one.0 == next.0) {
            let end = start + group.len();
            if group.len() > 1
                && let Some(numbers) = order.get_mut(start..end)
            {
                self.order_alike(frame, group, numbers)?;
            }
            start = end;
        }
        Ok(order)
    }

    /// How the keys of all records begin.
    fn heads(&mut self, frame: &Frame) -> Result<Vec<Head>> {
        let (sort, mut key) = (self.plan.sort(), Vec::new());
        let mut heads = Vec::with_capacity(frame.records());
        for framed in frame.segments() {
            let columns = key_columns(sort, &framed.segment);
            for (row, number) in framed.rows.clone().zip(framed.first..) {
                self.running.account().work(STEPS_A_KEY)?;
                let id = self.directed(framed.segment.id_begin(row));
                if let Some(head) = self.head(columns.as_deref(), row) {
                    heads.push((head, id, number as u32));
                    continue;
                }
                if !self.append_key(columns.as_deref(), row, &mut key)? {
                    // Without the `_id`, as those that columns say.
                    let record = self.record_of(&framed.segment, row)?;
                    let account = self.running.account();
                    let held = account.held();
                    key = sort.key_within(record.document(), account)?;
                    account.release_to(held);
                }
                heads.push((first_bytes(&key), id, number as u32));
            }
        }
        Ok(heads)
    }

    /// Puts records in order whose keys begin alike, and which lie in the order of how their `_id`s begin.
    fn order_alike(&mut self, frame: &Frame, heads: &[Head], numbers: &mut [u32]) -> Result<()> {
        self.running.account().work(numbers.len() as u64 * 4)?;
        let mut first = Vec::new();
        let number = numbers.first().map_or(0, |number| *number as usize);
        let is_known = self.append_key_of(frame.find(number), &mut first)?;
        if !is_known || first.len() > size_of::<u128>() {
            return self.order_by_columns(frame, numbers);
        }
        // No key is the beginning of another: all of them are the same.
        self.order_groups(frame, numbers, heads, |one, next| one.1 == next.1)
    }

    /// Puts records in order by all of the columns and by how their `_id`s begin.
    fn order_by_columns(&mut self, frame: &Frame, numbers: &mut [u32]) -> Result<()> {
        let held = self.running.account().held();
        let mut keyed: Vec<(Vec<u8>, u32, u32)> = Vec::with_capacity(numbers.len());
        for number in numbers.iter() {
            let (mut key, found) = (Vec::new(), frame.find(*number as usize));
            if !self.append_key_of(found, &mut key)? {
                key.clear();
            }
            let id = self.directed(found.and_then(|(framed, row)| framed.segment.id_begin(row)));
            self.running.account().hold(key.len() + size_of::<(Vec<u8>, u32, u32)>())?;
            keyed.push((key, id, *number));
        }
        keyed.sort_unstable();
        numbers.iter_mut().zip(&keyed).for_each(|(place, (.., number))| *place = *number);
        // Records of which columns say nothing are asked, and so are all that begin like them.
        let is_unknown = keyed.first().is_some_and(|(key, ..)| key.is_empty());
        self.order_groups(frame, numbers, &keyed, |one, next| {
            is_unknown || (&one.0, one.1) == (&next.0, next.1)
        })?;
        self.running.account().release_to(held);
        Ok(())
    }

    /// Puts those records in order by what they say themselves that are alike, as far as is known.
    fn order_groups<T>(
        &mut self,
        frame: &Frame,
        numbers: &mut [u32],
        known: &[T],
        alike: impl FnMut(&T, &T) -> bool,
    ) -> Result<()> {
        let mut left = numbers;
        for group in known.chunk_by(alike) {
            let (numbers, rest) = left.split_at_mut_checked(group.len()).unwrap_or_default();
            left = rest;
            if numbers.len() > 1 {
                self.order_by_records(frame, numbers)?;
            }
        }
        Ok(())
    }

    fn order_by_records(&mut self, frame: &Frame, numbers: &mut [u32]) -> Result<()> {
        let held = self.running.account().held();
        let mut keyed = Vec::with_capacity(numbers.len());
        for number in numbers.iter() {
            let key = self.whole_key(frame, *number as usize)?;
            self.running.account().hold(key.len() + size_of::<(Vec<u8>, u32)>())?;
            keyed.push((key, *number));
        }
        keyed.sort_unstable();
        numbers.iter_mut().zip(&keyed).for_each(|(place, (_, number))| *place = *number);
        self.running.account().release_to(held);
        Ok(())
    }

    /// How an `_id` begins, in the direction in which the sort has `_id`s.
    fn directed(&self, id: Option<u32>) -> u32 {
        let is_descending = self.plan.sort().keys().last().is_some_and(|key| key.descending);
        let id = id.unwrap_or(0);
        if is_descending { !id } else { id }
    }
}
