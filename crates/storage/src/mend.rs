//! A damaged log of sled, mended so that sled reads on: a message whose bytes were changed is given the
//! checksum of what it says now.
//!
//! sled takes the first message with a wrong checksum for the torn end of its log, and drops all behind
//! it. What lies in the message are blocks of ours, which know for themselves whether they are whole. A
//! message is mended where its header is sound; where the end may be torn, only if another one begins
//! where it ends. This is for a copy that a repair reads.
//!
//! ```text
//! message := checksum u32 | kind u8 | length | segment | page | body      numbers as sled packs them
//! ```
//!
//! The checksum covers the body, then the header behind it, and has its bits inverted.

use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::error::{Error, Result};
use crate::guard::{SEGMENT, SEGMENT_HEADER, each_segment, number_in};

/// sled writes no message where fewer bytes are left in a segment.
const MOST_HEADER: usize = 32;

/// The kinds of messages: those that hold something, and what ends a segment early.
const KINDS: std::ops::RangeInclusive<u8> = 1..=11;
const END: u8 = 2;

/// A message of a segment.
struct Message {
    kind: u8,
    /// Where it ends.
    end: usize,
    is_whole: bool,
    /// The checksum that it should have.
    checksum: u32,
}

/// Mends the log at that path, of which nothing was being written unless it may be torn; says how many
/// messages were mended.
pub(crate) fn mend(log: &Path, may_be_torn: bool) -> Result<u64> {
    let mut mended = Vec::new();
    each_segment(log, &mut |at, segment| {
        mended.extend(
            wrong(segment, may_be_torn)
                .into_iter()
                .map(|(place, right)| (at + place as u64, right)),
        );
        Ok(())
    })?;
    let failed = |error| Error::io("mend", log, error);
    let mut file = OpenOptions::new().write(true).open(log).map_err(failed)?;
    for (place, right) in &mended {
        let found = file.seek(SeekFrom::Start(*place));
        found.and_then(|_| file.write_all(&right.to_le_bytes())).map_err(failed)?;
    }
    Ok(mended.len() as u64)
}

/// Where the messages of a segment with wrong checksums begin, and the right ones.
fn wrong(segment: &[u8], may_be_torn: bool) -> Vec<(usize, u32)> {
    let header = segment.get(..SEGMENT_HEADER).and_then(number_in);
    let Some(number) = header.and_then(|number| u64::try_from(number).ok()) else {
        return Vec::new();
    };
    let number = number / SEGMENT as u64;
    let (mut at, mut wrong) = (SEGMENT_HEADER, Vec::new());
    while let Some(message) = Message::read(segment, at, number) {
        if !message.is_whole {
            let next = Message::read(segment, message.end, number);
            if may_be_torn && next.is_none_or(|next| !next.is_whole) {
                break;
            }
            wrong.push((at, message.checksum));
        }
        if message.kind == END {
            break;
        }
        at = message.end;
    }
    wrong
}

impl Message {
    /// The message there, if its header can be one of this segment.
    fn read(segment: &[u8], at: usize, number: u64) -> Option<Message> {
        if SEGMENT - at.min(SEGMENT) < MOST_HEADER {
            return None;
        }
        let bytes = segment.get(at..)?;
        let (checksum, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first()?;
        let (length, rest) = unpack(rest)?;
        let (in_segment, rest) = unpack(rest)?;
        let (_page, rest) = unpack(rest)?;
        if !KINDS.contains(kind) || in_segment != number {
            return None;
        }
        let header = bytes.get(4..bytes.len() - rest.len())?;
        let body = rest.get(..usize::try_from(length).ok()?)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(body);
        hasher.update(header);
        let (right, end) = (hasher.finalize() ^ u32::MAX, at + 4 + header.len() + body.len());
        let is_whole = u32::from_le_bytes(*checksum) == right;
        Some(Message { kind: *kind, end, is_whole, checksum: right })
    }
}

/// A number as sled packs it: small ones in one byte, greater ones in up to nine.
fn unpack(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let number = u64::from(*first);
    let next = |at: usize| rest.get(at).map(|byte| u64::from(*byte));
    let (number, taken) = match first {
        0..=240 => (number, 0),
        241..=248 => (240 + 256 * (number - 241) + next(0)?, 1),
        249 => (2288 + 256 * next(0)? + next(1)?, 2),
        _ => {
            let taken = usize::from(*first) - 247;
            let mut whole = [0; 8];
            whole.get_mut(..taken)?.copy_from_slice(rest.get(..taken)?);
            (u64::from_le_bytes(whole), taken)
        }
    };
    Some((number, rest.get(taken..)?))
}
