//! `filedex browse`: a page over a store, for whoever is at this machine.
//!
//! What the page is, is [`Page`]'s; this file opens the store, listens, and says where.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use filedex::{Admission, AdmissionOptions, Filedex, Limits};
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::page::Page;
use crate::sample;
use crate::session::Session;
use crate::signals::{Order, Signals};

/// Opens a page that shows what is in a store: rooms, users, types, files; tries queries and draws how each was
/// answered. Changes nothing.
///
/// Prints the page's address with a token that lets one browser in, and another one once it was used. Only
/// this machine can connect, unless --listen says otherwise; the page has no TLS of its own.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex browse --demo
  filedex browse --db uploads.filedex")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3001")]
    listen: String,
    /// Open the page in this machine's browser.
    #[arg(long)]
    open: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// The directory of a store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// Show the example records and a few thousand generated ones.
    #[arg(long)]
    demo: bool,
}

/// How long replies may take to end once the program is told to stop.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let (index, label) = match &arguments.source.db {
        Some(db) => (Filedex::options().create(false).open(db)?, label_of(db)),
        None => (sample::index(Limits::default())?, "demo".to_owned()),
    };
    let places = AdmissionOptions::default();
    let threads = places.quick.get() + places.slow.get() + 4;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(threads)
        .build()
        .map_err(|error| Failure::at("threads", error))?;
    let page = Page::new(index.clone(), Admission::new(places), &label);
    runtime.block_on(browse(page, arguments, session))?;
    runtime.shutdown_timeout(PATIENCE);
    index.close()?;
    Ok(())
}

/// What a store is called on its page: the name of its directory.
fn label_of(db: &Path) -> String {
    let whole = db.canonicalize().unwrap_or_else(|_| db.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| db.display().to_string())
}

async fn browse(
    mut page: Page,
    arguments: &Arguments,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let told = |error| Failure::at(&arguments.listen, error);
    let listener = TcpListener::bind(&arguments.listen).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    let mut signals = Signals::new().map_err(|error| Failure::at("signals", error))?;
    let invitation = page.invite(address, &mut session.out)?;
    if !address.ip().is_loopback() {
        writeln!(session.err, "filedex: others can connect to {address}, and there is no TLS")?;
    }
    if arguments.open
        && let Err(error) = open::that_detached(&invitation)
    {
        writeln!(session.err, "filedex: no browser could be started: {error}")?;
    }
    let mut served = std::pin::pin!(axum::serve(listener, page.router()).into_future());
    loop {
        tokio::select! {
            served = &mut served => return served.map_err(told),
            order = signals.next() => if matches!(order, Order::Stop) {
                return Ok(());
            },
            invited = page.invite_others(address, &mut session.out) => invited?,
        }
    }
}
