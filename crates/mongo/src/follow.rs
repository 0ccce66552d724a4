//! Following what is written: a change stream, of which each write is told once, as a whole.
//!
//! The number of a write is the time of the servers' clock at which it happened, so that whoever knows it goes on
//! behind it, from any host. What became of a record is seen from what it was before: the servers keep
//! that for as long as they are told to, which the first that follows does.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use filedex::{Changed, Commit, Error, ErrorKind, Follow, News, Plan, Result, What};
use filedex_query::Account;
use futures_util::TryStreamExt as _;
use mongodb::bson::{RawDocumentBuf, Timestamp, doc};
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::{ChangeStreamEvent, OperationType};
use mongodb::error::Error as DriverError;
use mongodb::options::{FullDocumentBeforeChangeType, FullDocumentType};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::connection::{Connection, Servers, Shared, Task};
use crate::error::{self, Failure};
use crate::record;
use crate::wait::wait;

type Driven<T> = std::result::Result<T, DriverError>;
type Event = ChangeStreamEvent<RawDocumentBuf>;
type Events = ChangeStream<Event>;
/// Nothing by now, or what a stream tells, or its end.
type Received = Option<Option<Told>>;

/// How long a server waits for the next event before it says that there is none: as long a write of several
/// records waits to be told.
const PATIENCE: Duration = Duration::from_millis(100);

/// Writes that may wait to be taken. Others wait with the servers.
const WAITING: usize = 64;

/// What a server says whose history does not reach back so far, or holds what is too long to be told, and one
/// that keeps no history.
const LOST: [i32; 4] = [136, 280, 286, 10_334];
const NO_HISTORY: [i32; 3] = [40_573, 40_324, 115];

/// What comes of a stream.
enum Told {
    Write(Write),
    /// Something happened that can't be told; what comes after that number can.
    Lost(u64),
    Failed(DriverError),
}

/// What one write did to records.
#[derive(Default)]
struct Write {
    number: u64,
    fates: Vec<Fate>,
    /// Whether of some record it is not known any more what it was.
    is_partial: bool,
}

/// What a record was and is.
struct Fate {
    id: String,
    before: Option<RawDocumentBuf>,
    after: Option<RawDocumentBuf>,
}

/// What was written, seen from a plan. It does not keep the connection open.
pub(crate) struct Following {
    connection: Weak<Connection>,
    plan: Plan,
    seen: u64,
    stream: Option<Stream>,
}

struct Stream {
    receiver: Receiver<Told>,
    /// Ends with who takes what it tells.
    _task: Task<()>,
}

impl Following {
    /// Follows from now on, or behind the write of that number.
    pub(crate) fn start(
        connection: &Shared,
        plan: &Plan,
        behind: Option<u64>,
    ) -> Result<Following> {
        connection.keep_images()?;
        let seen = match behind {
            Some(number) => number,
            None => connection.number()?,
        };
        let stream = Some(connection.stream(seen)?);
        let (connection, plan) = (Arc::downgrade(connection), plan.clone());
        Ok(Following { connection, plan, seen, stream })
    }

    /// What comes next, as far as `receive` waits for it.
    fn news(
        &mut self,
        mut receive: impl FnMut(&mut Receiver<Told>) -> Received,
    ) -> Result<Option<News>> {
        while let Some(told) = self.told(&mut receive)? {
            match told {
                Told::Write(write) if !write.is_partial => {
                    self.seen = write.number;
                    let changes = self.seen_by_plan(&write)?;
                    if !changes.is_empty() {
                        return Ok(Some(News::Commit(Commit::new(write.number, changes))));
                    }
                }
                Told::Write(Write { number, .. }) | Told::Lost(number) => {
                    self.seen = number;
                    return Ok(Some(News::Lagged(number)));
                }
                // What fails while the index is being closed is its end.
                Told::Failed(_) if self.connection.strong_count() == 0 => return Ok(None),
                Told::Failed(error) => return Err(error::of(error)),
            }
        }
        Ok(None)
    }

    /// What the stream tells next; after a failure there is another one.
    fn told(
        &mut self,
        mut receive: impl FnMut(&mut Receiver<Told>) -> Received,
    ) -> Result<Option<Told>> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => match self.connection.upgrade() {
                Some(connection) => none.insert(connection.stream_again(self.seen)?),
                None => return Ok(None),
            },
        };
        let Some(told) = receive(&mut stream.receiver) else { return Ok(None) };
        // It ends by itself where something ended it: the index was closed, or it has told what.
        self.stream.take_if(|_| matches!(told, None | Some(Told::Failed(_))));
        Ok(told)
    }

    fn seen_by_plan(&self, write: &Write) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        for Fate { id, before, after } in &write.fates {
            let what = match (self.takes(before.as_ref())?, self.takes(after.as_ref())?) {
                (false, false) => continue,
                (false, true) => What::Added,
                (true, true) => What::Replaced,
                (true, false) => What::Removed,
            };
            changes.push(Changed::new(id.clone(), what));
        }
        Ok(changes)
    }

    fn takes(&self, record: Option<&RawDocumentBuf>) -> Result<bool> {
        let Some(record) = record else { return Ok(false) };
        let (record, account) = (record::read(record)?, Account::new(self.plan.limits()));
        Ok(self.plan.matcher().matches_within(record.view(), &account)?)
    }
}

impl Follow for Following {
    fn wait(&mut self, time: Duration) -> Result<Option<News>> {
        let now = Instant::now();
        // A time past all clocks is as good as a day: who waits longer asks again.
        let until = now.checked_add(time).unwrap_or(now + Duration::from_secs(86_400));
        let over = || Error::new(ErrorKind::Cancelled, "nothing came");
        let look = || if Instant::now() < until { Ok(()) } else { Err(over()) };
        self.news(|receiver| wait(receiver.recv(), look).ok())
    }

    fn poll(&mut self, waker: &Waker) -> Result<Option<News>> {
        self.news(|receiver| match receiver.poll_recv(&mut Context::from_waker(waker)) {
            Poll::Ready(told) => Some(told),
            Poll::Pending => None,
        })
    }

    fn number(&self) -> u64 {
        self.seen
    }

    fn has_ended(&self) -> bool {
        self.connection.strong_count() == 0 && self.stream.is_none()
    }
}

impl Connection {
    /// Has the servers keep what records were before a change, from now on.
    fn keep_images(&self) -> Result<()> {
        let refuse = |reason: &str| Error::new(ErrorKind::Unsupported, reason);
        if !self.servers.is_replicated {
            return Err(refuse(WANTS_REPLICAS));
        }
        match self.try_again(|servers| async move { has_images(&servers).await })? {
            true => Ok(()),
            false if self.is_read_only => Err(refuse(WANTS_IMAGES)),
            false => match self.call(|servers| async move { ask_for_images(&servers).await })? {
                Ok(()) => Ok(()),
                Err(error) => match (error::code(&error), Failure::from(error)) {
                    (Some(_), Failure::Refused(error)) => {
                        Err(refuse(WANTS_IMAGES).caused_by(error))
                    }
                    (_, failure) => Err(failure.into_error()),
                },
            },
        }
    }

    /// The number of the last write that was made.
    fn number(&self) -> Result<u64> {
        let now = self.try_again(|servers| async move { time(&servers).await })?;
        now.map(number).ok_or_else(|| Error::new(ErrorKind::Unsupported, WANTS_REPLICAS))
    }

    /// What is written behind that number.
    fn stream(&self, behind: u64) -> Result<Stream> {
        match self.call(|servers| async move { open_or_lost(&servers, behind).await })? {
            Ok(opened) => self.tell(|_| async move { Ok(opened) }),
            Err(error) if error::code(&error).is_some_and(|code| NO_HISTORY.contains(&code)) => {
                Err(Error::new(ErrorKind::Unsupported, WANTS_REPLICAS).caused_by(error))
            }
            Err(error) => Err(error::of(error)),
        }
    }

    /// The same, without waiting for it.
    fn stream_again(&self, behind: u64) -> Result<Stream> {
        self.tell(move |servers| async move { open_or_lost(&servers, behind).await })
    }

    /// Tells what comes of a stream.
    fn tell<F>(&self, opened: impl FnOnce(Servers) -> F) -> Result<Stream>
    where
        F: Future<Output = Driven<Option<Events>>> + Send + 'static,
    {
        let ((sender, receiver), servers) = (channel(WAITING), self.servers.clone());
        let opened = opened(servers.clone());
        let task = self.spawn(async move {
            let told = match opened.await {
                Ok(opened) => forward(&servers, opened, &sender).await,
                Err(error) => Err(error),
            };
            if let Err(error) = told {
                let _ = sender.send(Told::Failed(error)).await;
            }
        })?;
        Ok(Stream { receiver, _task: task })
    }
}

const WANTS_REPLICAS: &str = "following what is written wants change streams, and this server has \
    none: replica sets and sharded clusters do";
const WANTS_IMAGES: &str = "following what is written wants records as they were before a change, and \
    the servers keep none of this collection (changeStreamPreAndPostImages, from MongoDB 6 on)";

/// A time of the servers' clock as a number, and back.
fn number(time: Timestamp) -> u64 {
    u64::from(time.time) << 32 | u64::from(time.increment)
}

fn time_of(number: u64) -> Timestamp {
    let part = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
    Timestamp { time: part(number >> 32), increment: part(number) }
}

async fn time(servers: &Servers) -> Driven<Option<Timestamp>> {
    let reply = servers.database.run_command(doc! { "ping": 1 }).await?;
    Ok(reply.get_timestamp("operationTime").ok())
}

async fn has_images(servers: &Servers) -> Driven<bool> {
    let this = doc! { "name": servers.name() };
    let listed = servers.database.list_collections().filter(this).await?;
    let listed: Vec<_> = listed.try_collect().await?;
    let images = |one: &mongodb::results::CollectionSpecification| {
        one.options.change_stream_pre_and_post_images.as_ref().is_some_and(|images| images.enabled)
    };
    Ok(listed.iter().any(images))
}

async fn ask_for_images(servers: &Servers) -> Driven<()> {
    let images = doc! { "enabled": true };
    let make = doc! { "create": servers.name(), "changeStreamPreAndPostImages": images.clone() };
    let change = doc! { "collMod": servers.name(), "changeStreamPreAndPostImages": images };
    match servers.database.run_command(make).await {
        // It is there already.
        Err(error) if error::code(&error) == Some(48) => {
            servers.database.run_command(change).await.map(|_| ())
        }
        made => made.map(|_| ()),
    }
}

/// A stream, or none where the history does not reach back so far.
async fn open_or_lost(servers: &Servers, behind: u64) -> Driven<Option<Events>> {
    match open(servers, behind).await {
        Err(error) if error::code(&error).is_some_and(|code| LOST.contains(&code)) => Ok(None),
        opened => opened.map(Some),
    }
}

async fn open(servers: &Servers, behind: u64) -> Driven<Events> {
    let watch = servers.records.watch().start_at_operation_time(time_of(behind.saturating_add(1)));
    let watch = watch.full_document(FullDocumentType::WhenAvailable);
    let watch = watch.full_document_before_change(FullDocumentBeforeChangeType::WhenAvailable);
    watch.max_await_time(PATIENCE).await
}

/// Tells what comes, write by write. Where it can't go on it begins anew from now.
async fn forward(
    servers: &Servers,
    mut opened: Option<Events>,
    sender: &Sender<Told>,
) -> Driven<()> {
    loop {
        if let Some(events) = &mut opened {
            match forward_events(events, sender).await {
                Err(error) if !error::code(&error).is_some_and(|code| LOST.contains(&code)) => {
                    return Err(error);
                }
                _ if sender.is_closed() => return Ok(()),
                _ => {}
            }
        }
        // The collection was dropped, or the history does not reach back to here.
        let now = time(servers).await?.map_or(0, number);
        opened = Some(open(servers, now).await?);
        if sender.send(Told::Lost(now)).await.is_err() {
            return Ok(());
        }
    }
}

/// Tells the events of a stream until it ends.
async fn forward_events(events: &mut Events, sender: &Sender<Told>) -> Driven<()> {
    let mut write: Option<Write> = None;
    while events.is_alive() {
        let event = events.next_if_any().await?;
        let number = event.as_ref().and_then(|event| event.cluster_time).map(number);
        // Those of one time are one write; it is whole when the next begins, or nothing more came.
        if let Some(done) = write.take_if(|write| Some(write.number) != number)
            && sender.send(Told::Write(done)).await.is_err()
        {
            return Ok(());
        }
        let Some(event) = event else { continue };
        if matches!(event.operation_type, OperationType::Invalidate) {
            return Ok(());
        }
        let write = write.get_or_insert_with(|| Write {
            number: number.unwrap_or_default(),
            ..Write::default()
        });
        write.add(event);
    }
    Ok(())
}

impl Write {
    /// Adds what an event says of one record. Of a record that was changed twice it is told once.
    fn add(&mut self, event: Event) {
        let is_change = match event.operation_type {
            OperationType::Insert => false,
            OperationType::Replace | OperationType::Update | OperationType::Delete => true,
            // A collection that is dropped or renamed, or something new: nothing that can be told.
            _ => {
                self.is_partial = true;
                return;
            }
        };
        let (before, after) = (event.full_document_before_change, event.full_document);
        let is_gone = matches!(event.operation_type, OperationType::Delete);
        self.is_partial |= is_change && before.is_none() || !is_gone && after.is_none();
        let id = event.document_key.as_ref().and_then(|key| key.get_str("_id").ok());
        // What has another id is no record of ours.
        let Some(id) = id else { return };
        match self.fates.iter_mut().find(|fate| fate.id == id) {
            Some(fate) => fate.after = after,
            None => self.fates.push(Fate { id: id.to_owned(), before, after }),
        }
    }
}
