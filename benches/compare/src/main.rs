//! The same work on Filedex and on what a host would use instead, side by side: pages, filters,
//! single records, loading, puts, readers beside writers, backups, disk, memory and opening.
//!
//! ```text
//! cargo run --release --manifest-path benches/compare/Cargo.toml -- --records 100000
//! ```
//!
//! All peers hold the same records and must give the same answers, byte for byte, before anything is
//! measured. Then they take turns in one process; a figure is the median of the rounds. What needs a process of
//! its own has one (`tasks`). Questions beside those that lists have ready (`neighbour`) are asked by new processes,
//! there once more, and by one that was asked before; SQLite is asked with the index that an expert would make for
//! just the question, and without. Filedex has its default options in every row; what else is set up how stands at
//! each peer in `peers`.

mod anonymous;
mod child;
mod clock;
mod comparison;
mod data;
mod error;
mod files;
mod neighbour;
mod newest;
mod page;
mod peer;
mod peers;
mod picture;
mod plot;
mod puts;
mod question;
mod reads;
mod report;
mod row;
mod svg;
mod tasks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::comparison::Comparison;
use crate::error::Result;
use crate::peer::{Family, Kind};
use crate::row::Row;

/// The same work on Filedex and on what a host would use instead.
#[derive(Debug, Parser)]
#[command(name = "filedex-compare", args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: Compare,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compares at several sizes and draws cost against size.
    Scaling(Scaling),
    #[command(hide = true)]
    Child(child::Arguments),
}

#[derive(Args, Debug)]
struct Compare {
    /// Records to compare over, such as 10000 or 10k.
    #[arg(long, default_value = "100k", value_parser = size)]
    records: usize,
    /// One JSON line a row instead of the table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choice: Choice,
    /// Draws how many times faster than SQLite Filedex is.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Scaling {
    /// Sizes to compare at.
    #[arg(long, value_delimiter = ',', value_parser = size, default_value = "10k,100k")]
    sizes: Vec<usize>,
    /// Further sizes, at which no peer is measured: loading one would take long.
    #[arg(long, value_delimiter = ',', value_parser = size)]
    alone: Vec<usize>,
    #[command(flatten)]
    choice: Choice,
    /// Where the plot goes.
    #[arg(long, value_name = "FILE")]
    svg: PathBuf,
}

#[derive(Args, Debug)]
struct Choice {
    /// How often the peers take turns.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Rows to measure, instead of all.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<Row>,
    /// Peers beside Filedex, instead of all. PoloDB is there if the program was built with it.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<Family>,
    /// Where the stores go: a disk, since puts are to be durable there.
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

impl Choice {
    fn comparison(&self, records: usize) -> Comparison {
        let rows = if self.rows.is_empty() { Row::all() } else { self.rows.clone() };
        let mut kinds = Kind::all();
        kinds.retain(|kind| self.peers.is_empty() || self.peers.contains(&kind.family()));
        let directory = self.directory.clone().unwrap_or_else(std::env::temp_dir);
        Comparison { records, rounds: self.rounds.max(1), rows, kinds, directory }
    }
}

fn main() -> ExitCode {
    let program = Program::parse();
    let done = match &program.command {
        None => compare(&program.compare),
        Some(Command::Scaling(arguments)) => scaling(arguments),
        Some(Command::Child(arguments)) => child::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Compare) -> Result<()> {
    let outcomes = arguments.choice.comparison(arguments.records).run()?;
    let text = if arguments.json {
        report::json(&outcomes)
    } else {
        report::table(arguments.records, &outcomes)
    };
    print!("{text}");
    if let Some(path) = &arguments.svg {
        std::fs::write(path, picture::draw(arguments.records, &outcomes))?;
    }
    Ok(())
}

fn scaling(arguments: &Scaling) -> Result<()> {
    let mut sizes = Vec::new();
    let with_peers = arguments.sizes.iter().map(|records| arguments.choice.comparison(*records));
    let alone = arguments
        .alone
        .iter()
        .map(|records| Comparison { kinds: Vec::new(), ..arguments.choice.comparison(*records) });
    for comparison in with_peers.chain(alone) {
        let (records, outcomes) = (comparison.records, comparison.run()?);
        print!("{}", report::table(records, &outcomes));
        sizes.push((records, outcomes));
    }
    Ok(std::fs::write(&arguments.svg, plot::draw(&sizes))?)
}

/// Reads `10000`, `10k` or `1M`.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let times = match text.strip_prefix(digits) {
        Some("k" | "K") => 1_000,
        Some("m" | "M") => 1_000_000,
        Some("") => 1,
        _ => return Err("a number, k or M behind it".to_owned()),
    };
    digits.parse::<usize>().map(|number| number * times).map_err(|error| error.to_string())
}
