//! A change of a record in MongoDB's update language, as a host writes it.
//!
//! This file holds the texts and reads them; what an update does is the language's business.

use filedex_query::ejson::{self, Form};
use filedex_query::{Account, Document, Environment, Found, Projection, Update, Value};

use crate::Result;

/// What is to become of a record: an update, with what goes beside it. A text or a document alone is
/// one, too.
///
/// ```
/// use filedex::{Change, Filedex, File};
/// let index = Filedex::temporary()?;
/// index.put(&File::new("a")?.with_size(7))?;
/// index.update_with("a", r#"{"$set": {"name": "logo.png"}, "$inc": {"downloads": 1}}"#)?;
///
/// let count = Change::new(r#"{"$inc": {"downloads": 1}, "$setOnInsert": {"size": 0}}"#).upsert();
/// index.update_with("a", &count)?;
/// index.update_with("b", &count)?;
/// assert_eq!(index.all().query(r#"{"downloads": 2, "size": 7}"#)?.page()?.total, 1);
/// assert_eq!(index.all().query(r#"{"downloads": 1, "size": 0}"#)?.page()?.total, 1);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    update: String,
    array_filters: Option<String>,
    is_upsert: bool,
}

impl Change {
    /// A change by the text of an update: an object of operators, a whole record, or an array of stages.
    pub fn new(update: impl Into<String>) -> Change {
        Change { update: update.into(), array_filters: None, is_upsert: false }
    }

    /// With the array of filters that say which elements `$[x]` stands for.
    #[must_use]
    pub fn array_filters(mut self, filters: impl Into<String>) -> Change {
        self.array_filters = Some(filters.into());
        self
    }

    /// With a record to be made where there is none: of the `_id`, the update, and its `$setOnInsert`.
    #[must_use]
    pub fn upsert(mut self) -> Change {
        self.is_upsert = true;
        self
    }

    pub(crate) fn is_upsert(&self) -> bool {
        self.is_upsert
    }

    /// Reads the texts.
    ///
    /// # Errors
    /// `Query`.
    pub(crate) fn read(&self, environment: &Environment) -> Result<Update> {
        Ok(Update::parse_text(&self.update, self.array_filters.as_deref(), environment)?)
    }
}

/// What an update makes of a record, charged to that account: nothing of it is held afterwards.
pub(crate) fn updated(
    update: &Update,
    before: &Document,
    found: Found,
    account: &Account,
) -> filedex_query::Result<Document> {
    let held = account.held();
    let copy = Projection::everything().apply_within(before.view(), None, account)?;
    let updated = update.apply_within(copy, found, account)?;
    account.release_to(held);
    Ok(updated.document)
}

impl From<&str> for Change {
    fn from(update: &str) -> Change {
        Change::new(update)
    }
}

/// Operators, or a whole record.
impl From<Document> for Change {
    fn from(update: Document) -> Change {
        Change::new(ejson::to_text(Value::from(update).view(), Form::Canonical))
    }
}

impl From<serde_json::Value> for Change {
    fn from(update: serde_json::Value) -> Change {
        Change::new(update.to_string())
    }
}

impl From<&Change> for Change {
    fn from(change: &Change) -> Change {
        change.clone()
    }
}
