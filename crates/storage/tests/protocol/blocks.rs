//! Block files, of which the last that reads a retired one removes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::format::{Block, Place};

#[path = "../../src/blocks/usage.rs"]
#[allow(dead_code, reason = "the real file")]
mod usage;

pub(crate) use usage::{FileUse, Usage};

/// A file of blocks.
#[derive(Debug)]
pub(crate) struct BlockFile {
    number: u64,
    disk: Arc<Disk>,
    is_obsolete: AtomicBool,
}

impl BlockFile {
    pub(crate) fn over(disk: &Arc<Disk>, number: u64) -> BlockFile {
        BlockFile { number, disk: disk.clone(), is_obsolete: AtomicBool::new(false) }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn read(&self, place: Place, _list: &[u8]) -> Result<Block> {
        let block = self.disk.block(place);
        block.ok_or_else(|| {
            Error::damaged(format_args!("file {} was removed while it is read", self.number))
        })
    }

    pub(crate) fn retire(&self) {
        self.is_obsolete.store(true, Ordering::Release);
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.is_obsolete.load(Ordering::Acquire)
    }
}

impl Drop for BlockFile {
    fn drop(&mut self) {
        if self.is_retired() {
            self.disk.remove_file(self.number);
        }
    }
}
