//! Checkpoints: what is frozen goes into a new block file or two, the index follows, and the logs that it was in go.
//!
//! In this order, so that a kill or an error at any place leaves a whole state: block files are written and
//! synced; the manifest takes the edit, which is the moment from which the checkpoint counts; the index is
//! changed; readers get the new version; logs and files that nothing refers to any more are removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::shared::Shared;
use crate::blocks::{BlockFile, BlockWriter, FileUse};
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, ErrorKind, Result};
use crate::format::List;
use crate::format::keys::id_of;
use crate::index::{Commit, Manifest, Version};
use crate::log::Log;
use crate::memtable::Memtable;
use crate::snapshot::{Mark, State};
use crate::write::{Merge, Merged};

/// What checkpoints need from one to the next.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    /// Held while one is made.
    work: Mutex<Work>,
    wanted: Mutex<Wanted>,
    changed: Condvar,
    /// A log that was made beforehand, for the next memtable.
    spare: Mutex<Option<Log>>,
    failure: Mutex<Option<String>>,
}

#[derive(Debug)]
struct Work {
    manifest: Manifest,
    /// The number of the next block file; none is used twice, whatever happens.
    next_file: u64,
    /// Block files that a commit refers to of which nobody knows whether it is on the disk.
    in_doubt: Vec<BlockFile>,
    /// Whether the manifest has a commit that the index could not follow.
    is_cut_off: bool,
}

/// What the checkpointer is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    /// There is a frozen memtable.
    checkpoint: bool,
    ends: bool,
}

/// What a checkpoint is to do beside writing what is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Clear files that are mostly unused, a bounded part.
    Usual,
    /// Write all blocks anew, full, into one file.
    Everything,
}

impl Checkpoints {
    pub(super) fn new(manifest: Manifest) -> Checkpoints {
        let next_file = manifest.commit().next_file;
        Checkpoints {
            work: Mutex::new(Work { manifest, next_file, in_doubt: Vec::new(), is_cut_off: false }),
            wanted: Mutex::default(),
            changed: Condvar::new(),
            spare: Mutex::new(None),
            failure: Mutex::new(None),
        }
    }

    /// Asks for a checkpoint of what has been frozen.
    pub(super) fn begin(&self) {
        self.wanted.lock().checkpoint = true;
        self.changed.notify_all();
    }

    /// The log of that generation: made beforehand, or now.
    pub(super) fn next_log(&self, directory: &Directory, generation: u64) -> Result<Log> {
        let spare = self.spare.lock().take().filter(|spare| spare.generation() == generation);
        spare.map_or_else(|| Log::create(directory, generation), Ok)
    }

    pub(super) fn failed(&self, error: &Error) {
        *self.failure.lock() = Some(error.to_string());
    }

    /// What the last try failed with, unless it was made good.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().clone()
    }

    /// Lets the checkpointer end after what it is doing.
    pub(super) fn end(&self) {
        self.wanted.lock().ends = true;
        self.changed.notify_all();
    }

    /// Whether nothing is wanted of the checkpointer.
    pub(super) fn is_unoccupied(&self) -> bool {
        let wanted = self.wanted.lock();
        !wanted.checkpoint && !wanted.ends
    }

    /// Waits until a checkpoint is wanted, or for so long; `None` when the store closes.
    pub(super) fn wait(&self, at_most: std::time::Duration) -> Option<bool> {
        let mut wanted = self.wanted.lock();
        if !wanted.ends && !wanted.checkpoint {
            self.changed.wait_for(&mut wanted, at_most);
        }
        (!wanted.ends).then_some(wanted.checkpoint)
    }

    /// Waits after a failure, unless the store closes.
    pub(super) fn wait_before_next_try(&self, at_most: std::time::Duration) {
        let mut wanted = self.wanted.lock();
        if !wanted.ends {
            self.changed.wait_for(&mut wanted, at_most);
        }
    }
}

/// The newest state, with what the manifest says of it.
pub(crate) struct Audit {
    pub(crate) state: State,
    pub(crate) commit: Commit,
    /// The chunks as the manifest has them: their checksums by their keys.
    pub(crate) chunks: Result<BTreeMap<Vec<u8>, u32>>,
}

impl Shared {
    /// The newest state and the manifest of it, read from the disk.
    pub(crate) fn audit(&self) -> Audit {
        let work = self.checkpoints.work.lock();
        let mut chunks = BTreeMap::new();
        let replayed = work.manifest.replay(None, &mut |changes, _, _| {
            for (key, chunk) in changes {
                match chunk {
                    Some(chunk) => drop(chunks.insert(key.to_vec(), crc32fast::hash(chunk))),
                    None => drop(chunks.remove(*key)),
                }
            }
            Ok(())
        });
        let chunks = replayed.map(|()| chunks);
        Audit { state: self.state(), commit: work.manifest.commit().clone(), chunks }
    }

    /// Writes what is frozen to where it stays. After an error everything is as it was.
    pub(crate) fn checkpoint(&self, extent: Extent) -> Result<()> {
        let made = self.try_checkpoint(extent);
        match &made {
            Ok(()) => {
                *self.checkpoints.failure.lock() = None;
                self.end_old_snapshots();
            }
            Err(error) => {
                self.checkpoints.failed(error);
                self.checkpoints.wanted.lock().checkpoint = true;
            }
        }
        made
    }

    /// Makes the log for the next memtable beforehand, so that no write has to.
    pub(super) fn prepare_next_log(&self) {
        let mut spare = self.checkpoints.spare.lock();
        let generation = self.log.read().generation() + 1;
        if spare.as_ref().is_none_or(|spare| spare.generation() != generation) {
            // Whoever needs it makes it where this fails.
            *spare = Log::create(&self.home.directory, generation).ok();
        }
    }

    fn try_checkpoint(&self, extent: Extent) -> Result<()> {
        let mut work = self.checkpoints.work.lock();
        self.checkpoints.wanted.lock().checkpoint = false;
        let State { frozen, mark, version, .. } = self.state();
        if frozen.is_empty() && extent == Extent::Usual {
            return Ok(());
        }
        work.mend_manifest(self)?;
        let merged = self.merge(&mut work, &frozen, &version, extent)?;
        let commit = work.commit(&merged, mark.filter(|_| !frozen.is_empty()));
        let edit = merged.edit;
        let files = merged.files.into_iter().map(|(file, _)| file);
        if let Err(error) = work.manifest.append(&edit, &commit) {
            work.in_doubt.extend(files);
            return Err(error);
        }
        let next = Arc::new(next_version(&version, &commit, files));
        let (list, cells) = (List::ids(), frozen.cells_from(List::ids().bytes()));
        let cells = cells.take_while(|cell| cell.list() == list.bytes());
        let ids = cells.filter_map(|cell| id_of(cell.order()));
        self.pool.caches.begin_change(commit.number, ids);
        let applied = self.pool.index.apply(&version, &edit, &commit, &work.manifest, &next);
        applied.inspect_err(|_| work.is_cut_off = true)?;
        let chunks = edit.changes().map(|(key, chunk)| (key, chunk.is_some()));
        self.pool.columns.note_changes(commit.number, chunks);
        self.publish(next, !frozen.is_empty());
        for (key, arrangement) in self.pool.views.take_asked() {
            self.pool.wanted.want(&key, arrangement, commit.number);
        }
        self.clean_up(&mut work, &version, &commit, extent);
        Ok(())
    }

    fn merge(
        &self,
        work: &mut Work,
        frozen: &Memtable,
        version: &Version,
        extent: Extent,
    ) -> Result<Merged> {
        let usage = &work.manifest.commit().usage;
        let (clear, packs) = match extent {
            Extent::Usual => (usage.to_clear(frozen.bytes() as u64), false),
            Extent::Everything => (usage.iter().map(|(file, _)| file).collect(), true),
        };
        let live = usage.iter().filter(|(file, _)| clear.contains(file));
        let clear = live.map(|(file, usage)| (file, usage.live)).collect();
        let index = &self.pool.index;
        let writer = work.writer(self)?;
        let is_apart = !packs && Merge::scatters_ids(index, version, frozen)?;
        let of_ids = is_apart.then(|| work.writer(self));
        Merge::new(index, version, (writer, of_ids.transpose()?), clear, packs).run(frozen)
    }

    /// Removes what nothing refers to any more. What cannot be removed now is removed by the next open.
    fn clean_up(&self, work: &mut Work, old: &Version, commit: &Commit, extent: Extent) {
        for (number, file) in old.files() {
            if !commit.usage.has(*number) {
                file.retire();
            }
        }
        let directory = &self.home.directory;
        for log in directory.numbers(Numbered::Log).unwrap_or_default() {
            if log < commit.log {
                let _removed_later = directory.remove(&Numbered::Log.name(log));
            }
        }
        if work.manifest.is_long() || extent == Extent::Everything {
            let _written_anew_later = work.manifest.write_anew(self.pool.index.all());
        }
    }
}

impl Work {
    /// A new block file.
    fn writer(&mut self, shared: &Shared) -> Result<BlockWriter> {
        let number = self.next_file;
        self.next_file += 1;
        BlockWriter::create(&shared.home.directory, number, shared.pool.columns.written())
    }

    /// Writes the manifest anew where something may stand behind its last commit.
    fn mend_manifest(&mut self, shared: &Shared) -> Result<()> {
        if self.is_cut_off {
            let message =
                "the index cannot be read any more; close every handle and reopen the store";
            return Err(Error::new(ErrorKind::Poisoned, message));
        }
        if self.manifest.is_torn() {
            self.manifest.write_anew(shared.pool.index.all())?;
        }
        // No commit refers to them now.
        self.in_doubt.drain(..).for_each(|file| file.retire());
        Ok(())
    }

    /// The state of the store with what was merged.
    fn commit(&self, merged: &Merged, mark: Option<Mark>) -> Commit {
        let mut commit = self.manifest.commit().clone();
        commit.number += 1;
        commit.next_file = self.next_file;
        if let Some(mark) = mark {
            (commit.log, commit.entry) = (mark.log, mark.entry);
        }
        commit.usage.free(&merged.freed);
        commit.usage.take_dead();
        for (file, live) in &merged.files {
            let freed = Some(Vec::new());
            let usage = FileUse { length: file.length(), live: *live, freed };
            commit.usage.insert(file.number(), usage);
        }
        commit
    }
}

fn next_version(
    version: &Version,
    commit: &Commit,
    new: impl Iterator<Item = BlockFile>,
) -> Version {
    let kept = version.files().iter().filter(|(number, _)| commit.usage.has(**number));
    let mut files: BTreeMap<u64, Arc<BlockFile>> =
        kept.map(|(number, file)| (*number, file.clone())).collect();
    files.extend(new.map(|file| (file.number(), Arc::new(file))));
    Version::new(commit, files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use filedex_query::{Date, Document};

    use super::*;
    use crate::options::{Durability, Options};
    use crate::store::Store;
    use crate::write::Put;

    fn put(store: &Store, numbers: impl Iterator<Item = u64>) {
        let file = |number: u64| {
            // Ids come in no order.
            let id = format!("{:08x}", (number as u32).wrapping_mul(0x9e37_79b1));
            let file = Document::new().with("_id", id).with("rid", format!("r{}", number % 50));
            file.with("uploadedAt", Date(number as i64))
        };
        store.put_many(numbers.map(file)).unwrap();
    }

    /// The files, each with the first bytes of the keys of the lists whose blocks are in it.
    fn lists(store: &Store) -> Vec<BTreeSet<u8>> {
        let state = store.shared().state();
        let mut files: Vec<_> = state.version.files().values().collect();
        files.sort_by_key(|file| file.number());
        let lists_in = |file: &&Arc<BlockFile>| {
            let mut lists = BTreeSet::new();
            let noted = file.each(&mut |_, block| {
                lists.extend(block.list().first());
                Ok(())
            });
            noted.map(|()| lists).unwrap()
        };
        files.iter().map(lists_in).collect()
    }

    #[test]
    fn blocks_of_many_ids_lie_in_a_file_of_their_own_which_goes_when_they_are_written_anew() {
        let store = Store::temporary(&Options::default()).unwrap();
        put(&store, 0..8000);
        store.checkpoint().unwrap();
        let ids = BTreeSet::from([2]);
        assert!(lists(&store).iter().all(|lists| lists.len() > 1), "so far there were none");
        for round in 1..4 {
            put(&store, 8000 * round..8000 * (round + 1));
            store.checkpoint().unwrap();
            let files = lists(&store);
            assert_eq!(files.iter().filter(|lists| **lists == ids).count(), 1, "{files:?}");
            assert!(files.iter().filter(|lists| lists.contains(&2)).count() <= 2, "{files:?}");
            assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        }
        // A few lie with the others.
        put(&store, 100_000..100_010);
        store.checkpoint().unwrap();
        assert_ne!(lists(&store).last(), Some(&ids));
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    }

    /// What a kill at this moment would leave, opened; the index is made anew.
    fn left_by_a_kill(path: &Path, site: &Path) -> Store {
        let left = site.join("left");
        std::fs::create_dir(&left).unwrap();
        let entries = std::fs::read_dir(path).unwrap().map(std::result::Result::unwrap);
        for file in entries.filter(|entry| entry.path().is_file()) {
            std::fs::copy(file.path(), left.join(file.file_name())).unwrap();
        }
        Store::open(&left, &Options::default()).unwrap()
    }

    #[test]
    fn what_is_acknowledged_survives_a_kill_while_less_was_promised_before_a_memtable_was_frozen() {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        let store = Store::open(&path, &Options::default()).unwrap();
        let file = |id: &str| Document::new().with("_id", id);
        // Nothing of it is written into blocks meanwhile.
        let _work = store.shared().checkpoints.work.lock();
        store.put_with(&file("a"), Durability::Relaxed).unwrap();
        store.shared().freeze_now().unwrap();
        store.put_with(&file("b"), Durability::Interval).unwrap();
        let left = left_by_a_kill(&path, site.path());
        assert!(left.get("b").unwrap().is_some());
        assert!(left.get("a").unwrap().is_some(), "no write is missing before one that is there");
    }

    #[test]
    fn a_write_that_changes_nothing_is_promised_as_much_as_others() {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        let store = Store::open(&path, &Options::default()).unwrap();
        let file = Document::new().with("_id", "a");
        store.put_with(&file, Durability::Relaxed).unwrap();
        assert_eq!(store.put_with(&file, Durability::Durable).unwrap(), Put::Unchanged);
        assert!(store.shared().log.read().is_synced());
        assert!(left_by_a_kill(&path, site.path()).get("a").unwrap().is_some());
    }
}
