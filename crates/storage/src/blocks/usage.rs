//! How much of each block file is in use, and which files are worth clearing.

use std::collections::BTreeMap;

use crate::format::Place;

/// The use of one file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileUse {
    pub(crate) length: u64,
    /// Bytes of blocks that the index refers to.
    pub(crate) live: u64,
}

/// The use of all files, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage(BTreeMap<u64, FileUse>);

/// Files after which small ones are put together.
const MANY_FILES: usize = 24;

/// Bytes that a checkpoint may carry along, at least, and in parts of what it writes anyway.
const LEAST_CARRIED: u64 = 4 << 20;
const CARRIED_PER_WRITTEN: u64 = 1;

impl Usage {
    pub(crate) fn insert(&mut self, file: u64, usage: FileUse) {
        self.0.insert(file, usage);
    }

    /// Whether anything in that file is in use.
    pub(crate) fn has(&self, file: u64) -> bool {
        self.0.contains_key(&file)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, FileUse)> {
        self.0.iter().map(|(file, usage)| (*file, *usage))
    }

    /// Nothing refers to the block any more.
    pub(crate) fn free(&mut self, place: Place) {
        if let Some(usage) = self.0.get_mut(&place.file) {
            usage.live = usage.live.saturating_sub(u64::from(place.length));
        }
    }

    /// Takes out the files of which nothing is in use.
    pub(crate) fn take_dead(&mut self) -> Vec<u64> {
        let dead: Vec<u64> =
            self.iter().filter(|(_, usage)| usage.live == 0).map(|(file, _)| file).collect();
        self.0.retain(|_, usage| usage.live > 0);
        dead
    }

    /// The files whose blocks a checkpoint should carry into its own, which writes about so many bytes:
    /// those of which a quarter or more is not in use, and the smallest ones where there are many.
    pub(crate) fn to_clear(&self, written: u64) -> Vec<u64> {
        let mut left = LEAST_CARRIED.max(written.saturating_mul(CARRIED_PER_WRITTEN));
        let mut files: Vec<(u64, FileUse)> = self.iter().collect();
        files.sort_by_key(|(_, usage)| usage.live);
        let small = files.len().saturating_sub(MANY_FILES);
        let chosen = files.iter().enumerate().filter(|(place, (_, usage))| {
            *place < small || usage.live.saturating_mul(4) < usage.length.saturating_mul(3)
        });
        let mut clear = Vec::new();
        for (_, (file, usage)) in chosen {
            match left.checked_sub(usage.live) {
                Some(rest) => {
                    left = rest;
                    clear.push(*file);
                }
                None => break,
            }
        }
        clear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_mostly_unused_are_cleared_within_what_a_checkpoint_may_carry() {
        let mut usage = Usage::default();
        let mib = 1 << 20;
        usage.insert(1, FileUse { length: 10 * mib, live: 9 * mib });
        usage.insert(2, FileUse { length: 10 * mib, live: 3 * mib });
        usage.insert(3, FileUse { length: 10 * mib, live: 2 * mib });
        usage.insert(4, FileUse { length: mib, live: 0 });
        usage.insert(5, FileUse { length: 10 * mib, live: 7 * mib });
        assert_eq!(usage.to_clear(0), [4, 3]);
        assert_eq!(usage.to_clear(5 * mib), [4, 3, 2]);
        assert_eq!(usage.to_clear(12 * mib), [4, 3, 2, 5]);
        usage.free(Place { file: 3, offset: 0, length: 2 * mib as u32 });
        assert_eq!(usage.take_dead(), [3, 4]);
    }

    #[test]
    fn many_small_files_become_fewer() {
        let mut usage = Usage::default();
        (0..40).for_each(|file| usage.insert(file, FileUse { length: 100, live: 100 }));
        assert_eq!(usage.to_clear(0).len(), 40 - MANY_FILES);
    }
}
