//! The rows of the comparison: what each measures, in which unit, and how often.

use clap::ValueEnum;
use filedex_dataset::Dataset;

use crate::question::Question;

/// Questions that a row with changing rooms, users or ids goes round.
const VISITS: usize = 1_000;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
    /// Size and a part of the name, in any case, sorted by name, in the largest room.
    FilterPage,
    /// A nested field and the extension over all records, total and newest page.
    FullFilter,
    /// The same, asked of a store whose host declared both fields as columns.
    FullFilterColumns,
    /// One record by `_id`.
    Get,
    /// Loading everything with the indexes live, up to and including the close.
    BulkLoad,
    /// One new record, on the disk when the call returns.
    DurablePut,
    /// The closed store.
    DiskBytes,
    /// Anonymous memory after the load, default options.
    MemoryLoaded,
    /// Anonymous memory after opening and 1,000 room pages, default options.
    MemoryOpen,
    /// Opening a cleanly closed store and getting one record, default options.
    OpenWarm,
}

/// What a row's figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of CPU time for reads, of wall time for durable puts and opening.
    Nanoseconds,
    /// Records per second of CPU time of all threads: more is better.
    PerSecond,
    Bytes,
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
        match self {
            Row::BulkLoad => Unit::PerSecond,
            Row::DiskBytes | Row::MemoryLoaded | Row::MemoryOpen => Unit::Bytes,
            _ => Unit::Nanoseconds,
        }
    }

    /// Whether the row is one of questions, checked and measured over all peers in turn.
    pub(crate) fn is_read(self) -> bool {
        use Row::{DeepPage, LargestRoomPage, RoomPage, RoomTypePage, UserPage};
        use Row::{FilterPage, FullFilter, FullFilterColumns, Get};
        let paged = matches!(self, RoomPage | LargestRoomPage | RoomTypePage | DeepPage | UserPage);
        paged || matches!(self, FilterPage | FullFilter | FullFilterColumns | Get)
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
            Row::UserPage => {
                let users = dataset.user_visits().take(VISITS);
                users.map(|rank| Question::User { user: dataset.user(rank) }).collect()
            }
            Row::FilterPage => vec![Question::Named { room }],
            Row::FullFilter | Row::FullFilterColumns => vec![Question::Wide],
            Row::Get => ids(dataset).map(|id| Question::One { id }).collect(),
            _ => Vec::new(),
        }
    }

    /// Questions a round, where a peer isn't too slow for it.
    pub(crate) fn per_round(self) -> usize {
        match self {
            Row::FullFilter | Row::FullFilterColumns => 1,
            Row::FilterPage => 3,
            Row::DeepPage => 20,
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

/// Ids of records all over the dataset: a prime step visits them in no order a store could profit
/// from.
fn ids(dataset: &Dataset) -> impl Iterator<Item = String> {
    (0..VISITS).map(|visit| dataset.id(visit * 7_919 % dataset.len().max(1)))
}
