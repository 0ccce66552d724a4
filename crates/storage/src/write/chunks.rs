//! Chunks of one list being written anew, with what follows for the others: the first one says what the
//! list adds up to.

use crate::format::chunk::MOST_BLOCKS;
use crate::format::{Chunk, ChunkBuilder, Place, Tally};
use crate::index::{Edit, Keyed};

/// A block as a chunk is to list it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) fence: Vec<u8>,
    pub(super) place: Place,
    pub(super) tally: Tally,
}

/// The chunks of a list on their way into an edit.
pub(super) struct Chunks<'e> {
    list: &'e [u8],
    edit: &'e mut Edit,
    /// What the list adds up to, and how many chunks it has.
    total: Tally,
    chunks: usize,
    /// The first chunk as it was, and what it is to be.
    first: Option<(Option<Chunk>, Vec<Item>)>,
}

impl<'e> Chunks<'e> {
    /// Of a list that has so many chunks and will add up to that.
    pub(super) fn new(list: &'e [u8], chunks: u64, total: Tally, edit: &'e mut Edit) -> Chunks<'e> {
        Chunks { list, edit, total, chunks: chunks as usize, first: None }
    }

    /// A chunk of the list has these blocks now.
    pub(super) fn replace(&mut self, old: Option<Keyed>, items: Vec<Item>) {
        self.chunks = self.chunks.saturating_sub(usize::from(old.is_some()));
        match old {
            Some(old) if *old.key != *self.list => self.set_all(&old, items),
            first => self.first = Some((first.map(|first| first.chunk.clone()), items)),
        }
    }

    /// Sets the first chunk, in which the account of the list stands.
    pub(super) fn finish(mut self) {
        let Some((old, mut items)) = self.first.take() else { return };
        if items.is_empty() {
            old.into_iter().for_each(|old| self.edit.remove(self.list, old));
            return;
        }
        // Everything before the second block belongs into the first.
        items.iter_mut().take(1).for_each(|first| first.fence.clear());
        let list = self.list;
        let mut parts = parts(items);
        let first = parts.next().unwrap_or_default();
        self.chunks += 1;
        parts.for_each(|part| self.set_new(part));
        let chunk = built(&first).finish(list.len(), Some((&self.total, self.chunks)));
        self.edit.set(list, old, chunk);
    }

    fn set_all(&mut self, old: &Keyed, mut items: Vec<Item>) {
        if items.is_empty() {
            self.edit.remove(&old.key, old.chunk.clone());
            return;
        }
        // The chunk stays under its key, whatever became of its first block.
        let fence = old.key.get(self.list.len()..).unwrap_or_default();
        items.iter_mut().take(1).for_each(|first| first.fence = fence.to_vec());
        let mut parts = parts(items);
        let first = parts.next().unwrap_or_default();
        self.chunks += 1;
        self.edit.set(
            &old.key,
            Some(old.chunk.clone()),
            built(&first).finish(self.list.len(), None),
        );
        parts.for_each(|part| self.set_new(part));
    }

    fn set_new(&mut self, items: Vec<Item>) {
        let fence = items.first().map(|first| first.fence.as_slice()).unwrap_or_default();
        let key = [self.list, fence].concat();
        self.chunks += 1;
        self.edit.set(&key, None, built(&items).finish(self.list.len(), None));
    }
}

/// Items in parts of the size of a chunk, all about alike.
fn parts(items: Vec<Item>) -> impl Iterator<Item = Vec<Item>> {
    let parts = items.len().div_ceil(MOST_BLOCKS).max(1);
    let size = items.len().div_ceil(parts).max(1);
    let mut rest = items.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<Item> = rest.by_ref().take(size).collect();
        (!part.is_empty()).then_some(part)
    })
}

fn built(items: &[Item]) -> ChunkBuilder {
    let mut builder = ChunkBuilder::default();
    items.iter().for_each(|item| builder.push(&item.fence, item.place, &item.tally));
    builder
}

/// A chunk with its blocks elsewhere; what the list adds up to stays.
pub(super) fn refreshed(old: &Chunk, items: &[Item]) -> Vec<u8> {
    let total = old.total();
    let total = total.map(|total| (&**total, old.chunks() as usize));
    built(items).finish(old.list_length(), total)
}
