//! Orders of which views are wanted: whoever asks for one leaves it here and goes on without it, and a thread of the store
//! makes it.
//!
//! How views are made this file does not know.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::views::{Arrangement, ViewKey};
use crate::error::Result;

/// The orders that are wanted.
#[derive(Default)]
pub(crate) struct WantedViews {
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Default)]
struct Orders {
    wanted: VecDeque<(ViewKey, Arrangement)>,
    /// The one that is being made.
    under_way: Option<ViewKey>,
    /// Those of which none could be made as of that version.
    failed: VecDeque<(ViewKey, u64)>,
    ends: bool,
}

/// Orders that may be wanted at once, and failures that are remembered.
const MOST: usize = 16;

/// How often who waits for one looks whether he may.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl WantedViews {
    /// Wants a view, as of that version.
    pub(crate) fn want(&self, key: &ViewKey, arrangement: Arrangement, version: u64) {
        let mut orders = self.orders.lock();
        if orders.wanted.len() < MOST && !orders.has(key, version) {
            orders.wanted.push_back((key.clone(), arrangement));
            self.changed.notify_all();
        }
    }

    /// Waits until one is wanted; `None` once the store closes.
    pub(crate) fn next(&self) -> Option<Arrangement> {
        let mut orders = self.orders.lock();
        while !orders.ends {
            if let Some((key, arrangement)) = orders.wanted.pop_front() {
                orders.under_way = Some(key);
                return Some(arrangement);
            }
            self.changed.wait(&mut orders);
        }
        None
    }

    /// Waits as long as the order of that key is being made, and looks now and then whether there is still time to wait.
    pub(crate) fn wait_for(
        &self,
        key: &ViewKey,
        mut look: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let mut orders = self.orders.lock();
        while orders.under_way.as_ref() == Some(key) {
            look()?;
            self.changed.wait_for(&mut orders, LOOK_EVERY);
        }
        Ok(())
    }

    /// Notes that the one that was waited for is there, or that none can be made as of that version.
    pub(crate) fn done(&self, failed: Option<u64>) {
        let mut orders = self.orders.lock();
        let key = orders.under_way.take();
        if orders.failed.len() >= MOST {
            orders.failed.pop_front();
        }
        orders.failed.extend(key.zip(failed));
        self.changed.notify_all();
    }

    /// Lets whoever waits end.
    pub(crate) fn end(&self) {
        self.orders.lock().ends = true;
        self.changed.notify_all();
    }
}

impl Orders {
    /// Whether it is wanted, being made, or cannot be made.
    fn has(&self, key: &ViewKey, version: u64) -> bool {
        self.under_way.as_ref() == Some(key)
            || self.wanted.iter().any(|(other, _)| other == key)
            || self.failed.iter().any(|(other, failed)| other == key && *failed >= version)
    }
}

impl fmt::Debug for WantedViews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WantedViews").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use filedex_query::Sort;

    use super::*;

    fn key(sort: &str) -> ViewKey {
        ViewKey { from: Box::default(), to: Box::default(), sort: sort.into() }
    }

    #[test]
    fn an_order_is_made_once_however_often_it_is_wanted_and_not_again_where_it_cannot_be() {
        let wanted = WantedViews::default();
        let arrangement = Arrangement { room: None, sort: Sort::none() };
        let want = |sort: &str, version| wanted.want(&key(sort), arrangement.clone(), version);
        let waiting = || wanted.orders.lock().wanted.len();
        want("a", 1);
        want("a", 1);
        want("b", 1);
        assert_eq!(waiting(), 2);
        assert!(wanted.next().is_some());
        want("a", 1);
        assert_eq!(waiting(), 1, "it is being made");
        wanted.done(Some(1));
        want("a", 1);
        assert_eq!(waiting(), 1, "it cannot be made");
        want("a", 2);
        assert_eq!(waiting(), 2, "of another version it may be");
        assert!(wanted.next().is_some());
        wanted.done(None);
        want("b", 1);
        assert_eq!(waiting(), 2, "it may have given way to another since");
        (0..2 * MOST).for_each(|number| want(&number.to_string(), 1));
        assert_eq!(waiting(), MOST);
        wanted.end();
        assert!(wanted.next().is_none());
    }
}
