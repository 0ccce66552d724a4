//! A columnar scan: all records of blocks judged by the column files beside these as they lie, group by group, in no order,
//! by two threads where there are two. Nothing is made of it but what was found out, and the index is not asked: which
//! blocks of a file it refers to no more is written down.
//!
//! What columns do not tell of a group is left to who asks: he reads its records. Where a column file is missing, or
//! damaged, this is no way, and nothing was kept.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use filedex_query::{Account, Path, Question};

use super::candidates::Candidates;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::judge::{Asking, Judged};
use super::part::Part;
use super::residual::Conditions;
use super::scan::Asked;
use super::second::{MANY_RECORDS, Second, Stop};
use super::window::Window;
use crate::cache::columns::Known;
use crate::cache::segment::{RECORDS, Wanted};
use crate::cache::selected::{Bits, Selected};
use crate::columns::{ColumnFile, Columnar as _, Group, Memory};
use crate::error::{Error, ErrorKind, Result};
use crate::memtable::Cell;
use crate::snapshot::Snapshot;

/// What is gone through, and what is asked of it.
struct ColumnarScan<'e> {
    files: Vec<Scanned<'e>>,
    /// What memtables have beside them.
    cells: Vec<&'e Cell>,
    asking: Asking<'e>,
    wanted: Wanted,
    /// The records that are kept, if any are, and what their order begins with, ascending or descending.
    window: Option<(Window, (&'e Path, bool))>,
    /// How many groups were taken up.
    taken: AtomicUsize,
}

/// The columns beside a block file.
struct Scanned<'e> {
    number: u64,
    columns: &'e ColumnFile,
    /// The numbers of its groups among those of all files.
    groups: Range<usize>,
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
    /// What was found out, and groups that are left to who asks.
    judged: Vec<JudgedGroup>,
    left: Vec<usize>,
}

/// The number of a group, and which of its records the conditions hold for.
type JudgedGroup = (usize, Arc<Selected>);

/// What becomes of a group.
enum Found {
    /// Its records are judged; whether there is room for more candidates.
    Judged { has_room: bool },
    /// Columns do not tell all.
    Left,
    /// There is no reading it.
    Unreadable,
}

/// Records for one cell of a memtable, or more: else these are looked up as slowly as all records are judged.
const RECORDS_A_CELL: u64 = 64;

/// What a second thread comes back with, and steps of work.
type Others<'e> = (Result<Option<Findings<'e>>>, u64);

impl<'e> Execution<'e> {
    /// Judges all records, of which those are kept that come first; `None` where this is no way.
    pub(super) fn scan_columns(
        &mut self,
        part: &Part<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<Option<Flow>> {
        let window = collector.best_of();
        let is_near = window.is_some_and(|window| Candidates::of(window).is_some());
        if part.records < MANY_RECORDS || !(is_near || collector.is_full()) {
            return Ok(None);
        }
        let window = window.filter(|_| !collector.is_full());
        let Some(scan) = self.columnar_scan(part, window)? else { return Ok(None) };
        let (held, matched) = (self.running.account().held(), self.matched);
        self.running.account().hold(scan.bytes())?;
        let found = match self.find_columnar(&scan)? {
            Some(found) => self.put_together(&scan, found, collector)?,
            None => None,
        };
        self.running.account().release_to(held);
        let Some(judged) = found else {
            collector.begin_anew(self.plan);
            self.matched = matched;
            return Ok(None);
        };
        self.keep_known(&scan, &judged);
        self.columns = scan.wanted.paths().map(|path| path.text().to_owned()).collect();
        self.judged += part.records;
        self.running.examine_many(part.records)?;
        Ok(Some(self.flow(collector)))
    }

    /// What there is to be gone through; `None` where columns do not lie beside all files, or do not tell what is asked.
    fn columnar_scan(
        &mut self,
        part: &Part<'_>,
        window: Option<Window>,
    ) -> Result<Option<ColumnarScan<'e>>> {
        let most = usize::try_from(part.records / RECORDS_A_CELL).unwrap_or(usize::MAX);
        let Some(cells) = self.cells_of(part, most) else { return Ok(None) };
        let Some(Asked { asking, wanted, sort }) = self.asked(window.is_some()) else {
            return Ok(None);
        };
        let lead = sort.and_then(|sort| sort.lead());
        if !asking.exact || window.is_some() && lead.is_none() {
            return Ok(None);
        }
        let asked = asking.questions.iter().flat_map(Question::paths);
        let wanted = Wanted::new(lead.iter().map(|(path, _)| *path), asked, wanted.conditions);
        let Some(mut files) = scanned(self.snapshot, &wanted) else { return Ok(None) };
        for cell in &cells {
            self.note_replaced(cell, &mut files)?;
        }
        files.iter_mut().for_each(|file| file.replaced.sort_unstable());
        let (window, taken) = (window.zip(lead), AtomicUsize::new(0));
        Ok(Some(ColumnarScan { files, cells, asking, wanted, window, taken }))
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

    /// What this thread and a second one find, if there is one to be had; `None` where a group cannot be read.
    fn find_columnar(&mut self, scan: &ColumnarScan<'e>) -> Result<Option<Vec<Findings<'e>>>> {
        let own = Findings::new(self.open.for_another(), scan);
        // Where nobody waits the processor is left to those who do elsewhere.
        let second = if self.is_asked { Second::take() } else { None };
        let Some(second) = second else {
            return Ok(own.find(scan, self.running.account())?.map(|own| vec![own]));
        };
        let others = Findings::new(self.open.for_another(), scan);
        let (own, others) = thread::scope(|scope| {
            let (stop, is_over) = Stop::new();
            let others = second.spawn(scope, move || -> Others<'e> {
                let account = Account::default().watched_by(Arc::new(is_over));
                (others.find(scan, &account), account.steps())
            });
            let own = own.find(scan, self.running.account());
            if !matches!(own, Ok(Some(_))) {
                drop(stop);
            }
            (own, others.and_then(|others| others.join().ok()))
        });
        let Some(own) = own? else { return Ok(None) };
        let Some((others, steps)) = others else { return Ok(Some(vec![own])) };
        self.running.account().work(steps)?;
        Ok(others?.map(|others| vec![own, others]))
    }

    /// Puts together what was found, judges what is left, and what memtables have; gives what was judged. `None` where a
    /// group cannot be read.
    fn put_together(
        &mut self,
        scan: &ColumnarScan<'e>,
        found: Vec<Findings<'e>>,
        collector: &mut Collector<'_>,
    ) -> Result<Option<Vec<JudgedGroup>>> {
        let (mut candidates, mut judged) = (scan.candidates(), Vec::new());
        let mut left: Vec<usize> = (scan.taken.load(Ordering::Relaxed)..scan.groups()).collect();
        for mut found in found {
            self.matched += found.matched;
            left.append(&mut found.left);
            judged.append(&mut found.judged);
            for (candidates, mut others) in candidates.iter_mut().zip(found.candidates) {
                for (head, place) in others.take() {
                    self.offer(head, || Ok(place), candidates, collector)?;
                }
            }
        }
        let mut memory = Memory::default();
        for number in left {
            let Some((file, group)) = scan.group(number, true, &mut memory) else {
                return Ok(None);
            };
            self.judge_group(scan, file, &group, (&mut candidates, &mut *collector))?;
        }
        for cell in &scan.cells {
            if let Some(entry) = cell.entry() {
                self.judge_cell(cell, entry, collector)?;
            }
        }
        candidates.iter_mut().try_for_each(|found| self.take_candidates(found, collector))?;
        Ok(Some(judged))
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
            let Some(candidates) = candidates else { continue };
            let (place, at) = group.place_of(row, file.number).ok_or_else(gone)?;
            if let Some(head) = scan.head(group, row) {
                self.offer(head, || Ok((place, at)), candidates, collector)?;
            } else {
                self.decoded += 1;
                let record = self.record_in(place, at)?;
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
    fn keep_known(&self, scan: &ColumnarScan<'e>, judged: &[JudgedGroup]) {
        let Some(conditions) = scan.wanted.conditions else { return };
        for file in &scan.files {
            let own = judged.iter().filter(|(number, _)| file.groups.contains(number));
            let mut own = own.peekable();
            if own.peek().is_none() {
                continue;
            }
            let known = file.known.as_ref().map(|known| known.to_vec());
            let mut known = known.unwrap_or_else(|| vec![None; file.groups.len()]);
            for (number, selected) in own {
                let place = known.get_mut(number - file.groups.start);
                place.into_iter().for_each(|place| *place = Some(selected.clone()));
            }
            self.snapshot.pool.columns.keep_known(conditions, file.number, known.into());
        }
    }
}

impl<'e> ColumnarScan<'e> {
    /// How many groups there are.
    fn groups(&self) -> usize {
        self.files.last().map_or(0, |file| file.groups.end)
    }

    /// Bytes of what is found, by and large.
    fn bytes(&self) -> usize {
        let candidates = self.candidates().map_or(0, |candidates| candidates.bytes());
        3 * candidates + self.groups() * Selected::memory(RECORDS)
    }

    /// Those that may belong to the page, if there is one: none yet.
    fn candidates(&self) -> Option<Candidates> {
        self.window.and_then(|(window, _)| Candidates::of(window))
    }

    /// The file of the group of that number.
    fn file(&self, number: usize) -> Option<&Scanned<'e>> {
        self.files.iter().find(|file| file.groups.contains(&number))
    }

    /// The group of that number, with columns to judge it by or that of the order alone.
    fn group(
        &self,
        number: usize,
        judges: bool,
        memory: &mut Memory,
    ) -> Option<(&Scanned<'e>, Group)> {
        let file = self.file(number)?;
        let at = number - file.groups.start;
        let asked = self.wanted.asked.iter().filter(|_| judges);
        let paths = self.wanted.keys.iter().chain(asked);
        Some((file, file.columns.group(at, paths, memory)?))
    }

    /// How the key of the record of that row begins, if its column says it.
    fn head(&self, group: &Group, row: usize) -> Option<u128> {
        let (_, (path, descending)) = self.window?;
        let values = group.values(path)?;
        values.with_value(values.code(row)?, |value| path.narrowed_head(value, descending))
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
    fn new(open: Conditions<'e>, scan: &ColumnarScan<'e>) -> Findings<'e> {
        Findings {
            open,
            memory: Memory::default(),
            matched: 0,
            candidates: scan.candidates(),
            heads: Vec::new(),
            judged: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Goes through groups that nobody has taken up, until there are no more, or too many candidates begin alike. `None`
    /// where one cannot be read.
    fn find(mut self, scan: &ColumnarScan<'e>, account: &Account) -> Result<Option<Findings<'e>>> {
        let mut may_go_on = true;
        while may_go_on {
            let number = scan.taken.fetch_add(1, Ordering::Relaxed);
            if number >= scan.groups() {
                break;
            }
            match self.group(scan, number, account) {
                Ok(Found::Judged { has_room }) => may_go_on = has_room,
                Ok(Found::Left) => self.left.push(number),
                Ok(Found::Unreadable) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Query => {
                    account.look()?;
                    self.left.push(number);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(self))
    }

    fn group(
        &mut self,
        scan: &ColumnarScan<'e>,
        number: usize,
        account: &Account,
    ) -> Result<Found> {
        let known = scan
            .file(number)
            .and_then(|file| file.known.as_ref()?.get(number - file.groups.start)?.clone());
        if known.as_ref().is_some_and(|known| known.count() == 0) {
            return Ok(Found::Judged { has_room: true });
        }
        let Some((file, group)) = scan.group(number, known.is_none(), &mut self.memory) else {
            return Ok(Found::Unreadable);
        };
        let selected = match known {
            Some(known) => known,
            None => {
                let Judged { selected, open } =
                    scan.asking.judge(&group, &mut self.open, account)?;
                if !open.is_empty() {
                    return Ok(Found::Left);
                }
                let selected = Arc::new(Selected::new(selected, group.len()));
                self.judged.push((number, selected.clone()));
                selected
            }
        };
        account.work(1)?;
        let mut there = selected.bits().clone();
        file.take_out(&group, &mut there);
        Ok(self.take(scan, file, &group, &there))
    }

    /// Takes the records of a group that belong to the answer.
    fn take(
        &mut self,
        scan: &ColumnarScan<'e>,
        file: &Scanned<'e>,
        group: &Group,
        records: &Bits,
    ) -> Found {
        let mut has_room = true;
        if let Some(candidates) = &mut self.candidates {
            self.heads.clear();
            self.heads.extend(records.iter().map_while(|row| Some((scan.head(group, row)?, row))));
            if self.heads.len() < records.count() as usize {
                return Found::Left;
            }
            for (head, row) in &self.heads {
                if candidates.may_take(*head)
                    && let Some(place) = group.place_of(*row, file.number)
                {
                    has_room &= !candidates.push(*head, place);
                }
            }
        }
        self.matched += u64::from(records.count());
        Found::Judged { has_room }
    }
}

/// The columns of what is wanted beside all files; `None` where there are not all of them, or nobody has written down which
/// blocks are in use.
fn scanned<'e>(snapshot: Snapshot<'e>, wanted: &Wanted) -> Option<Vec<Scanned<'e>>> {
    let (version, kept) = (&snapshot.state.version, &snapshot.pool.columns);
    let mut files: Vec<Scanned<'e>> = Vec::with_capacity(version.files().len());
    for (number, file) in version.files() {
        let columns = file.columns()?;
        let groups = columns.groups()?;
        if groups == 0 {
            continue;
        }
        columns.has(wanted.paths()).then_some(())?;
        let freed = version.usage().freed(*number)?;
        let known = wanted.conditions.and_then(|conditions| kept.known(conditions, *number));
        let first = files.last().map_or(0, |file| file.groups.end);
        let (number, groups, replaced) = (*number, first..first + groups, Vec::new());
        files.push(Scanned { number, columns, groups, freed, replaced, known });
    }
    Some(files)
}

fn gone() -> Error {
    Error::damaged("a column file has changed")
}
