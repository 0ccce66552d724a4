//! A compaction: every block is written anew and full, into one file, so that what changes left behind takes
//! no space any more.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde::Serialize;

use crate::disk::Directory;
use crate::disk::names::{Numbered, TREE};
use crate::error::Result;
use crate::options::Options;
use crate::store::{Extent, Home, Store};

/// How often it is looked how far the work has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Compaction {
    /// Records that went over, which are all.
    pub records: u64,
    /// Bytes of all files before.
    pub bytes_before: u64,
    /// Bytes of all files after.
    pub bytes_after: u64,
}

impl Store {
    /// Writes the store at that path anew, as small as it can be. `progress` is told how many of how
    /// many records went over, about.
    ///
    /// There must be room for it once more. A compaction that is interrupted changed nothing that counts.
    ///
    /// ```
    /// # use filedex_query::Document;
    /// # use filedex_storage::{Options, Store};
    /// let site = tempfile::tempdir()?;
    /// let path = site.path().join("store");
    /// let store = Store::open(&path, &Options::default())?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// store.close()?;
    ///
    /// let compaction = Store::compact(&path, &Options::default(), &mut |_, _| ())?;
    /// assert_eq!(compaction.records, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AlreadyOpen` while anybody has the store open; `Damaged` where not all of it can be read, so
    /// that a repair is needed first; `Missing`, `NotAStore`, `NewerFormat`, `OlderFormat` or `Io`. The store is as it
    /// was then.
    pub fn compact(
        path: impl AsRef<Path>,
        options: &Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Compaction> {
        let path = path.as_ref();
        let options = Options { create: false, ..options.clone() };
        let store = Store::open(path, &options)?;
        let before = store.stats()?;
        progress(0, before.records);
        write_anew(&store, before.records, progress)?;
        store.close()?;
        // The index is made anew by the next open, without what changes left in it.
        let home = Home::open(path, false)?;
        home.directory.remove_directory(TREE)?;
        drop(home);
        let store = Store::open(path, &options)?;
        let records = store.stats()?.records;
        store.close()?;
        progress(records, records);
        let bytes_after = Directory::open(path)?.bytes()?;
        Ok(Compaction { records, bytes_before: before.disk_bytes, bytes_after })
    }
}

/// Writes all blocks anew. How many records are over is told by how long the new file is.
fn write_anew(store: &Store, records: u64, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    let directory = &store.shared().home.directory;
    let live: u64 = store.shared().audit().commit.usage.iter().map(|(_, usage)| usage.live).sum();
    std::thread::scope(|scope| {
        let (end, ended) = channel();
        let work = scope.spawn(move || {
            let written = store.shared().settle(Extent::Everything);
            // Nobody waits any more only where the host's code has panicked.
            let _told = end.send(());
            written
        });
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
            let written = u128::from(newest_length(directory));
            let done = u128::from(records) * written / u128::from(live.max(1));
            progress(u64::try_from(done).unwrap_or(records).min(records), records);
        }
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// How long the newest block file is.
fn newest_length(directory: &Directory) -> u64 {
    let numbers = directory.numbers(Numbered::Blocks).unwrap_or_default();
    let newest = numbers.last().map(|newest| directory.at(&Numbered::Blocks.name(*newest)));
    newest.and_then(|path| path.metadata().ok()).map_or(0, |found| found.len())
}
