//! Pages that begin at a place in the order instead of at an offset, and how far from the beginning a record
//! lies: what is passed over is not read where a list has the order.

use filedex_query::{Account, DocumentRef, Plan, Position, Value};

use super::access::{Access, Order, Path, Span};
use super::collector::{Collector, beginning};
use super::counts::Counts;
use super::execution::Execution;
use super::figure::Figure;
use super::window::Window;
use crate::error::Result;
use crate::format::List;
use crate::format::keys::{by_id, newest_first};
use crate::snapshot::Stored;

/// Where a page lies: which side of a record's place in the order it is on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Start {
    /// The page begins behind that place.
    After(Position),
    /// The page ends before that place.
    Before(Position),
}

/// A place among the keys of a sort.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    key: Vec<u8>,
    /// Whether the page ends here.
    is_end: bool,
}

impl Start {
    pub(crate) fn position(&self) -> &Position {
        match self {
            Start::After(position) | Start::Before(position) => position,
        }
    }

    fn is_end(&self) -> bool {
        matches!(self, Start::Before(_))
    }
}

impl Place {
    pub(crate) fn new(plan: &Plan, start: &Start) -> Result<Place> {
        Ok(Place { key: plan.sort().key_of(start.position())?, is_end: start.is_end() })
    }

    /// Whether the page ends here.
    pub(crate) fn is_end(&self) -> bool {
        self.is_end
    }

    /// The key of the record whose place it is.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Makes a key one that is the less the nearer it lies; false if it lies on the other side. The reverse of
    /// keys is that of their bytes.
    pub(crate) fn bring_near(&self, key: &mut [u8]) -> bool {
        if !self.is_end {
            return *key > *self.key;
        }
        let is_before = *key < *self.key;
        key.iter_mut().for_each(|byte| *byte = !*byte);
        is_before
    }

    /// Whether a record may be kept whose key begins with these bytes, where the last of those that are kept
    /// has that key, brought near.
    pub(crate) fn may_take(&self, key: &[u8], last: Option<&[u8]>) -> bool {
        let place = beginning(&self.key, key);
        if !self.is_end {
            return key >= place && last.is_none_or(|last| key <= beginning(last, key));
        }
        let is_near =
            |last: &[u8]| beginning(last, key).iter().map(|byte| !byte).le(key.iter().copied());
        key <= place && last.is_none_or(is_near)
    }
}

/// The one list that the access walks through in the order of the sort.
fn list_in_order(access: &Access) -> Option<&Span> {
    match &access.path {
        _ if access.order == Order::Other => None,
        Path::Rooms(spans) | Path::Users(spans) => match spans.as_slice() {
            [span] => Some(span),
            _ => None,
        },
        Path::Listed(span) => Some(span),
        Path::Everything | Path::Ids(_) => None,
    }
}

/// The key of that place in a list that has the order of the sort.
fn key_in(list: &List, position: &Position) -> Vec<u8> {
    let id = position.id().as_str().unwrap_or_default();
    if *list == List::ids() {
        return by_id(id);
    }
    newest_first(position.values().first().unwrap_or(&Value::Null).view(), id)
}

impl Access {
    /// The access for a page at that place: a page that ends there is looked for from its end.
    pub(crate) fn toward(mut self, start: &Start) -> Access {
        if start.is_end() && list_in_order(&self).is_some() {
            self.order = match self.order {
                Order::Forward => Order::Backward,
                Order::Backward => Order::Forward,
                Order::Other => Order::Other,
            };
        }
        self
    }
}

impl Execution<'_> {
    /// The records of a window that is counted from that place. Afterwards `matched` is the exact total.
    pub(crate) fn beside(&mut self, start: &Start, window: Window) -> Result<Vec<Stored>> {
        let Some(span) = list_in_order(self.access) else {
            let place = Place::new(self.plan, start)?;
            return Ok(self.run(Collector::beside(self.plan, place, window))?.into_records());
        };
        let part = match self.access.order {
            Order::Backward => before(span, &key_in(&span.list, start.position())),
            _ => behind(span, &key_in(&span.list, start.position())),
        };
        self.run(Collector::Total)?;
        let total = std::mem::take(&mut self.matched);
        let mut collector = Collector::Window { window, kept: Vec::new() };
        let counted = std::mem::replace(&mut self.counted, true);
        self.part(&part, &mut collector)?;
        (self.matched, self.counted) = (total, counted);
        let mut records = collector.into_records();
        if start.is_end() {
            records.reverse();
        }
        Ok(records)
    }

    /// How many records of the answer come before that place.
    pub(crate) fn rank(&mut self, position: &Position) -> Result<u64> {
        let access = self.access;
        let Some(span) = list_in_order(access) else {
            let (plan, key, mut before) = (self.plan, self.plan.sort().key_of(position)?, 0);
            self.counted = self.total_by_counts()?.is_some();
            if let Some(rank) = self.rank_by_view(&key)? {
                return Ok(rank);
            }
            self.counted = false;
            let mut count = |record: DocumentRef<'_>, account: &Account| {
                let held = account.held();
                before += u64::from(plan.sort().key_with_id_within(record, account)? < key);
                account.release_to(held);
                Ok(())
            };
            self.gather(Figure::Each(&mut count))?;
            return Ok(before);
        };
        let key = key_in(&span.list, position);
        let before_it = self.count_before(span, &key)?;
        match access.order {
            Order::Backward => {
                self.run(Collector::Total)?;
                Ok(self.matched.saturating_sub(before_it + 1))
            }
            _ => Ok(before_it),
        }
    }

    /// How many records of the answer lie in a part before that key.
    fn count_before(&mut self, span: &Span, key: &[u8]) -> Result<u64> {
        let part = before(span, key);
        let all = span.tally(self.snapshot)?;
        if self.matching(all.counts(), Some(span)).is_some() {
            let counts = Counts::of_span(self.snapshot, &part)?;
            return Ok(self.matching(counts.iter(), Some(span)).unwrap_or(0));
        }
        self.counted = false;
        self.span(&part, &mut Collector::Total)?;
        Ok(std::mem::take(&mut self.matched))
    }
}

/// What of a part lies behind a key.
fn behind(span: &Span, key: &[u8]) -> Span {
    // The least key greater than that one.
    let after = [key, &[0]].concat();
    Span { from: after.max(span.from.clone()), ..span.clone() }
}

/// What of a part lies before a key.
fn before(span: &Span, key: &[u8]) -> Span {
    let to = span.to.as_deref().map_or(key, |to| to.min(key));
    Span { to: Some(to.to_vec()), ..span.clone() }
}
