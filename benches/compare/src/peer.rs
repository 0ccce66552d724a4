//! What every engine of the comparison can be asked to do, and which engines there are.

use std::path::Path;

use clap::ValueEnum;

use crate::data::Record;
use crate::error::Result;
use crate::neighbour::Neighbour;
use crate::peers::{
    COLUMNS, Filedex, Memory, Sled, Sqlite, SqliteColumns, sled::Layout, sqlite::Setup,
};
use crate::question::Question;
use crate::row::Row;

/// An open store of one engine.
pub(crate) trait Peer: Send {
    /// Takes in records that it does not hold yet; their forms may be taken away.
    fn load(&mut self, records: &mut [Record]) -> Result<()>;

    /// Ends a load: everything is handed over and can be asked for.
    fn flush(&mut self) -> Result<()>;

    /// The JSON text of the answer, `None` for a question that this engine is not set up for.
    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>>;

    /// Puts in a record that it does not hold yet, and returns when it would survive a power cut.
    /// False if this engine is not set up for that.
    fn put(&mut self, record: &Record) -> Result<bool>;

    /// Puts records in the place of those that it holds under the same ids. False if this engine is not set
    /// up for that.
    fn replace(&mut self, _records: &mut [Record]) -> Result<bool> {
        Ok(false)
    }

    /// Puts what was written to where it stays.
    fn checkpoint(&mut self) -> Result<()> {
        Ok(())
    }

    /// Another handle of the same store, for another thread; `None` if this engine is not set up for that.
    fn another(&self) -> Result<Option<Box<dyn Peer>>> {
        Ok(None)
    }

    /// Writes a backup to that path, while other handles go on. False if this engine is not set up for that.
    fn back_up(&mut self, _path: &Path) -> Result<bool> {
        Ok(false)
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// An engine, set up in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Filedex,
    /// The same with the fields of the filter over everything declared as columns.
    FiledexColumns,
    /// Records as JSON text with the asked fields as columns, totals kept by triggers; mapped.
    Sqlite,
    /// The same with totals counted on the covering indexes; through the page cache.
    SqliteCounted,
    /// Every field a column, for the filters over everything; through the page cache.
    SqliteColumns,
    /// As the first, with an index for each question that the lists do not serve.
    SqliteIndexed,
    /// Records by id, an index tree for each list, kept totals.
    Sled,
    /// Records inside the room index: room pages only.
    SledClustered,
    /// JSON text and sorted lists in memory: the floor.
    Memory,
    #[cfg(feature = "polodb")]
    Polodb,
}

/// What stands in one column of the table: the best of its kinds counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Family {
    Filedex,
    Sqlite,
    /// SQLite with an index for just the question.
    Indexed,
    Sled,
    Polodb,
    Memory,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Bytes of cache; `None` for what the engine takes by itself, as Filedex always does.
    pub(crate) cache: Option<u32>,
    /// Whether writes return only when they would survive a power cut.
    pub(crate) durable: bool,
}

impl Setting {
    pub(crate) const DEFAULT: Setting = Setting { cache: None, durable: false };
    /// One GiB of cache, for all peers alike; Filedex has its default options.
    pub(crate) const ROOMY: Setting = Setting { cache: Some(1 << 30), durable: false };

    pub(crate) fn durable(self) -> Setting {
        Setting { durable: true, ..self }
    }
}

impl Kind {
    pub(crate) fn all() -> Vec<Kind> {
        Kind::value_variants().to_vec()
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Kind::Filedex | Kind::FiledexColumns => Family::Filedex,
            Kind::Sqlite | Kind::SqliteCounted | Kind::SqliteColumns => Family::Sqlite,
            Kind::SqliteIndexed => Family::Indexed,
            Kind::Sled | Kind::SledClustered => Family::Sled,
            Kind::Memory => Family::Memory,
            #[cfg(feature = "polodb")]
            Kind::Polodb => Family::Polodb,
        }
    }

    /// Opens the store in that directory, making it where there is none.
    pub(crate) fn open(self, directory: &Path, setting: Setting) -> Result<Box<dyn Peer>> {
        Ok(match self {
            Kind::Filedex => Box::new(Filedex::open(directory, setting, &[])?),
            Kind::FiledexColumns => Box::new(Filedex::open(directory, setting, COLUMNS)?),
            Kind::Sqlite => Box::new(Sqlite::open(directory, setting, Setup::Kept)?),
            Kind::SqliteCounted => Box::new(Sqlite::open(directory, setting, Setup::Counted)?),
            Kind::SqliteColumns => Box::new(SqliteColumns::open(directory, setting)?),
            Kind::SqliteIndexed => Box::new(Sqlite::open(directory, setting, Setup::Indexed)?),
            Kind::Sled => Box::new(Sled::open(directory, setting, Layout::Plain)?),
            Kind::SledClustered => Box::new(Sled::open(directory, setting, Layout::Clustered)?),
            Kind::Memory => Box::new(Memory::open(directory)?),
            #[cfg(feature = "polodb")]
            Kind::Polodb => Box::new(crate::peers::Polodb::open(directory)?),
        })
    }

    /// Whether an opened store holds what was loaded before.
    pub(crate) fn persists(self) -> bool {
        self != Kind::Memory
    }

    /// Bytes of memory that the engine grants itself by default.
    pub(crate) fn budget(self) -> u64 {
        match self {
            Kind::Filedex | Kind::FiledexColumns => {
                let options = filedex_storage::Options::default();
                options.cache_bytes + options.write_buffer_bytes
            }
            // SQLite's `cache_size` of each connection; the others are not asked.
            _ => 2_000 << 10,
        }
    }

    /// Whether the kind stands for its family in that row. Some do so only where they are at their best.
    pub(crate) fn stands_in(self, row: Row) -> bool {
        use Row::{BulkLoad, DiskBytes, DurablePut, MemoryLoaded, MemoryOpen, OpenWarm};
        use Row::{CheckpointedDeepSizePage, CheckpointedEitherPage};
        use Row::{FilterAfterUpdates, FilterAfterUpdatesTimes, FirstFullFilter};
        use Row::{WrittenDeepSizePage, WrittenSizePage};
        let filters = [FirstFullFilter, FilterAfterUpdates, FilterAfterUpdatesTimes];
        let is_filter =
            filters.contains(&row) || row == Row::FullFilter || row == Row::FullFilterColumns;
        let reads = row.is_read() || is_filter || row.is_first();
        let written = [WrittenSizePage, WrittenDeepSizePage];
        let checkpointed = [CheckpointedDeepSizePage, CheckpointedEitherPage];
        let is_written = written.contains(&row) || checkpointed.contains(&row);
        let is_neighbour = Neighbour::of(row).is_some() || is_written;
        match self {
            Kind::Filedex => row != Row::FullFilterColumns,
            Kind::FiledexColumns => row == Row::FullFilterColumns,
            Kind::SqliteIndexed => is_neighbour,
            Kind::Sqlite => !row.is_uncounted(),
            // Totals that are counted are exact as well; writes without them are a row of their own.
            Kind::SqliteCounted => reads || row.is_uncounted(),
            Kind::SqliteColumns => is_filter,
            Kind::Memory if is_neighbour => row == Row::NamePage,
            _ if is_neighbour => false,
            Kind::SledClustered => row.is_read(),
            _ => {
                let others = [BulkLoad, DurablePut, DiskBytes, MemoryLoaded, MemoryOpen, OpenWarm];
                row.is_read() || others.contains(&row)
            }
        }
    }
}
