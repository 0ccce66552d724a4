//! A store is written anew from its records, with all that can be read of a damaged one.
//!
//! The records in the lists of rooms are the truth, and behind them what the logs say. Both are put into a
//! fresh store as if a host did; everything else follows from that. The fresh store then takes the place of the
//! old one ([`crate::disk::swap`]), of which nothing is changed before.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use filedex_query::DocumentRef;

use super::quarantine::{Quarantine, Remains};
use super::salvage::{Met, Salvage};
use crate::disk::names::Numbered;
use crate::disk::{Directory, swap};
use crate::error::{Error, ErrorKind, Result};
use crate::format::keys::{by_id, id_of};
use crate::format::lists::ALL_ROOMS;
use crate::format::record::document;
use crate::format::{Entry, Frame, List, Memory, Record, Standing};
use crate::log::{Operation, Replay, operations};
use crate::options::{Durability, Options};
use crate::snapshot::Snapshot;
use crate::store::{Home, Stats, Store};
use crate::write::Tally;

/// Records of one write, and bytes of them after which no more come in.
const RECORDS_PER_WRITE: usize = 500;
const BYTES_PER_WRITE: usize = 4 << 20;

/// A store on its way into a fresh one.
struct Rebuild<'r> {
    old: &'r Salvage,
    fresh: &'r Store,
    quarantine: &'r mut Quarantine,
    progress: &'r mut dyn FnMut(u64, u64),
    done: u64,
    batch: Vec<Record>,
    bytes: usize,
    /// Ids of the batch.
    ids: HashSet<String>,
    /// Ids of records that are listed and were not found.
    missing: BTreeSet<String>,
    /// Ids of records that are kept aside.
    aside: BTreeSet<String>,
}

/// Puts the store anew in place of itself; says what it holds and what could not be kept, which is in a file
/// of that name.
pub(super) fn rebuild(
    home: &Home,
    options: &Options,
    keep_in: &str,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Stats, Quarantine)> {
    let path = swap::prepare(&home.directory)?;
    let rebuilt = fill(home, &path, options, keep_in, progress);
    match &rebuilt {
        Ok(_) => {
            swap::commit(&home.directory)?;
            home.mark()?;
        }
        Err(_) => {
            let _removed_by_the_next_open = swap::settle(&home.directory);
        }
    }
    rebuilt
}

fn fill(
    home: &Home,
    path: &Path,
    options: &Options,
    keep_in: &str,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Stats, Quarantine)> {
    let mut options = options.clone();
    (options.create, options.durability) = (true, Durability::Relaxed);
    let old = Salvage::open(&home.directory)?;
    let mut quarantine = Quarantine::new(path.join(keep_in));
    let fresh = Store::open(path, &options)?;
    let rebuild = Rebuild {
        old: &old,
        fresh: &fresh,
        quarantine: &mut quarantine,
        progress,
        done: 0,
        batch: Vec::new(),
        bytes: 0,
        ids: HashSet::new(),
        missing: BTreeSet::new(),
        aside: BTreeSet::new(),
    };
    rebuild.run(&home.directory)?;
    let stats = fresh.stats()?;
    fresh.close()?;
    quarantine.sync()?;
    Ok((stats, quarantine))
}

impl Rebuild<'_> {
    fn run(mut self, home: &Directory) -> Result<()> {
        if self.old.listed.is_none() {
            let reason = "the manifest cannot be read: the newest of what block files hold was kept, so that \
                          records which were removed may have come back";
            self.lost(b"manifest", reason, &Remains::Nothing)?;
        }
        self.rooms()?;
        self.ids()?;
        let read = self.logs(home)?;
        if self.old.is_empty() && read == 0 {
            return Err(Error::unreadable(home.path()));
        }
        self.missing.retain(|id| !self.aside.contains(id));
        for id in self.missing.clone() {
            let reason = format!("record `{id}` is listed and not there");
            self.lost(List::ids().bytes(), &reason, &Remains::Nothing)?;
        }
        self.older_ones()?;
        (self.progress)(self.done, self.old.records());
        Ok(())
    }

    fn lost(&mut self, key: &[u8], reason: &str, remains: &Remains<'_>) -> Result<()> {
        self.quarantine.keep(key, reason, remains)
    }

    /// The records where they lie.
    fn rooms(&mut self) -> Result<()> {
        let old = self.old;
        old.entries(ALL_ROOMS, &mut |met| match met {
            Met::Entry(list, entry) => self.entry(list, &entry),
            Met::Lost(key, bytes) => self.damaged_block(key, bytes),
        })?;
        self.flush()
    }

    /// Keeps a block aside, and what looks like its records, but for those that their checksums vouch for.
    fn damaged_block(&mut self, key: &[u8], bytes: &[u8]) -> Result<()> {
        self.lost(key, "a block is not there, or has a wrong checksum", &Remains::Bytes(bytes))?;
        let Some(frame) = Frame::unverified(bytes) else { return Ok(()) };
        // Without the manifest nobody knows whether it counts.
        let is_listed = self.old.listed.is_some() && key.starts_with(frame.list());
        let vouched_for = Frame::open(bytes).filter(|_| is_listed);
        let mut memory = Memory::default();
        for at in 0..frame.len() {
            let whole = vouched_for.as_ref().and_then(|frame| frame.entry(at, &mut memory));
            if let Some(entry) = whole {
                self.entry(frame.list(), &entry)?;
                continue;
            }
            let entry = frame.entry(at, &mut memory);
            if let Some(record) = entry.and_then(|entry| Record::stored(entry.payload)) {
                let reason = "it, or its block, has a wrong checksum: it may not be as it was put";
                self.keep_aside(key, reason, document(&record.body))?;
            }
        }
        Ok(())
    }

    fn keep_aside(&mut self, key: &[u8], reason: &str, record: DocumentRef<'_>) -> Result<()> {
        let id = record.get("_id").and_then(|id| id.as_text()).unwrap_or_default();
        self.aside.insert(id.to_owned());
        self.lost(key, reason, &Remains::Record(record))
    }

    /// A record, if it is whole and new.
    fn entry(&mut self, list: &[u8], entry: &Entry<'_>) -> Result<()> {
        let Some(record) = Record::stored(entry.payload) else {
            return self.lost(list, "a record cannot be read", &Remains::Bytes(entry.payload));
        };
        let id = &record.standing.id;
        if self.ids.contains(id) || self.is_in(id)? {
            return self.second(list, entry.key, &record);
        }
        self.ids.insert(id.clone());
        self.bytes += record.body.len();
        self.batch.push(record);
        self.done += 1;
        if self.batch.len() < RECORDS_PER_WRITE && self.bytes < BYTES_PER_WRITE {
            Ok(())
        } else {
            self.flush()
        }
    }

    /// A record whose `_id` went over before: of the two, the one that the id list names stays. Without the
    /// manifest the first one was the newer.
    fn second(&mut self, list: &[u8], order: &[u8], record: &Record) -> Result<()> {
        self.flush()?;
        let id = &record.standing.id;
        let first = self.fresh.get(id)?;
        let (this, reason) = (document(&record.body), "a record stands twice: the other was kept");
        let is_same = first.as_ref().is_some_and(|first| *first == this.to_document());
        if is_same || self.old.listed.is_none() {
            return Ok(());
        }
        match first.filter(|_| self.is_named(id, list, order)) {
            Some(first) => {
                self.lost(list, reason, &Remains::Record(first.view()))?;
                self.put(vec![record_of(&record.body)?])
            }
            None => self.lost(list, reason, &Remains::Record(this)),
        }
    }

    /// Whether the old id list says that the record lies there.
    fn is_named(&self, id: &str, list: &[u8], order: &[u8]) -> bool {
        let Some(block) = self.old.block_for(&List::ids(), &by_id(id)) else { return false };
        let place = block.find(&by_id(id)).and_then(|(_, entry)| {
            Standing::follow(entry.payload, id).map(|(room, place)| room == list && place == order)
        });
        place.unwrap_or(false)
    }

    fn flush(&mut self) -> Result<()> {
        (self.progress)(self.done, self.old.records());
        self.ids.clear();
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.put(batch)
    }

    fn put(&self, records: Vec<Record>) -> Result<()> {
        self.fresh.put_batch(records, &mut Tally::default())
    }

    /// Whether the fresh store has the record.
    fn is_in(&self, id: &str) -> Result<bool> {
        let shared = self.fresh.shared();
        let state = shared.state();
        Ok(Snapshot::new(&shared.pool, &state).find(&List::ids(), &by_id(id))?.is_some())
    }

    /// The records that the id list names: those that were not met are missing.
    fn ids(&mut self) -> Result<()> {
        let old = self.old;
        old.entries(List::ids().bytes(), &mut |met| {
            // What cannot be read of it is made again from the records.
            let Met::Entry(_, entry) = met else { return Ok(()) };
            if let Some(id) = id_of(entry.key)
                && !self.is_in(&id)?
            {
                self.missing.insert(id.into_owned());
            }
            Ok(())
        })
    }

    /// What was written since; gives how many logs could be read.
    fn logs(&mut self, home: &Directory) -> Result<u64> {
        let mut logs = home.numbers(Numbered::Log)?;
        let commit = self.old.listed.as_ref().map(|listed| &listed.commit);
        let first = commit.map(|commit| commit.log).or(logs.first().copied()).unwrap_or(1);
        let mut after = commit.map(|commit| commit.entry);
        logs.retain(|log| *log >= first);
        let (mut read, mut next) = (0, first);
        if logs.is_empty() {
            self.no_log(first)?;
        }
        for log in logs {
            if log > next {
                self.no_log(next)?;
                after = None;
            }
            next = log + 1;
            after = self.log(home, log, after)?;
            read += 1;
        }
        Ok(read)
    }

    fn no_log(&mut self, generation: u64) -> Result<()> {
        let reason = "the log is missing, and with it what was written last";
        self.lost(Numbered::Log.name(generation).as_bytes(), reason, &Remains::Nothing)
    }

    /// Does again what a log says; its entries follow that number, if it is known. Gives the number of its
    /// last one.
    fn log(&mut self, home: &Directory, log: u64, after: Option<u64>) -> Result<Option<u64>> {
        if let Some(after) = after {
            match Replay::read(home, log, after) {
                Ok(None) => return Ok(Some(after)),
                Ok(Some(replay)) => {
                    replay.payloads().try_for_each(|payload| self.write(log, payload))?;
                    return Ok(Some(after + replay.entries()));
                }
                Err(fault) if fault.kind() == ErrorKind::Damaged => {}
                Err(fault) => return Err(fault),
            }
        }
        let name = Numbered::Log.name(log);
        let bytes = home.read(&name)?.unwrap_or_default();
        let mut is_told = after.is_none();
        Replay::salvage(&bytes, &mut |met| match met {
            Ok(payload) => self.write(log, payload),
            Err(bytes) => {
                is_told = true;
                self.lost(name.as_bytes(), "entries of it cannot be read", &Remains::Bytes(bytes))
            }
        })?;
        if !is_told {
            // All of it can be read, but it does not follow what was read before it.
            let reason = "entries before it are missing";
            self.lost(name.as_bytes(), reason, &Remains::Nothing)?;
        }
        Ok(None)
    }

    /// Does again what a write did.
    fn write(&mut self, log: u64, payload: &[u8]) -> Result<()> {
        let Ok(operations) = operations(payload).collect::<Result<Vec<Operation>>>() else {
            let (name, reason) = (Numbered::Log.name(log), "an entry of it is malformed");
            return self.lost(name.as_bytes(), reason, &Remains::Bytes(payload));
        };
        let mut batch = Vec::new();
        for operation in operations {
            match operation {
                Operation::Put { record, .. } => {
                    self.missing.remove(&record.standing.id);
                    batch.push(record);
                }
                Operation::Remove { before } => {
                    self.missing.remove(&before.id);
                    self.put(std::mem::take(&mut batch))?;
                    self.fresh.remove(&before.id)?;
                }
            }
        }
        self.put(batch)
    }

    /// Keeps aside the newest of what block files hold of records that are missing, though it counts no more.
    fn older_ones(&mut self) -> Result<()> {
        let old = self.old;
        if self.missing.is_empty() || old.listed.is_none() {
            return Ok(());
        }
        old.every_block(&mut |met| {
            let Ok(block) = met else { return Ok(()) };
            if !block.list().starts_with(ALL_ROOMS) {
                return Ok(());
            }
            for (_, entry) in block.all() {
                let id = document(entry.payload).get("_id").and_then(|id| id.as_text());
                let Some(id) = id.filter(|id| self.missing.contains(*id)) else { continue };
                let reason =
                    format!("record `{id}` was found as it was once; it may have changed since");
                self.missing.remove(id);
                self.lost(block.list(), &reason, &Remains::Record(document(entry.payload)))?;
            }
            Ok(())
        })
    }
}

fn record_of(body: &[u8]) -> Result<Record> {
    Record::stored(body).ok_or_else(|| Error::damaged("a record cannot be read"))
}
