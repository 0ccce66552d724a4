//! Writes over a server promise what they promise on this machine.

use std::thread;

use filedex::{Backend as _, Document, ErrorKind, File, Filedex, Put, Value};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{address, over};

fn index() -> Filedex {
    over(MongoOptions::new(address()).connect().unwrap())
}

fn named(id: &str) -> Document {
    Document::new().with("_id", id).with("rid", "r")
}

#[test]
fn a_put_says_what_it_did() {
    let index = index();
    assert_eq!(index.put(&named("a")).unwrap(), Put::Inserted);
    assert_eq!(index.put(&named("a")).unwrap(), Put::Unchanged);
    assert_eq!(index.put(&named("a").with("size", 1)).unwrap(), Put::Replaced);
    let many = [named("a"), named("b"), named("b"), named("b").with("size", 2), named("c")];
    let tally = index.put_many(many).unwrap();
    assert_eq!((tally.inserted, tally.replaced, tally.unchanged), (2, 2, 1));
    assert_eq!(index.get_document("b").unwrap().unwrap().get("size"), Some(&Value::Int(2)));
    assert!(index.remove("a").unwrap() && !index.remove("a").unwrap());
    assert_eq!(index.remove_many(["b", "c", "d"]).unwrap(), 2);
    assert_eq!(index.stats().unwrap().records, 0);
}

#[test]
fn what_is_put_comes_back_with_the_kinds_it_had() {
    let index = index();
    let text = r#"{"_id":"a","int":1,"long":{"$numberLong":"1"},"double":1.0,"decimal":{"$numberDecimal":"0.10"},
        "date":{"$date":"2024-01-01T00:00:00Z"},"id":{"$oid":"666fdecb4ac1a8e6404ededd"},"null":null,
        "bytes":{"$binary":{"base64":"AQI=","subType":"00"}},"list":[1,[2,{"a":[]}],{}],"no":false,
        "re":{"$regularExpression":{"pattern":"^a","options":"i"}},
        "ts":{"$timestamp":{"t":1,"i":2}},"min":{"$minKey":1},"max":{"$maxKey":1}}"#;
    let record = filedex::ejson::read_document(text, &filedex::Limits::default()).unwrap();
    index.put(&record).unwrap();
    assert_eq!(index.get_document("a").unwrap(), Some(record));
}

#[test]
fn changes_of_many_writers_to_one_record_all_count() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    open().put(&named("a").with("n", 0)).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let index = open();
                for _ in 0..10 {
                    index.update_with("a", r#"{"$inc":{"n":1}}"#).unwrap().unwrap();
                }
            });
        }
    });
    assert_eq!(open().get_document("a").unwrap().unwrap().get("n"), Some(&Value::Int(40)));
    assert!(open().update("b", |_| ()).unwrap().is_none());
    let renamed = open().update("a", |record| record.set("_id", "b")).unwrap_err();
    assert_eq!(renamed.kind(), ErrorKind::InvalidRecord);
}

#[test]
fn what_no_server_keeps_is_refused_before_anything_is_written() {
    let index = index();
    let deep = (0..120).fold(Document::new(), |inner, _| Document::new().with("a", inner));
    for record in [
        Document::new().with("size", 1),
        Document::new().with("_id", ""),
        Document::new().with("_id", 7),
        named("a").with("x\0y", 1),
        named("a").with("deep", deep),
        named("a").with("size", 1).with("size", 2),
    ] {
        assert_eq!(index.put(&record).unwrap_err().kind(), ErrorKind::InvalidRecord, "{record:?}");
        assert_eq!(index.put_many([record]).unwrap_err().kind(), ErrorKind::InvalidRecord);
    }
    assert_eq!(index.all().total().unwrap(), 0);
}

#[test]
fn a_rocket_chats_own_uploads_are_read_as_they_are_and_not_written() {
    let address = address();
    let uploads = || MongoOptions::new(address.clone()).collection("rocketchat_uploads");
    // What a server of theirs would have put there.
    over(uploads().connect().unwrap())
        .put_many(["a", "b"].map(|id| {
            File::new(id).unwrap().with_room("GENERAL").with_name(format!("{id}.png")).with_size(7)
        }))
        .unwrap();
    let index = over(uploads().read_only().connect().unwrap());
    assert_eq!(index.room("GENERAL").page().unwrap().total, 2);
    assert!(index.get("a").unwrap().is_some());
    for error in [
        index.put(&named("c")).unwrap_err(),
        index.put_many([named("c")]).unwrap_err(),
        index.update("a", |record| record.set("size", 1)).unwrap_err(),
        index.remove("a").unwrap_err(),
        index.remove_many(["a"]).unwrap_err(),
        uploads().read_only().connect().unwrap().make_indexes().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert_eq!(index.all().total().unwrap(), 2);
}

#[test]
fn indexes_are_made_when_the_host_says_so() {
    let backend = MongoOptions::new(address()).connect().unwrap();
    backend.put(&named("a")).unwrap();
    backend.make_indexes().unwrap();
    backend.make_indexes().unwrap();
    assert_eq!(over(backend).room("r").total().unwrap(), 1);
}

#[test]
fn a_verification_reads_every_record() {
    let index = index();
    index.put_many((0..300).map(|number| named(&format!("f{number}")))).unwrap();
    let mut told = Vec::new();
    let report = index.verify(&mut |done, of| told.push((done, of))).unwrap();
    assert!(report.is_clean());
    assert_eq!((report.records, told.last()), (300, Some(&(300, 300))));
}

#[test]
fn a_record_that_makes_an_expression_fail_in_another_room_fails_no_lookup() {
    let index = index();
    index.put(&named("a").with("size", 2)).unwrap();
    index.put(&Document::new().with("_id", "z").with("rid", "s").with("size", 0)).unwrap();
    let failing = r#"{"$expr":{"$gte":[{"$divide":[10,"$size"]},1]}}"#;
    assert_eq!(index.room("r").query(failing).unwrap().total().unwrap(), 1);
    let explain = index.room("r").query(failing).unwrap().explain().unwrap();
    assert!(explain.residual.unwrap().contains("$divide"));
    assert_eq!(explain.bounds, [r#"{"rid":"r"}"#]);
    assert!(index.room("s").query(failing).unwrap().total().unwrap_err().query().is_some());
}
