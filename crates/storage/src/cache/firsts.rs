//! The first records of an order among those in blocks, as of a version: where each lies, and its text.
//!
//! What memtables say is for whoever reads to put in between. How an order comes about this file does not know.

use std::sync::Arc;

use super::ByKey;
use super::text::Texts;
use super::views::ViewKey;
use crate::format::Place;

/// Which records, in which order, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FirstsKey {
    pub(crate) view: ViewKey,
    /// The conditions as a text.
    pub(crate) conditions: Box<str>,
}

/// The first records of an order, if it could be told where they lie.
#[derive(Clone, Debug, Default)]
pub(crate) struct Firsts {
    /// The version whose blocks they lie in.
    pub(crate) version: u64,
    /// How many were asked for.
    pub(crate) asked: usize,
    /// Where each lies, and as which entry of its block.
    pub(crate) places: Option<Box<[(Place, usize)]>>,
    /// Whether there are no others.
    pub(crate) are_all: bool,
    /// The texts of the first of them, once somebody wanted these.
    pub(crate) texts: Arc<Texts>,
}

/// Those that were found last.
#[derive(Debug)]
pub(crate) struct KeptFirsts(ByKey<FirstsKey, Arc<Firsts>>);

/// What some usually take.
const USUAL_BYTES: u64 = 40_000;

impl Firsts {
    /// Whether they tell where so many are, or that it can't be told.
    pub(crate) fn tell(&self, records: usize) -> bool {
        match &self.places {
            Some(places) => self.are_all || places.len() >= records,
            None => records.saturating_mul(2) >= self.asked,
        }
    }
}

impl KeptFirsts {
    pub(crate) fn new(budget: u64) -> KeptFirsts {
        KeptFirsts(ByKey::new(budget, USUAL_BYTES))
    }

    /// Those of that key, of whatever version.
    pub(crate) fn get(&self, key: &FirstsKey) -> Option<Arc<Firsts>> {
        self.0.get(key)
    }

    /// Keeps them in place of those of an earlier version.
    pub(crate) fn keep(&self, key: FirstsKey, firsts: &Arc<Firsts>) {
        if self.get(&key).is_none_or(|kept| kept.version <= firsts.version) {
            let places = firsts.places.as_ref().map_or(0, |places| size_of_val(&**places));
            let bytes = key.view.bytes() + key.conditions.len() + places + firsts.texts.memory();
            self.0.keep(key, firsts.clone(), bytes);
        }
    }
}
