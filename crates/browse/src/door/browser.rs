//! The page as a service: one router, with the guard before every view.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use filedex::{Admission, Filedex};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::headers::{self, Nonce};
use super::pass::Pass;
use super::views;
use crate::{asset, show};

/// The page over an index. Clones are of the same page.
#[derive(Clone)]
pub struct Browser(Arc<Shared>);

pub(super) struct Shared {
    pub(super) index: Filedex,
    pub(super) gate: Admission,
    pub(super) label: String,
    pass: Pass,
    told: Box<dyn Fn(&str) + Send + Sync>,
}

impl Browser {
    /// A page over that index, called `label` on it. What it asks takes its turn in the places of `gate`; give
    /// it [`filedex::Endpoints::admission`] where endpoints stand on the same index.
    ///
    /// `told` is called with a new token whenever one was used, for another browser.
    pub fn new(
        index: Filedex,
        gate: Admission,
        label: impl Into<String>,
        told: impl Fn(&str) + Send + Sync + 'static,
    ) -> Browser {
        let (label, told) = (label.into(), Box::new(told));
        Browser(Arc::new(Shared { index, gate, label, pass: Pass::new(), told }))
    }

    /// The token that lets the next browser in, once: `/?token=` and it.
    pub fn token(&self) -> String {
        self.0.pass.token()
    }

    /// The views under their addresses, all of them for GET and HEAD. Mount it at the root.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(views::overview))
            .route("/rooms", get(views::rooms))
            .route("/users", get(views::users))
            .route("/files", get(views::files))
            .route("/record", get(views::record))
            .route("/explain.json", get(views::explain))
            .route("/download.json", get(views::download))
            .route("/download.ndjson", get(views::download))
            .route("/download.csv", get(views::download))
            .route("/health", get(views::health))
            .fallback(views::missing)
            .layer(from_fn_with_state(self.clone(), guard))
            .with_state(self.clone())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("label", &self.0.label).finish_non_exhaustive()
    }
}

/// Lets in who has the cookie; gives one to who has the token.
async fn guard(State(browser): State<Browser>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    request.extensions_mut().insert(nonce.clone());
    let mut response = if request.uri().path().starts_with(asset::FOLDER) {
        asset_at(request.uri().path())
    } else {
        let token = parameter(request.uri(), TOKEN);
        let is_in = browser.0.admits(request.headers());
        match token {
            None if is_in => next.run(request).await,
            token => browser.0.sign_in(&request, token, is_in, &nonce),
        }
    };
    headers::add(&mut response, &nonce);
    response
}

/// A file of the program, which anybody may read and keep.
fn asset_at(path: &str) -> Response {
    let kept = "public, max-age=31536000, immutable";
    match asset::at(path) {
        Some(asset) => {
            ([(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, kept)], asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// The parameter that a token comes in.
const TOKEN: &str = "token";

impl Shared {
    /// Whether the request has the cookie of somebody who is in.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let name = cookie_name(headers);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(key, value)| key == name && self.pass.admits(value))
    }

    /// What somebody gets who has a token, or neither token nor cookie.
    fn sign_in(
        &self,
        request: &Request,
        token: Option<String>,
        is_in: bool,
        nonce: &Nonce,
    ) -> Response {
        let session = token.as_deref().and_then(|token| self.pass.redeem(token.trim()));
        if session.is_some() {
            (self.told)(&self.pass.token());
        }
        if session.is_none() && !is_in {
            let is_wrong = token.is_some();
            let parameters = without_token(request.uri());
            let shown = show::sign_in(&nonce.0, request.uri().path(), &parameters, is_wrong);
            return (StatusCode::UNAUTHORIZED, [(CONTENT_TYPE, HTML)], shown.into_string())
                .into_response();
        }
        // On to the address without the token, which is of no more use.
        let mut response = StatusCode::SEE_OTHER.into_response();
        let to = address(request.uri().path(), &without_token(request.uri()));
        let headers = response.headers_mut();
        headers.extend(HeaderValue::try_from(to).map(|to| (LOCATION, to)));
        if let Some(session) = session {
            let name = cookie_name(request.headers());
            let cookie = format!("{name}={session}; Path=/; HttpOnly; SameSite=Strict");
            headers.extend(HeaderValue::try_from(cookie).map(|cookie| (SET_COOKIE, cookie)));
        }
        response
    }
}

/// Cookies are shared by all ports of a host; the name keeps those of several pages apart.
fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, port)| port);
    let port =
        port.filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    format!("filedex-{}", port.unwrap_or("80"))
}

fn parameters(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned()))
}

fn parameter(uri: &Uri, wanted: &str) -> Option<String> {
    parameters(uri).find(|(name, _)| name == wanted).map(|(_, value)| value)
}

fn without_token(uri: &Uri) -> Vec<(String, String)> {
    parameters(uri).filter(|(name, _)| name != TOKEN).collect()
}

/// A path of this page with its parameters: never another host, whatever the path is.
fn address(path: &str, parameters: &[(String, String)]) -> String {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let path = format!("/{}", path.trim_start_matches(['/', '\\']));
    if encoded.is_empty() { path } else { format!("{path}?{encoded}") }
}
