//! SQLite as an expert sets it up: write-ahead log, composite indexes that cover the counts, kept
//! totals, cached statements, a transaction for every 10,000 records of a load.

mod columns;
mod documents;

use std::path::Path;

use rusqlite::Connection;

use crate::error::Result;
use crate::peer::Setting;

pub(crate) use columns::SqliteColumns;
pub(crate) use documents::{Sqlite, Totals};

/// Records a transaction of a load.
const BATCH: usize = 10_000;

/// How pages of the file are reached. Neither way is the faster one everywhere: random rows come
/// sooner from a mapped file, scans are up to twice as fast over pages that the cache keeps unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The file is mapped into memory.
    Mapped,
    /// Pages are read into the cache.
    Cached,
}

/// A connection, and the records of its open transaction.
struct Database {
    connection: Connection,
    pending: usize,
}

impl Database {
    /// Opens the database in that directory. `schema` makes what is not there.
    fn open(
        directory: &Path,
        setting: Setting,
        reading: Reading,
        schema: &str,
    ) -> Result<Database> {
        let connection = Connection::open(directory.join("files.sqlite"))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "journal_mode", "wal")?;
        let synchronous = if setting.durable { "full" } else { "normal" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        if let Some(bytes) = setting.cache {
            // Below zero it is KiB.
            connection.pragma_update(None, "cache_size", -i64::from(bytes / 1024))?;
            if reading == Reading::Mapped {
                connection.pragma_update(None, "mmap_size", i64::from(bytes))?;
            }
        }
        connection.execute_batch(schema)?;
        Ok(Database { connection, pending: 0 })
    }

    /// Makes sure that a transaction is open for that many records more.
    fn begin(&mut self, records: usize) -> Result<()> {
        if self.pending >= BATCH {
            self.commit()?;
        }
        if self.pending == 0 {
            self.connection.execute_batch("BEGIN")?;
        }
        self.pending += records;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        if self.pending > 0 {
            self.connection.execute_batch("COMMIT")?;
            self.pending = 0;
        }
        Ok(())
    }
}
