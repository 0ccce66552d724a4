//! Generated file records: the same for the same seed, everywhere, in the proportions of a busy
//! chat server.
//!
//! 10,000 rooms and 5,000 users in Zipf proportion, the largest room with about 5 % of all files;
//! fields as in the examples of the endpoints; about 600 bytes of JSON a record. This crate knows
//! documents and nothing of indexes.
//!
//! ```
//! use filedex_dataset::Dataset;
//!
//! let dataset = Dataset::new(1_000);
//! assert_eq!(dataset.records().count(), 1_000);
//! assert_eq!(dataset.record(7), Dataset::new(1_000_000).record(7));
//! assert_eq!(dataset.room(0).len(), 17);
//! ```

mod name;
mod proportion;
mod record;

use fastrand::Rng;
use filedex_query::Document;

use crate::proportion::Proportion;

/// How many rooms the files are spread over.
pub const ROOMS: usize = 10_000;
/// How many users own the files.
pub const USERS: usize = 5_000;

/// The exponent that gives the first of [`ROOMS`] rooms about 5 % of everything.
const EXPONENT: f64 = 0.85;

/// A number of generated records. Record `n` depends on the seed and `n` alone, so that a small
/// dataset is the beginning of a large one.
#[derive(Clone, Debug)]
pub struct Dataset {
    records: usize,
    seed: u64,
    rooms: Proportion,
    users: Proportion,
}

impl Dataset {
    /// A dataset of that many records.
    pub fn new(records: usize) -> Dataset {
        Dataset::with_seed(records, 0x0f11_edec)
    }

    /// A dataset of that many records, other ones for another seed.
    pub fn with_seed(records: usize, seed: u64) -> Dataset {
        Dataset {
            records,
            seed,
            rooms: Proportion::zipf(ROOMS, EXPONENT),
            users: Proportion::zipf(USERS, EXPONENT),
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// All records, oldest first but for a few hours of disorder.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Document> + '_ {
        (0..self.records).map(|number| self.record(number))
    }

    /// The record of that number, whether or not it lies within the dataset's length.
    pub fn record(&self, number: usize) -> Document {
        let mut random = self.random("record", number);
        let room = self.room(self.rooms.draw(&mut random));
        let user = self.user(self.users.draw(&mut random));
        record::generate(&mut random, number, &self.id(number), &room, &user)
    }

    /// The `_id` of the record of that number.
    pub fn id(&self, number: usize) -> String {
        identifier(&mut self.random("file", number))
    }

    /// The id of a room by rank; rank 0 is the largest.
    pub fn room(&self, rank: usize) -> String {
        identifier(&mut self.random("room", rank))
    }

    /// The id of a user by rank; rank 0 owns the most files.
    pub fn user(&self, rank: usize) -> String {
        identifier(&mut self.random("user", rank))
    }

    /// Ranks of rooms as visits fall on them: large rooms often, small ones seldom. Never ends.
    pub fn room_visits(&self) -> impl Iterator<Item = usize> + '_ {
        let mut random = self.random("room visits", 0);
        std::iter::repeat_with(move || self.rooms.draw(&mut random))
    }

    /// Ranks of users as visits fall on them. Never ends.
    pub fn user_visits(&self) -> impl Iterator<Item = usize> + '_ {
        let mut random = self.random("user visits", 0);
        std::iter::repeat_with(move || self.users.draw(&mut random))
    }

    /// A source of its own for each kind and number. FNV-1a spreads them apart.
    fn random(&self, kind: &str, number: usize) -> Rng {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.seed;
        for byte in kind.bytes().chain((number as u64).to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Rng::with_seed(hash)
    }
}

/// Seventeen letters and digits, none of which looks like another.
fn identifier(random: &mut Rng) -> String {
    const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
    (0..17).filter_map(|_| random.choice(LETTERS)).map(|byte| char::from(*byte)).collect()
}
