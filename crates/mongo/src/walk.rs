//! All matches one after the other, as they arrive.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use filedex::{Document, Plan, Result, Walk, Watch, Window};
use filedex_query::Account;

use crate::Mongo;
use crate::answer::{Shape, answer};
use crate::collector::show;
use crate::error::Failure;
use crate::moment::Moment;
use crate::question::Question;
use crate::record;
use crate::source::{Errand, Found, Source, time_for};

type Outcome<T> = std::result::Result<T, Failure>;

/// Walks over all matches. Those that have to be sorted here are found first, within the limits of a sort.
pub(crate) fn walk(mongo: &Mongo, plan: &Plan, watch: &Watch) -> Result<Walk> {
    let question = Question::of(plan)?;
    let is_streamed = question.is_empty || (question.sort.is_some() && question.doubt.is_none());
    if !is_streamed {
        let found = answer(mongo, plan, Window::all(), watch, Shape::Documents)?.documents;
        return Ok(Box::new(found.into_iter().map(Ok)));
    }
    watch.account(plan.limits()).look()?;
    let errand = Errand {
        filter: question.filter.clone(),
        sort: question.sort.clone(),
        // What a walk may take as a whole is its own: the servers' part has no other bound.
        time: time_for(watch, Duration::from_secs(3600)),
        ..Errand::default()
    };
    let source = match question.is_empty {
        true => None,
        false => Some(Source::start(&mongo.connection, &mongo.moment, errand)?),
    };
    let (plan, watch) = (plan.clone(), watch.clone());
    let (ready, started) = (VecDeque::new(), Instant::now());
    let mut walk = Streamed { source, plan, question, watch, ready, started };
    if let Moment::Within(_) = mongo.moment {
        // Whoever walks may change what the transaction sees, or ask it something else: all comes at once.
        let account = walk.watch.account(walk.plan.limits());
        while walk.source.is_some() {
            walk.receive(&account).map_err(|failure| mongo.moment.judge(failure).into_error())?;
        }
    }
    Ok(Box::new(walk))
}

struct Streamed {
    /// `None` once it is exhausted.
    source: Option<Source>,
    plan: Plan,
    question: Question,
    watch: Watch,
    ready: VecDeque<Document>,
    started: Instant,
}

impl Iterator for Streamed {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Result<Document>> {
        match self.take() {
            Ok(next) => next.map(Ok),
            Err(failure) => {
                self.source = None;
                self.ready.clear();
                Some(Err(failure.into_error()))
            }
        }
    }
}

impl Streamed {
    fn take(&mut self) -> Outcome<Option<Document>> {
        let time = self.watch.time.map(|time| time.saturating_sub(self.started.elapsed()));
        let left = Watch { time, ..self.watch.clone() };
        // The limit of the plan is on what one portion takes, that of the watch on all of the walk.
        let account = left.account(self.plan.limits());
        if self.source.is_some() || !self.ready.is_empty() {
            account.look()?;
        }
        while self.ready.is_empty() && self.source.is_some() {
            let held = account.held();
            self.receive(&account)?;
            account.release_to(held);
        }
        Ok(self.ready.pop_front())
    }

    /// Takes the next portion, of which what is kept stays held.
    fn receive(&mut self, account: &Account) -> Outcome<()> {
        let Some(source) = &mut self.source else { return Ok(()) };
        match source.next(|| Ok(account.look()?))? {
            Found::Records(records) => {
                for raw in &records {
                    let record = record::read(raw)?;
                    let residual = self.plan.residual(&self.question.proven);
                    if residual.matches_within(record.view(), account)? {
                        self.ready.push_back(show(&self.plan, &record, account)?);
                    }
                }
            }
            Found::End => self.source = None,
            Found::Failed(error) => return Err(error.into()),
            Found::Doubt | Found::Total(_) | Found::Counters(_) => {}
        }
        Ok(())
    }
}
