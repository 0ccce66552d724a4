//! Judges the records of a segment by its columns: each condition is asked once of each different value.

use std::sync::Arc;

use filedex_query::{Account, Condition, Fields, Question};

use super::residual::{Conditions, Verdict};
use crate::cache::segment::Segment;
use crate::cache::selected::Selected;
use crate::columns::Values;
use crate::error::Result;

/// What is asked of records.
#[derive(Clone)]
pub(super) struct Asking<'a> {
    /// Nothing where all records belong to the answer or classes tell.
    pub(super) questions: Vec<Question<'a>>,
    /// Whether there are no other conditions.
    pub(super) exact: bool,
}

/// Questions with the columns that they are asked of.
pub(super) struct Judge<'a> {
    segment: &'a Segment,
    asked: Vec<Asked<'a>>,
    /// Whether there are no other conditions.
    exact: bool,
    /// Room to put fields together.
    record: Vec<u8>,
}

struct Asked<'a> {
    may_fail: bool,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// What it said of each value that it was asked of.
    One {
        condition: Condition<'a>,
        values: &'a Values,
        answers: Vec<Option<bool>>,
    },
    Joined {
        join: Join,
        members: Vec<Asked<'a>>,
    },
    /// The answers are those for the values of the one column, if it is one.
    Fields {
        fields: &'a Fields<'a>,
        columns: Vec<&'a Values>,
        answers: Vec<Option<bool>>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
    None,
}

/// Rows that are judged for the price of a step, beside what their conditions cost.
const ROWS_A_STEP: u64 = 4;

impl Asking<'_> {
    /// Judges the records of a segment for whoever comes by later, who knows the conditions by that number. Where columns
    /// do not tell of all of them he does it.
    pub(super) fn judge_ahead(
        &self,
        segment: &Segment,
        open: &mut Conditions<'_>,
        number: u64,
        account: &Account,
    ) {
        if segment.selected(number).is_some() {
            return;
        }
        let Ok(mut judge) = Judge::new(self, segment, account) else { return };
        let selected = Selected::of(segment.len(), |row| match judge.ask(row, open, account) {
            Ok(Verdict::Yes) => Ok(true),
            Ok(Verdict::No) => Ok(false),
            Ok(Verdict::Ask) | Err(_) => Err(()),
        });
        if let Ok(selected) = selected {
            segment.keep_selected(number, &Arc::new(selected));
        }
    }
}

impl<'a> Judge<'a> {
    /// The questions, asked of a segment that has columns for them.
    pub(super) fn new(
        asking: &'a Asking<'a>,
        segment: &'a Segment,
        account: &Account,
    ) -> Result<Judge<'a>> {
        account.work(segment.len() as u64 / ROWS_A_STEP)?;
        let questions = &asking.questions;
        let mut asked: Vec<Asked<'a>> =
            questions.iter().filter_map(|question| Asked::new(question, segment)).collect();
        let exact = asking.exact && asked.len() == questions.len();
        // Those that can fail last, those of few different values first.
        asked.sort_by_key(|asked| (asked.may_fail, asked.price()));
        Ok(Judge { segment, asked, exact, record: Vec::new() })
    }

    pub(super) fn segment(&self) -> &'a Segment {
        self.segment
    }

    /// What its class and the questions say of the record; if there are other conditions, or a value is not kept, the
    /// record itself is to be asked.
    pub(super) fn ask(
        &mut self,
        row: usize,
        open: &mut Conditions<'_>,
        account: &Account,
    ) -> Result<Verdict> {
        let decided = self.segment.class(row).map(|class| open.verdict(class));
        if let Some(decided @ (Verdict::Yes | Verdict::No)) = decided {
            return Ok(decided);
        }
        let mut verdict = if self.exact { Verdict::Yes } else { Verdict::Ask };
        for asked in &mut self.asked {
            // What can fail is asked of records that satisfy all else.
            if asked.may_fail && verdict == Verdict::Ask {
                break;
            }
            match asked.ask(row, &mut self.record, account)? {
                Some(true) => {}
                Some(false) => return Ok(Verdict::No),
                None => verdict = Verdict::Ask,
            }
        }
        Ok(verdict)
    }
}

impl<'a> Asked<'a> {
    fn new(question: &'a Question<'a>, segment: &'a Segment) -> Option<Asked<'a>> {
        let joined = |join, members: &'a [Question<'a>]| {
            let members = members.iter().map(|member| Asked::new(member, segment));
            Some(Kind::Joined { join, members: members.collect::<Option<_>>()? })
        };
        let kind = match question {
            Question::One(condition) => {
                let values = segment.values(condition.path())?;
                let answers = vec![None; values.different()];
                Kind::One { condition: *condition, values, answers }
            }
            Question::All(members) => joined(Join::All, members)?,
            Question::Any(members) => joined(Join::Any, members)?,
            Question::None(members) => joined(Join::None, members)?,
            Question::Fields(fields) => {
                let columns = fields.paths().iter().map(|path| segment.values(path));
                let columns: Vec<&Values> = columns.collect::<Option<_>>()?;
                let different = match columns.as_slice() {
                    [column] => column.different(),
                    _ => 0,
                };
                Kind::Fields { fields, columns, answers: vec![None; different] }
            }
            _ => return None,
        };
        Some(Asked { may_fail: question.may_fail(), kind })
    }

    /// How much asking it of all records costs, by and large.
    fn price(&self) -> usize {
        match &self.kind {
            Kind::One { values, .. } => values.different(),
            Kind::Joined { members, .. } => members.iter().map(Asked::price).sum(),
            Kind::Fields { .. } => usize::from(u16::MAX),
        }
    }

    /// Whether it holds for the record; none where a value is not kept.
    fn ask(&mut self, row: usize, record: &mut Vec<u8>, account: &Account) -> Result<Option<bool>> {
        match &mut self.kind {
            Kind::One { condition, values, answers } => {
                let Some(code) = values.code(row) else { return Ok(None) };
                let Some(answer) = answers.get_mut(code) else { return Ok(None) };
                if answer.is_none() {
                    *answer = Some(condition.holds_for_narrowed(values.value(code), account)?);
                }
                Ok(*answer)
            }
            Kind::Joined { join, members } => {
                for member in members {
                    match member.ask(row, record, account)? {
                        None => return Ok(None),
                        Some(holds) if holds != (*join == Join::All) => {
                            return Ok(Some(*join == Join::Any));
                        }
                        Some(_) => {}
                    }
                }
                Ok(Some(*join != Join::Any))
            }
            Kind::Fields { fields, columns, answers } => {
                let codes: Option<Vec<usize>> =
                    columns.iter().map(|values| values.code(row)).collect();
                let Some(codes) = codes else { return Ok(None) };
                let known = codes.first().and_then(|code| answers.get(*code).copied()?);
                if known.is_some() {
                    return Ok(known);
                }
                let values = columns.iter().zip(&codes).map(|(values, code)| values.value(*code));
                let holds = fields.holds_for_narrowed(values, record, account)?;
                if let Some(answer) = codes.first().and_then(|code| answers.get_mut(*code)) {
                    *answer = Some(holds);
                }
                Ok(Some(holds))
            }
        }
    }
}
