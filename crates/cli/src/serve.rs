//! `filedex serve`: the endpoints over HTTP, for a trial or a small host.
//!
//! Everything an endpoint means is [`filedex::Endpoints`]'; this file moves requests and answers
//! between it and the network, and stops when told to.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use clap::Args;
use filedex::{Endpoints, FileDirectory, Filedex};
use http::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::sample;

/// Answers im.files, dm.files, groups.files, channels.files, rooms.images and /api/user/files over
/// HTTP, until it gets SIGINT or SIGTERM.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// A JSON file of users, their tokens' hashes, and rooms with their members.
    #[arg(long, value_name = "FILE", requires = "db")]
    directory: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: String,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// The directory of a store.
    #[arg(long, value_name = "DIR", requires = "directory")]
    db: Option<PathBuf>,
    /// Serve the example records and a few thousand generated ones.
    #[arg(long)]
    demo: bool,
}

/// How long requests may take to end once the program is told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let (index, endpoints) = match (&arguments.source.db, &arguments.directory) {
        (Some(db), Some(file)) => {
            let directory =
                FileDirectory::open(file).map_err(|error| Failure::Other(error.to_string()))?;
            let index = Filedex::options().create(false).open(db)?;
            (index.clone(), Endpoints::new(index, directory))
        }
        _ => {
            let index = sample::index()?;
            (index.clone(), Endpoints::new(index, sample::directory()))
        }
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::at("threads", error))?;
    runtime.block_on(serve(endpoints, &arguments.listen, out))?;
    runtime.shutdown_timeout(PATIENCE);
    index.close()?;
    Ok(())
}

async fn serve(endpoints: Endpoints, listen: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let told = |error| Failure::at(listen, error);
    let listener = TcpListener::bind(listen).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    let mut stop = Stop::new().map_err(|error| Failure::at("signals", error))?;
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;

    let (ended, end) = oneshot::channel();
    let door = Router::new().fallback(answer).with_state(Arc::new(endpoints));
    let server = axum::serve(listener, door).with_graceful_shutdown(async {
        let _ = end.await;
    });
    let server = tokio::spawn(server.into_future());
    stop.told().await;
    let _ = ended.send(());
    // A connection that never ends must not keep the program from stopping.
    let _ = tokio::time::timeout(PATIENCE, server).await;
    Ok(())
}

async fn answer(State(endpoints): State<Arc<Endpoints>>, request: Request) -> Response<Body> {
    // No endpoint has a body to read.
    let request = request.map(|_| []);
    // Lookups read files and may take a while: they run beside the tasks that serve connections.
    match tokio::task::spawn_blocking(move || endpoints.handle(request)).await {
        Ok(response) => response.map(Body::from),
        Err(_) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// The signals that end the program, watched from the moment this is made.
struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Stop {
    #[cfg(unix)]
    fn new() -> std::io::Result<Stop> {
        use tokio::signal::unix::{SignalKind, signal};

        let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Stop { signals })
    }

    #[cfg(unix)]
    async fn told(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Stop> {
        Ok(Stop {})
    }

    #[cfg(not(unix))]
    async fn told(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
