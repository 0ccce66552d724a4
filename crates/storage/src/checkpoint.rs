//! A checkpoint: what changed since the last one is moved into the tree, all of it or nothing.
//!
//! sled applies small batches one by one, and a kill between two of them would leave half a change.
//! So the changes are first written to a file of their own and synced; whatever happens from there on,
//! the file is applied again from its start, which does no harm. Once the tree is synced the file and
//! the logs it stands for are removed.
//!
//! ```text
//! checkpoint := "filedex checkpoint\n" generation u64 change* checksum u32 | count u64
//! change     := key length u32 | value length u32 (or FF FF FF FF: the key is removed) | key | value
//! ```
//!
//! `generation` is that of the log which goes on after the checkpoint; all earlier logs are in it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::layout::GENERATION_KEY;
use crate::log::{Log, sync_directory};
use crate::tree::{Bytes, Changes, Tree};

const TITLE: &[u8; 19] = b"filedex checkpoint\n";
const FOOTER: usize = 12;
const REMOVED: u32 = u32::MAX;

/// Changes of one batch of the tree. A larger batch pins more memory in sled than it saves work.
const CHANGES_PER_BATCH: usize = 256;

/// Changes after which the tree is synced: unsynced pages that sled reuses are what a power cut loses.
const CHANGES_PER_SYNC: usize = 2 * CHANGES_PER_BATCH;

/// Bytes of a value that is worth a second look at its leaf.
const LARGE: usize = 1024;

/// Changed keys with their new values; `None` where the key is removed.
pub(crate) type Change = (Bytes, Option<Bytes>);

/// Where a checkpoint is written.
pub(crate) fn path_in(home: &Path) -> PathBuf {
    home.join("checkpoint")
}

/// Moves the changes into the tree; `changes` gives them, as often as
/// asked; `next` is the generation of the log that goes on. If an error comes
/// back before the tree is touched, it is as it was.
pub(crate) fn write<C: Iterator<Item = Change>>(
    home: &Path,
    tree: &Tree,
    next: u64,
    changes: impl Fn() -> C,
) -> Result<()> {
    let path = path_in(home);
    if let Err(error) = save(&path, next, changes()) {
        // An unfinished file is passed over when it is read, but it takes space.
        let _unfinished = fs::remove_file(&path);
        return Err(Error::io("write", &path, error));
    }
    sync_directory(home)?;
    apply(tree, next, changes())?;
    finish(home, next)
}

/// Finishes a checkpoint that was interrupted, if there is one. An unfinished file is removed. Tells
/// which it was.
pub(crate) fn recover(home: &Path, tree: &Tree) -> Result<Option<String>> {
    let path = path_in(home);
    match reapply(home, tree)? {
        Some(next) => {
            finish(home, next)?;
            Ok(Some("finished a checkpoint that was interrupted".to_owned()))
        }
        None if path.exists() => {
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            Ok(Some("removed a checkpoint that was never finished".to_owned()))
        }
        None => Ok(None),
    }
}

/// Applies a checkpoint that was interrupted to the tree, if there is one that is whole; gives its
/// generation.
pub(crate) fn reapply(home: &Path, tree: &Tree) -> Result<Option<u64>> {
    let path = path_in(home);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    match parse(&bytes) {
        Some((next, changes)) if next >= generation(tree)? => {
            apply(tree, next, changes.into_iter())?;
            Ok(Some(next))
        }
        _ => Ok(None),
    }
}

/// The generation of the first log that the tree does not hold.
pub(crate) fn generation(tree: &Tree) -> Result<u64> {
    let malformed = || Error::damaged("the record of its log's generation is missing");
    let bytes = tree.get(GENERATION_KEY)?.ok_or_else(malformed)?;
    Ok(u64::from_le_bytes(*bytes.first_chunk().ok_or_else(malformed)?))
}

fn save(path: &Path, next: u64, changes: impl Iterator<Item = Change>) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    let mut checksum = crc32fast::Hasher::new();
    let mut put = |bytes: &[u8], out: &mut BufWriter<File>| {
        checksum.update(bytes);
        out.write_all(bytes)
    };
    put(TITLE, &mut out)?;
    put(&next.to_le_bytes(), &mut out)?;
    let mut count = 0_u64;
    for (key, value) in changes {
        let length = value.as_ref().map_or(REMOVED, |value| value.len() as u32);
        put(&(key.len() as u32).to_le_bytes(), &mut out)?;
        put(&length.to_le_bytes(), &mut out)?;
        put(&key, &mut out)?;
        put(value.as_deref().unwrap_or_default(), &mut out)?;
        count += 1;
    }
    checksum.update(&count.to_le_bytes());
    out.write_all(&checksum.finalize().to_le_bytes())?;
    out.write_all(&count.to_le_bytes())?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

/// The generation and the changes, if the file was finished.
fn parse(bytes: &[u8]) -> Option<(u64, Vec<Change>)> {
    let (covered, footer) = bytes.split_at_checked(bytes.len().checked_sub(FOOTER)?)?;
    let (checksum, count) = footer.split_first_chunk::<4>()?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(covered);
    hasher.update(count);
    if hasher.finalize() != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (next, mut rest) = covered.strip_prefix(TITLE)?.split_first_chunk::<8>()?;
    let mut changes = Vec::new();
    while !rest.is_empty() {
        let (change, behind) = parse_change(rest)?;
        changes.push(change);
        rest = behind;
    }
    let counted = u64::from_le_bytes(*count.first_chunk()?);
    (counted == changes.len() as u64).then_some((u64::from_le_bytes(*next), changes))
}

fn parse_change(bytes: &[u8]) -> Option<(Change, &[u8])> {
    let (key, rest) = bytes.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key) as usize)?;
    let (value, rest) = match u32::from_le_bytes(*value) {
        REMOVED => (None, rest),
        length => {
            let (value, rest) = rest.split_at_checked(length as usize)?;
            (Some(Bytes::from(value.to_vec())), rest)
        }
    };
    Some(((Bytes::from(key.to_vec()), value), rest))
}

fn apply(tree: &Tree, next: u64, changes: impl Iterator<Item = Change>) -> Result<()> {
    let mut changes = changes.peekable();
    while changes.peek().is_some() {
        let run: Vec<Change> = changes.by_ref().take(CHANGES_PER_SYNC).collect();
        make_room(tree, &run)?;
        set(tree, &run)?;
        tree.sync()?;
    }
    let mut last = Changes::default();
    last.insert(GENERATION_KEY, next.to_le_bytes().to_vec().into());
    tree.apply(last)?;
    tree.sync()
}

/// Enters the keys of large values that are new with nothing under them. The leaves of the tree are split
/// by this, while they are small: to split leaves full of blocks would write each block three times.
fn make_room(tree: &Tree, run: &[Change]) -> Result<()> {
    let mut batch = Changes::default();
    for (key, value) in run {
        let is_large = value.as_ref().is_some_and(|value| value.len() >= LARGE);
        if is_large && tree.get(key)?.is_none() {
            batch.insert(key, Bytes::copy(&[]));
        }
    }
    tree.apply(batch)
}

fn set(tree: &Tree, run: &[Change]) -> Result<()> {
    run.chunks(CHANGES_PER_BATCH).try_for_each(|some| {
        let mut batch = Changes::default();
        for (key, value) in some {
            match value {
                // Shared, not copied.
                Some(value) => batch.insert(key, value.clone()),
                None => batch.remove(key),
            }
        }
        tree.apply(batch)
    })
}

/// Removes what the tree now holds: first the logs, then the checkpoint.
fn finish(home: &Path, next: u64) -> Result<()> {
    for (_, log) in logs_in(home)?.into_iter().filter(|(generation, _)| *generation < next) {
        fs::remove_file(&log).map_err(|error| Error::io("remove", &log, error))?;
    }
    let path = path_in(home);
    fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))
}

/// All logs that are there with their generations, oldest first.
pub(crate) fn logs_in(home: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = fs::read_dir(home).map_err(|error| Error::io("read", home, error))?;
    let generation = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix("log.").and_then(|number| number.parse::<u64>().ok())
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut logs: Vec<_> = paths.filter_map(|path| Some((generation(&path)?, path))).collect();
    logs.sort_unstable();
    Ok(logs)
}

/// The logs that the tree does not hold, oldest first. The first must be there: it is made before the
/// tree learns of it.
pub(crate) fn logs_since(home: &Path, tree: &Tree) -> Result<Vec<u64>> {
    let first = generation(tree)?;
    let logs: Vec<u64> = (first..).take_while(|at| Log::path(home, *at).exists()).collect();
    if logs.is_empty() {
        return Err(Error::damaged(format_args!(
            "{} is missing",
            Log::path(home, first).display()
        )));
    }
    Ok(logs)
}
