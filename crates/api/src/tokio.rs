//! The same calls as futures, for hosts on tokio: each runs on one of a bounded number of tokio's threads
//! for blocking work.
//!
//! A future that is dropped ends what it asked: a call that has not begun never begins, a lookup stops
//! within some ten milliseconds of work. A write that has begun is done, whole. The runtime may be of either kind;
//! outside of one the calls panic, as all of tokio's do.
//!
//! ```
//! use filedex::doc;
//! use filedex::tokio::Filedex;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), filedex::Error> {
//!     let index = Filedex::new(filedex::Filedex::temporary()?);
//!     index.put(&doc! { "_id": "a", "rid": "GENERAL", "size": 78_441 }).await?;
//!     let page = index.room("GENERAL").query(r#"{"size": {"$gt": 10000}}"#)?.count(50).page().await?;
//!     assert_eq!(page.total, 1);
//!
//!     // Whatever else an index can do:
//!     let records = index.run(|index| Ok(index.stats()?.records)).await?;
//!     assert_eq!(records, 1);
//!     Ok(())
//! }
//! ```

mod changes;
mod index;
mod lookup;
mod places;
mod snapshot;

pub use changes::Changes;
pub use index::Filedex;
pub use lookup::{Lookup, Matches};
pub use snapshot::Snapshot;
