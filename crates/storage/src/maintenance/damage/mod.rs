//! Damage of every kind, done to the block files, the manifest, the index, the logs and the marker of a store:
//! a verification sees it, and a repair loses nothing that is good, tells what is lost and keeps it aside.

mod site;

use std::fs;
use std::path::{Path, PathBuf};

use filedex_query::{Environment, Filter, Plan, Projection, Sort, Value, ejson};
use proptest::prelude::*;

use self::site::{Site, copy, record};
use crate::disk::names::{MARKER, Numbered, TREE};
use crate::error::ErrorKind;
use crate::format::List;
use crate::format::lists::{ALL_ROOMS, ALL_USERS};
use crate::options::Options;
use crate::read::{Watch, Window};
use crate::store::Store;

#[test]
fn a_store_that_is_whole_stays_as_it_is() {
    let site = Site::new();
    let repair = site.loses(&[]);
    assert!(repair.is_whole() && repair.side_file.is_none(), "{repair:?}");
    assert_eq!(repair.lists, 2 + 4 + 2);
}

#[test]
fn lists_are_built_anew_whatever_became_of_their_blocks() {
    for list in [ALL_USERS, List::ids().bytes(), List::everything().bytes()] {
        let damages: [fn(&mut [u8]); 2] = [|block| block[30] ^= 4, |block| block.fill(0)];
        for damage in damages {
            let site = Site::new();
            site.damage(&site.middle(list), damage);
            let told = site.open().verify(&mut |_, _| ()).unwrap();
            assert!(!told.is_clean(), "{list:?}");
            let repair = site.loses(&[]);
            assert!(repair.is_whole(), "{list:?}: {repair:?}");
        }
    }
}

#[test]
fn of_a_damaged_block_the_records_are_kept_aside_and_all_others_stay() {
    let site = Site::new();
    let block = site.middle(ALL_ROOMS);
    let lost = site.ids_in(&block);
    // In the text of a record.
    site.damage(&block, |block| *block.last_mut().unwrap() ^= 1);
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
    let repair = site.loses(&lost);
    let lines = site.side_file(&repair);
    let reason = lines[0]["reason"].as_str().unwrap();
    assert!(reason.contains("checksum") && lines[0]["bytes"].is_string());
    for id in &lost {
        let tells = |line: &serde_json::Value| {
            line["record"]["_id"].as_str() == Some(id)
                || line["reason"].as_str().unwrap().contains(id.as_str())
        };
        assert!(lines.iter().any(tells), "{id}: {lines:?}");
    }
}

#[test]
fn of_a_block_with_one_damaged_record_all_others_stay() {
    let site = Site::new();
    let mut blocks = site.blocks(ALL_ROOMS).into_iter();
    let block = blocks.find(|block| site.ids_in(block).len() > 3).unwrap();
    let ids = site.ids_in(&block);
    site.damage(&block, |block| {
        let bodies = u32::from_le_bytes(*block[8..].first_chunk().unwrap());
        block[bodies as usize] ^= 1;
    });
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
    let repair = site.loses(&ids[..1]);
    assert!(!repair.is_whole() && !site.side_file(&repair).is_empty());
}

#[test]
fn records_of_a_block_that_is_gone_are_told_by_name_and_as_they_once_were() {
    let site = Site::new();
    let store = site.open();
    store.update("f100", |record| record.set("age", "new")).unwrap();
    store.close().unwrap();
    // Its block was written anew; where it was before nothing refers to any more.
    let blocks = site.blocks(ALL_ROOMS).into_iter();
    let mut blocks = blocks.filter(|block| site.ids_in(block).contains(&"f100".to_owned()));
    let block = blocks.next().unwrap();
    let lost = site.ids_in(&block);
    site.damage(&block, |block| block.fill(0));
    let repair = site.loses(&lost);
    let lines = site.side_file(&repair);
    // The block itself, and each record by name and as it once was.
    assert_eq!(lines.len(), 1 + 2 * lost.len());
    for id in &lost {
        let is_named = |line: &&serde_json::Value| {
            line["reason"].as_str().unwrap().contains(&format!("`{id}` is listed"))
        };
        assert_eq!(lines.iter().filter(is_named).count(), 1, "{id}");
        let record = lines.iter().find(|line| line["record"]["_id"].as_str() == Some(id)).unwrap();
        assert_eq!(record["record"]["name"].as_str(), site.records[id].get_str("name"));
        assert!(record["record"]["age"].is_null());
    }
}

#[test]
fn a_block_file_that_is_cut_short_or_gone_costs_what_was_in_it() {
    for cut in [true, false] {
        let site = Site::new();
        let path = site.files(Numbered::Blocks).pop().unwrap();
        let bytes = fs::read(&path).unwrap();
        let done =
            if cut { fs::write(&path, &bytes[..bytes.len() / 2]) } else { fs::remove_file(&path) };
        done.unwrap();
        let refused = Store::open(site.path(), &Options::default()).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Damaged | ErrorKind::Io), "{refused}");
        let repair = site.repair();
        assert!(repair.lost > 0 && repair.records < 200, "{repair:?}");
        let store = site.open();
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        assert_eq!(store.stats().unwrap().records, repair.records);
    }
}

#[test]
fn of_a_record_that_stands_twice_the_listed_one_stays() {
    let site = Site::new();
    // In a room in front of the others, so that the stale one is met first.
    site.list_one_more(&List::room(Value::from("0").view()), &record(1).with("stale", true));
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
    let repair = site.loses(&[]);
    let lines = site.side_file(&repair);
    assert_eq!((lines.len(), &lines[0]["record"]["stale"]), (1, &true.into()));
}

#[test]
fn without_its_manifest_nothing_is_lost_and_what_may_have_come_back_is_told() {
    let damages: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[40] ^= 1;
            fs::write(path, bytes).unwrap();
        },
    ];
    for damage in damages {
        let site = Site::killed();
        damage(&site.files(Numbered::Manifest)[0]);
        assert_eq!(
            Store::open(site.path(), &Options::default()).unwrap_err().kind(),
            ErrorKind::Damaged
        );
        let repair = site.repair();
        assert!(repair.quarantined[0].reason.contains("may have come back"), "{repair:?}");
        let store = site.open();
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        for (id, record) in &site.records {
            assert_eq!(store.get(id).unwrap().as_ref(), Some(record));
        }
    }
}

#[test]
fn a_manifest_whose_end_is_damaged_is_not_taken_for_an_earlier_one() {
    let site = Site::new();
    let manifest = &site.files(Numbered::Manifest)[0];
    let mut bytes = fs::read(manifest).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(manifest, bytes).unwrap();
    assert!(Store::open(site.path(), &Options::default()).is_err());
    let repair = site.repair();
    assert!(repair.quarantined[0].key == "manifest", "{repair:?}");
    let store = site.open();
    for (id, record) in &site.records {
        assert_eq!(store.get(id).unwrap().as_ref(), Some(record));
    }
}

#[test]
fn a_manifest_damaged_while_the_store_is_open_is_seen() {
    let site = Site::new();
    let store = site.open();
    assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
    let manifest = &site.files(Numbered::Manifest)[0];
    let mut bytes = fs::read(manifest).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(manifest, bytes).unwrap();
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.problems.iter().any(|problem| problem.contains("manifest")), "{report:?}");
}

#[test]
fn an_index_that_is_damaged_or_gone_costs_nothing() {
    let site = Site::killed();
    fs::remove_dir_all(site.path().join(TREE)).unwrap();
    assert!(site.loses(&[]).is_whole());
    let site = Site::killed();
    for file in fs::read_dir(site.path().join(TREE)).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            fs::write(file, b"this is not what was written here, by no means").unwrap();
        }
    }
    assert!(site.loses(&[]).is_whole());
}

#[test]
fn a_marker_that_is_damaged_or_gone_is_written_anew() {
    let site = Site::killed();
    fs::write(site.path().join(MARKER), b"Filfdex store\nformat 2\n").unwrap();
    assert!(site.loses(&[]).is_whole());
    for damage in [|path: PathBuf| fs::remove_file(path), |path| fs::write(path, "")] {
        let site = Site::killed();
        damage(site.path().join(MARKER)).unwrap();
        assert!(Store::open(site.path(), &Options::default()).is_err());
        assert!(site.loses(&[]).is_whole());
    }
}

#[test]
fn what_is_no_store_or_one_of_another_format_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("letter"), b"Dear").unwrap();
    let repair = |path: &Path| Store::repair(path, &Options::default(), &mut |_, _| ());
    assert_eq!(repair(directory.path()).unwrap_err().kind(), ErrorKind::NotAStore);
    assert_eq!(repair(&directory.path().join("none")).unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    let site = Site::new();
    for (text, kind) in [("3", ErrorKind::NewerFormat), ("1", ErrorKind::OlderFormat)] {
        fs::write(site.path().join(MARKER), format!("Filedex store\nformat {text}\n")).unwrap();
        assert_eq!(repair(&site.path()).unwrap_err().kind(), kind);
    }
}

#[test]
fn where_nothing_can_be_read_a_backup_is_asked_for() {
    let site = Site::new();
    for file in [Numbered::Blocks, Numbered::Log, Numbered::Manifest]
        .into_iter()
        .flat_map(|kind| site.files(kind))
    {
        fs::remove_file(file).unwrap();
    }
    let error = Store::repair(site.path(), &Options::default(), &mut |_, _| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().ends_with("restore a backup"), "{error}");
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
    let mut logs = site.files(Numbered::Log);
    logs.sort_by_key(|path| path.metadata().unwrap().len());
    logs.pop().unwrap()
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
    site.files(Numbered::Log).into_iter().for_each(|log| fs::remove_file(log).unwrap());
    let repair = site.repair();
    assert_eq!((repair.lost, repair.records), (1, 200), "{repair:?}");
    assert!(site.open().verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn a_second_repair_keeps_the_file_of_the_first() {
    let site = Site::new();
    site.damage(&site.middle(ALL_ROOMS), |block| block.fill(0));
    let first = site.repair();
    site.damage(&site.middle(ALL_ROOMS), |block| block.fill(0));
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
    let mut told = Vec::new();
    let progress = &mut |done, of| told.push((done, of));
    let compaction = Store::compact(site.path(), &Options::default(), progress).unwrap();
    let records = site.records.len() as u64;
    assert_eq!(compaction.records, records);
    assert!(compaction.bytes_after < compaction.bytes_before, "{compaction:?}");
    assert_eq!(told.last(), Some(&(records, records)));
    assert_eq!(site.files(Numbered::Blocks).len(), 1);
    assert!(answers(site.open()) == before);
    assert!(site.open().verify(&mut |_, _| ()).unwrap().is_clean());

    site.damage(&site.middle(ALL_ROOMS), |block| block[20] ^= 1);
    let refused = Store::compact(site.path(), &Options::default(), &mut |_, _| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Damaged);
    assert!(!site.open().verify(&mut |_, _| ()).unwrap().is_clean());
}

#[test]
fn what_an_interrupted_repair_left_is_removed_or_takes_its_place() {
    let site = Site::killed();
    fs::create_dir_all(site.path().join("rebuilding/store/tree")).unwrap();
    fs::write(site.path().join("rebuilding/store/log.1"), b"half").unwrap();
    let store = site.open();
    assert_eq!(store.stats().unwrap().records, site.records.len() as u64);
    assert!(store.recoveries()[0].contains("interrupted"), "{:?}", store.recoveries());
    assert!(!site.path().join("rebuilding").exists());
    drop(store);

    // One that was whole, at every step of its way to its place: nothing of the old one is removed yet, a
    // part of it, all of it; and then file by file of the new one is moved, the manifest first.
    let new = Site::new();
    for step in 0..7_usize {
        let old = Site::killed();
        let rebuilt = old.path().join("rebuilt");
        copy(&new.path(), &rebuilt);
        if step > 0 {
            fs::remove_file(log_of(&old)).unwrap();
        }
        if step > 1 {
            let kinds = [Numbered::Manifest, Numbered::Blocks, Numbered::Log];
            kinds
                .into_iter()
                .flat_map(|kind| old.files(kind))
                .for_each(|file| fs::remove_file(file).unwrap());
            fs::remove_dir_all(old.path().join(TREE)).unwrap();
            let _gone_after_a_close = fs::remove_file(old.path().join("opened"));
        }
        let mut names: Vec<_> =
            fs::read_dir(&rebuilt).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.retain(|name| name != MARKER);
        names.sort_by_key(|name| !name.to_string_lossy().starts_with("manifest"));
        for name in names.iter().take(step.saturating_sub(2)) {
            fs::rename(rebuilt.join(name), old.path().join(name)).unwrap();
        }
        let store = old.open();
        assert_eq!(store.stats().unwrap().records, 200, "{step}");
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean(), "{step}");
        assert!(!rebuilt.exists());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn of_damaged_files_what_is_not_told_is_there(
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 0..8u8), 1..4),
        killed in any::<bool>(),
    ) {
        let site = if killed { Site::killed() } else { Site::new() };
        let kinds = [Numbered::Blocks, Numbered::Manifest, Numbered::Log];
        let files: Vec<PathBuf> = kinds.into_iter().flat_map(|kind| site.files(kind)).collect();
        for (file, place, bit) in places {
            let path = file.get(&files);
            let mut bytes = fs::read(path).unwrap();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            fs::write(path, bytes).unwrap();
        }
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
        let (mut lost, mut other) = (0, 0);
        for (id, record) in &site.records {
            match store.get(id).unwrap() {
                Some(found) => other += u64::from(found != *record),
                None => lost += 1,
            }
        }
        prop_assert!(lost == 0 || repair.lost > 0, "{} lost: {:?}", lost, repair);
        prop_assert!(other == 0 || repair.lost > 0, "{} are others: {:?}", other, repair);
    }
}
