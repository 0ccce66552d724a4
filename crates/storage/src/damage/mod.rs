//! Damage of every kind, done to the tree, the logs and the files of a store, and what a repair makes
//! of it: nothing good is lost, what is lost is told and kept aside, and the store is whole again.

mod site;

use std::fs;
use std::path::{Path, PathBuf};

use filedex_query::{Environment, Filter, Limits, Plan, Projection, Sort, Value, ejson};
use proptest::prelude::*;

use crate::block::Draft;
use crate::damage::site::{Site, all, copy, flip_one, ids_in_the_middle, record, remove_one};
use crate::error::ErrorKind;
use crate::home::{MARKER, tree_of};
use crate::layout::{
    ALL_COUNTS, ALL_PIECES, ALL_ROOMS, ALL_USERS, GENERATION_KEY, List, VERSION_KEY,
};
use crate::log::Log;
use crate::mend::mend;
use crate::options::Options;
use crate::page::Window;
use crate::record::Record;
use crate::store::Store;
use crate::tree::Changes;
use crate::watch::Watch;

#[test]
fn a_store_that_is_whole_stays_as_it_is() {
    let site = Site::new();
    let repair = site.loses(&[]);
    assert!(repair.is_whole() && repair.side_file.is_none(), "{repair:?}");
    assert_eq!(repair.lists, 1 + 4 + 2);
}

#[test]
fn lists_and_counts_are_built_anew_whatever_became_of_them() {
    for damaged in [ALL_USERS, List::ids().bytes(), ALL_COUNTS] {
        for damage in [flip_one, remove_one] {
            let site = Site::new();
            site.change(|tree| damage(tree, damaged));
            let opened = Store::open(site.path(), &Options::default());
            let told = opened.and_then(|store| store.verify(&mut |_, _| ()));
            assert!(told.is_err() || !told.unwrap().is_clean(), "{damaged:?}");
            let repair = site.loses(&[]);
            assert!(repair.is_whole(), "{damaged:?}: {repair:?}");
        }
    }
}

#[test]
fn counts_that_are_wrong_are_counted_again() {
    let site = Site::new();
    site.change(|tree| {
        let (key, value) = all(tree, ALL_COUNTS).remove(0);
        let mut bytes = value.to_vec();
        bytes[1] += 1;
        let mut changes = Changes::default();
        changes.insert(&key, bytes.into());
        changes
    });
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
    assert!(site.loses(&[]).is_whole());
}

#[test]
fn of_a_damaged_block_the_records_are_kept_aside_and_all_others_stay() {
    let site = Site::new();
    let mut lost = Vec::new();
    site.change(|tree| {
        lost = ids_in_the_middle(tree);
        flip_one(tree, ALL_ROOMS)
    });
    let repair = site.loses(&lost);
    let lines = site.side_file(&repair);
    assert!(
        lines[0]["reason"].as_str().unwrap().contains("checksum") && lines[0]["bytes"].is_string()
    );
    for id in &lost {
        let tells = |line: &serde_json::Value| {
            line["record"]["_id"].as_str() == Some(id)
                || line["reason"].as_str().unwrap().contains(id.as_str())
        };
        assert!(lines.iter().any(tells), "{id}: {lines:?}");
    }
}

#[test]
fn records_of_a_block_that_is_gone_are_told_by_name() {
    let site = Site::new();
    let mut lost = Vec::new();
    site.change(|tree| {
        lost = ids_in_the_middle(tree);
        remove_one(tree, ALL_ROOMS)
    });
    let repair = site.loses(&lost);
    // Bodies in pieces are not found in old files.
    let is_whole = |id: &&String| !Record::new(&site.records[*id], 100).unwrap().is_in_pieces();
    let whole: Vec<&String> = lost.iter().filter(is_whole).collect();
    // Once by name, and once as the old files hold it.
    assert_eq!(repair.lost, (lost.len() + whole.len()) as u64, "{repair:?}");
    assert!(whole.len() > lost.len() / 2, "{lost:?}");
    let lines = site.side_file(&repair);
    for id in whole {
        let found = lines.iter().find(|line| line["record"]["_id"].as_str() == Some(id)).unwrap();
        let text = found["record"].to_string();
        let record = ejson::read_document(&text, &Limits::default()).unwrap();
        let wanted = &site.records[id];
        assert!(wanted.iter().all(|(name, value)| record.get(name) == Some(value)), "{text}");
    }
}

#[test]
fn a_record_whose_pieces_are_damaged_is_lost_alone() {
    for damage in [flip_one, remove_one] {
        let site = Site::new();
        let mut lost = Vec::new();
        site.change(|tree| {
            let pieces = all(tree, ALL_PIECES);
            let key = &pieces[pieces.len() / 2].0;
            // 06, the kind of a text, the text, two bytes that end it, and the number.
            lost.push(String::from_utf8(key[2..key.len() - 6].to_vec()).unwrap());
            damage(tree, ALL_PIECES)
        });
        let repair = site.loses(&lost);
        let lines = site.side_file(&repair);
        assert!(lines[0]["bytes"].is_string(), "{lines:?}");
    }
}

#[test]
fn of_a_record_that_stands_twice_the_listed_one_stays() {
    let site = Site::new();
    site.change(|_| {
        // The newer one is `f001` in its place; in a room of its own lies an older one.
        let stale = record(1).with("stale", true);
        let stale = Record::new(&stale, 100).unwrap();
        let (class, mut block) = (stale.class, Draft::default());
        let (place, payload) = stale.into_entry();
        block.push(&place.order, class, &payload).unwrap();
        let mut changes = Changes::default();
        // A room in front of the others, so that the stale one is met first.
        let list = List::room(Value::from("0").view());
        changes.insert(&list.block_key(&[]), block.seal(&mut Vec::new()));
        changes
    });
    let repair = site.loses(&[]);
    let lines = site.side_file(&repair);
    assert_eq!((lines.len(), &lines[0]["record"]["stale"]), (1, &true.into()));
}

#[test]
fn a_store_without_its_own_records_of_itself_is_repaired() {
    for key in [VERSION_KEY, GENERATION_KEY] {
        let site = Site::killed();
        site.change(|_| {
            let mut changes = Changes::default();
            changes.remove(key);
            changes
        });
        let refused = Store::open(site.path(), &Options::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Damaged);
        // What the tree held besides nobody knows, once it does not know what is in it.
        assert_eq!(site.loses(&[]).is_whole(), key == VERSION_KEY);
    }
}

#[test]
fn a_marker_that_is_damaged_or_gone_is_written_anew() {
    let site = Site::killed();
    fs::write(site.path().join(MARKER), b"Filfdex store\nformat 1\n").unwrap();
    assert!(site.loses(&[]).is_whole());
    let site = Site::killed();
    fs::remove_file(site.path().join(MARKER)).unwrap();
    assert!(Store::open(site.path(), &Options::default()).is_err());
    assert!(site.loses(&[]).is_whole());
}

#[test]
fn what_is_no_store_or_a_newer_one_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("letter"), b"Dear").unwrap();
    let repair = |path: &Path| Store::repair(path, &Options::default(), &mut |_, _| ());
    assert_eq!(repair(directory.path()).unwrap_err().kind(), ErrorKind::NotAStore);
    assert_eq!(repair(&directory.path().join("none")).unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    let site = Site::new();
    fs::write(site.path().join(MARKER), b"Filedex store\nformat 2\n").unwrap();
    assert_eq!(repair(&site.path()).unwrap_err().kind(), ErrorKind::NewerFormat);
}

#[test]
fn without_sleds_log_a_backup_is_asked_for() {
    let site = Site::new();
    fs::remove_file(tree_of(&site.path()).join("db")).unwrap();
    let error = Store::repair(site.path(), &Options::default(), &mut |_, _| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().ends_with("restore a backup"), "{error}");
}

#[test]
fn files_that_sled_can_do_without_are_done_without() {
    for file in ["conf", "snap."] {
        let site = Site::new();
        let tree = tree_of(&site.path());
        let names = fs::read_dir(&tree).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(file);
        let mut found = 0;
        for path in names.filter(named) {
            fs::write(path, b"this is not what was written here, by no means").unwrap();
            found += 1;
        }
        assert!(found > 0, "{file}");
        assert!(site.loses(&[]).is_whole(), "{file}");
    }
}

#[test]
fn a_store_that_is_open_is_not_touched() {
    let site = Site::new();
    let store = site.open();
    let options = Options::default();
    let repaired = Store::repair(site.path(), &options, &mut |_, _| ()).unwrap_err();
    let compacted = Store::compact(site.path(), &options, &mut |_, _| ()).unwrap_err();
    assert_eq!(repaired.kind(), ErrorKind::AlreadyOpen);
    assert_eq!(compacted.kind(), ErrorKind::AlreadyOpen);
    drop(store);
    assert!(site.loses(&[]).is_whole());
}

/// The log with entries.
fn log_of(site: &Site) -> PathBuf {
    let logs = crate::checkpoint::logs_in(&site.path()).unwrap();
    Log::path(&site.path(), logs[0].0)
}

#[test]
fn what_a_kill_left_in_the_log_is_kept() {
    assert!(Site::killed().loses(&[]).is_whole());
}

#[test]
fn a_log_with_a_hole_loses_what_was_in_it_alone() {
    let site = Site::killed();
    let log = log_of(&site);
    let mut bytes = fs::read(&log).unwrap();
    // In the text of a name: the entry of one put.
    let at = bytes.windows(4).position(|window| window == b"f221").unwrap();
    bytes[at + 2] ^= 1;
    fs::write(&log, bytes).unwrap();
    assert!(Store::open(site.path(), &Options::default()).is_err());
    let repair = site.loses(&["f221".to_owned()]);
    assert_eq!(repair.lost, 1);
    assert!(repair.quarantined[0].key.starts_with("log."), "{repair:?}");
}

#[test]
fn a_log_that_is_gone_is_told() {
    let site = Site::killed();
    fs::remove_file(log_of(&site)).unwrap();
    let repair = site.repair();
    assert_eq!((repair.lost, repair.records), (1, 200), "{repair:?}");
    assert!(site.open().verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_second_repair_keeps_the_file_of_the_first() {
    let site = Site::new();
    site.change(|tree| remove_one(tree, ALL_ROOMS));
    let first = site.repair();
    site.change(|tree| remove_one(tree, ALL_ROOMS));
    let second = site.repair();
    assert_ne!(first.side_file, second.side_file);
    site.side_file(&first);
    site.side_file(&second);
}

#[test]
fn a_compaction_keeps_every_answer_and_refuses_what_is_damaged() {
    let site = Site::killed();
    let answers = |store: Store| {
        let environment = Environment::default();
        let mut answers = Vec::new();
        for (filter, sort) in [
            ("{}", r#"{"uploadedAt":-1}"#),
            (r#"{"rid":"A"}"#, r#"{"uploadedAt":1}"#),
            (r#"{"userId":"u","typeGroup":"image"}"#, r#"{"name":1}"#),
        ] {
            let filter = Filter::parse_text(filter, &environment).unwrap();
            let sort = Sort::parse_text(sort, &environment).unwrap();
            let plan = Plan::compile(filter, Projection::everything(), sort, &environment).unwrap();
            let page = store.page(&plan, Window::all(), &Watch::default()).unwrap();
            for record in page.documents {
                ejson::write_document(record.view(), ejson::Form::Canonical, &mut answers);
            }
        }
        store.close().unwrap();
        answers
    };
    let before = answers(site.open());
    let compaction = Store::compact(site.path(), &Options::default(), &mut |_, _| ()).unwrap();
    assert_eq!(compaction.records, site.records.len() as u64);
    assert!(answers(site.open()) == before);

    site.change(|tree| flip_one(tree, ALL_ROOMS));
    let refused = Store::compact(site.path(), &Options::default(), &mut |_, _| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Damaged);
    assert!(!site.path().join("rebuilding").exists());
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn what_an_interrupted_rebuild_left_is_removed_or_takes_its_place() {
    let site = Site::killed();
    fs::create_dir_all(site.path().join("rebuilding/store/tree")).unwrap();
    fs::write(site.path().join("rebuilding/store/log.1"), b"half").unwrap();
    let store = site.open();
    assert_eq!(store.stats().unwrap().records, site.records.len() as u64);
    assert!(store.recoveries()[0].contains("interrupted"), "{:?}", store.recoveries());
    assert!(!site.path().join("rebuilding").exists());

    // One that was whole, at every step of its way to its place.
    let new = Site::new();
    for step in 0..4 {
        let old = Site::killed();
        let rebuilt = old.path().join("rebuilt");
        copy(&new.path(), &rebuilt);
        if step > 0 {
            fs::remove_file(log_of(&old)).unwrap();
        }
        if step > 1 {
            fs::remove_dir_all(tree_of(&old.path())).unwrap();
        }
        if step > 2 {
            fs::rename(tree_of(&rebuilt), tree_of(&old.path())).unwrap();
        }
        assert_eq!(old.open().stats().unwrap().records, 200, "{step}");
        assert!(!rebuilt.exists());
    }
}

#[test]
fn a_log_is_mended_but_for_its_torn_end() {
    let site = Site::new();
    let db = tree_of(&site.path()).join("db");
    let whole = fs::read(&db).unwrap();
    assert_eq!(mend(&db, false).unwrap(), 0);
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let torn = [&whole[..end - 10], &vec![0; whole.len() - end + 10]].concat();
    fs::write(&db, &torn).unwrap();
    assert_eq!(mend(&db, true).unwrap(), 0);
    assert!(fs::read(&db).unwrap() == torn);
    let name = whole.windows(40).position(|window| window == [b'x'; 40]).unwrap();
    let mut flipped = whole;
    flipped[name] ^= 1;
    fs::write(&db, flipped).unwrap();
    assert_eq!((mend(&db, false).unwrap(), mend(&db, false).unwrap()), (1, 0));
}

#[test]
fn a_flipped_bit_in_a_record_costs_its_block_alone() {
    let site = Site::new();
    let db = tree_of(&site.path()).join("db");
    let mut bytes = fs::read(&db).unwrap();
    // The newest of what the file holds of a record is the last.
    let at = bytes.windows(40).rposition(|window| window == [b'x'; 40]).unwrap();
    bytes[at] ^= 1;
    fs::write(&db, bytes).unwrap();
    let repair = site.repair();
    assert!(!repair.is_whole());
    // A block has room for some thirty records of this size.
    assert!(repair.records > 150, "{repair:?}");
    assert!(site.open().verify(&mut |_, _| ()).unwrap().is_clean());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn of_a_damaged_tree_what_is_not_told_is_there(
        places in proptest::collection::vec((any::<proptest::sample::Index>(), 0..8u8), 1..4),
        killed in any::<bool>(),
    ) {
        let site = if killed { Site::killed() } else { Site::new() };
        let db = tree_of(&site.path()).join("db");
        let mut bytes = fs::read(&db).unwrap();
        for (place, bit) in places {
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        fs::write(&db, bytes).unwrap();
        let repaired = Store::repair(site.path(), &Options::default(), &mut |_, _| ());
        let repair = match repaired {
            Ok(repair) => repair,
            Err(refused) => {
                prop_assert_eq!(refused.kind(), ErrorKind::Damaged);
                return Ok(());
            }
        };
        let store = site.open();
        prop_assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        prop_assert_eq!(store.stats().unwrap().records, repair.records);
        let mut lost = 0;
        for (id, record) in &site.records {
            match store.get(id).unwrap() {
                Some(found) => prop_assert_eq!(&found, record),
                None => lost += 1,
            }
        }
        prop_assert!(lost == 0 || repair.lost > 0, "{} lost: {:?}", lost, repair);
    }
}
