//! The segments kept in memory, by the keys of their blocks: a cache within a budget of bytes.
//!
//! They are made by scans: of columns that lie beside block files, and of records for other fields. A
//! write drops none: what memtables say is asked beside them. A checkpoint notes which chunks of the index
//! it changed; a segment over one of them is mended by the next scan that comes by.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Bound;
use std::sync::Arc;

use filedex_query::{Limits, Path};

use super::by_key::{ByKey, Fill};
use super::frame::{Frame, FrameKey};
use super::segment::{RECORDS, Segment, Wanted};
use super::selected::Selected;
use crate::sync::{AtomicU64, Mutex, Ordering, RwLock};

/// The segments.
#[derive(Debug)]
pub(crate) struct Columns {
    kept: RwLock<Kept>,
    budget: u64,
    /// What conditions of a number say of the records of the file of a number, group by group as its columns lie.
    known: ByKey<(u64, u64), Arc<Known>>,
    /// The same of conditions and an order.
    told: ByKey<(u64, u64), Arc<[Option<Told>]>>,
    /// The fields that block files have columns of beside them: those that a host declared, and some that uploads have.
    written: Arc<[Path]>,
    /// What scans asked for that had no columns.
    asked: Mutex<HashSet<u64>>,
    scans: AtomicU64,
}

/// What was found of a group of a column file, while so many of its blocks are in use no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) freed: usize,
    /// How many records conditions hold for, and how the key of the first of them begins in an order.
    pub(crate) count: u64,
    pub(crate) first: u128,
}

/// Of each group of a column file the records that conditions hold for, where that was found out.
pub(crate) type Known = [Option<Arc<Selected>>];

#[derive(Debug, Default)]
struct Kept {
    /// By the key that each begins with; no two overlap.
    segments: BTreeMap<Box<[u8]>, Arc<Segment>>,
    bytes: u64,
    /// What was read lately of them, until any changes. A frame takes a hundredth of what its columns do.
    frames: Vec<(FrameKey, Arc<Frame>)>,
    /// What last became of a chunk, by its key.
    changed: BTreeMap<Box<[u8]>, Changed>,
    /// Segments of an earlier version than this one are of no use.
    floor: u64,
}

/// What a version did to a chunk.
#[derive(Clone, Copy, Debug)]
struct Changed {
    version: u64,
    /// Whether it is gone, so that what it reached over belongs to the chunk before it.
    is_removed: bool,
}

/// The fields of uploads that conditions and sorts mostly look at.
const WRITTEN: &[&str] = &[
    "name",
    "size",
    "type",
    "typeGroup",
    "extension",
    "uploadedAt",
    "identify.size.width",
    "identify.size.height",
];

/// What of the memory for columns is for what is known of conditions, one part in so many, and of them in an order; and bytes
/// that it usually takes.
const KNOWN: u64 = 20;
const TOLD: u64 = 80;
const USUAL_KNOWN: u64 = 16 << 10;

/// Bytes that a record takes in a column, by and large.
const BYTES_A_RECORD: u64 = 20;

/// Frames that are kept.
const MOST_FRAMES: usize = 4;

/// Questions that are remembered.
const MOST_ASKED: usize = 10_000;

/// Changed chunks that are remembered.
const MOST_CHANGED: usize = 200_000;

/// A segment, or a column, that so many scans made no use of gives way to others.
const SCANS: u64 = 4;

impl Columns {
    pub(crate) fn new(budget: u64, declared: Vec<Path>) -> Columns {
        let (kept, asked, scans) = (RwLock::default(), Mutex::default(), AtomicU64::new(0));
        let known = WRITTEN.iter().filter_map(|path| Path::parse(path, &Limits::default()).ok());
        let others: Vec<Path> = known.filter(|path| !path.is_among(&declared)).collect();
        let written = declared.into_iter().chain(others).collect();
        let known = ByKey::of_few(budget / KNOWN, USUAL_KNOWN);
        let told = ByKey::of_few(budget / TOLD, USUAL_KNOWN / 4);
        let budget = budget - budget / KNOWN - budget / TOLD;
        Columns { kept, budget, known, told, written, asked, scans }
    }

    /// The fields that block files have columns of beside them.
    pub(crate) fn written(&self) -> &Arc<[Path]> {
        &self.written
    }

    /// Whether all that is wanted lies in columns beside block files.
    pub(crate) fn are_written(&self, wanted: &Wanted) -> bool {
        wanted.paths().all(|path| path.is_among(&self.written))
    }

    /// Whether a scan that begins at that key should make columns: where they lie beside block files, or while there is
    /// much room; else of fields that were asked for here before.
    pub(crate) fn are_worthwhile(&self, from: &[u8], wanted: &Wanted, records: u64) -> bool {
        let columns = wanted.paths().count() as u64 + 1;
        let needed = records.saturating_mul(BYTES_A_RECORD * columns);
        let is_roomy = self.kept.read().bytes.saturating_add(needed) <= self.budget;
        let is_cheap = is_roomy || self.are_written(wanted);
        let mut question = DefaultHasher::new();
        from.hash(&mut question);
        wanted.paths().for_each(|path| path.text().hash(&mut question));
        let mut asked = self.asked.lock();
        if asked.len() >= MOST_ASKED {
            asked.clear();
        }
        !asked.insert(question.finish()) || is_cheap
    }

    /// How full they are. Nobody asks for one by a key that is there or not.
    pub(crate) fn fill(&self) -> Fill {
        let (known, told) = (self.known.fill(), self.told.fill());
        let bytes = self.kept.read().bytes + known.bytes + told.bytes;
        let limit = self.budget + known.limit + told.limit;
        Fill { bytes, limit, ..Fill::default() }
    }

    /// What is known of conditions over a file.
    pub(crate) fn known(&self, conditions: u64, file: u64) -> Option<Arc<Known>> {
        self.known.get(&(conditions, file))
    }

    /// Keeps what is known of conditions over a file.
    pub(crate) fn keep_known(&self, conditions: u64, file: u64, known: Arc<Known>) {
        let bytes = known.iter().flatten().map(|selected| selected.bytes()).sum::<usize>();
        self.known.keep((conditions, file), known.clone(), bytes + size_of_val(&*known));
    }

    /// What was found of the groups of a file by conditions and an order.
    pub(crate) fn told(&self, question: u64, file: u64) -> Option<Arc<[Option<Told>]>> {
        self.told.get(&(question, file))
    }

    /// Keeps what was found of the groups of a file by conditions and an order.
    pub(crate) fn keep_told(&self, question: u64, file: u64, told: Arc<[Option<Told>]>) {
        self.told.keep((question, file), told.clone(), size_of_val(&*told));
    }

    /// The number of a scan that begins now.
    pub(crate) fn number_scan(&self) -> u64 {
        self.scans.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The segment that the block under that key belongs to, and whether it is what that version says.
    pub(crate) fn find(&self, key: &[u8], version: u64) -> Option<(Arc<Segment>, bool)> {
        let kept = self.kept.read();
        let segment = kept.covering(key)?;
        Some((segment.clone(), kept.is_of(segment, version)))
    }

    /// The frame of a part, if there is one of segments that lack none of these columns.
    pub(crate) fn frame(&self, key: &FrameKey, wanted: &Wanted, scan: u64) -> Option<Arc<Frame>> {
        let kept = self.kept.read();
        let mut frames = kept.frames.iter();
        let (_, frame) = frames.rfind(|(other, frame)| other == key && frame.suits(wanted))?;
        frame.use_in(scan);
        Some(frame.clone())
    }

    /// Keeps a frame until a segment comes or goes.
    pub(crate) fn keep_frame(&self, key: FrameKey, frame: &Arc<Frame>, scan: u64) {
        let mut kept = self.kept.write();
        frame.use_in(scan);
        if kept.frames.len() >= MOST_FRAMES {
            kept.frames.remove(0).1.mark_segments();
        }
        kept.frames.push((key, frame.clone()));
    }

    /// Whether two versions say the same between these keys.
    pub(crate) fn are_alike(&self, from: &[u8], upto: &[u8], versions: (u64, u64)) -> bool {
        self.kept.read().are_alike(from, upto, versions)
    }

    /// Where the next segment past that key begins. One so small that it should become a part of the
    /// one before it is none.
    pub(crate) fn next_after(&self, key: &[u8]) -> Option<Box<[u8]>> {
        let kept = self.kept.read();
        let mut after = kept.segments.range::<[u8], _>((Bound::Excluded(key), Bound::Unbounded));
        let (from, segment) = after.next()?;
        if segment.len() >= RECORDS / 2 {
            return Some(from.clone());
        }
        after.next().map(|(from, _)| from.clone())
    }

    /// Keeps a segment in place of all that overlap it, if there is room; says whether. One of an earlier
    /// version than what it would replace is not kept.
    pub(crate) fn keep(&self, segment: &Arc<Segment>, scan: u64) -> bool {
        let mut kept = self.kept.write();
        kept.frames.drain(..).for_each(|(_, frame)| frame.mark_segments());
        if kept.overlapping(segment).any(|other| other.version() > segment.version()) {
            return true;
        }
        // What is known of conditions goes last: it is small, and serves without columns.
        for drop_unused in [Kept::drop_columns, Kept::drop_segments] {
            if kept.bytes_with(segment) > self.budget {
                drop_unused(&mut kept, scan.saturating_sub(SCANS));
            }
        }
        let fits = kept.bytes_with(segment) <= self.budget;
        if fits {
            let others: Vec<Box<[u8]>> =
                kept.overlapping(segment).map(|other| other.from().into()).collect();
            others.iter().for_each(|from| kept.remove(from));
            kept.bytes += segment.bytes();
            kept.segments.insert(segment.from().into(), segment.clone());
        }
        fits
    }

    /// Notes the chunks that a version has changed, each with whether it is still there, before anybody
    /// reads it.
    pub(crate) fn note_changes<'k>(
        &self,
        version: u64,
        chunks: impl Iterator<Item = (&'k [u8], bool)>,
    ) {
        let mut kept = self.kept.write();
        if kept.segments.is_empty() || kept.changed.len() > MOST_CHANGED {
            // What is made from now on is of this version, or of one that is no longer the newest.
            kept.changed.clear();
            kept.floor = version;
            return;
        }
        let changes =
            chunks.map(|(key, is_there)| (key.into(), Changed { version, is_removed: !is_there }));
        kept.changed.extend(changes);
    }
}

impl Kept {
    fn covering(&self, key: &[u8]) -> Option<&Arc<Segment>> {
        let upto = (Bound::Unbounded, Bound::Included(key));
        let (_, segment) = self.segments.range::<[u8], _>(upto).next_back()?;
        (key < segment.upto()).then_some(segment)
    }

    /// Whether a segment is what that version says.
    fn is_of(&self, segment: &Segment, version: u64) -> bool {
        self.are_alike(segment.from(), segment.upto(), (segment.version(), version))
    }

    /// Whether two versions say the same between these keys: no chunk that reaches in there has changed
    /// between the two.
    fn are_alike(&self, from: &[u8], upto: &[u8], (one, other): (u64, u64)) -> bool {
        let (older, newer) = (one.min(other), one.max(other));
        if older == newer {
            return true;
        }
        let before = (Bound::Unbounded, Bound::Included(from));
        let within = (Bound::Excluded(from), Bound::Excluded(upto));
        // A chunk that is gone hides the one before it, which reaches over its part now.
        let mut is_hidden = true;
        let reaches_in = self.changed.range::<[u8], _>(before).rev();
        let reaches_in = reaches_in
            .take_while(|(_, changed)| std::mem::replace(&mut is_hidden, changed.is_removed));
        let mut changes = reaches_in.chain(self.changed.range::<[u8], _>(within));
        older >= self.floor && changes.all(|(_, changed)| changed.version <= older)
    }

    fn overlapping(&self, segment: &Segment) -> impl Iterator<Item = &Arc<Segment>> {
        let within = (Bound::Included(segment.from()), Bound::Excluded(segment.upto()));
        let within = self.segments.range::<[u8], _>(within).map(|(_, other)| other);
        let covering = self.covering(segment.from()).filter(|other| other.from() < segment.from());
        within.chain(covering)
    }

    /// How many bytes there would be with that segment in place of those that overlap it.
    fn bytes_with(&self, segment: &Segment) -> u64 {
        let others: u64 = self.overlapping(segment).map(|other| other.bytes()).sum();
        (self.bytes + segment.bytes()).saturating_sub(others)
    }

    fn remove(&mut self, from: &[u8]) {
        if let Some(segment) = self.segments.remove(from) {
            self.bytes -= segment.bytes();
        }
    }

    /// Drops the columns that no scan after that one asked for.
    fn drop_columns(&mut self, scan: u64) {
        for segment in self.segments.values_mut() {
            *segment = Arc::new(segment.used_after(scan));
        }
        self.bytes = self.segments.values().map(|segment| segment.bytes()).sum();
    }

    /// Drops the segments that no scan after that one made use of.
    fn drop_segments(&mut self, scan: u64) {
        self.segments.retain(|_, segment| segment.is_used_after(scan));
        self.bytes = self.segments.values().map(|segment| segment.bytes()).sum();
    }
}
