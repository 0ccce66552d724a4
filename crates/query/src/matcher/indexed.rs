//! An array as the document that `$elemMatch` sees in it: its indexes are the names.
//!
//! Only the elements that the filter can name are copied. Most filters name none, and for them any
//! array is an empty document.

use crate::copy::{FIELD, copy};
use crate::{Account, ArrayRef, Document, Filter, Result};

/// Which indexes a filter names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Indexed {
    /// Perhaps any of them.
    All,
    /// These, ascending, each once.
    Only(Vec<usize>),
}

impl Indexed {
    /// The indexes that paths of the filter begin with.
    pub(super) fn of(filter: &Filter) -> Indexed {
        let mut indexes = Vec::new();
        if !collect(filter, &mut indexes) {
            return Indexed::All;
        }
        indexes.sort_unstable();
        indexes.dedup();
        Indexed::Only(indexes)
    }

    /// The array as a document, as far as the filter can tell.
    pub(super) fn document(&self, array: ArrayRef<'_>, account: &Account) -> Result<Document> {
        let past = match self {
            Indexed::All => usize::MAX,
            Indexed::Only(indexes) => indexes.last().map_or(0, |last| last.saturating_add(1)),
        };
        let mut document = Document::new();
        for (index, value) in array.iter().take(past).enumerate() {
            account.work(u64::from(index.is_multiple_of(8)))?;
            let is_named = match self {
                Indexed::All => true,
                Indexed::Only(indexes) => indexes.binary_search(&index).is_ok(),
            };
            if is_named {
                account.hold(FIELD + 20)?;
                document.push(index.to_string(), copy(value, account)?);
            }
        }
        Ok(document)
    }
}

/// Gathers the indexes; false if the filter looks at more than paths.
fn collect(filter: &Filter, indexes: &mut Vec<usize>) -> bool {
    match filter {
        Filter::All | Filter::Never => true,
        Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
            members.iter().all(|member| collect(member, indexes))
        }
        Filter::Field { path, .. } => {
            indexes.extend(path.parts().first().and_then(|part| part.index));
            true
        }
        Filter::Expression(_) | Filter::Schema(_) | Filter::Sample(_) => false,
    }
}
