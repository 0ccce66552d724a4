//! Reads JSON text into values, with the order of keys and repeated keys kept.
//!
//! The syntax is serde_json's; this file only builds values and watches depth and size.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::wrapper::{self, Dialect};
use crate::copy::{ELEMENT, FIELD};
use crate::{Account, Code, Document, Error, Limits, Place, Result, Value};

/// Reads one JSON value. Extended JSON wrappers (`{"$date": ..}`) become values.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::{Limits, Value, ejson};
/// let limits = Limits::default();
/// assert_eq!(ejson::read("1", &limits).unwrap(), Value::Int(1));
/// assert_eq!(ejson::read("1.0", &limits).unwrap(), Value::Double(1.0));
/// assert!(ejson::read("{'single': 'quotes'}", &limits).is_err());
/// ```
///
/// # Errors
/// 9 (FailedToParse) for text that is no JSON or a malformed wrapper; an error naming `text_bytes` or
/// `document_depth` past a limit.
pub fn read(text: &str, limits: &Limits) -> Result<Value> {
    read_within(text, limits, &Account::new(limits))
}

/// As [`read`], charged to a request: what is read stays held.
///
/// # Errors
/// As [`read`], and what the account says.
pub fn read_within(text: &str, limits: &Limits, account: &Account) -> Result<Value> {
    read_as(text, Dialect::Query, limits, account)
}

/// Reads one JSON object.
///
/// # Errors
/// As [`read`]; 9 also for JSON that is no object.
pub fn read_document(text: &str, limits: &Limits) -> Result<Document> {
    read_document_within(text, limits, &Account::new(limits))
}

/// As [`read_document`], charged to a request: what is read stays held.
///
/// # Errors
/// As [`read_document`], and what the account says.
pub fn read_document_within(text: &str, limits: &Limits, account: &Account) -> Result<Document> {
    as_document(read_within(text, limits, account)?)
}

/// Reads one JSON object of data, as programs wrote it to a file: what only older forms of Extended
/// JSON and Meteor's EJSON say for a value is a value too, where in a query it would be operators.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::{Binary, Limits, Value, ejson};
/// let text = r#"{"a": {"$binary": "AAE=", "$type": "00"}, "b": {"$type": "oid", "$value": "5a9f1b2c3d4e5f6071829305"}}"#;
/// let document = ejson::read_data(text, &Limits::default())?;
/// assert_eq!(document.get("a"), Some(&Value::from(Binary { subtype: 0, bytes: vec![0, 1] })));
/// assert!(matches!(document.get("b"), Some(Value::ObjectId(_))));
/// # Ok::<(), filedex_query::Error>(())
/// ```
///
/// # Errors
/// As [`read_document`]; 9 also for code with scope, which has no value here.
pub fn read_data(text: &str, limits: &Limits) -> Result<Document> {
    // Data are the host's own: only the length of the text bounds them.
    let account = Account::new(&Limits { request_bytes: usize::MAX, ..limits.clone() });
    as_document(read_as(text, Dialect::Data, limits, &account)?)
}

fn as_document(value: Value) -> Result<Document> {
    match value {
        Value::Document(document) => Ok(document),
        _ => Err(Error::new(Code::FAILED_TO_PARSE, "expected a JSON object")),
    }
}

fn read_as(text: &str, dialect: Dialect, limits: &Limits, account: &Account) -> Result<Value> {
    if text.len() > limits.text_bytes {
        return Err(Error::limit("text_bytes", limits.text_bytes));
    }
    let mut fault = None;
    let depth = limits.document_depth;
    let seed = Seed { depth, dialect, limits, account, fault: &mut fault };
    // Its texts are as long together as the text at most.
    account.hold(text.len())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    // The depth is watched by the seed, whose limit the host sets.
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| fault.unwrap_or_else(|| not_json(text, &error)))
}

fn not_json(text: &str, error: &serde_json::Error) -> Error {
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or(&words);
    // Lines and columns count from 1, columns in bytes; at the end of a line they are 0.
    let line = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let at = (line + error.column().saturating_sub(1)).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let hint = slip(text.get(at..).unwrap_or_default(), what);
    let message = format!("not JSON: {what}{hint}");
    Error::new(Code::FAILED_TO_PARSE, message).placed(Place::of(text, at))
}

/// What people write by mistake, and what JSON has in its place.
fn slip(rest: &str, what: &str) -> &'static str {
    if what.contains("surrogate") || what.contains("end of hex escape") {
        return "; half of a pair of surrogates is no character";
    }
    let word = rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    match (rest.chars().next(), word) {
        (Some('\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}'), _) => {
            "; this is a typographic quote, write \""
        }
        (Some('\''), _) => "; JSON's quotes are double",
        (Some('/'), _) => "; a regular expression is {\"$regex\": \"..\", \"$options\": \"i\"}",
        (_, "ISODate" | "new" | "Date") => "; a date is {\"$date\": \"2024-01-01T00:00:00Z\"}",
        (_, "ObjectId") => "; an id is {\"$oid\": \"..\"}",
        (_, "NumberLong" | "NumberInt" | "NumberDecimal") => {
            "; such a number is {\"$numberLong\": \"5\"}"
        }
        (Some(letter), _) if letter.is_alphabetic() || letter == '$' => {
            "; in JSON names and texts stand in double quotes"
        }
        _ => "",
    }
}

/// Builds a value at one level. Faults of our own travel beside serde's error, which only carries
/// text.
struct Seed<'s> {
    depth: usize,
    dialect: Dialect,
    limits: &'s Limits,
    account: &'s Account,
    fault: &'s mut Option<Error>,
}

/// What reading a value costs, in steps.
const STEPS_A_VALUE: u64 = 1;

impl Seed<'_> {
    /// The seed of a value inside, which takes so many bytes with its name.
    fn deeper(&mut self, bytes: usize) -> Option<Seed<'_>> {
        let account = self.account;
        if let Err(fault) = account.work(STEPS_A_VALUE).and_then(|()| account.hold(bytes)) {
            *self.fault = Some(fault);
            return None;
        }
        match self.depth.checked_sub(1) {
            Some(depth) => {
                let (dialect, limits) = (self.dialect, self.limits);
                Some(Seed { depth, dialect, limits, account, fault: self.fault })
            }
            None => {
                let most = self.limits.document_depth;
                let levels = format!(
                    "{most} levels (each `$and` or `$or` is two, its object and its array)"
                );
                *self.fault = Some(Error::limit("document_depth", levels));
                None
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result2<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

type Result2<T, E> = std::result::Result<T, E>;

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result2<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result2<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result2<Value, E> {
        Ok(Value::integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result2<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Double(number as f64), Value::integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result2<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result2<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result2<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result2<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let seed = self.deeper(ELEMENT).ok_or_else(|| A::Error::custom("too deep"))?;
            match elements.next_element_seed(seed)? {
                Some(value) => array.push(value),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result2<Value, A::Error> {
        let mut document = Document::new();
        while let Some(name) = fields.next_key::<String>()? {
            let seed = self.deeper(FIELD + name.len());
            let seed = seed.ok_or_else(|| A::Error::custom("too deep"))?;
            document.push(name, fields.next_value_seed(seed)?);
        }
        wrapper::unwrap(document, self.dialect).map_err(|error| {
            *self.fault = Some(error);
            A::Error::custom("malformed Extended JSON")
        })
    }
}
