//! A server under attack: requests and connections that are meant to stop or kill it, by an ordinary
//! member of one room, beside one client that asks for a simple page.
//!
//! Broken is a server that died, one that took more memory than it may, work that went on long after
//! everybody left, and a simple page that kept its client waiting. All of it stays on the loopback.

mod attack;
mod client;
mod request;
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::Outcome;
use crate::verdict::Verdict;
use attack::Attack;
use client::Simple;
use server::{Server, Times, World};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Records of the store.
    #[arg(long, default_value_t = 100_000)]
    records: usize,
    /// Costly requests that a generator makes.
    #[arg(long, default_value_t = 200)]
    generated: usize,
    /// Bytes of memory that the server may take.
    #[arg(long, default_value_t = 1 << 30)]
    memory_bytes: u64,
    /// Fewer connections, a server of less patience, and no bound on how long the simple client waits: for
    /// machines that do something else as well.
    #[arg(long)]
    short: bool,
    /// Only attacks whose names begin so.
    #[arg(long)]
    only: Option<String>,
    /// Where the store goes.
    #[arg(long)]
    directory: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The simple client waits no longer, ever; nor, but for one page in a hundred, than the other.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
const USUAL_WAIT: Duration = Duration::from_millis(10);

/// The longest that work may go on: the time of a request after the longest wait for a place, and some.
const LONGEST_ATTACK: Duration = Duration::from_secs(60);

/// How long the simple client is watched by itself, and how long an attack is made again and again at least:
/// some hundred pages.
const WATCHED: Duration = Duration::from_secs(3);

/// What an attack did.
struct Row {
    name: &'static str,
    cpu: Duration,
    memory: u64,
    took: Duration,
    answers: String,
    waits: Waits,
}

/// What the simple client waited for its pages.
struct Waits {
    pages: usize,
    p50: Duration,
    p99: Duration,
    longest: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("hostile", "filedex", arguments.seed);
    if !cfg!(target_os = "linux") {
        verdict.skip("what a process takes is read from /proc");
        return Ok(verdict);
    }
    let place = arguments.directory.clone().unwrap_or_else(std::env::temp_dir);
    let directory = tempfile::Builder::new().prefix("trials-hostile-").tempdir_in(place)?;
    let times = if arguments.short { Times::SHORT } else { Times::USUAL };
    let world = World::make(directory.path(), arguments.records, times)?;
    let mut server = Server::start(&world, arguments.memory_bytes)?;
    let alone = quiet(&server, &world)?;
    let usual = alone.cpu.as_secs_f64() / alone.took.as_secs_f64();
    let mut rows = vec![alone];
    let attacks = attack::all(arguments.short, arguments.generated, arguments.seed);
    let wanted =
        |attack: &&Attack| arguments.only.as_ref().is_none_or(|only| attack.name.starts_with(only));
    for attack in attacks.iter().filter(wanted) {
        let row = suffer(&server, &world, attack, (usual, arguments.short))?;
        eprintln!("{row}");
        judge(&row, arguments, &mut verdict);
        rows.push(row);
        if let Some(ended) = server.ended()? {
            verdict.broke(format!("{}: the server ended with {ended}", attack.name));
            break;
        }
    }
    tell(&rows, &mut verdict);
    Ok(verdict)
}

/// The simple client by itself.
fn quiet(server: &Server, world: &World) -> Outcome<Row> {
    let simple = Simple::start(server.address(), world);
    let before = server.cpu()?;
    std::thread::sleep(WATCHED);
    let (cpu, memory) = (server.cpu()?.saturating_sub(before), server.memory()?);
    let waits = Waits::of(simple.stop());
    let row = Row { name: "nobody", cpu, memory, took: WATCHED, answers: String::new(), waits };
    eprintln!("{HEAD}\n{row}");
    Ok(row)
}

/// One attack, made again and again for a while unless it is to be short, until nothing of it goes on: the
/// simple client's pages usually take that share of a core.
fn suffer(
    server: &Server,
    world: &World,
    attack: &Attack,
    (usual, short): (f64, bool),
) -> Outcome<Row> {
    let watched = server.watch();
    let simple = Simple::start(server.address(), world);
    let (started, before) = (Instant::now(), server.cpu()?);
    let mut answers = (attack.run)(server.address(), world);
    while !short && started.elapsed() < WATCHED {
        answers = (attack.run)(server.address(), world);
    }
    while started.elapsed() < LONGEST_ATTACK + Duration::from_secs(5) && !server.rests(usual)? {}
    let took = started.elapsed();
    let cpu = server.cpu()?.saturating_sub(before);
    let (waits, memory) = (Waits::of(simple.stop()), watched.peak());
    Ok(Row { name: attack.name, cpu, memory, took, answers, waits })
}

fn judge(row: &Row, arguments: &Arguments, verdict: &mut Verdict) {
    let Row { name, memory, took, waits, .. } = row;
    verdict.add("attacks", 1);
    if *memory > arguments.memory_bytes {
        verdict.broke(format!("{name}: the server took {memory} bytes"));
    }
    if *took > LONGEST_ATTACK {
        verdict.broke(format!("{name}: the server still worked after {took:?}"));
    }
    if waits.pages == 0 {
        verdict.broke(format!("{name}: the simple client got no page at all"));
    }
    if row.answers.contains("told apart") {
        verdict.broke(format!("{name}: {}", row.answers));
    }
    if arguments.short {
        return;
    }
    if waits.longest > LONGEST_WAIT {
        verdict.broke(format!("{name}: the simple client waited {:?}", waits.longest));
    }
    if waits.p99 > USUAL_WAIT {
        verdict.broke(format!("{name}: one page in a hundred took {:?} and longer", waits.p99));
    }
}

fn tell(rows: &[Row], verdict: &mut Verdict) {
    println!("{HEAD}");
    for row in rows {
        println!("{row}");
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let figures = [
            ("cpu_us", micros(row.cpu)),
            ("memory", row.memory),
            ("took_us", micros(row.took)),
            ("p50_us", micros(row.waits.p50)),
            ("p99_us", micros(row.waits.p99)),
            ("max_us", micros(row.waits.longest)),
        ];
        for (figure, value) in figures {
            verdict.set(&format!("{} {figure}", row.name), value);
        }
    }
}

impl Waits {
    fn of(mut times: Vec<Duration>) -> Waits {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Waits { pages: times.len(), p50: at(0.5), p99: at(0.99), longest: at(1.0) }
    }
}

const HEAD: &str = "attack                  CPU s  peak MiB  ended after s  pages    p50 ms    p99 ms    max ms  answers";

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let Row { name, cpu, memory, took, answers, waits } = self;
        let (cpu, took, memory) = (cpu.as_secs_f64(), took.as_secs_f64(), memory >> 20);
        write!(f, "{name:<22} {cpu:>6.2} {memory:>9} {took:>14.1} {:>6}", waits.pages)?;
        for time in [waits.p50, waits.p99, waits.longest] {
            write!(f, " {:>9.2}", millis(time))?;
        }
        write!(f, "  {answers}")
    }
}
