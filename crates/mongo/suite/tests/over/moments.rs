//! A page and its total are of one moment, also while records come and go.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use filedex::{Document, Filedex};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{Server, address, over};

/// Records of the room; one of them is always on its way from one half to the other.
const RECORDS: i32 = 40;

fn record(number: i32, half: &str) -> Document {
    Document::new().with("_id", format!("f{number}")).with("rid", half).with("size", number)
}

/// Asks pages beside a writer and gives how many of them and their totals do not fit together. The writer
/// puts two records in, or takes two out, at once where that can be; a page shows all that there are.
fn mismatches(writer: &Filedex, reader: &Filedex, pages: u64) -> u64 {
    writer.put_many((0..RECORDS).map(|number| record(number, "r"))).unwrap();
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut number = RECORDS;
            while !stop.load(Ordering::Relaxed) {
                writer.put(&record(number, "r")).unwrap();
                writer.remove(&format!("f{}", number - RECORDS)).unwrap();
                number += 1;
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut wrong = 0;
        // Longer where the writer comes to write little meanwhile.
        let writes_little = || written.load(Ordering::Relaxed) <= 20 && !writing.is_finished();
        let asked = (0..).take_while(|page| *page < pages || writes_little());
        for page in asked {
            let lookup = reader.room("r").sort(r#"{"size":1}"#).unwrap();
            // Those that show all of their records, and those that are judged here.
            let lookup = match page % 2 {
                0 => lookup.count(1_000),
                _ => lookup.count(1_000).query(r#"{"_id":{"$regex":"^f"}}"#).unwrap(),
            };
            let page = lookup.page().unwrap();
            let numbers: Vec<i64> = page.files.iter().map(size).collect();
            let in_a_row = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
            let as_many = (RECORDS as u64..=RECORDS as u64 + 1).contains(&page.total);
            if page.total != numbers.len() as u64 || !in_a_row || !as_many {
                wrong += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
        wrong
    })
}

fn size(file: &Document) -> i64 {
    match file.get("size") {
        Some(filedex::Value::Int(size)) => i64::from(*size),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_and_its_total_are_of_one_moment_beside_a_writer() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    assert_eq!(mismatches(&open(), &open(), 200), 0);
}

#[test]
fn a_page_and_its_total_fit_together_without_transactions() {
    let server = Server::start(&["--standalone"]);
    let address = server.address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    assert_eq!(mismatches(&open(), &open(), 100), 0);
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (writer, reader) = (open(), open());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..40 {
                let batch = |number| record(number, "r").with("round", round);
                writer.put_many((0..50).map(batch)).unwrap();
            }
            stop.store(true, Ordering::Relaxed);
        });
        while !stop.load(Ordering::Relaxed) {
            let page = reader.room("r").page().unwrap();
            let rounds: std::collections::HashSet<String> =
                page.files.iter().map(|file| format!("{:?}", file.get("round"))).collect();
            assert!(rounds.len() <= 1 && matches!(page.total, 0 | 50), "{rounds:?} {}", page.total);
        }
    });
}
