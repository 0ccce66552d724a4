//! Questions that the indexes of the lists do not serve, or not alone; and the indexes that an expert would
//! make for just these.

use rusqlite::ToSql;

use crate::error::Result;
use crate::peers::sqlite::list::List;
use crate::peers::sqlite::{Database, Setup};
use crate::question::{BYTES_A_PIXEL, EXTENSION, NAME_PART, Question, WIDTH};

/// Each has the order of a question, and what it asks of records.
pub(super) const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS by_room_name ON file (rid, name, id);
    CREATE INDEX IF NOT EXISTS by_size ON file (size DESC, id DESC);
    CREATE INDEX IF NOT EXISTS by_time_wide ON file (uploadedAt DESC, id DESC,
        record ->> '$.extension', record ->> '$.identify.size.width', size);
    CREATE INDEX IF NOT EXISTS by_time_name ON file (uploadedAt DESC, id DESC, name);
    CREATE VIRTUAL TABLE IF NOT EXISTS name_part
        USING fts5(name, content = 'file', content_rowid = 'number', tokenize = 'trigram');
";

/// Once everything is loaded.
pub(super) const FILL: &str = "INSERT INTO name_part (name_part) VALUES ('rebuild')";

/// The statements.
pub(super) struct Neighbours {
    by_name: List,
    by_size: List,
    by_id: List,
    unsorted: List,
    before: List,
    behind: List,
    either: List,
    computed: List,
    pattern: List,
}

impl Neighbours {
    pub(super) fn new(setup: Setup) -> Neighbours {
        let (extension, width) = ("record ->> '$.extension'", "record ->> '$.identify.size.width'");
        let either = format!("({extension} = '{EXTENSION}' OR {width} >= {WIDTH})");
        let computed = format!("{width} * {BYTES_A_PIXEL} > size");
        let behind = "rid = ?1 AND (uploadedAt, id) < (?2, ?3)";
        let mut pattern =
            List::filtered(0, &format!("name LIKE '%{NAME_PART}%'"), "by_time_name", setup);
        if setup == Setup::Indexed {
            pattern.total =
                format!("SELECT count(*) FROM name_part WHERE name_part MATCH '\"{NAME_PART}\"'");
        }
        let whole = |order, index| List::sorted(&[], "total", (order, index), setup);
        Neighbours {
            by_name: List::sorted(&["rid"], "room_total", ("name, id", "by_room_name"), setup),
            by_size: whole("size DESC, id DESC", "by_size"),
            by_id: whole("id", "sqlite_autoindex_file_1"),
            unsorted: List::newest(&[], "total", setup),
            before: List::filtered(2, "rid = ?1 AND uploadedAt < ?2", "by_room", setup),
            behind: List::filtered(3, behind, "by_room", setup),
            either: List::filtered(0, &either, "by_time_wide", setup),
            computed: List::filtered(0, &computed, "by_time_wide", setup),
            pattern,
        }
    }

    /// The answer; none to a question that is not one of these.
    pub(super) fn answer(
        &self,
        database: &Database,
        question: &Question,
    ) -> Result<Option<Vec<u8>>> {
        let (list, keys): (&List, &[&dyn ToSql]) = match question {
            Question::ByName { room } => (&self.by_name, &[room]),
            Question::BySize { .. } => (&self.by_size, &[]),
            Question::ById => (&self.by_id, &[]),
            Question::Unsorted { .. } => (&self.unsorted, &[]),
            Question::Before { room, time } => (&self.before, &[room, time]),
            Question::Behind { room, time, id } => (&self.behind, &[room, time, id]),
            Question::Either => (&self.either, &[]),
            Question::Computed => (&self.computed, &[]),
            Question::Pattern => (&self.pattern, &[]),
            _ => return Ok(None),
        };
        database.window(list, keys, question.offset()).map(Some)
    }
}
