//! A directory for the stores of one input: in memory where the system has such a place, since disks
//! are not what is tried here.

use std::path::Path;

use tempfile::TempDir;

/// A new directory, removed when it is dropped.
pub fn new() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory")
}
