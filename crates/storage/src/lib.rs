//! Records, counted lists and plan execution of Filedex: block files, with sled as their index.
//!
//! In reading order: a record ([`filedex_query::Document`] with an `_id`) is put through
//! [`Store::put`]; it is entered into the log and into ordered lists, first in memory and then in blocks that
//! know how many records of each class they hold; [`Store::page`] walks the list that a
//! [`filedex_query::Plan`] narrows its records to. ARCHITECTURE.md walks through the folders, the bytes on disk
//! are drawn in docs/format.md.
//!
//! ```
//! # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
//! use filedex::language::{Projection, Sort};
//! use filedex::{Document, Environment, Filter, Plan};
//! use filedex::store::{Options, Store, Watch, Window};
//!
//! let store = Store::temporary(&Options::default())?;
//! store.put(&Document::new().with("_id", "a").with("rid", "GENERAL").with("size", 9778))?;
//!
//! let environment = Environment::default();
//! let filter = Filter::parse_text(r#"{"rid": "GENERAL", "size": {"$gt": 10}}"#, &environment)?;
//! let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?;
//! let page = store.page(&plan, Window { offset: 0, count: Some(50) }, &Watch::default())?;
//! assert_eq!((page.total, page.explain.access_path), (1, "room"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocks;
mod cache;
mod columns;
mod disk;
mod error;
mod format;
mod index;
mod log;
mod maintenance;
mod memtable;
mod options;
mod read;
mod snapshot;
mod store;
mod sync;
mod write;

pub use error::{Error, ErrorKind, Result};
#[doc(hidden)]
pub use error::{io_within, unsaid};
pub use format::check_record;
pub use maintenance::{Backup, Compaction, Quarantined, Repair, Report};
pub use options::{Durability, Options};
pub use read::{Cancel, Explain, Start, Watch, Way, Window};
pub use snapshot::Work;
pub use store::{
    Activity, Batch, CacheActivity, Changed, Changes, Commit, Cursor, Holder, Holders, News, Page,
    Snapshot, Stats, Store, Sweep, What,
};
pub use write::{Put, Tally};
