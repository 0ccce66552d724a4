//! The directory a store lives in: made whole or not at all, told apart from any other directory.
//!
//! ```text
//! uploads.filedex/
//!   filedex          a text of two lines: what this is, and its format
//!   tree/            sled's files
//!   log.<n>          what was written since the last checkpoint
//!   checkpoint       there only while one is being made
//! ```
//!
//! A new store is made beside its path and renamed into place, so that a kill while it is being
//! made leaves nothing that looks like a store.

use std::fs::{self, File};
use std::io::{ErrorKind as Io, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::layout::{GENERATION_KEY, VERSION_KEY};
use crate::log::{Log, sync_directory};
use crate::tree::{Changes, Tree};

/// The format that this version writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;

/// The generation of a new store's log.
const FIRST_LOG: u64 = 1;

/// The file that tells a store from any other directory.
pub(crate) const MARKER: &str = "filedex";
const MARKER_TITLE: &str = "Filedex store";

/// Opens the tree of the store at that path, making the store if asked.
pub(crate) fn open(path: &Path, create: bool, cache_bytes: u64) -> Result<Tree> {
    match fs::symlink_metadata(path).and_then(|_| fs::metadata(path)) {
        Ok(found) if !found.is_dir() => Err(not_a_store(path, "it is a file")),
        Ok(_) => open_directory(path, create, cache_bytes),
        Err(error) if error.kind() == Io::NotFound => {
            make(path, create, cache_bytes)?;
            open_store(path, cache_bytes)
        }
        Err(error) => Err(Error::io("open", path, error)),
    }
}

fn open_directory(path: &Path, create: bool, cache_bytes: u64) -> Result<Tree> {
    if !path.join(MARKER).exists() {
        let entries = fs::read_dir(path).map_err(|error| Error::io("read", path, error))?;
        if entries.count() > 0 {
            return Err(not_a_store(path, "it holds other files"));
        }
        make(path, create, cache_bytes)?;
    }
    open_store(path, cache_bytes)
}

fn not_a_store(path: &Path, reason: &str) -> Error {
    let message = format!(
        "{} is no Filedex store: {reason}; name a store, an empty directory or a new path",
        path.display()
    );
    Error::new(ErrorKind::NotAStore, message)
}

fn open_store(path: &Path, cache_bytes: u64) -> Result<Tree> {
    check_marker(path)?;
    let tree = tree_of(path);
    // Without its log sled would open an empty tree, as if nothing had ever been written.
    let log = fs::metadata(tree.join("db"));
    if log.map_or(true, |log| log.len() == 0) {
        return Err(Error::damaged(format_args!("{} has lost its log", path.display())));
    }
    let tree = Tree::open(&tree, cache_bytes)?;
    match tree.get(VERSION_KEY)? {
        Some(version) if *version == FORMAT.to_le_bytes() => Ok(tree),
        Some(_) | None => Err(Error::damaged("its version record is not what was written")),
    }
}

fn check_marker(path: &Path) -> Result<()> {
    let marker = path.join(MARKER);
    let text = fs::read(&marker).map_err(|error| Error::io("read", &marker, error))?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    if lines.next() != Some(MARKER_TITLE) {
        return Err(not_a_store(path, "its marker file is another program's"));
    }
    let format = lines.next().and_then(|line| line.strip_prefix("format ")?.parse::<u32>().ok());
    match format {
        Some(FORMAT) => Ok(()),
        Some(newer) if newer > FORMAT => Err(Error::new(
            ErrorKind::NewerFormat,
            format!("the store has format {newer}, this Filedex reads {FORMAT}; use a newer one"),
        )),
        _ => Err(Error::damaged("its marker file names no known format")),
    }
}

fn tree_of(path: &Path) -> PathBuf {
    path.join("tree")
}

/// Makes an empty store beside the path, then moves it there.
fn make(path: &Path, create: bool, cache_bytes: u64) -> Result<()> {
    if !create {
        let message = format!("there is no store at {}", path.display());
        return Err(Error::new(ErrorKind::Missing, message));
    }
    let parent = parent_of(path);
    fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, error))?;
    let site = tempfile::Builder::new().prefix(".filedex-").tempdir_in(parent);
    let site = site.map_err(|error| Error::io("create a directory in", parent, error))?;
    fill(site.path(), cache_bytes)?;
    fs::rename(site.path(), path).map_err(|error| Error::io("create", path, error))?;
    // The directory has moved; there is nothing left to be removed at its old path.
    let _moved = site.keep();
    sync_directory(parent)
}

fn fill(site: &Path, cache_bytes: u64) -> Result<()> {
    let tree = Tree::open(&tree_of(site), cache_bytes)?;
    let mut changes = Changes::default();
    changes.insert(VERSION_KEY, FORMAT.to_le_bytes().to_vec().into());
    changes.insert(GENERATION_KEY, FIRST_LOG.to_le_bytes().to_vec().into());
    tree.apply(changes)?;
    tree.sync()?;
    drop(tree);
    sync_files(&tree_of(site))?;
    drop(Log::create(site, FIRST_LOG)?);
    let marker = site.join(MARKER);
    let written = File::create(&marker).and_then(|mut file| {
        file.write_all(format!("{MARKER_TITLE}\nformat {FORMAT}\n").as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Error::io("write", &marker, error))?;
    sync_directory(&tree_of(site))?;
    sync_directory(site)
}

/// sled writes its configuration without a sync, and cannot do without it.
fn sync_files(directory: &Path) -> Result<()> {
    let entries = fs::read_dir(directory).map_err(|error| Error::io("read", directory, error))?;
    for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
        let path = entry.path();
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::io("sync", &path, error))?;
    }
    Ok(())
}

/// The directory that a path lies in.
pub(crate) fn parent_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Bytes of all files of the store.
pub(crate) fn disk_bytes(path: &Path) -> Result<u64> {
    let entries = fs::read_dir(path).map_err(|error| Error::io("read", path, error))?;
    let mut bytes = 0;
    for entry in entries.flatten() {
        // A file that is gone by now takes no space.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
