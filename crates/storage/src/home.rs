//! The directory a store lives in: made whole or not at all, told apart from any other directory.
//!
//! ```text
//! uploads.filedex/
//!   filedex          a text of two lines: what this is, and its format
//!   tree/            sled's files
//!   log.<n>          what was written since the last checkpoint
//!   checkpoint       there only while one is being made
//!   rebuilding/      there only while the store is rebuilt, and rebuilt/ after it
//!   quarantine.<n>   what a repair could not keep
//! ```
//!
//! A new store is made beside its path and renamed into place, so that a kill while it is being
//! made leaves nothing that looks like a store.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as Io, Write};
use std::path::{Path, PathBuf};

use crate::checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{GENERATION_KEY, VERSION_KEY};
use crate::lock;
use crate::log::{Log, Replay, sync_directory};
use crate::swap;
use crate::tree::{Changes, Tree, log_of};

/// The format that this version writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;

/// The generation of a new store's log.
const FIRST_LOG: u64 = 1;

/// Memory for a tree that is only made or looked at.
const MAKING_CACHE: u64 = 1 << 20;

/// The file that tells a store from any other directory.
pub(crate) const MARKER: &str = "filedex";
const MARKER_TITLE: &str = "Filedex store";

/// A store's directory, kept from everyone else for as long as this lives.
pub(crate) struct Home {
    path: PathBuf,
    _lock: File,
    recovery: Option<&'static str>,
}

impl Home {
    /// The store at that path, made if asked.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Home> {
        match fs::symlink_metadata(path).and_then(|_| fs::metadata(path)) {
            Ok(found) if !found.is_dir() => return Err(not_a_store(path, "it is a file")),
            Ok(_) if path.join(MARKER).exists() => {}
            Ok(_) => make_in_empty(path, create)?,
            Err(error) if error.kind() == Io::NotFound => make(path, create)?,
            Err(error) => return Err(Error::io("open", path, error)),
        }
        check_marker(path)?;
        Home::claim(path)
    }

    /// The store at that path, though its marker may be damaged or gone, if its log is one of ours.
    /// [`Home::adopted`] must follow.
    pub(crate) fn adopt(path: &Path) -> Result<Home> {
        match Home::open(path, false) {
            Err(refused) if matches!(refused.kind(), ErrorKind::NotAStore | ErrorKind::Damaged) => {
                let logs = if path.is_dir() { checkpoint::logs_in(path)? } else { Vec::new() };
                if !logs.iter().any(|(_, log)| Replay::is_log(log)) {
                    return Err(refused);
                }
                // There must be a file for the lock.
                let marker = path.join(MARKER);
                let marked = OpenOptions::new().append(true).create(true).open(&marker);
                marked.map_err(|error| Error::io("write", &marker, error))?;
                Home::claim(path)
            }
            opened => opened,
        }
    }

    /// Makes sure that a store of that tree is one that this version reads, by its marker or its tree;
    /// its marker then says so.
    pub(crate) fn adopted(&self, tree: &Tree) -> Result<()> {
        if check_marker(&self.path).is_err() {
            check_version(tree)?;
            write_marker(&self.path)?;
        }
        Ok(())
    }

    /// Keeps everyone else out, then ends what was interrupted.
    fn claim(path: &Path) -> Result<Home> {
        let lock = lock::take(&path.join(MARKER))?;
        let recovery = swap::settle(path)?;
        Ok(Home { path: path.to_owned(), _lock: lock, recovery })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was interrupted and had to be ended.
    pub(crate) fn recovery(&self) -> Option<&'static str> {
        self.recovery
    }

    /// Opens the tree; it is one that this version reads.
    pub(crate) fn tree(&self, cache_bytes: u64) -> Result<Tree> {
        let tree = open_tree(&self.path, cache_bytes)?;
        check_version(&tree)?;
        Ok(tree)
    }
}

fn make_in_empty(path: &Path, create: bool) -> Result<()> {
    let mut entries = fs::read_dir(path).map_err(|error| Error::io("read", path, error))?;
    match entries.next() {
        Some(_) if has_log(&tree_of(path)) => {
            let path = path.display();
            let message = format!("{path} has lost its file `{MARKER}`; run a repair");
            Err(Error::new(ErrorKind::NotAStore, message))
        }
        Some(_) => Err(not_a_store(path, "it holds other files")),
        None => make(path, create),
    }
}

fn not_a_store(path: &Path, reason: &str) -> Error {
    let message = format!(
        "{} is no Filedex store: {reason}; name a store, an empty directory or a new path",
        path.display()
    );
    Error::new(ErrorKind::NotAStore, message)
}

/// Whether a tree has its log. Without it sled would open an empty tree, as if nothing had ever been
/// written.
pub(crate) fn has_log(tree: &Path) -> bool {
    fs::metadata(log_of(tree)).is_ok_and(|log| log.len() > 0)
}

/// Opens the tree of a store, whatever it says of itself.
fn open_tree(path: &Path, cache_bytes: u64) -> Result<Tree> {
    let tree = tree_of(path);
    if !has_log(&tree) {
        return Err(Error::damaged(format_args!("{} has lost its log", path.display())));
    }
    Tree::open(&tree, cache_bytes)
}

fn check_version(tree: &Tree) -> Result<()> {
    match tree.get(VERSION_KEY)? {
        Some(version) if *version == FORMAT.to_le_bytes() => Ok(()),
        Some(_) | None => Err(Error::damaged("its version record is not what was written")),
    }
}

fn check_marker(path: &Path) -> Result<()> {
    let marker = path.join(MARKER);
    let text = fs::read(&marker).map_err(|error| Error::io("read", &marker, error))?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    if text.is_empty() {
        return Err(Error::damaged("its marker file is empty"));
    }
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

/// Where the tree of the store at that path lies.
pub(crate) fn tree_of(path: &Path) -> PathBuf {
    path.join("tree")
}

/// Makes an empty store beside the path, then moves it there.
fn make(path: &Path, create: bool) -> Result<()> {
    if !create {
        let message = format!("there is no store at {}", path.display());
        return Err(Error::new(ErrorKind::Missing, message));
    }
    let parent = parent_of(path);
    make_directories(parent)?;
    let site = tempfile::Builder::new().prefix(".filedex-").tempdir_in(parent);
    let site = site.map_err(|error| Error::io("create a directory in", parent, error))?;
    fill(site.path())?;
    fs::rename(site.path(), path).map_err(|error| Error::io("create", path, error))?;
    // The directory has moved; there is nothing left to be removed at its old path.
    let _moved = site.keep();
    sync_directory(parent)
}

/// Makes a directory with all it lies in, each with its name on the disk.
fn make_directories(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    make_directories(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != Io::AlreadyExists => Err(Error::io("create", path, error)),
        _ => sync_directory(parent),
    }
}

fn fill(site: &Path) -> Result<()> {
    let tree = Tree::open(&tree_of(site), MAKING_CACHE)?;
    let mut changes = Changes::default();
    changes.insert(VERSION_KEY, FORMAT.to_le_bytes().to_vec().into());
    changes.insert(GENERATION_KEY, FIRST_LOG.to_le_bytes().to_vec().into());
    tree.apply(changes)?;
    tree.sync()?;
    tree.close()?;
    sync_files(&tree_of(site))?;
    drop(Log::create(site, FIRST_LOG)?);
    write_marker(site)?;
    sync_directory(&tree_of(site))?;
    sync_directory(site)
}

/// Writes the marker over what stands there: the lock is on the file that is there.
fn write_marker(path: &Path) -> Result<()> {
    let marker = path.join(MARKER);
    let text = format!("{MARKER_TITLE}\nformat {FORMAT}\n");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&marker);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    });
    written.map_err(|error| Error::io("write", &marker, error))
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
