//! The signals that end the program.

/// The signals that end the program, watched from the moment this is made.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Stop {
    #[cfg(unix)]
    pub(super) fn new() -> std::io::Result<Stop> {
        use tokio::signal::unix::{SignalKind, signal};

        let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Stop { signals })
    }

    #[cfg(unix)]
    pub(super) async fn told(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> std::io::Result<Stop> {
        Ok(Stop {})
    }

    #[cfg(not(unix))]
    pub(super) async fn told(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
