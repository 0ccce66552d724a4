//! Which process has a file locked, where the system tells.
//!
//! It knows what Linux tells of processes, not what the file is.

use std::path::Path;

/// A process, as messages name it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    id: u32,
    /// The program, as far as it may be known.
    program: Option<String>,
}

impl Process {
    /// The process that has that file locked as a whole. None may be known: it is another user's, or the system
    /// does not tell.
    pub(super) fn of(path: &Path) -> Option<Process> {
        locker(path)
    }
}

#[cfg(target_os = "linux")]
use linux::locker;

#[cfg(not(target_os = "linux"))]
fn locker(_: &Path) -> Option<Process> {
    None
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.id == std::process::id() {
            return write!(f, "this process ({})", self.id);
        }
        match &self.program {
            Some(program) => write!(f, "process {} ({program})", self.id),
            None => write!(f, "process {}", self.id),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use super::Process;

    pub(super) fn locker(path: &Path) -> Option<Process> {
        let file = fs::metadata(path).ok()?;
        let file = (file.dev(), file.ino());
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let id: u32 = ids.find(|id| holds(*id, file))?;
        let program = fs::read_to_string(format!("/proc/{id}/comm")).ok();
        Some(Process { id, program: program.map(|name| shown(name.trim_end())) })
    }

    /// Whether a file that the process has open is that one, with a lock on it.
    fn holds(id: u32, file: (u64, u64)) -> bool {
        let open = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
        open.filter(|entry| {
            fs::metadata(entry.path()).is_ok_and(|found| (found.dev(), found.ino()) == file)
        })
        .any(|entry| {
            let number = entry.file_name();
            let about = Path::new("/proc").join(id.to_string()).join("fdinfo").join(number);
            fs::read_to_string(about).is_ok_and(|about| about.contains("FLOCK"))
        })
    }

    /// A process names itself: what a terminal would obey is left out.
    fn shown(name: &str) -> String {
        name.chars().filter(|letter| !letter.is_control()).collect()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_file_locked_is_named_and_whoever_only_reads_it_is_not() {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("file");
        let file = std::fs::File::create(&path).unwrap();
        assert_eq!(Process::of(&path), None);
        file.lock().unwrap();
        let process = Process::of(&path).unwrap();
        assert_eq!(process.id, std::process::id());
        assert!(process.program.is_some_and(|name| !name.is_empty()));
        drop(file);
        assert_eq!(Process::of(&path), None);
    }
}
