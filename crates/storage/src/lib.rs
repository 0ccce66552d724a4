//! Records, counted lists and plan execution of Filedex, on sled.
//!
//! In reading order: a record ([`filedex_query::Document`] with an `_id`) is put through
//! [`Store::put`]; it is entered into three ordered lists, kept in blocks that know how many records
//! of each class they hold; [`Store::page`] walks the list that a [`filedex_query::Plan`] narrows its
//! records to. The bytes on disk are drawn in docs/format.md.
//!
//! ```
//! use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort};
//! use filedex_storage::{Options, Store, Watch, Window};
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

mod access;
mod arrivals;
mod backup;
mod block;
mod cache;
mod callback;
mod carve;
mod checkpoint;
mod class;
mod columns;
mod compact;
mod counts;
mod cursor;
#[cfg(test)]
mod damage;
mod directory;
mod edit;
mod error;
mod execute;
mod explain;
#[cfg(test)]
mod format;
mod guard;
mod home;
mod judge;
mod layout;
mod lock;
mod log;
mod mend;
mod merge;
mod operation;
mod options;
mod page;
mod pending;
mod pool;
mod quarantine;
mod reader;
mod rebuild;
mod record;
mod repair;
mod reply;
mod restore;
mod salvage;
mod segment;
mod sink;
mod stage;
mod stats;
mod store;
mod swap;
mod tree;
mod verify;
mod walk;
mod watch;
mod writer;

pub use backup::Backup;
pub use compact::Compaction;
pub use cursor::Cursor;
pub use error::{Error, ErrorKind, Result};
pub use explain::Explain;
pub use options::{Durability, Options};
pub use page::{Page, Window};
pub use quarantine::Quarantined;
pub use repair::Repair;
pub use stats::Stats;
pub use store::Store;
pub use verify::Report;
pub use watch::{Cancel, Watch};
pub use writer::{Put, Tally};
