//! The connections: how many there are, how long each may keep the others waiting, and which one goes
//! where there are too many.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::alarm::Alarm;
use super::layers::Service;
use super::observer::Observer;
use super::refusals::{Made, Refusals};

/// Bytes of the headers of a request, its target among them; what comes with the last read may exceed it.
const HEADER_BYTES: usize = 64 << 10;

/// Headers of a request.
const HEADERS: usize = 100;

/// How long to wait where the system has no room for one more connection.
const BREATH: Duration = Duration::from_millis(10);

/// The connections of one server.
pub(super) struct Connections {
    service: Service,
    observer: Observer,
    most: usize,
    /// How long a client may take for headers, between two requests, and to read a part of a reply.
    time: Duration,
    tasks: JoinSet<u64>,
    open: HashMap<u64, (Arc<Activity>, AbortHandle)>,
    graceful: GracefulShutdown,
    began: Instant,
    opened: u64,
}

/// Since when a connection has had nothing to do, in milliseconds from the server's beginning.
struct Activity {
    idle_since: AtomicU64,
}

/// In place of a moment: a request is being answered.
const BUSY: u64 = u64::MAX;

impl Connections {
    pub(super) fn new(
        service: Service,
        observer: Observer,
        most: NonZeroUsize,
        time: Duration,
    ) -> Connections {
        Connections {
            service,
            observer,
            most: most.get(),
            time,
            tasks: JoinSet::new(),
            open: HashMap::new(),
            graceful: GracefulShutdown::new(),
            began: Instant::now(),
            opened: 0,
        }
    }

    /// Takes connections until it is dropped.
    pub(super) async fn accept(&mut self, listener: &TcpListener) {
        loop {
            tokio::select! {
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.forget(ended);
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer),
                    Err(_) => {
                        self.close_longest_idle();
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
    }

    /// Takes no more, lets requests end, and closes what is left after that time.
    pub(super) async fn close_within(self, time: Duration) {
        let _ = tokio::time::timeout(time, self.graceful.shutdown()).await;
    }

    /// Serves a connection, if need be in place of the one that has been idle the longest; where all
    /// are busy it is closed.
    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        let metrics = self.observer.metrics();
        metrics.accepted.inc();
        if self.open.len() >= self.most {
            metrics.crowded_out.inc();
            if !self.close_longest_idle() {
                return;
            }
        }
        self.opened += 1;
        let id = self.opened;
        let activity = Arc::new(Activity { idle_since: AtomicU64::new(self.now()) });
        let served = self.serve(stream, peer, Arc::clone(&activity));
        let task = self.tasks.spawn(async move {
            served.await;
            id
        });
        self.open.insert(id, (activity, task));
        self.note_open();
    }

    fn note_open(&self) {
        self.observer.metrics().connections.set(self.open.len() as i64);
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        activity: Arc<Activity>,
    ) -> impl Future<Output = ()> + Send + use<> {
        // Replies are written whole: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.time));
        let made = Made::default();
        let stream = Refusals::new(Box::pin(stream), made.clone());
        let (layers, observer, began) =
            (self.service.clone().layered(), self.observer.clone(), self.began);
        let service = service_fn(move |request: Request<Incoming>| {
            let (layers, activity) = (layers.clone(), Arc::clone(&activity));
            let (made, method) = (made.clone(), request.method().clone());
            let observation = observer.begin(&request, Some(peer));
            async move {
                activity.idle_since.store(BUSY, Ordering::Relaxed);
                let response = layers.oneshot(request).await;
                activity.idle_since.store(millis_since(began), Ordering::Relaxed);
                if let Ok(response) = &response {
                    made.note(&method, response);
                    observation.end(response);
                }
                response
            }
        });
        let connection = http1::Builder::new()
            .timer(Alarm::new())
            .header_read_timeout(self.time)
            .max_buf_size(HEADER_BYTES)
            .max_headers(HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        async move {
            // A client that went or was too slow is no fault of anybody who could be told.
            let _ = connection.await;
        }
    }

    fn forget(&mut self, ended: Result<u64, tokio::task::JoinError>) {
        // Those that were closed here are forgotten already.
        if let Ok(id) = ended {
            self.open.remove(&id);
            self.note_open();
        }
    }

    fn close_longest_idle(&mut self) -> bool {
        let idle = self.open.iter().filter_map(|(id, (activity, _))| {
            let since = activity.idle_since.load(Ordering::Relaxed);
            (since != BUSY).then_some((since, *id))
        });
        let Some((_, id)) = idle.min() else { return false };
        let Some((_, task)) = self.open.remove(&id) else { return false };
        task.abort();
        self.note_open();
        true
    }

    fn now(&self) -> u64 {
        millis_since(self.began)
    }
}

fn millis_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(BUSY - 1)
}
