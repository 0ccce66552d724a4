//! A whole comparison at one size: loads what the rows need, measures them in order, and gathers
//! their figures.

use std::fs;
use std::path::{Path, PathBuf};

use filedex_dataset::Dataset;
use tempfile::TempDir;

use crate::child::{self, Finding, Task};
use crate::data;
use crate::error::Result;
use crate::peer::{Family, Kind, Setting};
use crate::peers::Filedex;
use crate::puts;
use crate::reads::{self, Entrant};
use crate::row::{Row, Unit};

/// What is compared.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) records: usize,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) kinds: Vec<Kind>,
    /// Where the stores go.
    pub(crate) directory: PathBuf,
}

/// A row's figures.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) row: Row,
    /// In the row's unit; a kind that can't answer isn't there.
    pub(crate) figures: Vec<(Kind, f64)>,
}

impl Outcome {
    /// The best kind of that family, and its figure.
    pub(crate) fn best(&self, family: Family) -> Option<(Kind, f64)> {
        let fits = |(kind, _): &&(Kind, f64)| kind.family() == family && kind.stands_in(self.row);
        let figures = self.figures.iter().filter(fits).copied();
        if self.row.unit() == Unit::PerSecond {
            figures.max_by(|one, other| one.1.total_cmp(&other.1))
        } else {
            figures.min_by(|one, other| one.1.total_cmp(&other.1))
        }
    }

    /// How many times faster, or smaller, Filedex is than the best SQLite.
    pub(crate) fn times_sqlite(&self) -> Option<f64> {
        let (_, filedex) = self.best(Family::Filedex)?;
        let (_, sqlite) = self.best(Family::Sqlite)?;
        let (ours, theirs) =
            if self.row.unit() == Unit::PerSecond { (sqlite, filedex) } else { (filedex, sqlite) };
        (ours > 0.0).then_some(theirs / ours)
    }
}

/// A kind's loaded store.
struct Loaded {
    kind: Kind,
    directory: TempDir,
    load: Finding,
    /// Of the closed store.
    disk: u64,
}

impl Comparison {
    /// Measures all rows.
    ///
    /// # Errors
    /// If an engine fails, or answers otherwise than Filedex.
    pub(crate) fn run(&self) -> Result<Vec<Outcome>> {
        let dataset = Dataset::new(self.records);
        let mut outcomes = Vec::new();
        if self.rows.contains(&Row::MemoryLoaded) {
            outcomes.push(Outcome { row: Row::MemoryLoaded, figures: self.loaded_by_default()? });
        }
        let loaded = self.load()?;
        outcomes.extend(self.of_loads(&loaded));
        outcomes.extend(self.of_openings(&loaded)?);
        outcomes.extend(self.of_entrants(&loaded, &dataset)?);
        outcomes.retain(|outcome| self.rows.contains(&outcome.row));
        let place = |row: Row| Row::all().iter().position(|other| *other == row);
        outcomes.sort_by_key(|outcome| place(outcome.row));
        Ok(outcomes)
    }

    /// Filedex and the chosen peers that stand in one of the rows. Filedex comes first: it gives the
    /// answers that the others' are compared with.
    fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        let needed = |kind: &Kind| self.rows.iter().any(|row| kind.stands_in(*row));
        let peers = self.kinds.iter().copied().filter(|kind| kind.family() != Family::Filedex);
        let others = [Kind::FiledexColumns].into_iter().chain(peers);
        [Kind::Filedex].into_iter().chain(others.filter(needed))
    }

    fn place(&self) -> Result<TempDir> {
        Ok(tempfile::Builder::new().prefix("filedex-compare-").tempdir_in(&self.directory)?)
    }

    fn loaded_by_default(&self) -> Result<Vec<(Kind, f64)>> {
        let mut figures = Vec::new();
        for kind in self.kinds().filter(|kind| kind.stands_in(Row::MemoryLoaded)) {
            let place = self.place()?;
            let task = Task::Load { default: true };
            let finding = child::start(task, kind, place.path(), self.records)?;
            figures.extend(finding.anonymous.map(|bytes| (kind, bytes as f64)));
        }
        Ok(figures)
    }

    fn load(&self) -> Result<Vec<Loaded>> {
        if self.rows == [Row::MemoryLoaded] {
            return Ok(Vec::new());
        }
        let load = |kind| {
            let directory = self.place()?;
            let task = Task::Load { default: false };
            let load = child::start(task, kind, directory.path(), self.records)?;
            let disk = size(directory.path())?;
            Ok(Loaded { kind, directory, load, disk })
        };
        self.kinds().map(load).collect()
    }

    fn of_loads(&self, loaded: &[Loaded]) -> Vec<Outcome> {
        let rate = |store: &Loaded| self.records as f64 * 1e9 / store.load.nanoseconds.max(1.0);
        let rates = loaded.iter().map(|store| (store.kind, rate(store)));
        let sizes = loaded.iter().map(|store| (store.kind, store.disk as f64));
        vec![
            Outcome { row: Row::BulkLoad, figures: rates.collect() },
            Outcome { row: Row::DiskBytes, figures: sizes.collect() },
        ]
    }

    fn of_openings(&self, loaded: &[Loaded]) -> Result<Vec<Outcome>> {
        let (mut memory, mut times) = (Vec::new(), Vec::new());
        let wanted = self.rows.iter().any(|row| matches!(row, Row::MemoryOpen | Row::OpenWarm));
        let opened = |store: &&Loaded| store.kind.persists() && store.kind.stands_in(Row::OpenWarm);
        for store in loaded.iter().filter(opened).filter(|_| wanted) {
            let kind = store.kind;
            let finding = child::start(Task::Open, kind, store.directory.path(), self.records)?;
            memory.extend(finding.anonymous.map(|bytes| (kind, bytes as f64)));
            times.push((kind, finding.nanoseconds));
        }
        Ok(vec![
            Outcome { row: Row::MemoryOpen, figures: memory },
            Outcome { row: Row::OpenWarm, figures: times },
        ])
    }

    /// The rows for which all peers are open in this process: questions, then durable puts.
    fn of_entrants(&self, loaded: &[Loaded], dataset: &Dataset) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        let asks = |row: &Row| row.is_read() || *row == Row::DurablePut;
        if !self.rows.iter().any(asks) {
            return Ok(outcomes);
        }
        let largest = largest_room(loaded, dataset)?;
        let mut entrants = Vec::new();
        for store in loaded {
            entrants.push(enter(store, dataset)?);
        }
        for row in self.rows.iter().copied().filter(|row| row.is_read()) {
            let questions = row.questions(dataset, largest);
            let figures = reads::measure(row, &mut entrants, &questions, self.rounds)?;
            outcomes.push(Outcome { row, figures });
        }
        if self.rows.contains(&Row::DurablePut) {
            let figures = puts::measure(&mut entrants, dataset, self.rounds)?;
            outcomes.push(Outcome { row: Row::DurablePut, figures });
        }
        entrants.into_iter().try_for_each(|entrant| entrant.peer.close())?;
        Ok(outcomes)
    }
}

/// Opens a loaded store for questions and durable puts; loads what can't be opened again.
fn enter(store: &Loaded, dataset: &Dataset) -> Result<Entrant> {
    let kind = store.kind;
    let mut peer = kind.open(store.directory.path(), Setting::ROOMY.durable())?;
    if !kind.persists() {
        for mut records in data::chunks(dataset, 0..dataset.len()) {
            peer.load(&mut records)?;
        }
        peer.flush()?;
    }
    Ok(Entrant { kind, peer })
}

/// How many files the largest room has, as Filedex counts them.
fn largest_room(loaded: &[Loaded], dataset: &Dataset) -> Result<u64> {
    let store = loaded.iter().find(|store| store.kind == Kind::Filedex);
    let store = store.ok_or("filedex is not loaded")?;
    Filedex::open(store.directory.path(), Setting::DEFAULT, &[])?.room_total(&dataset.room(0))
}

/// Bytes of the files in a directory and below.
fn size(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
