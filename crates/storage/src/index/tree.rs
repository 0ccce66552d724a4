//! sled, behind guards: ordered keys and values that may be lost at any time, since all of them are in the
//! manifest.
//!
//! What sled 0.34.7 leaves open is met here. Its panics become errors. Its files are trusted only if the
//! system has not stopped since they were opened last, or they were closed and synced: `opened` tells. When it
//! fails, the index is read back into memory and sled is not asked again.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::RwLock;

use super::edit::{Commit, Edit};
use super::manifest::{Manifest, Position};
use crate::disk::names::{OPENED, TREE};
use crate::disk::{Directory, directory};
use crate::error::{Error, ErrorKind, Result};
use crate::format::number;

/// Where the tree says how far it has followed the manifest. No list's key begins so.
const POSITION: &[u8] = &[0];

/// Where Linux tells one run of the system from another.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The keys and values of the newest version.
#[derive(Debug)]
pub(super) struct Tree {
    kept: RwLock<Kept>,
    directory: Arc<Directory>,
}

#[derive(Debug)]
enum Kept {
    Sled(sled::Db),
    /// After sled has failed.
    Memory(BTreeMap<Vec<u8>, Bytes>),
}

/// A value, shared and not copied.
#[derive(Clone, Debug)]
pub(super) struct Bytes(sled::IVec);

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Tree {
    /// Opens the tree and lets it follow the manifest; makes it anew where it cannot be trusted.
    pub(super) fn open(
        directory: &Arc<Directory>,
        manifest: &Manifest,
        cache_bytes: u64,
    ) -> Result<(Tree, Vec<String>)> {
        let mut recoveries = Vec::new();
        // One that was never made, or went with a compaction, is no loss: opening sled makes its directory.
        let (trusted, was_there) = (is_trusted(directory)?, directory.at(TREE).exists());
        note_opened(directory)?;
        let kept = if trusted { follow(directory, manifest, cache_bytes).ok() } else { None };
        let kept = match kept {
            Some(sled) => Kept::Sled(sled),
            None => {
                if was_there {
                    recoveries.push("made the index anew from the manifest".to_owned());
                }
                made_anew(directory, manifest, cache_bytes)?
            }
        };
        let directory = directory.clone();
        Ok((Tree { kept: RwLock::new(kept), directory }, recoveries))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.ask(|sled| Ok(sled.get(key)?.map(Bytes)), |memory| memory.get(key).cloned())
    }

    /// The first keys past that one and before the end, at most so many.
    pub(super) fn after(
        &self,
        key: &[u8],
        end: &[u8],
        most: usize,
    ) -> Result<VecDeque<(Vec<u8>, Bytes)>> {
        // Where the tree stands is no chunk, and comes before all of them.
        let key = key.max(POSITION);
        if key >= end {
            return Ok(VecDeque::new());
        }
        let bounds = (Bound::Excluded(key), Bound::Excluded(end));
        let owned = |(key, value): (sled::IVec, sled::IVec)| (key.to_vec(), Bytes(value));
        self.ask(
            |sled| {
                let found = sled.range::<&[u8], _>(bounds).take(most);
                found.map(|entry| entry.map(owned)).collect()
            },
            |memory| memory.range::<[u8], _>(bounds).take(most).map(cloned).collect(),
        )
    }

    /// The last key from the start on and up to that one.
    pub(super) fn before(
        &self,
        start: &[u8],
        key: &[u8],
        included: bool,
    ) -> Result<Option<(Vec<u8>, Bytes)>> {
        if start > key || (start == key && !included) {
            return Ok(None);
        }
        let upper = if included { Bound::Included(key) } else { Bound::Excluded(key) };
        let bounds = (Bound::Included(start), upper);
        self.ask(
            |sled| sled.range::<&[u8], _>(bounds).next_back().transpose().map(found),
            |memory| memory.range::<[u8], _>(bounds).next_back().map(cloned),
        )
    }

    /// Lets the tree follow an edit that the manifest has.
    pub(super) fn apply(&self, edit: &Edit, commit: &Commit, manifest: &Manifest) -> Result<()> {
        let position = position_of(manifest.position(), commit);
        let followed = match &mut *self.kept.write() {
            Kept::Memory(memory) => {
                for (key, chunk) in edit.changes() {
                    match chunk {
                        Some(chunk) => drop(memory.insert(key.to_vec(), Bytes(chunk.into()))),
                        None => drop(memory.remove(key)),
                    }
                }
                return Ok(());
            }
            Kept::Sled(sled) => sled.clone(),
        };
        let applied = guarded(|| {
            edit.changes().try_for_each(|(key, chunk)| set(&followed, key, chunk))?;
            followed.insert(POSITION, position.as_slice()).map(drop)
        });
        applied.or_else(|_| self.read_back(manifest))
    }

    /// Hands everything to the disk, and says so.
    pub(super) fn close(&self, directory: &Directory) -> Result<()> {
        let Kept::Sled(sled) = &*self.kept.read() else { return Ok(()) };
        guarded(|| sled.flush().map(drop))?;
        let path = directory.at(TREE);
        let tree = Directory::open(&path)?;
        for name in tree.names()? {
            let path = tree.at(&name);
            if path.is_file() {
                let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
                synced.map_err(|error| Error::io("sync", &path, error))?;
            }
        }
        tree.sync()?;
        directory.remove(OPENED)?;
        directory.sync()
    }

    fn ask<T>(
        &self,
        sled: impl Fn(&sled::Db) -> sled::Result<T>,
        memory: impl Fn(&BTreeMap<Vec<u8>, Bytes>) -> T,
    ) -> Result<T> {
        let asked = match &*self.kept.read() {
            Kept::Memory(kept) => return Ok(memory(kept)),
            Kept::Sled(db) => guarded(|| sled(db)),
        };
        let Err(_) = asked else { return asked };
        let (manifest, _) = Manifest::open(&self.directory)?;
        self.read_back(&manifest)?;
        match &*self.kept.read() {
            Kept::Memory(kept) => Ok(memory(kept)),
            Kept::Sled(_) => asked,
        }
    }

    /// Reads the index back into memory.
    fn read_back(&self, manifest: &Manifest) -> Result<()> {
        let mut memory = BTreeMap::new();
        manifest.replay(None, &mut |changes, _, _| {
            for (key, chunk) in changes {
                match chunk {
                    Some(chunk) => drop(memory.insert(key.to_vec(), Bytes((*chunk).into()))),
                    None => drop(memory.remove(*key)),
                }
            }
            Ok(())
        })?;
        *self.kept.write() = Kept::Memory(memory);
        Ok(())
    }
}

/// Opens the tree that is there and applies what it has not followed yet.
fn follow(directory: &Directory, manifest: &Manifest, cache_bytes: u64) -> Result<sled::Db> {
    let sled = open_sled(directory, cache_bytes)?;
    let stored = guarded(|| sled.get(POSITION))?;
    let position = stored.and_then(|stored| read_position(&stored));
    let position = position.filter(|position| {
        position.generation == manifest.position().generation
            && position.length <= manifest.position().length
    });
    let position = position.ok_or_else(|| Error::damaged("the index follows another manifest"))?;
    apply_from(&sled, manifest, Some(position))?;
    Ok(sled)
}

/// Makes the tree anew; in memory where sled cannot.
fn made_anew(directory: &Arc<Directory>, manifest: &Manifest, cache_bytes: u64) -> Result<Kept> {
    directory.remove_directory(TREE)?;
    directory::make(&directory.at(TREE))?;
    let made = open_sled(directory, cache_bytes).and_then(|sled| {
        apply_from(&sled, manifest, None)?;
        Ok(sled)
    });
    match made {
        Ok(sled) => Ok(Kept::Sled(sled)),
        Err(_) => {
            let kept = RwLock::new(Kept::Memory(BTreeMap::new()));
            let tree = Tree { kept, directory: directory.clone() };
            tree.read_back(manifest)?;
            Ok(tree.kept.into_inner())
        }
    }
}

fn apply_from(sled: &sled::Db, manifest: &Manifest, from: Option<Position>) -> Result<()> {
    manifest.replay(from, &mut |changes, commit, position| {
        guarded(|| {
            changes.iter().try_for_each(|(key, chunk)| set(sled, key, *chunk))?;
            sled.insert(POSITION, position_of(position, commit).as_slice()).map(drop)
        })
    })
}

fn set(sled: &sled::Db, key: &[u8], chunk: Option<&[u8]>) -> sled::Result<()> {
    match chunk {
        Some(chunk) => sled.insert(key, chunk).map(drop),
        None => sled.remove(key).map(drop),
    }
}

fn found(entry: Option<(sled::IVec, sled::IVec)>) -> Option<(Vec<u8>, Bytes)> {
    let (key, value) = entry.filter(|(key, _)| **key != *POSITION)?;
    Some((key.to_vec(), Bytes(value)))
}

fn cloned((key, value): (&Vec<u8>, &Bytes)) -> (Vec<u8>, Bytes) {
    (key.clone(), value.clone())
}

fn position_of(position: Position, commit: &Commit) -> Vec<u8> {
    let mut bytes = Vec::new();
    number::put(&mut bytes, position.generation);
    number::put(&mut bytes, position.length);
    number::put(&mut bytes, commit.number);
    bytes
}

fn read_position(bytes: &[u8]) -> Option<Position> {
    let (generation, rest) = number::take(bytes)?;
    let (length, _) = number::take(rest)?;
    Some(Position { generation, length })
}

/// Whether the tree holds what was last written to it: it was closed and synced, or the system has been
/// running since it was opened.
fn is_trusted(directory: &Directory) -> Result<bool> {
    match directory.read(OPENED)? {
        None => Ok(true),
        Some(then) => Ok(boot_id().is_some_and(|now| now == then)),
    }
}

fn boot_id() -> Option<Vec<u8>> {
    std::fs::read(BOOT_ID).ok()
}

/// From here on the tree counts only as long as the system runs.
fn note_opened(directory: &Directory) -> Result<()> {
    directory.remove(OPENED)?;
    directory.create_with(OPENED, &boot_id().unwrap_or_default())?;
    directory.sync()
}

fn open_sled(directory: &Directory, cache_bytes: u64) -> Result<sled::Db> {
    let path = directory.at(TREE);
    crate::disk::lock::patiently(|| {
        guarded(|| {
            sled::Config::new()
                .path(&path)
                .cache_capacity(cache_bytes)
                // What sled has not written yet is in the manifest.
                .flush_every_ms(None)
                .print_profile_on_drop(false)
                .open()
        })
    })
}

/// Asks sled. A panic inside it becomes an error.
fn guarded<T>(question: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(question)) {
        Ok(answer) => answer.map_err(translate),
        Err(_) => Err(Error::damaged("its index cannot be read")),
    }
}

fn translate(error: sled::Error) -> Error {
    // sled reports a taken lock as an error of kind `Other`; only the text tells.
    let text = error.to_string();
    let translated = match &error {
        sled::Error::Io(_) if text.contains("could not acquire lock") => {
            crate::disk::lock::already_open()
        }
        _ => Error::new(ErrorKind::Io, format!("the index failed: {text}")),
    };
    translated.caused_by(error)
}
