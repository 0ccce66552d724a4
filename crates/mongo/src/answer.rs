//! A plan being answered: asked of the servers as far as they may be asked, finished here.

use std::time::{Duration, Instant};

use filedex::{Document, Explain, Plan, Position, Result, Start, Watch, Window};
use filedex_query::Account;

use crate::Mongo;
use crate::collector::Collector;
use crate::counts;
use crate::error::Failure;
use crate::moment::Moment;
use crate::place::Place;
use crate::question::Question;
use crate::source::{Errand, FACET, Found, Source, time_for};

/// How often a page is asked for anew where the servers say that it may be, and the pause before that.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// An answer, with what it took.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) documents: Vec<Document>,
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) ends: Option<(Position, Position)>,
    pub(crate) total: u64,
    pub(crate) explain: Explain,
}

/// What records are to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Documents,
    Texts,
}

/// Answers the plan for that window, whole: what fails on the way may be tried again.
pub(crate) fn answer(
    mongo: &Mongo,
    plan: &Plan,
    window: Window,
    watch: &Watch,
    shape: Shape,
) -> Result<Answer> {
    let asked = Asked { mongo, plan, place: None, window, watch, shape };
    // Without a place every doubt is cleared by a sort of our own.
    Ok(asked.answer(counted(mongo, plan, Question::of(plan)?))?.unwrap_or_default())
}

/// Answers the plan for a window that is counted from a place; `None` where the servers can't be asked so.
pub(crate) fn answer_at(
    mongo: &Mongo,
    plan: &Plan,
    start: &Start,
    window: Window,
    watch: &Watch,
) -> Result<Option<Answer>> {
    let (question, place) = (Question::of(plan)?, Place::of(plan, start)?);
    let is_served = question.is_whole() && question.sort.is_some() && !question.is_empty;
    let end = window.count.map(|count| window.offset.saturating_add(count));
    let is_one_moment = mongo.has_one_moment() || end.is_some_and(|end| end <= FACET);
    match place.filter(|_| is_served && is_one_moment) {
        None => Ok(None),
        Some(place) => {
            let question = counted(mongo, plan, question.beside(&place)?);
            let shape = Shape::Documents;
            let place = Some(&place);
            Asked { mongo, plan, place, window, watch, shape }.answer(question)
        }
    }
}

/// The question with the counts that its total can be made of, where they are kept.
fn counted(mongo: &Mongo, plan: &Plan, mut question: Question) -> Question {
    if mongo.is_counted() {
        question.counters = counts::asked(plan);
    }
    question
}

/// What is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    mongo: &'a Mongo,
    plan: &'a Plan,
    place: Option<&'a Place>,
    window: Window,
    watch: &'a Watch,
    shape: Shape,
}

impl Asked<'_> {
    fn answer(self, mut question: Question) -> Result<Option<Answer>> {
        let started = Instant::now();
        if question.is_empty {
            return Ok(Some(Answer::default()));
        }
        let account = self.watch.account(self.plan.limits());
        let mut attempts = 1;
        loop {
            account.look()?;
            let held = account.held();
            let once = Once { asked: self, question: &question, account: &account };
            match once.answer().map_err(|outcome| outcome.at(&self.mongo.moment)) {
                Ok(mut answer) => {
                    answer.explain.nanoseconds =
                        u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    return Ok(Some(answer));
                }
                Err(Outcome::Doubtful | Outcome::Failed(Failure::Refused(_)))
                    if self.place.is_some() =>
                {
                    return Ok(None);
                }
                Err(Outcome::Doubtful) => question.sort = None,
                Err(Outcome::Uncounted) => question.counters = None,
                Err(Outcome::Failed(Failure::Transient(_))) if attempts < ATTEMPTS => {
                    attempts += 1;
                    pause(&account)?;
                }
                Err(Outcome::Failed(Failure::Refused(error))) => {
                    question = less(self.plan, &question).ok_or(error)??;
                }
                Err(Outcome::Failed(failure)) => return Err(failure.into_error()),
            }
            question.doubt.take_if(|_| question.sort.is_none());
            account.release_to(held);
        }
    }
}

/// A question that asks less of a server, if there is one.
fn less(plan: &Plan, question: &Question) -> Option<Result<Question>> {
    match Question::least(plan) {
        Ok(least) if least.proven == question.proven && least.sort == question.sort => None,
        least => Some(least),
    }
}

fn pause(account: &Account) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < PAUSE {
        account.look()?;
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Why there is no answer yet.
enum Outcome {
    /// The server's order may not be the plan's.
    Doubtful,
    /// The counts that are kept don't decide the total.
    Uncounted,
    Failed(Failure),
}

impl Outcome {
    /// What it means of that moment.
    fn at(self, moment: &Moment) -> Outcome {
        match self {
            Outcome::Failed(failure) => Outcome::Failed(moment.judge(failure)),
            other => other,
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Outcome {
        Outcome::Failed(failure)
    }
}

impl From<filedex::Error> for Outcome {
    fn from(error: filedex::Error) -> Outcome {
        Outcome::Failed(Failure::Final(error))
    }
}

/// One try.
struct Once<'a> {
    asked: Asked<'a>,
    question: &'a Question,
    account: &'a Account,
}

impl Once<'_> {
    fn answer(&self) -> std::result::Result<Answer, Outcome> {
        let Asked { mongo, plan, place, window, watch, shape } = self.asked;
        let (errand, account) = (self.errand(), self.account);
        let (is_served, passed) = (errand.counts, errand.skip);
        let mut collector = Collector::new(plan, self.question, account, window, watch, passed);
        collector.place = place;
        let mut source = Source::start(&mongo.connection, &mongo.moment, errand)?;
        let mut total = None;
        loop {
            match source.next(|| Ok(account.look()?))? {
                Found::Doubt => return Err(Outcome::Doubtful),
                Found::Records(records) => {
                    records.iter().try_for_each(|record| collector.take(record))?;
                }
                Found::Total(number) => total = Some(number),
                Found::Counters(counters) => match counts::total(plan, &counters) {
                    Some(number) => total = Some(number),
                    None => return Err(Outcome::Uncounted),
                },
                Found::End => break,
                Found::Failed(error) => return Err(Failure::from(error).into()),
            }
        }
        if collector.has_strayed {
            return Err(Outcome::Doubtful);
        }
        let total = total.unwrap_or(collector.matched);
        let explain = self.explain(is_served, &collector, total);
        let mut answer = Answer { total, explain, ..Answer::default() };
        match shape {
            Shape::Documents => (answer.documents, answer.ends) = collector.finish()?,
            Shape::Texts => answer.texts = collector.finish_texts()?,
        }
        answer.explain.returned = (answer.documents.len() + answer.texts.len()) as u64;
        Ok(answer)
    }

    /// What a server is sent for: the page and the total, or all that may belong to the answer.
    fn errand(&self) -> Errand {
        let Question { filter, sort, doubt, bound, counters, .. } = self.question;
        let Asked { mongo, plan, window, watch, .. } = self.asked;
        let counts_only = window.count == Some(0);
        let is_served = self.question.is_whole() && (sort.is_some() || counts_only);
        let (skip, limit) = match window.count {
            _ if !is_served => (0, None),
            // Without transactions one command answers, or all matches come in one pass.
            count if !mongo.has_one_moment() && count.is_none_or(|count| count > FACET) => {
                (0, None)
            }
            // Beside a place those that are passed over are looked at, too.
            count if bound.is_some() => (0, count.map(|count| window.offset.saturating_add(count))),
            count => (window.offset, count),
        };
        Errand {
            filter: filter.clone(),
            sort: sort.clone().filter(|_| !counts_only),
            doubt: doubt.clone().filter(|_| !counts_only),
            skip,
            limit,
            counts: is_served && (limit.is_some() || skip > 0 || bound.is_some()),
            bound: bound.clone(),
            counters: counters.clone(),
            time: time_for(watch, plan.limits().time),
            is_one_moment: true,
        }
    }

    fn explain(&self, is_served: bool, collector: &Collector<'_>, total: u64) -> Explain {
        let mut explain = Explain::default();
        explain.access_path = "servers";
        explain.bounds.clone_from(&self.question.bounds);
        explain.residual = residual(self.asked.plan, self.question);
        explain.sort = match (self.asked.plan.sort().is_none(), &self.question.sort) {
            (true, _) => "none",
            (false, Some(_)) => "servers",
            (false, None) => "heap",
        };
        explain.total = if is_served { "servers" } else { "examined" };
        explain.records_examined = collector.examined;
        explain.records_decoded = collector.examined;
        explain.matched = total;
        explain
    }
}

/// The conditions that are judged here, as a filter.
fn residual(plan: &Plan, question: &Question) -> Option<String> {
    let conjuncts = plan.conjuncts().iter().zip(&question.proven);
    let left: Vec<filedex::Filter> = conjuncts
        .filter(|(_, proven)| !**proven)
        .map(|(conjunct, _)| conjunct.filter().clone())
        .collect();
    (!left.is_empty()).then(|| filedex::Filter::and(left).to_string())
}
