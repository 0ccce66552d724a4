//! Figures of a plan's answer: sums, counts by value, distinct values, ranks; and pages that begin at a place.

use filedex_query::{Collation, Limits, Path, Plan, Sum, Value, Values};

use super::handle::Store;
use super::page::Page;
use super::snapshots::Snapshot;
use crate::error::Result;
use crate::read::{Access, Execution, Explain, Figure, Running, Start, Watch, Window};
use crate::snapshot::Snapshot as Reading;

macro_rules! figures {
    ($($reads:ty),*) => {$(
        impl $reads {
            /// What the records that match have under that path, added up as MongoDB's `$sum` does; how it came
            /// about. Lists keep the sum of `size`: where their counts decide the filter, no record is read.
            ///
            /// # Errors
            /// As [`Store::page`].
            pub fn sum(&self, plan: &Plan, path: &Path, watch: &Watch) -> Result<(Value, Explain)> {
                self.read(|reading, limits| sum(reading, plan, path, watch, limits))
            }

            /// The values that the records which match have under that path, and how many records have each; how
            /// they came about. Lists count the usual values of `typeGroup`: where they decide the filter, too, no
            /// record is read.
            ///
            /// # Errors
            /// As [`Store::page`].
            pub fn values(
                &self,
                plan: &Plan,
                path: &Path,
                collation: &Collation,
                watch: &Watch,
            ) -> Result<(Values, Explain)> {
                self.read(|reading, limits| values(reading, plan, (path, collation), watch, limits))
            }

            /// How many records of the answer come before that of the id, in the plan's order; `None` if it is not
            /// one of them.
            ///
            /// # Errors
            /// As [`Store::page`].
            pub fn rank(&self, plan: &Plan, id: &str, watch: &Watch) -> Result<Option<(u64, Explain)>> {
                self.read(|reading, limits| rank(reading, plan, id, watch, limits))
            }

            /// The records of a window of the plan's answer that is counted from a place in its order, and the exact
            /// total of all that match.
            ///
            /// # Errors
            /// As [`Store::page`]; `Query` for a place in another order.
            pub fn page_at(
                &self,
                plan: &Plan,
                start: &Start,
                window: Window,
                watch: &Watch,
            ) -> Result<Page> {
                self.read(|reading, limits| page_at(reading, plan, (start, window), watch, limits))
            }
        }
    )*};
}

figures!(Store, Snapshot);

fn sum(
    reading: Reading<'_>,
    plan: &Plan,
    path: &Path,
    watch: &Watch,
    limits: &Limits,
) -> Result<(Value, Explain)> {
    let access = Access::stream(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let mut sum = Sum::new(path.clone());
    execution.gather(Figure::Sum(&mut sum))?;
    Ok((sum.value(), execution.explain(0)))
}

fn values(
    reading: Reading<'_>,
    plan: &Plan,
    (path, collation): (&Path, &Collation),
    watch: &Watch,
    limits: &Limits,
) -> Result<(Values, Explain)> {
    let access = Access::stream(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let mut values = Values::new(path.clone(), collation.clone());
    execution.gather(Figure::Values(&mut values))?;
    Ok((values, execution.explain(0)))
}

fn rank(
    reading: Reading<'_>,
    plan: &Plan,
    id: &str,
    watch: &Watch,
    limits: &Limits,
) -> Result<Option<(u64, Explain)>> {
    let Some(record) = reading.by_id(id)? else { return Ok(None) };
    let running = Running::start(watch, limits);
    if !plan.matcher().matches_within(record.document(), running.account())? {
        return Ok(None);
    }
    let access = Access::choose(reading, plan)?;
    let mut execution = Execution::new(reading, plan, &access, running);
    let rank = execution.rank(&plan.sort().position(record.document())?)?;
    Ok(Some((rank, execution.explain(0))))
}

fn page_at(
    reading: Reading<'_>,
    plan: &Plan,
    (start, window): (&Start, Window),
    watch: &Watch,
    limits: &Limits,
) -> Result<Page> {
    let access = Access::choose(reading, plan)?.toward(start);
    let mut execution = Execution::new(reading, plan, &access, Running::start(watch, limits));
    let records = execution.beside(start, window)?;
    Page::of(&mut execution, plan, &records)
}
