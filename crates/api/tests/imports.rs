//! Files as they are found: what each gives is data, in testdata/imports.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use filedex::{
    AsIs, Cancel, Document, ErrorKind, Filedex, ImportFrom, ImportOptions, ImportReport, Value,
    ejson,
};
use proptest::prelude::*;
use serde_json::Value as Json;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/imports")
}

fn import(file: impl Read) -> (Filedex, filedex::Result<ImportReport>) {
    let index = Filedex::temporary().unwrap();
    let report = index.import(file, &ImportOptions::default());
    (index, report)
}

/// Numbers by their value, whatever their kind; dates and the rest as canonical Extended JSON.
fn comparable(value: &Value) -> String {
    match value {
        Value::Int(number) => format!("{number}"),
        Value::Long(number) => format!("{number}"),
        Value::Double(number) if number.fract() == 0.0 => format!("{}", *number as i64),
        Value::Array(array) => format!("{:?}", array.iter().map(comparable).collect::<Vec<_>>()),
        other => ejson::to_text(other.view(), ejson::Form::Canonical),
    }
}

fn at<'d>(record: &'d Document, path: &str) -> Option<&'d Value> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    match (record.get(first)?, rest) {
        (value, None) => Some(value),
        (Value::Document(inner), Some(rest)) => at(inner, rest),
        _ => None,
    }
}

fn check(case: &Json) {
    let name = case["file"].as_str().unwrap();
    let (index, report) = import(fs::File::open(folder().join(name)).unwrap());
    if let Some(words) = case["refused"].as_array() {
        let error = report.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{name}");
        let sentence = error.to_string();
        for word in words {
            assert!(sentence.contains(word.as_str().unwrap()), "{name}: {sentence}");
        }
        assert!(!sentence.contains('\n') && sentence.starts_with("th"), "{name}: {sentence}");
        assert_eq!(index.all().total().unwrap(), 0, "{name}");
        return;
    }
    let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
    let went_in = report.tally.inserted + report.tally.replaced + report.tally.unchanged;
    assert_eq!(went_in, case["ok"].as_u64().unwrap(), "{name}: {:?}", report.faults);
    if let Some(bad) = case["bad"].as_array() {
        let told: Vec<String> = report.faults.iter().map(|fault| fault.place.to_string()).collect();
        assert_eq!(Json::from(told), Json::from(bad.clone()), "{name}: {:?}", report.faults);
    }
    let least = case["bad_at_least"].as_u64().unwrap_or_default();
    assert!(report.bad >= least, "{name}: {}", report.bad);
    check_records(name, &index, case);
    assert!(index.verify(&mut |_, _| ()).unwrap().is_clean(), "{name}");
}

fn check_records(name: &str, index: &Filedex, case: &Json) {
    for must in case["must"].as_array().into_iter().flatten() {
        let record = index.get_document(must["id"].as_str().unwrap()).unwrap();
        let record = record.unwrap_or_else(|| panic!("{name}: no {must}"));
        let found = at(&record, must["field"].as_str().unwrap());
        let wanted = must["value"].to_string();
        match wanted.contains("$absent") {
            true => assert_eq!(found, None, "{name}: {must}"),
            false => {
                let wanted = ejson::read(&wanted, &Default::default()).unwrap();
                assert_eq!(found.map(comparable), Some(comparable(&wanted)), "{name}: {must}");
            }
        }
    }
    for find in case["find"].as_array().into_iter().flatten() {
        let mut lookup = index.all();
        for (key, value) in find.as_object().unwrap() {
            lookup = match key.as_str() {
                "room" => lookup.room(value.as_str().unwrap()),
                "user" => lookup.user(value.as_str().unwrap()),
                "typeGroup" => lookup.type_group(value.as_str().unwrap()),
                "query" => lookup.query(value.to_string()).unwrap(),
                _ => lookup,
            };
        }
        assert_eq!(lookup.total().unwrap(), find["total"].as_u64().unwrap(), "{name}: {find}");
    }
    if let Some(distinct) = case["distinct"].as_u64() {
        assert_eq!(index.all().total().unwrap(), distinct, "{name}");
    }
    let shown = String::from_utf8(index.all().json().unwrap()).unwrap();
    for list in ["never", "shows_no"] {
        for word in case[list].as_array().into_iter().flatten() {
            assert!(!shown.contains(word.as_str().unwrap()), "{name} shows {word}");
        }
    }
}

fn cases() -> Vec<Json> {
    let expected = fs::read_to_string(folder().join("expect.jsonl")).unwrap();
    expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_kind_of_file_gives_what_it_holds_or_says_what_it_is() {
    let cases = cases();
    let mut described: Vec<&str> =
        cases.iter().map(|case| case["file"].as_str().unwrap()).collect();
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "expect.jsonl")
        .collect();
    described.sort_unstable();
    there.sort_unstable();
    assert_eq!(described, there);
    cases.iter().for_each(check);
}

#[test]
fn newest_first_is_by_time_however_each_record_came_in() {
    let index = Filedex::temporary().unwrap();
    for case in cases().iter().filter(|case| case["refused"].is_null()) {
        let file = fs::File::open(folder().join(case["file"].as_str().unwrap())).unwrap();
        index.import(file, &ImportOptions::default()).unwrap();
    }
    let page = index.all().sort(r#"{"uploadedAt":-1}"#).unwrap().page().unwrap();
    assert!(page.total > 100);
    let dates = page.files.iter().map(|file| match file.get("uploadedAt") {
        Some(Value::Date(date)) => date.0,
        None | Some(Value::Null) => i64::MIN,
        other => panic!("{other:?}"),
    });
    assert!(dates.is_sorted_by(|newer, older| newer >= older));
}

#[test]
fn an_import_goes_out_as_a_reply_and_comes_back_the_same() {
    for case in cases().iter().filter(|case| case["refused"].is_null()) {
        let name = case["file"].as_str().unwrap();
        // Its values of other kinds than JSON's are shown as JSON has them.
        if ["every-kind.bson", "rc-legacy-values.jsonl"].contains(&name) {
            continue;
        }
        let (first, _) = import(fs::File::open(folder().join(name)).unwrap());
        let sort = r#"{"_id":1}"#;
        let shown = first.all().sort(sort).unwrap().json().unwrap();
        let (second, report) = import(shown.as_slice());
        assert_eq!(report.unwrap().bad, 0, "{name}");
        let again = second.all().sort(sort).unwrap().json().unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(shown).unwrap(), "{name}");
    }
}

#[test]
fn twenty_thousand_bad_lines_are_a_count_and_the_first_few() {
    let lines: String =
        (0..20_000).map(|n| format!("{{\"_id\":\"f{n}\",\"size\":\"big\"}}\n")).collect();
    let (_, report) = import(format!("{{\"_id\":\"good\"}}\n{lines}").as_bytes());
    let report = report.unwrap();
    assert_eq!((report.bad, report.faults.len(), report.tally.inserted), (20_000, 20, 1));
    assert_eq!(
        report.faults[0].to_string().split(", not").next().unwrap(),
        "line 2: \"f0\": `size` must be a number of at most 64 bits"
    );
    let noise = "what is this\n".repeat(20_000);
    let (_, report) = import(format!("{{\"_id\":\"good\"}}\n{noise}").as_bytes());
    assert_eq!(report.unwrap().bad, 20_000);
}

#[test]
fn an_export_longer_than_a_document_may_be_goes_in_in_one_line() {
    let text = "x".repeat(10_000);
    let rows: Vec<String> =
        (0..1800).map(|n| format!("{{\"_id\":\"f{n}\",\"description\":\"{text}\"}}")).collect();
    let rows = rows.join(",");
    assert!(rows.len() > 17 << 20);
    for file in [
        format!("[{rows}]"),
        format!("{{\"files\":[{rows}],\"success\":true}}"),
        format!(
            "{{\"versions\":{{\"export\":\"4\"}},\"data\":{{\"settings\":{{}},\"files\":[{rows}]}}}}"
        ),
    ] {
        let (_, report) = import(file.as_bytes());
        let report = report.unwrap();
        assert_eq!((report.tally.inserted, report.bad), (1800, 0));
    }
    let long =
        format!("{{\"_id\":\"a\",\"text\":\"{}\"}}\n{{\"_id\":\"b\"}}", "x".repeat(17 << 20));
    let (_, report) = import(long.as_bytes());
    let report = report.unwrap();
    assert_eq!((report.tally.inserted, report.bad), (1, 1));
    assert!(report.faults[0].reason.contains("longer than"), "{:?}", report.faults);
}

#[test]
fn options_say_what_is_changed_on_the_way() {
    let file = br#"{"_id":"a","type":"image/png","uploadedAt":"2024-01-01T00:00:00Z"}"#;
    let with = |options: &ImportOptions| {
        let index = Filedex::temporary().unwrap();
        index.import(file.as_slice(), options).unwrap();
        index.get_document("a").unwrap().unwrap()
    };
    let default = with(&ImportOptions::default());
    assert_eq!(default.get_str("typeGroup"), Some("image"));
    assert!(matches!(default.get("uploadedAt"), Some(Value::Date(_))));
    let as_is = with(&ImportOptions::default().as_is(true));
    assert_eq!(as_is.get_str("uploadedAt"), Some("2024-01-01T00:00:00Z"));
    assert_eq!(as_is.get("typeGroup"), None);
    let without = with(&ImportOptions::default().type_groups(false).owner("u1"));
    assert_eq!((without.get("typeGroup"), without.get_str("userId")), (None, Some("u1")));

    let row = br#"{"id":"z","createdAt":"2024-01-01T00:00:00Z","name":"n"}"#;
    for (from, named) in
        [(ImportFrom::Guess, true), (ImportFrom::Zipline, true), (ImportFrom::RocketChat, false)]
    {
        let index = Filedex::temporary().unwrap();
        let report = index.import(row.as_slice(), &ImportOptions::default().from(from));
        assert_eq!(report.is_ok_and(|report| report.tally.inserted == 1), named, "{from:?}");
    }
}

#[test]
fn a_fault_tells_place_id_and_field() {
    let file = concat!(
        "{\"_id\":\"a\",\"size\":\"big\"}\n",
        "{\"_id\":\"b\",\"uploadedAt\":{\"$date\":\"soon\"}}\n",
        "{\"_id\":\"c\",\"name\":1,\"name\":2}\n",
        "{\"id\":\"d\",\"createdAt\":\"yesterday\"}\n",
        "{\"_id\":7}\n",
    );
    let (_, report) = import(file.as_bytes());
    let report = report.unwrap();
    let told: Vec<(String, Option<&str>, Option<&str>)> = report
        .faults
        .iter()
        .map(|fault| (fault.place.to_string(), fault.id.as_deref(), fault.field.as_deref()))
        .collect();
    let wanted = [
        ("line 1", Some("a"), Some("size")),
        ("line 2", Some("b"), Some("uploadedAt")),
        ("line 3", Some("c"), Some("name")),
        ("line 4", Some("d"), Some("uploadedAt")),
        ("line 5", None, Some("_id")),
    ];
    assert_eq!(told, wanted.map(|(place, id, field)| (place.to_owned(), id, field)));
}

#[test]
fn a_cancelled_import_ends_and_keeps_what_is_in() {
    let cancel = Cancel::default();
    let lines: String = (0..1000).map(|n| format!("{{\"_id\":\"f{n}\"}}\n")).collect();
    let index = Filedex::temporary().unwrap();
    let options = ImportOptions::default().cancel(cancel.clone());
    let error = index.import_watched(lines.as_bytes(), &options, &mut |_| cancel.cancel());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    let kept = index.all().total().unwrap();
    assert!(kept > 0 && kept < 1000, "{kept}");
}

#[test]
fn a_backup_that_is_imported_tells_whether_it_is_whole() {
    let site = tempfile::tempdir().unwrap();
    let index = Filedex::temporary().unwrap();
    for id in ["a", "b"] {
        index.put(&AsIs(Document::new().with("_id", id))).unwrap();
    }
    let path = site.path().join("backup");
    index.backup(&path, &mut |_, _| ()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(import(text.as_bytes()).1.unwrap().bad, 0);
    let cut: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert!(import(cut.as_bytes()).1.is_err() || import(cut.as_bytes()).1.unwrap().bad > 0);
}

proptest! {
    #[test]
    fn no_bytes_make_an_import_panic_or_lose_a_line_that_is_good(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0_usize..10_000,
        which in 0_usize..1000,
    ) {
        let _ = import(noise.as_slice()).1;
        let cases = cases();
        let name = cases[which % cases.len()]["file"].as_str().unwrap();
        let mut bytes = fs::read(folder().join(name)).unwrap();
        bytes.truncate(cut);
        bytes.extend_from_slice(&noise);
        let _ = import(bytes.as_slice()).1;
    }
}

#[test]
fn records_that_the_store_refuses_are_told_once_and_the_others_counted_as_what_they_are() {
    let index = Filedex::temporary().unwrap();
    let long = "x".repeat(513);
    let lines =
        format!("{{\"_id\":\"a\"}}\n{{\"_id\":\"{long}\"}}\n{{\"_id\":7}}\n{{\"_id\":\"b\"}}\n");
    let options = ImportOptions::default().as_is(true);
    let report = index.import(lines.as_bytes(), &options).unwrap();
    assert_eq!(
        (report.tally.inserted, report.tally.unchanged, report.bad),
        (2, 0, 2),
        "{report:?}"
    );
    let told: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert!(told[0].starts_with("line 2: ") && told[1].starts_with("line 3: "), "{told:?}");
    assert!(told.iter().all(|fault| !fault.contains("record 0")), "{told:?}");
    let again = index.import(lines.as_bytes(), &options).unwrap();
    assert_eq!((again.tally.inserted, again.tally.unchanged, again.bad), (0, 2, 2), "{again:?}");
}
