//! A collection that is spread over shards is read, and written where an id names one record. No sharded
//! cluster is at hand: a server that answers as a router does says how the collection lies.

use filedex::{ErrorKind, File, Filedex};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{over, router, scripted};
use mongodb::bson::{Document, doc};

/// A router whose collection has that shard key; it takes all writes and finds nothing.
fn answer(command: &Document, key: Document) -> Document {
    let (name, of) = command.iter().next().unwrap();
    let found = |records: Vec<Document>| doc! { "cursor": { "id": 0_i64, "ns": "x.y", "firstBatch": records } };
    match (name.as_str(), of.as_str()) {
        ("hello" | "isMaster" | "ismaster", _) => router(),
        ("find", Some("collections")) => found(vec![doc! { "_id": "scripted.files", "key": key }]),
        ("find" | "aggregate", _) => found(Vec::new()),
        _ => doc! { "value": null, "n": 0 },
    }
}

fn index(script: fn(&Document) -> Document) -> Filedex {
    over(MongoOptions::new(scripted(script)).connect().unwrap())
}

#[test]
fn a_collection_that_is_sharded_by_rooms_is_read_and_not_written() {
    let by_room = index(|command| answer(command, doc! { "rid": "hashed", "_id": 1 }));
    assert_eq!(by_room.room("r").page().unwrap().total, 0);
    assert!(by_room.get("a").unwrap().is_none());
    let file = File::new("a").unwrap().with_room("r");
    for error in [
        by_room.put(&file).unwrap_err(),
        by_room.put_many([file.clone()]).unwrap_err(),
        by_room.update("a", |_| ()).unwrap_err(),
        by_room.remove("a").unwrap_err(),
        by_room.remove_many(["a"]).unwrap_err(),
        by_room.write(|batch| batch.put(&file)).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("sharded by another key"), "{error}");
    }
}

#[test]
fn a_collection_that_is_sharded_by_ids_is_written() {
    let by_id = index(|command| answer(command, doc! { "_id": "hashed" }));
    assert!(by_id.put(&File::new("a").unwrap()).is_ok());
    assert!(!by_id.remove("a").unwrap());
}
