//! Code of the host that is called while its thread holds one state of a store.
//!
//! Such code may read that store, and do what it likes with others. A write would wait until the state
//! is let go, which is until it returns itself: so it is refused.

use std::cell::RefCell;

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    /// The stores that this thread holds a state of while the host's code runs, by their addresses.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Runs the host's code for the store at that address.
pub(crate) fn call<T>(store: usize, code: impl FnOnce() -> T) -> T {
    HELD.with_borrow_mut(|held| held.push(store));
    // Also where the code panics.
    let _returned = Returned;
    code()
}

struct Returned;

impl Drop for Returned {
    fn drop(&mut self) {
        HELD.with_borrow_mut(Vec::pop);
    }
}

/// Whether this thread is in such code of that store.
pub(crate) fn is_inside(store: usize) -> bool {
    HELD.with_borrow(|held| held.contains(&store))
}

/// Refuses what would wait for itself.
pub(crate) fn refuse_inside(store: usize) -> Result<()> {
    if is_inside(store) {
        let message = "the store is being read by this thread; write when that call has returned";
        return Err(Error::new(ErrorKind::Busy, message));
    }
    Ok(())
}
