//! A store is written anew from its records: repair and compaction, which differ in what they do about
//! a fault.
//!
//! The records in the lists of rooms are the truth, and behind them what the logs say. Both are put
//! into a fresh store as if a host did; everything else (the lists, the counts) comes of that. The
//! fresh store then takes the place of the old one ([`crate::swap`]), of which nothing is changed
//! before.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use filedex_query::packed::PackedDocument;
use filedex_query::{Document, DocumentRef};

use crate::block::{Block, Entry};
use crate::carve;
use crate::checkpoint;
use crate::counts::Counts;
use crate::error::{Error, ErrorKind, Result};
use crate::home::{Home, tree_of};
use crate::layout::{ALL_ROOMS, ALL_USERS, List, by_id, piece_key};
use crate::log::{Replay, Salvaged};
use crate::operation;
use crate::options::{Durability, Options};
use crate::quarantine::{Quarantine, Remains};
use crate::record::{self, Body, Place, Record};
use crate::salvage::Salvage;
use crate::stats::Stats;
use crate::store::Store;
use crate::swap;
use crate::tree::{Bytes, Tree, log_of};
use crate::writer::{self, Tally};

/// Records of one write.
const RECORDS_PER_WRITE: usize = 500;

/// What is done about what cannot be read.
pub(crate) enum Faults {
    /// The store stays as it is.
    Refuse,
    /// It is kept aside, and the rest goes over.
    Keep(Quarantine),
}

impl Faults {
    /// Something that no other place tells.
    fn lost(&mut self, key: &[u8], reason: &str, remains: &Remains<'_>) -> Result<()> {
        match self {
            Faults::Refuse => Err(Error::damaged(format_args!("{}: {reason}", key.escape_ascii()))),
            Faults::Keep(quarantine) => quarantine.keep(key, reason, remains),
        }
    }

    /// Something that follows from the records, and is made again from them.
    fn made_again(&self, fault: Error) -> Result<()> {
        match self {
            Faults::Refuse => Err(fault),
            Faults::Keep(_) => Ok(()),
        }
    }
}

/// A store on its way into a fresh one.
struct Rebuild<'r> {
    old: &'r Salvage,
    fresh: &'r Store,
    faults: &'r mut Faults,
    progress: &'r mut dyn FnMut(u64, u64),
    /// Records that there are, by the old store's account.
    expected: u64,
    done: u64,
    batch: Vec<Record>,
    ids: HashSet<String>,
    /// Ids of records that are listed and were not found.
    missing: BTreeSet<String>,
    /// Ids of records that are kept aside.
    aside: BTreeSet<String>,
    /// Whether the tree cannot be what it was: more may be lost than is listed.
    is_cut: bool,
}

/// Puts the store anew in place of itself; says what it holds. `keep_in` names the file in which faults
/// are kept; without one there must be none.
pub(crate) fn rebuild(
    home: &Home,
    options: &Options,
    keep_in: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Stats, Faults)> {
    let site = swap::prepare(home.path())?;
    let rebuilt = fill(home, &site, options, keep_in, progress);
    match &rebuilt {
        Ok(_) => swap::commit(home.path())?,
        Err(_) => {
            let _removed_by_the_next_open = swap::settle(home.path());
        }
    }
    rebuilt
}

fn fill(
    home: &Home,
    site: &Path,
    options: &Options,
    keep_in: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Stats, Faults)> {
    let mut options = options.clone();
    (options.create, options.durability) = (true, Durability::Relaxed);
    // What is in the store was within the limits of the day when it was put.
    options.limits.document_depth = usize::MAX;
    let path = swap::store_in(site);
    let (old, mut faults) = match keep_in {
        None => whole(home, options.cache_bytes)?,
        Some(name) => damaged(home, site, path.join(name), options.cache_bytes)?,
    };
    let fresh = Store::open(&path, &options)?;
    Rebuild::new(&old, &fresh, &mut faults, progress).run(home.path())?;
    let stats = fresh.stats()?;
    fresh.close()?;
    Tree::wait_closed(&tree_of(&path))?;
    old.close()?;
    if let Faults::Keep(quarantine) = &faults {
        quarantine.sync()?;
    }
    Ok((stats, faults))
}

fn whole(home: &Home, cache_bytes: u64) -> Result<(Salvage, Faults)> {
    let old = Salvage::whole(home, cache_bytes)?;
    checkpoint::recover(home.path(), old.tree())?;
    Ok((old, Faults::Refuse))
}

fn damaged(
    home: &Home,
    site: &Path,
    keep_in: PathBuf,
    cache_bytes: u64,
) -> Result<(Salvage, Faults)> {
    let old = Salvage::damaged(home, &site.join("damaged"), cache_bytes)?;
    home.adopted(old.tree())?;
    // What it would say is in the logs, too.
    let _said_by_the_logs = checkpoint::reapply(home.path(), old.tree());
    Ok((old, Faults::Keep(Quarantine::new(keep_in))))
}

impl<'r> Rebuild<'r> {
    fn new(
        old: &'r Salvage,
        fresh: &'r Store,
        faults: &'r mut Faults,
        progress: &'r mut dyn FnMut(u64, u64),
    ) -> Rebuild<'r> {
        let counts = old.get(&List::ids().counts_key()).ok().flatten();
        let counts = counts.and_then(|counts| Counts::from_bytes(&counts).ok());
        let expected = counts.map_or(0, |counts| counts.total());
        let (batch, ids) = (Vec::new(), HashSet::new());
        let (missing, aside) = (BTreeSet::new(), BTreeSet::new());
        let (done, is_cut) = (0, false);
        Rebuild { old, fresh, faults, progress, expected, done, batch, ids, missing, aside, is_cut }
    }

    fn run(mut self, home: &Path) -> Result<()> {
        if self.old.mended > 0 {
            let reason =
                "bytes of sled's log were not what was written; what could be read was kept";
            self.faults.lost(b"tree/db", reason, &Remains::Nothing)?;
        }
        self.rooms()?;
        self.ids()?;
        self.logs(home)?;
        self.missing.retain(|id| !self.aside.contains(id));
        for id in &self.missing {
            let reason = format!("record `{id}` is listed and not there");
            self.faults.lost(List::ids().bytes(), &reason, &Remains::Nothing)?;
        }
        self.carved(home)?;
        (self.progress)(self.done, self.expected);
        Ok(())
    }

    /// The records where they lie; where not all of the tree can be walked, where the users' lists say
    /// that they lie, too.
    fn rooms(&mut self) -> Result<()> {
        let old = self.old;
        let fault = old.each(ALL_ROOMS, &mut |key, bytes| self.block(key, bytes))?;
        self.flush()?;
        let Some(fault) = fault else { return Ok(()) };
        self.is_cut = true;
        self.faults.lost(b"tree", &fault.to_string(), &Remains::Nothing)?;
        let _made_again = old.each(ALL_USERS, &mut |_, bytes| {
            let Ok(block) = Block::open(bytes) else { return Ok(()) };
            block.read().entries().try_for_each(|entry| {
                self.look_at(&List::from_bytes(entry.payload), entry.key).map(drop)
            })
        })?;
        self.flush()
    }

    fn block(&mut self, key: &[u8], bytes: Bytes) -> Result<()> {
        let Ok(block) = Block::open(bytes.clone()) else {
            return self.damaged_block(key, &bytes);
        };
        let mut entries = 0;
        for entry in block.read().entries() {
            self.entry(key, &entry)?;
            entries += 1;
        }
        if entries != block.read().len() {
            let reason = "a block holds other entries than it says";
            self.faults.lost(key, reason, &Remains::Bytes(&bytes))?;
        }
        (self.progress)(self.done, self.expected);
        Ok(())
    }

    /// Keeps a block aside, and what looks like its records.
    fn damaged_block(&mut self, key: &[u8], bytes: &[u8]) -> Result<()> {
        self.faults.lost(key, "a block has a wrong checksum", &Remains::Bytes(bytes))?;
        let mut signed = bytes.to_vec();
        let Some((checksum, rest)) = signed.split_first_chunk_mut::<4>() else { return Ok(()) };
        *checksum = crc32fast::hash(rest).to_le_bytes();
        let Ok(block) = Block::open(signed.into()) else { return Ok(()) };
        for entry in block.read().entries() {
            if let Ok(Body::Inline(body)) = Body::read(entry.payload)
                && PackedDocument::new(body).check()
            {
                let reason = "its block has a wrong checksum: it may not be as it was put";
                self.keep_aside(key, reason, record::document(body))?;
            }
        }
        Ok(())
    }

    fn keep_aside(&mut self, key: &[u8], reason: &str, record: DocumentRef<'_>) -> Result<()> {
        let id = record.get("_id").and_then(|id| id.as_text()).unwrap_or_default();
        self.aside.insert(id.to_owned());
        self.faults.lost(key, reason, &Remains::Record(record))
    }

    /// A record, if it is whole and new.
    fn entry(&mut self, key: &[u8], entry: &Entry<'_>) -> Result<()> {
        let body = Body::read(entry.payload)
            .and_then(|body| record::assemble(body, |piece| self.old.get(piece)))
            .ok()
            .filter(|body| PackedDocument::new(body).check());
        let Some(body) = body else {
            return self.broken(key, entry.payload);
        };
        let document = record::document(&body).to_document();
        let record = match Record::new(&document, usize::MAX) {
            Ok(record) => record,
            Err(refused) => return self.keep_aside(key, &refused.to_string(), document.view()),
        };
        if self.ids.contains(&record.id) || self.fresh.read().place(&record.id)?.is_some() {
            return self.second(key, entry.key, &record.id, &document);
        }
        self.ids.insert(record.id.clone());
        self.batch.push(record);
        self.done += 1;
        if self.batch.len() < RECORDS_PER_WRITE { Ok(()) } else { self.flush() }
    }

    /// Keeps aside what is left of a record: its entry, and the pieces of its body.
    fn broken(&mut self, key: &[u8], payload: &[u8]) -> Result<()> {
        let mut remains = payload.to_vec();
        if let Ok(body @ Body::Pieces { id, .. }) = Body::read(payload) {
            let pieces = (0..body.pieces())
                .map(|number| self.old.get(&piece_key(id, number)))
                .map_while(|piece| piece.ok().flatten());
            pieces.for_each(|piece| remains.extend_from_slice(&piece));
        }
        self.faults.lost(key, "a record cannot be read", &Remains::Bytes(&remains))
    }

    /// A record whose `_id` went over before: of the two, the one that the id list names stays.
    fn second(&mut self, key: &[u8], order: &[u8], id: &str, document: &Document) -> Result<()> {
        self.flush()?;
        let first = self.fresh.get(id)?;
        if first.as_ref() == Some(document) {
            return self.faults.made_again(Error::damaged(format_args!("`{id}` stands twice")));
        }
        let reason = "a record stands twice: the other was kept";
        let is_named = self
            .named(id)
            .is_some_and(|place| place.order == order && key.starts_with(place.list.bytes()));
        match first.filter(|_| is_named) {
            Some(first) => {
                self.faults.lost(key, reason, &Remains::Record(first.view()))?;
                self.fresh.put(document).map(drop)
            }
            None => self.faults.lost(key, reason, &Remains::Record(document.view())),
        }
    }

    /// Where the old id list says that the record lies.
    fn named(&self, id: &str) -> Option<Place> {
        let (_, block) = self.old.block_for(&List::ids(), &by_id(id))?;
        let entry = block.read().find(&by_id(id))?;
        Place::from_bytes(entry.payload, id).ok()
    }

    fn flush(&mut self) -> Result<()> {
        self.ids.clear();
        self.fresh.put_batch(&mut self.batch, &mut Tally::default())
    }

    /// The records that the id list names: those that were not met are looked for where it says.
    fn ids(&mut self) -> Result<()> {
        let old = self.old;
        let fault = old.each(List::ids().bytes(), &mut |_, bytes| {
            let block = match Block::open(bytes) {
                Ok(block) => block,
                Err(fault) => return self.faults.made_again(fault),
            };
            block.read().entries().try_for_each(|entry| self.listed(&entry))
        })?;
        self.flush()?;
        fault.map_or(Ok(()), |fault| self.faults.made_again(fault))
    }

    fn listed(&mut self, entry: &Entry<'_>) -> Result<()> {
        if self.fresh.read().named(entry.key)?.is_some() {
            return Ok(());
        }
        let Some(id) = id_of(entry.key) else {
            return self.faults.made_again(Error::damaged("an entry of the id list is malformed"));
        };
        let found = match Place::from_bytes(entry.payload, &id) {
            Ok(place) => self.look_at(&place.list, &place.order)?,
            Err(_) => false,
        };
        if !found {
            self.missing.insert(id);
        }
        Ok(())
    }

    /// Takes over the record at that place, if it was not met; says whether one lies there.
    fn look_at(&mut self, list: &List, order: &[u8]) -> Result<bool> {
        if self.fresh.read().find(list, order)?.is_some() {
            return Ok(true);
        }
        let Some((key, block)) = self.old.block_for(list, order) else { return Ok(false) };
        let Some(entry) = block.read().find(order) else { return Ok(false) };
        self.entry(&key, &entry)?;
        self.flush()?;
        Ok(self.fresh.read().find(list, order)?.is_some())
    }

    /// What was written since the tree was last written. A log that the tree has already does no harm:
    /// all behind it are there.
    fn logs(&mut self, home: &Path) -> Result<()> {
        let logs: Vec<u64> = checkpoint::logs_in(home)?.into_iter().map(|(log, _)| log).collect();
        let mut next = match checkpoint::generation(self.old.tree()) {
            Ok(first) => first,
            Err(_) => {
                self.is_cut = true;
                let reason = "the tree has lost its own records, and maybe others";
                self.faults.lost(b"tree", reason, &Remains::Nothing)?;
                logs.first().copied().unwrap_or(0)
            }
        };
        if logs.last().is_none_or(|last| *last < next) {
            self.no_log(next)?;
        }
        for (place, generation) in logs.iter().copied().enumerate() {
            if generation > next {
                self.no_log(next)?;
            }
            next = next.max(generation + 1);
            // A log is begun before anything is promised to be in it.
            let is_last = place > 0 && place + 1 == logs.len();
            if !(is_last && Replay::is_unbegun(home, generation)) {
                self.log(home, generation)?;
            }
        }
        Ok(())
    }

    fn no_log(&mut self, generation: u64) -> Result<()> {
        self.is_cut = true;
        let reason = "the log is missing, and with it what was written last";
        self.faults.lost(&name_of(generation), reason, &Remains::Nothing)
    }

    /// Keeps aside the newest of what the old files hold of records that are lost.
    fn carved(&mut self, home: &Path) -> Result<()> {
        if !self.is_cut && self.missing.is_empty() {
            return Ok(());
        }
        let (fresh, missing, is_cut) = (self.fresh, &self.missing, self.is_cut);
        let is_lost = |id: &str| {
            let is_known = fresh.read().place(id).is_ok_and(|place| place.is_some());
            !is_known && (is_cut || missing.contains(id))
        };
        carve::newest(&log_of(&tree_of(home)), &is_lost, &mut |id, record| {
            let reason = format!(
                "record `{id}` was found in old files: an older one, maybe, or one that was removed"
            );
            self.faults.lost(b"tree/db", &reason, &Remains::Record(record))
        })
    }

    fn log(&mut self, home: &Path, generation: u64) -> Result<()> {
        let payloads = match Replay::read(home, generation) {
            Ok(replay) => replay.payloads,
            Err(fault) if fault.kind() == ErrorKind::Damaged => {
                self.faults.made_again(fault)?;
                let Salvaged { payloads, lost } = Replay::salvage(home, generation)?;
                for bytes in lost {
                    let (name, reason) = (name_of(generation), "entries of it cannot be read");
                    self.faults.lost(&name, reason, &Remains::Bytes(&bytes))?;
                }
                payloads
            }
            Err(fault) => return Err(fault),
        };
        payloads.iter().try_for_each(|payload| self.write(generation, payload))
    }

    /// Does again what a write did.
    fn write(&mut self, generation: u64, payload: &[u8]) -> Result<()> {
        let replayed =
            self.fresh.write(Durability::Relaxed, |stage| writer::replay(stage, payload));
        match replayed {
            Ok(()) => operation::read(payload)?.into_iter().for_each(|operation| {
                self.missing.remove(operation.id());
            }),
            Err(fault) if matches!(fault.kind(), ErrorKind::Damaged | ErrorKind::InvalidRecord) => {
                let (name, reason) = (name_of(generation), fault.to_string());
                self.faults.lost(&name, &reason, &Remains::Bytes(payload))?;
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}

fn name_of(log: u64) -> Vec<u8> {
    format!("log.{log}").into_bytes()
}

/// The `_id` whose key in the id list that is.
fn id_of(key: &[u8]) -> Option<String> {
    let text = key.get(1..)?.strip_suffix(&[0, 0])?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(*byte);
        // NUL is written as two bytes.
        if *byte == 0 {
            rest.next();
        }
    }
    String::from_utf8(bytes).ok().filter(|id| by_id(id) == key)
}
