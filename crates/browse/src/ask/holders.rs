//! Rooms and users with what they hold: the largest, the newest, those whose id contains a text.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use filedex::{Date, Document, Filedex, Holder, Result, Turn, Value};

use super::facets::text_of;
use super::question::Question;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rooms,
    Users,
}

/// By what it is sorted: largest, newest or first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    #[default]
    Files,
    Bytes,
    Newest,
    Id,
}

/// The state of a view of rooms or users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HolderQuestion {
    pub(crate) kind: Kind,
    pub(crate) by: By,
    /// What ids must contain, in any case.
    pub(crate) matching: String,
    pub(crate) offset: u64,
}

/// A room or user.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// As it is shown; `None` for files without one.
    pub(crate) id: Option<String>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) newest: Option<Date>,
    /// The view of its files.
    pub(crate) question: Question,
}

/// A part of the rooms or users.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    pub(crate) rows: Vec<Row>,
    /// How many there are, and how many have the text.
    pub(crate) all: u64,
    pub(crate) matching: u64,
    /// The files of those that have the text.
    pub(crate) files: u64,
    /// Whether the newest were found among the newest files alone, so that others may be missing.
    pub(crate) is_partial: bool,
}

/// Rows of a page.
pub(crate) const ROWS: u64 = 50;
/// How deep a list can be paged; past that its filter is the way.
const DEEPEST: u64 = 100_000;
/// Files among which the newest rooms and users are looked for.
const NEWEST_OF: usize = 20_000;

impl Kind {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Kind::Rooms => "/rooms",
            Kind::Users => "/users",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Kind::Rooms => "rid",
            Kind::Users => "userId",
        }
    }

    fn each(
        self,
        index: &Filedex,
        turn: &Turn,
    ) -> Result<Box<dyn Iterator<Item = Result<Holder>>>> {
        let watch = turn.watch();
        Ok(match self {
            Kind::Rooms => Box::new(index.rooms(&watch)?),
            Kind::Users => Box::new(index.users(&watch)?),
        })
    }
}

impl By {
    pub(crate) const ALL: [(By, &'static str); 4] =
        [(By::Files, "files"), (By::Bytes, "bytes"), (By::Newest, "newest"), (By::Id, "id")];

    pub(crate) fn name(self) -> &'static str {
        By::ALL.iter().find(|(by, _)| *by == self).map_or("files", |(_, name)| name)
    }
}

impl HolderQuestion {
    /// Reads the part of an address behind its `?`.
    pub(crate) fn parse(kind: Kind, parameters: &str) -> HolderQuestion {
        let mut question =
            HolderQuestion { kind, by: By::default(), matching: String::new(), offset: 0 };
        for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
            match &*name {
                "by" => {
                    let by = By::ALL.iter().find(|(_, name)| *name == value);
                    question.by = by.map_or(By::default(), |(by, _)| *by);
                }
                "match" => question.matching = value.trim().to_owned(),
                "offset" => question.offset = value.parse().unwrap_or(0).min(DEEPEST),
                _ => {}
            }
        }
        question
    }

    pub(crate) fn address(&self) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        if self.by != By::default() {
            encoded.append_pair("by", self.by.name());
        }
        if !self.matching.is_empty() {
            encoded.append_pair("match", &self.matching);
        }
        if self.offset > 0 {
            encoded.append_pair("offset", &self.offset.to_string());
        }
        let (path, encoded) = (self.kind.path(), encoded.finish());
        if encoded.is_empty() { path.to_owned() } else { format!("{path}?{encoded}") }
    }

    /// The rows of that page, with when each got its newest file.
    pub(crate) fn answer(&self, index: &Filedex, turn: &Turn) -> Result<Listing> {
        let mut listing = match self.by {
            By::Newest => self.newest(index, turn)?,
            _ => largest(index, turn, self, ROWS)?,
        };
        for row in &mut listing.rows {
            row.newest = newest_of(index, turn, row)?;
        }
        Ok(listing)
    }

    /// Those that the newest files are of, in the order of these.
    fn newest(&self, index: &Filedex, turn: &Turn) -> Result<Listing> {
        let mut listing = Listing::default();
        let fields = text_of(&Document::new().with(self.kind.field(), 1).with("_id", 0));
        let files = turn.of(index.all()).fields(&fields)?.sort(r#"{"uploadedAt": -1}"#)?;
        let (mut order, wanted) = (HashMap::new(), self.offset + ROWS);
        for (seen, file) in files.iter()?.enumerate() {
            if seen == NEWEST_OF || order.len() as u64 >= wanted {
                break;
            }
            let file = file?;
            let id = file.get(self.kind.field()).and_then(Value::as_str);
            if let Some(id) = id.filter(|id| self.takes(id)) {
                let place = order.len();
                order.entry(id.to_owned()).or_insert(place);
            }
        }
        let mut rows = BTreeMap::new();
        for holder in self.kind.each(index, turn)? {
            let holder = holder?;
            listing.all += 1;
            if self.takes(holder.id.as_str().unwrap_or_default()) {
                listing.matching += 1;
                listing.files += holder.records;
            }
            if let Some(place) = holder.id.as_str().and_then(|id| order.get(id)) {
                rows.insert(*place, row(self.kind, &holder));
            }
        }
        listing.is_partial = (order.len() as u64) < wanted.min(listing.matching);
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX);
        listing.rows = rows.into_values().skip(skipped).collect();
        Ok(listing)
    }

    fn takes(&self, id: &str) -> bool {
        self.matching.is_empty() || id.to_lowercase().contains(&self.matching.to_lowercase())
    }
}

/// The largest of a kind, in a walk that keeps no more than it may show.
pub(super) fn largest(
    index: &Filedex,
    turn: &Turn,
    question: &HolderQuestion,
    rows: u64,
) -> Result<Listing> {
    let mut listing = Listing::default();
    let most = usize::try_from(question.offset + rows).unwrap_or(usize::MAX);
    // The least of those that are kept comes first.
    let mut kept = BinaryHeap::new();
    for holder in question.kind.each(index, turn)? {
        let holder = holder?;
        let place = listing.all;
        listing.all += 1;
        if !question.takes(holder.id.as_str().unwrap_or_default()) {
            continue;
        }
        listing.matching += 1;
        listing.files += holder.records;
        let weight = match question.by {
            By::Bytes => (holder.bytes, holder.records),
            By::Id => (u64::MAX - place, 0),
            By::Files | By::Newest => (holder.records, holder.bytes),
        };
        kept.push(Reverse(Kept { weight: (weight, Reverse(place)), holder }));
        if kept.len() > most {
            kept.pop();
        }
    }
    let skipped = usize::try_from(question.offset).unwrap_or(usize::MAX);
    let sorted = kept.into_sorted_vec().into_iter().skip(skipped);
    listing.rows = sorted.map(|Reverse(kept)| row(question.kind, &kept.holder)).collect();
    Ok(listing)
}

/// A holder by its weight; of two that weigh the same the first one is the greater.
struct Kept {
    weight: ((u64, u64), Reverse<u64>),
    holder: Holder,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Kept) -> bool {
        self.weight == other.weight
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Kept) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Kept) -> std::cmp::Ordering {
        self.weight.cmp(&other.weight)
    }
}

fn row(kind: Kind, holder: &Holder) -> Row {
    let mut question = Question::default();
    let id = match &holder.id {
        Value::String(id) => {
            let part = Some(id.clone());
            match kind {
                Kind::Rooms => question.room = part,
                Kind::Users => question.user = part,
            }
            Some(id.clone())
        }
        other => {
            let condition = text_of(&Document::new().with(kind.field(), other.clone()));
            let is_none = matches!(other, Value::Null);
            question.conditions.push(condition.clone());
            (!is_none).then_some(condition)
        }
    };
    Row { id, files: holder.records, bytes: holder.bytes, newest: None, question }
}

fn newest_of(index: &Filedex, turn: &Turn, row: &Row) -> Result<Option<Date>> {
    let Ok(lookup) = Question { count: 1, ..row.question.clone() }.lookup(index) else {
        return Ok(None);
    };
    let page = turn.of(lookup.fields(r#"{"uploadedAt": 1}"#)?).page()?;
    Ok(match page.files.first().and_then(|file| file.get("uploadedAt")) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    })
}
