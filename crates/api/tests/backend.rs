//! The seam below lookups: an index stands on whatever keeps records and answers plans.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::sync::Arc;

use super::bare::Bare;
use filedex::{Backend, ErrorKind, File, Filedex, Store};

#[test]
fn an_index_stands_on_a_backend_of_the_hosts_own() {
    let store = Store::temporary(&filedex_storage::Options::default()).unwrap();
    let store: Arc<dyn Backend> = Arc::new(store);
    let own = Filedex::options().over(Arc::new(Bare(Arc::clone(&store))));
    let embedded = Filedex::options().over(store);
    for (id, size) in [("a", 30), ("b", 10), ("c", 20)] {
        own.put(&File::new(id).unwrap().with_room("r").with_size(size)).unwrap();
    }
    own.update("b", |record| record.set("size", 11)).unwrap();
    let json = |index: &Filedex| {
        let lookup = index.room("r").query(r#"{"size":{"$gt":10}}"#).unwrap();
        lookup.sort(r#"{"size":1}"#).unwrap().count(2).json().unwrap()
    };
    assert_eq!(json(&own), json(&embedded));
    assert_eq!(own.get_json("b").unwrap(), embedded.get_json("b").unwrap());
    assert_eq!(own.room("r").iter().unwrap().count(), 3);
    assert!(own.remove("a").unwrap());
    assert_eq!(embedded.all().total().unwrap(), 2);
    own.close().unwrap();
}

#[test]
fn a_reply_that_a_backend_gives_as_records_has_the_same_bound() {
    let store = Store::temporary(&filedex_storage::Options::default()).unwrap();
    let limits = filedex::Limits::default().with_reply_bytes(900);
    let options = Filedex::options().limits(limits);
    let index = options.over(Arc::new(Bare(Arc::new(store))));
    index.put(&File::new("a").unwrap().with_name("short")).unwrap();
    assert!(index.all().json().is_ok());
    index.put(&File::new("b").unwrap().with_name("long".repeat(250))).unwrap();
    let error = index.all().json().unwrap_err();
    assert_eq!(error.query().unwrap().limit_name(), Some("reply_bytes"));
}

#[test]
fn what_only_a_store_of_this_machine_can_do_is_refused_by_name_elsewhere() {
    let store = Store::temporary(&filedex_storage::Options::default()).unwrap();
    let index = Filedex::options().over(Arc::new(Bare(Arc::new(store))));
    let site = tempfile::tempdir().unwrap();
    let error = index.backup(site.path().join("b"), &mut |_, _| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("backup"), "{error}");
}
