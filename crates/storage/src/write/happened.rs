//! What one write makes of records, for those who watch: of each record what it was before and what it is
//! after the whole write.
//!
//! Who watches, and what of it he is told, is not known here.

use std::collections::HashMap;

/// What becomes of the records that a write changes, in the order in which it first met them.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    records: Vec<Fate>,
    /// Where each record stands there.
    by_id: HashMap<Box<str>, usize>,
}

/// What becomes of one record: its stored form before and after.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    pub(crate) id: Box<str>,
    pub(crate) before: Option<Box<[u8]>>,
    pub(crate) after: Option<Box<[u8]>>,
}

impl Happened {
    /// Notes one change of a record. Of several what was there first and what is there last counts.
    pub(crate) fn note(&mut self, id: &str, before: Option<&[u8]>, after: Option<&[u8]>) {
        let after = after.map(Box::from);
        let known = self.by_id.get(id).and_then(|at| self.records.get_mut(*at));
        if let Some(fate) = known {
            fate.after = after;
            return;
        }
        self.by_id.insert(id.into(), self.records.len());
        self.records.push(Fate { id: id.into(), before: before.map(Box::from), after });
    }

    /// The records that are not what they were.
    pub(crate) fn into_fates(self) -> Vec<Fate> {
        let mut fates = self.records;
        fates.retain(|fate| fate.before != fate.after);
        fates
    }
}

impl Fate {
    /// Bytes of memory that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        let of = |body: &Option<Box<[u8]>>| body.as_ref().map_or(0, |body| body.len());
        self.id.len() + of(&self.before) + of(&self.after) + 80
    }
}
