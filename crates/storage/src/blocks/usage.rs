//! How much of each block file is in use, which of its blocks are not, and which files are worth clearing.

use std::collections::BTreeMap;

use crate::format::Place;

/// The use of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileUse {
    /// Bytes of it, and of blocks that the index refers to.
    pub(crate) length: u64,
    pub(crate) live: u64,
    /// Where the blocks begin that it does not refer to any more, in order; none where nobody has written that down.
    pub(crate) freed: Option<Vec<u64>>,
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &FileUse)> {
        self.0.iter().map(|(file, usage)| (*file, usage))
    }

    /// Each, to be told more.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FileUse> {
        self.0.values_mut()
    }

    /// Where the blocks of that file begin that nothing refers to, in order, if that is known.
    pub(crate) fn freed(&self, file: u64) -> Option<&[u64]> {
        self.0.get(&file)?.freed.as_deref()
    }

    /// Nothing refers to these blocks any more.
    pub(crate) fn free(&mut self, places: &[Place]) {
        for place in places {
            if let Some(usage) = self.0.get_mut(&place.file) {
                usage.live = usage.live.saturating_sub(u64::from(place.length));
                usage.freed.iter_mut().for_each(|freed| freed.push(place.offset));
            }
        }
        // Two runs in order, nearly.
        self.0.values_mut().flat_map(|usage| &mut usage.freed).for_each(|freed| freed.sort());
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
        let mut files: Vec<(u64, &FileUse)> = self.iter().collect();
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

    fn in_use(length: u64, live: u64) -> FileUse {
        FileUse { length, live, freed: Some(Vec::new()) }
    }

    #[test]
    fn files_mostly_unused_are_cleared_within_what_a_checkpoint_may_carry() {
        let mut usage = Usage::default();
        let mib = 1 << 20;
        usage.insert(1, in_use(10 * mib, 9 * mib));
        usage.insert(2, in_use(10 * mib, 3 * mib));
        usage.insert(3, in_use(10 * mib, 2 * mib));
        usage.insert(4, in_use(mib, 0));
        usage.insert(5, in_use(10 * mib, 7 * mib));
        assert_eq!(usage.to_clear(0), [4, 3]);
        assert_eq!(usage.to_clear(5 * mib), [4, 3, 2]);
        assert_eq!(usage.to_clear(12 * mib), [4, 3, 2, 5]);
        let place = |offset| Place { file: 3, offset, length: mib as u32 };
        usage.free(&[place(5), place(2)]);
        assert_eq!(usage.freed(3), Some([2, 5].as_slice()));
        assert_eq!(usage.take_dead(), [3, 4]);
    }

    #[test]
    fn many_small_files_become_fewer() {
        let mut usage = Usage::default();
        (0..40).for_each(|file| usage.insert(file, in_use(100, 100)));
        assert_eq!(usage.to_clear(0).len(), 40 - MANY_FILES);
    }
}
