//! What lies behind a store's readers: the tree, and what of it is kept in memory.
//!
//! Everything kept here besides the tree is a cache with a part of the store's budget; nothing is lost
//! with it.

use crate::block::Block;
use crate::cache::Blocks;
use crate::directory::Directories;
use crate::error::Result;
use crate::tree::Tree;

/// How many caches share the memory for them: the three here, and the tree's own.
pub(crate) const CACHES: u64 = 4;

/// The tree and the caches over it.
pub(crate) struct Pool {
    pub(crate) tree: Tree,
    pub(crate) directories: Directories,
    /// Blocks as they are stored.
    pub(crate) blocks: Blocks,
    /// Blocks of rooms and users with their records as JSON text.
    pub(crate) texts: Blocks,
}

impl Pool {
    /// The tree, and caches of so many bytes each over it.
    pub(crate) fn new(tree: Tree, bytes: u64) -> Pool {
        let (blocks, texts) = (Blocks::new(bytes), Blocks::new(bytes));
        Pool { tree, directories: Directories::new(bytes), blocks, texts }
    }

    /// The block that the tree holds under that key.
    pub(crate) fn stored_block(&self, key: &[u8]) -> Result<Option<Block>> {
        self.tree.get(key)?.map(Block::open).transpose()
    }
}
