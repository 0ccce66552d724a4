//! The names of a store's files, each here and nowhere else.
//!
//! ```text
//! uploads.filedex/
//!   filedex          the marker: what this is, and its format; locked by who has the store open
//!   log.<n>          what was written, in order
//!   blocks.<n>       blocks of entries, as the checkpoint of that number wrote them
//!   columns.<n>      of the records in the blocks of that number some fields each, one behind the other
//!   manifest.<n>     which blocks there are: what the index is made anew from
//!   tree/            the index, sled's files
//!   opened           the run of the system in which the tree was last opened; gone after a clean close
//!   rebuilding/      there only while the store is repaired, and rebuilt/ after it
//!   restoring/       there alone while a backup is being restored
//!   quarantine.<n>   what a repair could not keep
//! ```

/// The file that tells a store from any other directory.
pub(crate) const MARKER: &str = "filedex";

/// The directory of the index.
pub(crate) const TREE: &str = "tree";

/// Says that the tree may be behind what a power cut left of it.
pub(crate) const OPENED: &str = "opened";

/// Where a store is repaired, and where it then lies until it has taken its place.
pub(crate) const REBUILDING: &str = "rebuilding";
pub(crate) const REBUILT: &str = "rebuilt";

/// Where a store is made of a backup, at its path, before it is one.
pub(crate) const RESTORING: &str = "restoring";

/// What an empty file system has at its root.
pub(crate) const LOST_AND_FOUND: &str = "lost+found";

/// Files that are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbered {
    Log,
    Blocks,
    Columns,
    Manifest,
    Quarantine,
}

impl Numbered {
    /// The name of the file of that number.
    pub(crate) fn name(self, number: u64) -> String {
        format!("{}{number}", self.stem())
    }

    /// The number of the file of that name, if it is one of these.
    pub(crate) fn number(self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(self.stem())?;
        let number = digits.parse().ok()?;
        (self.name(number) == name).then_some(number)
    }

    fn stem(self) -> &'static str {
        match self {
            Numbered::Log => "log.",
            Numbered::Blocks => "blocks.",
            Numbered::Columns => "columns.",
            Numbered::Manifest => "manifest.",
            Numbered::Quarantine => "quarantine.",
        }
    }
}
