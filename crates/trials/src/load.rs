//! Four writers and eight readers at once: no error, no torn page, no memory without bound. What a store of
//! any size takes is told: time and disk of loading it, memory, pages.
//!
//! Beside the usual writes, pairs of records move between two rooms in one write; a reader must find
//! both in the same room and of the same round, in every page.

use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use fastrand::Rng;
use filedex_dataset::Dataset;
use filedex_query::{Date, Document, Environment, Filter, Plan, Projection, Sort, Value};
use filedex_storage::{Options, Page, Store, Watch, Window};

use crate::Outcome;
use crate::engine::{Failure, Kind};
use crate::verdict::Verdict;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How long the load lasts.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Records that are there from the beginning.
    #[arg(long, default_value_t = 200_000)]
    records: usize,
    /// Bytes of memory that the store may use for caches, and a quarter of it for writing, instead of what
    /// it takes by itself.
    #[arg(long)]
    cache_bytes: Option<u64>,
    /// Where the store goes.
    #[arg(long)]
    directory: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "filedex")]
    engine: Kind,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Parts of a load that are timed.
const TENTHS: usize = 10;

const WRITERS: u64 = 4;
const READERS: u64 = 8;

/// Pairs of records that each writer moves.
const PAIRS: u64 = 50;

/// Memory beyond what the options grant that the load may take: what threads, answers, writes under
/// way and a checkpoint hold.
const WORKING_BYTES: u64 = 96 << 20;

/// Bookkeeping of sled for each record, generously.
const BYTES_PER_RECORD: u64 = 200;

/// What all threads share.
struct Shared<'a> {
    store: &'a Store,
    dataset: &'a Dataset,
    stop: AtomicBool,
    writes: AtomicU64,
    pages: AtomicU64,
    /// Microseconds that pages took.
    times: Mutex<Vec<u32>>,
    broken: Mutex<Vec<String>>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("load", arguments.engine, arguments.seed);
    if arguments.engine != Kind::Filedex {
        verdict.skip("the load asks queries, which only filedex answers");
        return Ok(verdict);
    }
    #[cfg(unix)]
    with_one_arena()?;
    let place = arguments.directory.clone().unwrap_or_else(std::env::temp_dir);
    let directory = tempfile::Builder::new().prefix("trials-load-").tempdir_in(place)?;
    let dataset = Dataset::new(arguments.records);
    let before = resident();
    verdict.set("memory_before", before);
    let (path, options) = (directory.path().join("store"), options(arguments));
    let store = load(&path, &options, &dataset, &mut verdict)?;
    let shared = Shared {
        store: &store,
        dataset: &dataset,
        stop: AtomicBool::new(false),
        writes: AtomicU64::new(0),
        pages: AtomicU64::new(0),
        times: Mutex::new(Vec::new()),
        broken: Mutex::new(Vec::new()),
    };
    let peak = run_threads(arguments, &shared, &verdict);
    account(arguments, shared, before, peak, &mut verdict)?;
    store.close()?;
    Ok(verdict)
}

fn options(arguments: &Arguments) -> Options {
    let mut options = Options::default();
    if let Some(bytes) = arguments.cache_bytes {
        options.cache_bytes = bytes;
        options.write_buffer_bytes = bytes / 4;
    }
    options
}

/// Loads the records, a tenth at a time, and opens the store anew.
fn load(
    path: &Path,
    options: &Options,
    dataset: &Dataset,
    verdict: &mut Verdict,
) -> Outcome<Store> {
    let store = Store::open(path, options)?;
    let (started, tenth) = (Instant::now(), dataset.len().div_ceil(TENTHS).max(1));
    for (number, first) in (0..dataset.len()).step_by(tenth).enumerate() {
        let begun = Instant::now();
        let last = dataset.len().min(first + tenth);
        store.put_many((first..last).map(|record| dataset.record(record)))?;
        let taken = begun.elapsed();
        verdict.set(&format!("load_ms_tenth_{:02}", number + 1), millis(taken));
        eprintln!(
            "load: {last} records, the last {} in {:.1} s",
            last - first,
            taken.as_secs_f64()
        );
    }
    (0..WRITERS).try_for_each(|writer| store.put_many(pairs(writer, 0)).map(drop))?;
    verdict.set("load_ms", millis(started.elapsed()));
    verdict.set("memory_after_load", resident());
    let closing = Instant::now();
    store.close()?;
    verdict.set("close_ms", millis(closing.elapsed()));
    let opening = Instant::now();
    let store = Store::open(path, options)?;
    verdict.set("open_ms", millis(opening.elapsed()));
    verdict.set("disk_bytes_loaded", store.stats()?.disk_bytes);
    Ok(store)
}

/// Lets everybody work for the time asked; gives the most memory that was seen.
fn run_threads(arguments: &Arguments, shared: &Shared<'_>, verdict: &Verdict) -> u64 {
    let duration = Duration::from_secs_f64(arguments.minutes * 60.0);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let random = Rng::with_seed(arguments.seed * 100 + writer);
            scope.spawn(move || shared.tell(write(shared, writer, random)));
        }
        for reader in 0..READERS {
            let random = Rng::with_seed(arguments.seed * 1000 + reader);
            scope.spawn(move || shared.tell(read(shared, reader, random)));
        }
        let (started, mut peak, mut told) = (Instant::now(), 0, 0);
        while started.elapsed() < duration && !shared.stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(100));
            peak = peak.max(resident());
            let twentieth = started.elapsed().as_secs() * 20 / duration.as_secs().max(1);
            if twentieth > told {
                told = twentieth;
                verdict.progress(told, 20);
            }
        }
        shared.stop.store(true, Ordering::Relaxed);
        peak
    })
}

fn account(
    arguments: &Arguments,
    shared: Shared<'_>,
    before: u64,
    peak: u64,
    verdict: &mut Verdict,
) -> Outcome<()> {
    let broken = shared.broken.into_inner().unwrap_or_default();
    broken.into_iter().for_each(|finding| verdict.broke(finding));
    let report = shared.store.verify(&mut |_, _| ())?;
    report.problems.iter().take(5).for_each(|problem| verdict.broke(problem.clone()));
    let mut times = shared.times.into_inner().unwrap_or_default();
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() as f64 * share) as usize;
        times.get(place.min(times.len().saturating_sub(1))).copied().map_or(0, u64::from)
    };
    verdict.set("page_us_p50", at(0.5));
    verdict.set("page_us_p99", at(0.99));
    verdict.set("page_us_p999", at(0.999));
    verdict.set("page_us_max", at(1.0));
    verdict.set("pages", shared.pages.into_inner());
    verdict.set("writes", shared.writes.into_inner());
    verdict.set("records", report.records);
    verdict.set("disk_bytes", shared.store.stats()?.disk_bytes);
    verdict.set("memory_peak", peak);
    let granted = shared.store.options().cache_bytes + shared.store.options().write_buffer_bytes;
    let bound = before + granted + WORKING_BYTES + arguments.records as u64 * BYTES_PER_RECORD;
    verdict.set("memory_bound", bound);
    if peak > bound {
        verdict.broke(format!("{peak} bytes of memory, where {bound} are enough"));
    }
    Ok(())
}

impl Shared<'_> {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// A fault ends the load.
    fn tell(&self, ended: Result<(), String>) {
        if let Err(fault) = ended {
            self.stop.store(true, Ordering::Relaxed);
            if let Ok(mut broken) = self.broken.lock() {
                broken.push(fault);
            }
        }
    }
}

/// Both records of each pair of the writer, in the room that the round decides.
fn pairs(writer: u64, round: u64) -> Vec<Document> {
    (0..PAIRS).flat_map(|pair| pair_of(writer, pair, round)).collect()
}

fn pair_of(writer: u64, pair: u64, round: u64) -> [Document; 2] {
    ["left", "right"].map(|side| {
        Document::new()
            .with("_id", format!("pair-{writer}-{pair}-{side}"))
            .with("rid", if round.is_multiple_of(2) { "even" } else { "odd" })
            .with("userId", format!("pairs-{writer}"))
            .with("uploadedAt", Date((writer * 1000 + pair).cast_signed()))
            .with("typeGroup", "image")
            .with("pair", format!("{writer}-{pair}"))
            .with("round", round.cast_signed())
    })
}

fn write(shared: &Shared<'_>, writer: u64, mut random: Rng) -> Result<(), String> {
    let told = |error: filedex_storage::Error| Failure::from(error).to_string();
    let (store, dataset) = (shared.store, shared.dataset);
    let mut round = 1;
    while shared.goes_on() {
        let number = random.usize(0..dataset.len());
        match random.u8(0..10) {
            0..3 => {
                // Some pairs move; no reader may see one of them on its way.
                let (first, last) = (random.u64(0..PAIRS), random.u64(0..PAIRS));
                let moved = (first.min(last)..=first.max(last))
                    .flat_map(|pair| pair_of(writer, pair, round));
                store.put_many(moved.collect::<Vec<_>>()).map_err(told)?;
                round += 1;
            }
            3..6 => drop(store.put(&dataset.record(number)).map_err(told)?),
            6..8 => {
                let size = random.i32(0..i32::MAX);
                let change = |record: &mut Document| record.set("size", size);
                store.update(&dataset.id(number), change).map_err(told)?;
            }
            8 => drop(store.remove(&dataset.id(number)).map_err(told)?),
            _ => {
                let records = (number..number + 20).map(|number| dataset.record(number));
                store.put_many(records.collect::<Vec<_>>()).map_err(told)?;
            }
        }
        shared.writes.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Every so many pages one is timed.
const PAGES_PER_TIME: u64 = 8;

fn read(shared: &Shared<'_>, reader: u64, mut random: Rng) -> Result<(), String> {
    let told = |error: filedex_storage::Error| Failure::from(error).to_string();
    let mut visits = shared.dataset.room_visits().skip(reader as usize * 10_000);
    let mut number = 0_u64;
    while shared.goes_on() {
        number += 1;
        let of_pairs = random.u8(0..3) == 0;
        let (filter, sort, window) = if of_pairs {
            let writer = random.u64(0..WRITERS);
            (format!(r#"{{"userId":"pairs-{writer}"}}"#), newest(), Window::all())
        } else {
            let room = shared.dataset.room(visits.next().unwrap_or(0));
            let window = Window { offset: random.u64(0..100), count: Some(50) };
            question(&room, window, &mut random)
        };
        let plan = plan(&filter, &sort).map_err(|error| error.to_string())?;
        let started = Instant::now();
        let page = shared.store.page(&plan, window, &Watch::default()).map_err(told)?;
        if number.is_multiple_of(PAGES_PER_TIME)
            && let Ok(mut times) = shared.times.lock()
        {
            times.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        let fault = if of_pairs { torn(&page) } else { misfit(&page, window) };
        if let Some(fault) = fault {
            return Err(format!("{filter} {sort}: {fault}"));
        }
        shared.pages.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn newest() -> String {
    r#"{"uploadedAt":-1}"#.to_owned()
}

/// What a list of files asks, and sometimes more.
fn question(room: &str, window: Window, random: &mut Rng) -> (String, String, Window) {
    match random.u8(0..10) {
        0..6 => {
            let filter = format!(r#"{{"rid":"{room}","typeGroup":"image"}}"#);
            (filter, newest(), window)
        }
        6..8 => (format!(r#"{{"rid":"{room}","size":{{"$gt":100000}}}}"#), newest(), window),
        8 => (format!(r#"{{"rid":"{room}"}}"#), r#"{"size":1}"#.to_owned(), window),
        _ => {
            (r#"{"typeGroup":"video"}"#.to_owned(), "{}".to_owned(), Window { offset: 0, ..window })
        }
    }
}

fn plan(filter: &str, sort: &str) -> filedex_query::Result<Plan> {
    let environment = Environment::default();
    let filter = Filter::parse_text(filter, &environment)?;
    let sort = Sort::parse_text(sort, &environment)?;
    Plan::compile(filter, Projection::everything(), sort, &environment)
}

/// All pairs of a writer are there, each of one round and in one room.
fn torn(page: &Page) -> Option<String> {
    let (total, found) = (page.total, page.documents.len() as u64);
    if (total, found) != (2 * PAIRS, 2 * PAIRS) {
        return Some(format!("a torn page: total {total}, {found} records"));
    }
    let of = |name: &str, record: &Document| record.get(name).cloned().unwrap_or(Value::Null);
    let mut sides: Vec<(String, Value, Value)> = page
        .documents
        .iter()
        .map(|record| {
            let pair = record.get_str("pair").unwrap_or_default().to_owned();
            (pair, of("round", record), of("rid", record))
        })
        .collect();
    sides.sort_by(|one, other| one.0.cmp(&other.0));
    let (pairs, _) = sides.as_chunks::<2>();
    let torn = pairs.iter().find(|[left, right]| left != right)?;
    Some(format!("a torn pair: {torn:?}"))
}

/// A page holds as many records as its total and its window say.
fn misfit(page: &Page, window: Window) -> Option<String> {
    let left = page.total.saturating_sub(window.offset);
    let due = window.count.map_or(left, |count| left.min(count));
    let found = page.documents.len() as u64;
    (due != found).then(|| format!("a torn page: total {}, {found} of {due} records", page.total))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Begins this program anew with one arena of glibc's allocator, if nothing else is asked for. By
/// itself it gives each thread its own, where what others have freed stays: with twelve threads that
/// is more than the store takes, which is what is measured here.
#[cfg(unix)]
fn with_one_arena() -> Outcome<()> {
    use std::os::unix::process::CommandExt as _;
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if std::env::var_os(ARENAS).is_some() {
        return Ok(());
    }
    let mut again = Command::new(std::env::current_exe()?);
    Err(again.args(std::env::args_os().skip(1)).env(ARENAS, "1").exec().into())
}

/// Bytes of memory that this process holds; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
