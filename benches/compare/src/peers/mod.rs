//! The engines, one file each.

mod filedex;
mod memory;
#[cfg(feature = "polodb")]
mod polodb;
pub(crate) mod sled;
pub(crate) mod sqlite;

pub(crate) use filedex::{COLUMNS, Filedex};
pub(crate) use memory::Memory;
#[cfg(feature = "polodb")]
pub(crate) use polodb::Polodb;
pub(crate) use sled::Sled;
pub(crate) use sqlite::{Sqlite, SqliteColumns};
