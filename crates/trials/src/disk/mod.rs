//! A disk that forgets: what is written is kept apart from what is synced, so that the directory can
//! be laid out as it could stand after a power cut.
//!
//! The rules are the harsh reading of POSIX. A page that was not synced survives or not by chance, in
//! any of the versions it had, or torn between two sectors; behind a length that has grown may stand
//! anything. `sync_file_range` counts for nothing. A synced file need not have its name: a name takes the
//! sync of its directory, and each directory its own. A sync that failed leaves what it was to cover to
//! chance, whatever later syncs say.

mod content;
mod names;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::files;
use crate::trace::Call;
use content::Content;
use names::{Names, Node};

type File = usize;

/// Files, names and open files of one process after the other.
pub(crate) struct Disk {
    root: PathBuf,
    files: Vec<Content>,
    names: Names,
    open: HashMap<i64, Open>,
    clock: u64,
    /// Whether a synced file has its name, as Linux's journals give it.
    syncs_names: bool,
}

#[derive(Clone)]
enum Open {
    File { file: File, at: usize, append: bool },
    Directory(usize),
}

impl Disk {
    /// An empty directory at that path.
    pub(crate) fn new(root: &Path) -> Disk {
        Disk {
            root: root.to_owned(),
            files: Vec::new(),
            names: Names::new(),
            open: HashMap::new(),
            clock: 0,
            syncs_names: false,
        }
    }

    /// The same under a file system that syncs a file with its name.
    pub(crate) fn syncing_names(self) -> Disk {
        Disk { syncs_names: true, ..self }
    }

    /// The directory at that path as it lies there, all of it on the disk.
    pub(crate) fn load(root: &Path) -> io::Result<Disk> {
        let mut disk = Disk::new(root);
        disk.load_below(Path::new(""))?;
        disk.names.sync_all();
        Ok(disk)
    }

    fn load_below(&mut self, below: &Path) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                let directory = self.names.directory();
                self.names.enter(&path, directory, 0);
                self.load_below(&path)?;
            } else {
                self.create(&path, Content::synced(fs::read(entry.path())?));
            }
        }
        Ok(())
    }

    /// The present moment; grows with every change.
    pub(crate) fn moment(&self) -> u64 {
        self.clock
    }

    /// The process has ended: its files are closed.
    pub(crate) fn ended(&mut self) {
        self.open.clear();
    }

    /// The process has ended within these calls, and left that directory: what they did shows there. Nobody saw them
    /// return, so nothing of it is on the disk.
    pub(crate) fn catch_up(
        &mut self,
        calls: impl Iterator<Item = Call>,
        left: &Path,
    ) -> io::Result<()> {
        for call in calls {
            let gone = match call.name.as_str() {
                "rename" | "unlink" | "rmdir" => call.path(0),
                "renameat" | "renameat2" | "unlinkat" => call.path_at(1),
                _ => continue,
            };
            if self.below(&gone).is_some_and(|below| !left.join(below).exists()) {
                self.apply(&call);
            }
        }
        for path in files::all(left)? {
            let Ok(below) = path.strip_prefix(left) else { continue };
            self.catch_up_with(below, &fs::read(&path)?);
        }
        Ok(())
    }

    /// Lets the file at that path have those bytes.
    fn catch_up_with(&mut self, below: &Path, bytes: &[u8]) {
        self.clock += 1;
        let file = match self.names.find(below) {
            Some(Node::File(file)) => file,
            Some(Node::Directory(_)) => return,
            None => self.create(below, Content::default()).0,
        };
        let clock = self.clock;
        if let Some(content) = self.files.get_mut(file) {
            content.catch_up(bytes, clock);
        }
    }

    /// Whether that is an open directory.
    pub(crate) fn is_directory(&self, descriptor: i64) -> bool {
        matches!(self.open.get(&descriptor), Some(Open::Directory(_)))
    }

    /// Whether a path that is renamed, or was, is a directory now.
    pub(crate) fn names_directory(&self, path: &str) -> bool {
        let node = self.below(path).and_then(|path| self.names.find(path));
        matches!(node, Some(Node::Directory(_)))
    }

    /// Does what the call did. Says whether anything changed that a cut could tell.
    pub(crate) fn apply(&mut self, call: &Call) -> bool {
        if call.result < 0 {
            return call.is_sync() && self.sync_failed(call.file(0), call.began);
        }
        self.clock += 1;
        match call.name.as_str() {
            "openat" => self.open(call),
            "close" => self.close(call.file(0)),
            "read" => self.skip(call.file(0), call.result),
            "lseek" => self.seek(call.file(0), call.result),
            "fcntl" if call.argument(1).starts_with("F_DUPFD") => self.duplicate(call),
            "dup" | "dup2" | "dup3" => self.duplicate(call),
            "write" => self.write(call),
            "pwrite64" => {
                let at = usize::try_from(call.number(3)).unwrap_or(0);
                self.write_at(call.file(0), at, &written(call))
            }
            "ftruncate" => self.truncate(call.file(0), call.number(1)),
            "fallocate" => self.allocate(call),
            "fsync" | "fdatasync" => self.sync(call.file(0), call.began),
            "mkdir" => self.make_directory(&call.path(0)),
            "mkdirat" => self.make_directory(&call.path_at(1)),
            "rename" => self.rename(&call.path(0), &call.path(1)),
            "renameat" | "renameat2" => self.rename(&call.path_at(1), &call.path_at(3)),
            "unlink" | "rmdir" => self.remove(&call.path(0)),
            "unlinkat" => self.remove(&call.path_at(1)),
            _ => false,
        }
    }

    /// Calls on files of ours that this model does not know.
    pub(crate) fn misses(&self, call: &Call) -> bool {
        let unknown = matches!(
            call.name.as_str(),
            "writev" | "pwritev" | "copy_file_range" | "sendfile" | "truncate" | "link" | "linkat"
        );
        let named = (0..4).any(|number| self.open.contains_key(&call.file(number)));
        unknown && call.result >= 0 && named
    }

    /// Lays the directory out as it could stand if the power went now.
    pub(crate) fn cut(&self, to: &Path, random: &mut Rng) -> io::Result<()> {
        fs::create_dir_all(to)?;
        // How much of what was not synced survives differs from cut to cut.
        let survival = *random.choice(&[0.0, 0.1, 0.5, 0.5, 0.9, 1.0]).unwrap_or(&0.5);
        for (path, node) in self.names.cut(random) {
            match node {
                Node::Directory(_) => fs::create_dir_all(to.join(path))?,
                Node::File(file) => {
                    if let Some(content) = self.files.get(file) {
                        fs::write(to.join(path), content.cut(survival, random))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A path below the root, from there on.
    fn below<'a>(&self, path: &'a str) -> Option<&'a Path> {
        Path::new(path).strip_prefix(&self.root).ok()
    }

    fn open(&mut self, call: &Call) -> bool {
        let (path, flags, descriptor) = (call.path_at(1), call.argument(2), call.result);
        let Some(below) = self.below(&path) else { return false };
        let append = flags.contains("O_APPEND");
        match self.names.find(below) {
            Some(Node::Directory(directory)) => {
                self.open.insert(descriptor, Open::Directory(directory));
                false
            }
            Some(Node::File(file)) => {
                self.open.insert(descriptor, Open::File { file, at: 0, append });
                flags.contains("O_TRUNC") && self.truncate(descriptor, 0)
            }
            None if flags.contains("O_CREAT") => {
                let (file, is_entered) = self.create(below, Content::default());
                self.open.insert(descriptor, Open::File { file, at: 0, append });
                is_entered
            }
            None => false,
        }
    }

    /// A file of that content; says whether there is a directory that its name is entered in.
    fn create(&mut self, below: &Path, content: Content) -> (File, bool) {
        let file = self.files.len();
        self.files.push(content);
        (file, self.names.enter(below, Node::File(file), self.clock))
    }

    fn close(&mut self, descriptor: i64) -> bool {
        self.open.remove(&descriptor);
        false
    }

    fn duplicate(&mut self, call: &Call) -> bool {
        if let Some(open) = self.open.get(&call.file(0)).cloned() {
            self.open.insert(call.result, open);
        }
        false
    }

    fn skip(&mut self, descriptor: i64, bytes: i64) -> bool {
        if let Some(Open::File { at, .. }) = self.open.get_mut(&descriptor) {
            *at += usize::try_from(bytes).unwrap_or(0);
        }
        false
    }

    fn seek(&mut self, descriptor: i64, to: i64) -> bool {
        if let Some(Open::File { at, .. }) = self.open.get_mut(&descriptor) {
            *at = usize::try_from(to).unwrap_or(0);
        }
        false
    }

    fn write(&mut self, call: &Call) -> bool {
        let descriptor = call.file(0);
        let Some(Open::File { file, at, append }) = self.open.get(&descriptor).cloned() else {
            return false;
        };
        let end = self.files.get(file).map_or(0, |content| content.len());
        let at = if append { end } else { at };
        let bytes = written(call);
        self.seek(descriptor, (at + bytes.len()) as i64);
        self.write_at(descriptor, at, &bytes)
    }

    fn write_at(&mut self, descriptor: i64, at: usize, bytes: &[u8]) -> bool {
        let clock = self.clock;
        self.content(descriptor).map(|content| content.write(at, bytes, clock)).is_some()
    }

    fn truncate(&mut self, descriptor: i64, length: i64) -> bool {
        let (clock, length) = (self.clock, usize::try_from(length).unwrap_or(0));
        self.content(descriptor).map(|content| content.resize(length, clock)).is_some()
    }

    /// Room made ahead reads as zeros.
    fn allocate(&mut self, call: &Call) -> bool {
        if call.argument(1) != "0" {
            return false;
        }
        let (clock, end) = (self.clock, usize::try_from(call.number(2) + call.number(3)));
        let end = end.unwrap_or(0);
        let Some(content) = self.content(call.file(0)) else { return false };
        content.resize(end.max(content.len()), clock);
        true
    }

    fn content(&mut self, descriptor: i64) -> Option<&mut Content> {
        match self.open.get(&descriptor)? {
            Open::File { file, .. } => self.files.get_mut(*file),
            Open::Directory(_) => None,
        }
    }

    fn sync(&mut self, descriptor: i64, began: u64) -> bool {
        match self.open.get(&descriptor).cloned() {
            None => return false,
            Some(Open::Directory(directory)) => self.names.sync(directory, began),
            Some(Open::File { file, .. }) => {
                if let Some(content) = self.files.get_mut(file) {
                    content.sync(began);
                }
                if self.syncs_names {
                    self.names.sync_file(file);
                }
            }
        }
        true
    }

    fn sync_failed(&mut self, descriptor: i64, began: u64) -> bool {
        self.content(descriptor).map(|content| content.sync_failed(began)).is_some()
    }

    fn make_directory(&mut self, path: &str) -> bool {
        let directory = self.names.directory();
        let below = Path::new(path).strip_prefix(&self.root);
        below.is_ok_and(|path| self.names.enter(path, directory, self.clock))
    }

    fn remove(&mut self, path: &str) -> bool {
        let below = Path::new(path).strip_prefix(&self.root);
        below.is_ok_and(|path| self.names.leave(path, self.clock))
    }

    fn rename(&mut self, from: &str, to: &str) -> bool {
        let below = |path| Path::new(path).strip_prefix(&self.root).map(Path::to_owned);
        let (Ok(from), Ok(to)) = (below(from), below(to)) else { return false };
        self.names.rename(&from, &to, self.clock)
    }
}

/// The bytes that a write really wrote.
fn written(call: &Call) -> Vec<u8> {
    let mut bytes = call.bytes(1);
    bytes.truncate(usize::try_from(call.result).unwrap_or(0));
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::trace::Trace;

    fn run(disk: &mut Disk, lines: &[&str]) {
        let mut trace = Trace::default();
        for line in lines {
            let mark = disk.moment();
            if let Some(call) = trace.line(line, mark) {
                disk.apply(&call);
            }
        }
    }

    /// Texts that the file `/a/f` may hold after a cut, none where it is not there.
    fn outcomes(disk: &Disk) -> BTreeSet<Option<String>> {
        let mut random = Rng::with_seed(7);
        let outcome = |_| {
            let site = tempfile::tempdir().unwrap();
            disk.cut(&site.path().join("cut"), &mut random).unwrap();
            let found = fs::read(site.path().join("cut/f")).ok();
            found.map(|bytes| match bytes.as_slice() {
                b"" | b"AB" | b"CB" | b"DB" => String::from_utf8(bytes).unwrap(),
                b"\0\0" => "00".to_owned(),
                _ => "any".to_owned(),
            })
        };
        (0..200).map(outcome).collect()
    }

    const CREATE: &str = r#"1 1.0 openat(AT_FDCWD<\x2f>, "\x2f\x61\x2f\x66", O_RDWR|O_CREAT) = 3"#;
    const FIRST: &str = r#"1 1.0 write(3<\x2f\x61\x2f\x66>, "\x41\x42", 2) = 2"#;
    const SECOND: &str = r#"1 1.0 pwrite64(3<\x2f\x61\x2f\x66>, "\x43", 1, 0) = 1"#;
    const SYNC: &str = r"1 1.0 fdatasync(3<\x2f\x61\x2f\x66>) = 0";

    fn texts(all: &[Option<&str>]) -> BTreeSet<Option<String>> {
        all.iter().map(|text| text.map(str::to_owned)).collect()
    }

    const THIRD: &str = r#"1 1.0 pwrite64(3<\x2f\x61\x2f\x66>, "\x44", 1, 0) = 1"#;
    const ROOT: &str = r#"1 1.0 openat(AT_FDCWD<\x2f>, "\x2f\x61", O_RDONLY) = 4"#;
    const SYNC_ROOT: &str = r"1 1.0 fsync(4<\x2f\x61>) = 0";

    #[test]
    fn what_was_synced_stays() {
        let mut disk = Disk::new(Path::new("/a"));
        run(&mut disk, &[CREATE, FIRST, SYNC, ROOT, SYNC_ROOT]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB")]));
    }

    #[test]
    fn a_synced_file_has_its_name_by_its_directory_only() {
        let mut disk = Disk::new(Path::new("/a"));
        run(&mut disk, &[CREATE, FIRST, SYNC]);
        assert_eq!(outcomes(&disk), texts(&[None, Some("AB")]));
        let mut disk = Disk::new(Path::new("/a")).syncing_names();
        run(&mut disk, &[CREATE, FIRST, SYNC]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB")]));
    }

    #[test]
    fn what_was_not_synced_stays_or_goes() {
        let mut disk = Disk::new(Path::new("/a"));
        run(&mut disk, &[CREATE, FIRST]);
        let unsynced = [None, Some(""), Some("00"), Some("AB"), Some("any")];
        assert_eq!(outcomes(&disk), texts(&unsynced));
        run(&mut disk, &[ROOT, SYNC_ROOT, SYNC, SECOND]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB"), Some("CB")]));
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_began() {
        let mut disk = Disk::new(Path::new("/a"));
        let begun = r"2 1.0 fsync(3<\x2f\x61\x2f\x66> <unfinished ...>";
        let resumed = "2 1.0 <... fsync resumed>) = 0";
        run(&mut disk, &[CREATE, ROOT, SYNC_ROOT, FIRST, begun, SECOND, resumed]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB"), Some("CB")]));
    }

    #[test]
    fn a_file_that_is_opened_while_another_closes_may_have_its_number() {
        let mut disk = Disk::new(Path::new("/a"));
        let other = r#"2 1.0 openat(AT_FDCWD<\x2f>, "\x2f\x61\x2f\x67", O_RDWR|O_CREAT) = 3"#;
        let closes = r"2 1.0 close(3<\x2f\x61\x2f\x67> <unfinished ...>";
        let closed = "2 1.0 <... close resumed>) = 0";
        run(&mut disk, &[other, closes, CREATE, closed, FIRST, SYNC, ROOT, SYNC_ROOT]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB")]));
    }

    #[test]
    fn a_range_that_is_synced_counts_for_nothing() {
        let mut disk = Disk::new(Path::new("/a"));
        let range = r"1 1.0 sync_file_range(3<\x2f\x61\x2f\x66>, 0, 0, 7) = 0";
        run(&mut disk, &[CREATE, FIRST, range]);
        assert!(outcomes(&disk).contains(&None));
    }

    #[test]
    fn a_sync_behind_one_that_failed_covers_what_was_written_anew() {
        let mut disk = Disk::new(Path::new("/a"));
        let failed =
            r"1 1.0 fdatasync(3<\x2f\x61\x2f\x66>) = -1 EIO (Input/output error) (INJECTED)";
        run(&mut disk, &[CREATE, ROOT, SYNC_ROOT, FIRST, SYNC, SECOND, failed, SYNC]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB"), Some("CB")]));
        run(&mut disk, &[THIRD, SYNC]);
        assert_eq!(outcomes(&disk), texts(&[Some("DB")]));
    }

    #[test]
    fn a_directory_is_synced_by_itself_and_names_come_in_any_order() {
        let mut disk = Disk::new(Path::new("/a"));
        let mkdir = r#"1 1.0 mkdir("\x2f\x61\x2f\x64", 0777) = 0"#;
        let inside =
            r#"1 1.0 openat(AT_FDCWD<\x2f>, "\x2f\x61\x2f\x64\x2f\x67", O_RDWR|O_CREAT) = 5"#;
        let moved = r#"1 1.0 rename("\x2f\x61\x2f\x64", "\x2f\x61\x2f\x65") = 0"#;
        run(&mut disk, &[CREATE, mkdir, inside, moved, ROOT]);
        let mut random = Rng::with_seed(7);
        let mut cuts = |disk: &Disk| -> BTreeSet<String> {
            let cut = |_| {
                let mut paths = disk.names.cut(&mut random);
                paths.sort_by(|one, other| one.0.cmp(&other.0));
                let paths = paths.iter().map(|(path, _)| path.display().to_string());
                paths.collect::<Vec<String>>().join(" ")
            };
            (0..500).map(cut).collect()
        };
        let all = ["", "d", "d d/g", "d d/g f", "d f", "e", "e e/g", "e e/g f", "e f", "f"];
        assert_eq!(cuts(&disk), all.map(str::to_owned).into());
        run(&mut disk, &[SYNC_ROOT]);
        assert_eq!(cuts(&disk), ["e e/g f", "e f"].map(str::to_owned).into());
    }
}
