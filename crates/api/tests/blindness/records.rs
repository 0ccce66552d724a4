//! Two sets of records that are the same to one caller.

use filedex::{Date, Document, Policy, Value};

use super::choices::Choices;

/// The room that the caller may read, and the user whose files are asked for.
pub const ROOM: &str = "G1";
pub const USER: &str = "u1";

/// What the policies deny, and what the record itself shows all the same.
const DENIED: [&str; 3] = ["token", "password", "secret"];

/// A policy, and which top-level fields it shows though they are denied.
pub struct Rules {
    pub policy: Policy,
    shown: &'static [&'static str],
}

impl Rules {
    pub fn draw(choices: &mut Choices<'_>) -> Rules {
        match choices.once_in(3) {
            false => Rules {
                policy: Policy::default().deny_field("secret"),
                shown: &["token", "password"],
            },
            true => {
                let policy = DENIED.iter().fold(Policy::open(), |all, name| all.deny_field(*name));
                Rules { policy, shown: &[] }
            }
        }
    }
}

/// The two sets, in the order in which they are put.
pub fn draw(choices: &mut Choices<'_>, rules: &Rules) -> [Vec<Document>; 2] {
    let visible = choices.of(&[3, 8, 40, 70]);
    let mut sets = [Vec::new(), Vec::new()];
    for number in 0..visible {
        let record = base(choices, &format!("v{number:02}")).with("rid", ROOM);
        for set in &mut sets {
            set.push(salted(record.clone(), choices, rules));
        }
    }
    for (side, set) in sets.iter_mut().enumerate() {
        for number in 0..choices.below(9) {
            let record = base(choices, &format!("o{side}{number}"));
            let room = Value::from(choices.of(&["G2", "G3", "", "g1"]));
            let rooms = Value::from(vec![Value::from("G2"), Value::from("G3")]);
            let record = match choices.below(4) {
                0 => record.with("rid", ROOM).with("_hidden", true),
                1 => record.with("rid", rooms),
                2 => record,
                _ => record.with("rid", room),
            };
            let at = choices.below(set.len() + 1);
            // To Zipline's endpoint a user's file shows in whatever room it lies.
            let hidden = match record.get("_hidden") {
                Some(_) => record,
                None => record.with("_hidden", true),
            };
            set.insert(at, salted(hidden, choices, rules));
        }
        // Many on one side make another way to the records the shorter one.
        for number in 0..choices.of(&[0, 0, 100]) {
            let owner = choices.of(&[USER, "u2"]);
            let far = Document::new().with("_id", format!("q{side}{number}")).with("rid", "G2");
            set.push(far.with("userId", owner).with("_hidden", true));
        }
        for number in 0..choices.below(5) {
            let mut record = base(choices, &format!("p{side}{number}")).with("rid", "G2");
            record.set("userId", "u3");
            let at = choices.below(set.len() + 1);
            set.insert(at, record);
        }
    }
    sets
}

/// A record without anything denied.
fn base(choices: &mut Choices<'_>, id: &str) -> Document {
    let mut record = Document::new().with("_id", id);
    if !choices.once_in(6) {
        record.set("name", choices.of(&["logo.png", "7", "x7", "Cat.PNG", "", "1e3", "7"]));
    }
    let size = choices.below(7);
    match size {
        0 => {}
        1 => record.set("size", "12"),
        2 => record.set("size", 0.5),
        number => record.set("size", number as i32 - 3),
    }
    let day = i64::from(choices.below(4) as u8);
    match choices.below(8) {
        0 => {}
        1 => record.set("uploadedAt", "late"),
        _ => record.set("uploadedAt", Date(1_700_000_000_000 + day * 86_400_000)),
    }
    if !choices.once_in(5) {
        record.set("userId", choices.of(&[USER, "u2", "u3"]));
    }
    let group = choices.of(&["image", "text", "odd", ""]);
    if !group.is_empty() {
        record.set("typeGroup", group);
        record.set("type", format!("{group}/x"));
    }
    if choices.once_in(3) {
        record.set("share", inner(choices));
    }
    if choices.once_in(3) {
        let list: Vec<Value> = (0..choices.below(4)).map(|_| element(choices)).collect();
        record.set("list", list);
    }
    if choices.once_in(4) {
        record.set("tags", vec![Value::from("t1"), Value::from(inner(choices))]);
    }
    record
}

fn element(choices: &mut Choices<'_>) -> Value {
    match choices.below(4) {
        0 => Value::from(choices.below(4) as i32),
        1 => Value::from("7"),
        2 => Value::from(vec![Value::from(inner(choices))]),
        _ => Value::from(inner(choices)),
    }
}

fn inner(choices: &mut Choices<'_>) -> Document {
    let inner = Document::new().with("n", choices.below(4) as i32);
    match choices.once_in(3) {
        true => inner.with("deep", Document::new().with("n", choices.below(3) as i32)),
        false => inner,
    }
}

/// The record with denied fields in it.
fn salted(record: Document, choices: &mut Choices<'_>, rules: &Rules) -> Document {
    let mut record = salt(record, choices, rules.shown);
    if rules.shown.contains(&"token") {
        // Shown as it is, and so the same in both sets.
        let id = record.get_str("_id").unwrap_or_default().to_owned();
        if id.len() % 2 == 1 {
            record.set("token", format!("tk-{id}"));
        }
    }
    if rules.shown.contains(&"password") && record.get_str("name") == Some("7") {
        record.set("password", format!("$2b${}", choices.below(9)));
    }
    record
}

fn salt(document: Document, choices: &mut Choices<'_>, not: &[&str]) -> Document {
    let mut fields: Vec<(String, Value)> =
        document.into_iter().map(|(name, value)| (name, salt_inside(value, choices))).collect();
    for name in DENIED {
        if !not.contains(&name) && choices.once_in(2) {
            let at = choices.below(fields.len() + 1);
            fields.insert(at, (name.to_owned(), hidden_value(choices)));
        }
    }
    fields.into_iter().collect()
}

fn salt_inside(value: Value, choices: &mut Choices<'_>) -> Value {
    match value {
        Value::Document(document) => Value::Document(salt(document, choices, &[])),
        Value::Array(array) => array
            .into_iter()
            .map(|element| salt_inside(element, choices))
            .collect::<Vec<_>>()
            .into(),
        value => value,
    }
}

fn hidden_value(choices: &mut Choices<'_>) -> Value {
    match choices.below(6) {
        0 => Value::Null,
        1 => Value::from(choices.below(9) as i32),
        2 => Value::from(Document::new().with("n", choices.below(3) as i32)),
        3 => Value::from(vec![Value::from(1), Value::from("7")]),
        _ => Value::from(format!("{}{}", choices.below(9), "x".repeat(choices.below(40) * 8))),
    }
}
