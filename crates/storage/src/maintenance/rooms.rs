//! Every record of one state, in the order of the rooms: block by block, as they lie in their files.
//!
//! Blocks are read from the disk, not from memory, and none is kept there: who goes through everything
//! wants to know what is on the disk, and asks once for each.

use crate::error::Result;
use crate::format::Block;
use crate::format::lists::ALL_ROOMS;
use crate::snapshot::{Bounds, Run, Snapshot, Walk};

/// Records after which it is told how far the work has come.
pub(super) const TOLD_EVERY: u64 = 100;

/// The runs of all rooms, in order.
pub(super) fn runs(reading: Snapshot<'_>) -> Result<Walk<'_>> {
    Walk::lists(reading, ALL_ROOMS, Bounds::of_prefix(ALL_ROOMS))
}

/// The block of a run, if it has one.
pub(super) fn block_of(reading: Snapshot<'_>, run: &Run) -> Result<Option<Block>> {
    run.item().map(|item| reading.state.version.block(item.place, run.list())).transpose()
}
