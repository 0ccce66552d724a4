//! What is seen of each request: it is counted, and told in the log where that is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use filedex::{Cause, Endpoints};
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Body;

use super::log::{ACCESS, LogOptions, SLOW};
use super::metrics::Metrics;

/// Sees all requests of a server.
#[derive(Clone)]
pub(super) struct Observer(Arc<Watching>);

struct Watching {
    endpoints: Endpoints,
    metrics: Arc<Metrics>,
    shows_access: bool,
    slow: Option<Duration>,
}

/// A request on its way to its reply. One that goes without was given up by its client.
pub(super) struct Observation {
    watching: Arc<Watching>,
    peer: Option<SocketAddr>,
    method: Method,
    uri: Uri,
    /// Who he says he is.
    user: Option<String>,
    endpoint: &'static str,
    began: Instant,
    reply: Option<(StatusCode, u64)>,
}

/// In place of a status: the client hung up before there was one.
const HUNG_UP: u16 = 499;

impl Observer {
    pub(super) fn new(endpoints: Endpoints, metrics: Arc<Metrics>, log: &LogOptions) -> Observer {
        let (shows_access, slow) = (log.shows_access(), log.slow());
        Observer(Arc::new(Watching { endpoints, metrics, shows_access, slow }))
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Sees a request come in.
    pub(super) fn begin<B>(&self, request: &Request<B>, peer: Option<SocketAddr>) -> Observation {
        let watching = Arc::clone(&self.0);
        watching.metrics.running.inc();
        let path = request.uri().path();
        let endpoint = watching.endpoints.pattern(path).unwrap_or(match path {
            "/healthz" => "/healthz",
            "/metrics" => "/metrics",
            _ => "other",
        });
        let is_told = watching.shows_access || watching.slow.is_some();
        let user = request.headers().get("x-user-id").filter(|_| is_told);
        Observation {
            peer,
            method: request.method().clone(),
            uri: request.uri().clone(),
            user: user.and_then(|user| user.to_str().ok()).map(str::to_owned),
            endpoint,
            began: Instant::now(),
            reply: None,
            watching,
        }
    }
}

impl Observation {
    /// Sees the reply.
    pub(super) fn end<B: Body>(mut self, response: &Response<B>) {
        self.reply = Some((response.status(), response.body().size_hint().lower()));
        if let Some(cause) = response.extensions().get::<Cause>() {
            let path = self.uri.path();
            tracing::error!(path, "{cause}");
        }
    }

    fn tell(&self, code: u16, bytes: u64, took: Duration) {
        let Watching { shows_access, slow, .. } = *self.watching;
        let milliseconds = took.as_secs_f64() * 1000.0;
        let user = self.user.as_deref().unwrap_or("-");
        let peer = self.peer.map(|peer| peer.to_string()).unwrap_or_default();
        if shows_access {
            let (method, path) = (self.method.as_str(), self.uri.path());
            tracing::info!(target: ACCESS, %peer, user, method, path, code, bytes, milliseconds);
        }
        if slow.is_some_and(|slow| took >= slow) {
            let (endpoint, query) = (self.endpoint, self.uri.query().unwrap_or_default());
            let query = percent_encoding::percent_decode_str(query).decode_utf8_lossy();
            tracing::warn!(target: SLOW, %peer, user, endpoint, ?query, code, bytes, milliseconds);
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let (code, bytes) =
            self.reply.map_or((HUNG_UP, 0), |(status, bytes)| (status.as_u16(), bytes));
        let took = self.began.elapsed();
        let Metrics { requests, seconds, running, reply_bytes, .. } = &*self.watching.metrics;
        running.dec();
        reply_bytes.inc_by(bytes);
        requests.with_label_values(&[self.endpoint, &code.to_string()]).inc();
        seconds.with_label_values(&[self.endpoint]).observe(took.as_secs_f64());
        self.tell(code, bytes, took);
    }
}
