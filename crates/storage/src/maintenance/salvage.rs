//! What can be read of a store that may be damaged: its manifest, if it is whole, and its block files, in
//! which each block says of which list it is.
//!
//! With the manifest, the blocks that it lists count. Without it the newest of what stands in block files does:
//! a block that a later checkpoint wrote says what became of all keys between its first and its last. Nothing
//! here writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use super::spans::Spans;
use crate::blocks::HEADER;
use crate::disk::Directory;
use crate::disk::directory::read_at;
use crate::disk::names::Numbered;
use crate::error::Result;
use crate::format::{Block, Chunk, Entry, Frame, List, Place, number};
use crate::index::{Commit, Manifest};

/// A store that may be damaged.
pub(super) struct Salvage {
    /// What the manifest says, where it is whole.
    pub(super) listed: Option<Listed>,
    files: BTreeMap<u64, OldFile>,
}

/// What a manifest says.
pub(super) struct Listed {
    pub(super) commit: Commit,
    chunks: BTreeMap<Vec<u8>, Chunk>,
}

/// A block file.
struct OldFile {
    file: File,
    length: u64,
}

/// What is met in block files.
pub(super) enum Met<'a> {
    /// An entry of the list of that key.
    Entry(&'a [u8], Entry<'a>),
    /// Bytes of that name that nothing can be made of.
    Lost(&'a [u8], &'a [u8]),
}

type Show<'s> = &'s mut dyn FnMut(Met<'_>) -> Result<()>;

/// A block, or bytes that are none.
type Lying<'a> = std::result::Result<&'a Block, &'a [u8]>;

/// The same, with the name of the file that such bytes lie in.
type InFile<'a> = std::result::Result<&'a Block, (&'a str, &'a [u8])>;

/// No block is longer: it holds a record of the greatest size, or some of usual ones.
const MOST_BLOCK: usize = 17 << 20;

/// No block is shorter, with one entry; none is longer once it is decompressed.
const LEAST_BLOCK: usize = 16;

/// Bytes that are looked through at once for the beginning of a block.
const WINDOW: usize = 1 << 20;

impl Salvage {
    pub(super) fn open(directory: &Arc<Directory>) -> Result<Salvage> {
        let mut files = BTreeMap::new();
        for number in directory.numbers(Numbered::Blocks)? {
            let file = directory.file(&Numbered::Blocks.name(number))?;
            let length = file.metadata().map_or(0, |found| found.len());
            files.insert(number, OldFile { file, length });
        }
        let first_log = directory.numbers(Numbered::Log)?.first().copied();
        let listed = Listed::read(directory).filter(|(listed, is_torn)| {
            // Behind what can be read there may have been more.
            let commit = &listed.commit;
            let is_cut = first_log.is_none_or(|log| log > commit.log)
                || commit.usage.iter().any(|(file, usage)| {
                    files.get(&file).is_none_or(|file| file.length < usage.length)
                });
            !(*is_torn && is_cut)
        });
        Ok(Salvage { listed: listed.map(|(listed, _)| listed), files })
    }

    /// Whether there is nothing in block files.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many records there are, if that can be told.
    pub(super) fn records(&self) -> u64 {
        let listed = self.listed.as_ref();
        let ids = listed.and_then(|listed| listed.chunks.get(List::ids().bytes()));
        ids.and_then(Chunk::total).map_or(0, |total| total.records())
    }

    /// Shows the entries of all lists with that prefix that count, and what cannot be read.
    pub(super) fn entries(&self, prefix: &[u8], show: Show<'_>) -> Result<()> {
        match &self.listed {
            Some(listed) => self.listed_entries(listed, prefix, show),
            None => {
                let mut spans = Spans::default();
                self.every_block(&mut |met| match met {
                    Err((file, bytes)) => show(Met::Lost(file.as_bytes(), bytes)),
                    Ok(block) if block.list().starts_with(prefix) => {
                        for (_, entry) in block.all() {
                            if !spans.covers(block.list(), entry.key) {
                                show(Met::Entry(block.list(), entry))?;
                            }
                        }
                        spans.cover(block);
                        Ok(())
                    }
                    Ok(_) => Ok(()),
                })
            }
        }
    }

    /// The block in which that key of the list lies, where the manifest says.
    pub(super) fn block_for(&self, list: &List, order: &[u8]) -> Option<Block> {
        let chunks = &self.listed.as_ref()?.chunks;
        let (key, chunk) = chunks.range(list.bytes().to_vec()..=list.key(order)).next_back()?;
        let is_of_list = key.get(..chunk.list_length()) == Some(list.bytes());
        let item = chunk.item(chunk.find(order)).filter(|_| is_of_list)?;
        self.block(item.place, list.bytes()).ok()
    }

    /// Shows every block that can be read, also those that count no more, the newest first; and the name of
    /// the file and the bytes of what cannot be read.
    pub(super) fn every_block(&self, show: &mut dyn FnMut(InFile<'_>) -> Result<()>) -> Result<()> {
        for (number, file) in self.files.iter().rev() {
            let name = Numbered::Blocks.name(*number);
            file.each(&mut |met| match met {
                Ok(block) => show(Ok(block)),
                Err(bytes) => show(Err((&name, bytes))),
            })?;
        }
        Ok(())
    }

    fn listed_entries(&self, listed: &Listed, prefix: &[u8], show: Show<'_>) -> Result<()> {
        let chunks =
            listed.chunks.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
        for (key, chunk) in chunks {
            let list = key.get(..chunk.list_length()).unwrap_or_default();
            for item in chunk.items() {
                match self.block(item.place, list) {
                    Ok(block) => {
                        block.all().try_for_each(|(_, entry)| show(Met::Entry(list, entry)))?;
                    }
                    Err(bytes) => show(Met::Lost(&[list, item.fence].concat(), &bytes))?,
                }
            }
        }
        Ok(())
    }

    /// The block at that place, or the bytes that lie there.
    fn block(&self, place: Place, list: &[u8]) -> std::result::Result<Block, Vec<u8>> {
        let file = self.files.get(&place.file).ok_or_else(Vec::new)?;
        let bytes = file.bytes(place.offset, place.length as usize);
        let block = Block::open(&bytes);
        block.filter(|block| block.list() == list && block.is_sound()).ok_or(bytes)
    }
}

impl Listed {
    /// What the newest manifest says as far as it can be read, and whether something stands behind that.
    fn read(directory: &Arc<Directory>) -> Option<(Listed, bool)> {
        let (manifest, _) = Manifest::open(directory).ok()?;
        let (mut chunks, mut is_whole) = (BTreeMap::new(), true);
        let replayed = manifest.replay(None, &mut |changes, _, _| {
            for (key, chunk) in changes {
                match chunk.map(|chunk| Chunk::open(chunk.into())) {
                    None => drop(chunks.remove(*key)),
                    Some(Some(chunk)) => drop(chunks.insert(key.to_vec(), chunk)),
                    Some(None) => is_whole = false,
                }
            }
            Ok(())
        });
        let commit = manifest.commit().clone();
        (replayed.is_ok() && is_whole).then(|| (Listed { commit, chunks }, manifest.is_torn()))
    }
}

impl OldFile {
    /// What lies there, or as much of it as there is.
    fn bytes(&self, offset: u64, length: usize) -> Vec<u8> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        match read_at(&self.file, &mut bytes, offset) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }

    /// Shows all blocks that can be read, and the bytes between them.
    fn each(&self, show: &mut dyn FnMut(Lying<'_>) -> Result<()>) -> Result<()> {
        let mut offset = HEADER as u64;
        while offset < self.length {
            if let Some((block, length)) = self.block_at(offset) {
                show(Ok(&block))?;
                offset += length as u64;
                continue;
            }
            let next = self.next_block(offset + 1);
            // Of a long stretch the first part is kept.
            let lost = usize::try_from(next - offset).unwrap_or(usize::MAX).min(WINDOW);
            show(Err(&self.bytes(offset, lost)))?;
            offset = next;
        }
        Ok(())
    }

    /// The block that begins there, and how long it is in the file.
    fn block_at(&self, offset: u64) -> Option<(Block, usize)> {
        let length =
            Frame::length(&self.bytes(offset, 8)).filter(|length| *length <= MOST_BLOCK)?;
        let block = Block::open(&self.bytes(offset, length));
        Some((block.filter(Block::is_sound)?, length))
    }

    /// Where the next block begins; the end of the file if there is none.
    fn next_block(&self, from: u64) -> u64 {
        let mut at = from;
        while at < self.length {
            let window = self.bytes(at, WINDOW);
            let found = (0..window.len()).find(|place| {
                let head = window.get(*place..).unwrap_or_default();
                may_be_block(head) && self.block_at(at + *place as u64).is_some()
            });
            match found {
                Some(place) => return at + place as u64,
                None => at += WINDOW as u64 - 16,
            }
        }
        self.length
    }
}

/// Whether bytes look like the head of a block, before its checksum is worked out.
fn may_be_block(head: &[u8]) -> bool {
    Frame::length(head).is_some_and(|length| (LEAST_BLOCK..=MOST_BLOCK).contains(&length))
        && number::fixed(head, 8).is_some_and(|end| end as usize <= MOST_BLOCK)
}
