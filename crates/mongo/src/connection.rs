//! The driver, on a runtime of its own, and calls to it that end when they have to.
//!
//! This file knows how servers are reached; it knows no records and no plans.

use std::sync::Arc;
use std::time::{Duration, Instant};

use filedex::{Error, ErrorKind, Result};
use mongodb::bson::{RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::{Acknowledgment, ClientOptions, CollectionOptions, WriteConcern};
use mongodb::{Client, ClientSession, Collection, Database};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::error;
use crate::options::{DATABASE, MongoOptions};
use crate::wait::wait;

/// Time in which a server has to be found, unless the address says otherwise.
const SELECTION: Duration = Duration::from_secs(5);

/// Threads that wait for servers. What records mean is worked out by those who ask.
const THREADS: usize = 2;

/// Servers, a database and a collection in it.
pub(crate) struct Connection {
    runtime: Option<Runtime>,
    pub(crate) servers: Servers,
    pub(crate) is_read_only: bool,
    pub(crate) time: Duration,
}

/// What a task on the runtime needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Servers {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) records: Collection<RawDocumentBuf>,
    /// Whether several commands can see one moment, and happen as one.
    pub(crate) has_transactions: bool,
}

impl Connection {
    /// Finds the servers and asks what they are.
    pub(crate) fn open(options: &MongoOptions) -> Result<Connection> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("filedex-mongo")
            .enable_all()
            .build()
            .map_err(|cause| {
                Error::new(ErrorKind::Io, "no threads for the driver").caused_by(cause)
            })?;
        let (asked, time) = (options.clone(), options.time);
        let task = Task(runtime.spawn(async move { connect(&asked).await }));
        let opened = finish(task, deadline(time));
        let is_read_only = options.is_read_only;
        let mut connection = Opening { runtime: Some(runtime) };
        let servers = opened?.map_err(error::of)?;
        let runtime = connection.runtime.take();
        Ok(Connection { runtime, servers, is_read_only, time })
    }

    /// Does something with the servers within the time of a call.
    pub(crate) fn call<T, F>(&self, work: impl FnOnce(Servers) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        finish(self.spawn(work(self.servers.clone()))?, deadline(self.time))
    }

    /// Starts a task, which ends when it is let go.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Task<T>> {
        let closed = || Error::new(ErrorKind::Io, "the index is closed");
        Ok(Task(self.runtime.as_ref().ok_or_else(closed)?.spawn(work)))
    }

    /// Refuses where nothing may be written.
    pub(crate) fn check_writable(&self) -> Result<()> {
        match self.is_read_only {
            true => Err(Error::new(ErrorKind::Unsupported, "this index was opened read-only")),
            false => Ok(()),
        }
    }
}

/// A runtime must not be dropped by waiting for it: that would panic inside a host's own.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// As for [`Connection`], where it does not come to one.
struct Opening {
    runtime: Option<Runtime>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A task that is ended when nobody waits for it any more.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn finish<T>(mut task: Task<T>, look: impl Fn() -> Result<()>) -> Result<T> {
    wait(&mut task.0, look)?.map_err(|cause| {
        Error::new(ErrorKind::Io, "the driver's task ended early").caused_by(cause)
    })
}

/// The end of calls that nobody gave another.
pub(crate) fn deadline(time: Duration) -> impl Fn() -> Result<()> {
    let started = Instant::now();
    move || match started.elapsed() > time {
        true => {
            let message = format!("no answer from the servers within {} ms", time.as_millis());
            Err(Error::new(ErrorKind::Io, message))
        }
        false => Ok(()),
    }
}

async fn connect(options: &MongoOptions) -> std::result::Result<Servers, DriverError> {
    let mut reached = ClientOptions::parse(&options.uri).await?;
    reached.server_selection_timeout.get_or_insert(SELECTION);
    reached.app_name.get_or_insert_with(|| "filedex".to_owned());
    let name = reached.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
    let client = Client::with_options(reached)?;
    let database = client.database(&name);
    let hello = client.database("admin").run_command(doc! { "hello": 1 }).await?;
    let is_router = hello.get_str("msg").is_ok_and(|kind| kind == "isdbgrid");
    let has_transactions =
        options.uses_transactions && (hello.contains_key("setName") || is_router);
    let majority = WriteConcern::builder().w(Acknowledgment::Majority).build();
    let kept = CollectionOptions::builder().write_concern(majority).build();
    let records = database.collection_with_options(&options.collection, kept);
    Ok(Servers { client, database, records, has_transactions })
}

impl Servers {
    /// A session whose commands see one moment.
    pub(crate) async fn moment(&self) -> std::result::Result<ClientSession, DriverError> {
        let mut session = self.client.start_session().await?;
        session
            .start_transaction()
            .read_concern(mongodb::options::ReadConcern::snapshot())
            .write_concern(WriteConcern::builder().w(Acknowledgment::Majority).build())
            .await?;
        Ok(session)
    }

    /// The name of the collection.
    pub(crate) fn name(&self) -> &str {
        self.records.name()
    }
}

/// Servers that are shared with tasks.
pub(crate) type Shared = Arc<Connection>;
