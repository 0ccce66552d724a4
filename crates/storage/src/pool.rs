//! What lies behind a store's readers: the tree, and what of it is kept in memory.
//!
//! Everything kept here besides the tree is a cache with a part of the store's budget; nothing is lost
//! with it.

use filedex_query::Path;

use crate::block::Block;
use crate::cache::{Blocks, Records};
use crate::columns::Columns;
use crate::directory::Directories;
use crate::error::Result;
use crate::tree::Tree;

/// Shares that the memory for caches is cut into: one for each cache, the tree's own among them, and a
/// second for columns, of which a scan over all records needs many at once.
pub(crate) const SHARES: u64 = 7;

/// The tree and the caches over it.
pub(crate) struct Pool {
    pub(crate) tree: Tree,
    pub(crate) directories: Directories,
    /// Blocks as they are stored.
    pub(crate) blocks: Blocks,
    /// Blocks of rooms and users with their records as JSON text.
    pub(crate) texts: Blocks,
    /// Records that were asked for by their ids, as JSON text.
    pub(crate) records: Records,
    /// What scans keep of records.
    pub(crate) columns: Columns,
}

impl Pool {
    /// The tree, and caches of shares of so many bytes over it; columns of the declared fields.
    pub(crate) fn new(tree: Tree, share: u64, declared: Vec<Path>) -> Pool {
        let (blocks, texts) = (Blocks::new(share), Blocks::new(share));
        let (directories, records) = (Directories::new(share), Records::new(share));
        let columns = Columns::new(2 * share, declared);
        Pool { tree, directories, blocks, texts, records, columns }
    }

    /// Drops what is kept of the block under that key in another form.
    pub(crate) fn forget_forms(&self, key: &[u8]) {
        self.texts.forget(key);
        self.columns.forget(key);
    }

    /// The block that the tree holds under that key.
    pub(crate) fn stored_block(&self, key: &[u8]) -> Result<Option<Block>> {
        self.tree.get(key)?.map(Block::open).transpose()
    }
}
