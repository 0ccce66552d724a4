//! What lies behind a store's readers: the tree, and what of it is kept in memory.
//!
//! Everything kept here besides the tree is a cache with a part of the store's budget; nothing is lost
//! with it.

use crate::block::Block;
use crate::cache::Blocks;
use crate::directory::Directories;
use crate::error::Result;
use crate::tree::Tree;

/// The tree and the caches over it.
pub(crate) struct Pool {
    pub(crate) tree: Tree,
    pub(crate) directories: Directories,
    /// Blocks as they are stored.
    pub(crate) blocks: Blocks,
    /// Blocks of rooms with their records as JSON text.
    pub(crate) texts: Blocks,
}

/// How a store's budget is shared out, in quarters.
pub(crate) struct Budget {
    quarter: u64,
}

impl Budget {
    pub(crate) fn of(cache_bytes: u64) -> Budget {
        Budget { quarter: cache_bytes / 4 }
    }

    /// For sled's own cache.
    pub(crate) fn tree(&self) -> u64 {
        self.quarter
    }

    fn directories(&self) -> u64 {
        self.quarter
    }

    fn blocks(&self) -> u64 {
        self.quarter
    }

    fn texts(&self) -> u64 {
        self.quarter
    }
}

impl Pool {
    pub(crate) fn new(tree: Tree, budget: &Budget) -> Pool {
        Pool {
            tree,
            directories: Directories::new(budget.directories()),
            blocks: Blocks::new(budget.blocks()),
            texts: Blocks::new(budget.texts()),
        }
    }

    /// The block that the tree holds under that key.
    pub(crate) fn stored_block(&self, key: &[u8]) -> Result<Option<Block>> {
        self.tree.get(key)?.map(Block::open).transpose()
    }
}
