//! Of which moment answers are: each of one of its own, all of a time that the servers still know, or all
//! of a transaction that is kept open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use filedex::{Error, ErrorKind, Result};
use mongodb::ClientSession;
use mongodb::bson::{Document as Command, RawDocumentBuf, Timestamp, doc};
use mongodb::error::Error as DriverError;
use tokio::sync::Mutex;

use crate::connection::{Connection, Servers};
use crate::error::{self, Failure};

type Driven<T> = std::result::Result<T, DriverError>;

/// What answers are of.
#[derive(Clone)]
pub(crate) enum Moment {
    /// Whenever somebody asks; page and total are of one moment.
    Now,
    /// A time of the servers' clock.
    At(Timestamp),
    Within(Kept),
}

/// What a transaction sees, for as long as the servers keep it.
#[derive(Clone)]
pub(crate) struct Kept {
    session: Arc<Mutex<ClientSession>>,
    told: Arc<Told>,
    /// The round in which this one was begun.
    begun: u64,
}

/// What all that see a transaction know of it.
#[derive(Default)]
struct Told {
    /// Grows with what the transaction itself changes.
    round: AtomicU64,
    is_broken: AtomicBool,
}

/// The round of a transaction that is over.
const OVER: u64 = u64::MAX;

impl Moment {
    /// Whether answers are of it that were asked for one after the other.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self, Moment::Now)
    }

    /// Whether it can still be asked.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Moment::Within(kept) => kept.check(),
            _ => Ok(()),
        }
    }

    /// What becomes of a question that failed: within a transaction nothing can be asked again.
    pub(crate) fn judge(&self, failure: Failure) -> Failure {
        match (self, failure) {
            (Moment::Within(kept), Failure::Transient(cause)) => {
                kept.told.is_broken.store(true, Ordering::Relaxed);
                let message = "the servers have ended the transaction that was kept open";
                let error = Error::new(ErrorKind::SnapshotEnded, message).caused_by(cause);
                Failure::Final(error)
            }
            // A command that is refused ends its transaction.
            (Moment::Within(_), Failure::Refused(error)) => Failure::Final(error),
            (_, failure) => failure,
        }
    }

    /// The first record that the filter finds, as of this moment.
    pub(crate) async fn one(
        self,
        servers: Servers,
        filter: Command,
    ) -> Driven<Option<RawDocumentBuf>> {
        let find = servers.records.find_one(filter);
        match self {
            Moment::Now => find.await,
            Moment::At(time) => find.session(&mut servers.at(Some(time)).await?).await,
            Moment::Within(kept) => find.session(&mut *kept.lock().await).await,
        }
    }
}

impl Kept {
    pub(crate) fn new(session: ClientSession) -> Kept {
        let session = Arc::new(Mutex::new(session));
        Kept { session, told: Arc::default(), begun: 0 }
    }

    /// The same, as it is now.
    pub(crate) fn now(&self) -> Kept {
        Kept { begun: self.told.round.load(Ordering::Relaxed), ..self.clone() }
    }

    pub(crate) async fn lock(&self) -> tokio::sync::MutexGuard<'_, ClientSession> {
        self.session.lock().await
    }

    /// What was begun before shows no longer what there is.
    pub(crate) fn changed(&self) {
        self.told.round.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.told.round.store(OVER, Ordering::Relaxed);
    }

    /// Whether the servers have given it up, so that all of it may be done again.
    pub(crate) fn is_broken(&self) -> bool {
        self.told.is_broken.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<()> {
        let message = match self.told.round.load(Ordering::Relaxed) {
            round if round == self.begun => return Ok(()),
            OVER => "the write that it was of is over",
            _ => "the write has changed something since the lookup was begun; begin it anew",
        };
        Err(Error::new(ErrorKind::SnapshotEnded, message))
    }
}

impl Servers {
    /// A session whose commands see the records as they were at that time, or at that of its first.
    pub(crate) async fn at(&self, time: Option<Timestamp>) -> Driven<ClientSession> {
        let mut options = mongodb::options::SessionOptions::default();
        options.snapshot = Some(true);
        options.snapshot_time = time;
        self.client.start_session().with_options(options).await
    }
}

/// What servers say who keep records as they were, of a time that is long past.
const TOO_OLD: [i32; 2] = [239, 246];

impl Connection {
    /// The moment of now, to be asked for later. Servers that answer to a time are asked by it; of others
    /// a transaction is kept open.
    pub(crate) fn keep(&self) -> Result<Moment> {
        if !self.servers.is_replicated {
            return Err(Error::new(ErrorKind::Unsupported, WANTS_REPLICAS));
        }
        if self.keeps_times()? {
            let time = self.try_again(|servers| async move { time_of(&servers).await })?;
            return time.map(Moment::At).ok_or_else(|| {
                Error::new(ErrorKind::Io, "the servers did not say of which time they answered")
            });
        }
        if !self.servers.has_transactions {
            return Err(Error::new(ErrorKind::Unsupported, WANTS_TIMES));
        }
        self.open_moment()
    }

    /// A transaction that is kept open, in which everything is of the moment when it was begun.
    pub(crate) fn open_moment(&self) -> Result<Moment> {
        let session = self.try_again(|servers| async move {
            let mut session = servers.moment().await?;
            // The first thing that is asked sets the moment.
            servers.records.find_one(nothing()).session(&mut session).await?;
            Ok(session)
        })?;
        Ok(Moment::Within(Kept::new(session)))
    }

    /// Whether servers that are asked for another time answer of that: one that is long past must be
    /// refused. Some take the time and answer of now.
    fn keeps_times(&self) -> Result<bool> {
        if let Some(known) = self.servers.keeps_times.get() {
            return Ok(*known);
        }
        let past = Timestamp { time: 1, increment: 1 };
        let asked = self.call(|servers| Moment::At(past).one(servers, nothing()))?;
        let keeps = match asked {
            Ok(_) => false,
            Err(error) => match (error::code(&error), Failure::from(error)) {
                (Some(code), _) if TOO_OLD.contains(&code) => true,
                (_, failure @ Failure::Transient(_)) => return Err(failure.into_error()),
                (Some(_), _) => false,
                (None, failure) => return Err(failure.into_error()),
            },
        };
        Ok(*self.servers.keeps_times.get_or_init(|| keeps))
    }
}

const WANTS_REPLICAS: &str =
    "a snapshot is of replica sets and sharded clusters; this server is alone";
const WANTS_TIMES: &str = "these servers answer of no other time than now, and an index without \
    transactions has no other snapshot";

async fn time_of(servers: &Servers) -> Driven<Option<Timestamp>> {
    let mut session = servers.at(None).await?;
    servers.records.find_one(nothing()).session(&mut session).await?;
    Ok(session.snapshot_time())
}

fn nothing() -> Command {
    doc! { "_id": "" }
}
