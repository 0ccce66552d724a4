//! sled, behind guards: ordered keys and values that may be lost at any time, since all of them are in the
//! manifest. Where memory has room for all of them they are read there, and sled sleeps until something changes.
//!
//! What sled 0.34.7 leaves open is met here. Its panics become errors. Its files are trusted only if the
//! system has not stopped since they were opened last, or they were closed and synced: `opened` tells. When it
//! fails, the index is read back into memory and sled is not asked again.

use std::collections::VecDeque;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::Keyed;
use super::edit::{Commit, Edit};
use super::listing::{Listing, Shown};
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
    /// Held while what is kept becomes something else.
    changing: Mutex<()>,
    directory: Arc<Directory>,
    /// Bytes of memory for sled's cache, or for a listing in its place.
    bytes: u64,
}

/// What is asked.
#[derive(Clone, Debug)]
enum Kept {
    /// All of it in memory; sled follows.
    Listing(Arc<Listing>, Follower),
    Sled(sled::Db),
}

/// sled, while nobody asks it.
#[derive(Clone, Debug)]
enum Follower {
    /// Not opened yet: what it has not followed it will find in the manifest.
    Asleep,
    Awake(sled::Db),
    Failed,
}

impl Tree {
    /// Opens the tree, with all that is in it if there was memory for that. Where it cannot be trusted it is made
    /// anew. Tells what was put right.
    pub(super) fn open(
        directory: &Arc<Directory>,
        manifest: &Manifest,
        listing: Option<Listing>,
        bytes: u64,
    ) -> Result<(Tree, Vec<String>)> {
        // One that was never made, or went with a compaction, is no loss: opening sled makes its directory.
        let (is_trusted, was_there) = (is_trusted(directory)?, directory.at(TREE).exists());
        let (sled, is_as_it_was) = match &listing {
            Some(_) if is_trusted || !was_there => (Follower::Asleep, true),
            _ => awake(directory, manifest, bytes, is_trusted)?,
        };
        let told = (was_there && !is_as_it_was).then_some("made the index anew from the manifest");
        let kept = match (listing, sled) {
            (None, Follower::Awake(sled)) => Kept::Sled(sled),
            (Some(listing), sled) => Kept::Listing(listing.into(), sled),
            (None, sled) => Kept::Listing(manifest.listing()?.into(), sled),
        };
        let (kept, changing, directory) = (RwLock::new(kept), Mutex::default(), directory.clone());
        let tree = Tree { kept, changing, directory, bytes };
        Ok((tree, told.into_iter().map(str::to_owned).collect()))
    }

    /// Whether all of it lies in memory.
    pub(super) fn is_listed(&self) -> bool {
        matches!(&*self.kept.read(), Kept::Listing(..))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Keyed>> {
        self.ask(
            |listing| listing.get(key).map(listed).transpose(),
            |sled| Ok(sled.get(key)?.map(|chunk| stored(key, &chunk)).transpose()),
        )
    }

    /// The first keys past that one and before the end, at most so many.
    pub(super) fn after(&self, key: &[u8], end: &[u8], most: usize) -> Result<VecDeque<Keyed>> {
        // Where the tree stands is no chunk, and comes before all of them.
        let key = key.max(POSITION);
        if key >= end {
            return Ok(VecDeque::new());
        }
        let bounds = (Bound::Excluded(key), Bound::Excluded(end));
        self.ask(
            |listing| listing.after(key, end).take(most).map(listed).collect(),
            |sled| {
                let found = sled.range::<&[u8], _>(bounds).take(most);
                found.map(|entry| entry.map(|(key, chunk)| stored(&key, &chunk))).collect()
            },
        )
    }

    /// The last key from the start on and up to that one.
    pub(super) fn before(&self, start: &[u8], key: &[u8], included: bool) -> Result<Option<Keyed>> {
        if start > key || (start == key && !included) {
            return Ok(None);
        }
        let upper = if included { Bound::Included(key) } else { Bound::Excluded(key) };
        let bounds = (Bound::Included(start), upper);
        self.ask(
            |listing| listing.before(start, key, included).map(listed).transpose(),
            |sled| {
                let found = sled.range::<&[u8], _>(bounds).next_back().transpose()?;
                let found = found.filter(|(key, _)| **key != *POSITION);
                Ok(found.map(|(key, chunk)| stored(&key, &chunk)).transpose())
            },
        )
    }

    /// Lets the tree follow an edit that the manifest has. Says whether chunks lie elsewhere in memory from now on.
    pub(super) fn apply(&self, edit: &Edit, commit: &Commit, manifest: &Manifest) -> Result<bool> {
        let _nobody_reads_back = self.changing.lock();
        // Whoever asks meanwhile is told of chunks that change by his version.
        let before = self.kept.read().clone();
        let (after, lies_elsewhere) = match before {
            Kept::Sled(sled) => match change(&sled, edit, commit, manifest) {
                Ok(()) => return Ok(false),
                Err(_) => (Kept::Listing(manifest.listing()?.into(), Follower::Failed), false),
            },
            Kept::Listing(before, sled) => {
                let listing = before.with(edit);
                let lies_elsewhere = !listing.shares_parts_with(&before);
                match self.followed(sled, edit, commit, manifest) {
                    Follower::Awake(sled) if listing.bytes() > self.bytes => {
                        (Kept::Sled(sled), true)
                    }
                    sled => (Kept::Listing(listing.into(), sled), lies_elsewhere),
                }
            }
        };
        *self.kept.write() = after;
        Ok(lies_elsewhere)
    }

    /// Lets sled follow while it is not asked.
    fn followed(
        &self,
        sled: Follower,
        edit: &Edit,
        commit: &Commit,
        manifest: &Manifest,
    ) -> Follower {
        let followed = match sled {
            Follower::Awake(sled) => {
                change(&sled, edit, commit, manifest).map(|()| Follower::Awake(sled))
            }
            Follower::Asleep => {
                awake(&self.directory, manifest, self.bytes, true).map(|(sled, _)| sled)
            }
            Follower::Failed => Ok(Follower::Failed),
        };
        followed.unwrap_or(Follower::Failed)
    }

    /// Hands everything to the disk, and says so.
    pub(super) fn close(&self, directory: &Directory) -> Result<()> {
        let kept = self.kept.read();
        let (Kept::Sled(sled) | Kept::Listing(_, Follower::Awake(sled))) = &*kept else {
            return Ok(());
        };
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
        listing: impl Fn(&Listing) -> Result<T>,
        sled: impl Fn(&sled::Db) -> sled::Result<Result<T>>,
    ) -> Result<T> {
        let asked = match &*self.kept.read() {
            Kept::Listing(kept, _) => return listing(kept),
            Kept::Sled(db) => guarded(|| sled(db)),
        };
        if let Ok(found) = asked {
            return found;
        }
        let _nothing_changes = self.changing.lock();
        let (manifest, _) = Manifest::open(&self.directory)?;
        let kept = Arc::new(manifest.listing()?);
        let found = listing(&kept);
        *self.kept.write() = Kept::Listing(kept, Follower::Failed);
        found
    }
}

/// Opens sled so that it has followed the manifest, also if it has to be made anew for that: says whether it was
/// not.
fn awake(
    directory: &Arc<Directory>,
    manifest: &Manifest,
    bytes: u64,
    is_trusted: bool,
) -> Result<(Follower, bool)> {
    note_opened(directory)?;
    if is_trusted && let Ok(sled) = follow(directory, manifest, bytes) {
        return Ok((Follower::Awake(sled), true));
    }
    directory.remove_directory(TREE)?;
    directory::make(&directory.at(TREE))?;
    let made = open_sled(directory, bytes).and_then(|sled| {
        apply_from(&sled, manifest, None)?;
        Ok(sled)
    });
    Ok((made.map_or(Follower::Failed, Follower::Awake), false))
}

fn change(sled: &sled::Db, edit: &Edit, commit: &Commit, manifest: &Manifest) -> Result<()> {
    let position = position_of(manifest.position(), commit);
    guarded(|| {
        edit.changes().try_for_each(|(key, chunk)| set(sled, key, chunk))?;
        sled.insert(POSITION, position.as_slice()).map(drop)
    })
}

fn listed((key, chunk): Shown) -> Result<Keyed> {
    Keyed::read(key, chunk)
}

fn stored(key: &[u8], chunk: &[u8]) -> Result<Keyed> {
    Keyed::read(key.into(), chunk.into())
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
