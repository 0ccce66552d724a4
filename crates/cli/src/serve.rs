//! `filedex serve`: the endpoints over HTTP, for a trial or a small host.
//!
//! Everything an endpoint means, and when it is its turn, is [`filedex::Endpoints`]'; the connections are
//! [`connections`]', the layers around each request [`layers`]'. docs/serving.md says what a host that
//! faces the internet should do beside.

mod connections;
mod descriptors;
mod layers;
mod stop;

use std::io::Write;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use filedex::{EndpointOptions, Endpoints, FileDirectory, Filedex};
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::sample;
use connections::Connections;
use stop::Stop;

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
    /// Connections at once; one more closes the one that has been idle the longest.
    #[arg(long, value_name = "NUMBER", default_value = "1024")]
    connections: NonZeroUsize,
    /// Seconds that a client may take to send the headers of a request, to be idle between two, and to
    /// read the next part of a reply.
    #[arg(long, value_name = "SECONDS", default_value = "15")]
    client_time: NonZeroU64,
    /// Lets `count=0` show a page of the default size, not everything.
    #[arg(long)]
    bound_pages: bool,
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
    let mut options = EndpointOptions::default();
    options.paging.infinite = !arguments.bound_pages;
    // Who waits for his turn holds no thread; a few more than can run find out who asks.
    let threads = options.admission.quick.get() + options.admission.slow.get() + 4;
    let (index, endpoints) = match (&arguments.source.db, &arguments.directory) {
        (Some(db), Some(file)) => {
            let directory =
                FileDirectory::open(file).map_err(|error| Failure::Other(error.to_string()))?;
            let index = Filedex::options().create(false).open(db)?;
            (index.clone(), Endpoints::with_options(index, directory, options))
        }
        _ => {
            let index = sample::index()?;
            (index.clone(), Endpoints::with_options(index, sample::directory(), options))
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(threads)
        .build()
        .map_err(|error| Failure::at("threads", error))?;
    runtime.block_on(serve(endpoints, arguments, out))?;
    runtime.shutdown_timeout(PATIENCE);
    index.close()?;
    Ok(())
}

async fn serve(
    endpoints: Endpoints,
    arguments: &Arguments,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    descriptors::raise();
    let listen = &arguments.listen;
    let told = |error| Failure::at(listen, error);
    let listener = TcpListener::bind(listen).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    let mut stop = Stop::new().map_err(|error| Failure::at("signals", error))?;
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;

    let time = Duration::from_secs(arguments.client_time.get());
    let mut connections = Connections::new(endpoints, arguments.connections, time);
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = stop.told() => {}
    }
    // A connection that never ends must not keep the program from stopping.
    connections.close_within(PATIENCE).await;
    Ok(())
}
