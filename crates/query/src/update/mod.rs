//! MongoDB's update language: from what a change says to what it makes of a document.
//!
//! ```text
//! {"$set": ..}      ──parse──▶ tree of operations ──apply──┐
//! {"name": ..}      ─────────▶ replacement ────────────────┼──▶ Updated
//! [{"$set": ..}]    ──parse──▶ pipeline of stages ─────────┘
//! ```
//!
//! | what | file |
//! |---|---|
//! | paths and the tree they make, where two may not meet | `path`, `tree`, `parse` |
//! | the tree over a document, the whole of an update over one | `walk`, `change` |
//! | what single operators do to a value | `operation`, `number`, `moment`, `push`, `members`, `pull`, `rename` |
//! | filters for elements | `condition`, `array_filter` |
//! | whole documents | `replacement`, `pipeline`, `assignment` |
//! | a document made where none matched | `seed` |
//! | what may be stored, and how much | `storable`, `room` |
//!
//! Everything that an update says is read before a document is looked at, and a document is changed
//! wholly or not at all. The folder knows neither stores nor which documents are meant.

mod array_filter;
mod assignment;
mod change;
mod condition;
mod members;
mod moment;
mod number;
mod operation;
mod parse;
mod path;
mod pipeline;
mod pull;
mod push;
mod rename;
mod replacement;
mod room;
mod seed;
mod storable;
mod tree;
mod walk;

pub use change::{Update, Updated};
