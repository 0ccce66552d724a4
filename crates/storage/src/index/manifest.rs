//! The manifest: every edit of the index, in order. What the index is made anew from.
//!
//! ```text
//! manifest := "filedex manifest 2\n" generation u64 | checksum u32 | part*
//! part     := checksum u32 | length u32 | kind u8 | body
//! body     := 01: (key | 00, or 01 and a chunk)*          chunks that are removed, or set
//!           | 02: number | log | entry | next file | files         a commit: the parts before it count
//! ```
//!
//! The checksum of a part covers all that follows it; keys and chunks stand behind their lengths. The first
//! commit of a manifest ends a whole index. A manifest that has grown to a multiple of that is written anew
//! under the next number; so is one to which something could not be appended. Until the new one is on the
//! disk the old one stands.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use super::edit::{Commit, Edit};
use super::listing::{Gathering, Listing};
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};
use crate::format::number;

const TITLE: &[u8; 19] = b"filedex manifest 2\n";
const HEADER: usize = TITLE.len() + 12;

/// Bytes of a part before its body.
const HEAD: usize = 9;

const CHANGES: u8 = 1;
const COMMIT: u8 = 2;

/// Bytes of changes after which a part ends.
pub(super) const PART: usize = 256 << 10;

/// Bytes that are read at once, but for longer parts.
const AT_ONCE: usize = 64 << 10;

/// A part that says that it is longer is none: no chunk comes near.
const MOST_PART: usize = 64 << 20;

/// A manifest is written anew when it is longer than this, and than so many times a whole index.
const LEAST_LENGTH: u64 = 4 << 20;
const TIMES_WHOLE: u64 = 3;

/// The manifest in use.
#[derive(Debug)]
pub(crate) struct Manifest {
    directory: Arc<Directory>,
    generation: u64,
    /// The number of the next one, also where one could not be made.
    next: u64,
    file: File,
    /// Bytes up to the beginning of the last edit, and up to the end of its commit.
    before: u64,
    length: u64,
    /// Bytes of the whole index at its start.
    whole: u64,
    /// Whether something may stand behind the last commit.
    is_torn: bool,
    commit: Commit,
}

/// How far a manifest is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) generation: u64,
    pub(crate) length: u64,
}

/// Who is shown what changes with a commit, and where that ends.
type Show<'s> = dyn FnMut(&[Change<'_>], &Commit, Position) -> Result<()> + 's;

/// A key with its new chunk; `None` where it is removed.
pub(crate) type Change<'c> = (&'c [u8], Option<&'c [u8]>);

impl Manifest {
    /// Begins the manifest of an empty index.
    pub(crate) fn create(
        directory: &Arc<Directory>,
        generation: u64,
        commit: Commit,
    ) -> Result<Manifest> {
        Manifest::write(directory, generation, std::iter::empty(), commit)
    }

    /// Opens the newest manifest that is whole. Says which others there are.
    pub(crate) fn open(directory: &Arc<Directory>) -> Result<(Manifest, Vec<u64>)> {
        let (manifest, _, others) = Manifest::open_with_listing(directory, 0)?;
        Ok((manifest, others))
    }

    /// The same with the chunks that it comes to, if they take no more than so many bytes.
    pub(crate) fn open_with_listing(
        directory: &Arc<Directory>,
        most: u64,
    ) -> Result<(Manifest, Option<Listing>, Vec<u64>)> {
        let mut numbers = directory.numbers(Numbered::Manifest)?;
        let next = numbers.last().map_or(1, |last| last + 1);
        let mut others = Vec::new();
        while let Some(generation) = numbers.pop() {
            match Manifest::read(directory, generation, next, most)? {
                Some((manifest, listing)) => {
                    others.append(&mut numbers);
                    return Ok((manifest, listing, others));
                }
                None => others.push(generation),
            }
        }
        Err(Error::damaged("it has lost its manifest"))
    }

    /// The state that the last commit says.
    pub(crate) fn commit(&self) -> &Commit {
        &self.commit
    }

    pub(crate) fn position(&self) -> Position {
        Position { generation: self.generation, length: self.length }
    }

    /// Appends an edit, on the disk when this returns. After an error it must be written anew.
    pub(crate) fn append(&mut self, edit: &Edit, commit: &Commit) -> Result<()> {
        let appended = append(&mut self.file, edit.changes(), commit).and_then(|bytes| {
            self.file.sync_data()?;
            Ok(bytes)
        });
        match appended {
            Ok(bytes) => {
                self.before = self.length;
                self.length += bytes;
                self.commit = commit.clone();
                Ok(())
            }
            Err(error) => {
                // The commit may be on the disk or not: no other may follow it here.
                self.is_torn = true;
                Err(Error::io("write", &self.path(), error))
            }
        }
    }

    /// Puts the last edit, or all where there is no other, on the disk: who wrote it may have ended before.
    pub(crate) fn settle(&self) -> Result<()> {
        let name = Numbered::Manifest.name(self.generation);
        self.directory.settle(&name, self.before..self.length)
    }

    /// Whether an edit may be appended.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Whether most of it is of no use any more.
    pub(crate) fn is_long(&self) -> bool {
        self.length > LEAST_LENGTH.max(self.whole.saturating_mul(TIMES_WHOLE))
    }

    /// Writes the index, which these chunks are, anew, and removes the manifest before. After an error
    /// that one stands.
    pub(crate) fn write_anew(
        &mut self,
        chunks: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>)>>,
    ) -> Result<()> {
        let (generation, commit) = (self.next, self.commit.clone());
        // No number is tried twice.
        self.next += 1;
        let mut anew = Manifest::write(&self.directory, generation, chunks, commit)?;
        anew.next = self.next;
        let old = std::mem::replace(self, anew);
        self.directory.remove(&Numbered::Manifest.name(old.generation))
    }

    /// Shows what changes with each commit from that position on, `None` from the start; gives where the
    /// last one ends.
    pub(crate) fn replay(&self, from: Option<Position>, show: &mut Show<'_>) -> Result<()> {
        let from = from.map_or(HEADER as u64, |position| position.length);
        let mut reader = BufReader::with_capacity(AT_ONCE, &self.file);
        reader.seek(SeekFrom::Start(from)).map_err(|error| self.failed(error))?;
        let mut parts = Parts { reader, at: from };
        let mut changes: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        while parts.at < self.length {
            let part = parts.next().map_err(|error| self.failed(error))?;
            match part {
                Some(Part::Changes(body)) => {
                    read_changes(&body, &mut changes).ok_or_else(malformed)?
                }
                Some(Part::Commit(commit)) => {
                    let shown: Vec<Change<'_>> =
                        changes.iter().map(|(key, chunk)| (&**key, chunk.as_deref())).collect();
                    let position = Position { generation: self.generation, length: parts.at };
                    show(&shown, &commit, position)?;
                    changes.clear();
                }
                None => return Err(malformed()),
            }
        }
        Ok(())
    }

    fn write(
        directory: &Arc<Directory>,
        generation: u64,
        chunks: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>)>>,
        commit: Commit,
    ) -> Result<Manifest> {
        let name = Numbered::Manifest.name(generation);
        let mut file = directory.create(&name)?;
        let failed = |error| Error::io("write", &directory.at(&name), error);
        let mut fault = None;
        let chunks = chunks.map_while(|chunk| chunk.map_err(|error| fault = Some(error)).ok());
        let chunks = chunks.map(|(key, chunk)| (key, Some(chunk)));
        let written = file.write_all(&header(generation)).and_then(|()| {
            let bytes = append(&mut file, chunks, &commit)?;
            file.sync_all()?;
            Ok(bytes)
        });
        let written = written.map_err(failed).and_then(|bytes| fault.map_or(Ok(bytes), Err));
        let whole = written.and_then(|bytes| directory.sync().map(|()| bytes));
        let whole = whole.inspect_err(|_| {
            let _half_a_manifest = directory.remove(&name);
        })?;
        let length = HEADER as u64 + whole;
        let directory = directory.clone();
        let (next, is_torn) = (generation + 1, false);
        let (before, whole) = (0, length);
        Ok(Manifest { directory, generation, next, file, before, length, whole, is_torn, commit })
    }

    /// Reads a manifest from its start to its last commit; `None` where it has none.
    fn read(
        directory: &Arc<Directory>,
        generation: u64,
        next: u64,
        most: u64,
    ) -> Result<Option<(Manifest, Option<Listing>)>> {
        let name = Numbered::Manifest.name(generation);
        let file = directory.file(&name)?;
        let failed = |error| Error::io("read", &directory.at(&name), error);
        let end = file.metadata().map_err(failed)?.len();
        let mut reader = BufReader::with_capacity(AT_ONCE, &file);
        let mut head = vec![0; HEADER];
        if reader.read_exact(&mut head).is_err() || head != header(generation) {
            return Ok(None);
        }
        let parts = Parts { reader, at: HEADER as u64 };
        let Some(read) = read_through(parts, most).map_err(failed)? else { return Ok(None) };
        let Read { commit, whole, before, length, listing } = read;
        let (directory, is_torn) = (directory.clone(), end > length);
        let manifest =
            Manifest { directory, generation, next, file, before, length, whole, is_torn, commit };
        Ok(Some((manifest, listing)))
    }

    /// The chunks that it comes to, however many they are.
    pub(super) fn listing(&self) -> Result<Listing> {
        let mut reader = BufReader::with_capacity(AT_ONCE, &self.file);
        let sought = reader.seek(SeekFrom::Start(HEADER as u64));
        sought.map_err(|error| self.failed(error))?;
        let parts = Parts {
            reader: reader.take(self.length.saturating_sub(HEADER as u64)),
            at: HEADER as u64,
        };
        let read = read_through(parts, u64::MAX).map_err(|error| self.failed(error))?;
        read.and_then(|read| read.listing).ok_or_else(malformed)
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.at(&Numbered::Manifest.name(self.generation))
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::io("read", &self.path(), error)
    }
}

fn header(generation: u64) -> Vec<u8> {
    let mut header = TITLE.to_vec();
    header.extend_from_slice(&generation.to_le_bytes());
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    header
}

fn malformed() -> Error {
    Error::damaged("its manifest is not what was written")
}

enum Part {
    Changes(Arc<[u8]>),
    Commit(Commit),
}

/// The parts of a manifest, one after the other.
struct Parts<R> {
    reader: R,
    at: u64,
}

impl<R: std::io::Read> Parts<R> {
    /// The next part; `None` where there is no whole one any more.
    fn next(&mut self) -> std::io::Result<Option<Part>> {
        let mut head = [0; HEAD];
        let Some(()) = whole(self.reader.read_exact(&mut head))? else { return Ok(None) };
        let (checksum, covered) = head.split_at(4);
        let length = number::fixed(covered, 0).unwrap_or(0) as usize;
        if length > MOST_PART {
            return Ok(None);
        }
        let mut body: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
        let place = Arc::get_mut(&mut body).unwrap_or_default();
        let Some(()) = whole(self.reader.read_exact(place))? else { return Ok(None) };
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(covered);
        hasher.update(&body);
        if hasher.finalize().to_le_bytes() != *checksum {
            return Ok(None);
        }
        self.at += (HEAD + length) as u64;
        Ok(match covered.last() {
            Some(&CHANGES) => Some(Part::Changes(body)),
            Some(&COMMIT) => Commit::read(&body).map(Part::Commit),
            _ => None,
        })
    }
}

/// What a manifest comes to.
struct Read {
    commit: Commit,
    /// Where its first commit ends, the one before the last, and its last one.
    whole: u64,
    before: u64,
    length: u64,
    listing: Option<Listing>,
}

/// Reads all parts; `None` where there is no commit. The chunks are kept if they take no more than so many bytes.
fn read_through<R: std::io::Read>(mut parts: Parts<R>, most: u64) -> std::io::Result<Option<Read>> {
    // What was changed is of no use any more, and there is twice as much of that as of chunks at most.
    let most_read = most.saturating_mul(TIMES_WHOLE);
    let (mut last, mut whole, mut gathering) = (None, 0, Some(Gathering::default()));
    let (mut before, mut length) = (0, 0);
    while let Some(part) = parts.next()? {
        match part {
            Part::Changes(body) => {
                gathering =
                    gathering.and_then(|mut gathering| gathering.add(body).map(|()| gathering));
                gathering = gathering.filter(|gathering| gathering.bytes() <= most_read);
            }
            Part::Commit(commit) => {
                whole = if last.is_none() { parts.at } else { whole };
                (before, length) = (length, parts.at);
                last = Some(commit);
                gathering.iter_mut().for_each(Gathering::commit);
            }
        }
    }
    let listing = gathering.map(Gathering::finish);
    let listing = listing.filter(|listing| listing.bytes() <= most);
    Ok(last.map(|commit| Read { commit, whole, before, length, listing }))
}

/// What was read whole; `None` where the file ends before.
fn whole(read: std::io::Result<()>) -> std::io::Result<Option<()>> {
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(Some),
    }
}

fn read_changes(mut body: &[u8], changes: &mut Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Option<()> {
    while !body.is_empty() {
        let (key, rest) = number::take_sized(body)?;
        let (kind, rest) = rest.split_first()?;
        let (chunk, rest) = match kind {
            0 => (None, rest),
            _ => {
                let (chunk, rest) = number::take_sized(rest)?;
                (Some(chunk.to_vec()), rest)
            }
        };
        changes.push((key.to_vec(), chunk));
        body = rest;
    }
    Some(())
}

/// Writes changes and their commit; says how many bytes they are.
fn append<K: AsRef<[u8]>, C: AsRef<[u8]>>(
    file: &mut File,
    changes: impl Iterator<Item = (K, Option<C>)>,
    commit: &Commit,
) -> std::io::Result<u64> {
    let (mut out, mut body, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (key, chunk) in changes {
        put_change(&mut body, key.as_ref(), chunk.as_ref().map(AsRef::as_ref));
        if body.len() >= PART {
            put_part(&mut out, CHANGES, &mut body);
            bytes += hand_over(file, &mut out)?;
        }
    }
    if !body.is_empty() {
        put_part(&mut out, CHANGES, &mut body);
    }
    commit.put(&mut body);
    put_part(&mut out, COMMIT, &mut body);
    Ok(bytes + hand_over(file, &mut out)?)
}

pub(super) fn put_change(body: &mut Vec<u8>, key: &[u8], chunk: Option<&[u8]>) {
    number::put_sized(body, key);
    body.push(u8::from(chunk.is_some()));
    chunk.into_iter().for_each(|chunk| number::put_sized(body, chunk));
}

fn hand_over(file: &mut File, out: &mut Vec<u8>) -> std::io::Result<u64> {
    file.write_all(out)?;
    let bytes = out.len() as u64;
    out.clear();
    Ok(bytes)
}

/// Appends a part with that body, and empties it.
fn put_part(out: &mut Vec<u8>, kind: u8, body: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.push(kind);
    out.append(body);
    if let Some((checksum, covered)) =
        out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<4>)
    {
        *checksum = crc32fast::hash(covered).to_le_bytes();
    }
}
