//! The rows of the comparison: what each measures, in which unit, and how often.

use clap::ValueEnum;
use filedex_dataset::Dataset;

use crate::neighbour::{Neighbour, Visit};
use crate::question::Question;
use crate::tasks::Task;

/// Questions that a row with changing rooms, users or ids goes round.
const VISITS: usize = 1_000;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Row {
    /// A room's newest page, rooms in proportion to their files.
    RoomPage,
    /// The newest page of the largest room.
    LargestRoomPage,
    /// The newest page of the largest room's images.
    RoomTypePage,
    /// A page nine tenths into the largest room.
    DeepPage,
    /// A user's newest page, users in proportion to their files.
    UserPage,
    /// The newest page of everything.
    AllPage,
    /// The newest page of all images.
    TypePage,
    /// Size and a part of the name, in any case, sorted by name, in the largest room.
    FilterPage,
    /// A nested field and the extension over all records, total and newest page.
    FullFilter,
    /// The same, asked of a store whose host declared both fields as columns.
    FullFilterColumns,
    /// The same right after 1,000 scattered records were changed.
    FilterAfterUpdates,
    /// How many times the one before them that takes.
    FilterAfterUpdatesTimes,
    /// One record by `_id`.
    Get,
    /// The first time that a process asks for a record, the files in the system's memory.
    FirstGet,
    /// For a room's newest page.
    FirstRoomPage,
    /// For a user's newest page.
    FirstUserPage,
    /// For the filter over everything.
    FirstFullFilter,
    /// The first page of the largest room by name, as the endpoints sort if nothing is said.
    NamePage,
    /// The first time that a process asks for it.
    FirstNamePage,
    /// The second time.
    SecondNamePage,
    /// The first page of everything, the largest files first.
    SizePage,
    /// The first time that a process asks for it.
    FirstSizePage,
    /// The second time.
    SecondSizePage,
    /// The same while files all over the store get another size, after every hundred of 2,000.
    WrittenSizePage,
    /// The page half of all records into that order.
    DeepSizePage,
    /// The first time that a process asks for it.
    FirstDeepSizePage,
    /// The second time.
    SecondDeepSizePage,
    /// The same while files all over the store get another size.
    WrittenDeepSizePage,
    /// The same right after a checkpoint that put 1,000 changes to where they stay.
    CheckpointedDeepSizePage,
    /// The first page of everything by `_id`.
    IdPage,
    /// The first time that a process asks for it.
    FirstIdPage,
    /// The second time.
    SecondIdPage,
    /// A page without a sort, half of all records into everything.
    HalfPage,
    /// The first time that a process asks for it.
    FirstHalfPage,
    /// The second time.
    SecondHalfPage,
    /// The newest page of the files of the largest room that are older than one in the middle.
    BeforePage,
    /// The first time that a process asks for it.
    FirstBeforePage,
    /// The second time.
    SecondBeforePage,
    /// The page of the largest room behind a file in the middle, by `$or` of date and `_id`.
    BehindPage,
    /// The first time that a process asks for it.
    FirstBehindPage,
    /// The second time.
    SecondBehindPage,
    /// The newest page of `$or` of the fields of the filter over everything.
    EitherPage,
    /// The first time that a process asks for it.
    FirstEitherPage,
    /// The second time.
    SecondEitherPage,
    /// The same right after a checkpoint that put 1,000 changes to where they stay.
    CheckpointedEitherPage,
    /// The newest page of `$expr` over two fields, over everything.
    ComputedPage,
    /// The first time that a process asks for it.
    FirstComputedPage,
    /// The second time.
    SecondComputedPage,
    /// The newest page of a part of the name, in any case, over everything.
    PatternPage,
    /// The first time that a process asks for it.
    FirstPatternPage,
    /// The second time.
    SecondPatternPage,
    /// Loading everything with the indexes live, up to and including the close.
    BulkLoad,
    /// Beside SQLite without exact totals.
    BulkLoadUncounted,
    /// What the last fifth of a load costs, in times of the first.
    LoadGrowth,
    /// One new record, on the disk when the call returns.
    DurablePut,
    /// Beside SQLite without exact totals.
    DurablePutUncounted,
    /// One of 500,000 new records, not waiting for the disk: the median.
    Put,
    /// Beside SQLite without exact totals.
    PutUncounted,
    /// The longest but one in a thousand.
    PutP999,
    /// Beside SQLite without exact totals.
    PutP999Uncounted,
    /// The longest of all.
    PutLongest,
    /// Beside SQLite without exact totals.
    PutLongestUncounted,
    /// The longest put while a backup is made.
    PutLongestBackup,
    /// Room pages beside a writer and scans of a second: the longest but one in a thousand.
    ReadP999Beside,
    /// How many of them a second, of those that there are with nobody beside.
    ReadShareBeside,
    /// The closed store.
    DiskBytes,
    /// The closed store of 100,000 records at most, each put anew 20 times.
    ChurnedBytes,
    /// In times of what it took before.
    ChurnedGrowth,
    /// Anonymous memory after the load, default options.
    MemoryLoaded,
    /// Anonymous memory after opening and 1,000 room pages, default options.
    MemoryOpen,
    /// The most anonymous memory of a process that reads, above the bytes that its options grant.
    OverBudgetReading,
    /// Of one that loads.
    OverBudgetLoading,
    /// Of one that reads beside its writes.
    OverBudgetMixed,
    /// Opening a cleanly closed store and getting one record, default options.
    OpenWarm,
    /// For the first time after its load.
    OpenAfterLoad,
    /// After a kill that followed on 40,000 puts.
    OpenAfterKill,
    /// The text of these puts, by the time of that.
    ReplayRate,
}

/// What a row's figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of CPU time for reads, of wall time for what waits: puts, opening, what is asked for the first time.
    Nanoseconds,
    /// Records per second of CPU time of all threads: more is better.
    PerSecond,
    Bytes,
    /// Of wall time: more is better.
    BytesPerSecond,
    /// Times something of the engine's own.
    Times,
    /// A part of something of the engine's own: more is better.
    Share,
}

impl Unit {
    pub(crate) fn is_better_if_more(self) -> bool {
        matches!(self, Unit::PerSecond | Unit::BytesPerSecond | Unit::Share)
    }
}

/// How a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Questions, checked and measured over all peers in turn.
    Questions,
    /// Durable puts, the peers in turn.
    DurablePuts,
    /// Told by the load that the stores come from.
    Load,
    /// A child process for it.
    Child(Task),
    /// One that asks the question twice.
    Visits(Neighbour),
}

impl Row {
    pub(crate) fn all() -> Vec<Row> {
        Row::value_variants().to_vec()
    }

    /// As in the table and in the JSON lines.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn unit(self) -> Unit {
        use Row::{BulkLoad, BulkLoadUncounted, ChurnedBytes, ChurnedGrowth, DiskBytes};
        use Row::{FilterAfterUpdatesTimes, LoadGrowth, MemoryLoaded, MemoryOpen, OverBudgetMixed};
        use Row::{OverBudgetLoading, OverBudgetReading, ReadShareBeside, ReplayRate};
        match self {
            BulkLoad | BulkLoadUncounted => Unit::PerSecond,
            DiskBytes | ChurnedBytes | MemoryLoaded | MemoryOpen => Unit::Bytes,
            OverBudgetReading | OverBudgetLoading | OverBudgetMixed => Unit::Bytes,
            ChurnedGrowth | LoadGrowth | FilterAfterUpdatesTimes => Unit::Times,
            ReadShareBeside => Unit::Share,
            ReplayRate => Unit::BytesPerSecond,
            _ => Unit::Nanoseconds,
        }
    }

    /// How it is measured.
    pub(crate) fn way(self) -> Way {
        use Row::*;
        match Neighbour::of(self) {
            Some((_, Visit::Later)) => return Way::Questions,
            Some((neighbour, _)) => return Way::Visits(neighbour),
            None => {}
        }
        match self {
            DurablePut | DurablePutUncounted => Way::DurablePuts,
            BulkLoad | BulkLoadUncounted | LoadGrowth | DiskBytes => Way::Load,
            FilterAfterUpdates | FilterAfterUpdatesTimes => Way::Child(Task::Updates),
            WrittenSizePage | WrittenDeepSizePage => Way::Child(Task::Written),
            CheckpointedDeepSizePage | CheckpointedEitherPage => Way::Child(Task::Checkpointed),
            FirstGet => Way::Child(Task::FirstGets),
            FirstRoomPage => Way::Child(Task::FirstRoomPages),
            FirstUserPage => Way::Child(Task::FirstUserPages),
            FirstFullFilter => Way::Child(Task::FirstFullFilter),
            Put | PutP999 | PutLongest => Way::Child(Task::Puts),
            PutUncounted | PutP999Uncounted | PutLongestUncounted => Way::Child(Task::Puts),
            PutLongestBackup => Way::Child(Task::Backup),
            ReadP999Beside | ReadShareBeside => Way::Child(Task::Beside),
            ChurnedBytes | ChurnedGrowth => Way::Child(Task::Churn),
            MemoryLoaded | OverBudgetLoading => Way::Child(Task::LoadByDefault),
            OverBudgetReading => Way::Child(Task::Read),
            OverBudgetMixed => Way::Child(Task::Mixed),
            MemoryOpen | OpenWarm => Way::Child(Task::Open),
            OpenAfterLoad => Way::Child(Task::OpenAfterLoad),
            OpenAfterKill | ReplayRate => Way::Child(Task::OpenAfterKill),
            _ => Way::Questions,
        }
    }

    /// The row of the same figures beside SQLite without exact totals.
    pub(crate) fn uncounted(self) -> Option<Row> {
        match self {
            Row::BulkLoad => Some(Row::BulkLoadUncounted),
            Row::DurablePut => Some(Row::DurablePutUncounted),
            Row::Put => Some(Row::PutUncounted),
            Row::PutP999 => Some(Row::PutP999Uncounted),
            Row::PutLongest => Some(Row::PutLongestUncounted),
            _ => None,
        }
    }

    pub(crate) fn is_uncounted(self) -> bool {
        Row::value_variants().iter().any(|row| row.uncounted() == Some(self))
    }

    /// Whether the row is one of what a process asks for the first time.
    pub(crate) fn is_first(self) -> bool {
        use Row::{FirstFullFilter, FirstGet, FirstRoomPage, FirstUserPage};
        matches!(self, FirstGet | FirstRoomPage | FirstUserPage | FirstFullFilter)
            || matches!(self.way(), Way::Visits(_))
    }

    /// Whether the row is one of questions.
    pub(crate) fn is_read(self) -> bool {
        self.way() == Way::Questions
    }

    /// What is asked, in turn; nothing if the row is not one of questions. `largest` is the number of
    /// files of the largest room.
    pub(crate) fn questions(self, dataset: &Dataset, largest: u64) -> Vec<Question> {
        let room = dataset.room(0);
        match self {
            Row::RoomPage => room_pages(dataset).collect(),
            Row::LargestRoomPage => vec![Question::Room { room, offset: 0 }],
            Row::RoomTypePage => vec![Question::RoomType { room }],
            Row::DeepPage => vec![Question::deep(room, largest)],
            Row::UserPage => user_pages(dataset).collect(),
            Row::AllPage => vec![Question::All],
            Row::TypePage => vec![Question::Type],
            Row::FilterPage => vec![Question::Named { room }],
            Row::FullFilter | Row::FullFilterColumns => vec![Question::Wide],
            Row::Get => records(dataset).collect(),
            row => Neighbour::of(row).map(|(page, _)| page.question(dataset)).into_iter().collect(),
        }
    }

    /// Questions a round, where a peer isn't too slow for it.
    pub(crate) fn per_round(self) -> usize {
        match self {
            Row::FullFilter | Row::FullFilterColumns => 1,
            Row::FilterPage | Row::EitherPage | Row::ComputedPage | Row::PatternPage => 3,
            Row::DeepPage | Row::NamePage | Row::SizePage | Row::DeepSizePage => 20,
            Row::Get => VISITS,
            _ => 200,
        }
    }
}

/// First pages of rooms as visits fall on them.
pub(crate) fn room_pages(dataset: &Dataset) -> impl Iterator<Item = Question> {
    let rooms = dataset.room_visits().take(VISITS);
    rooms.map(|rank| Question::Room { room: dataset.room(rank), offset: 0 })
}

/// First pages of users as visits fall on them.
pub(crate) fn user_pages(dataset: &Dataset) -> impl Iterator<Item = Question> {
    let users = dataset.user_visits().take(VISITS);
    users.map(|rank| Question::User { user: dataset.user(rank) })
}

/// Records all over the dataset: a prime step visits them in no order a store could profit from.
pub(crate) fn records(dataset: &Dataset) -> impl Iterator<Item = Question> {
    let number = |visit| visit * 7_919 % dataset.len().max(1);
    (0..VISITS).map(move |visit| Question::One { id: dataset.id(number(visit)) })
}
