//! Answers over HTTP: status, headers, body.
//!
//! This file knows no endpoint.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use http::{Response, StatusCode};

use super::error::ApiError;
use crate::Page;

/// A JSON body with the headers of every answer.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A page of a room endpoint: the page's fields, then `success`.
pub(super) fn page(page: &Page) -> Response<Vec<u8>> {
    let mut body = page.to_json();
    body.pop();
    body.extend_from_slice(b",\"success\":true}");
    json(StatusCode::OK, body)
}

/// A refusal.
pub(super) fn error(error: &ApiError) -> Response<Vec<u8>> {
    let mut response = json(error.status(), error.body());
    if error.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
