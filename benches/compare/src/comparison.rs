//! A whole comparison at one size: loads what the rows need, measures them in order, and gathers
//! their figures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filedex_dataset::Dataset;
use tempfile::TempDir;

use crate::child::{self, Finding};
use crate::clock;
use crate::data;
use crate::error::Result;
use crate::files;
use crate::neighbour::Neighbour;
use crate::peer::{Family, Kind, Setting};
use crate::peers::Filedex;
use crate::puts;
use crate::reads::{self, Entrant};
use crate::row::{Row, Way};
use crate::tasks::{Place, Task};

/// Children that ask for the same for the first time.
const VISITS: usize = 3;

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
        if self.row.unit().is_better_if_more() {
            figures.max_by(|one, other| one.1.total_cmp(&other.1))
        } else {
            figures.min_by(|one, other| one.1.total_cmp(&other.1))
        }
    }

    /// The best SQLite, be it with an index for just the question or without. Rows that there are such
    /// indexes for are of times.
    pub(crate) fn best_sqlite(&self) -> Option<(Kind, f64)> {
        let bests = [Family::Sqlite, Family::Indexed].map(|family| self.best(family));
        bests.into_iter().flatten().min_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// How many times faster, or smaller, Filedex is than the best SQLite.
    pub(crate) fn times_sqlite(&self) -> Option<f64> {
        let (_, filedex) = self.best(Family::Filedex)?;
        let (_, sqlite) = self.best_sqlite()?;
        let is_more = self.row.unit().is_better_if_more();
        let (ours, theirs) = if is_more { (sqlite, filedex) } else { (filedex, sqlite) };
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

/// Figures as children find them.
#[derive(Default)]
struct Outcomes(BTreeMap<Row, Vec<(Kind, Vec<f64>)>>);

impl Outcomes {
    fn add(&mut self, kind: Kind, figures: impl Iterator<Item = (Row, f64)>) {
        for (row, figure) in figures {
            let kinds = self.0.entry(row).or_default();
            match kinds.last_mut().filter(|(last, _)| *last == kind) {
                Some((_, samples)) => samples.push(figure),
                None => kinds.push((kind, vec![figure])),
            }
        }
    }

    fn medians(self) -> Vec<Outcome> {
        let median = |(kind, samples)| (kind, clock::median(samples));
        let outcome = |(row, kinds): (Row, Vec<(Kind, Vec<f64>)>)| Outcome {
            row,
            figures: kinds.into_iter().map(median).collect(),
        };
        self.0.into_iter().map(outcome).collect()
    }
}

impl Comparison {
    /// Measures all rows.
    ///
    /// # Errors
    /// If an engine fails, or answers otherwise than Filedex.
    pub(crate) fn run(&self) -> Result<Vec<Outcome>> {
        let dataset = Dataset::new(self.records);
        let loaded = self.load()?;
        let mut outcomes = self.of_loads(&loaded);
        for task in Task::all() {
            outcomes.extend(self.of_task(task, &loaded)?);
        }
        for neighbour in Neighbour::all() {
            outcomes.extend(self.of_visits(neighbour, &loaded)?);
        }
        outcomes.extend(self.of_entrants(&loaded, &dataset)?);
        outcomes.retain(|outcome| self.rows.contains(&outcome.row));
        outcomes.sort_by_key(|outcome| outcome.row);
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

    /// The stores that the rows need.
    fn load(&self) -> Result<Vec<Loaded>> {
        let takes_none =
            |row: &Row| matches!(row.way(), Way::Child(task) if task.place() == Place::Empty);
        if self.rows.iter().all(takes_none) {
            return Ok(Vec::new());
        }
        let load = |kind| {
            let directory = self.place()?;
            let load = child::start(Task::Load, kind, directory.path(), self.records)?;
            let disk = files::size(directory.path())?;
            Ok(Loaded { kind, directory, load, disk })
        };
        self.kinds().map(load).collect()
    }

    fn of_loads(&self, loaded: &[Loaded]) -> Vec<Outcome> {
        let mut outcomes = Outcomes::default();
        for store in loaded {
            outcomes.add(store.kind, store.load.figures());
            outcomes.add(store.kind, [(Row::DiskBytes, store.disk as f64)].into_iter());
        }
        outcomes.medians()
    }

    /// The rows of a task, done by children of each kind that stands in one of them.
    fn of_task(&self, task: Task, loaded: &[Loaded]) -> Result<Vec<Outcome>> {
        self.of_children(
            Way::Child(task),
            (task.place(), task.repeats()),
            loaded,
            |kind, directory| child::start(task, kind, directory, self.records),
        )
    }

    /// The rows of what is asked for the first and the second time.
    fn of_visits(&self, neighbour: Neighbour, loaded: &[Loaded]) -> Result<Vec<Outcome>> {
        let way = Way::Visits(neighbour);
        self.of_children(way, (Place::Loaded, VISITS), loaded, |kind, directory| {
            child::start_visits(neighbour, kind, directory, self.records)
        })
    }

    fn of_children(
        &self,
        way: Way,
        (place, repeats): (Place, usize),
        loaded: &[Loaded],
        start: impl Fn(Kind, &Path) -> Result<Finding>,
    ) -> Result<Vec<Outcome>> {
        let (mut outcomes, mut answers) = (Outcomes::default(), None);
        let rows = || self.rows.iter().filter(|row| row.way() == way);
        for kind in self.kinds().filter(|kind| rows().any(|row| kind.stands_in(*row))) {
            let store = loaded.iter().find(|store| store.kind == kind);
            for _ in 0..repeats {
                let empty = self.place()?;
                let directory = match (place, store) {
                    (Place::Loaded, _) if !kind.persists() => continue,
                    (Place::Loaded, Some(store)) => store.directory.path(),
                    (Place::Copy, Some(store)) => {
                        files::copy(store.directory.path(), empty.path())?;
                        empty.path()
                    }
                    _ => empty.path(),
                };
                let finding = start(kind, directory)?;
                if answers.is_some_and(|answers| finding.answers() != Some(answers)) {
                    let asked = rows().map(|row| row.name()).collect::<Vec<_>>().join(", ");
                    let name = kind.name();
                    return Err(format!("{asked}: {name} answers otherwise than filedex").into());
                }
                answers = finding.answers();
                outcomes.add(kind, finding.figures());
            }
        }
        Ok(outcomes.medians())
    }

    /// The rows for which all peers are open in this process: questions, then durable puts.
    fn of_entrants(&self, loaded: &[Loaded], dataset: &Dataset) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        let asks = |row: &Row| matches!(row.way(), Way::Questions | Way::DurablePuts);
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
        if self.rows.iter().any(|row| row.way() == Way::DurablePuts) {
            let figures = puts::measure(&mut entrants, dataset, self.rounds)?;
            let rows = [Row::DurablePut, Row::DurablePutUncounted];
            outcomes.extend(rows.map(|row| Outcome { row, figures: figures.clone() }));
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
