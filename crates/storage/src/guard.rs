//! sled's files, looked at before sled opens them. It knows where these are and how they begin, not
//! what they say.
//!
//! What sled 0.34.7 would do by itself, and what is done about it:
//!
//! - A snapshot that a kill left half written is taken for the newest, and refused for ever. It is
//!   removed.
//! - A snapshot whose checksum is wrong is refused for ever, though it is a cache of the log. It is
//!   set aside, with the others, and sled reads its whole log.
//! - A part of the log that the disk fails to read is taken for its torn end, and what lies behind is
//!   overwritten. So all that sled is about to read is read here first, and a failure ends the open
//!   while nothing has been touched.

use std::fs::{self, File};
use std::io::{self, ErrorKind as Io, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::tree::log_of;

/// sled's default, which is never changed; `conf` says so.
pub(crate) const SEGMENT: usize = 512 << 10;

/// The start of a segment: checksum u32, number i64, number of the last stable byte i64; each with
/// bits inverted.
pub(crate) const SEGMENT_HEADER: usize = 20;

/// Behind what a snapshot says: its length u64 and its checksum u32.
const SNAPSHOT_FOOTER: usize = 12;

const SNAPSHOT: &str = "snap.";
const UNFINISHED: &str = ".generating";

/// The name of a snapshot that was set aside begins with it.
const ASIDE: &str = "damaged.";

/// Makes the directory ready for sled; tells what had to be put right.
pub(crate) fn prepare(directory: &Path) -> Result<Vec<String>> {
    let mut recoveries = Vec::new();
    let mut snapshots = Vec::new();
    for name in names(directory)?.into_iter().filter(|name| name.starts_with(SNAPSHOT)) {
        if name.ends_with(UNFINISHED) {
            let path = directory.join(&name);
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            recoveries.push(format!("removed the snapshot {name}, which was never finished"));
        } else {
            snapshots.push(name);
        }
    }
    let (mut since, newest) = (0, snapshots.iter().max());
    if let Some(newest) = newest {
        if is_whole(&directory.join(newest))? {
            since = number_of(newest);
        } else {
            recoveries.push(format!("set the damaged snapshot {newest} aside and read the log"));
            set_aside(directory, &snapshots)?;
        }
    }
    let log = log_of(directory);
    match read_log(&log, since) {
        Err(error) if error.kind() != Io::NotFound => Err(Error::io("read", &log, error)),
        _ => Ok(recoveries),
    }
}

/// Names of what is in the directory; none where there is no directory yet.
fn names(directory: &Path) -> Result<Vec<String>> {
    let names = fs::read_dir(directory).and_then(|entries| {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    });
    match names {
        Err(error) if error.kind() == Io::NotFound => Ok(Vec::new()),
        names => names.map_err(|error| Error::io("read", directory, error)),
    }
}

/// Whether a snapshot is what was written.
fn is_whole(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let content = bytes.len().checked_sub(SNAPSHOT_FOOTER).filter(|length| *length > 0);
    let parts = content.and_then(|length| bytes.split_at_checked(length));
    Ok(parts.is_some_and(|(content, footer)| {
        let checksum = footer.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
        checksum == Some(crc32fast::hash(content))
    }))
}

/// Up to where a snapshot stands for the log: its name says so.
fn number_of(snapshot: &str) -> i64 {
    let number = snapshot.strip_prefix(SNAPSHOT).map(|number| i64::from_str_radix(number, 16));
    number.and_then(std::result::Result::ok).unwrap_or(0)
}

fn set_aside(directory: &Path, snapshots: &[String]) -> Result<()> {
    for name in snapshots {
        let (from, to): (PathBuf, _) =
            (directory.join(name), directory.join(format!("{ASIDE}{name}")));
        fs::rename(&from, to).map_err(|error| Error::io("set aside", &from, error))?;
    }
    Ok(())
}

/// Reads what sled reads of its log to open it: the start of every segment, and the whole of those
/// that are not all in the snapshot.
fn read_log(path: &Path, since: i64) -> io::Result<()> {
    let mut log = File::open(path)?;
    let (length, mut segment) = (log.metadata()?.len(), vec![0; SEGMENT]);
    for start in (0..length).step_by(SEGMENT) {
        log.seek(SeekFrom::Start(start))?;
        let size = usize::try_from(length - start).unwrap_or(SEGMENT).min(SEGMENT);
        let (header, rest) = segment.split_at_mut(SEGMENT_HEADER.min(size));
        log.read_exact(header)?;
        if number_in(header).is_some_and(|number| number.saturating_add(SEGMENT as i64) > since) {
            log.read_exact(rest.get_mut(..size - header.len()).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Shows each segment of sled's log with its place in the file; the last may be shorter.
pub(crate) fn each_segment(
    path: &Path,
    show: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let failed = |error| Error::io("read", path, error);
    let mut log = File::open(path).map_err(failed)?;
    let mut segment = Vec::with_capacity(SEGMENT);
    for at in (0..).step_by(SEGMENT) {
        segment.clear();
        log.by_ref().take(SEGMENT as u64).read_to_end(&mut segment).map_err(failed)?;
        if segment.is_empty() {
            break;
        }
        show(at, &segment)?;
    }
    Ok(())
}

/// The number of a segment's first byte in all that was ever written; `None` for a segment not in use.
pub(crate) fn number_in(header: &[u8]) -> Option<i64> {
    let (checksum, numbers) = header.split_first_chunk::<4>()?;
    let number = i64::from_le_bytes(*numbers.first_chunk()?) ^ i64::MAX;
    (u32::from_le_bytes(*checksum) ^ u32::MAX == crc32fast::hash(numbers)).then_some(number)
}
