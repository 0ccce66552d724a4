//! Records that go on as the texts of a reply: of a whole block, as it was written out once, or one by one.

use std::sync::Arc;

use super::access::Span;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::here::Here;
use super::residual::Verdict;
use crate::cache::Texts;
use crate::error::Result;
use crate::format::Place;
use crate::format::lists::holds_records;
use crate::memtable::Direction;
use crate::snapshot::Lying;

impl Execution<'_> {
    /// The texts of a block: those that there are, or, where no cell lies in it, made now.
    pub(super) fn texts(
        &mut self,
        place: Place,
        list: &[u8],
        is_clean: bool,
    ) -> Result<Option<Arc<Texts>>> {
        match is_clean || holds_records(list) {
            true => {
                let account = self.running.account();
                self.snapshot.texts(place, list, &mut self.ahead, account).map(Some)
            }
            false => Ok(self.snapshot.pool.caches.texts.get(&place)),
        }
    }

    /// Shows the texts of a block whose classes decide.
    pub(super) fn whole_texts(
        &mut self,
        texts: &Texts,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let backward = self.direction() == Direction::Backward;
        for at in 0..texts.len() {
            let at = if backward { texts.len() - 1 - at } else { at };
            self.running.examine()?;
            let verdict = texts.class(at).map(|class| self.conditions(span).verdict(class));
            if verdict == Some(Verdict::Yes) {
                if collector.passes(self.matched) == 0 {
                    collector.show(texts.get(at), self.running.account())?;
                }
                self.matched += 1;
            }
            if self.flow(collector) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// Shows the text of an entry's record: as its block was written out, or as it is written now.
    pub(super) fn show_text(
        &self,
        here: Here<'_>,
        entry: &Lying<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let account = self.running.account();
        if let (Some(texts), Lying::InBlock(at, _)) = (here.texts, entry) {
            return collector.show(texts.get(*at), account);
        }
        let found = entry.found(here.block).ok_or_else(crate::snapshot::unlisted)?;
        let text = self.snapshot.text(here.list_of(entry), found, account)?;
        collector.show(text.bytes(), account)
    }
}
