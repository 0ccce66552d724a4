//! The neighbours of the pages that lists have ready: other orders, offsets, bounds and filters. Each is asked by a
//! process that has only just opened the store, once more, and then by one that was asked before; each of these is a row.

use clap::ValueEnum;
use filedex_dataset::Dataset;

use crate::data::Record;
use crate::question::Question;
use crate::row::Row;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Neighbour {
    Name,
    Size,
    DeepSize,
    Id,
    Half,
    Before,
    Behind,
    Either,
    Computed,
    Pattern,
}

/// When it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    First,
    Second,
    Later,
}

/// The rows of each: later, first, second.
const ROWS: &[(Neighbour, [Row; 3])] = &[
    (Neighbour::Name, [Row::NamePage, Row::FirstNamePage, Row::SecondNamePage]),
    (Neighbour::Size, [Row::SizePage, Row::FirstSizePage, Row::SecondSizePage]),
    (Neighbour::DeepSize, [Row::DeepSizePage, Row::FirstDeepSizePage, Row::SecondDeepSizePage]),
    (Neighbour::Id, [Row::IdPage, Row::FirstIdPage, Row::SecondIdPage]),
    (Neighbour::Half, [Row::HalfPage, Row::FirstHalfPage, Row::SecondHalfPage]),
    (Neighbour::Before, [Row::BeforePage, Row::FirstBeforePage, Row::SecondBeforePage]),
    (Neighbour::Behind, [Row::BehindPage, Row::FirstBehindPage, Row::SecondBehindPage]),
    (Neighbour::Either, [Row::EitherPage, Row::FirstEitherPage, Row::SecondEitherPage]),
    (Neighbour::Computed, [Row::ComputedPage, Row::FirstComputedPage, Row::SecondComputedPage]),
    (Neighbour::Pattern, [Row::PatternPage, Row::FirstPatternPage, Row::SecondPatternPage]),
];

impl Neighbour {
    pub(crate) fn all() -> impl Iterator<Item = Neighbour> {
        Neighbour::value_variants().iter().copied()
    }

    /// As a child is told it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Which one a row is of, and when it is asked there.
    pub(crate) fn of(row: Row) -> Option<(Neighbour, Visit)> {
        let visits = [Visit::Later, Visit::First, Visit::Second];
        ROWS.iter().find_map(|(neighbour, rows)| {
            let visit = rows.iter().zip(visits).find(|(one, _)| **one == row);
            visit.map(|(_, visit)| (*neighbour, visit))
        })
    }

    /// The row in which it is asked then.
    pub(crate) fn row(self, visit: Visit) -> Option<Row> {
        let (_, [later, first, second]) = ROWS.iter().find(|(neighbour, _)| *neighbour == self)?;
        Some(match visit {
            Visit::Later => *later,
            Visit::First => *first,
            Visit::Second => *second,
        })
    }

    pub(crate) fn question(self, dataset: &Dataset) -> Question {
        let (room, half) = (dataset.room(0), dataset.len() as u64 / 2);
        match self {
            Neighbour::Name => Question::ByName { room },
            Neighbour::Size => Question::BySize { offset: 0 },
            Neighbour::DeepSize => Question::BySize { offset: half },
            Neighbour::Id => Question::ById,
            Neighbour::Half => Question::Unsorted { offset: half },
            Neighbour::Before => Question::Before { room, time: in_the_middle(dataset).uploaded },
            Neighbour::Behind => {
                let Record { uploaded, id, .. } = in_the_middle(dataset);
                Question::Behind { room, time: uploaded, id }
            }
            Neighbour::Either => Question::Either,
            Neighbour::Computed => Question::Computed,
            Neighbour::Pattern => Question::Pattern,
        }
    }
}

/// A file of the largest room from the middle of the time.
fn in_the_middle(dataset: &Dataset) -> Record {
    let (room, half) = (dataset.room(0), dataset.len() / 2);
    let later = (half..dataset.len()).map(|number| Record::from(dataset.record(number)));
    let found = later.into_iter().find(|record| record.room == room);
    found.unwrap_or_else(|| Record::from(dataset.record(half)))
}
