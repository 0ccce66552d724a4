//! What the host forces on a lookup: room, user, type group, visibility.
//!
//! A scope is a list of conditions that all must hold, ahead of whatever a caller's query says; it can
//! be narrowed and never widened. This file knows nothing of who asks.

use filedex_query::{Document, Environment, Filter, Value};

use crate::Result;

/// The host's conditions of a lookup.
///
/// ```
/// use filedex::Scope;
/// let scope = Scope::everything().room("GENERAL").type_group("image");
/// assert_eq!(scope.conditions().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope(Vec<Document>);

/// The lookups that a handle starts under the scopes that hosts ask for most, by its own under any.
macro_rules! lookups {
    ($handle:ty, $lookup:ty) => {
        impl $handle {
            /// Starts a lookup among the records of that room.
            pub fn room(&self, id: &str) -> $lookup {
                self.lookup($crate::Scope::everything().room(id))
            }

            /// Starts a lookup among the records of that user.
            pub fn user(&self, id: &str) -> $lookup {
                self.lookup($crate::Scope::everything().user(id))
            }

            /// Starts a lookup among all records.
            pub fn all(&self) -> $lookup {
                self.lookup($crate::Scope::everything())
            }
        }
    };
}
pub(crate) use lookups;

/// Which records show that clients usually don't list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visibility {
    /// Records with `_hidden: true`: their message was deleted while its history is kept.
    pub hidden: bool,
    /// Records of the type group `thumb`: small pictures made of other records.
    pub thumbs: bool,
}

impl Visibility {
    /// Every record shows.
    pub const EVERYTHING: Visibility = Visibility { hidden: true, thumbs: true };

    /// The same, with thumbs shown.
    #[must_use]
    pub fn with_thumbs(self) -> Visibility {
        Visibility { thumbs: true, ..self }
    }
}

impl Scope {
    /// No condition: every record of the index.
    pub fn everything() -> Scope {
        Scope::default()
    }

    /// Records of that room only. A second, different room leaves nothing.
    #[must_use]
    pub fn room(self, id: &str) -> Scope {
        self.and(Document::new().with("rid", id))
    }

    /// Records of that user only. A second, different user leaves nothing.
    #[must_use]
    pub fn user(self, id: &str) -> Scope {
        self.and(Document::new().with("userId", id))
    }

    /// Records of that type group only.
    #[must_use]
    pub fn type_group(self, group: &str) -> Scope {
        self.and(Document::new().with("typeGroup", group))
    }

    /// Records that show under that visibility only.
    #[must_use]
    pub fn visible(mut self, visibility: Visibility) -> Scope {
        if !visibility.thumbs {
            self = self.and(differs("typeGroup", "thumb"));
        }
        if !visibility.hidden {
            self = self.and(differs("_hidden", true));
        }
        self
    }

    /// Records that meet a further condition of the host, a filter in MongoDB's language.
    #[must_use]
    pub fn and(mut self, condition: Document) -> Scope {
        self.0.push(condition);
        self
    }

    /// The conditions, in the order they were given.
    pub fn conditions(&self) -> &[Document] {
        &self.0
    }

    /// The conditions as one filter.
    ///
    /// # Errors
    /// A `Query` error for a condition of the host that is no filter.
    pub fn filter(&self, environment: &Environment) -> Result<Filter> {
        let parse = |condition| Filter::parse(condition, environment);
        let filters: filedex_query::Result<Vec<Filter>> = self.0.iter().map(parse).collect();
        Ok(Filter::and(filters?))
    }
}

fn differs(field: &str, value: impl Into<Value>) -> Document {
    Document::new().with(field, Document::new().with("$ne", value))
}
