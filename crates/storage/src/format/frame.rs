//! A frame: how a block lies in a block file.
//!
//! ```text
//! frame   := checksum u32 | length u32 | 0   u32 | block
//!          | checksum u32 | length u32 | end u32 | block | body*
//! payload := end | whole | checksum u32                              in a block with bodies behind it
//! ```
//!
//! The checksum (CRC-32) of a frame covers all that follows it up to the end of the block, `length` is that of
//! the whole frame, `end` where its block ends. Of a block with bodies behind it each entry says in place of its
//! payload where that ends among them, how long it is, and the checksum of how it lies there: as it is, where it
//! takes as many bytes as it is long, else packed with LZ4. The last one is packed by itself, the others with
//! the last one as what went before them, if that has 4,096 bytes at most. So one entry is read without the
//! others. Fixed integers are little-endian, others are numbers of variable length.

use super::block::{Block, Entry, Table, put_head};
use super::number;

/// Bytes of a frame before its block.
pub(super) const HEADER: usize = 12;

/// A last body that is longer is not what the others are packed with.
pub(super) const MOST_BASE: usize = 4096;

/// A frame that says that its block is longer is none.
const MOST_WHOLE: usize = 64 << 20;

/// A frame, of which the block was verified. The bodies behind it are verified one by one, as they are read.
pub(crate) struct Frame<'f> {
    block: Table<&'f [u8]>,
    bodies: Option<&'f [u8]>,
    /// Whether checksums are passed over.
    trusts: bool,
}

/// What an entry is unpacked into.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    base: Vec<u8>,
    payload: Vec<u8>,
}

/// An entry as it lies in a frame.
struct Piece<'f> {
    /// Its bytes before its payload.
    head: &'f [u8],
    payload: &'f [u8],
    /// How long the payload is.
    whole: usize,
    /// That of the payload, if it lies behind the block.
    checksum: Option<u32>,
}

impl<'f> Frame<'f> {
    /// How long the frame is that begins these bytes, by what it says.
    pub(crate) fn length(start: &[u8]) -> Option<usize> {
        Some(number::fixed(start, 4)? as usize)
    }

    /// The frame, if its block has the right checksum.
    pub(crate) fn open(frame: &'f [u8]) -> Option<Frame<'f>> {
        let opened = Frame::unverified(frame)?;
        let covered = frame.get(4..HEADER + opened.block.bytes().len())?;
        let is_right = number::fixed(frame, 0) == Some(crc32fast::hash(covered));
        is_right.then_some(Frame { trusts: false, ..opened })
    }

    /// The frame, whatever its checksums.
    pub(crate) fn unverified(frame: &'f [u8]) -> Option<Frame<'f>> {
        if Frame::length(frame) != Some(frame.len()) {
            return None;
        }
        let (block, bodies) = match number::fixed(frame, 8)? as usize {
            0 => (frame.get(HEADER..)?, None),
            end => (frame.get(HEADER..end)?, Some(frame.get(end..)?)),
        };
        Some(Frame { block: Table::read(block)?, bodies, trusts: true })
    }

    /// The key of the block's list.
    pub(crate) fn list(&self) -> &[u8] {
        self.block.list()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.block.len()
    }

    /// The number of the entry with that key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.block.find(key)
    }

    /// Whether every body has the right checksum, and no bytes are left over.
    pub(crate) fn is_intact(&self) -> bool {
        let Some(bodies) = self.bodies else { return true };
        let pieces = self.pieces().filter(|pieces| pieces.iter().all(Piece::is_intact));
        let length = |pieces: Vec<Piece<'_>>| pieces.iter().map(|piece| piece.payload.len()).sum();
        pieces.map(length) == Some(bodies.len())
    }

    /// The block; `None` if one of its bodies cannot be read.
    pub(crate) fn block(&self) -> Option<Block> {
        if self.bodies.is_none() {
            return Block::read(self.block.bytes().into(), 0);
        }
        let pieces = self.pieces()?;
        let head = self.block.list().len() + 2 + 4 + 4 * pieces.len();
        let entries =
            pieces.iter().try_fold(0, |sum: usize, piece| sum.checked_add(piece.bytes()?));
        let length = entries?.checked_add(head).filter(|length| *length <= MOST_WHOLE)?;
        let mut bytes = Vec::with_capacity(length);
        self.put_head(&pieces, &mut bytes)?;
        let (mut memory, last) = (Vec::new(), pieces.len().saturating_sub(1));
        let base = self.base(&mut memory)?;
        for (at, piece) in pieces.iter().enumerate() {
            bytes.extend_from_slice(piece.head);
            match at == last {
                true if !base.is_empty() => bytes.extend_from_slice(base),
                true => piece.append(&[], &mut bytes)?,
                false => piece.append(base, &mut bytes)?,
            }
        }
        Block::read(bytes.into(), 0)
    }

    /// The entry of that number, unpacked into memory that may serve again; `None` if it cannot be read.
    pub(crate) fn entry<'m>(&'m self, at: usize, memory: &'m mut Memory) -> Option<Entry<'m>> {
        let (_, entry) = self.block.entry_of_frame(at)?;
        let piece = self.piece(at)?;
        if piece.payload.len() == piece.whole {
            return piece.is_intact().then_some(Entry { payload: piece.payload, ..entry });
        }
        if piece.whole > MOST_WHOLE {
            return None;
        }
        let base = if at + 1 == self.len() { &[] } else { self.base(&mut memory.base)? };
        memory.payload.resize(piece.whole, 0);
        piece.unpack(base, &mut memory.payload)?;
        Some(Entry { payload: &memory.payload, ..entry })
    }

    /// Writes a block of these entries up to where they lie.
    fn put_head(&self, pieces: &[Piece<'_>], out: &mut Vec<u8>) -> Option<()> {
        put_head(self.block.list(), pieces.len(), out);
        let mut end = 0;
        for piece in pieces {
            end += piece.bytes()?;
            out.extend_from_slice(&u32::try_from(end).ok()?.to_le_bytes());
        }
        Some(())
    }

    /// What bodies before the last one are packed with, where it lies or unpacked into that memory.
    fn base<'m>(&self, memory: &'m mut Vec<u8>) -> Option<&'m [u8]>
    where
        'f: 'm,
    {
        let Some(last) = self.len().checked_sub(1) else { return Some(&[]) };
        let piece = self.piece(last)?;
        if piece.whole > MOST_BASE {
            return Some(&[]);
        }
        if piece.payload.len() == piece.whole {
            return piece.is_intact().then_some(piece.payload);
        }
        memory.resize(piece.whole, 0);
        piece.unpack(&[], memory)?;
        Some(memory)
    }

    fn pieces(&self) -> Option<Vec<Piece<'f>>> {
        let (mut pieces, mut start) = (Vec::with_capacity(self.len().min(64)), 0);
        for at in 0..self.len() {
            let piece = self.piece_from(at, start)?;
            start += piece.payload.len();
            pieces.push(piece);
        }
        Some(pieces)
    }

    fn piece(&self, at: usize) -> Option<Piece<'f>> {
        let start = match at.checked_sub(1) {
            Some(before) if self.bodies.is_some() => {
                told(self.block.entry_of_frame(before)?.1.payload)?.0
            }
            _ => 0,
        };
        self.piece_from(at, start)
    }

    /// The entry of that number, whose body begins there.
    fn piece_from(&self, at: usize, start: usize) -> Option<Piece<'f>> {
        let (bytes, entry) = self.block.entry_of_frame(at)?;
        let head = bytes.get(..bytes.len() - entry.payload.len())?;
        let Some(bodies) = self.bodies else {
            let payload = entry.payload;
            return Some(Piece { head, payload, whole: payload.len(), checksum: None });
        };
        let (end, whole, checksum) = told(entry.payload)?;
        let checksum = (!self.trusts).then_some(checksum);
        Some(Piece { head, payload: bodies.get(start..end)?, whole, checksum })
    }
}

/// What an entry says of its body: where it ends, how long it is, its checksum.
fn told(payload: &[u8]) -> Option<(usize, usize, u32)> {
    let (end, rest) = number::take(payload)?;
    let (whole, rest) = number::take(rest)?;
    let checksum = u32::from_le_bytes(rest.try_into().ok()?);
    Some((usize::try_from(end).ok()?, usize::try_from(whole).ok()?, checksum))
}

impl Piece<'_> {
    /// Bytes that the entry takes in a block of its own.
    fn bytes(&self) -> Option<usize> {
        self.head.len().checked_add(self.whole)
    }

    fn is_intact(&self) -> bool {
        self.checksum.is_none_or(|checksum| crc32fast::hash(self.payload) == checksum)
    }

    /// Appends the payload.
    fn append(&self, base: &[u8], out: &mut Vec<u8>) -> Option<()> {
        // One that is long lies as it is.
        if self.payload.len() == self.whole {
            out.extend_from_slice(self.is_intact().then_some(self.payload)?);
            return Some(());
        }
        let start = out.len();
        out.resize(start + self.whole, 0);
        self.unpack(base, out.get_mut(start..)?)
    }

    /// Unpacks the payload, which does not lie as it is, to where there is room for all of it.
    fn unpack(&self, base: &[u8], out: &mut [u8]) -> Option<()> {
        if !self.is_intact() {
            return None;
        }
        let written = match base {
            [] => lz4_flex::block::decompress_into(self.payload, out),
            base => lz4_flex::block::decompress_into_with_dict(self.payload, out, base),
        };
        (written.ok()? == out.len()).then_some(())
    }
}

impl Memory {
    pub(crate) const fn new() -> Memory {
        Memory { base: Vec::new(), payload: Vec::new() }
    }

    /// Gives back what is more than so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        if self.payload.capacity() > bytes {
            self.payload.truncate(bytes);
            self.payload.shrink_to(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::builder::MOST_PACKED;
    use super::super::{BlockBuilder, Class, Size, Tally};
    use super::*;

    type Entries = BTreeMap<Vec<u8>, (u8, Vec<u8>)>;

    fn built(entries: &Entries, apart: bool) -> (Vec<u8>, Tally) {
        let (mut builder, mut out) = (BlockBuilder::default(), Vec::new());
        for (key, (class, payload)) in entries {
            let class = Class::from_byte(class % 64).unwrap();
            builder.push(&Entry { key, class, size: Size::default(), payload });
        }
        let (length, tally) = builder.finish(b"list", apart, &mut out);
        assert_eq!(length as usize, out.len());
        (out, tally)
    }

    /// Payloads that have much in common, little, or nothing, short and long.
    fn payloads() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(name|size|type|[a-z]{3}){0,60}".prop_map(String::into_bytes),
            (any::<u8>(), 0..9000_usize).prop_map(|(byte, length)| vec![byte; length]),
        ]
    }

    fn entries() -> impl Strategy<Value = Entries> {
        let keys = proptest::collection::vec(any::<u8>(), 1..12);
        proptest::collection::btree_map(keys, (any::<u8>(), payloads()), 0..40)
    }

    /// A frame of these bytes, with a right checksum whatever it covers.
    fn forged(mut bytes: Vec<u8>, end: u32) -> Vec<u8> {
        bytes.splice(0..0, [0; HEADER]);
        let (length, end) = (bytes.len() as u32, end % (bytes.len() as u32 + 1));
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..12].copy_from_slice(&end.to_le_bytes());
        let covered = if end == 0 { length } else { end.max(4) } as usize;
        let checksum = crc32fast::hash(&bytes[4..covered]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn read_all(frame: &[u8]) {
        for frame in [Frame::open(frame), Frame::unverified(frame)].into_iter().flatten() {
            let (_intact, mut memory) = (frame.is_intact(), Memory::default());
            let _read = (0..3).filter(|at| frame.entry(*at, &mut memory).is_some()).count();
            if let Some(block) = frame.block() {
                let (_sound, _tally) = (block.is_sound(), block.tally());
                let (_list, _found) = (block.list(), block.find(b"a").is_some());
            }
        }
    }

    #[test]
    fn a_body_is_packed_up_to_the_length_that_is_unpacked_soon() {
        for (length, is_packed) in [(MOST_PACKED, true), (MOST_PACKED + 1, false)] {
            let (bytes, _) = built(&[(b"a".to_vec(), (1, vec![7; length]))].into(), true);
            assert_eq!(bytes.len() < length, is_packed, "{length}");
            assert_eq!(Block::open(&bytes).unwrap().entry(0).unwrap().payload.len(), length);
        }
    }

    #[test]
    fn what_bodies_have_in_common_lies_there_once_unless_the_last_is_long() {
        let payload = |seed: u8, length: usize| -> Vec<u8> {
            let mut last = u32::from(seed);
            let mut next = || {
                last = last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (last >> 24) as u8
            };
            (0..length).map(|_| next()).collect()
        };
        for (length, is_shared) in [(MOST_BASE, true), (MOST_BASE + 1, false)] {
            let same = payload(1, length);
            let entries = (b'a'..b'e').map(|key| (vec![key], (1, same.clone()))).collect();
            let (bytes, _) = built(&entries, true);
            assert_eq!(bytes.len() < 2 * length, is_shared, "{length}: {}", bytes.len());
            let block = Block::open(&bytes).unwrap();
            assert!(block.all().all(|(_, entry)| entry.payload == same));
        }
    }

    #[test]
    fn a_changed_body_takes_no_other_with_it_but_the_last_one_all() {
        let payload = |at: u8| (1, format!("{{name: file {at}, type: image, store: here}}").into());
        let entries: Entries = (b'a'..b'f').map(|key| (vec![key], payload(key))).collect();
        let (bytes, _) = built(&entries, true);
        let end = number::fixed(&bytes, 8).unwrap() as usize;
        for (at, lost) in [(end, vec![0]), (bytes.len() - 1, vec![0, 1, 2, 3, 4])] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let frame = Frame::open(&changed).unwrap();
            assert!(!frame.is_intact() && frame.block().is_none());
            let mut memory = Memory::default();
            let unread = (0..5).filter(|at| frame.entry(*at, &mut memory).is_none());
            assert_eq!(unread.collect::<Vec<usize>>(), lost);
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_what_was_put_in_and_its_tally_is_a_recount(
            entries in entries(),
            other in proptest::collection::vec(any::<u8>(), 1..12),
            apart in any::<bool>(),
        ) {
            let (bytes, tally) = built(&entries, apart);
            let frame = Frame::open(&bytes).unwrap();
            prop_assert!(frame.is_intact());
            let block = frame.block().unwrap();
            prop_assert!(block.is_sound());
            prop_assert_eq!(block.list(), b"list");
            prop_assert_eq!(block.len(), entries.len());
            prop_assert_eq!(block.tally(), tally);
            for (at, (key, (_, payload))) in entries.iter().enumerate() {
                let (found, entry) = block.find(key).unwrap();
                prop_assert_eq!((found, entry.payload), (at, payload.as_slice()));
            }
            prop_assert_eq!(block.position(&other), entries.range(..other.clone()).count());
            prop_assert_eq!(block.find(&other).is_some(), entries.contains_key(&other));
        }

        #[test]
        fn entries_that_are_copied_are_as_if_they_were_put_in(
            entries in entries(),
            apart in any::<bool>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let (bytes, tally) = built(&entries, apart);
            let block = Frame::open(&bytes).unwrap().block().unwrap();
            let cut = cut.index(entries.len() + 1);
            let (mut builder, mut again) = (BlockBuilder::default(), Vec::new());
            builder.copy(&block, 0..cut);
            builder.copy(&block, cut..entries.len());
            prop_assert_eq!(builder.bytes(), block.bytes_of(&(0..entries.len())));
            prop_assert_eq!(builder.finish(b"list", apart, &mut again).1, tally);
            prop_assert!(again == bytes);
        }

        #[test]
        fn one_entry_out_of_a_frame_is_that_of_the_block(entries in entries(), apart in any::<bool>()) {
            let (bytes, _) = built(&entries, apart);
            let (frame, mut memory) = (Frame::open(&bytes).unwrap(), Memory::default());
            for (at, (key, (class, payload))) in entries.iter().enumerate() {
                prop_assert_eq!(frame.find(key), Some(at));
                let entry = frame.entry(at, &mut memory).unwrap();
                prop_assert_eq!((entry.key, entry.class.byte()), (key.as_slice(), class % 64));
                prop_assert_eq!(entry.payload, payload.as_slice());
                let one = Block::alone(b"list", &entry, at).unwrap();
                prop_assert!(one.is_sound());
                prop_assert_eq!((one.list(), one.len()), (&b"list"[..], 1));
                prop_assert_eq!(one.entry(0).unwrap().payload, payload.as_slice());
                let place = super::super::Place { file: 1, offset: 2, length: 3 };
                prop_assert_eq!(one.lying_at(place).place_of(0), Some((place, at)));
            }
            prop_assert!(frame.entry(entries.len(), &mut memory).is_none());
        }

        #[test]
        fn no_bytes_make_a_frame_panic_and_a_changed_one_is_refused(
            at in any::<prop::sample::Index>(),
            flip in 1..=u8::MAX,
            garbage in proptest::collection::vec(any::<u8>(), 0..200),
            end in any::<u32>(),
            apart in any::<bool>(),
        ) {
            let long = (2, b"names and names and ".repeat(20));
            let entries = [(b"a".to_vec(), (1, b"names".to_vec())), (b"b".to_vec(), long.clone()), (b"c".to_vec(), long)];
            let (mut bytes, _) = built(&entries.into(), apart);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(Block::open(&bytes).is_none());
            read_all(&bytes);
            // What a body is packed to is whatever it is.
            read_all(&forged(bytes[HEADER..].to_vec(), number::fixed(&bytes, 8).unwrap()));
            prop_assert!(Block::open(&garbage).is_none());
            read_all(&forged(garbage, end));
        }
    }
}
