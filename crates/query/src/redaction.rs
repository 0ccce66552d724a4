//! Fields that a caller may not see, by name, and how much of a document is left without them.
//!
//! A document is not copied for it: its views pass over what is redacted, so that whoever reads
//! values (paths, expressions, schemas, sorts, the order of documents) reads it without those fields
//! and can't tell that there are any. This file knows names; it does not know who asks.

use std::sync::Arc;

use crate::DocumentRef;
use crate::ejson::{self, Field};

/// Names of fields that are left out of documents, at any depth.
///
/// A caller's filter, sort and computed fields are asked of the record without any of them. What is
/// shown of the record leaves them out as well, except the top-level fields that a host shows all
/// the same.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Redaction;
/// use filedex::Document;
/// let redaction = Redaction::default().hiding("key").showing("token");
/// let share = Document::new().with("token", "t").with("by", "ada");
/// let record = Document::new().with("token", "s").with("key", 7).with("share", share);
/// let shown = Document::new().with("token", "s").with("share", Document::new().with("by", "ada"));
/// assert_eq!(redaction.shown(record.view()).to_document(), shown);
/// assert!(redaction.asked(record.view()).get("token").is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    asked: Arc<Level>,
    shown: Arc<Level>,
}

/// What is left out of one document, and of those inside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    names: Vec<Box<str>>,
    /// The same as they stand before a value in JSON text.
    keys: Vec<Box<[u8]>>,
    /// Those of both, which tell nearly all other fields apart at once.
    first_letters: Letters,
    /// Whether all other fields are left out, and these are not.
    keeps: bool,
    below: Below,
}

/// Letters, in as many bits as there are in a number: one that has the bit of another passes for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Letters(u64);

/// What is left out of the documents inside.
#[derive(Debug, Default, PartialEq, Eq)]
enum Below {
    #[default]
    TheSame,
    Other(Arc<Level>),
    Nothing,
}

/// What is left of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    All,
    /// Perhaps not what is inside of it.
    Part,
    Nothing,
}

impl Redaction {
    /// Leaves out fields of that name as well.
    #[must_use]
    pub fn hiding(&self, name: &str) -> Redaction {
        self.with(name, false)
    }

    /// Leaves out fields of that name as well, but not the record's own where it is shown.
    #[must_use]
    pub fn showing(&self, name: &str) -> Redaction {
        self.with(name, true)
    }

    fn with(&self, name: &str, shows: bool) -> Redaction {
        let others = |level: &Level| -> Vec<Box<str>> {
            level.names.iter().filter(|other| ***other != *name).cloned().collect()
        };
        let (mut asked, mut shown) = (others(&self.asked), others(&self.shown));
        asked.push(name.into());
        if !shows {
            shown.push(name.into());
        }
        let asked = Arc::new(Level::new(asked, false, Below::TheSame));
        let below = Below::Other(Arc::clone(&asked));
        Redaction { asked, shown: Arc::new(Level::new(shown, false, below)) }
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.asked.names.is_empty()
    }

    /// The record as questions see it.
    pub fn asked<'a>(&'a self, record: DocumentRef<'a>) -> DocumentRef<'a> {
        record.redacted(&self.asked)
    }

    /// The record as it is shown.
    pub fn shown<'a>(&'a self, record: DocumentRef<'a>) -> DocumentRef<'a> {
        record.redacted(&self.shown)
    }

    /// Whether no question can be about a field of that name.
    pub fn hides(&self, name: &str) -> bool {
        self.asked.hides(name)
    }

    /// What is left out of what is shown where fields of these names alone are kept, or left out as well.
    pub(crate) fn narrowed<'n>(&self, fields: impl Iterator<Item = &'n str>, keeps: bool) -> Level {
        let is_there = |name: &&str| !(keeps && self.shown.hides(name));
        let mut names: Vec<Box<str>> = fields.filter(is_there).map(Box::from).collect();
        if !keeps {
            names.extend(self.shown.names.iter().cloned());
        }
        let below = match self.is_empty() {
            true => Below::Nothing,
            false => Below::Other(Arc::clone(&self.asked)),
        };
        Level::new(names, keeps, below)
    }

    /// What is left out of what is shown.
    pub(crate) fn shown_level(&self) -> &Arc<Level> {
        &self.shown
    }

    /// What is left out of what questions see.
    pub(crate) fn level(&self) -> &Arc<Level> {
        &self.asked
    }

    /// The names, in the order they were given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.asked.names.iter().map(|name| &**name)
    }
}

impl Letters {
    fn of<'l>(letters: impl Iterator<Item = &'l u8>) -> Letters {
        Letters(letters.fold(0, |bits, letter| bits | Letters::bit(*letter)))
    }

    #[inline]
    fn has(self, letter: u8) -> bool {
        self.0 & Letters::bit(letter) != 0
    }

    #[inline]
    fn bit(letter: u8) -> u64 {
        1 << (letter % 64)
    }
}

impl Level {
    fn new(names: Vec<Box<str>>, keeps: bool, below: Below) -> Level {
        let keys: Vec<Box<[u8]>> = names.iter().map(|name| ejson::key(name).into()).collect();
        let first_letters = names.iter().filter_map(|name| name.as_bytes().first());
        let first_letters =
            Letters::of(first_letters.chain(keys.iter().filter_map(|key| key.get(1))));
        Level { names, keys, first_letters, keeps, below }
    }

    /// What becomes of a field in the JSON text of a document.
    #[inline]
    pub(crate) fn leaves(&self, field: Field<'_>) -> Left {
        let may_be_named = field.text.get(1).is_some_and(|first| self.first_letters.has(*first));
        let is_named = may_be_named && self.keys.iter().any(|key| field.has(key));
        if is_named != self.keeps {
            return Left::Nothing;
        }
        match self.below().is_some_and(|below| field.may_hold(&below.keys)) {
            true => Left::Part,
            false => Left::All,
        }
    }

    /// Whether a field of that name is left out.
    #[inline]
    pub(crate) fn hides(&self, name: &str) -> bool {
        let may_be_named =
            name.as_bytes().first().is_none_or(|first| self.first_letters.has(*first));
        (may_be_named && self.names.iter().any(|named| **named == *name)) != self.keeps
    }

    /// What is left out of the documents inside, if anything is.
    pub(crate) fn below(&self) -> Option<&Level> {
        match &self.below {
            Below::TheSame => Some(self),
            Below::Other(level) => Some(level),
            Below::Nothing => None,
        }
    }
}
