//! Waiting for a future from a thread that may be anybody's: in steps, with a look at what ends it.
//!
//! Nothing here needs a runtime around it, and none that is there is blocked by force. This file knows
//! neither servers nor records.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use filedex::Result;

/// How long a wait goes on before the clock and the flag are looked at again.
const STEP: Duration = Duration::from_millis(2);

/// Waits for the future, and looks at what may end that.
pub(crate) fn wait<T>(future: impl Future<Output = T>, look: impl Fn() -> Result<()>) -> Result<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Ok(value);
        }
        look()?;
        thread::park_timeout(STEP);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
