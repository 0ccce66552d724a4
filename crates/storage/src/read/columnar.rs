//! A columnar scan: all records of blocks judged by the column files beside these as they lie, group by group, in no order,
//! by two threads where there are two. Nothing is made of it but what was found out, and the index is not asked: which
//! blocks of a file it refers to no more is written down.
//!
//! What columns do not tell of a group is left to who asks: he reads its records. Where a column file is missing, or
//! damaged, this is no way, and nothing was kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use filedex_query::{Account, Path, Sort};

use super::candidates::Candidates;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::judge::{Asking, Judged};
use super::part::Part;
use super::residual::Conditions;
use super::scan::Asked;
use super::second::{MANY_RECORDS, Second, Stop};
use crate::cache::columns::Known;
use crate::cache::selected::{Bits, Selected};
use crate::columns::{ColumnFile, Columnar as _, Group, Memory};
use crate::error::{Error, ErrorKind, Result};
use crate::memtable::Cell;
use crate::snapshot::Snapshot;

/// What is gone through.
struct ColumnarScan<'e> {
    files: Vec<Scanned<'e>>,
    /// What memtables have beside them.
    cells: Vec<&'e Cell>,
    asking: Asking<'e>,
    /// Which conditions these are, if what they say can be kept.
    conditions: Option<u64>,
    /// What the key of the sort is drawn from, and with it what conditions look at.
    key: Option<(&'e Sort, &'e Path)>,
    keys: Vec<Path>,
    paths: Vec<Path>,
    /// How many groups there are, and how many were taken up.
    groups: usize,
    taken: AtomicUsize,
}

/// The columns beside a block file.
struct Scanned<'e> {
    number: u64,
    columns: &'e ColumnFile,
    /// The number of its first group among those of all files.
    first: usize,
    groups: usize,
    /// Blocks that the index refers to no more, and records that memtables have something else of: in order.
    freed: &'e [u64],
    replaced: Vec<(u64, usize)>,
    /// What conditions are known to say of each group.
    known: Option<Arc<Known>>,
}

/// What one thread has found.
struct Findings<'e> {
    open: Conditions<'e>,
    memory: Memory,
    matched: u64,
    /// Those that may belong to the page, if there is one.
    candidates: Option<Candidates>,
    /// How the keys of the records of one group begin.
    heads: Vec<(u128, usize)>,
    /// Which records of groups the conditions hold for, and groups that are left to who asks.
    judged: Vec<(usize, Arc<Selected>)>,
    left: Vec<usize>,
    is_readable: bool,
}

/// Records for one cell of a memtable, or more: else these are looked up as slowly as all records are judged.
const RECORDS_A_CELL: u64 = 64;

/// What a second thread comes back with, and steps of work.
type Found<'e> = (Result<Findings<'e>>, u64);

impl<'e> Execution<'e> {
    /// Judges all records, of which those are kept that come first; `None` where this is no way.
    pub(super) fn scan_columns(
        &mut self,
        part: &Part<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<Option<Flow>> {
        let window = collector.best_of().filter(|_| !collector.is_full());
        let candidates = window.map(Candidates::of);
        if !(collector.is_full() || matches!(candidates, Some(Some(_)))) {
            return Ok(None);
        }
        let Some(scan) = self.columnar_scan(part, candidates.is_some())? else { return Ok(None) };
        let held = self.running.account().held();
        let candidates = || window.and_then(Candidates::of);
        let bytes = candidates().map_or(0, |candidates| 2 * candidates.bytes());
        self.running.account().hold(bytes)?;
        let mut found = self.find_columnar(&scan, candidates)?;
        if found.iter().any(|found| !found.is_readable) {
            self.running.account().release_to(held);
            return Ok(None);
        }
        self.columns = scan.paths.iter().map(|path| path.text().to_owned()).collect();
        self.running.examine_many(part.records)?;
        self.judged += part.records;
        self.put_together(&scan, &mut found, collector)?;
        for cell in &scan.cells {
            if let Some(entry) = cell.entry() {
                self.judge_cell(cell, entry, collector)?;
            }
        }
        self.keep_known(&scan, &found);
        self.running.account().release_to(held);
        Ok(Some(self.flow(collector)))
    }

    /// What there is to be gone through; `None` where columns do not lie beside all files, or it is not worthwhile.
    fn columnar_scan(&mut self, part: &Part<'_>, sorts: bool) -> Result<Option<ColumnarScan<'e>>> {
        let most = usize::try_from(part.records / RECORDS_A_CELL).unwrap_or(usize::MAX);
        if part.records < MANY_RECORDS {
            return Ok(None);
        }
        let Some(cells) = self.cells_of(part, most) else { return Ok(None) };
        let Some(Asked { asking, wanted, sort }) = self.asked(sorts) else { return Ok(None) };
        let columns = &self.snapshot.pool.columns;
        if !asking.exact || !columns.are_written(&wanted) {
            return Ok(None);
        }
        let key = match sort.map(|sort| (sort, sort.paths().collect::<Vec<_>>())) {
            Some((sort, paths)) => match paths.as_slice() {
                [path] => Some((sort, *path)),
                _ => return Ok(None),
            },
            None => None,
        };
        let paths: Vec<Path> = wanted.paths().cloned().collect();
        let Some(mut files) = scanned(self.snapshot, &paths, wanted.conditions) else {
            return Ok(None);
        };
        let groups = files.last().map_or(0, |file| file.first + file.groups);
        let (conditions, keys, taken) = (wanted.conditions, wanted.keys, AtomicUsize::new(0));
        for cell in &cells {
            self.note_replaced(cell, &mut files)?;
        }
        files.iter_mut().for_each(|file| file.replaced.sort_unstable());
        Ok(Some(ColumnarScan { files, cells, asking, conditions, key, keys, paths, groups, taken }))
    }

    /// Notes the record of blocks that a cell stands for, if there is one.
    fn note_replaced(&self, cell: &Cell, files: &mut [Scanned<'_>]) -> Result<()> {
        if let Some((place, at)) = self.replaced_in_blocks(cell)?
            && let Some(file) = files.iter_mut().find(|file| file.number == place.file)
        {
            file.replaced.push((place.offset, at));
        }
        Ok(())
    }

    /// What this thread and a second one find, if there is one to be had.
    fn find_columnar(
        &mut self,
        scan: &ColumnarScan<'e>,
        candidates: impl Fn() -> Option<Candidates>,
    ) -> Result<Vec<Findings<'e>>> {
        let own = Findings::new(self.open.for_another(), candidates());
        // Where nobody waits the processor is left to those who do elsewhere.
        let second = if self.is_asked { Second::take() } else { None };
        let Some(second) = second else {
            return Ok(vec![own.find(scan, self.running.account())?]);
        };
        let others = Findings::new(self.open.for_another(), candidates());
        let (own, other) = thread::scope(|scope| {
            let (stop, is_over) = Stop::new();
            let other = second.spawn(scope, move || -> Found<'e> {
                let account = Account::default().watched_by(Arc::new(is_over));
                let found = others.find(scan, &account);
                (found, account.steps())
            });
            let own = own.find(scan, self.running.account());
            if own.is_err() {
                drop(stop);
            }
            (own, other.and_then(|other| other.join().ok()))
        });
        let mut found = vec![own?];
        if let Some((other, steps)) = other {
            self.running.account().work(steps)?;
            found.push(other?);
        }
        Ok(found)
    }

    /// Puts together what was found, and judges what is left.
    fn put_together(
        &mut self,
        scan: &ColumnarScan<'e>,
        found: &mut [Findings<'e>],
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let mut candidates = collector.best_of().and_then(Candidates::of);
        let mut left: Vec<usize> = (scan.taken.load(Ordering::Relaxed)..scan.groups).collect();
        for found in found {
            self.matched += found.matched;
            left.append(&mut found.left);
            let own = candidates.iter_mut().zip(found.candidates.take());
            for (candidates, mut others) in own {
                for (head, place) in others.take() {
                    if candidates.may_take(head) && candidates.push(head, place) {
                        self.take_candidates(candidates, collector)?;
                    }
                }
            }
        }
        let mut memory = Memory::default();
        for number in left {
            let (file, group) = scan.group(number, &scan.paths, &mut memory).ok_or_else(gone)?;
            self.judge_group(scan, file, &group, (&mut candidates, &mut *collector))?;
        }
        candidates.iter_mut().try_for_each(|found| self.take_candidates(found, collector))
    }

    /// Judges the records of a group of which columns do not tell all.
    fn judge_group(
        &mut self,
        scan: &ColumnarScan<'e>,
        file: &Scanned<'e>,
        group: &Group,
        (candidates, collector): (&mut Option<Candidates>, &mut Collector<'_>),
    ) -> Result<()> {
        let mut selected = self.selected_of(scan, file, group)?;
        file.take_out(group, &mut selected);
        for row in selected.iter() {
            self.matched += 1;
            let place = group.place_of(row, file.number).ok_or_else(gone)?;
            if let Some(candidates) = candidates
                && let Some(head) = scan.head(group, row)
            {
                if candidates.may_take(head) && candidates.push(head, place) {
                    self.take_candidates(candidates, collector)?;
                }
            } else if candidates.is_some() {
                self.decoded += 1;
                let record = self.record_in(place.0, place.1)?;
                self.keep(record, collector)?;
            }
        }
        Ok(())
    }

    /// Which records of a group belong to the answer, among them perhaps some that are there no more.
    fn selected_of(
        &mut self,
        scan: &ColumnarScan<'e>,
        file: &Scanned<'e>,
        group: &Group,
    ) -> Result<Bits> {
        let account = self.running.account();
        let (mut selected, mut open) = match scan.asking.judge(group, &mut self.open, account) {
            Ok(Judged { selected, open }) => (selected, open),
            Err(error) if error.kind() == ErrorKind::Query => {
                // But for what ends the request, what failed may have been said of a record that there is no more.
                account.look()?;
                (Bits::none(group.len()), Bits::all(group.len()))
            }
            Err(error) => return Err(error),
        };
        file.take_out(group, &mut open);
        open.retain(|row| {
            self.decoded += 1;
            let (place, at) = group.place_of(row, file.number).ok_or_else(gone)?;
            let record = self.record_in(place, at)?;
            self.open.accepts(record.document(), self.running.account())
        })?;
        selected.add_all(&open);
        Ok(selected)
    }

    /// Keeps what was found out of conditions.
    fn keep_known(&self, scan: &ColumnarScan<'e>, found: &[Findings<'e>]) {
        let Some(conditions) = scan.conditions else { return };
        let judged: Vec<&(usize, Arc<Selected>)> =
            found.iter().flat_map(|found| &found.judged).collect();
        for file in &scan.files {
            let mut known = match &file.known {
                Some(known) => known.to_vec(),
                None => vec![None; file.groups],
            };
            let own = judged.iter().filter_map(|(number, selected)| {
                let at = number.checked_sub(file.first).filter(|at| *at < file.groups)?;
                Some((at, selected))
            });
            let mut is_new = false;
            for (at, selected) in own {
                known.iter_mut().skip(at).take(1).for_each(|known| *known = Some(selected.clone()));
                is_new = true;
            }
            if is_new {
                self.snapshot.pool.columns.keep_known(conditions, file.number, known.into());
            }
        }
    }
}

impl<'e> ColumnarScan<'e> {
    /// The file of the group of that number.
    fn file(&self, number: usize) -> Option<&Scanned<'e>> {
        let at = self.files.partition_point(|file| file.first <= number).checked_sub(1)?;
        self.files.get(at)
    }

    /// The group of that number, with the columns of these paths.
    fn group(
        &self,
        number: usize,
        paths: &[Path],
        memory: &mut Memory,
    ) -> Option<(&Scanned<'e>, Group)> {
        let file = self.file(number)?;
        Some((file, file.columns.group(number - file.first, paths, memory)?))
    }

    /// How the key of the record of that row begins, if its column says it.
    fn head(&self, group: &Group, row: usize) -> Option<u128> {
        let (sort, path) = self.key?;
        let values = group.values(path)?;
        values.with_value(values.code(row)?, |value| sort.narrowed_head(value))
    }
}

impl Scanned<'_> {
    /// Takes out the records that are there no more.
    fn take_out(&self, group: &Group, records: &mut Bits) {
        let offsets = group.offsets();
        let freed = self.freed.partition_point(|freed| freed < offsets.start());
        let freed = self.freed.get(freed..).unwrap_or_default();
        group.rows_of_all(freed).for_each(|rows| records.remove(rows));
        let replaced = self.replaced.partition_point(|(offset, _)| offset < offsets.start());
        let replaced = self.replaced.iter().skip(replaced);
        let replaced = replaced.take_while(|(offset, _)| offset <= offsets.end());
        let rows = replaced.filter_map(|(offset, at)| group.row_of(*offset, *at));
        rows.for_each(|row| records.remove(row..row + 1));
    }
}

impl<'e> Findings<'e> {
    fn new(open: Conditions<'e>, candidates: Option<Candidates>) -> Findings<'e> {
        Findings {
            open,
            memory: Memory::default(),
            matched: 0,
            candidates,
            heads: Vec::new(),
            judged: Vec::new(),
            left: Vec::new(),
            is_readable: true,
        }
    }

    /// Goes through groups that nobody has taken up, until there are no more, or too many candidates begin alike.
    fn find(mut self, scan: &ColumnarScan<'e>, account: &Account) -> Result<Findings<'e>> {
        let mut has_room = true;
        while has_room && self.is_readable {
            let number = scan.taken.fetch_add(1, Ordering::Relaxed);
            if number >= scan.groups {
                break;
            }
            match self.group(scan, number, account) {
                Ok(Some(room)) => has_room = room,
                Ok(None) => self.left.push(number),
                Err(error) if error.kind() == ErrorKind::Query => {
                    account.look()?;
                    self.left.push(number);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self)
    }

    /// Judges a group; says whether there is room for more candidates, or nothing where columns do not tell all.
    fn group(
        &mut self,
        scan: &ColumnarScan<'e>,
        number: usize,
        account: &Account,
    ) -> Result<Option<bool>> {
        let known = scan
            .file(number)
            .and_then(|file| file.known.as_ref()?.get(number - file.first)?.clone());
        if known.as_ref().is_some_and(|known| known.count() == 0) {
            return Ok(Some(true));
        }
        let paths = if known.is_some() { &scan.keys } else { &scan.paths };
        let Some((file, group)) = scan.group(number, paths, &mut self.memory) else {
            self.is_readable = false;
            return Ok(None);
        };
        let selected = match known {
            Some(known) => {
                account.work(1)?;
                known
            }
            None => {
                let Judged { selected, open } =
                    scan.asking.judge(&group, &mut self.open, account)?;
                if !open.is_empty() {
                    return Ok(None);
                }
                let selected = Arc::new(Selected::new(selected, group.len()));
                self.judged.push((number, selected.clone()));
                selected
            }
        };
        let mut left = selected.bits().clone();
        file.take_out(&group, &mut left);
        Ok(self.take(scan, file, &group, &left))
    }

    /// Takes the records of a group that belong to the answer; nothing where a column does not tell how the key begins.
    fn take(
        &mut self,
        scan: &ColumnarScan<'e>,
        file: &Scanned<'e>,
        group: &Group,
        records: &Bits,
    ) -> Option<bool> {
        let mut has_room = true;
        if let Some(candidates) = &mut self.candidates {
            self.heads.clear();
            self.heads.extend(records.iter().map_while(|row| Some((scan.head(group, row)?, row))));
            if self.heads.len() < records.count() as usize {
                return None;
            }
            for (head, row) in &self.heads {
                if candidates.may_take(*head) {
                    has_room &= !candidates.push(*head, group.place_of(*row, file.number)?);
                }
            }
        }
        self.matched += u64::from(records.count());
        Some(has_room)
    }
}

/// The columns of these paths beside all files; `None` where there are not all of them, or nobody has written down which
/// blocks are in use.
fn scanned<'e>(
    snapshot: Snapshot<'e>,
    paths: &[Path],
    conditions: Option<u64>,
) -> Option<Vec<Scanned<'e>>> {
    let version = &snapshot.state.version;
    let mut files: Vec<Scanned<'e>> = Vec::with_capacity(version.files().len());
    for (number, file) in version.files() {
        let columns = file.columns()?;
        let groups = columns.groups()?;
        if groups == 0 {
            continue;
        }
        columns.has(paths).then_some(())?;
        let freed = version.usage().freed(*number)?;
        let known = conditions.and_then(|name| snapshot.pool.columns.known(name, *number));
        let first = files.last().map_or(0, |file| file.first + file.groups);
        let (number, replaced) = (*number, Vec::new());
        files.push(Scanned { number, columns, first, groups, freed, replaced, known });
    }
    Some(files)
}

fn gone() -> Error {
    Error::damaged("a column file has changed")
}
