//! Opening a store: its manifest says which files count, its logs what came after, everything else goes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use filedex_query as query;

use super::checkpoint::Checkpoints;
use super::ids::known_at_open;
use super::make::Home;
use super::pressure::bytes_for_ids;
use super::shared::{Opened, Shared};
use crate::blocks::BlockFile;
use crate::cache::Caches;
use crate::cache::columns::Columns;
use crate::cache::firsts::KeptFirsts;
use crate::cache::views::Views;
use crate::cache::wanted::WantedViews;
use crate::disk::Directory;
use crate::disk::names::{Numbered, RESTORING};
use crate::error::Result;
use crate::index::{Index, Manifest, Version};
use crate::log::{Log, Logs, generations, operations};
use crate::memtable::Memtable;
use crate::options::Options;
use crate::snapshot::{Counters, KeptPatches, Pool, Snapshot, State};
use crate::write::Changes;

/// Parts that the memory for caches is cut into: one for sled, one for the index and for what memtables change of
/// orders, three for blocks, texts and records, three for columns.
const SHARES: u64 = 8;

impl Shared {
    /// Opens the store at that path.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Shared> {
        let declared = options.columns.iter().map(|path| query::Path::parse(path, &options.limits));
        let declared = declared.collect::<query::Result<Vec<query::Path>>>()?;
        let home = Home::open(path, options.create)?;
        let directory = &home.directory;
        let mut recoveries: Vec<String> = home.recovery.map(str::to_owned).into_iter().collect();
        let share = options.cache_bytes / SHARES;
        let (manifest, listing, old_manifests) = Manifest::open_with_listing(directory, share)?;
        let commit = manifest.commit().clone();
        let version = Version::new(&commit, files(directory, &manifest)?);
        let logs = generations(directory, commit.log, commit.entry)?;
        let strays = Strays::find(directory, &manifest, &old_manifests, &logs)?;
        settle(&home, &manifest, &logs, &strays)?;
        recoveries.extend(strays.remove(directory)?);
        recoveries.extend_from_slice(&logs.recoveries);
        // What memtables change of orders has a part of what chunks have, which hardly take any while all lie in memory.
        let (chunks, patches) = (share / 4 * 3, KeptPatches::new(share / 4));
        let (index, told) = Index::open(directory, &manifest, listing, share, chunks)?;
        recoveries.extend(told);
        let (active, stamp) = replayed(&logs)?;
        let log = log_to_go_on(directory, &logs)?;
        let caches = Caches::new(share, commit.number);
        // Of what columns have, a fifth is for orders of their records, and some for texts of the first of these.
        let (orders, firsts) = (3 * share / 5, share / 8);
        let columns = Columns::new(3 * share - orders - firsts, declared);
        let (views, firsts) = (Views::new(orders / 16 * 15), KeptFirsts::new(orders / 16 + firsts));
        let (wanted, counters) = (WantedViews::default(), Counters::new(options.slow));
        let pool = Pool { index, caches, columns, views, wanted, firsts, patches, counters };
        let (frozen, version) = (Memtable::default(), Arc::new(version));
        let state = State { active, frozen, mark: None, version, is_draft: false };
        let most_bytes = bytes_for_ids(options.write_buffer_bytes);
        let known = known_at_open(Snapshot::new(&pool, &state), most_bytes)?;
        let checkpoints = Checkpoints::new(manifest);
        let opened = Opened { pool, state, stamp, known, log, checkpoints, recoveries, home };
        Ok(Shared::new(opened, options))
    }
}

/// The block files that the index refers to.
fn files(directory: &Arc<Directory>, manifest: &Manifest) -> Result<BTreeMap<u64, Arc<BlockFile>>> {
    let files = manifest.commit().usage.iter().map(|(number, usage)| {
        Ok((number, Arc::new(BlockFile::open(directory, number, usage.length)?)))
    });
    files.collect()
}

/// Puts on the disk what the store goes on with. What a process had written when it ended is read back where the system
/// went on, and may still be lost, with everything that counts on it.
fn settle(home: &Home, manifest: &Manifest, logs: &Logs, strays: &Strays) -> Result<()> {
    logs.settle(&home.directory)?;
    if manifest.commit().number == 0 {
        // It was only made, perhaps, and its marker came last.
        home.mark()?;
    }
    // What a commit makes needless is there until the commit is on the disk.
    if !strays.is_empty() {
        manifest.settle()?;
        home.directory.sync()?;
    }
    Ok(())
}

/// Files that nothing refers to: left by a kill, or by an error.
struct Strays {
    files: Vec<String>,
    logs: Vec<String>,
    /// What is left of a restore that ended before it had cleaned up: the marker is the last thing it moves.
    is_restored: bool,
}

impl Strays {
    fn find(
        directory: &Directory,
        manifest: &Manifest,
        manifests: &[u64],
        logs: &Logs,
    ) -> Result<Strays> {
        let (usage, mut files) = (&manifest.commit().usage, Vec::new());
        for kind in [Numbered::Blocks, Numbered::Columns] {
            let unused = directory.numbers(kind)?.into_iter().filter(|file| !usage.has(*file));
            files.extend(unused.map(|file| kind.name(file)));
        }
        files.extend(manifests.iter().map(|manifest| Numbered::Manifest.name(*manifest)));
        let logs = logs.obsolete.iter().map(|log| Numbered::Log.name(*log)).collect();
        Ok(Strays { files, logs, is_restored: directory.at(RESTORING).exists() })
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.logs.is_empty() && !self.is_restored
    }

    /// Removes them; tells of all but logs, one sentence each.
    fn remove(self, directory: &Directory) -> Result<Vec<String>> {
        for stray in self.files.iter().chain(&self.logs) {
            directory.remove(stray)?;
        }
        if self.is_restored {
            directory.remove_directory(RESTORING)?;
        }
        let restoring = self.is_restored.then(|| RESTORING.to_owned());
        let told = |stray| format!("removed {stray}, to which nothing refers");
        Ok(self.files.into_iter().chain(restoring).map(told).collect())
    }
}

/// The memtable that the logs say, and the stamp of its last cell.
fn replayed(logs: &Logs) -> Result<(Memtable, u64)> {
    let (mut memtable, mut stamp) = (Memtable::default(), 0);
    for payload in logs.current.iter().flat_map(|log| log.payloads()) {
        for operation in operations(payload) {
            let changes = Changes::again(operation?, stamp);
            stamp = changes.next_stamp();
            changes.apply(&mut memtable);
        }
    }
    Ok((memtable, stamp))
}

/// The only log, if it holds nothing, else a new one.
fn log_to_go_on(directory: &Directory, logs: &Logs) -> Result<Log> {
    for unused in &logs.unused {
        directory.remove(&Numbered::Log.name(*unused))?;
    }
    let log = match logs.current.as_slice() {
        [only] if only.entries() == 0 && only.torn == 0 => Log::resume(directory, only)?,
        _ => Log::create(directory, logs.next)?,
    };
    log.count_from(logs.last);
    Ok(log)
}

#[cfg(test)]
mod tests {
    use filedex_query::Document;
    use proptest::prelude::*;

    use super::*;
    use crate::disk::names::{MARKER, TREE};
    use crate::store::Store;

    /// Caches in which there is no room for the index, and some in which there is.
    const LITTLE: u64 = 2 << 10;
    const ENOUGH: u64 = 16 << 20;

    /// All chunks of the index of the store at that path, opened with such caches.
    fn chunks(path: &Path, cache_bytes: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
        let shared = Shared::open(path, &Options { cache_bytes, ..Options::default() }).unwrap();
        let index = &shared.pool.index;
        let chunks = index.all().collect::<Result<Vec<_>>>().unwrap();
        let is_in_memory = cache_bytes == ENOUGH || chunks.is_empty();
        assert!(index.is_in_memory() == is_in_memory || chunks.len() < 6, "{}", chunks.len());
        index.close(&shared.home.directory).unwrap();
        chunks
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn an_index_made_anew_equals_the_one_that_was_kept(
            rounds in proptest::collection::vec(
                proptest::collection::vec((0..300u32, 0..5u32, any::<bool>()), 1..200), 1..8,
            ),
        ) {
            let site = tempfile::tempdir().unwrap();
            let path = site.path().join("store");
            let store = Store::open(&path, &Options::default()).unwrap();
            for round in rounds {
                for (id, room, removes) in round {
                    let id = format!("f{id}");
                    if removes {
                        store.remove(&id).unwrap();
                    } else {
                        let room = format!("r{room}");
                        let record = Document::new().with("_id", id).with("rid", room.as_str());
                        store.put(&record.with("userId", room)).unwrap();
                    }
                }
                store.checkpoint().unwrap();
            }
            store.close().unwrap();
            let kept = chunks(&path, LITTLE);
            prop_assert_eq!(&chunks(&path, ENOUGH), &kept);
            std::fs::remove_dir_all(path.join(TREE)).unwrap();
            prop_assert_eq!(&chunks(&path, LITTLE), &kept);
            std::fs::write(path.join(TREE).join("db"), b"not what sled wrote").unwrap();
            prop_assert_eq!(&chunks(&path, LITTLE), &kept);
            // As a power cut leaves it: the tree may be anything.
            std::fs::write(path.join(crate::disk::names::OPENED), b"another run").unwrap();
            prop_assert_eq!(&chunks(&path, LITTLE), &kept);
        }
    }

    #[test]
    fn an_index_that_outgrows_its_memory_goes_on_in_the_tree_and_misses_nothing() {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        let options = Options { cache_bytes: 64 << 10, ..Options::default() };
        let store = Store::open(&path, &options).unwrap();
        let mut was_in_memory = Vec::new();
        for round in 0..8 {
            let record = |number: u32| {
                let record = Document::new().with("_id", format!("f{round}-{number}"));
                record.with("rid", format!("r{}", round * 50 + number % 50))
            };
            store.put_many((0..100).map(record)).unwrap();
            store.checkpoint().unwrap();
            assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
            was_in_memory.push(store.shared().pool.index.is_in_memory());
        }
        assert_eq!((was_in_memory[0], was_in_memory[7]), (true, false), "{was_in_memory:?}");
        store.close().unwrap();
        assert_eq!(chunks(&path, LITTLE), chunks(&path, ENOUGH));
    }

    /// Files that opening the store at that path writes to, and those that it makes.
    fn changed_by_opening(path: &Path) -> Vec<String> {
        let directory = Directory::open(path).unwrap();
        for name in directory.names().unwrap() {
            if directory.at(&name).is_file() {
                let file = std::fs::File::options().append(true).open(directory.at(&name)).unwrap();
                file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        let shared = Shared::open(path, &Options::default()).unwrap();
        let mut names = directory.names().unwrap();
        names.retain(|name| {
            let modified = std::fs::metadata(directory.at(name)).unwrap().modified().unwrap();
            directory.at(name).is_file() && modified > std::time::SystemTime::UNIX_EPOCH
        });
        drop(shared);
        names.sort_unstable();
        names
    }

    #[test]
    fn what_a_killed_process_wrote_is_put_on_the_disk_and_what_was_closed_is_left_alone() {
        let site = tempfile::tempdir().unwrap();
        let (path, left) = (site.path().join("store"), site.path().join("left"));
        let copy = || {
            let _earlier = std::fs::remove_dir_all(&left);
            std::fs::create_dir(&left).unwrap();
            for entry in std::fs::read_dir(&path).unwrap().flatten() {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), left.join(entry.file_name())).unwrap();
                }
            }
        };
        let store = Store::open(&path, &Options::default()).unwrap();
        store.put(&Document::new().with("_id", "a")).unwrap();
        copy();
        // Nothing tells that it was made before.
        assert_eq!(changed_by_opening(&left), [MARKER, "log.1", "log.2"]);
        store.checkpoint().unwrap();
        store.put(&Document::new().with("_id", "b")).unwrap();
        copy();
        assert_eq!(changed_by_opening(&left), ["log.2", "log.3"]);
        // A log that the manifest has passed is removed once the commit that says so is on the disk.
        std::fs::write(path.join("log.1"), b"").unwrap();
        copy();
        assert_eq!(changed_by_opening(&left), ["log.2", "log.3", "manifest.1"]);
        store.close().unwrap();
        copy();
        assert!(changed_by_opening(&left).is_empty());
        for _ in 0..3 {
            Store::open(&path, &Options::default()).unwrap().close().unwrap();
        }
        let logs = Directory::open(&path).unwrap().numbers(Numbered::Log).unwrap();
        assert!(logs.len() <= 2, "{logs:?}");
    }

    #[test]
    fn who_only_reads_an_index_that_memory_has_room_for_changes_no_file_of_the_tree() {
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("store");
        let store = Store::open(&path, &Options::default()).unwrap();
        store.put(&Document::new().with("_id", "a")).unwrap();
        store.close().unwrap();
        std::fs::remove_dir_all(path.join(TREE)).unwrap();
        let store = Store::open(&path, &Options::default()).unwrap();
        assert!(store.recoveries().is_empty() && store.get("a").unwrap().is_some());
        store.close().unwrap();
        assert!(!path.join(TREE).exists());
        // Once something changes it is made.
        let store = Store::open(&path, &Options::default()).unwrap();
        store.put(&Document::new().with("_id", "b")).unwrap();
        store.close().unwrap();
        assert!(path.join(TREE).exists());
        assert_eq!(chunks(&path, LITTLE), chunks(&path, ENOUGH));
    }
}
