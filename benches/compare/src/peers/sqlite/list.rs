//! The statements of a page and of its total.

use crate::page::COUNT;
use crate::peers::sqlite::Setup;

/// What is asked of some of the records in some order: keys are the first parameters of both statements, the
/// offset is the page's last one.
pub(super) struct List {
    pub(super) page: String,
    pub(super) total: String,
}

impl List {
    /// Newest first, with an index of its own. `keys` are the columns that name the list, `kept` is the table
    /// of its totals.
    pub(super) fn newest(keys: &[&str], kept: &str, setup: Setup) -> List {
        let condition = all_equal(keys);
        let (order, offset) = ("uploadedAt DESC, id DESC", keys.len() + 1);
        let page = format!(
            "SELECT record FROM file WHERE {condition} ORDER BY {order}
             LIMIT {COUNT} OFFSET ?{offset}"
        );
        List { page, total: total(&condition, kept, setup) }
    }

    /// The whole list in another order, that of the index.
    pub(super) fn sorted(
        keys: &[&str],
        kept: &str,
        (order, index): (&str, &str),
        setup: Setup,
    ) -> List {
        let condition = all_equal(keys);
        let page = page(&condition, order, (index, keys.len() + 1), setup);
        List { page, total: total(&condition, kept, setup) }
    }

    /// Those that the condition over so many keys holds for, newest first. The index has all that it asks.
    pub(super) fn filtered(keys: usize, condition: &str, index: &str, setup: Setup) -> List {
        let page = page(condition, "uploadedAt DESC, id DESC", (index, keys + 1), setup);
        List { page, total: format!("SELECT count(*) FROM file WHERE {condition}") }
    }
}

fn all_equal(keys: &[&str]) -> String {
    let equal = |(position, key): (usize, &&str)| format!("{key} = ?{}", position + 1);
    let equal: Vec<String> = keys.iter().enumerate().map(equal).collect();
    if equal.is_empty() { "true".to_owned() } else { equal.join(" AND ") }
}

fn total(condition: &str, kept: &str, setup: Setup) -> String {
    match setup {
        Setup::Counted => format!("SELECT count(*) FROM file WHERE {condition}"),
        Setup::Kept | Setup::Indexed => format!("SELECT files FROM {kept} WHERE {condition}"),
    }
}

/// Where there is no index, numbers alone are sorted: with the records it would take several times as long.
fn page(condition: &str, order: &str, (index, offset): (&str, usize), setup: Setup) -> String {
    let rest = format!("WHERE {condition} ORDER BY {order} LIMIT {COUNT} OFFSET ?{offset}");
    match setup {
        Setup::Indexed => format!("SELECT record FROM file INDEXED BY {index} {rest}"),
        Setup::Kept | Setup::Counted => format!(
            "SELECT record FROM (SELECT number AS wanted FROM file {rest})
             CROSS JOIN file ON number = wanted"
        ),
    }
}
