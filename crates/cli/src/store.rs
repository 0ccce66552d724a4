//! The store that a command line names.
//!
//! This file knows the arguments, not what is done with the store.

use std::path::{Path, PathBuf};

use clap::Args;

/// A store: its directory, or the socket of the server that has it open.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Store {
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// The admin socket of the `filedex serve` that has the store open, in place of --db.
    #[arg(long, value_name = "SOCKET")]
    admin: Option<PathBuf>,
}

/// A store that the command has to itself, named by --db or by its path alone.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Directory {
    /// The directory of the store.
    #[arg(value_name = "STORE")]
    store: Option<PathBuf>,
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
}

impl Store {
    /// A store in that directory.
    pub(crate) fn at(directory: Option<PathBuf>, admin: Option<PathBuf>) -> Store {
        Store { db: directory, admin }
    }

    pub(crate) fn directory(&self) -> Option<&Path> {
        self.db.as_deref()
    }

    pub(crate) fn admin(&self) -> Option<&Path> {
        self.admin.as_deref()
    }

    /// The store as messages name it.
    pub(crate) fn shown(&self) -> String {
        let named = self.db.as_ref().or(self.admin.as_ref());
        named.map(|path| path.display().to_string()).unwrap_or_default()
    }
}

impl Directory {
    pub(crate) fn path(&self) -> &Path {
        // One of the two is required.
        self.store.as_deref().or(self.db.as_deref()).unwrap_or(Path::new(""))
    }
}
