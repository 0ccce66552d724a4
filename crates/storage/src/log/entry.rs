//! The bytes of a log.
//!
//! ```text
//! log   := "filedex log 2\n" generation u64 | salt u32 | checksum u32 | entry*
//! entry := head checksum u32 | payload checksum u32 | length u32 | number u64 | synced u64 | payload
//! ```
//!
//! Integers are little-endian, checksums CRC-32. That of the log's head covers what is before it; that of
//! an entry's head covers the salt and what follows it up to the payload. Entries are numbered without gaps,
//! and so on from log to log. `synced` is the number of the last entry that was known to be on the disk when this one
//! was written: it tells an entry torn by a power cut, which nobody was promised, from one that was damaged
//! afterwards. The salt is drawn for each log, so that no payload can look like an entry: what stands
//! behind a torn one is looked through once.

use std::hash::{BuildHasher as _, RandomState};

const TITLE: &[u8; 14] = b"filedex log 2\n";

/// Bytes before the first entry.
pub(crate) const HEADER: usize = TITLE.len() + 16;

/// Bytes of an entry before its payload.
pub(crate) const HEAD: usize = 28;

/// The head of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) generation: u64,
    pub(crate) salt: u32,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) number: u64,
    pub(crate) synced: u64,
    pub(crate) payload: &'a [u8],
}

impl Header {
    /// The head of a new log of that generation.
    pub(crate) fn new(generation: u64) -> Header {
        Header { generation, salt: RandomState::new().hash_one(generation) as u32 }
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = TITLE.to_vec();
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&self.salt.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Header> {
        let (covered, checksum) = bytes.get(..HEADER)?.split_last_chunk::<4>()?;
        let (generation, salt) = covered.strip_prefix(TITLE)?.split_first_chunk::<8>()?;
        let is_intact = crc32fast::hash(covered) == u32::from_le_bytes(*checksum);
        is_intact.then_some(Header {
            generation: u64::from_le_bytes(*generation),
            salt: u32::from_le_bytes(*salt.first_chunk()?),
        })
    }

    /// Whether bytes begin as a log does.
    pub(crate) fn is_title(bytes: &[u8]) -> bool {
        bytes.starts_with(TITLE)
    }

    /// Appends an entry; its length was looked at before.
    pub(crate) fn encode(self, out: &mut Vec<u8>, entry: &Entry<'_>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&crc32fast::hash(entry.payload).to_le_bytes());
        out.extend_from_slice(&(entry.payload.len() as u32).to_le_bytes());
        out.extend_from_slice(&entry.number.to_le_bytes());
        out.extend_from_slice(&entry.synced.to_le_bytes());
        let head = out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<4>);
        if let Some((checksum, covered)) = head {
            *checksum = self.checksum(covered).to_le_bytes();
        }
        out.extend_from_slice(entry.payload);
    }

    /// The entry at the start of the bytes, and the bytes behind it.
    pub(crate) fn entry(self, bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let (checksum, covered) = head.split_first_chunk::<4>()?;
        if self.checksum(covered) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (payload_checksum, covered) = covered.split_first_chunk::<4>()?;
        let (length, covered) = covered.split_first_chunk::<4>()?;
        let (number, synced) = covered.split_first_chunk::<8>()?;
        let (payload, behind) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let is_intact = crc32fast::hash(payload) == u32::from_le_bytes(*payload_checksum);
        let entry = Entry {
            number: u64::from_le_bytes(*number),
            synced: u64::from_le_bytes(*synced.first_chunk()?),
            payload,
        };
        is_intact.then_some((entry, behind))
    }

    /// Where the next whole entry begins, the entry, and the bytes behind it.
    pub(crate) fn next_entry(self, bytes: &[u8]) -> Option<(usize, Entry<'_>, &[u8])> {
        (0..bytes.len().saturating_sub(HEAD - 1)).find_map(|at| {
            let (entry, behind) = self.entry(bytes.get(at..)?)?;
            Some((at, entry, behind))
        })
    }

    fn checksum(self, covered: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.salt);
        hasher.update(covered);
        hasher.finalize()
    }
}
