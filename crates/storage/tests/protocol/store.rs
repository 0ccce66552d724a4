//! The steps of writers and of the checkpointer, in the order in which the engine takes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blocks::{BlockFile, FileUse};
use crate::disk::{Changes, Disk, Log, Values, set};
use crate::fault::Fault;
use crate::format::{Chunk, Key, List, Place, chunk_key};
use crate::index::{Commit, Edit, Version};
use crate::memtable::{Cell, Memtable};
use crate::reading::{Pool, Reading, State};
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, RwLock};

/// An open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) disk: Arc<Disk>,
    state: RwLock<State>,
    turn: Mutex<()>,
    log: RwLock<Arc<Log>>,
    has_frozen: AtomicBool,
    /// Held while a checkpoint is made: the number of the next file.
    work: Mutex<u64>,
    /// What every write so far made of the records, by the number of its entry.
    history: std::sync::Mutex<Vec<Values>>,
    /// The last write of which somebody was told that it is done, and stays so after a kill.
    done: AtomicU64,
    fault: Option<Fault>,
}

/// What a checkpoint is to do beside writing what is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Usual,
    Everything,
}

/// What a merge gives: the edit, the new file, and what it holds; the places it frees.
struct Merged {
    edit: Edit,
    file: Option<BlockFile>,
    blocks: Vec<u32>,
    freed: Vec<Place>,
}

impl Shared {
    pub(crate) fn new(fault: Option<Fault>) -> Shared {
        let disk = Arc::new(Disk::default());
        let version = Arc::new(Version::new(&Commit::default(), BTreeMap::new()));
        let (active, frozen, truth) = (Memtable::default(), Memtable::default(), Arc::default());
        Shared {
            pool: Pool::new(fault),
            state: RwLock::new(State { active, frozen, mark: None, version, truth }),
            turn: Mutex::new(()),
            log: RwLock::new(Arc::new(Log::create(&disk, 0, 0))),
            has_frozen: AtomicBool::new(false),
            work: Mutex::new(1),
            history: std::sync::Mutex::new(vec![Values::new()]),
            done: AtomicU64::new(0),
            disk,
            fault,
        }
    }

    /// The newest state, all of whose files are there to stay as long as it does.
    pub(crate) fn state(&self) -> State {
        let state = self.state.read();
        let mut files = state.version.files().values();
        assert!(files.all(|file| !file.is_retired()), "a state is given out whose files go");
        state.clone()
    }

    /// Works a write out, logs it and lets it show as a whole; in place, or on a copy that takes its place. A kill may
    /// cost it if it need not be in the log at once.
    pub(crate) fn write(&self, changes: &Changes, in_place: bool, at_once: bool) {
        let turn = self.turn.lock();
        let log = self.log.read().clone();
        let state = self.state();
        let reading = Reading { pool: &self.pool, state: &state };
        let cells = changes
            .iter()
            .map(|(key, after)| (*key, Cell { before: reading.value(*key), after: *after }));
        let cells: Vec<(Key, Cell)> = cells.collect();
        let truth = self.note(changes);
        drop(state);
        let number = log.append(changes, at_once);
        if in_place {
            let mut state = self.state.write();
            cells.into_iter().for_each(|(key, cell)| state.active.set(key, cell));
            state.truth = truth;
        } else {
            let mut active = self.state.read().active.clone();
            cells.into_iter().for_each(|(key, cell)| active.set(key, cell));
            let mut state = self.state.write();
            (state.active, state.truth) = (active, truth);
        }
        if self.state.read().active.cells.len() >= 2 {
            self.freeze();
        }
        if at_once {
            self.done.store(number, Ordering::Release);
        }
        drop(turn);
    }

    /// What a kill now would leave is all writes up to one, among them all that are done.
    pub(crate) fn check_recovery(&self) {
        let done = self.done.load(Ordering::Acquire);
        let (values, logged) = self.disk.recovered();
        assert!(logged >= done, "{done} writes are done and {logged} are there");
        assert_eq!(values, self.history.lock().unwrap()[logged as usize], "after a kill");
    }

    /// Once all has ended: everything that is kept is what the newest version says, and no file is left over.
    pub(crate) fn check_end(&self) {
        self.settle(Extent::Usual);
        let state = self.state();
        let is_settled = state.active.is_empty() && state.frozen.is_empty();
        assert!(
            is_settled && !self.has_frozen.load(Ordering::Acquire),
            "what was written stays in memory"
        );
        assert_eq!(*state.truth, *self.history.lock().unwrap().last().unwrap(), "a write is lost");
        let reading = Reading { pool: &self.pool, state: &state };
        reading.check_all();
        self.check_recovery();
        self.pool.index.check(&self.disk.chunks());
        let mut files: Vec<u64> = state.version.files().keys().copied().collect();
        files.sort_unstable();
        assert_eq!(
            files,
            self.disk.files(),
            "files that nothing refers to are removed, and no others"
        );
        for (key, value) in &*state.truth {
            let version = state.version.number();
            let kept = self.pool.caches.record(version, &key.to_string());
            assert!(kept.is_none_or(|kept| *kept == value.to_le_bytes()), "an old record is kept");
        }
    }

    pub(crate) fn settle(&self, extent: Extent) {
        self.checkpoint(Extent::Usual);
        self.freeze_now();
        self.checkpoint(extent);
    }

    pub(crate) fn freeze_now(&self) {
        if self.fault == Some(Fault::FreezesWithoutTheTurn) {
            return self.freeze();
        }
        let _turn = self.turn.lock();
        self.freeze();
    }

    fn freeze(&self) {
        if self.has_frozen.load(Ordering::Acquire) || self.state.read().active.is_empty() {
            return;
        }
        let log = self.log.read().clone();
        if self.fault != Some(Fault::BeginsALogBehindAGap) {
            log.flush();
        }
        let next = Log::create(&self.disk, log.generation + 1, log.last());
        let mark = (next.generation, log.last());
        *self.log.write() = Arc::new(next);
        {
            let mut state = self.state.write();
            state.frozen = std::mem::take(&mut state.active);
            state.mark = Some(mark);
            if self.fault != Some(Fault::SaysThatItFrozeTooLate) {
                self.has_frozen.store(true, Ordering::Release);
            }
        }
        if self.fault == Some(Fault::SaysThatItFrozeTooLate) {
            self.has_frozen.store(true, Ordering::Release);
        }
    }

    /// Writes what is frozen to where it stays.
    pub(crate) fn checkpoint(&self, extent: Extent) {
        let mut work = self.work.lock();
        let State { frozen, mark, version, .. } = self.state();
        if frozen.is_empty() && extent == Extent::Usual {
            return;
        }
        let number = *work;
        *work += 1;
        let merged = self.merge(number, &frozen, &version, extent);
        let commit = self.commit(&merged, number, mark.filter(|_| !frozen.is_empty()));
        let Merged { edit, file, .. } = merged;
        self.disk.append(&edit, &commit);
        let next = Arc::new(next_version(&version, &commit, file));
        let ids = frozen.cells.keys().map(|key| key.to_string().into());
        self.pool.caches.begin_change(commit.number, ids);
        let publish = || self.publish(&next, !frozen.is_empty());
        let keys = || edit.changes().map(|(key, chunk)| (key, chunk.is_some()));
        match self.fault {
            Some(Fault::PublishesBeforeTheTree) => {
                publish();
                self.pool.index.apply(&version, &edit, &commit, &next);
                self.pool.columns.note_changes(commit.number, keys());
            }
            Some(Fault::NotesColumnsAfterPublishing) => {
                self.pool.index.apply(&version, &edit, &commit, &next);
                publish();
                self.pool.columns.note_changes(commit.number, keys());
            }
            Some(Fault::RetiresBeforeItPublishes) => {
                self.pool.index.apply(&version, &edit, &commit, &next);
                self.pool.columns.note_changes(commit.number, keys());
                self.clean_up(&version, &commit);
                publish();
            }
            _ => {
                self.pool.index.apply(&version, &edit, &commit, &next);
                self.pool.columns.note_changes(commit.number, keys());
                publish();
            }
        }
        self.clean_up(&version, &commit);
    }

    /// Lets what a checkpoint wrote be what is read, in place of what was frozen.
    fn publish(&self, version: &Arc<Version>, wrote_frozen: bool) {
        if !wrote_frozen && self.fault != Some(Fault::LetsGoOfWhatItDidNotWrite) {
            self.state.write().version = version.clone();
            return;
        }
        let mut state = self.state.write();
        state.version = version.clone();
        state.frozen = Memtable::default();
        self.has_frozen.store(false, Ordering::Release);
    }

    fn merge(&self, number: u64, frozen: &Memtable, version: &Version, extent: Extent) -> Merged {
        let usage = self.disk.commit().usage;
        let clear: Vec<u64> = match extent {
            Extent::Usual => usage.to_clear(0),
            Extent::Everything => usage.iter().map(|(file, _)| file).collect(),
        };
        let (index, list) = (&self.pool.index, List::records());
        let mut merged =
            Merged { edit: Edit::default(), file: None, blocks: Vec::new(), freed: Vec::new() };
        for key in 0..crate::format::KEYS {
            let before = index.exact(version, &chunk_key(key)).map(|keyed| keyed.chunk);
            let place = before.as_ref().map(Chunk::place);
            let after = match (frozen.cells.get(&key), place) {
                (Some(cell), _) => cell.after,
                (None, Some(place)) if clear.contains(&place.file) => Some(
                    version.block(place, list.bytes()).expect("a block to be carried is there").0,
                ),
                _ => continue,
            };
            merged.freed.extend(place);
            merged.set(number, key, before, after);
        }
        if !frozen.is_empty() {
            let before = index.exact(version, list.bytes()).map(|keyed| keyed.chunk);
            let sum = before.as_ref().map_or(0, Chunk::sum) + frozen.sum;
            let nowhere = Place { file: 0, offset: 0, length: 0 };
            merged.edit.set(list.bytes(), before, Chunk::new(nowhere, sum).bytes().to_vec());
        }
        if !merged.blocks.is_empty() {
            self.disk.write_file(number, merged.blocks.clone());
            merged.file = Some(BlockFile::over(&self.disk, number));
        }
        merged
    }

    fn commit(&self, merged: &Merged, number: u64, mark: Option<(u64, u64)>) -> Commit {
        let mut commit = self.disk.commit();
        commit.number += 1;
        if let Some((log, entry)) = mark {
            (commit.log, commit.entry) = (log, entry);
        }
        commit.usage.free(&merged.freed);
        commit.usage.take_dead();
        if merged.file.is_some() {
            let length = merged.blocks.len() as u64;
            commit.usage.insert(number, FileUse { length, live: length, freed: None });
        }
        commit
    }

    fn clean_up(&self, old: &Version, commit: &Commit) {
        for (number, file) in old.files() {
            if commit.usage.iter().all(|(kept, _)| kept != *number) {
                match self.fault {
                    Some(Fault::RemovesAtOnce) => self.disk.remove_file(*number),
                    _ => file.retire(),
                }
            }
        }
        self.disk.remove_logs_before(commit.log);
    }

    /// Notes what a write makes of the records.
    fn note(&self, changes: &Changes) -> Arc<Values> {
        let mut history = self.history.lock().unwrap();
        let mut values = history.last().cloned().unwrap_or_default();
        changes.iter().for_each(|(key, value)| set(&mut values, *key, *value));
        history.push(values.clone());
        Arc::new(values)
    }
}

impl Merged {
    fn set(&mut self, file: u64, key: Key, before: Option<Chunk>, after: Option<u32>) {
        match (before, after) {
            (before, Some(value)) => {
                let place = Place { file, offset: self.blocks.len() as u64, length: 1 };
                self.blocks.push(value);
                let chunk = Chunk::new(place, i64::from(value));
                self.edit.set(&chunk_key(key), before, chunk.bytes().to_vec());
            }
            (Some(before), None) => self.edit.remove(&chunk_key(key), before),
            (None, None) => {}
        }
    }
}

fn next_version(version: &Version, commit: &Commit, file: Option<BlockFile>) -> Version {
    let is_kept = |number: u64| commit.usage.iter().any(|(file, _)| file == number);
    let kept = version.files().iter().filter(|(number, _)| is_kept(**number));
    let mut files: BTreeMap<u64, Arc<BlockFile>> =
        kept.map(|(number, file)| (*number, file.clone())).collect();
    files.extend(file.map(|file| (file.number(), Arc::new(file))));
    Version::new(commit, files)
}
