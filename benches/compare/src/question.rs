//! What every peer is asked: pages of 50 as JSON text with their exact total, and single records.

use crate::page::COUNT;

/// The type group of [`Question::RoomType`] and [`Question::Type`].
pub(crate) const TYPE_GROUP: &str = "image";
/// What files of [`Question::Named`] are larger than, in bytes.
pub(crate) const LARGER_THAN: i64 = 100_000;
/// What their names hold, in any case.
pub(crate) const NAME_PART: &str = "logo";
/// How wide images of [`Question::Wide`] are at least, in pixels.
pub(crate) const WIDTH: i64 = 3_000;
/// Their extension.
pub(crate) const EXTENSION: &str = "png";
/// How many bytes for each pixel of its width a file of [`Question::Computed`] has fewer than.
pub(crate) const BYTES_A_PIXEL: i64 = 400;

/// One question. Pages are newest first, ties by descending `_id`, if nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// A page of a room.
    Room { room: String, offset: u64 },
    /// The first page of a room's images.
    RoomType { room: String },
    /// The first page of everything.
    All,
    /// The first page of all images.
    Type,
    /// The first page of a user's files.
    User { user: String },
    /// The first page of the files of a room that are larger than [`LARGER_THAN`] and have
    /// [`NAME_PART`] in their name, by name and `_id`.
    Named { room: String },
    /// The first page of all files with the extension [`EXTENSION`] that are at least [`WIDTH`] wide.
    Wide,
    /// The first page of a room by name and `_id`, as the endpoints sort if nothing is said.
    ByName { room: String },
    /// A page of everything, the largest first, ties by descending `_id`.
    BySize { offset: u64 },
    /// The first page of everything by `_id`.
    ById,
    /// A page of everything without a sort. Filedex gives the newest first, and is taken at its word.
    Unsorted { offset: u64 },
    /// The first page of the files of a room that were uploaded before that time.
    Before { room: String, time: i64 },
    /// The page of a room that comes behind the file of that time and id, as clients page by key.
    Behind { room: String, time: i64, id: String },
    /// The first page of all files with the extension [`EXTENSION`], or at least [`WIDTH`] wide.
    Either,
    /// The first page of all images of fewer bytes than [`BYTES_A_PIXEL`] for each pixel of their width.
    Computed,
    /// The first page of all files with [`NAME_PART`] in their name.
    Pattern,
    /// The record of that `_id`.
    One { id: String },
    /// The first page of all files that have one of so many parts in their name, which none has: what
    /// costs time on every record.
    Slow { parts: usize },
}

impl Question {
    /// How many records to skip.
    pub(crate) fn offset(&self) -> u64 {
        match self {
            Question::Room { offset, .. }
            | Question::BySize { offset }
            | Question::Unsorted { offset } => *offset,
            _ => 0,
        }
    }

    /// The same question with the page that ends nine tenths into that many records.
    pub(crate) fn deep(room: String, total: u64) -> Question {
        let last = total.saturating_sub(COUNT as u64);
        Question::Room { room, offset: (total * 9 / 10).min(last) }
    }
}

/// The parts of [`Question::Slow`].
pub(crate) fn parts(number: usize) -> impl Iterator<Item = String> {
    (0..number).map(|part| format!("~{part}~"))
}

/// Whether a name has [`NAME_PART`] in it, upper and lower case alike, for peers that must see by
/// hand. No letter of the part has a case outside ASCII.
pub(crate) fn fits_name(name: &[u8]) -> bool {
    name.windows(NAME_PART.len()).any(|part| part.eq_ignore_ascii_case(NAME_PART.as_bytes()))
}
