//! The groups of column files as a columnar scan goes through them: which there are, in which order they are taken up, and
//! what one thread finds in them. What is known of a group by these conditions is not asked again; where it is known, too,
//! how many records there are, and how the first of them begins in the order, most groups need not be read at all.
//!
//! This file reads no blocks.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use filedex_query::{Account, Path};

use super::candidates::Candidates;
use super::judge::{Asking, Judged};
use super::residual::Conditions;
use super::window::Window;
use crate::cache::columns::{Columns, Known, Told};
use crate::cache::segment::{RECORDS, Wanted};
use crate::cache::selected::{Bits, Selected};
use crate::columns::{ColumnFile, Columnar as _, Group, Memory};
use crate::error::{ErrorKind, Result};
use crate::memtable::Cell;
use crate::snapshot::Snapshot;

/// What is gone through.
pub(super) struct ColumnarScan<'e> {
    files: Vec<Scanned<'e>>,
    /// What memtables have beside them.
    pub(super) cells: Vec<&'e Cell>,
    pub(super) asking: Asking<'e>,
    pub(super) wanted: Wanted,
    /// The number of the conditions with the order, if what is found can be kept.
    question: Option<u64>,
    /// The records that are kept, if any are, and what their order begins with, ascending or descending.
    window: Option<Ordered<'e>>,
    /// Groups as they are taken up: those of which nothing is told, then the others by how their first record begins.
    order: Vec<Next>,
    taken: AtomicUsize,
    /// How many records match of those others.
    pub(super) told: u64,
}

/// The number of a group, and what is told of it, as it is for this scan.
pub(super) type Next = (usize, Option<Told>);

/// A window, and what its order begins with, descending or not.
type Ordered<'e> = (Window, (&'e Path, bool));

/// A record by the offset of its block and its number there.
type Replaced = (u64, usize);

/// The columns beside a block file.
pub(super) struct Scanned<'e> {
    pub(super) number: u64,
    columns: &'e ColumnFile,
    /// The numbers of its groups among those of all files.
    groups: Range<usize>,
    /// Blocks that the index refers to no more, in order, and records that memtables have something else of.
    freed: &'e [u64],
    pub(super) replaced: Vec<Replaced>,
    /// What is known of each group by these conditions, and with this order.
    known: Option<Arc<Known>>,
    told: Option<Arc<[Option<Told>]>>,
}

/// What one thread has found.
pub(super) struct Findings<'e> {
    open: Conditions<'e>,
    memory: Memory,
    pub(super) matched: u64,
    /// Those that may belong to the page, if there is one.
    pub(super) candidates: Option<Candidates>,
    /// How the keys of the records of one group begin.
    heads: Vec<(u128, usize)>,
    /// Groups that are left to who asks.
    pub(super) left: Vec<Next>,
    pub(super) out: FoundOut,
}

/// What was found out of groups, by their numbers.
#[derive(Default)]
pub(super) struct FoundOut {
    judged: Vec<(usize, Arc<Selected>)>,
    told: Vec<(usize, Told)>,
}

/// What becomes of a group.
enum Found {
    /// Its records are judged; whether there is room for more candidates.
    Judged { has_room: bool },
    /// Columns do not tell all.
    Left,
    /// There is no reading it.
    Unreadable,
}

impl<'e> ColumnarScan<'e> {
    pub(super) fn new(
        mut files: Vec<Scanned<'e>>,
        cells: Vec<&'e Cell>,
        asking: Asking<'e>,
        (wanted, question): (Wanted, Option<u64>),
        window: Option<Ordered<'e>>,
    ) -> ColumnarScan<'e> {
        files.iter_mut().for_each(|file| file.replaced.sort_unstable());
        let groups = files
            .iter()
            .flat_map(|file| file.groups.clone().map(|number| (number, file.told_of(number))));
        let mut order: Vec<Next> = groups.collect();
        let told = order.iter().filter_map(|(_, told)| told.as_ref()).map(|told| told.count).sum();
        order.retain(|(_, told)| told.is_none_or(|told| told.count > 0));
        order.sort_by_key(|(_, told)| told.map_or(0, |told| told.first));
        let taken = AtomicUsize::new(0);
        ColumnarScan { files, cells, asking, wanted, question, window, order, taken, told }
    }

    /// Bytes of what is found, by and large.
    pub(super) fn bytes(&self) -> usize {
        let candidates = self.candidates().map_or(0, |candidates| candidates.bytes());
        3 * candidates + self.order.len() * Selected::memory(RECORDS)
    }

    /// Those that may belong to the page, if there is one: none yet.
    pub(super) fn candidates(&self) -> Option<Candidates> {
        self.window.and_then(|(window, _)| Candidates::of(window))
    }

    /// The groups that nobody has taken up.
    pub(super) fn untaken(&self) -> &[Next] {
        self.order.get(self.taken.load(Ordering::Relaxed)..).unwrap_or_default()
    }

    /// The group of that number in its file, with columns to judge it by or that of the order alone.
    pub(super) fn group(
        &self,
        (file, number): (&Scanned<'e>, usize),
        judges: bool,
        memory: &mut Memory,
    ) -> Option<Group> {
        let at = number - file.groups.start;
        let asked = self.wanted.asked.iter().filter(|_| judges);
        let paths = self.wanted.keys.iter().chain(asked);
        file.columns.group(at, paths, memory)
    }

    /// How the key of the record of that row begins, if its column says it.
    pub(super) fn head(&self, group: &Group, row: usize) -> Option<u128> {
        let (_, (path, descending)) = self.window?;
        let values = group.values(path)?;
        values.with_value(values.code(row)?, |value| path.narrowed_head(value, descending))
    }

    /// Keeps what was found out.
    pub(super) fn keep(&self, found: &FoundOut, columns: &Columns) {
        for file in &self.files {
            let known = file.with(file.known.as_deref(), &found.judged);
            if let Some((conditions, known)) = self.wanted.conditions.zip(known) {
                columns.keep_known(conditions, file.number, known);
            }
            let told = file.with(file.told.as_deref(), &found.told);
            if let Some((question, told)) = self.question.zip(told) {
                columns.keep_told(question, file.number, told);
            }
        }
    }

    /// The file of the group of that number.
    pub(super) fn file(&self, number: usize) -> Option<&Scanned<'e>> {
        self.files.iter().find(|file| file.groups.contains(&number))
    }
}

impl Scanned<'_> {
    /// Takes out the records of the group of that number that are there no more.
    pub(super) fn take_out(&self, number: usize, group: &Group, records: &mut Bits) {
        let Some((freed, replaced)) = self.gone_of(number) else { return };
        group.rows_of_all(freed).for_each(|rows| records.remove(rows));
        let rows = replaced.iter().filter_map(|(offset, at)| group.row_of(*offset, *at));
        rows.for_each(|row| records.remove(row..row + 1));
    }

    /// What is told of the group of that number, if that is as it was.
    fn told_of(&self, number: usize) -> Option<Told> {
        let told = (*self.told.as_ref()?.get(number - self.groups.start)?)?;
        (self.freed_of(number) == Some(told.freed)).then_some(told)
    }

    /// How many blocks of the group of that number are in use no more; nothing where memtables change some of its records.
    fn freed_of(&self, number: usize) -> Option<usize> {
        let (freed, replaced) = self.gone_of(number)?;
        replaced.is_empty().then_some(freed.len())
    }

    /// The blocks that are in use no more and the records that are replaced in the group of that number.
    fn gone_of(&self, number: usize) -> Option<(&[u64], &[Replaced])> {
        let blocks = self.columns.blocks_of(number - self.groups.start)?;
        let freed = within(self.freed, &blocks, |freed| *freed);
        Some((freed, within(&self.replaced, &blocks, |(offset, _)| *offset)))
    }

    /// What there is of its groups with what was found out, if anything was.
    fn with<T: Clone>(
        &self,
        there: Option<&[Option<T>]>,
        found: &[(usize, T)],
    ) -> Option<Arc<[Option<T>]>> {
        let mut own = found.iter().filter(|(number, _)| self.groups.contains(number)).peekable();
        own.peek()?;
        let mut all = there.map_or_else(|| vec![None; self.groups.len()], <[_]>::to_vec);
        for (number, found) in own {
            let place = all.get_mut(number - self.groups.start);
            place.into_iter().for_each(|place| *place = Some(found.clone()));
        }
        Some(all.into())
    }
}

/// Those of them, which are in order, whose offset lies between these.
fn within<'a, T>(all: &'a [T], offsets: &Range<u64>, of: impl Fn(&T) -> u64) -> &'a [T] {
    let before = |offset| all.partition_point(|one| of(one) < offset);
    all.get(before(offsets.start)..before(offsets.end)).unwrap_or_default()
}

impl FoundOut {
    pub(super) fn add(&mut self, mut others: FoundOut) {
        self.judged.append(&mut others.judged);
        self.told.append(&mut others.told);
    }
}

impl<'e> Findings<'e> {
    pub(super) fn new(open: Conditions<'e>, scan: &ColumnarScan<'e>) -> Findings<'e> {
        Findings {
            open,
            memory: Memory::default(),
            matched: 0,
            candidates: scan.candidates(),
            heads: Vec::new(),
            left: Vec::new(),
            out: FoundOut::default(),
        }
    }

    /// Goes through groups that nobody has taken up, until there are no more, or too many candidates begin alike. `None`
    /// where one cannot be read.
    pub(super) fn find(
        mut self,
        scan: &ColumnarScan<'e>,
        account: &Account,
    ) -> Result<Option<Findings<'e>>> {
        let mut may_go_on = true;
        while may_go_on {
            let Some(next) = scan.order.get(scan.taken.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            match self.group(scan, *next, account) {
                Ok(Found::Judged { has_room }) => may_go_on = has_room,
                Ok(Found::Left) => self.left.push(*next),
                Ok(Found::Unreadable) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Query => {
                    account.look()?;
                    self.left.push(*next);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(self))
    }

    fn group(
        &mut self,
        scan: &ColumnarScan<'e>,
        (number, told): Next,
        account: &Account,
    ) -> Result<Found> {
        account.work(1)?;
        if let Some(told) = told
            && self.candidates.as_ref().is_none_or(|found| !found.may_take(told.first))
        {
            return Ok(Found::Judged { has_room: true });
        }
        let Some(file) = scan.file(number) else { return Ok(Found::Unreadable) };
        let known =
            file.known.as_ref().and_then(|known| known.get(number - file.groups.start)?.clone());
        if known.as_ref().is_some_and(|known| known.count() == 0) {
            return Ok(Found::Judged { has_room: true });
        }
        let group = scan.group((file, number), known.is_none(), &mut self.memory);
        let Some(group) = group else { return Ok(Found::Unreadable) };
        let selected = match known {
            Some(known) => known,
            None => {
                let Judged { selected, open } =
                    scan.asking.judge(&group, &mut self.open, account)?;
                if !open.is_empty() {
                    return Ok(Found::Left);
                }
                let selected = Arc::new(Selected::new(selected, group.len()));
                self.out.judged.push((number, selected.clone()));
                selected
            }
        };
        let mut there = selected.bits().clone();
        file.take_out(number, &group, &mut there);
        let (found, first) = self.take(scan, file, &group, &there);
        if let (Found::Judged { .. }, None) = (&found, told) {
            let count = u64::from(there.count());
            self.matched += count;
            let freed = file.freed_of(number);
            self.out.told.extend(freed.map(|freed| (number, Told { freed, count, first })));
        }
        Ok(found)
    }

    /// Takes the records of a group that belong to the answer, and says how the first of them begins.
    fn take(
        &mut self,
        scan: &ColumnarScan<'e>,
        file: &Scanned<'e>,
        group: &Group,
        records: &Bits,
    ) -> (Found, u128) {
        let Some(candidates) = &mut self.candidates else {
            return (Found::Judged { has_room: true }, 0);
        };
        self.heads.clear();
        self.heads.extend(records.iter().map_while(|row| Some((scan.head(group, row)?, row))));
        if self.heads.len() < records.count() as usize {
            return (Found::Left, 0);
        }
        let (mut has_room, mut first) = (true, u128::MAX);
        for (head, row) in &self.heads {
            first = first.min(*head);
            if candidates.may_take(*head)
                && let Some(place) = group.place_of(*row, file.number)
            {
                has_room &= !candidates.push(*head, place);
            }
        }
        (Found::Judged { has_room }, first)
    }
}

/// The columns of what is wanted beside all files, with what is known of them; `None` where there are not all of them, or
/// nobody has written down which blocks are in use.
pub(super) fn scanned<'e>(
    snapshot: Snapshot<'e>,
    wanted: &Wanted,
    question: Option<u64>,
) -> Option<Vec<Scanned<'e>>> {
    let (version, kept) = (&snapshot.state.version, &snapshot.pool.columns);
    let mut files: Vec<Scanned<'e>> = Vec::with_capacity(version.files().len());
    for (number, file) in version.files() {
        let (number, columns) = (*number, file.columns()?);
        let groups = columns.groups()?;
        if groups == 0 {
            continue;
        }
        columns.has(wanted.paths()).then_some(())?;
        let freed = version.usage().freed(number)?;
        let known = wanted.conditions.and_then(|conditions| kept.known(conditions, number));
        let told = question.and_then(|question| kept.told(question, number));
        let first = files.last().map_or(0, |file| file.groups.end);
        let groups = first..first + groups;
        files.push(Scanned { number, columns, groups, freed, replaced: Vec::new(), known, told });
    }
    Some(files)
}
