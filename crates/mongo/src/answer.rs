//! A plan being answered: asked of the servers as far as they may be asked, finished here.

use std::time::{Duration, Instant};

use filedex::{Document, Explain, Plan, Position, Result, Watch, Window};
use filedex_query::Account;

use crate::collector::Collector;
use crate::connection::Shared;
use crate::error::Failure;
use crate::question::Question;
use crate::source::{Errand, FACET, Found, Source};

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
    connection: &Shared,
    plan: &Plan,
    window: Window,
    watch: &Watch,
    shape: Shape,
) -> Result<Answer> {
    let started = Instant::now();
    let mut question = Question::of(plan)?;
    if question.is_empty {
        return Ok(Answer::default());
    }
    let account = watch.account(plan.limits());
    let mut attempts = 1;
    loop {
        account.look()?;
        let held = account.held();
        let once =
            Once { connection, plan, question: &question, window, watch, account: &account, shape };
        match once.answer() {
            Ok(mut answer) => {
                answer.explain.nanoseconds =
                    u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
                return Ok(answer);
            }
            Err(Outcome::Doubtful) => question.sort = None,
            Err(Outcome::Failed(Failure::Transient(_))) if attempts < ATTEMPTS => {
                attempts += 1;
                pause(&account)?;
            }
            Err(Outcome::Failed(Failure::Refused(error))) => {
                let least = Question::least(plan)?;
                if least.proven == question.proven && least.sort == question.sort {
                    return Err(error);
                }
                question = least;
            }
            Err(Outcome::Failed(failure)) => return Err(failure.into_error()),
        }
        question.doubt.take_if(|_| question.sort.is_none());
        account.release_to(held);
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
    Failed(Failure),
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
    connection: &'a Shared,
    plan: &'a Plan,
    question: &'a Question,
    window: Window,
    watch: &'a Watch,
    account: &'a Account,
    shape: Shape,
}

impl Once<'_> {
    fn answer(&self) -> std::result::Result<Answer, Outcome> {
        let errand = self.errand();
        let (is_served, passed) = (errand.counts, errand.skip);
        let mut collector =
            Collector::new(self.plan, self.question, self.account, self.window, self.watch, passed);
        let mut source = Source::start(self.connection, errand)?;
        let mut total = None;
        loop {
            match source.next(|| Ok(self.account.look()?))? {
                Found::Doubt => return Err(Outcome::Doubtful),
                Found::Records(records) => {
                    records.iter().try_for_each(|record| collector.take(record))?;
                }
                Found::Total(number) => total = Some(number),
                Found::End => break,
                Found::Failed(error) => return Err(Failure::from(error).into()),
            }
        }
        let total = total.unwrap_or(collector.matched);
        let explain = self.explain(is_served, &collector, total);
        let mut answer = Answer { total, explain, ..Answer::default() };
        match self.shape {
            Shape::Documents => (answer.documents, answer.ends) = collector.finish()?,
            Shape::Texts => answer.texts = collector.finish_texts()?,
        }
        answer.explain.returned = (answer.documents.len() + answer.texts.len()) as u64;
        Ok(answer)
    }

    /// What a server is sent for: the page and the total, or all that may belong to the answer.
    fn errand(&self) -> Errand {
        let Question { filter, sort, doubt, .. } = self.question;
        let time = self.watch.time.unwrap_or(Duration::MAX).min(self.plan.limits().time);
        // Less than a millisecond would be no limit at all.
        let time = time.max(Duration::from_millis(1));
        let counts_only = self.window.count == Some(0);
        let is_served = self.question.is_whole() && (sort.is_some() || counts_only);
        let (skip, limit) = match self.window.count {
            _ if !is_served => (0, None),
            // Without transactions one command answers, or all matches come in one pass.
            count
                if !self.connection.servers.has_transactions
                    && count.is_none_or(|count| count > FACET) =>
            {
                (0, None)
            }
            count => (self.window.offset, count),
        };
        Errand {
            filter: filter.clone(),
            sort: sort.clone().filter(|_| !counts_only),
            doubt: doubt.clone().filter(|_| !counts_only),
            skip,
            limit,
            counts: is_served && (limit.is_some() || skip > 0),
            time,
            is_one_moment: true,
        }
    }

    fn explain(&self, is_served: bool, collector: &Collector<'_>, total: u64) -> Explain {
        let mut explain = Explain::default();
        explain.access_path = "servers";
        explain.bounds.clone_from(&self.question.bounds);
        explain.residual = residual(self.plan, self.question);
        explain.sort = match (self.plan.sort().is_none(), &self.question.sort) {
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
