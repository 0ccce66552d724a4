//! Each view: its address read, what it needs asked in its turn, its templates filled.
//!
//! A view that may take long is sent in parts: its frame at once, each part once it is known. When the browser goes,
//! the parts that are to come go with it, and what is being asked for them ends.

use std::convert::Infallible;
use std::future::Future;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Redirect, Response};
use filedex::{Cancel, Result, Turn};
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HOST};
use http::{HeaderMap, StatusCode, Uri};
use maud::Markup;
use tokio::sync::mpsc;

use super::browser::{Browser, HTML, Shared};
use super::headers::Nonce;
use crate::ask::{
    Download, Facets, Fault, Format, Found, Health, HolderQuestion, Kind, Overview, Part, Question,
    Snippets,
};
use crate::show;

/// The name under which whoever looks takes his turn among other callers.
const CALLER: &str = "browse";

/// A part of a view that is to come.
type Coming = std::pin::Pin<Box<dyn Future<Output = String> + Send>>;

pub(super) async fn overview(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
) -> Response {
    let index = browser.shared().index.clone();
    let asked = ask(browser.shared(), move |turn| Overview::of(&index, turn)).await;
    let frame =
        show::Frame { label: &browser.shared().label, nonce: &nonce.0, title: "Overview", at: "/" };
    page(asked.map(|overview| show::overview(&frame, &overview)), &frame)
}

pub(super) async fn rooms(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
    uri: Uri,
) -> Response {
    holders(&browser, &nonce, &uri, Kind::Rooms).await
}

pub(super) async fn users(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
    uri: Uri,
) -> Response {
    holders(&browser, &nonce, &uri, Kind::Users).await
}

async fn holders(browser: &Browser, nonce: &Nonce, uri: &Uri, kind: Kind) -> Response {
    let question = HolderQuestion::parse(kind, uri.query().unwrap_or_default());
    let (index, asked) = (browser.shared().index.clone(), question.clone());
    let listing = ask(browser.shared(), move |turn| asked.answer(&index, turn)).await;
    let title = if kind == Kind::Rooms { "Rooms" } else { "Users" };
    let frame =
        show::Frame { label: &browser.shared().label, nonce: &nonce.0, title, at: kind.path() };
    page(listing.map(|listing| show::holders(&frame, &question, &listing)), &frame)
}

/// Files: the form at once, then the table, then what has to be counted.
pub(super) async fn files(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let parameters = uri.query().unwrap_or_default();
    let question = Question::parse(parameters);
    if is_of_a_form(parameters) {
        return Redirect::to(&question.address("/files")).into_response();
    }
    let shared = browser.shared();
    let frame = show::Frame { label: &shared.label, nonce: &nonce.0, title: "Files", at: "/files" };
    let tabs = tabs(shared, &question).await;
    let lookup = match question.lookup(&shared.index) {
        Ok(lookup) => lookup,
        Err(fault) => {
            let parts = show::files(&frame, &question, tabs.as_ref(), Some(&fault));
            return (StatusCode::BAD_REQUEST, html(parts.concat())).into_response();
        }
    };
    let [before, between, after] = show::files(&frame, &question, tabs.as_ref(), None);
    let host =
        headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let (asker, asked, all) = (browser.clone(), lookup.clone(), tabs.map(|tabs| tabs.all));
    let results: Coming = Box::pin(async move {
        let found = ask(asker.shared(), move |turn| Found::of(asked.clone(), turn)).await;
        let snippets = Snippets::of(&question, &host);
        show::results(&question, found.as_ref(), all, snippets.as_ref()).into_string()
    });
    let facets: Coming = Box::pin(async move {
        let question = Question::parse(uri.query().unwrap_or_default());
        let (index, asked) = (browser.shared().index.clone(), question.clone());
        let facets = long(browser.shared(), move |turn| Facets::of(&index, &asked, lookup, turn));
        let facets = facets.await;
        show::facets(&question, facets.as_ref()).into_string()
    });
    streamed([ready(before), results, ready(between), facets, ready(after)])
}

/// How many files each type has; nothing where that would have to be counted, or cannot be had now.
async fn tabs(shared: &Shared, question: &Question) -> Option<crate::ask::Tabs> {
    let (index, question) = (shared.index.clone(), question.clone());
    ask(shared, move |turn| question.tabs(&index, turn)).await.ok().flatten()
}

pub(super) async fn record(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
    uri: Uri,
) -> Response {
    let parameters = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(parameters.as_bytes());
    let id =
        pairs.find(|(name, _)| name == "id").map(|(_, id)| id.into_owned()).unwrap_or_default();
    let (index, wanted) = (browser.shared().index.clone(), id.clone());
    let found = ask(browser.shared(), move |_| index.get_document(&wanted)).await;
    let frame = show::Frame {
        label: &browser.shared().label,
        nonce: &nonce.0,
        title: "Record",
        at: "/files",
    };
    let question = Question::parse(parameters);
    match found {
        Ok(Some(record)) => html(show::record(&frame, &id, &record, &question).into_string()),
        Ok(None) => not_there(&frame, "There is no record of that id (any more)."),
        Err(fault) => failed(&frame, &fault),
    }
}

/// How the page was found, as the library says it.
pub(super) async fn explain(State(browser): State<Browser>, uri: Uri) -> Response {
    let question = Question::parse(uri.query().unwrap_or_default());
    let lookup = match question.lookup(&browser.shared().index) {
        Ok(lookup) => lookup,
        Err(fault) => return plain(&fault),
    };
    let explained = ask(browser.shared(), move |turn| turn.of(lookup.clone()).explain()).await;
    match explained.map(|explain| serde_json::to_vec_pretty(&explain)) {
        Ok(Ok(json)) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(fault) => plain(&fault),
    }
}

/// All matches as a file. One that ends early is broken off, so that it never looks whole.
pub(super) async fn download(State(browser): State<Browser>, uri: Uri) -> Response {
    let question = Question::parse(uri.query().unwrap_or_default()).restart();
    let format = uri.path().rsplit('.').next().and_then(Format::of).unwrap_or(Format::Json);
    let columns = show::columns_of(&question);
    let cancel = Cancel::default();
    let begun = Download::new(&browser.shared().index, &question, format, columns);
    let download = match begun {
        Ok(download) => download.ended_by(&cancel),
        Err(fault) => return plain(&fault),
    };
    let state = (browser, Some(download), Raise(cancel));
    let pieces = stream::unfold(state, |(browser, download, raise)| async move {
        let mut download = download?;
        let written = long(browser.shared(), move |_| {
            let piece = download.next()?;
            Ok((piece, download))
        });
        match written.await {
            Ok((Some(piece), download)) => {
                Some((Ok(Bytes::from(piece)), (browser, Some(download), raise)))
            }
            Ok((None, _)) => None,
            Err(fault) => Some((Err(std::io::Error::other(fault.words)), (browser, None, raise))),
        }
    });
    let name = format!(
        "attachment; filename=\"files.{}\"",
        uri.path().rsplit('.').next().unwrap_or("json")
    );
    let headers = [(CONTENT_TYPE, format.media_type().to_owned()), (CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(pieces)).into_response()
}

/// What is known at once; and, asked for, a verification whose progress is sent while it goes on.
pub(super) async fn health(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
    uri: Uri,
) -> Response {
    let index = browser.shared().index.clone();
    let health = ask(browser.shared(), move |turn| Health::of(&index, turn)).await;
    let frame = show::Frame {
        label: &browser.shared().label,
        nonce: &nonce.0,
        title: "Health",
        at: "/health",
    };
    let health = match health {
        Ok(health) => health,
        Err(fault) => return failed(&frame, &fault),
    };
    let is_asked = uri.query().is_some_and(|query| query.contains("verify="));
    let [before, after] = show::health(&frame, &health, is_asked);
    if !is_asked {
        return html(before + &after);
    }
    let head = stream::iter([before]);
    let body = head.chain(verification(browser)).chain(stream::iter([after]));
    let mut response = html(Body::from_stream(body.map(Ok::<_, Infallible>)));
    response.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

/// Steps of a verification that are told.
const TOLD: u64 = 40;

/// Lines of a verification: how far it is, then what it found.
fn verification(browser: Browser) -> impl Stream<Item = String> + Send {
    let (tell, told) = mpsc::channel::<String>(TOLD as usize + 2);
    let work = async move {
        let (index, mut last, teller) = (browser.shared().index.clone(), 0, tell.clone());
        let report = long(browser.shared(), move |turn| {
            index.verify_within(&turn.watch(), &mut |done, of| {
                let step = done * TOLD / of.max(1);
                if step > last {
                    last = step;
                    // Who does not read on misses a step.
                    let _ = teller.try_send(show::verifying(done, of).into_string());
                }
            })
        });
        let _ = tell.try_send(show::verified(report.await.as_ref()).into_string());
    };
    let told = stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) });
    // Whoever reads drives the work, too.
    stream::select(told, stream::once(work).filter_map(|()| std::future::ready(None)))
}

pub(super) async fn missing(
    State(browser): State<Browser>,
    Extension(nonce): Extension<Nonce>,
) -> Response {
    let frame =
        show::Frame { label: &browser.shared().label, nonce: &nonce.0, title: "Not here", at: "" };
    not_there(&frame, "There is no such view.")
}

/// Work of a view, begun at once with a small allowance.
async fn ask<T: Send + 'static>(
    shared: &Shared,
    work: impl Fn(&Turn) -> Result<T> + Send + Sync + 'static,
) -> std::result::Result<T, Fault> {
    match shared.gate.run(CALLER, work).await {
        Ok(done) => done.map_err(|error| Fault::at(Part::Whole, &error)),
        Err(refused) => Err(Fault::busy(refused)),
    }
}

/// Work that is known to be long.
async fn long<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&Turn) -> Result<T> + Send + 'static,
) -> std::result::Result<T, Fault> {
    match shared.gate.run_long(CALLER, work).await {
        Ok(done) => done.map_err(|error| Fault::at(Part::Whole, &error)),
        Err(refused) => Err(Fault::busy(refused)),
    }
}

/// Whether the parameters are those of a form, with empty ones among them.
fn is_of_a_form(parameters: &str) -> bool {
    form_urlencoded::parse(parameters.as_bytes()).any(|(_, value)| value.is_empty())
}

fn ready(text: String) -> Coming {
    Box::pin(std::future::ready(text))
}

fn streamed(parts: [Coming; 5]) -> Response {
    let parts = stream::iter(parts).then(|part| part).map(Ok::<_, Infallible>);
    html(Body::from_stream(parts))
}

fn html(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, HTML)], body.into()).into_response()
}

fn page(shown: std::result::Result<Markup, Fault>, frame: &show::Frame<'_>) -> Response {
    match shown {
        Ok(shown) => html(shown.into_string()),
        Err(fault) => failed(frame, &fault),
    }
}

fn failed(frame: &show::Frame<'_>, fault: &Fault) -> Response {
    (status(fault), html(show::fault(frame, fault).into_string())).into_response()
}

fn not_there(frame: &show::Frame<'_>, words: &str) -> Response {
    (StatusCode::NOT_FOUND, html(show::missing(frame, words).into_string())).into_response()
}

/// A fault where no page is asked for.
fn plain(fault: &Fault) -> Response {
    let shown = fault.shown.as_deref().unwrap_or_default();
    let text = format!("{}\n{shown}\n", fault.words);
    (status(fault), [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn status(fault: &Fault) -> StatusCode {
    if fault.is_askers { StatusCode::BAD_REQUEST } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Ends a download whose reader goes.
struct Raise(Cancel);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
