//! A disk that forgets: what is written is kept apart from what is synced, so that the directory can
//! be laid out as it could stand after a power cut.
//!
//! The rules are the harsh reading of POSIX. A page that was not synced survives or not by chance, in
//! any of the versions it had, or torn between two sectors. `sync_file_range` counts for nothing.
//! Names are made and removed in order, as a journal does; a synced file has its name, a synced
//! directory all names before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use fastrand::Rng;

use crate::trace::Call;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// Versions of a page that are kept between two syncs: as many as appends to a log fit in a page, so that
/// none is passed over which a sync under way covers.
const VERSIONS: usize = 128;

type File = usize;

/// Files, names and open files of one process after the other.
pub(crate) struct Disk {
    root: String,
    files: Vec<Content>,
    current: Names,
    durable: Names,
    /// Changes of names that no sync has covered yet.
    pending: Vec<Naming>,
    open: HashMap<i64, Open>,
    clock: u64,
}

#[derive(Clone)]
enum Open {
    File { file: File, at: usize, append: bool },
    Directory,
}

/// What is in a file.
#[derive(Default)]
struct Content {
    synced: Vec<u8>,
    current: Vec<u8>,
    /// For each page the versions since the last sync, each with its moment.
    versions: BTreeMap<usize, Vec<(u64, Vec<u8>)>>,
    /// The lengths since the last sync, each with its moment.
    lengths: Vec<(u64, usize)>,
}

/// Which file or directory a path names.
#[derive(Clone, Default)]
struct Names {
    files: BTreeMap<String, File>,
    directories: BTreeSet<String>,
}

#[derive(Clone)]
enum Naming {
    Create(String, File),
    Directory(String),
    Rename(String, String),
    Remove(String),
}

impl Disk {
    /// An empty directory at that path.
    pub(crate) fn new(root: &Path) -> Disk {
        Disk {
            root: root.display().to_string(),
            files: Vec::new(),
            current: Names::default(),
            durable: Names::default(),
            pending: Vec::new(),
            open: HashMap::new(),
            clock: 0,
        }
    }

    /// The present moment; grows with every change.
    pub(crate) fn moment(&self) -> u64 {
        self.clock
    }

    /// The process has ended: its files are closed.
    pub(crate) fn ended(&mut self) {
        self.open.clear();
    }

    /// Does what the call did. Says whether anything changed that a cut could tell.
    pub(crate) fn apply(&mut self, call: &Call) -> bool {
        if call.result < 0 {
            return false;
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
            "mkdir" => self.name(Naming::Directory(call.path(0))),
            "mkdirat" => self.name(Naming::Directory(call.path_at(1))),
            "rename" => self.name(Naming::Rename(call.path(0), call.path(1))),
            "renameat" | "renameat2" => self.name(Naming::Rename(call.path_at(1), call.path_at(3))),
            "unlink" | "rmdir" => self.name(Naming::Remove(call.path(0))),
            "unlinkat" => self.name(Naming::Remove(call.path_at(1))),
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
        let mut names = self.durable.clone();
        let kept = random.usize(0..=self.pending.len());
        self.pending.iter().take(kept).for_each(|naming| names.apply(naming));
        let place =
            |path: &str| to.join(path.trim_start_matches(&self.root).trim_start_matches('/'));
        fs::create_dir_all(to)?;
        for directory in &names.directories {
            fs::create_dir_all(place(directory))?;
        }
        // How much of what was not synced survives differs from cut to cut.
        let survival = *random.choice(&[0.0, 0.1, 0.5, 0.5, 0.9, 1.0]).unwrap_or(&0.5);
        for (path, file) in &names.files {
            if let Some(content) = self.files.get(*file) {
                fs::write(place(path), content.cut(survival, random))?;
            }
        }
        Ok(())
    }

    fn open(&mut self, call: &Call) -> bool {
        let (path, flags, descriptor) = (call.path_at(1), call.argument(2), call.result);
        if !path.starts_with(&self.root) {
            return false;
        }
        let Some(file) = self.current.files.get(&path).copied() else {
            return self.open_new(path, flags, descriptor);
        };
        let append = flags.contains("O_APPEND");
        self.open.insert(descriptor, Open::File { file, at: 0, append });
        flags.contains("O_TRUNC") && self.truncate(descriptor, 0)
    }

    fn open_new(&mut self, path: String, flags: &str, descriptor: i64) -> bool {
        if !flags.contains("O_CREAT") {
            self.open.insert(descriptor, Open::Directory);
            return false;
        }
        let file = self.files.len();
        self.files.push(Content::default());
        let append = flags.contains("O_APPEND");
        self.open.insert(descriptor, Open::File { file, at: 0, append });
        self.name(Naming::Create(path, file))
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
        let end = self.files.get(file).map_or(0, |content| content.current.len());
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
        content.resize(end.max(content.current.len()), clock);
        true
    }

    fn content(&mut self, descriptor: i64) -> Option<&mut Content> {
        match self.open.get(&descriptor)? {
            Open::File { file, .. } => self.files.get_mut(*file),
            Open::Directory => None,
        }
    }

    fn sync(&mut self, descriptor: i64, began: u64) -> bool {
        match self.open.get(&descriptor).cloned() {
            None => false,
            Some(Open::Directory) => {
                self.commit(self.pending.len());
                true
            }
            Some(Open::File { file, .. }) => {
                if let Some(content) = self.files.get_mut(file) {
                    content.sync(began);
                }
                let named =
                    |naming: &Naming| matches!(naming, Naming::Create(_, it) if *it == file);
                let named = self.pending.iter().rposition(named);
                self.commit(named.map_or(0, |last| last + 1));
                true
            }
        }
    }

    fn commit(&mut self, changes: usize) {
        for naming in self.pending.drain(..changes) {
            self.durable.apply(&naming);
        }
    }

    fn name(&mut self, naming: Naming) -> bool {
        let ours = match &naming {
            Naming::Create(path, _) | Naming::Directory(path) | Naming::Remove(path) => path,
            Naming::Rename(from, _) => from,
        };
        if !ours.starts_with(&self.root) {
            return false;
        }
        self.current.apply(&naming);
        self.pending.push(naming);
        true
    }
}

/// The bytes that a write really wrote.
fn written(call: &Call) -> Vec<u8> {
    let mut bytes = call.bytes(1);
    bytes.truncate(usize::try_from(call.result).unwrap_or(0));
    bytes
}

impl Names {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Create(path, file) => drop(self.files.insert(path.clone(), *file)),
            Naming::Directory(path) => drop(self.directories.insert(path.clone())),
            Naming::Remove(path) => {
                self.files.remove(path);
                self.directories.remove(path);
            }
            Naming::Rename(from, to) => self.rename(from, to),
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(file) = self.files.remove(from) {
            self.files.insert(to.to_owned(), file);
            return;
        }
        let below = format!("{from}/");
        let moved = |path: &str| format!("{to}/{}", path.trim_start_matches(below.as_str()));
        let inside = |path: &String| path.starts_with(&below);
        let files: Vec<String> = self.files.keys().filter(|path| inside(path)).cloned().collect();
        for path in files {
            if let Some(file) = self.files.remove(&path) {
                self.files.insert(moved(&path), file);
            }
        }
        let inner: Vec<String> =
            self.directories.iter().filter(|path| inside(path)).cloned().collect();
        for path in inner {
            self.directories.remove(&path);
            self.directories.insert(moved(&path));
        }
        if self.directories.remove(from) {
            self.directories.insert(to.to_owned());
        }
    }
}

impl Content {
    fn write(&mut self, at: usize, bytes: &[u8], moment: u64) {
        let end = at + bytes.len();
        if end > self.current.len() {
            self.current.resize(end, 0);
            self.lengths.push((moment, end));
        }
        if let Some(place) = self.current.get_mut(at..end) {
            place.copy_from_slice(bytes);
        }
        self.changed(at / PAGE, end.div_ceil(PAGE), moment);
    }

    fn resize(&mut self, length: usize, moment: u64) {
        let least = self.current.len().min(length);
        let most = self.current.len().max(length);
        self.current.resize(length, 0);
        self.lengths.push((moment, length));
        // Only pages that held something differ from the zeros behind every end.
        let held = self.synced.len().max(self.versions.len().saturating_mul(PAGE));
        self.changed(least / PAGE, most.min(held).div_ceil(PAGE), moment);
    }

    fn changed(&mut self, from: usize, to: usize, moment: u64) {
        for page in from..to {
            let version = page_of(&self.current, page);
            let versions = self.versions.entry(page).or_default();
            if versions.len() >= VERSIONS {
                versions.remove(VERSIONS / 2);
            }
            versions.push((moment, version));
        }
    }

    /// Everything up to that moment is on the disk.
    fn sync(&mut self, moment: u64) {
        let last = self.lengths.iter().rfind(|(when, _)| *when <= moment);
        if let Some((_, length)) = last.copied() {
            self.synced.resize(length, 0);
        }
        self.lengths.retain(|(when, _)| *when > moment);
        for (page, versions) in &mut self.versions {
            if let Some((_, version)) = versions.iter().rfind(|(when, _)| *when <= moment) {
                let end = self.synced.len().min((page + 1) * PAGE);
                if let Some(place) = self.synced.get_mut(page * PAGE..end) {
                    place.copy_from_slice(version.get(..place.len()).unwrap_or_default());
                }
            }
            versions.retain(|(when, _)| *when > moment);
        }
        self.versions.retain(|_, versions| !versions.is_empty());
    }

    /// The content as it could be after a cut.
    fn cut(&self, survival: f64, random: &mut Rng) -> Vec<u8> {
        let mut content = self.synced.clone();
        if random.f64() < survival
            && let Some((_, length)) = random.choice(&self.lengths)
        {
            content.resize(*length, 0);
        }
        for (page, versions) in &self.versions {
            if random.f64() >= survival {
                continue;
            }
            // The newest version is the likeliest.
            let newest = versions.last().filter(|_| random.bool());
            let Some((_, version)) = newest.or_else(|| random.choice(versions)) else { continue };
            let torn = random.u8(0..8) == 0 && survival < 1.0;
            let sectors = if torn { random.usize(1..PAGE / SECTOR) } else { PAGE / SECTOR };
            let start = page * PAGE;
            let end = content.len().min(start + sectors * SECTOR);
            if let Some(place) = content.get_mut(start..end) {
                place.copy_from_slice(version.get(..place.len()).unwrap_or_default());
            }
        }
        content
    }
}

/// A page of the content, filled up with zeros.
fn page_of(content: &[u8], page: usize) -> Vec<u8> {
    let start = (page * PAGE).min(content.len());
    let end = (start + PAGE).min(content.len());
    let mut bytes = content.get(start..end).unwrap_or_default().to_vec();
    bytes.resize(PAGE, 0);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

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
            found.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', "0"))
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

    #[test]
    fn what_was_synced_stays() {
        let mut disk = Disk::new(Path::new("/a"));
        run(&mut disk, &[CREATE, FIRST, SYNC]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB")]));
    }

    #[test]
    fn what_was_not_synced_stays_or_goes() {
        let mut disk = Disk::new(Path::new("/a"));
        run(&mut disk, &[CREATE, FIRST]);
        assert_eq!(outcomes(&disk), texts(&[None, Some(""), Some("00"), Some("AB")]));
        run(&mut disk, &[SYNC, SECOND]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB"), Some("CB")]));
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_began() {
        let mut disk = Disk::new(Path::new("/a"));
        let begun = r"2 1.0 fsync(3<\x2f\x61\x2f\x66> <unfinished ...>";
        run(&mut disk, &[CREATE, FIRST, begun, SECOND, "2 1.0 <... fsync resumed>) = 0"]);
        assert_eq!(outcomes(&disk), texts(&[Some("AB"), Some("CB")]));
    }

    #[test]
    fn a_range_that_is_synced_counts_for_nothing() {
        let mut disk = Disk::new(Path::new("/a"));
        run(
            &mut disk,
            &[CREATE, FIRST, r"1 1.0 sync_file_range(3<\x2f\x61\x2f\x66>, 0, 0, 7) = 0"],
        );
        assert!(outcomes(&disk).contains(&None));
    }
}
