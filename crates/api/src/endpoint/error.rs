//! What a caller is told when an endpoint says no: a status and a body, byte for byte.
//!
//! Two families of bodies: Rocket.Chat's (`success`, `error`, `errorType`, `details`) and Zipline's
//! (`error`, `statusCode`). This file knows no endpoint and no HTTP stack.

use std::fmt;

use http::StatusCode;

use crate::{DirectoryError, Error, ErrorKind};

/// A refusal: status and JSON body.
///
/// ```
/// use filedex::{Endpoints, Filedex, ImagesParams, MemoryDirectory, User};
/// let endpoints = Endpoints::new(Filedex::temporary()?, MemoryDirectory::new());
/// let stranger = User::new("u", "stranger");
/// let error = endpoints.rooms_images(&stranger, &ImagesParams::of("nowhere")).unwrap_err();
/// assert_eq!(error.status().as_u16(), 403);
/// assert_eq!(error.body(), br#"{"success":false,"error":"unauthorized"}"#);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Debug)]
pub struct ApiError(Box<Refusal>);

/// Why a reply is a 500, for the host's log: an extension of the response, of which the caller sees nothing.
///
/// ```
/// use filedex::{Cause, Endpoints, Filedex, MemoryDirectory};
/// let endpoints = Endpoints::new(Filedex::temporary()?, MemoryDirectory::new());
/// let response = endpoints.handle(http::Request::get("/api/version").body("")?);
/// if let Some(cause) = response.extensions().get::<Cause>() {
///     eprintln!("{cause}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    pub(super) fn of(error: &Error) -> Cause {
        Cause(error.to_string())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    text: String,
    error_type: Option<&'static str>,
    details: bool,
    style: Style,
    cause: Option<Error>,
    /// Whether it took more than its allowance.
    is_costly: bool,
}

/// Whose bodies an endpoint speaks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Chat,
    Zipline,
}

impl ApiError {
    fn new(style: Style, status: StatusCode, text: impl Into<String>) -> ApiError {
        ApiError(Box::new(Refusal {
            status,
            text: text.into(),
            error_type: None,
            details: false,
            style,
            cause: None,
            is_costly: false,
        }))
    }

    /// A 400 in Rocket.Chat's style without a code: what its database refuses.
    pub(crate) fn bad(text: impl Into<String>) -> ApiError {
        ApiError::new(Style::Chat, StatusCode::BAD_REQUEST, text)
    }

    /// A 400 in Rocket.Chat's style: the code stands in brackets after the text and in `errorType`.
    pub(crate) fn coded(text: impl fmt::Display, code: &'static str) -> ApiError {
        let text = text.to_string();
        let space = if text.is_empty() { "" } else { " " };
        let mut error = ApiError::bad(format!("{text}{space}[{code}]"));
        error.0.error_type = Some(code);
        error
    }

    /// A [`coded`](ApiError::coded) 400 of the reader of `sort`, `fields` and `query`.
    pub(crate) fn unreadable(text: impl fmt::Display, code: &'static str) -> ApiError {
        let mut error = ApiError::coded(text, code);
        error.0.details = true;
        error
    }

    /// Rocket.Chat's 403.
    pub(crate) fn no_access() -> ApiError {
        ApiError::new(Style::Chat, StatusCode::FORBIDDEN, "unauthorized")
    }

    /// The 401 of a caller nobody knows.
    pub(crate) fn logged_out(style: Style) -> ApiError {
        let text = match style {
            Style::Chat => "You must be logged in to do this.",
            Style::Zipline => "not logged in",
        };
        ApiError::new(style, StatusCode::UNAUTHORIZED, text)
    }

    /// A refusal in Zipline's style.
    pub(crate) fn zipline(status: StatusCode, text: impl Into<String>) -> ApiError {
        ApiError::new(Style::Zipline, status, text)
    }

    /// A refusal that no endpoint words itself, such as an unknown path.
    pub(crate) fn plain(status: StatusCode, text: &str) -> ApiError {
        ApiError::new(Style::Chat, status, text)
    }

    /// A failed lookup. A fault of the query is the caller's; anything else is the host's and told to
    /// nobody but him ([`ApiError::cause`]).
    pub(crate) fn lookup(style: Style, cause: Error) -> ApiError {
        if cause.kind() == ErrorKind::Query {
            return ApiError::new(style, StatusCode::BAD_REQUEST, cause.to_string());
        }
        if cause.kind() == ErrorKind::Costly {
            let mut error = ApiError::busy(style);
            error.0.is_costly = true;
            return error;
        }
        if cause.kind() == ErrorKind::Cancelled {
            return ApiError::busy(style);
        }
        let mut error = ApiError::fault(style);
        error.0.cause = Some(cause);
        error
    }

    /// The 503 of a host that has too much to do.
    pub(crate) fn busy(style: Style) -> ApiError {
        ApiError::new(style, StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
    }

    /// Whether it took more than its allowance, and is to be begun anew.
    pub(crate) fn is_costly(&self) -> bool {
        self.0.is_costly
    }

    /// A directory that can't answer.
    pub(crate) fn directory(style: Style, cause: &DirectoryError) -> ApiError {
        let mut error = ApiError::fault(style);
        error.0.cause = Some(Error::directory(cause.to_string()));
        error
    }

    fn fault(style: Style) -> ApiError {
        ApiError::new(style, StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code in `errorType`, where there is one: what a program branches on.
    pub fn error_type(&self) -> Option<&'static str> {
        self.0.error_type
    }

    /// The host's own fault behind a 500, for the host's log.
    pub fn cause(&self) -> Option<&Error> {
        self.0.cause.as_ref()
    }

    /// The JSON body.
    pub fn body(&self) -> Vec<u8> {
        let Refusal { status, style, .. } = *self.0;
        let text = quoted(&self.0.text);
        let body = match (style, status) {
            (Style::Zipline, status) => {
                format!("{{\"error\":{text},\"statusCode\":{}}}", status.as_u16())
            }
            (Style::Chat, StatusCode::UNAUTHORIZED) => {
                format!("{{\"status\":\"error\",\"message\":{text}}}")
            }
            (Style::Chat, _) => self.chat_body(&text),
        };
        body.into_bytes()
    }

    fn chat_body(&self, text: &str) -> String {
        let mut body = format!("{{\"success\":false,\"error\":{text}");
        if let Some(code) = self.0.error_type {
            body.push_str(&format!(",\"errorType\":{}", quoted(code)));
        }
        if self.0.details {
            body.push_str(",\"details\":{\"helperMethod\":\"parseJsonQuery\"}");
        }
        body.push('}');
        body
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.status.as_u16(), self.0.text)
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
