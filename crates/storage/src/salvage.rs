//! Reads a tree that may be damaged: as much of it as can be reached, each fault told and passed over.
//!
//! sled, when it opens a damaged log, overwrites what it takes for its torn end. So it is let at a copy,
//! and what it was made from stays as it was. What is to become of what is found is
//! [`crate::rebuild`]'s.

use std::fs;
use std::ops::Bound;
use std::path::Path;

use crate::block::Block;
use crate::checkpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::home::{Home, has_log, tree_of};
use crate::layout::{List, after_prefix};
use crate::mend::mend;
use crate::swap;
use crate::tree::{Bytes, Tree, log_of};

/// A tree that may be damaged.
pub(crate) struct Salvage {
    tree: Tree,
    /// How many messages of sled's log were not what was written.
    pub(crate) mended: u64,
}

impl Salvage {
    /// Opens a tree that should be whole.
    pub(crate) fn whole(home: &Home, cache_bytes: u64) -> Result<Salvage> {
        Ok(Salvage { tree: home.tree(cache_bytes)?, mended: 0 })
    }

    /// Opens a copy of a tree that may be damaged, which is made in a directory that is not there yet:
    /// mended, if sled takes it so.
    pub(crate) fn damaged(home: &Home, copy: &Path, cache_bytes: u64) -> Result<Salvage> {
        let tree = tree_of(home.path());
        if !has_log(&tree) {
            return Err(Error::unreadable(home.path()));
        }
        copy_files(&tree, copy)?;
        // The tree is written while there is a checkpoint.
        let may_be_torn = checkpoint::path_in(home.path()).exists();
        let mut mended = mend(&log_of(copy), may_be_torn)?;
        let mut opened = open(copy, cache_bytes);
        if mended > 0 && is_damaged(&opened) {
            copy_file(&log_of(&tree), &log_of(copy))?;
            (mended, opened) = (0, open(copy, cache_bytes));
        }
        match opened {
            Err(fault) if fault.kind() == ErrorKind::Damaged => {
                Err(Error::unreadable(home.path()).caused_by(fault))
            }
            opened => Ok(Salvage { tree: opened?, mended }),
        }
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Shows all that begins with the prefix and can be read: from the start, and from the end where
    /// there is a fault in between. Gives the fault.
    pub(crate) fn each(
        &self,
        prefix: &[u8],
        show: &mut dyn FnMut(&[u8], Bytes) -> Result<()>,
    ) -> Result<Option<Error>> {
        let end = after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        let mut lower = Bound::Included(prefix.to_vec());
        let mut forward = self.tree.range(lower.clone(), end.clone());
        let fault = loop {
            match forward.next() {
                None => return Ok(None),
                Some(Err(fault)) => break fault,
                Some(Ok((key, value))) => {
                    show(&key, value)?;
                    lower = Bound::Excluded(key.to_vec());
                }
            }
        };
        let mut backward = self.tree.range(lower, end).rev();
        while let Some(Ok((key, value))) = backward.next() {
            show(&key, value)?;
        }
        Ok(Some(fault))
    }

    /// What lies under that key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let mut only =
            self.tree.range(Bound::Included(key.to_vec()), Bound::Included(key.to_vec()));
        Ok(only.next().transpose()?.map(|(_, value)| value))
    }

    /// The block of the list in which that entry lies, if it can be read, and its key.
    pub(crate) fn block_for(&self, list: &List, order: &[u8]) -> Option<(Bytes, Block)> {
        let (lower, upper) = (list.block_key(&[]), list.block_key(order));
        let mut back = self.tree.range(Bound::Included(lower), Bound::Included(upper)).rev();
        let (key, value) = back.next()?.ok()?;
        Some((key, Block::open(value).ok()?))
    }

    /// Lets go of the files.
    pub(crate) fn close(self) -> Result<()> {
        self.tree.close()
    }
}

/// Opens a tree, without the files that sled can do without if these are in its way: snapshots are a
/// cache of its log, and its configuration is the same for every store.
fn open(tree: &Path, cache_bytes: u64) -> Result<Tree> {
    let mut opened = Tree::open(tree, cache_bytes);
    for spare in ["snap.", "conf"] {
        if is_damaged(&opened) {
            remove_files(tree, spare)?;
            opened = Tree::open(tree, cache_bytes);
        }
    }
    opened
}

fn is_damaged(opened: &Result<Tree>) -> bool {
    opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::Damaged)
}

/// Copies the files of a directory to a new one.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to).map_err(|error| Error::io("create", to, error))?;
    let mut files = swap::entries(from)?.into_iter().filter(|path| path.is_file());
    files.try_for_each(|path| copy_file(&path, &to.join(path.file_name().unwrap_or_default())))
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|error| Error::io("copy", from, error))
}

fn remove_files(tree: &Path, beginning: &str) -> Result<()> {
    for path in swap::entries(tree)? {
        let name = path.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with(beginning) {
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        }
    }
    Ok(())
}
