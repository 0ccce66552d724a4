//! The open index: one handle, shared by all threads of a host.
//!
//! It holds the tree, the lock that makes every answer come from one state, and the lock that makes
//! writers take turns. What is done under them is in [`crate::writer`], [`crate::reader`] and
//! [`crate::execute`].

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::directory::Directories;
use crate::error::{Error, ErrorKind, Result};
use crate::home;
use crate::options::{Durability, Options};
use crate::reader::Reader;
use crate::stage::Stage;
use crate::tree::Tree;

/// A handle of an open store. Clones share it; the last one to be dropped closes it.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    tree: Tree,
    directories: Directories,
    /// Held for reading during a whole answer, and for writing while changes are applied.
    gate: RwLock<()>,
    /// Held while a write is worked out.
    turn: Mutex<()>,
    options: Options,
    /// Removes the directory of a temporary store, after the tree is closed.
    _temporary: Option<tempfile::TempDir>,
}

impl Store {
    /// Opens the store at that path; makes it where there is none, if the options allow it.
    ///
    /// # Errors
    /// `Missing`, `NotAStore`, `AlreadyOpen`, `Damaged`, `NewerFormat` or `Io`; each says what to do.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Store> {
        let tree = home::open(path.as_ref(), options.create, tree_bytes(options))?;
        Ok(Store::new(tree, options, None))
    }

    /// A store of its own in the system's directory for temporary files, removed with the last
    /// handle.
    ///
    /// ```
    /// use filedex_storage::{Options, Store};
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
        let tree = home::open(&directory.path().join("store"), true, tree_bytes(options))?;
        Ok(Store::new(tree, options, Some(directory)))
    }

    fn new(tree: Tree, options: &Options, temporary: Option<tempfile::TempDir>) -> Store {
        Store(Arc::new(Shared {
            tree,
            directories: Directories::new(directory_bytes(options)),
            gate: RwLock::new(()),
            turn: Mutex::new(()),
            options: options.clone(),
            _temporary: temporary,
        }))
    }

    /// How the store was opened.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Hands everything written so far to the disk.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn flush(&self) -> Result<()> {
        self.0.tree.sync()
    }

    /// Hands everything to the disk and gives this handle up. The store closes with its last handle.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn close(self) -> Result<()> {
        self.flush()
    }

    /// One state of the index, which no write changes while it is held.
    pub(crate) fn read(&self) -> Reader<'_> {
        Reader::new(&self.0.tree, &self.0.directories, self.0.gate.read())
    }

    /// Works a write out, applies it as a whole and makes it durable as asked. After an error nothing
    /// of it is applied.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Stage<'_>) -> Result<T>,
    ) -> Result<T> {
        let turn = self.0.turn.lock();
        let mut stage = Stage::new(&self.0.tree);
        let answer = work(&mut stage)?;
        if let Some(finished) = stage.finish() {
            let _gate = self.0.gate.write();
            self.0.tree.apply(finished.changes)?;
            self.0.directories.follow(finished.blocks);
        }
        drop(turn);
        self.make_durable(durability)?;
        Ok(answer)
    }

    pub(crate) fn make_durable(&self, durability: Durability) -> Result<()> {
        match durability {
            Durability::Durable => self.0.tree.sync(),
            Durability::Interval => self.0.tree.flush(),
            Durability::Relaxed => Ok(()),
        }
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64> {
        self.0.tree.disk_bytes()
    }
}

/// The directories' part of the budget for caches.
fn directory_bytes(options: &Options) -> usize {
    usize::try_from(options.cache_bytes / 8).unwrap_or(usize::MAX)
}

/// The tree's part of the budget for caches.
fn tree_bytes(options: &Options) -> u64 {
    options.cache_bytes - options.cache_bytes / 8
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("options", &self.0.options).finish_non_exhaustive()
    }
}
