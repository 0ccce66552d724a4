//! The store of this machine by itself: records, counted lists, snapshots and the execution of plans.
//!
//! A host asks a [`Filedex`](crate::Filedex), which stands on such a [`Store`]; what a store takes and gives is
//! here for those who write a [`Backend`](crate::Backend) or look below one.

#[doc(inline)]
pub use filedex_storage::{
    Activity, Backup, Batch, CacheActivity, Cancel, Changed, Changes, Commit, Compaction, Cursor,
    Durability, Error, ErrorKind, Explain, Holder, Holders, News, Options, Page, Put, Quarantined,
    Repair, Report, Result, Snapshot, Start, Stats, Store, Sweep, Tally, Watch, Way, What, Window,
    Work,
};
