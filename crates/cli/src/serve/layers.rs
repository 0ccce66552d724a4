//! What stands around each request: bounds on its body, headers of every answer, which pages may ask.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use filedex::{Endpoints, Reply};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tower::util::option_layer;
use tower::{Service as TowerService, ServiceBuilder, ServiceExt as _};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutBody;

use super::refusals;
use super::status::Status;

/// Bytes of a request's body. No endpoint reads one; clients that send one all the same are heard out.
const BODY_BYTES: usize = 64 << 10;

/// How long the next part of a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// How long a browser may go by what it was told of an origin.
const ORIGIN_TIME: Duration = Duration::from_secs(3600);

/// What answers requests.
#[derive(Clone)]
pub(super) struct Service {
    endpoints: Endpoints,
    status: Status,
    origins: Origins,
    page: Option<axum::Router>,
}

/// An origin whose pages may ask, or all.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Any,
    One(HeaderValue),
}

/// The origins whose pages may ask.
#[derive(Clone)]
pub(super) struct Origins(Option<AllowOrigin>);

impl Service {
    pub(super) fn new(endpoints: Endpoints, status: Status, origins: Origins) -> Service {
        Service { endpoints, status, origins, page: None }
    }

    /// The same with a page wherever no endpoint is.
    pub(super) fn with_page(self, page: Option<axum::Router>) -> Service {
        Service { page, ..self }
    }

    /// The service with the layers around it.
    pub(super) fn layered(
        self,
    ) -> impl TowerService<
        Request<Incoming>,
        Response = Response<
            impl Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
        >,
        Error = Infallible,
        Future: Send,
    > + Clone {
        let service = Arc::new(self);
        let nosniff = HeaderValue::from_static("nosniff");
        ServiceBuilder::new()
            .layer(option_layer(service.origins.layer()))
            .layer(SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, nosniff))
            .layer(RequestBodyLimitLayer::new(BODY_BYTES))
            .service_fn(move |request| Arc::clone(&service).answer(request))
    }

    async fn answer<B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>>>(
        self: Arc<Service>,
        request: Request<B>,
    ) -> Result<Response<axum::body::Body>, Infallible> {
        let (head, body) = request.into_parts();
        // Only once the whole request is read does a client that hangs up show. Nearly all have no body, and need no
        // timer for it.
        if !body.is_end_stream() && TimeoutBody::new(BODY_TIME, body).collect().await.is_err() {
            return Ok(refuse(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if let Some(response) = self.status.answer(&head.method, head.uri.path()).await {
            return Ok(response.map(axum::body::Body::from));
        }
        let page = self.page.as_ref().filter(|_| !head.uri.path().starts_with("/api/"));
        if let Some(page) = page.cloned() {
            return page.oneshot(Request::from_parts(head, axum::body::Body::empty())).await;
        }
        let response = self.endpoints.answer(Request::from_parts(head, ())).await;
        Ok(response.map(|reply: Reply| axum::body::Body::from(Bytes::from_owner(reply))))
    }
}

/// A refusal that no endpoint words.
fn refuse(status: StatusCode) -> Response<axum::body::Body> {
    let mut response = Response::new(axum::body::Body::from(refusals::body(status)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl Origins {
    pub(super) fn new(origins: &[Origin]) -> Origins {
        let some = origins.iter().filter_map(|origin| match origin {
            Origin::Any => None,
            Origin::One(origin) => Some(origin.clone()),
        });
        Origins(match origins {
            [] => None,
            origins if origins.iter().any(|origin| matches!(origin, Origin::Any)) => {
                Some(AllowOrigin::any())
            }
            _ => Some(AllowOrigin::list(some)),
        })
    }

    fn layer(&self) -> Option<CorsLayer> {
        let [user, token] = ["x-user-id", "x-auth-token"].map(HeaderName::from_static);
        let layer = CorsLayer::new()
            .allow_methods([Method::GET, Method::HEAD])
            .allow_headers([user, token, AUTHORIZATION, CONTENT_TYPE])
            .max_age(ORIGIN_TIME);
        self.0.clone().map(|origins| layer.allow_origin(origins))
    }
}

/// `*`, or a scheme and a host with nothing behind them, as browsers send it.
impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Origin, String> {
        if text == "*" {
            return Ok(Origin::Any);
        }
        let uri: Uri = text.parse().map_err(|_| refused(text))?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused(text));
        };
        // What is written otherwise than browsers write it would never be met.
        if format!("{scheme}://{host}") != text || text.to_ascii_lowercase() != text {
            return Err(refused(text));
        }
        HeaderValue::from_str(text).map(Origin::One).map_err(|_| refused(text))
    }
}

fn refused(text: &str) -> String {
    format!("{text:?} is no origin, such as https://chat.example.org or http://localhost:8080")
}
