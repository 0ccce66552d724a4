//! Loading everything, one part after the other.

use std::path::Path;
use std::time::Duration;

use filedex_dataset::Dataset;

use crate::anonymous;
use crate::child::Finding;
use crate::clock;
use crate::data;
use crate::error::Result;
use crate::peer::{Kind, Peer, Setting};
use crate::row::Row;

/// Parts of a load, the last of which is compared with the first.
const PARTS: usize = 5;

/// The time is that of all threads but for what making the records took, and includes the close: nothing is
/// put off until after it.
pub(super) fn timed(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    let start = clock::process();
    let mut peer = kind.open(directory, Setting::ROOMY)?;
    let opened = clock::process() - start;
    let parts = parts(&mut *peer, dataset)?;
    let start = clock::process();
    peer.flush()?;
    peer.close()?;
    let total = opened + parts.iter().sum::<Duration>() + (clock::process() - start);
    let rate = dataset.len() as f64 / total.as_secs_f64().max(1e-9);
    let mut finding = Finding::default();
    finding.add(Row::BulkLoad, rate);
    if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
        finding.add(Row::LoadGrowth, last.as_secs_f64() / first.as_secs_f64().max(1e-9));
    }
    Ok(finding)
}

/// Memory while everything is loaded, and behind it.
pub(super) fn measured(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    let before = anonymous::bytes();
    let mut peer = kind.open(directory, Setting::DEFAULT)?;
    let (loaded, most) = anonymous::most(|| {
        parts(&mut *peer, dataset)?;
        peer.flush()
    });
    loaded?;
    let mut finding = Finding::default();
    finding.add_some(Row::MemoryLoaded, anonymous::above(before));
    finding.add_some(Row::OverBudgetLoading, most.map(|most| most.saturating_sub(kind.budget())));
    peer.close()?;
    Ok(finding)
}

/// CPU time of all threads that each part took, without that of making the records.
fn parts(peer: &mut dyn Peer, dataset: &Dataset) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for part in 0..PARTS {
        let (start, mut making) = (clock::process(), Duration::ZERO);
        let bound = |part: usize| dataset.len() * part / PARTS;
        let mut chunks = data::chunks(dataset, bound(part)..bound(part + 1));
        loop {
            let begun = clock::thread();
            let Some(mut records) = chunks.next() else { break };
            making += clock::thread() - begun;
            peer.load(&mut records)?;
        }
        times.push((clock::process() - start).saturating_sub(making));
    }
    Ok(times)
}
