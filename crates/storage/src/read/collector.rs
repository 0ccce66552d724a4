//! Where the records of an answer go: into a window, into a heap, to who asked, or only into the total.

use std::ops::Range;
use std::sync::Arc;

use filedex_query::ejson::Marked;
use filedex_query::{Account, Plan, TopK};

use super::access::Order;
use super::figure::Figure;
use super::place::Place;
use super::reply::Reply;
use super::window::Window;
use crate::cache::Texts;
use crate::cache::firsts::Firsts;
use crate::error::Result;
use crate::format::keys::first_bytes;
use crate::snapshot::Stored;

/// What becomes of a matching record.
pub(crate) enum Collector<'v> {
    /// They come in order: those of the window are kept.
    Window { window: Window, kept: Vec<Stored> },
    /// They come in another order: the best are kept, or their texts may be taken if these were written before.
    Heap { window: Window, best: TopK<Stored>, place: Option<Place>, as_texts: bool },
    /// They come in order: those of the window are shown at once, as texts.
    Shown { window: Window, shown: u64, reply: Reply<'v> },
    /// Those of the window are these, as they were written before.
    Written { firsts: Arc<Firsts>, run: Range<usize> },
    /// All of them are shown to a figure.
    Figure(Figure<'v>),
    /// None is kept.
    Total,
}

impl Collector<'_> {
    /// The collector for a window of the plan's answer.
    pub(crate) fn new(plan: &Plan, order: Order, window: Window) -> Collector<'static> {
        match order {
            Order::Forward | Order::Backward => Collector::Window { window, kept: Vec::new() },
            Order::Other => {
                let best = TopK::new(window.end(), plan.limits());
                Collector::Heap { window, best, place: None, as_texts: false }
            }
        }
    }

    /// The same for who shows them as texts.
    pub(crate) fn for_texts(plan: &Plan, order: Order, window: Window) -> Collector<'static> {
        let mut collector = Collector::new(plan, order, window);
        if let Collector::Heap { as_texts, .. } = &mut collector {
            *as_texts = plan.projection().cuts();
        }
        collector
    }

    /// The collector for records in any order of which those next to a place are kept.
    pub(crate) fn beside(plan: &Plan, place: Place, window: Window) -> Collector<'static> {
        let best = TopK::new(window.end(), plan.limits());
        Collector::Heap { window, best, place: Some(place), as_texts: false }
    }

    /// How many of the next records may be passed over uncounted by anything but their number, after
    /// `matched` records; all of them where none is kept any more.
    pub(crate) fn passes(&self, matched: u64) -> u64 {
        match self {
            Collector::Window { window, .. } | Collector::Shown { window, .. }
                if matched < window.offset =>
            {
                window.offset - matched
            }
            Collector::Window { .. } | Collector::Shown { .. } if self.is_full() => u64::MAX,
            Collector::Window { .. } | Collector::Shown { .. } => 0,
            Collector::Heap { .. } | Collector::Figure(_) => 0,
            Collector::Written { .. } | Collector::Total => u64::MAX,
        }
    }

    /// Drops the best that were kept so far.
    pub(crate) fn begin_anew(&mut self, plan: &Plan) {
        if let Collector::Heap { window, best, .. } = self {
            *best = TopK::new(window.end(), plan.limits());
        }
    }

    /// Whether as many are kept as are wanted, and none that comes behind that key.
    pub(crate) fn has_all_before(&self, key: &[u8]) -> bool {
        match self {
            Collector::Heap { best, .. } => best.last_key().is_some_and(|last| last <= key),
            _ => false,
        }
    }

    /// Whether there are keys by which a record is not kept.
    pub(crate) fn chooses(&self) -> bool {
        match self {
            Collector::Heap { best, place, .. } => place.is_some() || best.last_key().is_some(),
            _ => false,
        }
    }

    /// How the key begins past which no record is kept, if there is one.
    pub(crate) fn last_head(&self) -> Option<u128> {
        match self {
            Collector::Heap { best, place: None, .. } => best.last_key().map(first_bytes),
            _ => None,
        }
    }

    /// The window whose records are the first of their keys, if there is one.
    pub(crate) fn best_of(&self) -> Option<Window> {
        match self {
            Collector::Heap { window, place: None, .. } => Some(*window),
            _ => None,
        }
    }

    /// Whether no record is kept whose key begins so, or further behind. It is asked for only where that matters.
    pub(crate) fn refuses(&self, head: impl FnOnce() -> Option<u128>) -> bool {
        self.last_head().is_some_and(|last| head().is_some_and(|head| head > last))
    }

    /// Whether a record may be kept whose key begins with these bytes: all of it but the `_id`.
    pub(crate) fn may_take(&self, key: &[u8]) -> bool {
        let Collector::Heap { best, place, .. } = self else { return true };
        let last = best.last_key();
        match place {
            Some(place) => place.may_take(key, last),
            None => last.is_none_or(|last| key <= beginning(last, key)),
        }
    }

    /// Whether no further record can be kept.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Collector::Window { window, kept } => {
                window.count.is_some_and(|count| kept.len() as u64 >= count)
            }
            Collector::Shown { window, shown, .. } => {
                window.count.is_some_and(|count| *shown >= count)
            }
            Collector::Heap { window, .. } => window.count == Some(0),
            Collector::Figure(_) => false,
            Collector::Written { .. } | Collector::Total => true,
        }
    }

    /// Whether records have to come in the order of the access.
    pub(crate) fn needs_order(&self) -> bool {
        !matches!(self, Collector::Heap { .. } | Collector::Figure(_) | Collector::Total)
    }

    /// Whether records go on as texts.
    pub(crate) fn shows_texts(&self) -> bool {
        matches!(self, Collector::Shown { .. })
    }

    /// How many of the next records it takes to fill it, after `matched` records, if all of them match.
    pub(crate) fn wants(&self, matched: u64) -> usize {
        let more = match self {
            Collector::Shown { window: Window { count: Some(count), .. }, shown, .. } => {
                count.saturating_sub(*shown).saturating_add(self.passes(matched))
            }
            _ => u64::MAX,
        };
        usize::try_from(more).unwrap_or(usize::MAX)
    }

    /// Takes the text of the next matching record; false if the record itself is needed.
    pub(crate) fn show(&mut self, text: Marked<'_>, account: &Account) -> Result<bool> {
        let Collector::Shown { shown, reply, .. } = self else { return Ok(false) };
        let is_shown = reply.add_text(text, account)?;
        *shown += u64::from(is_shown);
        Ok(is_shown)
    }

    /// Takes the texts of the next matching records, which follow one another; false if it takes none but single ones.
    pub(crate) fn show_run(
        &mut self,
        texts: &Texts,
        run: Range<usize>,
        account: &Account,
    ) -> Result<bool> {
        let Collector::Shown { shown, reply, .. } = self else { return Ok(false) };
        let records = run.len() as u64;
        let is_shown = reply.add_joined(texts.run(run), records, account)?;
        *shown += if is_shown { records } else { 0 };
        Ok(is_shown)
    }

    /// Takes the next matching record.
    pub(crate) fn keep(&mut self, plan: &Plan, stored: Stored, account: &Account) -> Result<()> {
        match self {
            Collector::Window { kept, .. } => {
                let (stored, bytes) = apart(stored, kept.len());
                account.hold(bytes + 2 * size_of::<Stored>())?;
                kept.push(stored);
            }
            Collector::Heap { best, place, .. } => {
                offer(best, place.as_ref(), plan, stored, account)?;
            }
            Collector::Figure(figure) => figure.take(plan, stored.document(), account)?,
            Collector::Shown { shown, reply, .. } => {
                *shown += 1;
                reply.add_record(stored.document(), account)?;
            }
            Collector::Written { .. } | Collector::Total => {}
        }
        Ok(())
    }

    /// Turns round what was kept of a window, which came the last first.
    pub(crate) fn reverse(&mut self) {
        if let Collector::Window { kept, .. } = self {
            kept.reverse();
        }
    }

    /// The records of the window, in order.
    pub(crate) fn into_records(self) -> Vec<Stored> {
        match self {
            Collector::Window { kept, .. } => kept,
            Collector::Heap { window, best, place, .. } => {
                let offset = usize::try_from(window.offset).unwrap_or(usize::MAX);
                let mut records: Vec<Stored> =
                    best.into_sorted().into_iter().skip(offset).collect();
                if place.is_some_and(|place| place.is_end()) {
                    records.reverse();
                }
                records
            }
            Collector::Shown { .. }
            | Collector::Written { .. }
            | Collector::Figure(_)
            | Collector::Total => Vec::new(),
        }
    }
}

/// As much of a key as another one has.
pub(crate) fn beginning<'k>(key: &'k [u8], other: &[u8]) -> &'k [u8] {
    key.get(..other.len()).unwrap_or(key)
}

/// Records that may keep the blocks they lie in, of which others may have no use any more.
const MOST_IN_BLOCKS: usize = 64;

/// What a record out of its block takes beside itself: its key and that of its list.
const BYTES_BESIDE: usize = 128;

/// The record to be kept as one of so many, with the bytes that it holds: out of its block where there
/// are many, so that no block is held for the sake of one of its records.
fn apart(stored: Stored, kept: usize) -> (Stored, usize) {
    let bytes = stored.body().len();
    match kept >= MOST_IN_BLOCKS {
        true => (stored.apart(), bytes + BYTES_BESIDE),
        false => (stored, bytes),
    }
}

/// Offers a record to the best. What they hold is what the account holds for them.
fn offer(
    best: &mut TopK<Stored>,
    place: Option<&Place>,
    plan: &Plan,
    stored: Stored,
    account: &Account,
) -> Result<()> {
    let (held, before) = (account.held(), best.held());
    let mut key = plan.sort().key_with_id_within(stored.document(), account)?;
    if let Some(place) = place
        && !place.bring_near(&mut key)
    {
        account.release_to(held);
        return Ok(());
    }
    let (stored, bytes) = apart(stored, best.len());
    best.push(key, stored, bytes)?;
    account.release_to(held);
    match best.held().checked_sub(before) {
        Some(more) => account.hold(more)?,
        None => account.release(before - best.held()),
    }
    Ok(())
}
