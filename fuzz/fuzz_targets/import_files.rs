//! No file makes an import panic or run without bound. What it says of itself adds up, what it tells comes in the
//! order of the file, and the same file again brings nothing new.
#![no_main]

use std::sync::LazyLock;

use filedex::{
    Durability, ErrorKind, Filedex, ImportFrom, ImportOptions, ImportReport, each_document,
};
use libfuzzer_sys::fuzz_target;

/// One index for all files: making one takes far longer than a file does.
static INDEX: LazyLock<Filedex> = LazyLock::new(|| {
    let options = Filedex::options().durability(Durability::Relaxed);
    options.temporary().expect("a temporary index")
});

/// Faults that are told of.
const TOLD: usize = 3;

/// What a byte chooses.
fn options(chosen: u8) -> ImportOptions {
    let from = match chosen % 3 {
        0 => ImportFrom::Guess,
        1 => ImportFrom::RocketChat,
        _ => ImportFrom::Zipline,
    };
    let options = ImportOptions::default().from(from).faults(TOLD);
    let options = options.as_is(chosen & 0x10 != 0).type_groups(chosen & 0x20 != 0);
    if chosen & 0x40 == 0 { options } else { options.owner("u") }
}

/// The report, if there is one; a file that is refused is told what it is.
fn import(bytes: &[u8], options: &ImportOptions) -> Option<ImportReport> {
    match INDEX.import(bytes, options) {
        Ok(report) => Some(report),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::InvalidRecord | ErrorKind::Io), "{error:?}");
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// Whether the report adds up.
fn check(report: &ImportReport, records: u64) {
    let told = (report.bad as usize).min(TOLD);
    assert_eq!(report.faults.len(), told, "{report:?}");
    assert!(report.faults.is_sorted_by_key(|fault| fault.place), "{report:?}");
    assert!(report.tally.inserted <= records, "{report:?}");
}

fn empty() {
    let all = INDEX.all().fields(r#"{"_id": 1}"#).expect("fields").page().expect("a page");
    let ids = all.files.iter().filter_map(|file| file.get_str("_id").map(str::to_owned));
    INDEX.remove_many(ids.collect::<Vec<String>>()).expect("records are removed");
}

// The first byte chooses how the rest is read.
fuzz_target!(|bytes: &[u8]| {
    let Some((chosen, file)) = bytes.split_first() else { return };
    let options = options(*chosen);
    let _ = each_document(file, &mut |_, found| {
        if let Err(fault) = found {
            assert!(!fault.to_string().is_empty());
        }
        true
    });
    let first = import(file, &options);
    let records = INDEX.all().total().expect("a total");
    if let Some(first) = &first {
        check(first, records);
    }
    let again = import(file, &options);
    assert_eq!(again.is_some(), first.is_some());
    if let (Some(first), Some(again)) = (first, again) {
        assert_eq!((again.tally.inserted, again.bad), (0, first.bad), "{first:?} {again:?}");
    }
    empty();
});
