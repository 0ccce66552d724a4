//! Views: the records of a part of the keys in the order of a sort, as numbers, within a budget of bytes.
//!
//! A record's number is its place in the order of keys among the records that blocks hold, as of the view's
//! version; what memtables say is for whoever reads to put in between. How an order comes about this file
//! does not know.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use filedex_query::Sort;
use parking_lot::Mutex;

use crate::format::List;

/// Which records, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ViewKey {
    /// What the keys of the records lie from on, and before.
    pub(crate) from: Box<[u8]>,
    pub(crate) to: Box<[u8]>,
    /// The sort as a text.
    pub(crate) sort: Box<str>,
}

/// What a view is made of: a room's records, or all, in an order.
#[derive(Clone)]
pub(crate) struct Arrangement {
    /// The room's list.
    pub(crate) room: Option<List>,
    pub(crate) sort: Sort,
}

/// An order of records.
pub(crate) struct View {
    /// What no other view has.
    pub(crate) number: u64,
    version: AtomicU64,
    /// The numbers of the records, the first in order first.
    pub(crate) order: Box<[u32]>,
    /// For conditions that were asked last: how many of each [`STRIDE`] records satisfy them.
    counts: Mutex<Vec<(u64, Arc<[u32]>)>>,
    arrangement: Arrangement,
    /// Whether anybody asked for it since that was looked at last.
    is_asked: AtomicBool,
}

/// A view of more records is made while nobody waits for it.
pub(crate) const AT_ONCE: usize = 16 << 10;

/// Consecutive records of a view that are counted together.
pub(crate) const STRIDE: usize = 1024;

/// Conditions for which a view keeps counts.
const MOST_COUNTS: usize = 4;

/// The views.
#[derive(Debug)]
pub(crate) struct Views {
    kept: Mutex<Kept>,
    budget: u64,
}

#[derive(Debug, Default)]
struct Kept {
    /// Each with when it was used last.
    views: HashMap<ViewKey, (Arc<View>, u64)>,
    bytes: u64,
    uses: u64,
    /// How often orders were asked for that had no view.
    asked: Remembered<ViewKey>,
    /// Conditions by their names, each with its number.
    names: Remembered<Box<str>>,
    last_name: u64,
    last_view: u64,
}

/// Numbers under names, of which all are forgotten before there are too many.
#[derive(Debug)]
struct Remembered<K> {
    numbers: HashMap<K, u64>,
    /// Bytes that the names take.
    bytes: usize,
}

/// Orders and conditions that are remembered, and bytes that their names may take.
const MOST_NAMES: usize = 1000;
const MOST_BYTES: usize = 1 << 20;

/// Bytes that a view takes beside its numbers, by and large.
const OVERHEAD: u64 = 1024;

impl View {
    /// The version whose blocks it is of, or a later one that has the same.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Notes that the blocks of that version are the same.
    pub(crate) fn is_of_as_well(&self, version: u64) {
        self.version.fetch_max(version, Ordering::Relaxed);
    }

    /// Notes that somebody asked for it.
    pub(crate) fn note_asked(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
    }

    /// How many of each [`STRIDE`] records satisfy the conditions of that number, if they were counted.
    pub(crate) fn counts(&self, number: u64) -> Option<Arc<[u32]>> {
        let counts = self.counts.lock();
        counts.iter().find(|(other, _)| *other == number).map(|(_, counts)| counts.clone())
    }

    pub(crate) fn keep_counts(&self, number: u64, counted: &Arc<[u32]>) {
        let mut counts = self.counts.lock();
        if counts.len() >= MOST_COUNTS {
            counts.remove(0);
        }
        counts.push((number, counted.clone()));
    }

    fn bytes(&self) -> u64 {
        let counts = MOST_COUNTS * self.order.len().div_ceil(STRIDE) * 4;
        (size_of_val(&*self.order) + counts) as u64 + OVERHEAD
    }
}

impl Views {
    pub(crate) fn new(budget: u64) -> Views {
        Views { kept: Mutex::default(), budget }
    }

    /// The view of that key, of whatever version.
    pub(crate) fn get(&self, key: &ViewKey) -> Option<Arc<View>> {
        let mut kept = self.kept.lock();
        kept.uses += 1;
        let now = kept.uses;
        let (view, used) = kept.views.get_mut(key)?;
        *used = now;
        Some(view.clone())
    }

    /// Counts an order that has no view as asked for once more; says how often it was.
    pub(crate) fn ask(&self, key: &ViewKey) -> u64 {
        let mut kept = self.kept.lock();
        let times = kept.asked.numbers.get(key).map_or(1, |times| times + 1);
        kept.asked.put(key, key.bytes(), times);
        times
    }

    /// Whether a view of so many records can be kept.
    pub(crate) fn has_room_for(&self, records: usize) -> bool {
        records as u64 * 5 + OVERHEAD <= self.budget
    }

    /// The long ones that somebody asked for since this was asked last.
    pub(crate) fn take_asked(&self) -> Vec<(ViewKey, Arrangement)> {
        let kept = self.kept.lock();
        let asked = kept.views.iter().filter(|(_, (view, _))| {
            view.order.len() > AT_ONCE && view.is_asked.swap(false, Ordering::Relaxed)
        });
        asked.map(|(key, (view, _))| (key.clone(), view.arrangement.clone())).collect()
    }

    /// Keeps an order, as of that version, in place of what was used least lately.
    pub(crate) fn keep(
        &self,
        key: ViewKey,
        version: u64,
        order: Vec<u32>,
        arrangement: Arrangement,
    ) -> Arc<View> {
        let (version, counts) = (AtomicU64::new(version), Mutex::default());
        let mut kept = self.kept.lock();
        kept.last_view += 1;
        let number = kept.last_view;
        let view = Arc::new(View {
            number,
            version,
            order: order.into(),
            counts,
            arrangement,
            is_asked: AtomicBool::default(),
        });
        if kept.views.get(&key).is_some_and(|(other, _)| other.version() > view.version()) {
            return view;
        }
        kept.remove(&key);
        while kept.bytes + view.bytes() > self.budget
            && let Some(oldest) = kept.oldest()
        {
            kept.remove(&oldest);
        }
        if kept.bytes + view.bytes() <= self.budget {
            kept.bytes += view.bytes();
            kept.uses += 1;
            let now = kept.uses;
            kept.views.insert(key, (view.clone(), now));
        }
        view
    }

    /// The number of the conditions of that name, which no others ever have.
    pub(crate) fn number_of(&self, name: &str) -> u64 {
        let mut kept = self.kept.lock();
        if let Some(number) = kept.names.numbers.get(name) {
            return *number;
        }
        kept.last_name += 1;
        let number = kept.last_name;
        kept.names.put(&Box::from(name), name.len(), number);
        number
    }
}

impl ViewKey {
    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.from.len() + self.to.len() + self.sort.len()
    }
}

impl<K: Clone + Eq + Hash> Remembered<K> {
    /// Remembers a number under a name of so many bytes, unless that alone is too long.
    fn put(&mut self, name: &K, bytes: usize, number: u64) {
        if let Some(known) = self.numbers.get_mut(name) {
            *known = number;
            return;
        }
        if self.numbers.len() >= MOST_NAMES || self.bytes + bytes > MOST_BYTES {
            self.numbers.clear();
            self.bytes = 0;
        }
        if bytes <= MOST_BYTES {
            self.bytes += bytes;
            self.numbers.insert(name.clone(), number);
        }
    }
}

impl<K> Default for Remembered<K> {
    fn default() -> Remembered<K> {
        Remembered { numbers: HashMap::new(), bytes: 0 }
    }
}

impl Kept {
    fn oldest(&self) -> Option<ViewKey> {
        self.views.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone())
    }

    fn remove(&mut self, key: &ViewKey) {
        if let Some((view, _)) = self.views.remove(key) {
            self.bytes -= view.bytes();
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("records", &self.order.len()).finish_non_exhaustive()
    }
}
