//! What an execution did, as data: written by the code that did it, not by a second opinion.

use std::fmt;

use filedex_query::Filter;

use super::access::{Order, Path, Way};
use super::execution::{Execution, Sorting};

/// How a plan was executed, and what it cost.
///
/// Serialises with camel-case keys, as MongoDB's explain does.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explain {
    /// How the records were reached: `id`, `room`, `user` or `everything`.
    pub access_path: &'static str,
    /// How many lists (or ids) the path went through.
    pub lists: u64,
    /// The ways that were weighed against each other; none for ids, which lead to their records.
    pub ways: Vec<Way>,
    /// What the path proves, one condition each.
    pub bounds: Vec<String>,
    /// The conditions that were left to be asked of the records, as a filter; none if there are none.
    pub residual: Option<String>,
    /// How the order came about: `none` asked, `list` order, the order of a `view` kept in memory, the blocks that may
    /// hold one of the first by their `zones`, or a `heap` of all.
    pub sort: &'static str,
    /// How the total came about: `counts` kept by the store, or records `examined`.
    pub total: &'static str,
    /// Blocks that were read, at least their counts.
    pub blocks_read: u64,
    /// Blocks that were passed over without being read, because a directory knew their counts.
    pub blocks_passed: u64,
    /// Records, or their entries, that were looked at one by one.
    pub records_examined: u64,
    /// Records that were decoded, for their fields to be asked or shown.
    pub records_decoded: u64,
    /// Records that were judged by what is kept of them in memory, without their blocks being read.
    pub records_in_columns: u64,
    /// The paths whose columns or zones were used, for conditions or for keys of the sort.
    pub columns: Vec<String>,
    /// Records that satisfy the filter.
    pub matched: u64,
    /// Records given back.
    pub returned: u64,
    /// Time from start to end, in nanoseconds.
    pub nanoseconds: u64,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "access path  {} ({} lists)", self.access_path, self.lists)?;
        let ways = self.ways.iter();
        let ways = ways
            .map(|way| format!("{} of {} records at {}", way.access_path, way.records, way.cost));
        writeln!(f, "ways         {}", listed(&ways.collect::<Vec<String>>()))?;
        writeln!(f, "bounds       {}", listed(&self.bounds))?;
        writeln!(f, "residual     {}", self.residual.as_deref().unwrap_or("-"))?;
        writeln!(f, "sort         {}", self.sort)?;
        writeln!(f, "columns      {}", listed(&self.columns))?;
        writeln!(f, "total        {} (by {})", self.matched, self.total)?;
        writeln!(
            f,
            "read         {} blocks ({} passed), {} records examined ({} in columns), {} decoded, \
             {} returned",
            self.blocks_read,
            self.blocks_passed,
            self.records_examined,
            self.records_in_columns,
            self.records_decoded,
            self.returned
        )?;
        write!(f, "time         {} us", self.nanoseconds / 1000)
    }
}

impl Execution<'_> {
    pub(crate) fn explain(&self, returned: usize) -> Explain {
        let lists = match &self.access.path {
            Path::Ids(ids) => ids.len() as u64,
            Path::Rooms(spans) | Path::Users(spans) => spans.len() as u64,
            Path::Everything | Path::Listed(_) => 1,
        };
        let proven = self.plan.conjuncts().iter().zip(&self.access.proven);
        let proven = proven.filter(|(_, proven)| **proven);
        let residual: Vec<Filter> =
            self.open.conjuncts().map(|conjunct| conjunct.filter().clone()).collect();
        Explain {
            access_path: self.access.path.name(),
            lists,
            ways: self.access.ways.clone(),
            bounds: proven
                .filter_map(|(conjunct, _)| Some(conjunct.bound()?.to_string()))
                .collect(),
            residual: (!residual.is_empty()).then(|| Filter::and(residual).to_string()),
            sort: match self.access.order {
                _ if self.plan.sort().is_none() => "none",
                Order::Forward | Order::Backward => "list",
                Order::Other => match self.sorting {
                    Sorting::Heap => "heap",
                    Sorting::Zones => "zones",
                    Sorting::View => "view",
                },
            },
            total: if self.counted || self.dated { "counts" } else { "examined" },
            blocks_read: self.blocks,
            blocks_passed: self.passed,
            records_examined: self.running.examined(),
            records_decoded: self.decoded,
            records_in_columns: self.judged,
            columns: self.columns.clone(),
            matched: self.matched,
            returned: returned as u64,
            nanoseconds: u64::try_from(self.running.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

fn listed(parts: &[String]) -> String {
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}
