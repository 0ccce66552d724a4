//! A store takes the place of another, in the same directory, whatever kill comes between.
//!
//! ```text
//! uploads.filedex/
//!   rebuilding/         what is needed meanwhile
//!     store/            the new store while it is being made
//!   rebuilt/            the new store, whole: from here on it is the store
//! ```
//!
//! The new store is on the disk before one rename makes it count. Until then whoever opens the
//! directory removes what was begun; from then on, what stood before. Either can be interrupted and done
//! again. The directory's marker stays, and the lock on it is held all the while. Nothing here knows
//! what is in a store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::home::{MARKER, tree_of};
use crate::log::sync_directory;

fn rebuilding(home: &Path) -> PathBuf {
    home.join("rebuilding")
}

fn rebuilt(home: &Path) -> PathBuf {
    home.join("rebuilt")
}

/// Makes the directory in which a store is rebuilt; it is removed in the end.
pub(crate) fn prepare(home: &Path) -> Result<PathBuf> {
    let directory = rebuilding(home);
    fs::create_dir(&directory).map_err(|error| Error::io("create", &directory, error))?;
    Ok(directory)
}

/// Where the new store is to be made in that directory.
pub(crate) fn store_in(site: &Path) -> PathBuf {
    site.join("store")
}

/// Puts the new store, which is whole and which nobody has open, in the place of the old one, which
/// nobody has open either.
pub(crate) fn commit(home: &Path) -> Result<()> {
    let (from, to) = (store_in(&rebuilding(home)), rebuilt(home));
    sync_directory(&from)?;
    rename(&from, &to)?;
    sync_directory(home)?;
    settle(home).map(drop)
}

/// Ends what was interrupted: a store that was being made is removed, one that was whole takes its
/// place. Tells what there was to end.
pub(crate) fn settle(home: &Path) -> Result<Option<&'static str>> {
    let told = if rebuilt(home).exists() {
        Some("put a rebuilt store, which was whole, in its place")
    } else if rebuilding(home).exists() {
        Some("removed what an interrupted repair or compaction had begun")
    } else {
        return Ok(None);
    };
    remove_directory(&rebuilding(home))?;
    finish(home, &rebuilt(home))?;
    Ok(told)
}

fn finish(home: &Path, new: &Path) -> Result<()> {
    if tree_of(new).exists() {
        remove_old(home)?;
        rename(&tree_of(new), &tree_of(home))?;
        // No log may come before the tree: it would be taken for an old one.
        sync_directory(home)?;
    }
    if !new.exists() {
        return Ok(());
    }
    for path in entries(new)? {
        if path.file_name().is_some_and(|name| name != MARKER) {
            rename(&path, &home.join(path.file_name().unwrap_or_default()))?;
        }
    }
    sync_directory(home)?;
    remove_directory(new)
}

/// Removes the store that the new one stands for. No file of the new one has been moved yet.
fn remove_old(home: &Path) -> Result<()> {
    let logs = checkpoint::logs_in(home)?.into_iter().map(|(_, log)| log);
    for path in logs.chain(Some(checkpoint::path_in(home)).filter(|path| path.exists())) {
        fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
    }
    remove_directory(&tree_of(home))?;
    sync_directory(home)
}

/// What is in a directory.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io("read", directory, error);
    let entries = fs::read_dir(directory).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::io("move", from, error))
}

fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}
