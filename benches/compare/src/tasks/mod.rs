//! Work that has a process to itself, so that its memory, its caches and the CPU time of all its threads
//! are one engine's alone.

mod beside;
mod budget;
mod checkpointed;
mod churn;
mod first;
mod load;
mod open;
mod puts;
mod updates;
mod written;

use std::path::Path;

use clap::ValueEnum;
use filedex_dataset::Dataset;

use crate::child::Finding;
use crate::error::Result;
use crate::neighbour::Neighbour;
use crate::peer::{Kind, Peer, Setting};

/// One piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// Load everything and close: the stores that the others work on.
    Load,
    /// The same with the engine's default options.
    LoadByDefault,
    /// Open a closed store, ask for pages, close, and open again some times; default options.
    Open,
    /// Ask for records for the first time.
    FirstGets,
    FirstRoomPages,
    FirstUserPages,
    FirstFullFilter,
    /// Read for long; default options.
    Read,
    /// Open a store for the first time after its load.
    OpenAfterLoad,
    /// Put, and end without closing.
    Leave,
    /// Open what that leaves.
    OpenAfterKill,
    Puts,
    Backup,
    Beside,
    /// Read and write at once; default options.
    Mixed,
    Updates,
    Written,
    Checkpointed,
    Churn,
}

/// What a task works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An empty directory.
    Empty,
    /// The loaded store, which it leaves as it was.
    Loaded,
    /// A copy of that.
    Copy,
}

impl Task {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The tasks that children are started for by themselves, in their order.
    pub(crate) fn all() -> impl Iterator<Item = Task> {
        let inner = |task: &Task| !matches!(task, Task::Load | Task::Leave);
        Task::value_variants().iter().copied().filter(inner)
    }

    pub(crate) fn place(self) -> Place {
        use Task::{Backup, Beside, Leave, Mixed, OpenAfterKill, Puts};
        use Task::{Checkpointed, Updates, Written};
        match self {
            Task::Load | Task::LoadByDefault | Task::OpenAfterLoad | Task::Churn => Place::Empty,
            Leave | OpenAfterKill | Puts | Backup | Beside | Mixed => Place::Copy,
            Checkpointed | Updates | Written => Place::Copy,
            _ => Place::Loaded,
        }
    }

    /// How many children do it, of which the medians count.
    pub(crate) fn repeats(self) -> usize {
        match self {
            Task::FirstGets | Task::FirstRoomPages | Task::FirstUserPages => 3,
            Task::FirstFullFilter | Task::OpenAfterKill => 3,
            _ => 1,
        }
    }

    /// Does it, in this process.
    pub(crate) fn run(self, kind: Kind, directory: &Path, records: usize) -> Result<Finding> {
        let dataset = &Dataset::new(records);
        let open = |setting| kind.open(directory, setting);
        match self {
            Task::Load => load::timed(kind, directory, dataset),
            Task::LoadByDefault => load::measured(kind, directory, dataset),
            Task::Open => open::warm(kind, directory, dataset),
            Task::FirstGets => first::gets(open(Setting::ROOMY)?, dataset),
            Task::FirstRoomPages => first::room_pages(open(Setting::ROOMY)?, dataset),
            Task::FirstUserPages => first::user_pages(open(Setting::ROOMY)?, dataset),
            Task::FirstFullFilter => first::full_filter(open(Setting::ROOMY)?),
            Task::Read => budget::reading(open(Setting::DEFAULT)?, kind, dataset),
            Task::OpenAfterLoad => open::after_load(kind, directory, dataset),
            Task::Leave => open::leave(open(Setting::ROOMY)?, dataset),
            Task::OpenAfterKill => open::after_kill(kind, directory, dataset),
            Task::Puts => puts::unsynced(open(Setting::ROOMY)?, dataset),
            Task::Backup => puts::beside_backup(open(Setting::ROOMY)?, directory, dataset),
            Task::Beside => beside::measure(open(Setting::ROOMY)?, dataset),
            Task::Mixed => budget::mixed(open(Setting::DEFAULT)?, kind, dataset),
            Task::Updates => updates::measure(open(Setting::ROOMY)?, dataset),
            Task::Written => written::measure(open(Setting::ROOMY)?, dataset),
            Task::Checkpointed => checkpointed::measure(open(Setting::ROOMY)?, dataset),
            Task::Churn => churn::measure(kind, directory, dataset),
        }
    }
}

/// Asks for a neighbour of the pages twice, in this process.
pub(crate) fn visits(
    neighbour: Neighbour,
    kind: Kind,
    directory: &Path,
    records: usize,
) -> Result<Finding> {
    first::visits(kind.open(directory, Setting::ROOMY)?, neighbour, &Dataset::new(records))
}

/// Another handle, of an engine that is set up for it.
fn another(peer: &dyn Peer) -> Result<Box<dyn Peer>> {
    peer.another()?.ok_or_else(|| "this engine has one handle only".into())
}
