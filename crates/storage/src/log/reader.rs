//! What a log held, read back. It does not know what a payload means.

use super::entry::{HEADER, Header};
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};

/// Who is shown a payload, or bytes that are none.
pub(crate) type Show<'s> = dyn FnMut(std::result::Result<&[u8], &[u8]>) -> Result<()> + 's;

/// A log that was read back.
#[derive(Debug)]
pub(crate) struct Replay {
    header: Header,
    bytes: Vec<u8>,
    /// Bytes behind the last whole entry that follows: writes that a kill or a power cut tore, and that
    /// nobody was promised.
    pub(crate) torn: usize,
    /// Where its entries begin.
    starts: Vec<usize>,
    /// The number of the entry before the first.
    after: u64,
    /// The last entry of all that these tell was on the disk; 0 where they tell none.
    pub(super) synced: u64,
}

impl Replay {
    /// Reads a log back, whose entries follow that number; `None` where it was only being begun, so that it
    /// can hold no entry.
    ///
    /// # Errors
    /// `Damaged` where an entry that was once on the disk cannot be read any more.
    pub(crate) fn read(
        directory: &Directory,
        generation: u64,
        after: u64,
    ) -> Result<Option<Replay>> {
        let name = Numbered::Log.name(generation);
        let damaged = || {
            let path = directory.at(&name);
            Error::damaged(format_args!("{} is not what was written", path.display()))
        };
        let bytes = directory.read(&name)?.ok_or_else(damaged)?;
        let header = Header::read(&bytes).filter(|header| header.generation == generation);
        let Some(header) = header else {
            return if bytes.len() <= HEADER { Ok(None) } else { Err(damaged()) };
        };
        let (mut rest, mut starts) = (bytes.get(HEADER..).unwrap_or_default(), Vec::new());
        let (mut last, mut synced) = (after, 0);
        while let Some((entry, behind)) = header.entry(rest)
            && entry.number == last + 1
        {
            starts.push(bytes.len() - rest.len());
            (rest, last, synced) = (behind, entry.number, synced.max(entry.synced));
        }
        if is_promised_behind(header, rest, last) {
            return Err(damaged());
        }
        let torn = rest.len();
        Ok(Some(Replay { header, bytes, torn, starts, after, synced }))
    }

    /// Puts the entries after that one on the disk.
    pub(super) fn settle(&self, directory: &Directory, synced: u64) -> Result<()> {
        let are_there = usize::try_from(synced.saturating_sub(self.after)).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(are_there).copied() else { return Ok(()) };
        let end = self.bytes.len() - self.torn;
        let name = Numbered::Log.name(self.header.generation);
        directory.settle(&name, start as u64..end as u64)
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> u64 {
        self.starts.len() as u64
    }

    /// The payloads in order.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        self.starts.iter().map_while(|start| {
            let (entry, _) = self.header.entry(self.bytes.get(*start..)?)?;
            Some(entry.payload)
        })
    }

    /// Shows the payloads of a log that may be damaged, and the bytes between them.
    pub(crate) fn salvage(bytes: &[u8], show: &mut Show<'_>) -> Result<()> {
        let Some(header) = Header::read(bytes) else {
            return if bytes.is_empty() { Ok(()) } else { show(Err(bytes)) };
        };
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        while let Some((at, entry, behind)) = header.next_entry(rest) {
            if let Some(lost) = rest.get(..at).filter(|lost| !lost.is_empty()) {
                show(Err(lost))?;
            }
            show(Ok(entry.payload))?;
            rest = behind;
        }
        if rest.is_empty() { Ok(()) } else { show(Err(rest)) }
    }

    /// Whether bytes begin as those of a log.
    pub(crate) fn is_log(bytes: &[u8]) -> bool {
        Header::is_title(bytes)
    }

    /// Whether the bytes of a log may have entries, whole or not.
    pub(crate) fn may_have_entries(bytes: &[u8]) -> bool {
        bytes.len() > HEADER
    }
}

/// Whether a later entry tells that more than so many were on the disk.
fn is_promised_behind(header: Header, mut bytes: &[u8], read: u64) -> bool {
    while let Some((_, entry, behind)) = header.next_entry(bytes) {
        if entry.synced > read {
            return true;
        }
        bytes = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Log;
    use super::super::entry::HEAD;
    use super::*;
    use crate::error::ErrorKind;

    /// A log of these entries, of which the first so many are on the disk when the others are written.
    fn log_of(directory: &Directory, payloads: &[&[u8]], synced_after: usize) -> Vec<u8> {
        let _earlier = fs::remove_file(directory.at("log.1"));
        let log = Log::create(directory, 1).unwrap();
        for (number, payload) in payloads.iter().enumerate() {
            log.append(payload, true).unwrap();
            if number + 1 == synced_after {
                log.sync_all().unwrap();
            }
        }
        fs::read(directory.at("log.1")).unwrap()
    }

    fn read_back(directory: &Directory, bytes: &[u8]) -> Result<Option<Replay>> {
        fs::write(directory.at("log.1"), bytes).unwrap();
        Replay::read(directory, 1, 0)
    }

    fn site() -> (tempfile::TempDir, Directory) {
        let site = tempfile::tempdir().unwrap();
        let directory = Directory::open(site.path()).unwrap();
        (site, directory)
    }

    #[test]
    fn entries_come_back_in_order() {
        let (_site, directory) = site();
        let bytes = log_of(&directory, &[b"one", b"", b"three"], 2);
        let replay = read_back(&directory, &bytes).unwrap().unwrap();
        assert_eq!(replay.payloads().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!((replay.torn, replay.entries()), (0, 3));
    }

    #[test]
    fn a_log_cut_anywhere_gives_a_prefix() {
        let (_site, directory) = site();
        let bytes = log_of(&directory, &[b"one", b"two", b"three"], 0);
        for end in 0..HEADER {
            assert!(read_back(&directory, &bytes[..end]).unwrap().is_none());
        }
        for end in HEADER..bytes.len() {
            let replay = read_back(&directory, &bytes[..end]).unwrap().unwrap();
            assert!(replay.entries() < 3);
            assert_eq!(
                replay.torn > 0,
                (end - HEADER) as u64 != replay.entries() * (HEAD as u64 + 3)
            );
        }
    }

    #[test]
    fn a_hole_before_what_was_synced_is_damage_and_one_behind_it_a_torn_end() {
        let (_site, directory) = site();
        let bytes = log_of(&directory, &[b"one", b"two", b"three", b"four"], 2);
        let flipped = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            bytes
        };
        let first = HEADER + HEAD;
        let error = read_back(&directory, &flipped(first)).err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Damaged));
        let third = HEADER + 2 * (HEAD + 3) + HEAD;
        assert_eq!(read_back(&directory, &flipped(third)).unwrap().unwrap().entries(), 2);
    }

    #[test]
    fn a_log_of_another_generation_is_not_read() {
        let (_site, directory) = site();
        log_of(&directory, &[b"one"], 0);
        fs::rename(directory.at("log.1"), directory.at("log.2")).unwrap();
        assert!(Replay::read(&directory, 2, 0).is_err());
    }

    #[test]
    fn what_a_payload_makes_of_itself_is_not_taken_for_an_entry() {
        let (_site, directory) = site();
        let forged = Header { generation: 1, salt: 0 };
        let mut payload = Vec::new();
        forged.encode(
            &mut payload,
            &super::super::entry::Entry { number: 2, synced: 9, payload: b"" },
        );
        let mut bytes = log_of(&directory, &[&payload], 0);
        bytes[HEADER] ^= 1;
        assert_eq!(read_back(&directory, &bytes).unwrap().unwrap().entries(), 0);
    }
}
