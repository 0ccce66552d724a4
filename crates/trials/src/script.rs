//! What a writer does, step by step: the same for the same seed, so that what a store must hold can
//! be worked out again from the number of the last step.
//!
//! A step does not depend on what the store holds. Each writer has records of its own.

use fastrand::Rng;
use filedex_query::{Date, Document, Value};

/// Records of one atomic write of `put_many`, as the store documents it.
pub(crate) const ATOMIC: usize = 500;

/// Ids that one writer uses: few, so that they meet often.
pub(crate) const FEW_KEYS: u64 = 160;

/// Ids of a store that is larger than the memory it is given.
pub(crate) const MANY_KEYS: u64 = 3_000;

/// One call of a writer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Put(Document),
    /// Moves the record, if it is there, to another room.
    Move {
        id: String,
        room: String,
        number: i64,
    },
    Remove(String),
    PutMany(Vec<Document>),
    RemoveMany(Vec<String>),
    /// Several changes as one write, in which later ones meet earlier ones.
    Write(Vec<Unit>),
}

/// The part of a step that is applied as a whole or not at all.
#[derive(Clone, Debug)]
pub(crate) enum Unit {
    Put(Vec<Document>),
    Move {
        id: String,
        room: String,
        number: i64,
    },
    Remove(Vec<String>),
    /// One after the other, together.
    Write(Vec<Unit>),
}

/// Everything one writer does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    seed: u64,
    writer: u64,
    keys: u64,
}

impl Script {
    pub(crate) fn new(seed: u64, writer: u64) -> Script {
        Script { seed, writer, keys: FEW_KEYS }
    }

    /// The same over another number of ids.
    pub(crate) fn over(self, keys: u64) -> Script {
        Script { keys, ..self }
    }

    /// The step of that number.
    pub(crate) fn step(&self, number: u64) -> Step {
        let mixed = (self.seed ^ (self.writer << 48)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number;
        let mut random = Rng::with_seed(mixed);
        match random.u8(0..100) {
            0..50 => Step::Put(self.record(&mut random, number)),
            50..65 => {
                let id = self.id(random.u64(0..self.keys));
                Step::Move { id, room: room(&mut random), number: number.cast_signed() }
            }
            65..80 => Step::Remove(self.id(random.u64(0..self.keys))),
            80..87 => {
                let changes = random.usize(2..40);
                Step::Write((0..changes).map(|_| self.change(&mut random, number)).collect())
            }
            87..97 => {
                // Some are more than one atomic write takes.
                let records = if random.u8(0..8) == 0 { 510..620 } else { 2..60 };
                let records = random.usize(records);
                Step::PutMany((0..records).map(|_| self.record(&mut random, number)).collect())
            }
            _ => {
                let ids = random.usize(2..40);
                Step::RemoveMany((0..ids).map(|_| self.id(random.u64(0..self.keys))).collect())
            }
        }
    }

    fn change(&self, random: &mut Rng, number: u64) -> Unit {
        match random.u8(0..10) {
            0..6 => Unit::Put(vec![self.record(random, number)]),
            6..8 => {
                let id = self.id(random.u64(0..self.keys));
                Unit::Move { id, room: room(random), number: number.cast_signed() }
            }
            _ => Unit::Remove(vec![self.id(random.u64(0..self.keys))]),
        }
    }

    fn id(&self, key: u64) -> String {
        format!("w{}-{key}", self.writer)
    }

    fn record(&self, random: &mut Rng, number: u64) -> Document {
        let mut record = Document::new().with("_id", self.id(random.u64(0..self.keys)));
        match random.u8(0..20) {
            0 => {}
            1 => {
                let rooms = vec![Value::from("room1"), Value::from("room2")];
                record.push("rid", Value::Array(rooms));
            }
            _ => record.push("rid", room(random)),
        }
        if random.u8(0..10) > 0 {
            record.push("userId", format!("user{}", random.u8(0..3)));
        }
        record.push("uploadedAt", Date(random.i64(0..1000)));
        let groups = ["image", "video", "audio", "text", "application", "thumb"];
        record.push("typeGroup", random.choice(groups).unwrap_or("image"));
        if random.u8(0..20) == 0 {
            record.push("_hidden", true);
        }
        record.push("number", number.cast_signed());
        record.push("name", "x".repeat(name_length(random)));
        record
    }
}

fn room(random: &mut Rng) -> String {
    format!("room{}", random.u8(0..5))
}

/// Most records lie in a block; some are so long that they are cut into pieces.
fn name_length(random: &mut Rng) -> usize {
    match random.u8(0..50) {
        0 => random.usize(5_000..30_000),
        1..4 => random.usize(900..5_000),
        _ => random.usize(0..600),
    }
}

impl Step {
    /// The atomic parts of the step, in order.
    pub(crate) fn units(self) -> Vec<Unit> {
        match self {
            Step::Put(record) => vec![Unit::Put(vec![record])],
            Step::Move { id, room, number } => vec![Unit::Move { id, room, number }],
            Step::Remove(id) => vec![Unit::Remove(vec![id])],
            Step::PutMany(records) => {
                records.chunks(ATOMIC).map(|part| Unit::Put(part.to_vec())).collect()
            }
            Step::Write(changes) => vec![Unit::Write(changes)],
            Step::RemoveMany(ids) => {
                ids.chunks(ATOMIC).map(|part| Unit::Remove(part.to_vec())).collect()
            }
        }
    }
}

/// What a move does to a record.
pub(crate) fn moved(record: &mut Document, room: &str, number: i64) {
    record.set("rid", room);
    record.set("number", number);
}

/// The writer whose record that is.
pub(crate) fn writer_of(id: &str) -> Option<u64> {
    id.strip_prefix('w')?.split_once('-')?.0.parse().ok()
}

impl Unit {
    /// The changes that are made together, in order; none of them is several.
    #[cfg(any(feature = "redb", feature = "sqlite"))]
    pub(crate) fn parts(self) -> Vec<Unit> {
        match self {
            Unit::Write(changes) => changes.into_iter().flat_map(Unit::parts).collect(),
            unit => vec![unit],
        }
    }
}
