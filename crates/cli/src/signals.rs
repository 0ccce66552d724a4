//! The signals that the program obeys: two that end it, one to read the directory file again.

use std::io;

/// The signals, watched from the moment this is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    stops: [tokio::signal::unix::Signal; 2],
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};

        let stops = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Signals { stops, hangup: signal(SignalKind::hangup())? })
    }

    /// The next signal that is to be obeyed.
    pub(crate) async fn next(&mut self) -> Order {
        let [interrupt, terminate] = &mut self.stops;
        tokio::select! {
            _ = interrupt.recv() => Order::Stop,
            _ = terminate.recv() => Order::Stop,
            _ = self.hangup.recv() => Order::Reload,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> io::Result<Signals> {
        Ok(Signals {})
    }

    pub(crate) async fn next(&mut self) -> Order {
        let _ = tokio::signal::ctrl_c().await;
        Order::Stop
    }
}

/// What a signal asks for.
pub(crate) enum Order {
    Stop,
    Reload,
}
