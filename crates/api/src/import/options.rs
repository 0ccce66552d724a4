//! What a host chooses about an import.

use crate::Cancel;

/// What a host chooses about an import. The default suits most files.
///
/// ```
/// use filedex::{ImportFrom, ImportOptions};
/// let options = ImportOptions::default().from(ImportFrom::Zipline).owner("cmb60pvng00039kentdaw6p68");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ImportOptions {
    pub(super) from: ImportFrom,
    pub(super) as_is: bool,
    pub(super) type_groups: bool,
    pub(super) owner: Option<String>,
    pub(super) collection: Option<String>,
    pub(super) faults: usize,
    pub(super) cancel: Option<Cancel>,
}

/// Whose records a file holds, by the names of their fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportFrom {
    /// Seen record by record: one without `_id` that has `id` and `createdAt` is Zipline's.
    #[default]
    Guess,
    /// Rocket.Chat's, which are the index's own: `_id`, `uploadedAt`, `rid`.
    RocketChat,
    /// Zipline's: `id` is `_id`, `createdAt` is `uploadedAt`, `updatedAt` is `_updatedAt`.
    Zipline,
}

impl Default for ImportOptions {
    fn default() -> ImportOptions {
        ImportOptions {
            from: ImportFrom::Guess,
            as_is: false,
            type_groups: true,
            owner: None,
            collection: None,
            faults: 20,
            cancel: None,
        }
    }
}

impl ImportOptions {
    /// Whose records they are (default: guessed).
    pub fn from(mut self, from: ImportFrom) -> ImportOptions {
        self.from = from;
        self
    }

    /// Whether fields keep the types and names they came with (default: no). `_id` is a text all the same.
    pub fn as_is(mut self, as_is: bool) -> ImportOptions {
        self.as_is = as_is;
        self
    }

    /// Whether a record with a `type` and no `typeGroup` gets it from there (default: yes). Rocket.Chat's
    /// releases from 0.6x to 0.7x and those of 7.10 left it out, and lists of images miss such records.
    pub fn type_groups(mut self, derived: bool) -> ImportOptions {
        self.type_groups = derived;
        self
    }

    /// The owner of records that name none, as Zipline's replies do.
    pub fn owner(mut self, id: impl Into<String>) -> ImportOptions {
        self.owner = Some(id.into());
        self
    }

    /// Which collection of a mongodump archive is read (default: `rocketchat_uploads`).
    pub fn collection(mut self, name: impl Into<String>) -> ImportOptions {
        self.collection = Some(name.into());
        self
    }

    /// How many of the bad records the report tells of (default: 20); all are counted.
    pub fn faults(mut self, number: usize) -> ImportOptions {
        self.faults = number;
        self
    }

    /// Stops with an error once the flag is raised; what is in by then stays.
    pub fn cancel(mut self, cancel: Cancel) -> ImportOptions {
        self.cancel = Some(cancel);
        self
    }
}
