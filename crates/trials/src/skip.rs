//! Deliberate faults: syncs that are taken out of a recording, as if the store had left them out. A trial
//! that finds nothing broken then has no teeth.

use std::collections::HashSet;
use std::path::Path;

use crate::disk::Disk;
use crate::layout::{Part, part};
use crate::trace::Call;

/// Which syncs are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Skip {
    /// Of logs.
    Log,
    /// Of a log that the next one was made after: what is in the next counts on it.
    OldLog,
    /// Of what a checkpoint writes before anything is changed.
    Blocks,
    /// Of sled's files, in the middle of a checkpoint and at its end.
    Index,
    /// Of directories.
    Directory,
    /// Of the directory, after what a checkpoint writes.
    DirectoryAfterBlocks,
    /// Of the directory, after a directory in it was given another name: one that takes another's place.
    Replacement,
    /// Of what an open writes once more: what it read back need not be on the disk.
    Settling,
}

/// Calls of one recording, looked through in their order for what is left out.
pub(crate) struct Skipping {
    skip: Option<Skip>,
    /// Numbers of the calls that are left out.
    pub(crate) calls: HashSet<u64>,
    /// The log that was made last.
    newest_log: String,
    /// Files that are open to be written over.
    written_over: HashSet<i64>,
    was_blocks: bool,
    was_replaced: bool,
}

impl Skipping {
    pub(crate) fn new(skip: Option<Skip>) -> Skipping {
        let (calls, newest_log, written_over) = (HashSet::new(), String::new(), HashSet::new());
        let (was_blocks, was_replaced) = (false, false);
        Skipping { skip, calls, newest_log, written_over, was_blocks, was_replaced }
    }

    /// Looks at a call that was applied to the disk; `store` is the store's directory.
    pub(crate) fn look(&mut self, call: &Call, number: u64, store: &Path, disk: &Disk) {
        let part_of = |path: &str| Path::new(path).strip_prefix(store).map_or(Part::Other, part);
        match call.name.as_str() {
            "openat" => {
                let is_made = call.argument(2).contains("O_CREAT");
                if is_made && part_of(&call.path_at(1)) == Part::Log {
                    self.newest_log = call.path_at(1);
                }
                if is_made || call.argument(2).contains("O_APPEND") {
                    self.written_over.remove(&call.result);
                } else {
                    self.written_over.insert(call.result);
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let to = if call.name == "rename" { call.path(1) } else { call.path_at(3) };
                self.was_replaced |= disk.names_directory(&to);
            }
            _ if call.is_sync() && call.result >= 0 => {
                let part = part_of(&call.open_path(0));
                if self.is_left_out(call, part, disk.is_directory(call.file(0))) {
                    self.calls.insert(number);
                }
            }
            _ => {}
        }
    }

    /// Whether a sync of that part is left out.
    fn is_left_out(&mut self, call: &Call, part: Part, is_directory: bool) -> bool {
        let after_blocks = is_directory && self.was_blocks;
        let replaces = is_directory && self.was_replaced;
        self.was_blocks = !is_directory && part == Part::Blocks;
        self.was_replaced &= !is_directory;
        match self.skip {
            Some(Skip::Log) => part == Part::Log,
            Some(Skip::Blocks) => part == Part::Blocks,
            Some(Skip::Index) => part == Part::Index && !is_directory,
            Some(Skip::Directory) => is_directory,
            Some(Skip::DirectoryAfterBlocks) => after_blocks,
            Some(Skip::Replacement) => replaces,
            Some(Skip::OldLog) => part == Part::Log && call.open_path(0) != self.newest_log,
            Some(Skip::Settling) => {
                let is_read_back = matches!(part, Part::Log | Part::Index);
                is_read_back && self.written_over.contains(&call.file(0))
            }
            None => false,
        }
    }
}
