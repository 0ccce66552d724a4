//! Answers over HTTP: status, headers, body.
//!
//! This file knows no endpoint.

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};

use filedex_query::Document;
use filedex_query::ejson::{self, Form};

use super::error::{ApiError, Cause};
use super::user::UserFolder;
use crate::page::write_files;
use crate::{Page, Reply};

/// A JSON body with the headers of every answer.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A page of a room endpoint: the page's fields, then `success`.
pub(super) fn page(page: &Page) -> Vec<u8> {
    successful(page.to_json())
}

/// An object with `success` behind its fields.
pub(super) fn successful(mut body: Vec<u8>) -> Vec<u8> {
    body.pop();
    body.extend_from_slice(b",\"success\":true}");
    body
}

/// One object.
pub(super) fn document(document: &Document) -> Vec<u8> {
    let mut body = Vec::new();
    ejson::write_document(document.view(), Form::Plain, &mut body);
    body
}

/// A bare list of objects.
pub(super) fn documents(documents: &[Document]) -> Vec<u8> {
    let mut body = Vec::new();
    write_files(documents, &mut body);
    body
}

/// A bare list of folders.
pub(super) fn folders(folders: &[UserFolder]) -> Vec<u8> {
    let shown: Vec<Document> = folders.iter().map(UserFolder::to_document).collect();
    documents(&shown)
}

/// What is said to nobody: the host shuts down, or the call was given up.
pub(super) fn gone() -> Response<Reply> {
    let mut response = Response::new(Reply::short(Vec::new()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// A refusal.
pub(super) fn error(error: &ApiError) -> Response<Vec<u8>> {
    let mut response = json(error.status(), error.body());
    if error.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(cause) = error.cause() {
        response.extensions_mut().insert(Cause::of(cause));
    }
    if error.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
