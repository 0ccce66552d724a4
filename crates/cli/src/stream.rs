//! A plan run over documents as they come by, without an index.
//!
//! The documents may have any `_id` or none. Without a sort they keep the order they came in; with
//! one, ties are broken as a store breaks them and then by that order.

use filedex_query::{Document, Limits, Plan, TopK};

use crate::answer::Answer;
use crate::failure::Failure;

/// The matches of a window so far, and the number of all.
pub(crate) struct Stream<'a> {
    plan: &'a Plan,
    offset: u64,
    count: Option<u64>,
    kept: Kept,
    examined: u64,
    total: u64,
}

enum Kept {
    /// The window itself, in the order of coming.
    InOrder(Vec<Document>),
    /// The first `offset + count` by sort key.
    Sorted(TopK<Document>),
}

impl<'a> Stream<'a> {
    /// Nothing examined yet. `count` is None for everything behind `offset`.
    pub(crate) fn new(
        plan: &'a Plan,
        offset: u64,
        count: Option<u64>,
        limits: &Limits,
    ) -> Stream<'a> {
        let end = count.map(|count| offset.saturating_add(count));
        let kept = if plan.sort().is_none() {
            Kept::InOrder(Vec::new())
        } else {
            let end = end.map(|end| usize::try_from(end).unwrap_or(usize::MAX));
            Kept::Sorted(TopK::new(end, limits))
        };
        Stream { plan, offset, count, kept, examined: 0, total: 0 }
    }

    /// Keeps the document if it belongs into the window.
    pub(crate) fn examine(&mut self, document: Document) -> Result<(), Failure> {
        self.examined += 1;
        let Some(found) = self.plan.matcher().find(document.view())? else {
            return Ok(());
        };
        self.total += 1;
        match &mut self.kept {
            Kept::InOrder(window) => {
                let end = self.count.map_or(u64::MAX, |count| self.offset.saturating_add(count));
                if (self.offset + 1..=end).contains(&self.total) {
                    window.push(self.plan.projection().apply(document.view(), Some(found))?);
                }
            }
            Kept::Sorted(best) => {
                let mut key = self.plan.sort().key_with_id(document.view())?;
                key.extend_from_slice(&self.total.to_be_bytes());
                // Projected before it is kept: what is left out need not be held.
                let shown = self.plan.projection().apply(document.view(), Some(found))?;
                best.push(key, shown, 0)?;
            }
        }
        Ok(())
    }

    /// How many documents came by.
    pub(crate) fn examined(&self) -> u64 {
        self.examined
    }

    /// The documents of the window.
    pub(crate) fn finish(self) -> Result<Answer, Failure> {
        let documents = match self.kept {
            Kept::InOrder(window) => window,
            Kept::Sorted(best) => {
                let skip = usize::try_from(self.offset).unwrap_or(usize::MAX);
                best.into_sorted().into_iter().skip(skip).collect()
            }
        };
        Ok(Answer { documents, offset: self.offset, total: self.total })
    }
}
