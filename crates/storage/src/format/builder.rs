//! A block being written, and put into its frame.

use std::ops::Range;

use super::block::{Block, Entry, put_head};
use super::class::Class;
use super::frame::{HEADER, MOST_BASE};
use super::number;
use super::tally::Tally;

/// A body that is packed to more than this part of itself is left as it is.
const WORTH_IT: (usize, usize) = (7, 8);

/// A longer body is left as it is: it would be unpacked in one go, and whoever asks must be able to stop within
/// some milliseconds.
pub(super) const MOST_PACKED: usize = 2 << 20;

/// A block being written.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    entries: Vec<u8>,
    /// Of each entry, where its payload begins, and where that ends.
    payloads: Vec<(usize, usize)>,
    tally: Tally,
}

/// A block as a frame has it, with its payloads behind it.
#[derive(Default)]
struct Framed {
    ends: Vec<u8>,
    entries: Vec<u8>,
    bodies: Vec<u8>,
}

impl BlockBuilder {
    pub(crate) fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }

    /// Bytes that the entries take.
    pub(crate) fn bytes(&self) -> usize {
        4 * self.payloads.len() + self.entries.len()
    }

    /// What the entries hold, each with its class.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = (Class, &[u8])> {
        let mut start = 0;
        self.payloads.iter().filter_map(move |(payload, end)| {
            let class = self.entries.get(start).and_then(|class| Class::from_byte(*class));
            start = *end;
            Some((class?, self.entries.get(*payload..*end)?))
        })
    }

    /// Adds an entry behind all others; its key must be the greatest.
    pub(crate) fn push(&mut self, entry: &Entry<'_>) {
        entry.put(&mut self.entries);
        let end = self.entries.len();
        self.payloads.push((end - entry.payload.len(), end));
        self.tally.add(entry.class, entry.size);
    }

    /// Adds the entries of those numbers of another block, as they lie there, behind all others.
    pub(crate) fn copy(&mut self, block: &Block, range: Range<usize>) {
        let (bytes, start) = block.lying(&range);
        // Where the ends are counted from here.
        let shift = self.entries.len().wrapping_sub(start);
        for at in range {
            let end = block.end_of(at).wrapping_add(shift);
            let entry = block.entry(at);
            let payload = entry.map_or(0, |entry| entry.payload.len());
            self.payloads.push((end.saturating_sub(payload), end));
            entry.into_iter().for_each(|entry| self.tally.add(entry.class, entry.size));
        }
        self.entries.extend_from_slice(bytes);
    }

    /// Appends the block to a file's bytes, in its frame; says how long the frame is and what the entries add up to. It
    /// has them until it is [cleared](BlockBuilder::clear). `apart` puts payloads behind the block, packed where that pays, so that
    /// one can be read without the others.
    pub(crate) fn finish(&self, list: &[u8], apart: bool, out: &mut Vec<u8>) -> (u32, Tally) {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER]);
        put_head(list, self.payloads.len(), out);
        let framed = apart.then(|| self.apart());
        match &framed {
            Some(framed) => out.extend_from_slice(&framed.ends),
            None => self.payloads.iter().for_each(|(_, end)| put_end(out, *end)),
        }
        out.extend_from_slice(framed.as_ref().map_or(&self.entries, |framed| &framed.entries));
        let end = (out.len() - start) as u32;
        framed.into_iter().for_each(|framed| out.extend_from_slice(&framed.bodies));
        let length = (out.len() - start) as u32;
        if let Some(frame) = out.get_mut(start..) {
            sign(frame, length, if apart { end } else { 0 }, end as usize);
        }
        (length, self.tally.clone())
    }

    /// Begins the next block.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.payloads.clear();
        self.tally = Tally::default();
    }

    /// The block with its payloads behind it.
    fn apart(&self) -> Framed {
        let (mut framed, mut start) = (Framed::default(), 0);
        let bytes = |from: usize, to: usize| self.entries.get(from..to).unwrap_or_default();
        let last = self.payloads.last().map_or(&[][..], |(start, end)| bytes(*start, *end));
        let base = if last.len() > MOST_BASE { &[] } else { last };
        for (at, (payload, end)) in self.payloads.iter().enumerate() {
            framed.entries.extend_from_slice(bytes(start, *payload));
            let base = if at + 1 == self.payloads.len() { &[] } else { base };
            framed.put_body(bytes(*payload, *end), base);
            start = *end;
        }
        framed
    }
}

impl Framed {
    /// Adds a payload, and what the entry says of it, with which that ends.
    fn put_body(&mut self, payload: &[u8], base: &[u8]) {
        let packed = pack(payload, base);
        let body = packed.as_deref().unwrap_or(payload);
        self.bodies.extend_from_slice(body);
        number::put(&mut self.entries, self.bodies.len() as u64);
        number::put(&mut self.entries, payload.len() as u64);
        self.entries.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
        put_end(&mut self.ends, self.entries.len());
    }
}

/// The payload with LZ4, if that pays.
fn pack(payload: &[u8], base: &[u8]) -> Option<Vec<u8>> {
    if payload.len() > MOST_PACKED {
        return None;
    }
    let packed = match base {
        [] => lz4_flex::block::compress(payload),
        base => lz4_flex::block::compress_with_dict(payload, base),
    };
    let (part, of) = WORTH_IT;
    (packed.len() * of <= payload.len() * part).then_some(packed)
}

fn put_end(ends: &mut Vec<u8>, end: usize) {
    // One write has far fewer bytes than 4 GiB, and so has a block.
    ends.extend_from_slice(&(end as u32).to_le_bytes());
}

/// Writes the header of a frame, whose checksum covers what lies before that end.
fn sign(frame: &mut [u8], length: u32, bodies: u32, end: usize) {
    let header = [length.to_le_bytes(), bodies.to_le_bytes()].concat();
    if let Some(place) = frame.get_mut(4..HEADER) {
        place.copy_from_slice(&header);
    }
    let checksum = crc32fast::hash(frame.get(4..end).unwrap_or_default());
    if let Some(place) = frame.first_chunk_mut::<4>() {
        *place = checksum.to_le_bytes();
    }
}
