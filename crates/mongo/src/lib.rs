//! Filedex over MongoDB: the same lookups where one machine is outgrown.
//!
//! The host changes one line. Scope, queries, policies, limits and endpoints stay as they are; what is
//! sent to the servers is made of compiled plans alone, never of a caller's text. What could fail on a
//! record, or means something else elsewhere, is judged here, of the records that everything else
//! leaves.
//!
//! ```no_run
//! use filedex::File;
//!
//! let index = filedex_mongo::open("mongodb://localhost:27017/uploads?replicaSet=rs0")?;
//! index.put(&File::new("f1")?.with_room("GENERAL").with_size(9778))?;
//! let page = index.room("GENERAL").query(r#"{"size": {"$gt": 9000}}"#)?.count(50).page()?;
//! assert_eq!(page.total, 1);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! The driver runs on a small runtime of its own: calls block as those of an index on this machine do,
//! also inside of a host's runtime.

mod answer;
mod backend;
mod collector;
mod connection;
mod counters;
mod counts;
mod error;
mod figure;
mod follow;
mod indexes;
mod moment;
mod options;
mod place;
mod print;
mod question;
mod record;
mod source;
mod stats;
mod transaction;
mod wait;
mod walk;
mod write;

pub use backend::Mongo;
pub use options::MongoOptions;

use std::sync::Arc;

use filedex::{Filedex, Result};

/// Opens the index in the database of that address; nothing is made there before something is put in.
///
/// # Errors
/// `Io` for an address that is none, servers that don't answer, or don't let in.
pub fn open(uri: &str) -> Result<Filedex> {
    let backend = MongoOptions::new(uri).connect()?;
    Ok(Filedex::options().over(Arc::new(backend)))
}
