//! What stands around each request: bounds on its body, headers of every answer.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use filedex::{Endpoints, Reply};
use http::header::X_CONTENT_TYPE_OPTIONS;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tower::{Service, ServiceBuilder};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Bytes of a request's body. No endpoint reads one; clients that send one all the same are heard out.
const BODY_BYTES: usize = 64 << 10;

/// How long the next part of a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The endpoints with the layers around them.
pub(super) fn service(
    endpoints: Endpoints,
) -> impl Service<
    Request<Incoming>,
    Response = Response<
        impl Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    >,
    Error = Infallible,
    Future: Send,
> + Clone {
    let nosniff = HeaderValue::from_static("nosniff");
    ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIME))
        .service_fn(move |request| answer(endpoints.clone(), request))
}

async fn answer<B: Body>(
    endpoints: Endpoints,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // Only once the whole request is read does a client that hangs up show.
    if body.collect().await.is_err() {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    }
    let response = endpoints.answer(Request::from_parts(head, ())).await;
    Ok(response.map(|reply: Reply| Full::new(Bytes::from_owner(reply))))
}
