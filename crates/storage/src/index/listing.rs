//! The whole index in memory: parts of the manifest as they were read, and where in them its chunks lie, in the
//! order of their keys.
//!
//! A listing is never changed: an edit makes another one, which has the parts in common with it. It does not know
//! how much memory there is for it.

use std::cmp::Ordering;
use std::sync::Arc;

use super::edit::Edit;
use super::manifest::{Change, PART, put_change};
use crate::format::keys::first_bytes;
use crate::format::{Slice, number};

/// The chunks of one version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    parts: Vec<Arc<[u8]>>,
    /// How the keys begin, by which nearly all are told apart without a look at the parts.
    heads: Vec<u64>,
    chunks: Vec<Listed>,
}

/// Changes on their way into a listing, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    listing: Listing,
    /// How many parts and changes there were at the last commit.
    whole: (usize, usize),
}

/// Where a key and its chunk lie in a part; a chunk that is removed lies nowhere and ends at 0.
#[derive(Clone, Copy, Debug)]
struct Listed {
    part: u32,
    key: u32,
    key_end: u32,
    chunk: u32,
    chunk_end: u32,
}

/// A key and its chunk, where they lie.
pub(super) type Shown = (Slice, Slice);

impl Gathering {
    /// Takes in changes and their commit.
    fn add_all<'c>(&mut self, changes: impl Iterator<Item = Change<'c>>) {
        for part in parts_of(changes) {
            let _as_it_was_written = self.add(part.into());
        }
        self.commit();
    }

    /// Takes in a part; `None` for one that is not what was written, after which nothing more counts.
    pub(super) fn add(&mut self, body: Arc<[u8]>) -> Option<()> {
        let part = u32::try_from(self.listing.parts.len()).ok()?;
        let mut at = 0;
        while at < body.len() {
            let (head, listed, behind) = Listed::read(part, &body, at)?;
            self.listing.heads.push(head);
            self.listing.chunks.push(listed);
            at = behind;
        }
        self.listing.parts.push(body);
        Some(())
    }

    /// What was taken in so far counts.
    pub(super) fn commit(&mut self) {
        self.whole = (self.listing.parts.len(), self.listing.chunks.len());
    }

    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.listing.bytes()
    }

    /// The chunks as the last commit left them.
    pub(super) fn finish(self) -> Listing {
        let (mut listing, (parts, changes)) = (self.listing, self.whole);
        listing.parts.truncate(parts);
        listing.heads.truncate(changes);
        listing.chunks.truncate(changes);
        listing.settled()
    }
}

impl Listing {
    /// The chunk under that key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Shown> {
        let listed = self.chunks.get(self.position(key, Ordering::is_lt))?;
        (self.key(listed) == key).then(|| self.shown(listed))?
    }

    /// The chunks past that key and before the end, in order.
    pub(super) fn after(&self, key: &[u8], end: &[u8]) -> impl Iterator<Item = Shown> {
        let listed = self.chunks.get(self.position(key, Ordering::is_le)..).unwrap_or_default();
        let inside = listed.iter().take_while(move |listed| self.key(listed) < end);
        inside.filter_map(move |listed| self.shown(listed))
    }

    /// The last chunk from the start on and up to that key, which is included or not.
    pub(super) fn before(&self, start: &[u8], key: &[u8], included: bool) -> Option<Shown> {
        let is_past = if included { Ordering::is_le } else { Ordering::is_lt };
        let listed = self.chunks.get(self.position(key, is_past).checked_sub(1)?)?;
        (self.key(listed) >= start).then(|| self.shown(listed))?
    }

    /// The chunks with what an edit makes of them.
    pub(super) fn with(&self, edit: &Edit) -> Listing {
        let mut gathering = Gathering { listing: self.clone(), whole: (0, 0) };
        gathering.add_all(edit.changes());
        gathering.finish()
    }

    /// Whether what both say lies in the same parts.
    pub(super) fn shares_parts_with(&self, other: &Listing) -> bool {
        self.parts.iter().zip(&other.parts).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let parts: usize = self.parts.iter().map(|part| part.len() + size_of_val(part)).sum();
        let (heads, chunks) = (size_of_val(&*self.heads), size_of_val(&*self.chunks));
        (parts + heads + chunks) as u64
    }

    /// How many chunks lie before the first whose key is not so to that one.
    fn position(&self, key: &[u8], is_so: fn(Ordering) -> bool) -> usize {
        let sought = head(key);
        let start = self.heads.partition_point(|head| *head < sought);
        let from = self.heads.get(start..).unwrap_or_default();
        let alike = match from.first() {
            Some(head) if *head == sought => from.partition_point(|head| *head == sought),
            _ => 0,
        };
        let alike = self.chunks.get(start..start + alike).unwrap_or_default();
        start + alike.partition_point(|listed| is_so(self.key(listed).cmp(key)))
    }

    fn key(&self, listed: &Listed) -> &[u8] {
        self.bytes_of(listed.part, listed.key, listed.key_end)
    }

    fn chunk(&self, listed: &Listed) -> &[u8] {
        self.bytes_of(listed.part, listed.chunk, listed.chunk_end)
    }

    fn shown(&self, listed: &Listed) -> Option<Shown> {
        let part = self.parts.get(listed.part as usize)?;
        let shared = |start: u32, end: u32| Slice::of(part, start as usize..end as usize);
        let (key, chunk) = ((listed.key, listed.key_end), (listed.chunk, listed.chunk_end));
        Some((shared(key.0, key.1), shared(chunk.0, chunk.1)))
    }

    fn bytes_of(&self, part: u32, start: u32, end: u32) -> &[u8] {
        let part = self.parts.get(part as usize);
        part.and_then(|part| part.get(start as usize..end as usize)).unwrap_or_default()
    }

    /// Puts changes in the order of their keys, of each key the last one.
    fn settled(self) -> Listing {
        let Listing { parts, heads, chunks } = self;
        let listing = Listing { parts, ..Listing::default() };
        let key = |listed: &Listed| listing.key(listed);
        let mut changes: Vec<(u64, Listed)> = heads.into_iter().zip(chunks).collect();
        changes.sort_by(|one, other| match one.0.cmp(&other.0) {
            Ordering::Equal => key(&one.1).cmp(key(&other.1)),
            order => order,
        });
        changes.dedup_by(|next, last| {
            let is_same = last.0 == next.0 && key(&last.1) == key(&next.1);
            if is_same {
                *last = *next;
            }
            is_same
        });
        changes.retain(|(_, listed)| listed.chunk_end > 0);
        let (heads, chunks) = changes.into_iter().unzip();
        Listing { heads, chunks, ..listing }.packed()
    }

    /// The same without what is of no use any more, where that is most of it.
    fn packed(self) -> Listing {
        let live: usize = self.chunks.iter().map(Listed::bytes).sum();
        let all: usize = self.parts.iter().map(|part| part.len()).sum();
        if all <= 2 * live {
            return self;
        }
        let chunks = self.chunks.iter().map(|listed| (self.key(listed), Some(self.chunk(listed))));
        let mut packed = Gathering::default();
        packed.add_all(chunks);
        packed.listing
    }
}

impl Listed {
    /// Reads the change that begins there in a part; gives how its key begins, and where the next one does.
    fn read(part: u32, body: &[u8], at: usize) -> Option<(u64, Listed, usize)> {
        let ends_before = |rest: &[u8]| u32::try_from(body.len() - rest.len()).ok();
        let (key, rest) = number::take_sized(body.get(at..)?)?;
        let (head, key_end) = (head(key), ends_before(rest)?);
        let (kind, rest) = rest.split_first()?;
        let (chunk, rest) = match kind {
            0 => (None, rest),
            _ => number::take_sized(rest).map(|(chunk, rest)| (Some(chunk), rest))?,
        };
        let chunk_end = if chunk.is_some() { ends_before(rest)? } else { 0 };
        let (key, chunk) = (key.len() as u32, chunk.map_or(0, |chunk| chunk.len() as u32));
        let (key, chunk) = (key_end.checked_sub(key)?, chunk_end.checked_sub(chunk)?);
        let listed = Listed { part, key, key_end, chunk, chunk_end };
        Some((head, listed, body.len() - rest.len()))
    }

    fn bytes(&self) -> usize {
        (self.key_end - self.key + self.chunk_end - self.chunk) as usize
    }
}

fn head(key: &[u8]) -> u64 {
    (first_bytes(key) >> u64::BITS) as u64
}

/// Changes, written as the manifest has them.
fn parts_of<'c>(changes: impl Iterator<Item = Change<'c>>) -> impl Iterator<Item = Vec<u8>> {
    let mut changes = changes.peekable();
    std::iter::from_fn(move || {
        changes.peek()?;
        let mut part = Vec::new();
        while part.len() < PART
            && let Some((key, chunk)) = changes.next()
        {
            put_change(&mut part, key, chunk);
        }
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

    fn gathered(commits: &[Changes]) -> Listing {
        let mut gathering = Gathering::default();
        for changes in commits {
            let changes = changes.iter().map(|(key, chunk)| (&**key, chunk.as_deref()));
            parts_of(changes).for_each(|part| gathering.add(part.into()).unwrap());
            gathering.commit();
        }
        gathering.finish()
    }

    fn model(commits: &[Changes]) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut model = BTreeMap::new();
        for (key, chunk) in commits.iter().flatten() {
            match chunk {
                Some(chunk) => drop(model.insert(key.clone(), chunk.clone())),
                None => drop(model.remove(key)),
            }
        }
        model
    }

    fn owned((key, chunk): Shown) -> (Vec<u8>, Vec<u8>) {
        (key.to_vec(), chunk.to_vec())
    }

    fn key() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0..3_u8, 1..5)
    }

    fn commits() -> impl Strategy<Value = Vec<Changes>> {
        let chunk = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300));
        let changes = proptest::collection::vec((key(), chunk), 0..30);
        proptest::collection::vec(changes, 0..5)
    }

    fn check(listing: &Listing, model: &BTreeMap<Vec<u8>, Vec<u8>>, from: &[u8], to: &[u8]) {
        let cloned = |(key, chunk): (&Vec<u8>, &Vec<u8>)| (key.clone(), chunk.clone());
        assert_eq!(listing.get(from).map(owned), model.get_key_value(from).map(cloned));
        let bounds = (Bound::Excluded(from), Bound::Excluded(to));
        let after = (from < to).then(|| model.range::<[u8], _>(bounds).map(cloned));
        let after: Vec<_> = after.into_iter().flatten().collect();
        assert_eq!(listing.after(from, to).map(owned).collect::<Vec<_>>(), after);
        for included in [true, false] {
            let upper = if included { Bound::Included(to) } else { Bound::Excluded(to) };
            let is_some = from < to || included && from == to;
            let before = is_some.then(|| model.range::<[u8], _>((Bound::Included(from), upper)));
            let before = before.and_then(|mut before| before.next_back()).map(cloned);
            assert_eq!(listing.before(from, to, included).map(owned), before);
        }
    }

    proptest! {
        #[test]
        fn a_listing_says_what_the_last_commit_left(commits in commits(), from in key(), to in key()) {
            let (listing, model) = (gathered(&commits), model(&commits));
            check(&listing, &model, &from, &to);
            let live: usize = model.iter().map(|(key, chunk)| key.len() + chunk.len() + 16).sum();
            let all: usize = listing.parts.iter().map(|part| part.len()).sum();
            prop_assert!(all <= 3 * live, "{all} bytes of parts for {live} bytes of chunks");
        }

        #[test]
        fn an_edit_makes_another_listing_and_leaves_the_one_that_was(
            commits in commits(),
            changes in proptest::collection::btree_map(key(), proptest::option::of(any::<[u8; 9]>()), 0..30),
            from in key(),
            to in key(),
        ) {
            let (listing, before) = (gathered(&commits), model(&commits));
            let mut after = before.clone();
            let mut edit = Edit::default();
            for (key, chunk) in changes {
                match chunk {
                    Some(chunk) => {
                        edit.set(&key, None, chunk.to_vec());
                        after.insert(key, chunk.to_vec());
                    }
                    None => {
                        let nothing = crate::format::ChunkBuilder::default().finish(1, None);
                        edit.remove(&key, crate::format::Chunk::open(nothing.into()).unwrap());
                        after.remove(&key);
                    }
                }
            }
            check(&listing.with(&edit), &after, &from, &to);
            check(&listing, &before, &from, &to);
        }

        #[test]
        fn no_bytes_make_a_gathering_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut gathering = Gathering::default();
            if gathering.add(body.into()).is_some() {
                gathering.commit();
            }
            let _chunks = gathering.finish().after(&[], &[0xff]).count();
        }
    }

    #[test]
    fn what_no_commit_ends_does_not_count() {
        let mut gathering = Gathering::default();
        let part = |chunk: &'static [u8]| parts_of([(&b"a"[..], Some(chunk))].into_iter());
        part(b"one").for_each(|part| gathering.add(part.into()).unwrap());
        gathering.commit();
        part(b"two").for_each(|part| gathering.add(part.into()).unwrap());
        assert_eq!(gathering.finish().get(b"a").map(owned), Some((b"a".to_vec(), b"one".to_vec())));
    }
}
