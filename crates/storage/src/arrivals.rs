//! Entries of the id list that wait to be sorted into its blocks.
//!
//! Ids come in no order: nearly every record would change a block of its own there, and each of these
//! would be copied and searched for one entry. So entries wait here, found by their keys, until a
//! checkpoint sorts all of them into their blocks. What waits goes before what the blocks say. This
//! file does not know what entries mean.

use hashbrown::HashTable;
use quick_cache::DefaultHashBuilder;

use crate::class::Class;
use crate::stage::Staging;

/// Entries by their keys. All bytes lie one after the other: there may be a hundred thousand entries,
/// and they go together.
#[derive(Default)]
pub(crate) struct Arrivals {
    bytes: Vec<u8>,
    entries: HashTable<Arrival>,
    hasher: DefaultHashBuilder,
}

/// Where an entry lies: its key, and its payload behind it. One without a class is to go.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    at: usize,
    key: usize,
    payload: usize,
    class: Option<Class>,
}

impl Arrivals {
    /// The entry of that key as it will stand, if it waits here.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Staging<&[u8]>> {
        if self.entries.is_empty() {
            return None;
        }
        let found =
            self.entries.find(self.hasher.hash_one(key), |arrival| self.key(arrival) == key);
        found.map(|arrival| self.staging(arrival))
    }

    pub(crate) fn put(&mut self, key: &[u8], entry: Staging<&[u8]>) {
        let Arrivals { bytes, entries, hasher } = self;
        let payload = entry.map_or(&[][..], |(_, payload)| payload);
        let class = entry.map(|(class, _)| class);
        let arrival = Arrival { at: bytes.len(), key: key.len(), payload: payload.len(), class };
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(payload);
        let hash = |key: &[u8]| hasher.hash_one(key);
        let is_same = |other: &Arrival| key_in(bytes, other) == key;
        match entries.entry(hash(key), is_same, |other| hash(key_in(bytes, other))) {
            hashbrown::hash_table::Entry::Occupied(mut taken) => *taken.get_mut() = arrival,
            hashbrown::hash_table::Entry::Vacant(free) => drop(free.insert(arrival)),
        }
    }

    /// All entries in order of their keys.
    pub(crate) fn sorted(&self) -> Vec<Arrival> {
        let mut sorted: Vec<Arrival> = self.entries.iter().copied().collect();
        sorted.sort_unstable_by(|one, other| self.key(one).cmp(self.key(other)));
        sorted
    }

    pub(crate) fn entry(&self, arrival: &Arrival) -> (&[u8], Staging<&[u8]>) {
        (self.key(arrival), self.staging(arrival))
    }

    /// How much memory they take, about.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + self.entries.allocation_size()
    }

    fn key(&self, arrival: &Arrival) -> &[u8] {
        key_in(&self.bytes, arrival)
    }

    fn staging(&self, arrival: &Arrival) -> Staging<&[u8]> {
        let payload = arrival.at + arrival.key..arrival.at + arrival.key + arrival.payload;
        arrival.class.map(|class| (class, self.bytes.get(payload).unwrap_or_default()))
    }
}

fn key_in<'b>(bytes: &'b [u8], arrival: &Arrival) -> &'b [u8] {
    bytes.get(arrival.at..arrival.at + arrival.key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_word_on_a_key_counts_and_all_come_in_order(
            puts in proptest::collection::vec(("[ab]{0,3}", proptest::option::of(0..64u8)), 0..60),
        ) {
            let (mut arrivals, mut model) = (Arrivals::default(), BTreeMap::new());
            for (key, byte) in &puts {
                let payload = byte.map(|byte| vec![byte; usize::from(byte % 5)]);
                let class = byte.and_then(Class::from_byte);
                arrivals.put(key.as_bytes(), class.zip(payload.as_deref()));
                model.insert(key.as_bytes(), class.zip(payload));
            }
            for (key, entry) in &model {
                let entry = entry.as_ref().map(|(class, payload)| (*class, payload.as_slice()));
                prop_assert_eq!(arrivals.get(key), Some(entry));
            }
            prop_assert_eq!(arrivals.get(b"c"), None);
            let sorted = arrivals.sorted();
            let keys: Vec<&[u8]> = sorted.iter().map(|arrival| arrivals.entry(arrival).0).collect();
            prop_assert_eq!(keys, model.into_keys().collect::<Vec<_>>());
        }
    }
}
