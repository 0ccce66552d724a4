//! Several changes as one write, over a server as on this machine: all or nothing, beside no other write.

use std::thread;

use filedex::{Document, ErrorKind, File, Filedex, Value};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, fail, over};

fn index() -> Filedex {
    over(MongoOptions::new(address()).connect().unwrap())
}

fn file(id: &str, size: i64) -> File {
    File::new(id).unwrap().with_room("r").with_user("ada").with_size(size)
}

#[test]
fn a_write_sees_its_own_changes_and_others_see_all_of_them_or_none() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (index, other) = (open(), open());
    index.put(&file("a", 1)).unwrap();
    index
        .write(|batch| {
            batch.put(&file("b", 2))?;
            batch.update_with("a", r#"{"$inc": {"size": 10}}"#)?;
            assert!(batch.remove("a")? && !batch.remove("a")?);
            assert_eq!((batch.room("r")?.total()?, other.room("r").total()?), (1, 1));
            assert!(batch.get("a")?.is_none() && other.get("b")?.is_none());
            assert_eq!(batch.user("ada")?.sum("size")?, Value::from(2));
            Ok::<(), filedex::Error>(())
        })
        .unwrap();
    let ids: Vec<_> = other
        .all()
        .page()
        .unwrap()
        .files
        .iter()
        .map(|file| file.get_str("_id").unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["b"]);
    let refused = index.write(|batch| {
        batch.put(&file("c", 3))?;
        batch.put(&Document::new().with("_id", "d").with("size", "big"))
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidRecord);
    assert_eq!(other.all().total().unwrap(), 1);
}

#[test]
fn a_quota_holds_however_many_upload_at_once() {
    let address = address();
    thread::scope(|scope| {
        for writer in 0..4 {
            let address = &address;
            scope.spawn(move || {
                let index = over(MongoOptions::new(address).connect().unwrap());
                for number in 0..5 {
                    let file = file(&format!("f{writer}-{number}"), 100);
                    index
                        .write(|batch| {
                            let used = batch.user("ada")?.sum("size")?;
                            if matches!(used, Value::Int(used) if used < 700) {
                                batch.put(&file)?;
                            }
                            Ok::<(), filedex::Error>(())
                        })
                        .unwrap();
                }
            });
        }
    });
    let index = over(MongoOptions::new(address).connect().unwrap());
    assert_eq!(index.user("ada").sum("size").unwrap(), Value::from(700));
}

#[test]
fn a_lookup_of_a_write_says_when_the_write_has_gone_on() {
    let index = index();
    index.put_many((0..5).map(|number| file(&format!("f{number}"), number))).unwrap();
    let mut kept = None;
    index
        .write(|batch| {
            let before = batch.room("r")?;
            // What is walked over may be changed on the way.
            for found in before.clone().iter()? {
                batch.remove(found?.get_str("_id").unwrap())?;
            }
            assert_eq!(before.total().unwrap_err().kind(), ErrorKind::SnapshotEnded);
            let after = batch.room("r")?;
            assert_eq!(after.total()?, 0);
            kept = Some(after);
            Ok::<(), filedex::Error>(())
        })
        .unwrap();
    assert_eq!(kept.unwrap().total().unwrap_err().kind(), ErrorKind::SnapshotEnded);
    assert_eq!(index.all().total().unwrap(), 0);
}

#[test]
fn a_write_that_another_one_came_between_is_worked_out_anew() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (index, other) = (open(), open());
    index.put(&file("a", 1)).unwrap();
    let mut rounds = 0;
    index
        .write(|batch| {
            rounds += 1;
            let before = batch.get("a")?.unwrap().size();
            if rounds == 1 {
                other.update_with("a", r#"{"$inc": {"size": 10}}"#)?;
            }
            batch.update("a", |record| record.set("seen", before.unwrap()))?;
            Ok::<(), filedex::Error>(())
        })
        .unwrap();
    let record = index.get_document("a").unwrap().unwrap();
    assert_eq!(
        (rounds, record.get("seen"), record.get("size")),
        (2, Some(&Value::Long(11)), Some(&Value::Int(11)))
    );
}

#[test]
fn a_write_that_no_server_ends_ends_in_time() {
    let server = Server::start(&["--enable-test-commands"]);
    // Longer than a machine stands still that is busy with something else.
    let time = std::time::Duration::from_secs(8);
    let index = over(MongoOptions::new(server.address()).time(time).connect().unwrap());
    index.put(&file("a", 1)).unwrap();
    index.write(|batch| batch.put(&file("b", 1))).unwrap();
    // A conflict with another write, whenever it is to end.
    fail(&server, 112, &["commitTransaction"], 1_000);
    let error = index.write(|batch| batch.put(&file("c", 1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    fail(&server, 112, &["commitTransaction"], 2);
    index.write(|batch| batch.put(&file("d", 1))).unwrap();
    assert_eq!(index.all().total().unwrap(), 3);
}

#[test]
fn a_write_of_more_than_one_may_be_is_refused_whole() {
    let index = index();
    let text = "x".repeat(1 << 20);
    let error = index
        .write(|batch| {
            for number in 0..40 {
                batch.put(&file(&format!("f{number}"), 1).with_name(&text))?;
            }
            Ok::<(), filedex::Error>(())
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert_eq!(index.all().total().unwrap(), 0);
}

#[test]
fn without_transactions_several_changes_as_one_are_refused_by_name() {
    let server = Server::start(&["--standalone"]);
    let alone = over(MongoOptions::new(server.address()).connect().unwrap());
    let without = over(MongoOptions::new(address()).without_transactions().connect().unwrap());
    for index in [alone, without] {
        let error = index.write(|batch| batch.put(&file("a", 1))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("transactions"), "{error}");
        assert_eq!(index.all().total().unwrap(), 0);
    }
}
