//! What the generated records promise to be like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashMap;

use filedex_dataset::{Dataset, ROOMS, USERS};
use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Value};

const RECORDS: usize = 20_000;

fn share(records: &[Document], holds: impl Fn(&Document) -> bool) -> f64 {
    records.iter().filter(|record| holds(record)).count() as f64 / records.len() as f64
}

fn assert_near(what: &str, share: f64, expected: f64, tolerance: f64) {
    assert!((share - expected).abs() < tolerance, "{what}: {share:.4}, expected {expected}");
}

#[test]
fn shares_of_rooms_groups_and_names_are_as_documented() {
    let dataset = Dataset::new(RECORDS);
    let records: Vec<Document> = dataset.records().collect();
    let is = |field: &'static str, value: String| {
        share(&records, |record| record.get_str(field) == Some(value.as_str()))
    };
    assert_near("largest room", is("rid", dataset.room(0)), 0.05, 0.006);
    let image = is("typeGroup", "image".into()) + is("typeGroup", "thumb".into());
    assert_near("image", image, 0.55, 0.015);
    assert_near("thumb", is("typeGroup", "thumb".into()), 0.011, 0.004);
    assert_near("application", is("typeGroup", "application".into()), 0.20, 0.015);
    assert_near("text", is("typeGroup", "text".into()), 0.10, 0.01);
    assert_near("video", is("typeGroup", "video".into()), 0.08, 0.01);
    assert_near("audio", is("typeGroup", "audio".into()), 0.07, 0.01);
    let logo = share(&records, |r| r.get_str("name").unwrap().to_lowercase().contains("logo"));
    assert_near("logo", logo, 0.046, 0.006);
    let other_scripts = share(&records, |r| !r.get_str("name").unwrap().is_ascii());
    assert!(other_scripts > 0.2);
    let hour = share(
        &records,
        |r| matches!(r.get("uploadedAt"), Some(Value::Date(date)) if date.0 % 3_600_000 == 0),
    );
    assert_near("rounded to the hour", hour, 0.2, 0.015);
}

#[test]
fn a_record_is_about_600_bytes_of_json() {
    let mut text = Vec::new();
    for record in Dataset::new(RECORDS).records() {
        ejson::write_document(record.view(), Form::Plain, &mut text);
    }
    let mean = text.len() / RECORDS;
    assert!((560..640).contains(&mean), "{mean} bytes");
}

#[test]
fn ids_are_unique_and_rooms_and_users_come_from_the_documented_number() {
    let dataset = Dataset::new(RECORDS);
    let mut seen: HashMap<&str, HashMap<String, u32>> = HashMap::new();
    for record in dataset.records() {
        for field in ["_id", "rid", "userId"] {
            let value = record.get_str(field).unwrap().to_owned();
            *seen.entry(field).or_default().entry(value).or_default() += 1;
        }
    }
    assert_eq!(seen["_id"].len(), RECORDS);
    assert!((3_000..=ROOMS).contains(&seen["rid"].len()));
    assert!((3_000..=USERS).contains(&seen["userId"].len()));
}

#[test]
fn the_same_seed_gives_the_same_records_and_another_seed_others() {
    let record = Dataset::new(10).record(3);
    assert_eq!(record, Dataset::new(10).records().nth(3).unwrap());
    assert_eq!(record, Dataset::new(1_000_000).record(3));
    assert_ne!(record, Dataset::with_seed(10, 1).record(3));
}
