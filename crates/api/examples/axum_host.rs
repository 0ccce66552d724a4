//! A host of uploads on axum: routes of its own beside the published APIs, over one index, through one gate.
//! Short requests run at once, long ones wait for their turn, and whoever hangs up ends what he asked.
//!
//! `cargo run -p filedex --example axum_host --features tokio -- 127.0.0.1:3000 uploads.filedex`; who may call a host's
//! own routes is the host's to say. What else one that faces the internet sets is told in docs/serving.md.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use filedex::{
    Date, Endpoints, Filedex, ImportOptions, MemoryDirectory, News, Policy, Refused, Room,
    RoomKind, Scope, Turn, User, doc,
};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};

/// What this host knows of an upload.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Upload {
    #[serde(rename = "_id")]
    id: String,
    rid: String,
    user_id: String,
    name: String,
    type_group: String,
    size: i64,
    #[serde(default = "Date::now")]
    uploaded_at: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes_at: Option<Date>,
}

const QUOTA: i64 = 1_000_000_000;
const PAGE: u64 = 50;
const NEWEST: &str = r#"{"uploadedAt": -1}"#;

type Host = State<Endpoints>;
type Answer = Result<Response, Refusal>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let index = match arguments.get(1) {
        Some(path) => Filedex::open(path)?,
        None => Filedex::temporary()?,
    };
    let expiring = filedex::tokio::Filedex::new(index.clone());
    tokio::spawn(async move {
        loop {
            if let Err(error) = expiring.expire("deletesAt", Date::now()).await {
                eprintln!("{error}");
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    });
    let host = Router::new()
        .route("/files", put(upload))
        .route("/files/{id}", get(jump).post(change).delete(remove))
        .route("/rooms/{room}", get(list).delete(remove_room))
        .route("/rooms/{room}/badges", get(badges))
        .route("/rooms/{room}/live", get(live))
        .route("/users/{user}", get(used).delete(remove_user))
        .route("/import", post(import).layer(DefaultBodyLimit::max(64 << 20)))
        .route("/backup", post(backup))
        .route("/metrics", get(metrics))
        .fallback(published)
        .with_state(Endpoints::new(index, directory()));
    let address = arguments.first().map_or("127.0.0.1:3000", String::as_str);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, host).await?)
}

fn directory() -> MemoryDirectory {
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new("u1", "ada"));
    directory.add_token("u1", "secret");
    directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), ["u1"]);
    directory
}

/// The APIs of Rocket.Chat and Zipline.
async fn published(State(endpoints): Host, request: Request) -> Response {
    // The bytes of a reply count as held until they are sent.
    endpoints.answer(request).await.map(|reply| Body::from(Bytes::from_owner(reply)))
}

/// Puts an upload in, unless it is there already or its user would have more than the quota.
async fn upload(State(host): Host, body: Bytes) -> Answer {
    let upload: Upload = serde_json::from_slice(&body)
        .map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    let done = turn(&host, move |index, _| {
        index.write(|batch| {
            if batch.get(&upload.id)?.is_some() {
                return Ok(StatusCode::CONFLICT);
            }
            let used = batch.user(&upload.user_id)?.sum("size")?.as_i64().unwrap_or(i64::MAX);
            if used.saturating_add(upload.size) > QUOTA {
                return Ok(StatusCode::INSUFFICIENT_STORAGE);
            }
            batch.put(&upload)?;
            Ok(StatusCode::CREATED)
        })
    });
    Ok(done.await?.into_response())
}

/// `?query=` searches, `?after=` goes on behind a page; the header `x-next` has the token of the next one.
async fn list(State(host): Host, Path(room): Path<String>, uri: Uri) -> Answer {
    let (query, after) = (parameter(&uri, "query"), parameter(&uri, "after"));
    let page = turn(&host, move |index, turn| {
        let mut files = turn.of(index.room(&room)).policy(&Policy::default()).sort(NEWEST)?;
        if let Some(query) = &query {
            files = files.query(query)?;
        }
        if let Some(token) = &after {
            files = files.after_token(token);
        }
        files.count(PAGE).page()
    });
    let page = page.await?;
    Ok(([("x-next", page.next_token().unwrap_or_default())], page.to_json()).into_response())
}

/// The page of its room that a file is on.
async fn jump(State(host): Host, Path(id): Path<String>) -> Answer {
    let page = turn(&host, move |index, turn| {
        let Some(file) = index.get(&id)? else { return Ok(None) };
        let files = turn.of(index.room(file.room().unwrap_or_default())).sort(NEWEST)?;
        let Some(rank) = files.rank(&id)? else { return Ok(None) };
        files.offset(rank / PAGE * PAGE).count(PAGE).page().map(Some)
    });
    let page = page.await?.map(|page| page.to_json().into_response());
    Ok(page.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response()))
}

/// `?room=` moves the file there; a body is a change in MongoDB's update language.
async fn change(State(host): Host, Path(id): Path<String>, uri: Uri, body: String) -> Answer {
    let change = match parameter(&uri, "room") {
        Some(room) => filedex::Change::from(doc! { "$set": { "rid": room } }),
        None => filedex::Change::new(body),
    };
    let changed = turn(&host, move |index, _| index.update_with(&id, &change)).await?;
    let status = if changed.is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    Ok(status.into_response())
}

async fn remove(State(host): Host, Path(id): Path<String>) -> Answer {
    let was_there = turn(&host, move |index, _| index.remove(&id)).await?;
    let status = if was_there { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    Ok(status.into_response())
}

async fn remove_room(State(host): Host, Path(room): Path<String>) -> Answer {
    let gone = long(&host, move |index, turn| turn.of(index.room(&room)).remove_all());
    Ok(format!("{} files\n", gone.await?).into_response())
}

async fn remove_user(State(host): Host, Path(user): Path<String>) -> Answer {
    let gone = long(&host, move |index, turn| turn.of(index.user(&user)).remove_all());
    Ok(format!("{} files\n", gone.await?).into_response())
}

async fn used(State(host): Host, Path(user): Path<String>) -> Answer {
    let used = turn(&host, move |index, turn| turn.of(index.user(&user)).sum("size"));
    Ok(format!("{} of {QUOTA} bytes\n", used.await?.as_i64().unwrap_or(0)).into_response())
}

async fn badges(State(host): Host, Path(room): Path<String>) -> Answer {
    let counts = turn(&host, move |index, turn| turn.of(index.room(&room)).counts_by("typeGroup"));
    let counts = counts.await?.into_iter();
    let badges: BTreeMap<String, u64> =
        counts.map(|(group, files)| (group.as_str().unwrap_or("none").to_owned(), files)).collect();
    Ok(serde_json::json!(badges).to_string().into_response())
}

/// Events of a room, as they come.
async fn live(
    State(host): Host,
    Path(room): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let index = filedex::tokio::Filedex::new(host.index().clone());
    let changes = index.watch(Scope::everything().room(&room)).await?;
    let events = stream::unfold(changes, |mut changes| async move {
        let event = match changes.next().await? {
            Ok(News::Commit(commit)) => {
                let changes = commit.changes.iter();
                let told: Vec<String> =
                    changes.map(|change| format!("{:?} {}", change.what, change.id)).collect();
                Event::default().id(commit.number.to_string()).data(told.join(", "))
            }
            // Something went by unseen: what is there says it all.
            _ => Event::default().event("reload").data(""),
        };
        Some((Ok(event), changes))
    });
    Ok(Sse::new(events))
}

async fn import(State(host): Host, body: Bytes) -> Answer {
    let imported = long(&host, move |index, turn| {
        index.import(&*body, &ImportOptions::default().cancel(turn.cancel.clone()))
    });
    let report = imported.await?;
    let mut told = format!("{} in, {} not\n", report.tally.inserted, report.bad);
    for fault in report.faults {
        told +=
            &format!("{}: {} {}\n", fault.place, fault.id.as_deref().unwrap_or("-"), fault.reason);
    }
    Ok(told.into_response())
}

/// A night's backup, while everything goes on.
async fn backup(State(host): Host) -> Answer {
    let path = std::env::temp_dir().join(format!("uploads-{}.jsonl", std::process::id()));
    let told = path.display().to_string();
    let backup =
        long(&host, move |index, turn| index.backup_within(path, &turn.watch(), &mut |_, _| ()));
    Ok(format!("{} records in {told}\n", backup.await?.records).into_response())
}

async fn metrics(State(host): Host) -> Answer {
    let stats = turn(&host, |index, turn| index.stats_within(&turn.watch())).await?;
    let mut text =
        format!("filedex_records {}\nfiledex_disk_bytes {}\n", stats.records, stats.disk_bytes);
    text += &format!("filedex_slow_executions_total {}\n", stats.work.slow);
    for cache in host.index().activity().caches {
        text += &format!("filedex_cache_bytes{{cache=\"{}\"}} {}\n", cache.name, cache.bytes);
    }
    Ok(text.into_response())
}

/// Work of the host's own, which takes its turn among the requests of the endpoints.
async fn turn<T: Send + 'static>(
    host: &Endpoints,
    work: impl Fn(&Filedex, &Turn) -> filedex::Result<T> + Send + Sync + 'static,
) -> Result<T, Refusal> {
    let index = host.index().clone();
    Ok(host.admission().run("host", move |turn| work(&index, turn)).await??)
}

/// Work that is known to be long.
async fn long<T: Send + 'static>(
    host: &Endpoints,
    work: impl FnOnce(&Filedex, &Turn) -> filedex::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    let index = host.index().clone();
    Ok(host.admission().run_long("host", move |turn| work(&index, turn)).await??)
}

/// What a caller is told; what is not for him goes to the log.
struct Refusal(StatusCode, String);

impl From<filedex::Error> for Refusal {
    fn from(error: filedex::Error) -> Refusal {
        let status = StatusCode::from_u16(error.http_status());
        match status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
            status if status.is_server_error() => {
                eprintln!("{error:?}");
                Refusal(status, "that did not work".to_owned())
            }
            status => Refusal(status, error.to_string()),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal(StatusCode::SERVICE_UNAVAILABLE, refused.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1 + "\n").into_response()
    }
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
