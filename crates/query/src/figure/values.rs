//! Which values a field of many records has, and how many records have each.
//!
//! An array stands for its elements, as it does for a filter.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::copy::{ELEMENT, Footprint, copy};
use crate::ejson::{self, Form};
use crate::{Account, Arrays, Collation, DocumentRef, Path, Result, Value, ValueRef, key};

/// The values of a field. Of values that compare as equal, such as `1` and `1.0`, there is one.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Account, Path, Values};
/// use filedex::{Collation, Document, Limits, Value};
/// let path = Path::parse("tags", &Limits::default())?;
/// let mut values = Values::new(path, Collation::simple());
/// let tags = |tags: &[&str]| tags.iter().map(|tag| Value::from(*tag)).collect::<Vec<_>>();
/// for record in [
///     Document::new().with("tags", tags(&["b", "a", "a"])),
///     Document::new().with("tags", "a"),
///     Document::new(),
/// ] {
///     values.add(record.view(), &Account::default())?;
/// }
/// let counts = [(Value::Null, 1), (Value::from("a"), 2), (Value::from("b"), 1)];
/// assert_eq!(values.clone().counts(), counts);
/// assert_eq!(values.distinct(), [Value::from("a"), Value::from("b")]);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Values {
    path: Path,
    collation: Collation,
    found: BTreeMap<Vec<u8>, Found>,
}

/// One value.
#[derive(Clone, Debug)]
struct Found {
    value: Value,
    /// How many records have it.
    records: u64,
    /// Whether any record holds it: null also stands for what is missing.
    is_held: bool,
}

/// Bytes of memory that a value takes beside itself and its key.
const OVERHEAD: usize = 96;

impl Values {
    /// The values under that path, with texts compared as the collation does.
    pub fn new(path: Path, collation: Collation) -> Values {
        Values { path, collation, found: BTreeMap::new() }
    }

    /// Where the values lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the values of a record, which stay held.
    ///
    /// # Errors
    /// What the account says: `request_bytes` where there are too many values to hold.
    pub fn add(&mut self, record: DocumentRef<'_>, account: &Account) -> Result<()> {
        let Values { path, collation, .. } = self;
        let held = account.held();
        let mut values: Vec<(Vec<u8>, Option<ValueRef<'_>>)> = Vec::new();
        let note = |value: Option<ValueRef<'_>>| -> Result<Vec<u8>> {
            account.hold(ELEMENT)?;
            let mut bytes = Vec::new();
            let shown = value.unwrap_or(ValueRef::Null);
            key::append_within(&mut bytes, shown, (false, collation), account)?;
            Ok(bytes)
        };
        let first = record.get(path.first_name());
        let _all_visited = path.walk_from(first, Arrays::Whole, account, &mut |leaf| {
            match leaf.value {
                Some(ValueRef::Array(elements)) => {
                    for element in elements.iter() {
                        values.push((note(Some(element))?, Some(element)));
                    }
                }
                value => values.push((note(value)?, value)),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        account.release_to(held);
        // What is held comes before what is missing: both are null.
        values.sort_by(|(one, held), (other, also)| {
            one.cmp(other).then(also.is_some().cmp(&held.is_some()))
        });
        values.dedup_by(|(one, _), (kept, _)| one == kept);
        values.into_iter().try_for_each(|(key, value)| self.count(key, value, 1, account))
    }

    /// Adds a value that so many records have; nothing, if it is missing in all of them.
    ///
    /// # Errors
    /// As [`Values::add`].
    pub fn add_many(
        &mut self,
        value: Option<ValueRef<'_>>,
        records: u64,
        account: &Account,
    ) -> Result<()> {
        let (mut key, held) = (Vec::new(), account.held());
        let shown = value.unwrap_or(ValueRef::Null);
        key::append_within(&mut key, shown, (false, &self.collation), account)?;
        account.release_to(held);
        self.count(key, value, records, account)
    }

    /// The values that records hold, in order.
    pub fn distinct(self) -> Vec<Value> {
        let held = self.found.into_values().filter(|found| found.is_held);
        held.map(|found| found.value).collect()
    }

    /// Each value with the number of records that a filter for it finds, in order of the values. Null is
    /// also the value of what is missing; an array among them is an element of one.
    pub fn counts(self) -> Vec<(Value, u64)> {
        self.found.into_values().map(|found| (found.value, found.records)).collect()
    }

    fn count(
        &mut self,
        key: Vec<u8>,
        value: Option<ValueRef<'_>>,
        records: u64,
        account: &Account,
    ) -> Result<()> {
        let shown = value.unwrap_or(ValueRef::Null);
        if let Some(found) = self.found.get_mut(&key) {
            found.records += records;
            found.is_held |= value.is_some();
            return found.prefer(shown, account);
        }
        account.hold(2 * key.len() + OVERHEAD)?;
        let value = Found { value: copy(shown, account)?, records, is_held: value.is_some() };
        self.found.insert(key, value);
        Ok(())
    }
}

impl Found {
    /// Of values that compare as equal one is shown, whichever came first.
    fn prefer(&mut self, other: ValueRef<'_>, account: &Account) -> Result<()> {
        if is_same(self.value.view(), other) {
            return Ok(());
        }
        let text = |value| ejson::to_text(value, Form::Canonical);
        account.work((Footprint::of(other, account)?.memory() / 512) as u64)?;
        if text(other) < text(self.value.view()) {
            self.value = copy(other, account)?;
        }
        Ok(())
    }
}

/// Whether nothing tells two values apart, as far as that is seen at once.
fn is_same(one: ValueRef<'_>, other: ValueRef<'_>) -> bool {
    match (one, other) {
        (ValueRef::String(one), ValueRef::String(other)) => one == other,
        (ValueRef::Int(one), ValueRef::Int(other)) => one == other,
        (ValueRef::Bool(one), ValueRef::Bool(other)) => one == other,
        (ValueRef::Date(one), ValueRef::Date(other)) => one == other,
        (ValueRef::Null, ValueRef::Null) => true,
        _ => false,
    }
}
