//! `filedex serve`: the endpoints over HTTP, for a trial or a small host.
//!
//! Everything an endpoint means, and when it is its turn, is [`filedex::Endpoints`]'; the connections are
//! [`connections`]', the layers around each request [`layers`]', what is seen of each [`observer`]'s.
//! docs/serving.md says what a host that faces the internet should do beside.

mod alarm;
mod connections;
mod descriptors;
mod layers;
mod log;
mod metrics;
mod observer;
mod process;
mod refusals;
mod status;

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use filedex::{EndpointOptions, Endpoints, FileDirectory, Filedex, Limits};
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::page::Page;
use crate::place::{self, Access};
use crate::sample;
use crate::session::Session;
use crate::signals::{Order, Signals};
use connections::Connections;
use layers::Origins;
use metrics::Metrics;
use observer::Observer;
use status::Status;

/// Answers im.files, dm.files, groups.files, channels.files, rooms.images and /api/user/files over
/// HTTP, until it gets SIGINT or SIGTERM.
///
/// The directory file is JSON: users, the hashes of their tokens (`filedex token`), and rooms with their
/// members. `filedex directory --example` prints one, `filedex directory --schema` its JSON schema. SIGHUP
/// reads it again; a file that cannot be read changes nothing.
///
/// /healthz answers `ok`. /metrics has figures for Prometheus: where only this machine can connect, or
/// wherever --metrics says so.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex serve --demo
  filedex serve --db uploads.filedex --directory directory.json --admin filedex.sock --access-log")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// A JSON file of users, their tokens' hashes, and rooms with their members (see `filedex directory`).
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    directory: Option<PathBuf>,
    /// The collection in the database of --mongodb.
    #[arg(long, value_name = "NAME", requires = "mongodb")]
    collection: Option<String>,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: String,
    /// Connections at once; one more closes the one that has been idle the longest.
    #[arg(long, value_name = "NUMBER", default_value = "1024")]
    connections: NonZeroUsize,
    /// Seconds that a client may take to send the headers of a request, to be idle between two, and to
    /// read the next part of a reply.
    #[arg(long, value_name = "SECONDS", default_value = "15")]
    client_time: NonZeroU64,
    /// Seconds that a request may work before it ends with an error.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    request_time: NonZeroU64,
    /// Lets `count=0` show a page of the default size, not everything.
    #[arg(long)]
    bound_pages: bool,
    /// A Unix socket at which this program's commands reach the open store: filedex stats --admin SOCKET.
    #[arg(long, value_name = "SOCKET")]
    admin: Option<PathBuf>,
    /// An origin whose pages may ask from browsers, such as https://chat.example.org; * for any. May be given
    /// several times.
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<layers::Origin>,
    /// Answer /metrics to whoever can connect, not only where that is this machine alone.
    #[arg(long)]
    metrics: bool,
    #[command(flatten)]
    log: log::LogOptions,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// The directory of a store.
    #[arg(long, value_name = "DIR", requires = "directory")]
    db: Option<PathBuf>,
    /// The address of a database of MongoDB's: mongodb://HOST/DATABASE.
    #[arg(long, value_name = "URI", requires = "directory")]
    mongodb: Option<String>,
    /// Serve the example records and a few thousand generated ones.
    #[arg(long)]
    demo: bool,
}

/// How long requests may take to end once the program is told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is served, and the file that may be read again.
struct Served {
    index: Filedex,
    endpoints: Endpoints,
    directory: Option<Arc<FileDirectory>>,
    /// The page at `/`, beside the endpoints of the demo.
    page: Option<Page>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut options = EndpointOptions::default();
    options.paging.infinite = !arguments.bound_pages;
    // Who asks is known here, and what is asked for lies here, unless servers have it.
    options.admission.in_place = arguments.source.mongodb.is_none();
    // Who waits for his turn holds no thread; a few more than can run find out who asks.
    let threads = options.admission.quick.get() + options.admission.slow.get() + 4;
    log::begin(&arguments.log)?;
    let served = open(arguments, options)?;
    let admin = listen_to_admins(arguments, &served.index)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(threads)
        .build()
        .map_err(|error| Failure::at("threads", error))?;
    let index = served.index.clone();
    runtime.block_on(serve(served, arguments, session))?;
    runtime.shutdown_timeout(PATIENCE);
    if let Some(admin) = admin {
        admin.close_within(PATIENCE);
    }
    index.close()?;
    Ok(())
}

fn open(arguments: &Arguments, options: EndpointOptions) -> Result<Served, Failure> {
    let time = Duration::from_secs(arguments.request_time.get());
    let limits = Limits::default().with_time(time);
    let Some(file) = &arguments.directory else {
        let index = sample::index(limits)?;
        let endpoints = Endpoints::with_options(index.clone(), sample::directory(), options);
        let page = Some(Page::new(index.clone(), endpoints.admission().clone(), "demo"));
        return Ok(Served { index, endpoints, directory: None, page });
    };
    let directory = FileDirectory::open(file).map_err(|error| Failure::Other(error.to_string()))?;
    let directory = Arc::new(directory);
    let asked = Filedex::options().create(false).limits(limits);
    let index = match &arguments.source {
        Source { mongodb: Some(address), .. } => {
            let collection = arguments.collection.as_deref();
            place::servers(address, collection, Access::Read, &asked)?
        }
        Source { db, .. } => asked.open(db.as_deref().unwrap_or(Path::new("")))?,
    };
    for done in index.recoveries() {
        tracing::info!("on opening: {done}");
    }
    let endpoints = Endpoints::with_options(index.clone(), Arc::clone(&directory), options);
    Ok(Served { index, endpoints, directory: Some(directory), page: None })
}

#[cfg(unix)]
fn listen_to_admins(
    arguments: &Arguments,
    index: &Filedex,
) -> Result<Option<crate::admin::server::Admin>, Failure> {
    use crate::admin::server::Admin;

    arguments.admin.as_ref().map(|path| Admin::listen(path, index.clone())).transpose()
}

#[cfg(not(unix))]
fn listen_to_admins(arguments: &Arguments, _: &Filedex) -> Result<Option<NoAdmin>, Failure> {
    match &arguments.admin {
        Some(_) => Err(Failure::Other("--admin takes a system with Unix sockets".to_owned())),
        None => Ok(None),
    }
}

#[cfg(not(unix))]
struct NoAdmin;

#[cfg(not(unix))]
impl NoAdmin {
    fn close_within(self, _: Duration) {}
}

async fn serve(
    mut served: Served,
    arguments: &Arguments,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    descriptors::raise();
    let listen = &arguments.listen;
    let told = |error| Failure::at(listen, error);
    let listener = TcpListener::bind(listen).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    let mut signals = Signals::new().map_err(|error| Failure::at("signals", error))?;
    writeln!(session.out, "listening on http://{address}")?;
    if let Some(page) = &served.page {
        page.invite(address, &mut session.out)?;
    }
    session.out.flush()?;

    let metrics = Arc::new(Metrics::new().map_err(|error| Failure::at("metrics", error))?);
    let shows_metrics = arguments.metrics || address.ip().is_loopback();
    let status = Status::new(served.index, Arc::clone(&metrics), shows_metrics);
    let observer = Observer::new(served.endpoints.clone(), Arc::clone(&metrics), &arguments.log);
    let origins = Origins::new(&arguments.cors_origin);
    let service = layers::Service::new(served.endpoints, status, origins);
    let service = service.with_page(served.page.as_ref().map(Page::router));
    let time = Duration::from_secs(arguments.client_time.get());
    let mut connections = Connections::new(service, observer, arguments.connections, time);
    loop {
        tokio::select! {
            () = connections.accept(&listener) => {}
            order = signals.next() => match order {
                Order::Stop => break,
                Order::Reload => reload(served.directory.clone()),
            },
            invited = invite_others(&mut served.page, address, session) => invited?,
        }
    }
    // A connection that never ends must not keep the program from stopping.
    connections.close_within(PATIENCE).await;
    Ok(())
}

async fn invite_others(
    page: &mut Option<Page>,
    address: SocketAddr,
    session: &mut Session<'_>,
) -> std::io::Result<()> {
    match page {
        Some(page) => page.invite_others(address, &mut session.out).await,
        None => std::future::pending().await,
    }
}

/// Reads the directory file again, beside the requests.
fn reload(directory: Option<Arc<FileDirectory>>) {
    let Some(directory) = directory else {
        return tracing::info!("SIGHUP: there is no directory file to read again");
    };
    tokio::task::spawn_blocking(move || match directory.reload() {
        Ok(()) => tracing::info!("SIGHUP: the directory file was read again"),
        Err(error) => tracing::error!("SIGHUP: {error}; the users and rooms stay as they were"),
    });
}
