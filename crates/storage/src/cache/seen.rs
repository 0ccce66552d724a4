//! What was asked for not long ago, by and large: what is asked for once is not worth keeping, and taking it
//! in would drop what is.

use std::hash::Hash;

use quick_cache::DefaultHashBuilder;

use crate::sync::{AtomicU64, Ordering};

/// The last things that were asked for, by their hashes.
#[derive(Debug)]
pub(crate) struct Seen {
    hasher: DefaultHashBuilder,
    slots: Box<[AtomicU64]>,
}

/// A thing is remembered until another comes to the same of so many places.
const SLOTS: usize = 1 << 14;

impl Seen {
    pub(crate) fn new() -> Seen {
        let slots = std::iter::repeat_with(|| AtomicU64::new(0)).take(SLOTS);
        Seen { hasher: DefaultHashBuilder::default(), slots: slots.collect() }
    }

    /// The hash of a thing, as long as this is there.
    pub(crate) fn hash(&self, thing: &(impl Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(thing)
    }

    /// Whether the thing was asked for before; it is from now on.
    pub(crate) fn again(&self, thing: &impl Hash) -> bool {
        let hash = self.hash(thing);
        let slot = self.slots.get(hash as usize % SLOTS);
        slot.is_some_and(|slot| slot.swap(hash, Ordering::Relaxed) == hash)
    }
}
