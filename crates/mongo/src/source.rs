//! Records on their way from a server: read by a task, handed over in portions, all of one moment where
//! the servers can.
//!
//! This file knows commands; what records mean is judged by who takes them.

use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::ClientSession;
use mongodb::bson::{Document as Command, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::FindOptions;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use filedex::{Error, Result, Watch};

use crate::connection::{Servers, Shared, Task};
use crate::error::Failure;
use crate::moment::Moment;
use crate::wait::wait;

/// Records of one portion, and portions that may wait to be taken.
const PORTION: usize = 256;
const WAITING: usize = 4;

/// Records that a server gives at once.
const BATCH: u32 = 1000;

/// What a task is to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errand {
    pub(crate) filter: Command,
    pub(crate) sort: Option<Command>,
    pub(crate) skip: u64,
    /// How many records at most; `Some(0)` for none.
    pub(crate) limit: Option<u64>,
    /// What the records must satisfy besides, but not those that are counted.
    pub(crate) bound: Option<Command>,
    /// Whether the number of all matches is wanted.
    pub(crate) counts: bool,
    /// The counts that this number can be made of, if they are kept.
    pub(crate) counters: Option<Vec<String>>,
    /// What must find nothing; if it finds something, that is all that is said.
    pub(crate) doubt: Option<Command>,
    pub(crate) time: Duration,
    /// Whether all of it has to be of one moment, where the servers can.
    pub(crate) is_one_moment: bool,
}

/// The time that servers are given: that of the watch, so much at the most. Of less than a millisecond they know
/// nothing: it would be no limit.
pub(crate) fn time_for(watch: &Watch, most: Duration) -> Duration {
    watch.time.map_or(most, |time| time.min(most)).max(Duration::from_millis(1))
}

impl Errand {
    /// What the records satisfy that are wanted.
    fn shown(&self) -> Command {
        match &self.bound {
            Some(bound) => doc! { "$and": [self.filter.clone(), bound.clone()] },
            None => self.filter.clone(),
        }
    }
}

/// What comes of it, in this order.
#[derive(Debug)]
pub(crate) enum Found {
    Doubt,
    Records(Vec<RawDocumentBuf>),
    Total(u64),
    /// In place of the total, what it can be made of.
    Counters(Vec<RawDocumentBuf>),
    End,
    Failed(DriverError),
}

/// Records that arrive.
pub(crate) struct Source {
    receiver: Receiver<Found>,
    /// Ends with who takes the records.
    _task: Task<()>,
    /// What keeps the runtime.
    _connection: Shared,
}

impl Source {
    pub(crate) fn start(connection: &Shared, moment: &Moment, errand: Errand) -> Result<Source> {
        moment.check()?;
        let (sender, receiver) = channel(WAITING);
        let (servers, moment) = (connection.servers.clone(), moment.clone());
        let task = connection.spawn(async move {
            let end = match read(&servers, &moment, &errand, &sender).await {
                Ok(()) => Found::End,
                Err(error) => Found::Failed(error),
            };
            let _ = sender.send(end).await;
        })?;
        Ok(Source { receiver, _task: task, _connection: Shared::clone(connection) })
    }

    /// What comes next.
    pub(crate) fn next(
        &mut self,
        look: impl Fn() -> Result<()>,
    ) -> std::result::Result<Found, Failure> {
        look()?;
        match wait(self.receiver.recv(), look)? {
            Some(Found::Failed(error)) => Err(error.into()),
            Some(found) => Ok(found),
            None => {
                let error = Error::new(filedex::ErrorKind::Io, "the driver's task ended early");
                Err(Failure::Final(error))
            }
        }
    }
}

type Driven<T> = std::result::Result<T, DriverError>;

async fn read(
    servers: &Servers,
    moment: &Moment,
    errand: &Errand,
    sender: &Sender<Found>,
) -> Driven<()> {
    match moment {
        Moment::Now if !servers.has_transactions || !errand.is_one_moment => {
            read_at_once(servers, errand, sender).await
        }
        Moment::Now => {
            let mut session = servers.moment().await?;
            let read = read_in(&mut session, servers, errand, sender).await;
            // Nothing was written: how it ends is the server's business alone.
            let _ = session.abort_transaction().await;
            read
        }
        Moment::At(time) => {
            read_in(&mut servers.at(Some(*time)).await?, servers, errand, sender).await
        }
        Moment::Within(kept) => read_in(&mut *kept.lock().await, servers, errand, sender).await,
    }
}

async fn read_in(
    session: &mut ClientSession,
    servers: &Servers,
    errand: &Errand,
    sender: &Sender<Found>,
) -> Driven<()> {
    let records = &servers.records;
    if let Some(doubt) = &errand.doubt {
        let found = records.find_one(doubt.clone()).max_time(errand.time);
        if found.session(&mut *session).await?.is_some() {
            let _ = sender.send(Found::Doubt).await;
            return Ok(());
        }
    }
    let mut given = 0;
    if errand.limit != Some(0) {
        let find = records.find(errand.shown()).with_options(options(errand));
        let mut cursor = find.session(&mut *session).await?;
        given = forward(cursor.stream(session), sender).await?;
    }
    if errand.counts {
        let total = match (known_total(errand, given), &errand.counters) {
            (Some(total), _) => Found::Total(total),
            (None, Some(names)) => Found::Counters(servers.counters(names, session).await?),
            (None, None) => {
                let pipeline = counting(&errand.filter);
                let command = records.aggregate(pipeline).max_time(errand.time);
                let mut cursor = command.session(&mut *session).await?;
                Found::Total(number(cursor.next(session).await.transpose()?.as_ref()))
            }
        };
        let _ = sender.send(total).await;
    }
    Ok(())
}

/// A page that is not full says itself how many there are.
fn known_total(errand: &Errand, given: u64) -> Option<u64> {
    let is_last = errand.limit.is_none_or(|limit| given < limit) && errand.bound.is_none();
    (is_last && (given > 0 || errand.skip == 0) && errand.limit != Some(0))
        .then_some(errand.skip.saturating_add(given))
}

fn counting(filter: &Command) -> Vec<Command> {
    vec![
        doc! { "$match": filter.clone() },
        doc! { "$group": { "_id": null, "n": { "$sum": 1_i64 } } },
    ]
}

fn number(counted: Option<&Command>) -> u64 {
    let number = counted.and_then(|counted| match counted.get("n") {
        Some(mongodb::bson::Bson::Int32(number)) => Some(i64::from(*number)),
        Some(mongodb::bson::Bson::Int64(number)) => Some(*number),
        Some(mongodb::bson::Bson::Double(number)) => Some(*number as i64),
        _ => None,
    });
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

fn options(errand: &Errand) -> FindOptions {
    let mut options = FindOptions::default();
    options.sort.clone_from(&errand.sort);
    options.skip = Some(errand.skip.min(i64::MAX as u64)).filter(|skip| *skip > 0);
    options.limit = errand.limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    options.max_time = Some(errand.time);
    // Of many records only so many are held as are about to be taken.
    options.batch_size = Some(BATCH);
    options
}

/// Hands records over in portions, and says how many.
async fn forward(
    mut records: impl futures_util::Stream<Item = Driven<RawDocumentBuf>> + Unpin,
    sender: &Sender<Found>,
) -> Driven<u64> {
    let (mut portion, mut given) = (Vec::new(), 0);
    while let Some(record) = records.next().await.transpose()? {
        given += 1;
        portion.push(record);
        if portion.len() >= PORTION
            && sender.send(Found::Records(std::mem::take(&mut portion))).await.is_err()
        {
            return Ok(given);
        }
    }
    if !portion.is_empty() {
        let _ = sender.send(Found::Records(portion)).await;
    }
    Ok(given)
}

/// Without transactions: one command for page and total where its answer fits into one document; else
/// all matches in one pass, of which those outside of the window are counted.
async fn read_at_once(servers: &Servers, errand: &Errand, sender: &Sender<Found>) -> Driven<()> {
    let records = &servers.records;
    if let Some(doubt) = &errand.doubt
        && records.find_one(doubt.clone()).max_time(errand.time).await?.is_some()
    {
        let _ = sender.send(Found::Doubt).await;
        return Ok(());
    }
    if errand.counts && errand.limit == Some(0) {
        let mut counted = records.aggregate(counting(&errand.filter)).max_time(errand.time).await?;
        let total = number(counted.next().await.transpose()?.as_ref());
        let _ = sender.send(Found::Total(total)).await;
        return Ok(());
    }
    match errand.limit.filter(|_| errand.counts) {
        Some(limit) => read_facets(servers, errand, limit, sender).await,
        None => {
            let cursor = records.find(errand.shown()).with_options(options(errand)).await?;
            forward(cursor, sender).await.map(|_| ())
        }
    }
}

/// Records that surely fit into one document of an answer, as records usually are.
pub(crate) const FACET: u64 = 1000;

async fn read_facets(
    servers: &Servers,
    errand: &Errand,
    limit: u64,
    sender: &Sender<Found>,
) -> Driven<()> {
    let mut page = Vec::new();
    page.extend(errand.bound.clone().map(|bound| doc! { "$match": bound }));
    if let Some(sort) = &errand.sort {
        page.push(doc! { "$sort": sort.clone() });
    }
    page.push(doc! { "$skip": i64::try_from(errand.skip).unwrap_or(i64::MAX) });
    page.push(doc! { "$limit": i64::try_from(limit).unwrap_or(i64::MAX) });
    let count = doc! { "$group": { "_id": null, "n": { "$sum": 1_i64 } } };
    let pipeline = [
        doc! { "$match": errand.filter.clone() },
        doc! { "$facet": { "page": page, "total": [count] } },
    ];
    let records = &servers.records;
    let command = records.aggregate(pipeline).max_time(errand.time).with_type::<RawDocumentBuf>();
    let mut cursor = command.await?;
    let Some(both) = cursor.next().await.transpose()? else { return Ok(()) };
    let listed = |name| both.get_array(name).into_iter().flatten();
    let documents =
        |name| listed(name).filter_map(|element| Some(element.ok()?.as_document()?.to_owned()));
    let page: Vec<RawDocumentBuf> = documents("page").collect();
    let counted =
        documents("total").next().and_then(|total| Command::try_from(total.as_ref()).ok());
    let _ = sender.send(Found::Records(page)).await;
    let _ = sender.send(Found::Total(number(counted.as_ref()))).await;
    Ok(())
}
