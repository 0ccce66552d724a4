//! The driver, on a runtime of its own, and calls to it that end when they have to.
//!
//! This file knows how servers are reached; it knows no records and no plans.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
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
    threads: Threads,
    pub(crate) servers: Servers,
    pub(crate) is_read_only: bool,
    pub(crate) time: Duration,
    /// The threads that are in the middle of a write of several changes.
    pub(crate) writing: Mutex<HashSet<ThreadId>>,
}

/// What a task on the runtime needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Servers {
    pub(crate) client: Client,
    pub(crate) database: Database,
    pub(crate) records: Collection<RawDocumentBuf>,
    /// Whether several commands can see one moment, and happen as one.
    pub(crate) has_transactions: bool,
    /// Whether they are a replica set or a sharded cluster, and not one server alone.
    pub(crate) is_replicated: bool,
    /// Whether the collection is sharded by another key than `_id`.
    pub(crate) is_spread: bool,
    /// Whether they answer of another time when they are asked of it, once that is known.
    pub(crate) keeps_times: Arc<OnceLock<bool>>,
    /// Whether counts are kept beside the records.
    pub(crate) has_counts: Arc<AtomicBool>,
}

impl Connection {
    /// Finds the servers and asks what they are.
    pub(crate) fn open(options: &MongoOptions) -> Result<Connection> {
        let (threads, asked, time) = (Threads::new()?, options.clone(), options.time);
        let task = threads.spawn(async move { connect(&asked).await })?;
        let servers = task.finish(deadline(time))?.map_err(error::of)?;
        let (is_read_only, writing) = (options.is_read_only, Mutex::default());
        Ok(Connection { threads, servers, is_read_only, time, writing })
    }

    /// Does something with the servers within the time of a call.
    pub(crate) fn call<T, F>(&self, work: impl FnOnce(Servers) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.spawn(work(self.servers.clone()))?.finish(deadline(self.time))
    }

    /// Starts a task, which ends when it is let go.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Task<T>> {
        self.threads.spawn(work)
    }

    /// Refuses where nothing may be written: in an index that was opened so, and by a thread that is in the
    /// middle of a write, for which that other one would wait.
    pub(crate) fn check_writable(&self) -> Result<()> {
        let reason = match self.is_read_only {
            true => "this index was opened read-only",
            false if self.lock_writing().contains(&thread::current().id()) => {
                "within a write changes are made through its batch"
            }
            false => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, reason))
    }

    pub(crate) fn lock_writing(&self) -> MutexGuard<'_, HashSet<ThreadId>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runtime that the driver runs on.
struct Threads(Option<Runtime>);

impl Threads {
    fn new() -> Result<Threads> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("filedex-mongo")
            .enable_all()
            .build();
        let none = |cause| Error::new(ErrorKind::Io, "no threads for the driver").caused_by(cause);
        Ok(Threads(Some(runtime.map_err(none)?)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Task<T>> {
        let closed = || Error::new(ErrorKind::Io, "the index is closed");
        Ok(Task(self.0.as_ref().ok_or_else(closed)?.spawn(work)))
    }
}

/// A runtime must not be dropped by waiting for it: that would panic inside a host's own.
impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A task that is ended when nobody waits for it any more.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T> Task<T> {
    /// What it comes to.
    pub(crate) fn finish(mut self, look: impl Fn() -> Result<()>) -> Result<T> {
        wait(&mut self.0, look)?.map_err(|cause| {
            Error::new(ErrorKind::Io, "the driver's task ended early").caused_by(cause)
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
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
    let is_replicated = hello.contains_key("setName") || is_router;
    let has_transactions = options.uses_transactions && is_replicated;
    let kept = CollectionOptions::builder().write_concern(majority()).build();
    let records = database.collection_with_options(&options.collection, kept);
    let is_spread = is_router && is_spread(&client, &name, &options.collection).await?;
    let (keeps_times, has_counts) = (Arc::default(), Arc::default());
    let servers = Servers {
        client,
        database,
        records,
        has_transactions,
        is_replicated,
        is_spread,
        keeps_times,
        has_counts,
    };
    servers.learn().await?;
    Ok(servers)
}

/// Who has to have a write before it is acknowledged.
pub(crate) fn majority() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).build()
}

/// Whether a collection of that name is sharded by another key than `_id`.
async fn is_spread(
    client: &Client,
    database: &str,
    collection: &str,
) -> std::result::Result<bool, DriverError> {
    let known = client.database("config").collection::<mongodb::bson::Document>("collections");
    let this = known.find_one(doc! { "_id": format!("{database}.{collection}") }).await?;
    let key = this.as_ref().and_then(|this| this.get_document("key").ok());
    Ok(key.is_some_and(|key| key.keys().any(|name| name != "_id")))
}

impl Servers {
    /// A session whose commands see one moment.
    pub(crate) async fn moment(&self) -> std::result::Result<ClientSession, DriverError> {
        let mut session = self.client.start_session().await?;
        session
            .start_transaction()
            .read_concern(mongodb::options::ReadConcern::snapshot())
            .write_concern(majority())
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
