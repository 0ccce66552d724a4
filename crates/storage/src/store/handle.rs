//! The handle of an open store.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::checkpoint::Extent;
use super::shared::Shared;
use super::threads::Threads;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Durability, Options};

/// A handle of an open store. Clones share it; the last one to be dropped closes it.
#[derive(Clone)]
pub struct Store(Arc<Open>);

/// What the last handle closes.
struct Open {
    shared: Arc<Shared>,
    threads: Option<Threads>,
    /// Removes the directory of a temporary store, after all else.
    temporary: Option<tempfile::TempDir>,
}

impl Store {
    /// Opens the store at that path; makes it where there is none, if the options allow it.
    ///
    /// # Errors
    /// `Missing`, `NotAStore`, `AlreadyOpen`, `Damaged`, `NewerFormat`, `OlderFormat` or `Io`; each says what
    /// to do.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Store> {
        Store::new(path.as_ref(), options, None)
    }

    /// A store of its own in the system's directory for temporary files, removed with the last
    /// handle.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
    /// use filedex::store::{Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// assert_eq!(store.stats()?.records, 0);
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` where no such directory can be made.
    pub fn temporary(options: &Options) -> Result<Store> {
        let directory = tempfile::Builder::new().prefix("filedex-").tempdir();
        let directory = directory.map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot make a temporary directory: {error}"))
                .caused_by(error)
        })?;
        let mut options = options.clone();
        options.create = true;
        Store::new(&directory.path().join("store"), &options, Some(directory))
    }

    fn new(path: &Path, options: &Options, temporary: Option<tempfile::TempDir>) -> Result<Store> {
        let shared = Arc::new(Shared::open(path, options)?);
        let threads = Some(Threads::start(&shared)?);
        Ok(Store(Arc::new(Open { shared, threads, temporary })))
    }

    /// How the store was opened.
    pub fn options(&self) -> &Options {
        &self.0.shared.options
    }

    /// What an earlier end had left behind and opening put right, one sentence each: an unfinished file
    /// removed, the index made anew, a torn write dropped. Nothing that was promised is lost by it.
    /// Empty after a clean close.
    pub fn recoveries(&self) -> &[String] {
        &self.0.shared.recoveries
    }

    /// Hands everything written so far to the disk.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn flush(&self) -> Result<()> {
        self.0.shared.make_durable(Durability::Durable)
    }

    /// Writes everything to where it stays, without waiting until that is due: after a load, say, so that
    /// what is asked next finds it in block files. Writers and readers go on meanwhile.
    ///
    /// # Errors
    /// `Io` or `Poisoned`; everything is as it was then. `Unsupported` within [`Store::write`].
    pub fn checkpoint(&self) -> Result<()> {
        self.0.shared.settle(Extent::Usual)
    }

    /// Writes everything to where it stays, hands it to the disk and gives this handle up. The store closes
    /// with its last handle.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn close(self) -> Result<()> {
        self.flush()?;
        self.0.shared.settle(Extent::Usual)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl Shared {
    /// Moves everything that memtables hold into block files.
    pub(crate) fn settle(&self, extent: Extent) -> Result<()> {
        self.checkpoint(Extent::Usual)?;
        self.freeze_now()?;
        self.checkpoint(extent)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.threads.take());
        self.shared.history.end();
        if self.temporary.is_some() {
            return;
        }
        // What cannot be moved now is in the log, and is read back at the next open.
        let settled = self.shared.settle(Extent::Usual);
        if settled.is_ok() && self.shared.home.directory.check().is_ok() {
            let _made_anew_by_the_next_open =
                self.shared.pool.index.close(&self.shared.home.directory);
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
