//! What the server says of itself: that it is there, and its figures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use filedex::Filedex;
use http::HeaderValue;
use http::{Method, Response, StatusCode, header};
use tokio::sync::Mutex;

use super::metrics::Metrics;

/// How long figures are good enough for the next who asks.
const FRESH: Duration = Duration::from_secs(1);

const TEXT: &str = "text/plain; charset=utf-8";

/// The media type of Prometheus' text.
const FIGURES: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The paths of a server that are no endpoints.
#[derive(Clone)]
pub(super) struct Status {
    index: Filedex,
    metrics: Arc<Metrics>,
    shows_metrics: bool,
    last: Arc<Mutex<Option<(Instant, String)>>>,
}

impl Status {
    pub(super) fn new(index: Filedex, metrics: Arc<Metrics>, shows_metrics: bool) -> Status {
        Status { index, metrics, shows_metrics, last: Arc::default() }
    }

    /// The reply, if the path is one of these.
    pub(super) async fn answer(&self, method: &Method, path: &str) -> Option<Response<String>> {
        let is_read = method == Method::GET || method == Method::HEAD;
        let response = match path {
            "/healthz" | "/metrics" if !is_read && self.knows(path) => {
                let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
                refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
                refusal
            }
            "/healthz" => text(StatusCode::OK, TEXT, "ok\n"),
            "/metrics" if self.shows_metrics => self.figures().await,
            _ => return None,
        };
        Some(if method == Method::HEAD { response.map(|_| String::new()) } else { response })
    }

    fn knows(&self, path: &str) -> bool {
        path == "/healthz" || self.shows_metrics
    }

    /// The figures, counted once for all who ask within a second.
    async fn figures(&self) -> Response<String> {
        let mut last = self.last.lock().await;
        if let Some((_, figures)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return text(StatusCode::OK, FIGURES, figures);
        }
        let (index, metrics) = (self.index.clone(), Arc::clone(&self.metrics));
        let counted = tokio::task::spawn_blocking(move || {
            let stats = index.stats().map_err(|error| error.to_string())?;
            metrics.text(&stats, &index.activity()).map_err(|error| error.to_string())
        });
        match counted.await.map_err(|error| error.to_string()).and_then(|counted| counted) {
            Ok(figures) => {
                let response = text(StatusCode::OK, FIGURES, &figures);
                *last = Some((Instant::now(), figures));
                response
            }
            Err(error) => {
                tracing::error!("the store's figures: {error}");
                text(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "Internal Server Error\n")
            }
        }
    }
}

fn text(status: StatusCode, media_type: &'static str, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
