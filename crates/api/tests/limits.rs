//! What a reply and what a request may hold: each limit lets through what just fits, and names itself one
//! byte below that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex::{Document, Error, Filedex, Limits, Lookup, Value};

const RECORDS: usize = 40;

fn index(limits: Limits) -> Filedex {
    let index = Filedex::options().limits(limits).temporary().unwrap();
    let records = (0..RECORDS).map(|n| {
        let tags: Vec<Value> = (0..n as i32).map(Value::Int).collect();
        let record = Document::new().with("_id", format!("f{n:02}")).with("rid", "r");
        record.with("name", "n".repeat(500)).with("tags", tags)
    });
    index.put_many(records).unwrap();
    index
}

/// The least of that limit with which the question is answered; one byte less must break it.
fn least(
    name: &str,
    set: impl Fn(&mut Limits, usize),
    ask: impl Fn(Lookup) -> Result<(), Error>,
) -> usize {
    let ask = |bytes: usize| {
        let mut limits = Limits::default();
        set(&mut limits, bytes);
        ask(index(limits).room("r"))
    };
    let (mut breaks, mut fits) = (0, 1 << 22);
    while fits - breaks > 1 {
        let middle = breaks + (fits - breaks) / 2;
        match ask(middle) {
            Ok(()) => fits = middle,
            Err(_) => breaks = middle,
        }
    }
    ask(fits).unwrap();
    let error = ask(breaks).expect_err("past the limit");
    let query = error.query().expect("a fault of the query");
    assert_eq!(query.limit_name(), Some(name), "{error}");
    assert!(query.message().contains(&breaks.to_string()), "{error}");
    fits
}

fn least_reply(ask: impl Fn(Lookup) -> Result<(), Error>) -> usize {
    least("reply_bytes", |limits, bytes| limits.reply_bytes = bytes, ask)
}

fn least_request(ask: impl Fn(Lookup) -> Result<(), Error>) -> usize {
    least("request_bytes", |limits, bytes| limits.request_bytes = bytes, ask)
}

fn bytes_of_all() -> usize {
    let index = index(Limits::default());
    let text = |n| index.get_json(&format!("f{n:02}")).unwrap().unwrap().len();
    (0..RECORDS).map(text).sum()
}

#[test]
fn reply_bytes_bounds_the_text_of_the_records_to_the_byte() {
    let all = bytes_of_all();
    assert_eq!(least_reply(|lookup| lookup.json().map(drop)), all);
    assert_eq!(least_reply(|lookup| lookup.sort(r#"{"tags":-1}"#)?.json().map(drop)), all);
    let ids = r#"{"_id":"f00"}"#.len() * RECORDS;
    assert_eq!(least_reply(|lookup| lookup.fields(r#"{"_id":1}"#)?.json().map(drop)), ids);
    let one = least_reply(|lookup| lookup.fields(r#"{"_id":1}"#)?.count(1).json().map(drop));
    assert_eq!(one, ids / RECORDS);
}

#[test]
fn reply_bytes_bounds_records_that_are_handed_over_by_what_they_take() {
    let all = least_reply(|lookup| lookup.page().map(drop));
    assert!(all >= bytes_of_all() / 2, "{all}");
    let one = least_reply(|lookup| lookup.count(1).page().map(drop));
    assert!(one < all / 10, "{one} of {all}");
}

#[test]
fn reply_bytes_is_nothing_to_who_asks_for_no_reply() {
    let lookup = index(Limits::default().with_reply_bytes(0)).room("r");
    assert_eq!(lookup.total().unwrap(), RECORDS as u64);
    assert_eq!(lookup.iter().unwrap().filter(|found| found.is_ok()).count(), RECORDS);
}

#[test]
fn neither_limit_counts_what_is_gone_before_the_next_record() {
    let (reply_bytes, request_bytes) = (1 << 20, 4 << 20);
    let lookup =
        index(Limits::default().with_reply_bytes(reply_bytes).with_request_bytes(request_bytes))
            .room("r");
    let fields = r#"{"x":{"$size":{"$range":[0,20000]}}}"#;
    let lookup = lookup.fields(fields).unwrap();
    let page = lookup.page().unwrap();
    assert_eq!(page.files.len(), RECORDS);
    assert_eq!(page.files[0].get("x"), Some(&Value::Int(20_000)));
    assert_eq!(lookup.json().unwrap(), page.to_json());
    assert_eq!(lookup.iter().unwrap().filter(|found| found.is_ok()).count(), RECORDS);
}

#[test]
fn request_bytes_bounds_records_kept_for_a_sort() {
    let all = least_request(|lookup| lookup.sort(r#"{"tags":-1}"#)?.json().map(drop));
    let one = least_request(|lookup| lookup.sort(r#"{"tags":-1}"#)?.count(1).json().map(drop));
    assert!(all > RECORDS * 500 && one < all / 4, "{one} {all}");
}

#[test]
fn request_bytes_bounds_what_an_expression_builds() {
    let built = |doublings: usize| {
        least_request(move |lookup| {
            let text = format!(
                r#"{{"$reduce":{{"input":{{"$range":[0,{doublings}]}},"initialValue":"ab","in":{{"$concat":["$$value","$$value"]}}}}}}"#
            );
            let fields = format!(r#"{{"x":{{"$strLenCP":{text}}}}}"#);
            lookup.fields(&fields)?.count(1).json().map(drop)
        })
    };
    let (short, long) = (built(2), built(16));
    assert!(long > (2 << 16) && short < long / 4, "{short} {long}");
}

#[test]
fn request_bytes_bounds_compiled_patterns_of_all_parts_together() {
    let compiled = |patterns: usize| {
        least_request(move |mut lookup| {
            for n in 0..patterns {
                lookup =
                    lookup.query(format!(r#"{{"name":{{"$regex":"^(x{n}|y)+z{{1,50}}"}}}}"#))?;
            }
            lookup.total().map(drop)
        })
    };
    let (one, ten) = (compiled(1), compiled(10));
    assert!(ten > 5 * one && one > 1000, "{one} {ten}");
}
