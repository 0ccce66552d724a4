//! Judges the records of a segment, or of a group of a column file, by its columns: each condition is asked once of each
//! different value.

use std::sync::Arc;

use filedex_query::packed::is_text;
use filedex_query::{Account, Condition, Fields, Question};

use super::residual::{Conditions, Verdict};
use crate::cache::segment::Segment;
use crate::cache::selected::{Bits, Selected};
use crate::columns::{Columnar, MOST_VALUE_BYTES, Values};
use crate::error::Result;
use crate::format::{CLASSES, Class};

/// What is asked of records.
#[derive(Clone)]
pub(super) struct Asking<'a> {
    /// Nothing where all records belong to the answer or classes tell.
    pub(super) questions: Vec<Question<'a>>,
    /// Whether there are no other conditions.
    pub(super) exact: bool,
}

/// What columns say of some records.
pub(super) struct Judged {
    /// Those that belong to the answer.
    pub(super) selected: Bits,
    /// Those that have to be asked themselves.
    pub(super) open: Bits,
}

struct Asked<'a> {
    may_fail: bool,
    kind: Kind<'a>,
}

enum Kind<'a> {
    One(AskedOne<'a>),
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

/// A condition, and what it said of each value that it was asked of.
struct AskedOne<'a> {
    condition: Condition<'a>,
    values: &'a Values,
    answers: Vec<Option<bool>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
    None,
}

/// Rows that are judged for the price of a step, beside what their conditions cost.
const ROWS_A_STEP: u64 = 4;

/// Records whose values are asked as fast one by one.
const FEW_RECORDS: u32 = 64;

/// Bytes of values that are searched for the price of a step.
const BYTES_A_STEP: usize = 256;

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
        if let Ok(judged) = self.judge(segment, open, account)
            && judged.open.is_empty()
        {
            let selected = Selected::new(judged.selected, segment.len());
            segment.keep_selected(number, &Arc::new(selected));
        }
    }

    /// What classes and the questions say of records of which there are columns. One question is asked
    /// after the other, each of the records that satisfied all before; if there are other conditions, or a value is not
    /// kept, the record itself is to be asked.
    pub(super) fn judge(
        &self,
        columns: &impl Columnar,
        open: &mut Conditions<'_>,
        account: &Account,
    ) -> Result<Judged> {
        let records = columns.classes().len();
        account.work(records as u64 / ROWS_A_STEP)?;
        let questions = self.questions.iter();
        let mut asked: Vec<Asked<'_>> =
            questions.filter_map(|question| Asked::new(question, columns)).collect();
        let exact = self.exact && asked.len() == self.questions.len();
        // Those that can fail last, those of few different values first.
        asked.sort_by_key(|asked| (asked.may_fail, asked.price()));
        let (mut selected, mut left) = by_class(columns.classes(), open);
        let mut unsure = if exact { Bits::none(records) } else { left.clone() };
        for asked in &mut asked {
            asked.narrow(&mut left, &mut unsure, account)?;
        }
        let open = left.split_off(&unsure);
        selected.add_all(&left);
        Ok(Judged { selected, open })
    }
}

/// The records that belong to the answer as their classes tell, and those of which classes do not tell.
fn by_class(classes: &[Class], open: &mut Conditions<'_>) -> (Bits, Bits) {
    // Of each class a bit.
    let there = classes.iter().fold(0_u64, |there, class| there | 1 << (class.byte() % 64));
    let mut of = |sought: Verdict| {
        let is_sought =
            |byte: &u8| Class::from_byte(*byte).is_some_and(|class| open.verdict(class) == sought);
        let those = (0..CLASSES as u8).filter(|byte| there >> byte & 1 == 1).filter(is_sought);
        those.fold(0, |those, byte| those | 1 << byte)
    };
    let those = |those: u64| match those {
        0 => Bits::none(classes.len()),
        all if all == there => Bits::all(classes.len()),
        some => Bits::of(classes, |class| some >> (class.byte() % 64) & 1 == 1),
    };
    (those(of(Verdict::Yes)), those(of(Verdict::Ask)))
}

impl<'a> Asked<'a> {
    fn new(question: &'a Question<'a>, all: &'a impl Columnar) -> Option<Asked<'a>> {
        let joined = |join, members: &'a [Question<'a>]| {
            let members = members.iter().map(|member| Asked::new(member, all));
            Some(Kind::Joined { join, members: members.collect::<Option<_>>()? })
        };
        let kind = match question {
            Question::One(condition) => {
                let values = all.values(condition.path())?;
                let answers = vec![None; values.different()];
                Kind::One(AskedOne { condition: *condition, values, answers })
            }
            Question::All(members) => joined(Join::All, members)?,
            Question::Any(members) => joined(Join::Any, members)?,
            Question::None(members) => joined(Join::None, members)?,
            Question::Fields(fields) => {
                let columns = fields.paths().iter().map(|path| all.values(path));
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
            Kind::One(one) => one.values.different(),
            Kind::Joined { members, .. } => members.iter().map(Asked::price).sum(),
            Kind::Fields { .. } => usize::from(u16::MAX),
        }
    }

    /// Leaves those of the records for which it holds, or may hold: of these it notes that they are to be asked.
    fn narrow(&mut self, left: &mut Bits, unsure: &mut Bits, account: &Account) -> Result<()> {
        // What can fail is asked of records that satisfy all else.
        let passed = self.may_fail.then(|| left.split_off(unsure));
        if left.count() > FEW_RECORDS {
            self.search(account)?;
        }
        match &mut self.kind {
            Kind::One(one) => {
                let _refused = left.split_off(&one.refused());
                narrow(left, unsure, |row| one.ask(row, account))?;
            }
            _ => {
                let mut record = Vec::new();
                narrow(left, unsure, |row| self.ask(row, &mut record, account))?;
            }
        }
        passed.iter().for_each(|passed| left.add_all(passed));
        Ok(())
    }

    /// Finds out what can be told of all values at once.
    fn search(&mut self, account: &Account) -> Result<()> {
        match &mut self.kind {
            Kind::One(one) => one.search(account),
            Kind::Joined { members, .. } => {
                members.iter_mut().try_for_each(|member| member.search(account))
            }
            Kind::Fields { .. } => Ok(()),
        }
    }

    /// Whether it holds for the record; none where a value is not kept.
    fn ask(&mut self, row: usize, record: &mut Vec<u8>, account: &Account) -> Result<Option<bool>> {
        match &mut self.kind {
            Kind::One(one) => one.ask(row, account),
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

/// Leaves the records that satisfy what is asked; notes those of which that is not known.
fn narrow(
    left: &mut Bits,
    unsure: &mut Bits,
    mut ask: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<()> {
    left.retain(|row| {
        let holds = ask(row)?;
        if holds.is_none() {
            unsure.add(row);
        }
        Ok(holds.unwrap_or(true))
    })
}

impl AskedOne<'_> {
    #[inline]
    fn ask(&mut self, row: usize, account: &Account) -> Result<Option<bool>> {
        let Some(code) = self.values.code(row) else { return Ok(None) };
        match self.answers.get(code) {
            Some(Some(answer)) => Ok(Some(*answer)),
            _ => self.answer(code, account),
        }
    }

    /// The records for which it is known not to hold, where that is seen at once.
    fn refused(&self) -> Bits {
        let answers = if self.values.are_in_order() { self.answers.as_slice() } else { &[] };
        Bits::of(answers, |answer| *answer == Some(false))
    }

    /// What it says of a value.
    fn answer(&mut self, code: usize, account: &Account) -> Result<Option<bool>> {
        let Some(answer) = self.answers.get_mut(code) else { return Ok(None) };
        if answer.is_none() {
            let value = self.values.value(code);
            *answer = Some(self.condition.holds_for_narrowed(value, account)?);
        }
        Ok(*answer)
    }

    /// Asks the values in which that lies which it looks for, and tells of all other texts that they do not have it.
    fn search(&mut self, account: &Account) -> Result<()> {
        let values = self.values;
        let Some(needle) = self.condition.needle(MOST_VALUE_BYTES) else { return Ok(()) };
        account.work((values.bytes().len() / BYTES_A_STEP) as u64)?;
        if values.are_texts() {
            self.answers.fill(Some(needle.without()));
        } else {
            let texts =
                self.answers.iter_mut().zip(values.all()).filter(|(_, value)| is_text(value));
            texts.for_each(|(answer, _)| *answer = Some(needle.without()));
        }
        let mut end = 0;
        while let Some((code, behind)) =
            needle.find(values.bytes(), end).and_then(|place| values.at(place))
        {
            self.answers.get_mut(code).into_iter().for_each(|answer| *answer = None);
            self.answer(code, account)?;
            end = behind;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use filedex_query::packed::pack;
    use filedex_query::{
        Array, Document, Environment, Filter, Matcher, Plan, Projection, Regex, Sort, Value,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::columns::RowsBuilder;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[abA]{0,7}", "[abA\u{e9}]{0,7}", "[ab\u{1}-\u{20}]{250,260}"]
    }

    /// A value of a record, or nothing; a text may stand for the pattern that is asked for.
    fn name() -> impl Strategy<Value = (Option<Value>, bool)> {
        let texts = prop::collection::vec(text(), 0..3);
        let texts = texts.prop_map(|texts| texts.into_iter().map(Value::from).collect::<Array>());
        let value = prop_oneof![
            8 => text().prop_map(|text| Some(Value::from(text))),
            1 => Just(None),
            1 => Just(Some(Value::Null)),
            1 => any::<i32>().prop_map(|number| Some(Value::from(number))),
            1 => texts.prop_map(|texts| Some(Value::Array(texts))),
        ];
        (value, prop::bool::weighted(0.1))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn what_is_looked_for_in_all_values_at_once_is_what_each_says(
            names in prop::collection::vec(name(), 1..40),
            pattern in prop_oneof![
                "[ab]{1,3}",
                r"[ab]{0,2}(\.|b+|\$|a\*|\(ab\)|\[ab\]|\(a\|b\)|\\x61)[ab]{1,2}",
            ],
            (any_case, negated) in any::<(bool, bool)>(),
            at_once in any::<bool>(),
        ) {
            let environment = Environment::default();
            let options = if any_case { "i" } else { "" };
            let text = pattern.replace('\\', r"\\");
            let test = format!(r#"{{"$regex":"{text}","$options":"{options}"}}"#);
            let test = if negated { format!(r#"{{"$not":{test}}}"#) } else { test };
            let filter = Filter::parse_text(&format!(r#"{{"name":{test}}}"#), &environment).unwrap();
            let matcher = Matcher::compile(&filter, &environment).unwrap();
            let (everything, sort) = (Projection::everything(), Sort::none());
            let plan = Plan::compile(filter, everything, sort, &environment).unwrap();
            let (questions, exact) = Conditions::of_all(&plan).questions();
            let [Question::One(condition)] = questions.as_slice() else { panic!("{questions:?}") };

            let mut rows = RowsBuilder::new(std::slice::from_ref(condition.path()));
            let asked = Value::Regex(Regex { pattern, options: options.to_owned() });
            let record = |(name, is_asked): &(Option<Value>, bool)| {
                let name = if *is_asked { Some(asked.clone()) } else { name.clone() };
                let record = Document::new().with("_id", "a");
                name.into_iter().fold(record, |record, name| record.with("name", name))
            };
            let records: Vec<Document> = names.iter().map(record).collect();
            records.iter().for_each(|record| rows.add(Class::from_byte(0).unwrap(), &pack(record)));
            let rows = rows.finish();
            let values = &rows.values[0];
            let answers = vec![None; values.different()];
            let mut one = AskedOne { condition: *condition, values, answers };
            let account = Account::default();
            if at_once {
                one.search(&account).unwrap();
            }
            for (row, record) in records.iter().enumerate() {
                let asked = one.ask(row, &account).unwrap();
                prop_assert_eq!(asked.is_none(), values.code(row).is_none());
                let matches = matcher.matches(record.view()).unwrap();
                prop_assert!(exact && asked.is_none_or(|asked| asked == matches), "{record:?}");
            }
        }
    }
}
