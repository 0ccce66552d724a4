//! The client that asks for a simple page, again and again, and notes how long it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::request::{answer, head, parameters, sent};
use super::server::{SIMPLE, World};

/// The client.
pub(super) struct Simple {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

/// What it does between two pages.
const PAUSE: Duration = Duration::from_millis(3);

/// A page is asked for on a new connection every so often.
const PAGES_A_CONNECTION: usize = 20;

impl Simple {
    pub(super) fn start(address: &str, world: &World) -> Simple {
        let stop = Arc::new(AtomicBool::new(false));
        let page = parameters(&[("count", "50"), ("sort", r#"{"uploadedAt":-1}"#)]);
        let (address, request) = (address.to_owned(), head(world, SIMPLE, &page));
        let stopped = stop.clone();
        let thread = thread::spawn(move || ask(&address, &request, &stopped));
        Simple { stop, thread }
    }

    /// How long each page took.
    pub(super) fn stop(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// A page that does not come counts with the time it was waited for.
fn ask(address: &str, request: &str, stop: &AtomicBool) -> Vec<Duration> {
    let (mut times, mut connection) = (Vec::new(), None);
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        let stream = match connection.take() {
            Some(mut stream) => {
                use std::io::Write as _;
                std::net::TcpStream::write_all(&mut stream, request.as_bytes())
                    .ok()
                    .map(|()| stream)
            }
            None => sent(address, request),
        };
        let answered = stream.and_then(|mut stream| {
            let (status, _) = answer(&mut stream);
            (status == 200).then_some(stream)
        });
        let waited = started.elapsed();
        times.push(if answered.is_some() { waited } else { waited.max(Duration::from_secs(1)) });
        connection = answered.filter(|_| !times.len().is_multiple_of(PAGES_A_CONNECTION));
        thread::sleep(PAUSE);
    }
    times
}
