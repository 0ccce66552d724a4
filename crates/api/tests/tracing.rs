//! What the calls tell: a span for each, an event with the cost of each execution, and their sums.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use filedex::{Filedex, doc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("filedex")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        let mut notes = self.0.lock().unwrap();
        notes.push(line.0);
        Id::from_u64(notes.len() as u64)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{}", event.metadata().level()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Notes {
    fn of(&self, work: impl FnOnce()) -> Vec<String> {
        self.0.lock().unwrap().clear();
        tracing::subscriber::with_default(self.clone(), work);
        self.0.lock().unwrap().clone()
    }
}

fn index(slow: Duration) -> Filedex {
    let index = Filedex::options().slow(slow).temporary().unwrap();
    index.put_many((0..100).map(|n| doc! { "_id": n.to_string(), "rid": "r", "size": n })).unwrap();
    index
}

#[test]
fn a_lookup_is_a_span_with_its_scope_and_an_event_with_its_cost() {
    let index = index(Duration::MAX);
    let lookup = index.room("r").query(r#"{"size": {"$gte": 90}}"#).unwrap().count(5);
    let told = Notes::default().of(|| {
        lookup.page().unwrap();
        lookup.total().unwrap();
        lookup.json().unwrap();
        lookup.iter().unwrap().for_each(drop);
    });
    let spans: Vec<_> = told.iter().filter(|line| line.starts_with("span")).collect();
    assert_eq!(spans.len(), 4, "{told:?}");
    assert!(spans[0].contains("page") && spans[0].contains("rid"), "{told:?}");
    let events: Vec<_> = told.iter().filter(|line| line.starts_with("DEBUG")).collect();
    // A walk ends with one that finds no more.
    assert_eq!(events.len(), 5, "{told:?}");
    for part in
        ["access_path=\"room\"", "records_examined=", "matched=10", "residual=", "nanoseconds="]
    {
        assert!(events[0].contains(part), "{part}: {}", events[0]);
    }
}

#[test]
fn a_slow_execution_is_a_warning_and_is_counted() {
    let index = index(Duration::ZERO);
    let before = index.stats().unwrap().work;
    let told = Notes::default().of(|| {
        index.all().total().unwrap();
    });
    assert!(
        told.iter().any(|line| line.starts_with("WARN") && line.contains("execution")),
        "{told:?}"
    );
    let after = index.stats().unwrap().work;
    assert_eq!((after.slow - before.slow, after.executions - before.executions), (1, 1));
}

#[test]
fn a_call_that_fails_tells_why() {
    let index = index(Duration::MAX);
    let told = Notes::default().of(|| {
        index.put(&doc! { "size": 1 }).unwrap_err();
    });
    assert!(told.iter().any(|line| line.contains("error=") && line.contains("_id")), "{told:?}");
}
