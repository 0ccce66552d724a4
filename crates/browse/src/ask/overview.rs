//! What an index holds, at a glance: from what lists add up to, and the newest page.

use filedex::{Document, Filedex, Result, Stats, Turn};

use super::holders::{By, HolderQuestion, Kind, Listing, largest};
use super::question::Question;

/// The first view.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    pub(crate) stats: Stats,
    pub(crate) rooms: Listing,
    pub(crate) users: Listing,
    pub(crate) newest: Vec<Document>,
}

/// How many of each are shown.
const SHOWN: u64 = 8;

impl Overview {
    pub(crate) fn of(index: &Filedex, turn: &Turn) -> Result<Overview> {
        let largest = |kind| {
            let question =
                HolderQuestion { kind, by: By::Bytes, matching: String::new(), offset: 0 };
            largest(index, turn, &question, SHOWN)
        };
        let question = Question { count: SHOWN, ..Question::default() };
        let newest = match question.lookup(index) {
            Ok(lookup) => turn.of(lookup).page()?.files,
            Err(_) => Vec::new(),
        };
        Ok(Overview {
            stats: index.stats_within(&turn.watch())?,
            rooms: largest(Kind::Rooms)?,
            users: largest(Kind::Users)?,
            newest,
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.stats.type_group_bytes.values().sum()
    }
}
