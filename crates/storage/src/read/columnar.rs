//! A columnar scan: all records of blocks judged by the column files beside these as they lie, group by group, in no order,
//! by two threads where there are two. Nothing is made of it but what was found out, and the index is not asked: which
//! blocks of a file it refers to no more is written down.
//!
//! What columns do not tell of a group is left to who asks: he reads its records. Where a column file is missing, or
//! damaged, this is no way. What one thread does is [`super::scanned`]'s business.

use std::sync::Arc;
use std::thread;

use filedex_query::{Account, Question};

use super::candidates::Candidates;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::judge::Judged;
use super::part::Part;
use super::scan::Asked;
use super::scanned::{ColumnarScan, Findings, FoundOut, Scanned, scanned};
use super::second::{MANY_RECORDS, Second, Stop};
use super::window::Window;
use crate::cache::segment::Wanted;
use crate::cache::selected::Bits;
use crate::columns::{Group, Memory};
use crate::error::{Error, ErrorKind, Result};
use crate::memtable::Cell;

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
        let Some(found) = found else {
            collector.begin_anew(self.plan);
            self.matched = matched;
            return Ok(None);
        };
        scan.keep(&found, &self.snapshot.pool.columns);
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
        let question = wanted.conditions.map(|conditions| {
            let order = lead.map(|(path, descending)| (path.text(), descending));
            self.snapshot.pool.views.number_of(&format!("{conditions} {order:?}"))
        });
        let Some(mut files) = scanned(self.snapshot, &wanted, question) else { return Ok(None) };
        for cell in &cells {
            self.note_replaced(cell, &mut files)?;
        }
        let window = window.zip(lead);
        Ok(Some(ColumnarScan::new(files, cells, asking, (wanted, question), window)))
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

    /// Puts together what was found, judges what is left, and what memtables have. `None` where a group cannot be read.
    fn put_together(
        &mut self,
        scan: &ColumnarScan<'e>,
        found: Vec<Findings<'e>>,
        collector: &mut Collector<'_>,
    ) -> Result<Option<FoundOut>> {
        let (mut candidates, mut found_out) = (scan.candidates(), FoundOut::default());
        let mut left = scan.untaken().to_vec();
        self.matched += scan.told;
        for Findings { matched, candidates: own, left: mut others, out, .. } in found {
            self.matched += matched;
            left.append(&mut others);
            found_out.add(out);
            for (candidates, mut others) in candidates.iter_mut().zip(own) {
                for (head, place) in others.take() {
                    self.offer(head, || Ok(place), candidates, collector)?;
                }
            }
        }
        let mut memory = Memory::default();
        for (number, told) in left {
            let Some(file) = scan.file(number) else { return Ok(None) };
            let group = scan.group((file, number), true, &mut memory);
            let Some(group) = group else { return Ok(None) };
            // It is counted now.
            self.matched -= told.map_or(0, |told| told.count);
            self.judge_group(scan, (file, number), &group, (&mut candidates, &mut *collector))?;
        }
        for cell in &scan.cells {
            if let Some(entry) = cell.entry() {
                self.judge_cell(cell, entry, collector)?;
            }
        }
        candidates.iter_mut().try_for_each(|found| self.take_candidates(found, collector))?;
        Ok(Some(found_out))
    }

    /// Judges the records of a group of which columns do not tell all.
    fn judge_group(
        &mut self,
        scan: &ColumnarScan<'e>,
        (file, number): (&Scanned<'e>, usize),
        group: &Group,
        (candidates, collector): (&mut Option<Candidates>, &mut Collector<'_>),
    ) -> Result<()> {
        let selected = self.selected_of(scan, (file, number), group)?;
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

    /// Which records of a group belong to the answer.
    fn selected_of(
        &mut self,
        scan: &ColumnarScan<'e>,
        (file, number): (&Scanned<'e>, usize),
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
        file.take_out(number, group, &mut selected);
        file.take_out(number, group, &mut open);
        open.retain(|row| {
            self.decoded += 1;
            let (place, at) = group.place_of(row, file.number).ok_or_else(gone)?;
            let record = self.record_in(place, at)?;
            self.open.accepts(record.document(), self.running.account())
        })?;
        selected.add_all(&open);
        Ok(selected)
    }
}

fn gone() -> Error {
    Error::damaged("a column file has changed")
}
