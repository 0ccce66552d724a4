//! A repair: what is good of a store is kept, what cannot be read is kept aside, and both are told.
//!
//! How a store is written anew is [`super::rebuild`]'s.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::quarantine::{Quarantine, Quarantined};
use super::rebuild::rebuild;
use crate::error::Result;
use crate::options::Options;
use crate::store::{Home, Store};

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Repair {
    /// Records that the store holds now.
    pub records: u64,
    /// Lists, with their counts, that were built from them.
    pub lists: u64,
    /// How many things could not be kept.
    pub lost: u64,
    /// What they are; the first thousand.
    pub quarantined: Vec<Quarantined>,
    /// The file that has all of them, in the store's directory, where there is any.
    pub side_file: Option<PathBuf>,
}

impl Repair {
    /// Whether everything was kept.
    pub fn is_whole(&self) -> bool {
        self.lost == 0
    }
}

impl Store {
    /// Writes the store at that path anew from its records, also where [`Store::open`] refuses it. What
    /// cannot be read is kept in a file `quarantine.<n>` in the store's directory, a line of JSON each.
    /// `progress` is told how many of how many records went over.
    ///
    /// Where the manifest is lost, which says what of the block files counts, the newest of what they hold of
    /// each record is kept: a record that was removed may come back, and that is told.
    ///
    /// There must be room for the store once more. The new one takes its place as a whole: a repair that is
    /// interrupted changed nothing, or is ended by the next open.
    ///
    /// ```
    /// # use filedex_query::Document;
    /// # use filedex_storage::{Options, Store};
    /// let site = tempfile::tempdir()?;
    /// let path = site.path().join("store");
    /// let store = Store::open(&path, &Options::default())?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// store.close()?;
    ///
    /// let repair = Store::repair(&path, &Options::default(), &mut |_, _| ())?;
    /// assert!(repair.is_whole());
    /// assert!(Store::open(&path, &Options::default())?.get("a")?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AlreadyOpen` while anybody has the store open; `Damaged` where nothing can be read of it any
    /// more, so that a backup is needed; `Missing`, `NotAStore`, `NewerFormat`, `OlderFormat` or `Io`. The
    /// store is as it was then.
    pub fn repair(
        path: impl AsRef<Path>,
        options: &Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Repair> {
        let home = Home::adopt(path.as_ref())?;
        let name = Quarantine::free_name(&home.directory)?;
        let (stats, quarantine) = rebuild(&home, options, &name, progress)?;
        // The list of all ids, that of everything, and those of rooms and users.
        let lists = 2 + stats.rooms + stats.users;
        let mut repair = Repair { records: stats.records, lists, ..Repair::default() };
        if quarantine.number > 0 {
            (repair.lost, repair.quarantined) = (quarantine.number, quarantine.items);
            repair.side_file = Some(home.directory.at(&name));
        }
        Ok(repair)
    }
}
