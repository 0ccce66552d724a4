//! Whatever is done to a store, it holds and answers what a map of its records would.
#![no_main]

mod site;

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use filedex_query::{Date, Document, Environment, Filter, Matcher, Plan, Projection, Sort, Value};
use filedex_storage::{Options, Put, Store, Watch, Window};
use libfuzzer_sys::fuzz_target;

/// A record of few possible places, so that they meet often.
#[derive(Arbitrary, Clone, Debug)]
struct Draft {
    id: u8,
    room: u8,
    user: u8,
    date: u8,
    group: u8,
    hidden: Option<bool>,
    length: u16,
    number: u8,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Put(Draft),
    PutMany(Vec<Draft>),
    Run { first: u8, last: u8, room: u8, length: u16 },
    Move { id: u8, room: u8 },
    Remove(u8),
    RemoveMany(Vec<u8>),
    Get(u8),
    Page { filter: u8, sort: u8, offset: u8, count: Option<u8> },
    Flush,
    Reopen,
    Restore,
    Compact,
    Repair,
}

const IDS: u8 = 64;

fn id(number: u8) -> String {
    format!("f{}", number % IDS)
}

/// Rooms and users: some are no text, some are many, one is none.
fn place(number: u8) -> Option<Value> {
    match number % 9 {
        0 => None,
        1 => Some(Value::Null),
        2 => Some(Value::Int(7)),
        3 => Some(Value::Array(vec![Value::from("A"), Value::from("B")])),
        4 => Some(Value::from("\0")),
        5 | 6 => Some(Value::from("A")),
        _ => Some(Value::from("B")),
    }
}

fn date(number: u8) -> Option<Value> {
    match number % 12 {
        0 => None,
        1 => Some(Value::Null),
        2 => Some(Value::Array(vec![Value::from(Date(1)), Value::from(Date(5))])),
        3 => Some(Value::from("2024")),
        number => Some(Value::from(Date(i64::from(number)))),
    }
}

impl Draft {
    fn record(&self) -> Document {
        let mut record = Document::new().with("_id", id(self.id));
        let fields = [
            ("rid", place(self.room)),
            ("userId", place(self.user)),
            ("uploadedAt", date(self.date)),
            ("_hidden", self.hidden.map(Value::from)),
        ];
        for (name, value) in fields {
            value.into_iter().for_each(|value| record.push(name, value));
        }
        let groups = ["image", "video", "thumb", "font"];
        if let Some(group) = groups.get(usize::from(self.group % 6)) {
            record.push("typeGroup", *group);
        }
        record.push("number", i32::from(self.number));
        record.with("name", "x".repeat(usize::from(self.length) % 9_000))
    }
}

const FILTERS: &[&str] = &[
    "{}",
    r#"{"rid":"A"}"#,
    r#"{"rid":"B","typeGroup":"image"}"#,
    r#"{"rid":{"$in":["A","\u0000",7,null]}}"#,
    r#"{"userId":"A","_hidden":{"$ne":true}}"#,
    r#"{"userId":null}"#,
    r#"{"_id":{"$in":["f1","f2","f60"]}}"#,
    r#"{"rid":"A","uploadedAt":{"$gte":{"$date":{"$numberLong":"5"}}}}"#,
    r#"{"typeGroup":{"$in":["image","font",null]}}"#,
    r#"{"number":{"$gt":100}}"#,
    r#"{"$or":[{"rid":"A"},{"userId":"B"}]}"#,
    r#"{"$or":[{"uploadedAt":{"$lt":{"$date":{"$numberLong":"8"}}}},{"uploadedAt":{"$date":{"$numberLong":"8"}},"_id":{"$lt":"f4"}}]}"#,
    r#"{"rid":"A","$or":[{"uploadedAt":{"$gt":{"$date":{"$numberLong":"6"}}}},{"uploadedAt":{"$date":{"$numberLong":"6"}},"_id":{"$gt":"f4"}}]}"#,
    r#"{"number":{"$gt":20},"name":{"$regex":"^x"}}"#,
    r#"{"rid":"A","$or":[{"number":{"$lt":30}},{"userId":"B"}]}"#,
    r#"{"$expr":{"$gt":["$number",{"$strLenCP":"$name"}]}}"#,
];

const SORTS: &[&str] = &[
    "{}",
    r#"{"uploadedAt":-1}"#,
    r#"{"uploadedAt":1}"#,
    r#"{"number":1}"#,
    r#"{"_id":-1}"#,
    r#"{"name":1}"#,
    r#"{"typeGroup":-1,"number":1}"#,
];

/// The store and the map.
struct Pair {
    site: tempfile::TempDir,
    store: Option<Store>,
    model: BTreeMap<String, Document>,
    restored: u32,
}

fn options() -> Options {
    let mut options = Options::default();
    options.cache_bytes = 256 << 10;
    options.write_buffer_bytes = 16 << 10;
    options.columns = vec!["number".to_owned()];
    options
}

fn open(site: &tempfile::TempDir, restored: u32) -> Store {
    Store::open(site.path().join(format!("store{restored}")), &options()).expect("it opens")
}

impl Pair {
    fn new() -> Pair {
        let site = site::new();
        let store = Some(open(&site, 0));
        Pair { site, store, model: BTreeMap::new(), restored: 0 }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("it is open")
    }

    fn put_many(&mut self, records: Vec<Document>) {
        self.store().put_many(records.clone()).expect("they are put");
        for record in records {
            let id = record.get_str("_id").expect("an id").to_owned();
            self.model.insert(id, record);
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Put(draft) => {
                let record = draft.record();
                let put = self.store().put(&record).expect("it is put");
                let expected = match self.model.insert(id(draft.id), record.clone()) {
                    None => Put::Inserted,
                    Some(old) if old == record => Put::Unchanged,
                    Some(_) => Put::Replaced,
                };
                assert_eq!(put, expected);
            }
            Step::PutMany(drafts) => self.put_many(drafts.iter().map(Draft::record).collect()),
            Step::Run { first, last, room, length } => {
                let ids = (first % IDS)..=(last % IDS);
                let draft = |id| Draft {
                    id,
                    room: *room,
                    user: id,
                    date: id,
                    group: id,
                    hidden: None,
                    length: *length,
                    number: id,
                };
                self.put_many(ids.map(|id| draft(id).record()).collect());
            }
            Step::Move { id: number, room } => {
                let room = place(*room).unwrap_or(Value::Null);
                let change = |record: &mut Document| record.set("rid", room.clone());
                let updated = self.store().update(&id(*number), change).expect("it is updated");
                let known = self.model.get_mut(&id(*number));
                assert_eq!(updated.is_some(), known.is_some());
                known.into_iter().for_each(|record| record.set("rid", room.clone()));
            }
            Step::Remove(number) => {
                let removed = self.store().remove(&id(*number)).expect("it is removed");
                assert_eq!(removed, self.model.remove(&id(*number)).is_some());
            }
            Step::RemoveMany(numbers) => {
                let ids = numbers.iter().map(|number| id(*number));
                let removed = self.store().remove_many(ids.clone()).expect("they are removed");
                assert_eq!(removed, ids.filter_map(|id| self.model.remove(&id)).count() as u64);
            }
            Step::Get(number) => {
                let found = self.store().get(&id(*number)).expect("it is read");
                assert_eq!(found.as_ref(), self.model.get(&id(*number)));
            }
            Step::Page { filter, sort, offset, count } => {
                let window = Window { offset: u64::from(*offset), count: count.map(u64::from) };
                self.page(usize::from(*filter), usize::from(*sort), window);
            }
            Step::Flush => self.store().flush().expect("it is flushed"),
            Step::Reopen => self.reopen(),
            Step::Restore => self.restore(),
            Step::Compact | Step::Repair => self.rebuild(matches!(step, Step::Compact)),
        }
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(&self.site, self.restored));
    }

    /// Goes on in a store restored from a backup of this one.
    fn restore(&mut self) {
        if self.restored > 2 {
            return;
        }
        let backup = self.site.path().join("backup");
        self.store().backup(&backup, &mut |_, _| ()).expect("it is backed up");
        self.restored += 1;
        let path = self.site.path().join(format!("store{}", self.restored));
        Store::restore(&backup, path, &options(), &mut |_, _| ()).expect("it is restored");
        self.reopen();
    }

    /// Goes on in the same store, written anew.
    fn rebuild(&mut self, compact: bool) {
        self.store = None;
        let path = self.site.path().join(format!("store{}", self.restored));
        if compact {
            let compaction = Store::compact(path, &options(), &mut |_, _| ());
            assert_eq!(compaction.expect("it is compacted").records, self.model.len() as u64);
        } else {
            let repair = Store::repair(path, &options(), &mut |_, _| ()).expect("it is repaired");
            assert!(repair.is_whole(), "{:?}", repair.quarantined);
            assert_eq!(repair.records, self.model.len() as u64);
        }
        self.reopen();
    }

    /// The answer is what filtering and sorting everything gives.
    fn page(&self, filter: usize, sort: usize, window: Window) {
        let environment = Environment::default();
        let filter = FILTERS[filter % FILTERS.len()];
        let filter = Filter::parse_text(filter, &environment).expect("a filter");
        let sort = Sort::parse_text(SORTS[sort % SORTS.len()], &environment).expect("a sort");
        let unsorted = sort.keys().is_empty();
        let everything = Projection::everything();
        let plan = Plan::compile(filter, everything, sort, &environment).expect("a plan");
        let page = self.store().page(&plan, window, &Watch::default()).expect("a page");

        let matcher = Matcher::compile(plan.filter(), &environment).expect("a matcher");
        let matches = |record: &&Document| matcher.matches(record.view()).expect("a match");
        let mut expected: Vec<&Document> = self.model.values().filter(matches).collect();
        assert_eq!(page.total, expected.len() as u64);
        let offset = usize::try_from(window.offset).expect("a small offset");
        let count = window.count.map_or(usize::MAX, |count| count as usize);
        if unsorted {
            let due = expected.len().saturating_sub(offset).min(count);
            assert_eq!(page.documents.len(), due);
            return;
        }
        expected.sort_by_key(|record| plan.sort().key_with_id(record.view()).expect("a key"));
        let expected: Vec<&Document> = expected.into_iter().skip(offset).take(count).collect();
        assert_eq!(page.documents.iter().collect::<Vec<_>>(), expected, "{plan}");
    }

    fn check(&self) {
        let report = self.store().verify(&mut |_, _| ()).expect("it is verified");
        assert!(report.is_clean(), "{:?}", report.problems);
        assert_eq!(report.records, self.model.len() as u64);
        for (id, record) in &self.model {
            assert_eq!(self.store().get(id).expect("it is read").as_ref(), Some(record));
        }
    }
}

/// Steps of one input at most.
const STEPS: usize = 60;

fuzz_target!(|steps: Vec<Step>| {
    let mut pair = Pair::new();
    for step in steps.iter().take(STEPS) {
        pair.run(step);
    }
    pair.check();
    pair.reopen();
    pair.check();
});
