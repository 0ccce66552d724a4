//! The names in a store's directory, as far as a trial has to know them: to damage nothing by name, to find
//! what no work leaves behind, and to tell which part of a store a call is on.

use std::path::Path;

/// What no work leaves behind when it is done, from the directory on that the store lies in.
pub(crate) const LEFTOVERS: &[&str] = &["store/restoring", "store/rebuilding", "store/rebuilt"];

/// The file that tells a store from any other directory, written when all else is there.
const MARKER: &str = "filedex";

/// Says in which run of the system a store was opened.
const OPENED: &str = "opened";

/// Whether a store is there, and not only being made.
pub(crate) fn is_marked(store: &Path) -> bool {
    std::fs::metadata(store.join(MARKER)).is_ok_and(|marker| marker.len() > 0)
}

/// After a power cut the system runs anew: whoever opens a store sees another run than the one before.
pub(crate) fn run_anew(store: &Path) -> std::io::Result<()> {
    let opened = store.join(OPENED);
    if opened.exists() { std::fs::write(opened, "another run of the system") } else { Ok(()) }
}

/// A part of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Log,
    /// What a checkpoint writes and syncs before anything is changed.
    Blocks,
    /// The manifest, from which the index is made.
    Index,
    Other,
}

/// How the names of the parts begin, in the store's directory.
const PARTS: &[(&str, Part)] =
    &[("log.", Part::Log), ("blocks.", Part::Blocks), ("manifest.", Part::Index)];

/// The part of a store that a file belongs to; `path` begins in the store's directory.
pub(crate) fn part(path: &Path) -> Part {
    let first = path.iter().next().unwrap_or_default().to_string_lossy();
    let found = PARTS.iter().find(|(begin, _)| first.starts_with(begin));
    found.map_or(Part::Other, |(_, part)| *part)
}
