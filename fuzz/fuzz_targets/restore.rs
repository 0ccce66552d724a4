//! No file makes a restore panic; what it takes is a whole store, whose backup restores the same.
#![no_main]

mod site;

use std::fs;
use std::path::Path;

use filedex_query::packed;
use filedex_query::{Environment, Filter, Plan, Projection, Sort};
use filedex_storage::{Backup, Options, Result, Store, Watch, Window};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

fn restore(from: &Path, to: &Path) -> Result<Backup> {
    Store::restore(from, to, &Options::default(), &mut |_, _| ())
}

/// Lines with the trailer that is right for them.
fn whole(lines: &[u8]) -> Vec<u8> {
    let mut file = lines.to_vec();
    if !file.is_empty() && file.last() != Some(&b'\n') {
        file.push(b'\n');
    }
    let records = file.iter().filter(|byte| **byte == b'\n').count();
    let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    let trailer =
        format!(r#"{{"$backup":{{"format":1,"records":{records},"sha256":"{sha256}"}}}}"#);
    file.extend_from_slice(trailer.as_bytes());
    file.push(b'\n');
    file
}

/// Every record's stored form, in the order of the ids.
fn content(path: &Path) -> Vec<Vec<u8>> {
    let store = Store::open(path, &Options::default()).expect("it opens");
    let report = store.verify(&mut |_, _| ()).expect("it is verified");
    assert!(report.is_clean(), "{:?}", report.problems);
    let environment = Environment::default();
    let sort = Sort::parse_text(r#"{"_id":1}"#, &environment).expect("a sort");
    let plan = Plan::compile(Filter::all(), Projection::everything(), sort, &environment);
    let plan = plan.expect("a plan");
    let page = store.page(&plan, Window::all(), &Watch::default()).expect("a page");
    page.documents.iter().map(packed::pack).collect()
}

// The first byte says whether the rest is a file as it is, or lines in need of a trailer.
fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let site = site::new();
    let [file, first, again, second] =
        ["file", "first", "again", "second"].map(|name| site.path().join(name));
    let as_it_is = kind % 4 == 0;
    fs::write(&file, if as_it_is { bytes.to_vec() } else { whole(bytes) }).expect("a file");
    if let Err(error) = restore(&file, &first) {
        // What an interrupted restore left is no store, and is gone on with by the same restore.
        let mut options = Options::default();
        options.create = false;
        assert!(!error.to_string().is_empty() && Store::open(&first, &options).is_err());
        return;
    }
    let store = Store::open(&first, &Options::default()).expect("it opens");
    store.backup(&again, &mut |_, _| ()).expect("it is backed up");
    drop(store);
    restore(&again, &second).expect("what was backed up is restored");
    assert_eq!(content(&second), content(&first));
});
