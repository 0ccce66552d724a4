//! SQLite as an expert sets it up: write-ahead log, composite indexes that cover the counts, kept
//! totals, cached statements, a transaction for every 10,000 records of a load.

mod columns;
mod documents;
mod list;
mod neighbours;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::error::Result;
use crate::newest::Newest;
use crate::page::PageText;
use crate::peer::Setting;
use crate::peers::sqlite::list::List;
use crate::question::{EXTENSION, WIDTH};

pub(crate) use columns::SqliteColumns;
pub(crate) use documents::Sqlite;

/// Records a transaction of a load.
const BATCH: usize = 10_000;

/// How long a connection waits for another's write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where totals come from, and which indexes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// From tables that triggers keep.
    Kept,
    /// From counting on the index of the list.
    Counted,
    /// From tables, and with an index for each question that the lists do not serve.
    Indexed,
}

/// How pages of the file are reached. Neither way is the faster one everywhere: random rows come
/// sooner from a mapped file, scans are up to twice as fast over pages that the cache keeps unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The file is mapped into memory.
    Mapped,
    /// Pages are read into the cache.
    Cached,
}

/// Time, id and number of a record.
type Key = (i64, String, i64);

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
        connection.busy_timeout(PATIENCE)?;
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

    fn checkpoint(&self) -> Result<()> {
        // It tells how much it has done, as a row.
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// As SQLite's documentation recommends it beside a writer.
    fn back_up(&self, path: &Path) -> Result<()> {
        self.connection.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        Ok(())
    }

    /// A page of a list.
    fn window(&self, list: &List, keys: &[&dyn ToSql], offset: u64) -> Result<Vec<u8>> {
        let mut page = PageText::new();
        let mut select = self.connection.prepare_cached(&list.page)?;
        for (position, key) in keys.iter().enumerate() {
            select.raw_bind_parameter(position + 1, key)?;
        }
        select.raw_bind_parameter(keys.len() + 1, i64::try_from(offset)?)?;
        let mut rows = select.raw_query();
        while let Some(row) = rows.next()? {
            page.add(row.get_ref(0)?.as_bytes()?);
        }
        let mut select = self.connection.prepare_cached(&list.total)?;
        let total = select.query_row(keys, |row| row.get::<_, i64>(0)).optional()?;
        page.finish(offset, u64::try_from(total.unwrap_or_default())?)
    }

    /// The newest page of what a wide question finds, as keys that end with the number of a record, and
    /// how many it finds. The statement selects such keys of all matches.
    fn newest(&self, statement: &str) -> Result<(Newest<Key>, u64)> {
        let mut select = self.connection.prepare_cached(statement)?;
        let mut rows = select.query(params![EXTENSION, WIDTH])?;
        let (mut newest, mut total) = (Newest::new(), 0);
        while let Some(row) = rows.next()? {
            total += 1;
            newest.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
        Ok((newest, total))
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
