//! Records in the bytes of sled's log that no tree leads to any more.
//!
//! A block tells by itself where it ends and whether it is whole, so that blocks are found wherever they
//! lie; none lies across two of sled's segments. Of one record there are often several versions; segments
//! are numbered, so that the newest is known. Whether that is what the store held last nobody knows: it
//! may have been removed since. Bodies that lie in pieces are not found.

use std::collections::HashMap;
use std::path::Path;

use filedex_query::DocumentRef;
use filedex_query::packed::PackedDocument;

use crate::block::{Block, MOST_BYTES};
use crate::error::Result;
use crate::guard::{SEGMENT_HEADER, each_segment, number_in};
use crate::record::{self, Body, Place};

/// Where a version of a record lies: the number of its segment, which is a greater one for a newer one,
/// and the place in it; then where the segment lies.
type Version = (i64, usize, u64);

/// Shows the newest version of each record that is wanted.
pub(crate) fn newest(
    path: &Path,
    is_wanted: &dyn Fn(&str) -> bool,
    show: &mut dyn FnMut(&str, DocumentRef<'_>) -> Result<()>,
) -> Result<()> {
    let mut newest: HashMap<String, Version> = HashMap::new();
    each(path, &mut |id, version, _| {
        if newest.get(id).is_none_or(|known| *known < version) && is_wanted(id) {
            newest.insert(id.to_owned(), version);
        }
        Ok(())
    })?;
    each(path, &mut |id, version, record| {
        if newest.get(id) == Some(&version) { show(id, record) } else { Ok(()) }
    })
}

fn each(
    path: &Path,
    show: &mut dyn FnMut(&str, Version, DocumentRef<'_>) -> Result<()>,
) -> Result<()> {
    each_segment(path, &mut |at, segment| {
        let order = segment.get(..SEGMENT_HEADER).and_then(number_in).unwrap_or(0);
        blocks(segment, &mut |place, block| {
            records(&block, &mut |id, record| show(id, (order, place, at), record))
        })
    })
}

/// Shows every whole block in the bytes, with its place.
fn blocks(bytes: &[u8], show: &mut dyn FnMut(usize, Block) -> Result<()>) -> Result<()> {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match Block::at_start(rest.get(..2 * MOST_BYTES).unwrap_or(rest)) {
            Some(block) => {
                let length = block.bytes().len();
                show(at, block)?;
                at += length;
            }
            None => at += 1,
        }
    }
    Ok(())
}

/// Shows the records of a block, if it is one of a room: its entries agree with their fields.
fn records(block: &Block, show: &mut dyn FnMut(&str, DocumentRef<'_>) -> Result<()>) -> Result<()> {
    for entry in block.read().entries() {
        let Ok(Body::Inline(body)) = Body::read(entry.payload) else { continue };
        if !PackedDocument::new(body).check() {
            continue;
        }
        let record = record::document(body);
        if let Some(id) = record.get("_id").and_then(|id| id.as_text())
            && Place::of(record, id).order == entry.key
        {
            show(id, record)?;
        }
    }
    Ok(())
}
