//! How many records of each class are in each room: what a total is made of where no record has to be
//! looked at.
//!
//! A class says of a record what listings ask for most (`typeGroup`, `_hidden`, `expiresAt`), and what it does
//! not know. This file knows plans and records; where counts are kept is `counters`' business.

use std::collections::BTreeMap;

use filedex::{Document, Filter, Plan, Result, Value, Values, Watch};
use filedex_query::{Bound, Conjunct, DocumentRef, Known, Test, ValueRef};
use mongodb::bson::{Document as Command, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::record;

/// The type groups told apart, as in an index on one machine; without one a record is of group 0, with any
/// other value of group 7.
pub(crate) const GROUPS: [&str; 6] = ["image", "video", "audio", "text", "application", "thumb"];
const OTHER: u8 = 7;

/// Classes by their numbers: three bits of the group, two of `_hidden`, one of `expiresAt`.
const CLASSES: u8 = 64;

/// What of a record says where it is counted.
const FIELDS: [&str; 4] = ["rid", "typeGroup", "_hidden", "expiresAt"];

/// Changes of counts, by their names.
#[derive(Default)]
pub(crate) struct Changes(BTreeMap<String, i64>);

impl Changes {
    /// Notes that a record was, and what it is.
    pub(crate) fn add(
        &mut self,
        before: Option<&RawDocument>,
        after: Option<&RawDocument>,
    ) -> Result<()> {
        for (raw, by) in [(before, -1), (after, 1)] {
            let Some(raw) = raw else { continue };
            let count = self.0.entry(name_of(record::read(raw)?.view())).or_default();
            *count += by;
        }
        self.0.retain(|_, by| *by != 0);
        Ok(())
    }

    /// Each count that is another now, and by how much; always in one order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, by)| (&**name, *by))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A projection to what says where records are counted.
pub(crate) fn shown() -> Command {
    FIELDS.iter().map(|field| ((*field).to_owned(), 1.into())).collect()
}

/// The name of the count that a record is in: its class, and its room.
pub(crate) fn name_of(record: DocumentRef<'_>) -> String {
    let class = class_of(record);
    match record.get("rid") {
        None => format!("{class:02}-"),
        Some(ValueRef::String(room)) => format!("{class:02}={room}"),
        Some(_) => format!("{class:02}?"),
    }
}

/// The names of the counts that decide about a room: its own, and those of records whose room is no text,
/// which may be several.
fn names(room: &str) -> impl Iterator<Item = String> {
    let own = (0..CLASSES).map(move |class| format!("{class:02}={room}"));
    own.chain((0..CLASSES).map(|class| format!("{class:02}?")))
}

/// The names of the counts that the plan's total can be made of, if it is of one room.
pub(crate) fn asked(plan: &Plan) -> Option<Vec<String>> {
    let rooms: Vec<&str> = plan.conjuncts().iter().filter_map(room).collect();
    match rooms.as_slice() {
        [room] => Some(names(room).collect()),
        _ => None,
    }
}

fn room(conjunct: &Conjunct) -> Option<&str> {
    let leads = matches!(conjunct.bound(), Some(Bound::Points { field, .. }) if field == "rid");
    match conjunct.filter() {
        Filter::Field { path, test: Test::Eq(Value::String(room)) }
            if leads && conjunct.is_portable() && path.as_name() == Some("rid") =>
        {
            Some(room)
        }
        _ => None,
    }
}

/// The counts of a room's classes, for those of which the conditions hold; `None` where they depend on more.
fn matching(plan: &Plan, counters: &[RawDocumentBuf]) -> Option<Vec<(u8, u64)>> {
    let mut matching = Vec::new();
    for counter in counters {
        let name = counter.get_str("_id").ok()?;
        let number = number(counter)?;
        let class = name.get(..2)?.parse::<u8>().ok()?;
        if number == 0 {
            continue;
        }
        if name.get(2..3)? != "=" {
            return None;
        }
        let known = known(class);
        let mut others = plan.conjuncts().iter().filter(|conjunct| room(conjunct).is_none());
        let holds = others.try_fold(true, |holds, other| Some(other.decide(&known)? && holds))?;
        matching.extend(holds.then_some((class, number)));
    }
    Some(matching)
}

/// The plan's total, if the counts decide it.
pub(crate) fn total(plan: &Plan, counters: &[RawDocumentBuf]) -> Option<u64> {
    Some(matching(plan, counters)?.iter().map(|(_, number)| number).sum())
}

/// How often each type group is among the matches, if the counts decide it.
pub(crate) fn groups(
    plan: &Plan,
    counters: &[RawDocumentBuf],
    values: &mut Values,
    watch: &Watch,
) -> Result<Option<()>> {
    let account = watch.account(plan.limits());
    let Some(matching) = matching(plan, counters) else { return Ok(None) };
    if matching.iter().any(|(class, _)| class & 7 == OTHER) {
        return Ok(None);
    }
    for (class, number) in matching {
        let group = known(class).present.get("typeGroup").cloned();
        values.add_many(group.as_ref().map(Value::view), number, &account)?;
    }
    Ok(Some(()))
}

pub(crate) fn number(counter: &RawDocument) -> Option<u64> {
    match counter.get("n").ok()?? {
        RawBsonRef::Int32(number) => u64::try_from(number).ok(),
        RawBsonRef::Int64(number) => u64::try_from(number).ok(),
        _ => None,
    }
}

fn class_of(record: DocumentRef<'_>) -> u8 {
    let group = match record.get("typeGroup") {
        None => 0,
        Some(ValueRef::String(name)) => {
            GROUPS.iter().zip(1..).find(|(group, _)| **group == name).map_or(OTHER, |(_, n)| n)
        }
        Some(_) => OTHER,
    };
    let hidden = match record.get("_hidden") {
        None => 0,
        Some(ValueRef::Bool(true)) => 1,
        Some(ValueRef::Bool(false)) => 2,
        Some(_) => 3,
    };
    group | hidden << 3 | u8::from(record.get("expiresAt").is_some()) << 5
}

/// What every record of the class is known to hold.
fn known(class: u8) -> Known {
    let (mut present, mut unknown) = (Document::new(), Vec::new());
    match class & 7 {
        0 => {}
        group => match GROUPS.get(usize::from(group) - 1) {
            Some(name) => present.push("typeGroup", *name),
            None => unknown.push("typeGroup"),
        },
    }
    match class >> 3 & 3 {
        0 => {}
        1 => present.push("_hidden", true),
        2 => present.push("_hidden", false),
        _ => unknown.push("_hidden"),
    }
    if class >> 5 == 1 {
        unknown.push("expiresAt");
    }
    Known { present, unknown }
}
