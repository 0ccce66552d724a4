//! What keeps writers from running ahead of checkpoints: memtables that fill up slow every writer a little,
//! and no writer for long.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::shared::Moment;

/// How full the memtables are.
#[derive(Debug)]
pub(super) struct Pressure {
    /// Bytes that one memtable may take: half of what the write buffer has for them.
    most: u64,
    active: AtomicU64,
    has_frozen: AtomicBool,
    written: Moment,
}

/// A write waits so long for each byte when the active memtable is full, and the frozen one is still being
/// written; less the emptier it is, and nothing while it is half empty.
const NANOSECONDS_PER_BYTE: f64 = 150.0;

/// No write is slowed down by more.
const LONGEST: Duration = Duration::from_millis(20);

/// How many times a memtable may take what it should before writes are refused.
const TIMES_FULL: u64 = 3;

/// A smaller memtable is left as it is when nothing is written.
const WORTH_A_CHECKPOINT: u64 = 8 << 20;

/// Milliseconds without a write after which a larger one goes into block files.
const IDLE: u64 = 500;

/// Bytes of the write buffer that serve to tell new ids from others.
pub(super) fn bytes_for_ids(write_buffer_bytes: u64) -> u64 {
    write_buffer_bytes / 32
}

impl Pressure {
    pub(super) fn new(write_buffer_bytes: u64) -> Pressure {
        let memtable_bytes = write_buffer_bytes - bytes_for_ids(write_buffer_bytes);
        let (active, has_frozen) = (AtomicU64::new(0), AtomicBool::new(false));
        Pressure { most: (memtable_bytes / 2).max(1), active, has_frozen, written: Moment::new() }
    }

    /// Notes how many bytes the active memtable takes; gives by how many that is more than before.
    pub(super) fn note(&self, bytes: u64) -> u64 {
        self.written.note();
        bytes.saturating_sub(self.active.swap(bytes, Ordering::Relaxed))
    }

    pub(super) fn may_freeze(&self) -> bool {
        !self.has_frozen.load(Ordering::Acquire) && self.active.load(Ordering::Relaxed) > 0
    }

    pub(super) fn is_freezing_due(&self) -> bool {
        self.may_freeze() && self.active.load(Ordering::Relaxed) >= self.most
    }

    /// Whether nothing is written, and what was is worth a checkpoint.
    pub(super) fn is_idle(&self) -> bool {
        let is_worth_it = self.active.load(Ordering::Relaxed) >= WORTH_A_CHECKPOINT;
        is_worth_it && self.may_freeze() && self.written.ago() >= IDLE
    }

    pub(super) fn froze(&self) {
        self.has_frozen.store(true, Ordering::Release);
        self.active.store(0, Ordering::Relaxed);
    }

    pub(super) fn thawed(&self) {
        self.has_frozen.store(false, Ordering::Release);
    }

    /// Lets a writer that added so many bytes wait a little, where checkpoints do not keep up.
    pub(super) fn slow_down(&self, added: u64) {
        let full = self.active.load(Ordering::Relaxed) as f64 / self.most as f64;
        if full <= 0.5 || !self.has_frozen.load(Ordering::Acquire) {
            return;
        }
        let share = (full - 0.5) * 2.0;
        let wait = added as f64 * NANOSECONDS_PER_BYTE * share * share * share;
        // Shorter ones are longer than they are asked for.
        if wait > 50_000.0 {
            std::thread::sleep(Duration::from_nanos(wait as u64).min(LONGEST));
        }
    }

    /// Whether a write more would take memory without bound, because no checkpoint makes room.
    pub(super) fn is_full(&self) -> bool {
        self.active.load(Ordering::Relaxed) >= self.most.saturating_mul(TIMES_FULL)
    }
}
