//! Where the records of an answer go: into a window, into a heap, to who asked, or only into the total.

use filedex_query::{Account, Plan, TopK};

use super::access::Order;
use super::reply::Reply;
use super::window::Window;
use crate::error::Result;
use crate::snapshot::{Found, Stored};

/// What becomes of a matching record.
pub(crate) enum Collector<'v> {
    /// They come in order: those of the window are kept.
    Window { window: Window, kept: Vec<Stored> },
    /// They come in another order: the best are kept.
    Heap { window: Window, best: TopK<Stored> },
    /// They come in order: those of the window are shown at once, as texts.
    Shown { window: Window, shown: u64, reply: Reply<'v> },
    /// None is kept.
    Total,
}

impl Collector<'_> {
    /// The collector for a window of the plan's answer.
    pub(crate) fn new(plan: &Plan, order: Order, window: Window) -> Collector<'static> {
        match order {
            Order::Forward | Order::Backward => Collector::Window { window, kept: Vec::new() },
            Order::Other => {
                Collector::Heap { window, best: TopK::new(window.end(), plan.limits()) }
            }
        }
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
            Collector::Window { .. } | Collector::Shown { .. } | Collector::Heap { .. } => 0,
            Collector::Total => u64::MAX,
        }
    }

    /// The key that a record's must not lie past for the record to be kept, if there is such a key.
    pub(crate) fn last_key(&self) -> Option<&[u8]> {
        match self {
            Collector::Heap { best, .. } => best.last_key(),
            _ => None,
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
            Collector::Total => true,
        }
    }

    /// Whether records go on as texts.
    pub(crate) fn shows_texts(&self) -> bool {
        matches!(self, Collector::Shown { .. })
    }

    /// Takes the text of the next matching record.
    pub(crate) fn show(&mut self, text: &[u8], account: &Account) -> Result<()> {
        if let Collector::Shown { shown, reply, .. } = self {
            *shown += 1;
            reply.add_text(text, account)?;
        }
        Ok(())
    }

    /// Takes the next matching record.
    pub(crate) fn keep(&mut self, plan: &Plan, stored: Stored, account: &Account) -> Result<()> {
        match self {
            Collector::Window { kept, .. } => {
                let (stored, bytes) = apart(stored, kept.len());
                account.hold(bytes + 2 * size_of::<Stored>())?;
                kept.push(stored);
            }
            Collector::Heap { best, .. } => offer(best, plan, stored, account)?,
            Collector::Shown { shown, reply, .. } => {
                *shown += 1;
                reply.add(stored.document(), account)?;
            }
            Collector::Total => {}
        }
        Ok(())
    }

    /// The records of the window, in order.
    pub(crate) fn into_records(self) -> Vec<Stored> {
        match self {
            Collector::Window { kept, .. } => kept,
            Collector::Heap { window, best } => {
                let offset = usize::try_from(window.offset).unwrap_or(usize::MAX);
                best.into_sorted().into_iter().skip(offset).collect()
            }
            Collector::Shown { .. } | Collector::Total => Vec::new(),
        }
    }
}

/// Records that may keep the blocks they lie in, of which others may have no use any more.
const MOST_IN_BLOCKS: usize = 64;

/// The record to be kept as one of so many, with the bytes that it holds: out of its block where there
/// are many, so that no block is held for the sake of one of its records.
fn apart(stored: Stored, kept: usize) -> (Stored, usize) {
    let bytes = stored.body().len();
    match stored {
        Stored::Lying(Found::InBlock(..)) if kept >= MOST_IN_BLOCKS => {
            (Stored::Apart(stored.body().into()), bytes)
        }
        stored => (stored, bytes),
    }
}

/// Offers a record to the best. What they hold is what the account holds for them.
fn offer(best: &mut TopK<Stored>, plan: &Plan, stored: Stored, account: &Account) -> Result<()> {
    let (held, before) = (account.held(), best.held());
    let key = plan.sort().key_with_id_within(stored.document(), account)?;
    let (stored, bytes) = apart(stored, best.len());
    best.push(key, stored, bytes)?;
    account.release_to(held);
    match best.held().checked_sub(before) {
        Some(more) => account.hold(more)?,
        None => account.release(before - best.held()),
    }
    Ok(())
}
