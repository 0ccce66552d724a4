//! A scan: the records of a part of a room, or of all rooms, judged by columns kept in memory. A record
//! is read only if it may belong to the page, or if columns do not say all.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::{Account, Condition};

use super::{Execution, Flow, Here};
use crate::access::{Order, Span};
use crate::error::{Error, Result};
use crate::judge::Verdict;
use crate::layout::{ALL_ROOMS, List, after_prefix};
use crate::segment::{Segment, Values, Wanted};
use crate::sink::Sink;
use crate::walk::{Step, Walk};

/// What is scanned.
pub(super) struct Part<'s> {
    /// The key of the first block, or one before it.
    from: Vec<u8>,
    /// The first key past the part.
    to: Vec<u8>,
    /// Where the lists end that the part belongs to.
    end: Vec<u8>,
    span: Option<&'s Span>,
    records: u64,
}

/// How the records of a part are judged.
struct Scan<'e> {
    number: u64,
    conditions: Vec<Condition<'e>>,
    /// Whether there are no other conditions.
    exact: bool,
    wanted: Wanted<'e>,
    /// Whether there is room for more segments.
    room: bool,
}

/// A condition with the column that it is asked of.
struct Asked<'a> {
    condition: Condition<'a>,
    values: &'a Values,
    /// What it said of each value that it was asked of.
    answers: Vec<Option<bool>>,
}

/// Fewer records are read as fast.
const FEW_RECORDS: u64 = 32;

impl<'e> Execution<'e> {
    /// Judges the records of all rooms by columns; `None` if that is not worthwhile.
    pub(super) fn scan_all(&mut self, sink: &mut Sink<'_>) -> Result<Option<Flow>> {
        match self.counted {
            true => Ok(None),
            false => self.scan(&self.all_rooms()?, sink),
        }
    }

    /// Judges the records of a part of a room's list by columns; `None` if that is not worthwhile.
    pub(super) fn scan_room(&mut self, span: &Span, sink: &mut Sink<'_>) -> Result<Option<Flow>> {
        let backward = self.access.order == Order::Backward;
        match self.counted || backward || !span.proves {
            true => Ok(None),
            false => self.scan(&self.part_of_room(span)?, sink),
        }
    }

    fn all_rooms(&self) -> Result<Part<'static>> {
        let end = after_prefix(ALL_ROOMS).unwrap_or_default();
        let records = self.reader.counts(&List::ids())?.total();
        Ok(Part { from: ALL_ROOMS.to_vec(), to: end.clone(), end, span: None, records })
    }

    fn part_of_room<'s>(&self, span: &'s Span) -> Result<Part<'s>> {
        let list = &span.list;
        let records = self.reader.counts(list)?.total();
        let from = self.reader.block_key_for(list, &span.from)?;
        let end = after_prefix(list.bytes()).unwrap_or_default();
        let to = span.to.as_ref().map_or_else(|| end.clone(), |to| list.block_key(to));
        Ok(Part { from, to, end, span: Some(span), records })
    }

    fn scan(&mut self, part: &Part<'_>, sink: &mut Sink<'_>) -> Result<Option<Flow>> {
        let Some(mut scan) = self.begin_scan(part) else {
            return Ok(None);
        };
        let mut at = part.from.clone();
        while at < part.to {
            at = match self.segment(&mut scan, part, &at)? {
                Some(segment) => {
                    self.judge_segment(&scan, part, &segment, &at, sink)?;
                    segment.upto().to_vec()
                }
                None => self.read_gap(part, &at, sink)?,
            };
        }
        Ok(Some(self.flow(sink)))
    }

    fn begin_scan(&mut self, part: &Part<'_>) -> Option<Scan<'e>> {
        if part.records < FEW_RECORDS {
            return None;
        }
        let (conditions, exact) = self.open.conditions();
        let sort = self.plan.sort();
        let sort = (self.access.order == Order::Other).then(|| (sort, sort.to_string().into()));
        let mut wanted = Wanted { paths: Vec::new(), sort };
        wanted.add(conditions.iter().map(Condition::path));
        let columns = self.reader.columns();
        if conditions.is_empty() || !columns.are_worthwhile(&part.from, &wanted) {
            return None;
        }
        Some(Scan { number: columns.number_scan(), conditions, exact, wanted, room: true })
    }

    /// The segment that begins or goes on at that key, made if there is none; `None` if there is
    /// neither one nor room for it.
    fn segment(
        &mut self,
        scan: &mut Scan<'e>,
        part: &Part<'_>,
        at: &[u8],
    ) -> Result<Option<Arc<Segment>>> {
        let columns = self.reader.columns();
        let found = columns.find(at, scan.number);
        if let Some(segment) = found.as_ref().filter(|segment| segment.has(&scan.wanted)) {
            return Ok(Some(segment.clone()));
        }
        if !scan.room {
            return Ok(None);
        }
        let end = match &found {
            Some(segment) => segment.upto().into(),
            None => columns.next_after(at).unwrap_or_else(|| part.end.clone().into()),
        };
        let mut wanted =
            Wanted { paths: scan.wanted.paths.clone(), sort: scan.wanted.sort.clone() };
        wanted.add(columns.declared());
        wanted.add(found.iter().flat_map(|segment| segment.paths()));
        let end = end.min(part.end.clone().into());
        let segment =
            Arc::new(Segment::read(self.reader, at, &end, &wanted, self.running.account())?);
        self.blocks += segment.blocks() as u64;
        self.decoded += segment.len() as u64;
        scan.room = columns.keep(&segment, scan.number);
        Ok(Some(segment))
    }

    /// Judges the records from that key up to the next segment one by one; gives where that is.
    fn read_gap(&mut self, part: &Part<'_>, at: &[u8], sink: &mut Sink<'_>) -> Result<Vec<u8>> {
        let next = self.reader.columns().next_after(at).map(Vec::from);
        let end = next.map_or_else(|| part.to.clone(), |next| next.min(part.to.clone()));
        for step in Walk::between(self.reader, at, &end) {
            self.block(&step?, part.span, false, sink)?;
        }
        Ok(end)
    }

    fn judge_segment(
        &mut self,
        scan: &Scan<'e>,
        part: &Part<'_>,
        segment: &Segment,
        at: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        // Somebody else may have made it meanwhile, from before this place on.
        let blocks = segment.blocks_between(at, &part.to);
        let inside = part.blocks_inside(segment, blocks.clone());
        for block in blocks.start..inside.start {
            self.block(&Step::to(segment.key(block)), part.span, false, sink)?;
        }
        self.judge_rows(scan, segment, segment.rows(inside.clone()), sink)?;
        for block in inside.end..blocks.end {
            self.block(&Step::to(segment.key(block)), part.span, false, sink)?;
        }
        Ok(())
    }

    fn judge_rows(
        &mut self,
        scan: &Scan<'e>,
        segment: &Segment,
        rows: Range<usize>,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        self.running.examine_many(rows.len() as u64)?;
        self.judged += rows.len() as u64;
        let mut asked = scan.asked_of(segment);
        let firsts = scan.wanted.sort.as_ref().and_then(|(_, sort)| segment.firsts_of(sort));
        for row in rows {
            let account = self.running.account();
            let verdict = match segment.class(row).map(|class| self.open.verdict(class)) {
                None | Some(Verdict::Ask) => ask(&mut asked, row, scan.exact, account)?,
                Some(decided) => decided,
            };
            if verdict == Verdict::No {
                continue;
            }
            let first = firsts.and_then(|firsts| firsts.get(row));
            let kept =
                sink.passes(self.matched) == 0 && first.is_none_or(|first| sink.may_take(*first));
            match verdict == Verdict::Yes && !kept {
                true => self.matched += 1,
                false => self.read_row(segment, row, verdict, sink)?,
            }
        }
        Ok(())
    }

    /// Reads a record that columns leave open, or that may belong to the page.
    fn read_row(
        &mut self,
        segment: &Segment,
        row: usize,
        verdict: Verdict,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let (key, place) = segment.place_of(row);
        self.blocks += 1;
        let block = &self.reader.listed_block(key)?;
        let entry = block.read().entries().nth(place);
        let entry = entry.ok_or_else(|| Error::damaged("a record is in a column but not there"))?;
        let here = Here { key, block, texts: false, span: None, users: false, inside: true };
        if verdict == Verdict::Ask {
            self.matched += u64::from(self.ask(here, &entry, sink)?);
            return Ok(());
        }
        self.decoded += 1;
        self.matched += 1;
        self.keep(here.stored(self.reader, &entry)?, sink)
    }
}

impl Part<'_> {
    /// Those of the blocks whose records all belong to the part: all but perhaps the first and the last.
    fn blocks_inside(&self, segment: &Segment, blocks: Range<usize>) -> Range<usize> {
        let Some(span) = self.span else { return blocks };
        let mut inside = blocks;
        let begins = span.list.block_key(&span.from);
        if !inside.is_empty() && !span.from.is_empty() && segment.key(inside.start) < &*begins {
            inside.start += 1;
        }
        if !inside.is_empty() && span.to.is_some() && segment.key(inside.end) > &*self.to {
            inside.end -= 1;
        }
        inside
    }
}

impl<'e> Scan<'e> {
    /// The conditions with their columns: those that can fail last, those of few different values first.
    fn asked_of<'a>(&self, segment: &'a Segment) -> Vec<Asked<'a>>
    where
        'e: 'a,
    {
        let mut asked: Vec<Asked<'a>> = self
            .conditions
            .iter()
            .filter_map(|condition| {
                let values = segment.values(condition.path())?;
                let answers = vec![None; values.different()];
                Some(Asked { condition: *condition, values, answers })
            })
            .collect();
        asked.sort_by_key(|asked| (asked.condition.may_fail(), asked.values.different()));
        asked
    }
}

/// What the conditions say of the record; if there are others, or a value is not kept, the record itself
/// is to be asked.
fn ask(asked: &mut [Asked<'_>], row: usize, exact: bool, account: &Account) -> Result<Verdict> {
    let mut verdict = if exact { Verdict::Yes } else { Verdict::Ask };
    for Asked { condition, values, answers } in asked {
        // What can fail is asked of records that satisfy all else.
        if condition.may_fail() && verdict == Verdict::Ask {
            break;
        }
        let Some((code, answer)) =
            values.code(row).and_then(|code| Some((code, answers.get_mut(code)?)))
        else {
            verdict = Verdict::Ask;
            continue;
        };
        let holds = match answer {
            Some(holds) => *holds,
            None => *answer.insert(condition.holds_for_narrowed(values.value(code), account)?),
        };
        if !holds {
            return Ok(Verdict::No);
        }
    }
    Ok(verdict)
}
