//! Readers of room pages, first alone, then beside one writer and scans of about a second each.
//!
//! A reader fewer than the machine has cores, so that what is measured is waiting for each other and not for
//! a core; the writer puts a record each millisecond.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::clock;
use crate::data::Record;
use crate::error::{Error, Result};
use crate::peer::Peer;
use crate::question::Question;
use crate::row::{self, Row};
use crate::tasks::another;

/// How long readers read, each time.
const TIME: Duration = Duration::from_secs(5);
const MOST_READERS: usize = 4;

/// Names looked at by a scan of a second, times the parts that are looked for in each.
const NAMES_TIMES_PARTS: usize = 20_000_000;
const MOST_PARTS: usize = 500;

pub(super) fn measure(mut peer: Box<dyn Peer>, dataset: &Dataset) -> Result<Finding> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let count = cores.saturating_sub(1).clamp(1, MOST_READERS);
    let handles = || (0..count).map(|_| another(&*peer)).collect::<Result<Vec<Box<dyn Peer>>>>();
    let (first, second, mut scanner) = (handles()?, handles()?, another(&*peer)?);
    let alone = thread::scope(|scope| join(start(scope, first, dataset)))?;
    let stop = AtomicBool::new(false);
    let mut beside = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&mut *peer, dataset, &stop));
        let scans = scope.spawn(|| scan(&mut *scanner, dataset, &stop));
        let read = join(start(scope, second, dataset));
        stop.store(true, Ordering::Relaxed);
        for other in [writer, scans] {
            other.join().map_err(|_| Error::from("a thread panicked"))??;
        }
        read
    })?;
    drop(scanner);
    peer.close()?;
    let mut finding = Finding::default();
    finding.add(Row::ReadP999Beside, clock::quantile(&mut beside, 0.999));
    finding.add(Row::ReadShareBeside, beside.len() as f64 / alone.len().max(1) as f64);
    Ok(finding)
}

type Reader<'scope> = ScopedJoinHandle<'scope, Result<Vec<f64>>>;

fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    handles: Vec<Box<dyn Peer>>,
    dataset: &'scope Dataset,
) -> Vec<Reader<'scope>> {
    let start = |mut handle: Box<dyn Peer>| scope.spawn(move || read(&mut *handle, dataset));
    handles.into_iter().map(start).collect()
}

/// What all readers found.
fn join(readers: Vec<Reader<'_>>) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for reader in readers {
        all.extend(reader.join().map_err(|_| Error::from("a reader panicked"))??);
    }
    Ok(all)
}

/// Nanoseconds of each page.
fn read(peer: &mut dyn Peer, dataset: &Dataset) -> Result<Vec<f64>> {
    let questions: Vec<Question> = row::room_pages(dataset).collect();
    for question in &questions {
        black_box(peer.answer(question)?);
    }
    let (begun, mut times) = (Instant::now(), Vec::new());
    for question in questions.iter().cycle() {
        let start = Instant::now();
        black_box(peer.answer(question)?);
        times.push(start.elapsed().as_nanos() as f64);
        if begun.elapsed() > TIME {
            break;
        }
    }
    Ok(times)
}

fn write(peer: &mut dyn Peer, dataset: &Dataset, stop: &AtomicBool) -> Result<()> {
    let mut number = dataset.len();
    while !stop.load(Ordering::Relaxed) {
        peer.put(&Record::from(dataset.record(number)))?;
        number += 1;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn scan(peer: &mut dyn Peer, dataset: &Dataset, stop: &AtomicBool) -> Result<()> {
    let parts = (NAMES_TIMES_PARTS / dataset.len().max(1)).clamp(1, MOST_PARTS);
    while !stop.load(Ordering::Relaxed) {
        black_box(peer.answer(&Question::Slow { parts })?);
    }
    Ok(())
}
