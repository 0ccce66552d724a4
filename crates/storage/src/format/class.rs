//! The class of a record: what is counted for every list and every block.
//!
//! A class holds what listings ask for most (`typeGroup`, `_hidden`, `expiresAt`) in one byte, so
//! that a total or a deep offset needs no record. The fields are [`filedex_query::COUNTED_FIELDS`]. It also says what it does not know: a `typeGroup`
//! outside the usual ones is only "another".

use std::sync::OnceLock;

use filedex_query::{DocumentRef, Known, ValueRef};

/// Six bits: three of the type group, two of `_hidden`, one of `expiresAt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Class(u8);

/// How many classes there are.
pub(crate) const CLASSES: usize = 64;

/// The type groups told apart; a record without one is group 0, any other value group 7.
const GROUPS: [&str; 6] = ["image", "video", "audio", "text", "application", "thumb"];
const OTHER_GROUP: u8 = 7;

const HIDDEN_MISSING: u8 = 0;
const HIDDEN_TRUE: u8 = 1;
const HIDDEN_FALSE: u8 = 2;
const HIDDEN_OTHER: u8 = 3;

impl Class {
    /// The class of that record.
    pub(crate) fn of(record: DocumentRef<'_>) -> Class {
        let hidden = match record.get("_hidden") {
            None => HIDDEN_MISSING,
            Some(ValueRef::Bool(true)) => HIDDEN_TRUE,
            Some(ValueRef::Bool(false)) => HIDDEN_FALSE,
            Some(_) => HIDDEN_OTHER,
        };
        let expires = u8::from(record.get("expiresAt").is_some());
        Class(group_of(record.get("typeGroup")) | hidden << 3 | expires << 5)
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Class> {
        (usize::from(byte) < CLASSES).then_some(Class(byte))
    }

    /// The classes of these bytes, if all are of some.
    pub(crate) fn all_from(bytes: &[u8]) -> Option<Box<[Class]>> {
        let greatest = bytes.iter().copied().fold(0, u8::max);
        (usize::from(greatest) < CLASSES).then(|| bytes.iter().copied().map(Class).collect())
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    /// The name under which statistics count the type group.
    pub(crate) fn type_group(self) -> &'static str {
        match self.0 & 7 {
            0 => "(none)",
            group => GROUPS.get(usize::from(group) - 1).copied().unwrap_or("(other)"),
        }
    }

    /// The type group of its records: one of the usual ones, or none. Nothing where it is another.
    pub(crate) fn group(self) -> Option<Option<&'static str>> {
        match self.0 & 7 {
            0 => Some(None),
            group => GROUPS.get(usize::from(group) - 1).map(|name| Some(*name)),
        }
    }

    /// What every record of this class is known to hold, for the fields a plan can be decided by.
    pub(crate) fn known(self) -> &'static Known {
        static ALL: [OnceLock<Known>; CLASSES] = [const { OnceLock::new() }; CLASSES];
        static NOTHING: OnceLock<Known> = OnceLock::new();
        let known = ALL.get(usize::from(self.0)).unwrap_or(&NOTHING);
        known.get_or_init(|| self.to_known())
    }

    fn to_known(self) -> Known {
        let mut known = Known::default();
        match self.0 & 7 {
            0 => {}
            group => match GROUPS.get(usize::from(group) - 1) {
                Some(name) => known.present.push("typeGroup", *name),
                None => known.unknown.push("typeGroup"),
            },
        }
        match self.0 >> 3 & 3 {
            HIDDEN_MISSING => {}
            HIDDEN_TRUE => known.present.push("_hidden", true),
            HIDDEN_FALSE => known.present.push("_hidden", false),
            _ => known.unknown.push("_hidden"),
        }
        if self.0 >> 5 == 1 {
            known.unknown.push("expiresAt");
        }
        known
    }
}

fn group_of(value: Option<ValueRef<'_>>) -> u8 {
    match value {
        None => 0,
        Some(ValueRef::String(name)) => GROUPS
            .iter()
            .zip(1..)
            .find(|(group, _)| **group == name)
            .map_or(OTHER_GROUP, |(_, number)| number),
        Some(_) => OTHER_GROUP,
    }
}
