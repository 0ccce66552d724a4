//! Figures over the records of an answer: from what lists and blocks add up to where that tells, else from
//! the records.

use filedex_query::{Account, DocumentRef, Plan, Sum, ValueRef, Values};

use super::access::{Path, Span};
use super::collector::Collector;
use super::execution::Execution;
use super::residual::Verdict;
use crate::error::Result;
use crate::format::tally::Weight;
use crate::format::{Class, List, Tally};
use crate::snapshot::Run;

/// The field whose sum lists keep, and that by which they count.
const SUMMED: &str = "size";
const COUNTED: &str = "typeGroup";

/// A figure being worked out.
pub(crate) enum Figure<'f> {
    Sum(&'f mut Sum),
    Values(&'f mut Values),
    /// Whatever is done with each record.
    Each(&'f mut dyn FnMut(DocumentRef<'_>, &Account) -> Result<()>),
}

impl Figure<'_> {
    /// Takes a record.
    pub(crate) fn take(
        &mut self,
        plan: &Plan,
        record: DocumentRef<'_>,
        account: &Account,
    ) -> Result<()> {
        match self {
            Figure::Sum(sum) => Ok(sum.add(plan.asked(record), account)?),
            Figure::Values(values) => Ok(values.add(plan.asked(record), account)?),
            Figure::Each(visit) => visit(record, account),
        }
    }

    /// Takes records of which only this much is known; says whether that is enough.
    fn take_weights(
        &mut self,
        plan: &Plan,
        weights: &[(Class, Weight)],
        account: &Account,
    ) -> Result<bool> {
        match self {
            Figure::Sum(sum) => {
                let is_kept = sum.path().as_name() == Some(SUMMED) && !plan.hides(SUMMED);
                let is_known = is_kept && weights.iter().all(|(_, weight)| weight.unsummed == 0);
                if is_known {
                    sum.add_whole(weights.iter().map(|(_, weight)| weight.bytes).sum());
                }
                Ok(is_known)
            }
            Figure::Values(values) => {
                let is_counted = values.path().as_name() == Some(COUNTED) && !plan.hides(COUNTED);
                let groups =
                    weights.iter().map(|(class, weight)| Some((class.group()?, weight.count)));
                let groups: Option<Vec<_>> = groups.collect();
                let Some(groups) = groups.filter(|_| is_counted) else { return Ok(false) };
                for (group, count) in groups {
                    let records = u64::try_from(count).unwrap_or(0);
                    values.add_many(group.map(ValueRef::String), records, account)?;
                }
                Ok(true)
            }
            Figure::Each(_) => Ok(false),
        }
    }
}

impl Execution<'_> {
    /// Works a figure out over all records of the answer.
    pub(crate) fn gather(&mut self, figure: Figure<'_>) -> Result<()> {
        self.running.account().look()?;
        let (access, mut collector) = (self.access, Collector::Figure(figure));
        let spans = match &access.path {
            Path::Rooms(spans) | Path::Users(spans) => spans.as_slice(),
            Path::Listed(span) => std::slice::from_ref(span),
            Path::Everything if self.take_list(&List::everything(), None, &mut collector)? => &[],
            Path::Everything | Path::Ids(_) => {
                self.walk(&mut collector)?;
                &[]
            }
        };
        for span in spans {
            if !(span.is_whole() && self.take_list(&span.list, Some(span), &mut collector)?) {
                self.span(span, &mut collector)?;
            }
        }
        self.counted = self.running.examined() == 0;
        Ok(())
    }

    /// Takes a whole list by what it adds up to; says whether that is enough.
    fn take_list(
        &mut self,
        list: &List,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let tally = self.snapshot.tally(list)?;
        self.take_tally(&tally, span, collector)
    }

    /// Takes a run by what its blocks and cells add up to, if it is for a figure and that is enough.
    pub(super) fn take_run(
        &mut self,
        run: &Run,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        match collector {
            Collector::Figure(Figure::Sum(_) | Figure::Values(_)) => {
                let tally = run.tally(self.snapshot);
                self.take_tally(&tally, span, collector)
            }
            _ => Ok(false),
        }
    }

    fn take_tally(
        &mut self,
        tally: &Tally,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let (mut matching, conditions) = (Vec::new(), self.conditions(span));
        for (class, weight) in tally.iter() {
            match conditions.verdict(class) {
                Verdict::Yes => matching.push((class, weight)),
                Verdict::No => {}
                Verdict::Ask => return Ok(false),
            }
        }
        let Collector::Figure(figure) = collector else { return Ok(false) };
        let is_enough = figure.take_weights(self.plan, &matching, self.running.account())?;
        if is_enough {
            let counts =
                matching.iter().map(|(_, weight)| u64::try_from(weight.count).unwrap_or(0));
            self.matched += counts.sum::<u64>();
        }
        Ok(is_enough)
    }
}
