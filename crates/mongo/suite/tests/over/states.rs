//! An index as it was at one moment, over a server.

use filedex::{ErrorKind, File, Filedex, Value};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, fail, over};

fn file(id: &str, size: i64) -> File {
    File::new(id).unwrap().with_room("r").with_size(size)
}

fn fill(index: &Filedex) {
    index.put_many((0..20).map(|number| file(&format!("f{number:02}"), number))).unwrap();
}

#[test]
fn a_snapshot_is_of_one_moment_whatever_is_asked_of_it_and_in_which_order() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (index, writer) = (open(), open());
    fill(&index);
    let snapshot = index.snapshot().unwrap();
    writer.room("r").query(r#"{"size": {"$gte": 10}}"#).unwrap().remove_all().unwrap();
    writer.put(&file("g", 1_000)).unwrap();
    let old = snapshot.room("r").sort(r#"{"size": 1}"#).unwrap();
    let page = old.clone().count(5).page().unwrap();
    let next = old.clone().count(30).after_token(&page.next_token().unwrap()).page().unwrap();
    assert_eq!((page.total, next.total, page.count + next.count), (20, 20, 20));
    assert_eq!((old.total().unwrap(), old.rank("f15").unwrap()), (20, Some(15)));
    assert_eq!(old.sum("size").unwrap(), Value::from(190));
    assert_eq!(old.iter().unwrap().count(), 20);
    // What is judged here is of that moment as well.
    assert_eq!(old.query(r#"{"name": {"$not": {"$regex": "x"}}}"#).unwrap().total().unwrap(), 20);
    assert!(snapshot.get("f15").unwrap().is_some() && snapshot.get("g").unwrap().is_none());
    assert_eq!(index.room("r").total().unwrap(), 11);
    // Two at once, each of its own.
    let later = index.snapshot().unwrap();
    writer.remove("g").unwrap();
    assert_eq!((later.all().total().unwrap(), snapshot.all().total().unwrap()), (11, 20));
}

#[test]
fn a_snapshot_that_the_servers_keep_no_longer_says_so() {
    let mut server = Server::start(&["--enable-test-commands"]);
    let uri = format!("{}?serverSelectionTimeoutMS=5000", server.address());
    let index = over(MongoOptions::new(uri).connect().unwrap());
    fill(&index);
    let snapshot = index.snapshot().unwrap();
    assert_eq!(snapshot.all().total().unwrap(), 20);
    fail(&server, 251, &["find", "aggregate"], 1);
    let error = snapshot.all().page().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotEnded, "{error}");
    // Whoever asks the index itself is asked again.
    fail(&server, 251, &["find", "aggregate"], 1);
    assert_eq!(index.all().page().unwrap().total, 20);
    let snapshot = index.snapshot().unwrap();
    server.kill();
    let kind = snapshot.all().page().unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::SnapshotEnded | ErrorKind::Io), "{kind:?}");
}

/// The server that is tried with takes a time and answers of now; one that refuses a time long past is taken for
/// one that answers of it.
#[test]
fn servers_that_refuse_a_time_long_past_are_asked_by_time() {
    let server = Server::start(&["--enable-test-commands"]);
    let index = over(MongoOptions::new(server.address()).connect().unwrap());
    fill(&index);
    fail(&server, 239, &["find"], 1);
    let snapshot = index.snapshot().unwrap();
    let lookup = snapshot.room("r").sort(r#"{"size": 1}"#).unwrap();
    let page = lookup.clone().count(5).page().unwrap();
    assert_eq!((page.count, page.total), (5, 20));
    assert_eq!(lookup.sum("size").unwrap(), Value::from(190));
    assert_eq!(lookup.iter().unwrap().count(), 20);
    assert!(snapshot.get("f01").unwrap().is_some());
    for failed in ["find", "aggregate"] {
        fail(&server, 239, &[failed], 1);
        let error = lookup.clone().count(5).page().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SnapshotEnded, "{error}");
    }
}

#[test]
fn one_server_alone_has_no_snapshot_and_says_so() {
    let server = Server::start(&["--standalone"]);
    let alone = over(MongoOptions::new(server.address()).connect().unwrap());
    let without = over(MongoOptions::new(address()).without_transactions().connect().unwrap());
    for index in [alone, without] {
        let error = index.snapshot().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("snapshot"), "{error}");
    }
}
