//! A page of files, how many there are in all, and how they were found.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::{SystemTime, UNIX_EPOCH};

use filedex::{Date, Document, Explain, Filedex, Limits, Lookup, Page, Result, Turn, Value};
use filedex_query::{Arrays, Environment, Path, ValueRef, shell};

use super::fault::{Fault, Part};
use super::question::Question;

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) page: Page,
    pub(crate) explain: Explain,
    /// Paths of the fields that occur on the page.
    pub(crate) fields: BTreeSet<String>,
}

/// Files by type group, where that is known without looking at them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tabs {
    pub(crate) all: u64,
    pub(crate) groups: Vec<(&'static str, u64)>,
}

/// The type groups that are counted.
const GROUPS: [&str; 6] = ["image", "video", "audio", "text", "application", "thumb"];

/// Fields that are told of one page.
const MOST_FIELDS: usize = 80;
const DEPTH: usize = 4;

impl Question {
    /// The lookup that answers it.
    pub(crate) fn lookup(&self, index: &Filedex) -> std::result::Result<Lookup, Fault> {
        let at = |part| move |error: filedex::Error| Fault::at(part, &error);
        let mut lookup = self.typed(index);
        if !self.query.is_empty() {
            lookup = lookup.query_relaxed(&self.query).map_err(at(Part::Query))?;
        }
        for (number, condition) in self.conditions.iter().enumerate() {
            lookup = lookup.query_relaxed(condition).map_err(at(Part::Condition(number)))?;
        }
        if !self.fields.is_empty() {
            lookup = lookup.fields_relaxed(&self.fields).map_err(at(Part::Fields))?;
        }
        let sort = if self.sort.is_empty() { NEWEST } else { &self.sort };
        lookup = lookup.sort_relaxed(sort).map_err(at(Part::Sort))?;
        lookup = lookup.offset(self.offset).count(self.count);
        // What only shows when all parts are seen together.
        lookup.plan().map_err(at(Part::Whole))?;
        Ok(lookup)
    }

    /// A lookup in its room or of its user, without anything else.
    fn scoped(&self, index: &Filedex) -> Lookup {
        let mut lookup = index.all();
        if let Some(room) = &self.room {
            lookup = lookup.room(room);
        }
        if let Some(user) = &self.user {
            lookup = lookup.user(user);
        }
        lookup
    }

    /// A lookup in its room or of its user, of its type, without anything else.
    pub(super) fn typed(&self, index: &Filedex) -> Lookup {
        let lookup = self.scoped(index);
        match &self.type_group {
            Some(group) => lookup.type_group(group),
            None => lookup,
        }
    }

    /// Whether the index keeps counts of all that it asks for: no list knows of a room and a user together.
    pub(super) fn is_counted(&self) -> bool {
        !self.is_asked() && (self.room.is_none() || self.user.is_none())
    }

    /// How many files of each type group the room, the user or the index has. `None` where room and user
    /// are both chosen: no list knows that.
    pub(crate) fn tabs(&self, index: &Filedex, turn: &Turn) -> Result<Option<Tabs>> {
        if self.room.is_some() && self.user.is_some() {
            return Ok(None);
        }
        let mut tabs = Tabs { all: turn.of(self.scoped(index)).total()?, groups: Vec::new() };
        for group in GROUPS {
            let total = turn.of(self.scoped(index).type_group(group)).total()?;
            if total > 0 {
                tabs.groups.push((group, total));
            }
        }
        Ok(Some(tabs))
    }

    /// The fields it sorts by, with whether each is ascending.
    pub(crate) fn sort_keys(&self) -> Vec<(String, bool)> {
        let text = if self.sort.is_empty() { NEWEST } else { &self.sort };
        let Ok(sort) = document_of(text) else { return Vec::new() };
        let is_ascending = |value: &Value| match value {
            Value::Int(1) | Value::Long(1) => true,
            Value::Double(direction) => *direction > 0.0,
            _ => false,
        };
        sort.iter().map(|(path, value)| (path.to_owned(), is_ascending(value))).collect()
    }
}

/// The order without a sort: everything, a room and a user are kept in it.
const NEWEST: &str = "{uploadedAt: -1}";

impl Found {
    pub(crate) fn of(lookup: Lookup, turn: &Turn) -> Result<Found> {
        let (page, explain) = turn.of(lookup).page_explained()?;
        let mut fields = BTreeSet::new();
        page.files.iter().for_each(|file| gather(file, "", DEPTH, &mut fields));
        Ok(Found { page, explain, fields })
    }
}

fn gather(document: &Document, prefix: &str, depth: usize, fields: &mut BTreeSet<String>) {
    for (name, value) in document.iter() {
        if fields.len() >= MOST_FIELDS || name.is_empty() || name.contains(['.', '$']) {
            continue;
        }
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        match value {
            Value::Document(inner) if depth > 1 => gather(inner, &path, depth - 1, fields),
            _ => drop(fields.insert(path)),
        }
    }
}

/// The value that a path leads to; where it leads through an array to several, all of them.
pub(crate) fn at(file: &Document, path: &str) -> Option<Value> {
    let path = Path::parse(path, &Limits::default()).ok()?;
    let mut found = Vec::new();
    let _walked = path.walk(file.view(), Arrays::Whole, &mut |leaf| {
        found.extend(leaf.value.map(ValueRef::to_value));
        ControlFlow::Continue(())
    });
    match found.len() {
        0 | 1 => found.pop(),
        _ => Some(Value::Array(found)),
    }
}

/// Reads a document as people type it.
fn document_of(text: &str) -> filedex_query::Result<Document> {
    shell::read_document(text, &environment())
}

/// Where text is read: now is now.
pub(super) fn environment() -> Environment {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Date(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    Environment { now, ..Environment::default() }
}
