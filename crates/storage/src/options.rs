//! How a store is opened, and what a write promises.

use std::time::Duration;

use filedex_query::Limits;

/// How a store is opened.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
/// let mut options = filedex::store::Options::default();
/// options.cache_bytes = 16 << 20;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Bytes of memory for caches.
    pub cache_bytes: u64,
    /// Paths of fields, such as `identify.size.width`, that are often asked for by filters and sorts over many
    /// records, beside the usual ones. Checkpoints write columns of them, so that the first question need not
    /// read every record.
    pub columns: Vec<String>,
    /// Bytes of memory, about, that changes may take before a checkpoint moves them to where they stay.
    /// The more there are, the less is written: a block that many writes change is written once.
    pub write_buffer_bytes: u64,
    /// Bytes of memory, about, that snapshots which a host keeps may hold beside what is current.
    pub snapshot_bytes: u64,
    /// What a write promises when the call returns, unless the call says otherwise.
    pub durability: Durability,
    /// From which time on an execution is a slow one: it is counted as such, and told at the level `WARN` (feature
    /// `tracing`).
    pub slow: Duration,
    /// Whether a store is made where there is none.
    pub create: bool,
    /// Bounds on what one execution may cost; a [`crate::Watch`] can only tighten them.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cache_bytes: 128 << 20,
            columns: Vec::new(),
            write_buffer_bytes: 176 << 20,
            snapshot_bytes: 64 << 20,
            durability: Durability::default(),
            slow: Duration::from_millis(100),
            create: true,
            limits: Limits::default(),
        }
    }
}

/// What a write promises when the call returns.
///
/// | mode | process killed | system crashed, power cut |
/// |---|---|---|
/// | `Durable` | nothing lost | nothing lost |
/// | `Interval` | nothing lost | at most the last 250 ms |
/// | `Relaxed` | at most the last 250 ms | at most the last 250 ms |
///
/// To the 250 ms comes the time that the disk takes for two syncs. What is lost is always an end of what
/// was written; docs/durability.md says more, and where each cell is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The write is on the disk before the call returns.
    Durable,
    /// The write is with the operating system before the call returns, and on the disk within 250 ms.
    #[default]
    Interval,
    /// The write is in memory; it reaches the operating system and the disk within 250 ms.
    Relaxed,
}
