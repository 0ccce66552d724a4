//! What is in a file: what was synced, and every version of a page since.
//!
//! It knows bytes and moments, not names.

use std::collections::BTreeMap;

use fastrand::Rng;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// Versions of a page that are kept between two syncs: as many as appends to a log fit in a page, so that
/// none is passed over which a sync under way covers.
const VERSIONS: usize = 128;

#[derive(Default)]
pub(super) struct Content {
    synced: Vec<u8>,
    current: Vec<u8>,
    /// For each page the versions since the last sync.
    versions: BTreeMap<usize, Vec<Version>>,
    /// The lengths since the last sync, each with its moment.
    lengths: Vec<(u64, usize)>,
    /// Pages of which a sync has failed, with its moment. The system takes them for clean from then on: a
    /// later sync covers them only where they were written anew.
    failed: BTreeMap<usize, u64>,
}

/// A page as it was.
struct Version {
    moment: u64,
    bytes: Vec<u8>,
    /// Whether bytes were written, not only room made.
    is_written: bool,
}

impl Content {
    /// A file that lies on the disk.
    pub(super) fn synced(bytes: Vec<u8>) -> Content {
        Content { synced: bytes.clone(), current: bytes, ..Content::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8], moment: u64) {
        let end = at + bytes.len();
        if end > self.current.len() {
            self.current.resize(end, 0);
            self.lengths.push((moment, end));
        }
        if let Some(place) = self.current.get_mut(at..end) {
            place.copy_from_slice(bytes);
        }
        self.changed(at / PAGE, end.div_ceil(PAGE), moment, true);
    }

    /// Lets the content be these bytes, where it is not.
    pub(super) fn catch_up(&mut self, bytes: &[u8], moment: u64) {
        if bytes.len() != self.current.len() {
            self.resize(bytes.len(), moment);
        }
        for (page, bytes) in bytes.chunks(PAGE).enumerate() {
            let at = page * PAGE;
            if self.current.get(at..at + bytes.len()) != Some(bytes) {
                self.write(at, bytes, moment);
            }
        }
    }

    pub(super) fn resize(&mut self, length: usize, moment: u64) {
        let least = self.current.len().min(length);
        let most = self.current.len().max(length);
        self.current.resize(length, 0);
        self.lengths.push((moment, length));
        // Only pages that held something differ from the zeros behind every end.
        let held = self.synced.len().max(self.versions.len().saturating_mul(PAGE));
        self.changed(least / PAGE, most.min(held).div_ceil(PAGE), moment, false);
    }

    fn changed(&mut self, from: usize, to: usize, moment: u64, is_written: bool) {
        for page in from..to {
            let bytes = page_of(&self.current, page);
            let versions = self.versions.entry(page).or_default();
            if versions.len() >= VERSIONS {
                versions.remove(VERSIONS / 2);
            }
            versions.push(Version { moment, bytes, is_written });
        }
    }

    /// Everything up to that moment is on the disk.
    pub(super) fn sync(&mut self, moment: u64) {
        let last = self.lengths.iter().rfind(|(when, _)| *when <= moment);
        if let Some((_, length)) = last.copied() {
            self.synced.resize(length, 0);
        }
        self.lengths.retain(|(when, _)| *when > moment);
        for (page, versions) in &mut self.versions {
            let Some(version) = versions.iter().rfind(|version| version.moment <= moment) else {
                continue;
            };
            if self.failed.get(page).is_some_and(|failed| version.moment <= *failed) {
                continue;
            }
            self.failed.remove(page);
            let end = self.synced.len().min((page + 1) * PAGE);
            if let Some(place) = self.synced.get_mut(page * PAGE..end) {
                place.copy_from_slice(version.bytes.get(..place.len()).unwrap_or_default());
            }
            versions.retain(|version| version.moment > moment);
        }
        self.versions.retain(|_, versions| !versions.is_empty());
    }

    /// A sync has failed: what it was to cover may be on the disk or not, for good.
    pub(super) fn sync_failed(&mut self, moment: u64) {
        self.failed.extend(self.versions.keys().map(|page| (*page, moment)));
    }

    /// The content as it could be after a cut.
    pub(super) fn cut(&self, survival: f64, random: &mut Rng) -> Vec<u8> {
        let mut content = self.synced.clone();
        if random.f64() < survival
            && let Some((_, length)) = random.choice(&self.lengths)
        {
            content.resize(*length, 0);
        }
        let leaves_chance = random.bool();
        for (page, versions) in &self.versions {
            if random.f64() >= survival {
                // The length has grown, and what was to be there never came: what lay there before.
                if leaves_chance && versions.iter().any(|version| version.is_written) {
                    self.leave_to_chance(&mut content, *page, random);
                }
                continue;
            }
            // The newest version is the likeliest.
            let newest = versions.last().filter(|_| random.bool());
            let Some(version) = newest.or_else(|| random.choice(versions)) else { continue };
            let torn = random.u8(0..8) == 0 && survival < 1.0;
            let sectors = if torn { random.usize(1..PAGE / SECTOR) } else { PAGE / SECTOR };
            let start = page * PAGE;
            let end = content.len().min(start + sectors * SECTOR);
            if let Some(place) = content.get_mut(start..end) {
                place.copy_from_slice(version.bytes.get(..place.len()).unwrap_or_default());
            }
        }
        content
    }

    /// Any bytes in a page, behind what was synced.
    fn leave_to_chance(&self, content: &mut [u8], page: usize, random: &mut Rng) {
        let start = self.synced.len().max(page * PAGE);
        let end = content.len().min((page + 1) * PAGE);
        if let Some(place) = content.get_mut(start..end) {
            place.iter_mut().for_each(|byte| *byte = random.u8(..));
        }
    }
}

/// A page of the content, filled up with zeros.
fn page_of(content: &[u8], page: usize) -> Vec<u8> {
    let start = (page * PAGE).min(content.len());
    let end = (start + PAGE).min(content.len());
    let mut bytes = content.get(start..end).unwrap_or_default().to_vec();
    bytes.resize(PAGE, 0);
    bytes
}
