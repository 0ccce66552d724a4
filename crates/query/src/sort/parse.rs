//! Reading a sort specification: `{"uploadedAt": -1, "name": 1}`.
//!
//! This file knows names, directions and their errors. How a document's key is drawn is `key`'s.

use std::fmt;
use std::sync::Arc;

use crate::copy::hold_query;
use crate::ejson::{self, Form};
use crate::{
    Code, Collation, Document, DocumentRef, Environment, Error, Path, Redaction, Result, Value,
    ValueRef, field_path,
};

/// An ordered list of paths with directions. Empty if no order is asked for. Cheap to clone.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Sort;
/// use filedex::Environment;
/// let sort = Sort::parse_text(r#"{"size": -1, "name": 1}"#, &Environment::default()).unwrap();
/// assert_eq!(sort.keys().len(), 2);
/// assert!(sort.keys()[0].descending);
/// assert_eq!(sort.to_string(), r#"{"size":-1,"name":1}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    keys: Arc<[SortKeySpec]>,
    /// What is left out of records before they are compared.
    redaction: Option<Redaction>,
    /// How texts compare.
    collation: Collation,
}

/// One path of a sort and its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKeySpec {
    /// What is compared.
    pub path: Path,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

impl Sort {
    /// No order.
    pub fn none() -> Sort {
        Sort::default()
    }

    /// Reads an ordered document of path to 1 or -1.
    ///
    /// # Errors
    /// 15974 if a direction is no number, 15975 if it is neither 1 nor -1, 7472500 for a path that
    /// stands twice, 40352, 40353, 15998, 16410 for a bad path, the limits `sort_keys` and
    /// `path_parts`.
    pub fn parse(specification: &Document, environment: &Environment) -> Result<Sort> {
        hold_query(ValueRef::Document(specification.view()), environment)?;
        let limit = environment.limits.sort_keys;
        if specification.len() > limit {
            return Err(Error::limit("sort_keys", limit));
        }
        let mut keys: Vec<SortKeySpec> = Vec::with_capacity(specification.len());
        for (name, direction) in specification.iter() {
            let key = parse_key(name, direction, environment).map_err(|error| error.at(name))?;
            if keys.iter().any(|earlier| earlier.path.text() == name) {
                let message = format!("the path `{name}` stands twice in the sort");
                return Err(Error::new(Code(7_472_500), message).at(name));
            }
            keys.push(key);
        }
        let collation = environment.collation.clone();
        Ok(Sort { keys: keys.into(), redaction: None, collation })
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// Those of [`ejson::read_document`] and of [`Sort::parse`].
    pub fn parse_text(text: &str, environment: &Environment) -> Result<Sort> {
        let Environment { limits, account, .. } = environment;
        Sort::parse(&ejson::read_document_within(text, limits, account)?, environment)
    }

    /// Whether some record could make [`Sort::key`] return an error.
    pub(crate) fn may_fail(&self) -> bool {
        self.keys.len() > 1 || self.keys.iter().any(|key| key.path.as_name().is_none())
    }

    /// The same order of records without what is redacted. A field that is left out is missing from
    /// every record, so that a key that begins with it says nothing and goes; ties go by `_id` in the
    /// direction of the last key as before. Where an error may end the query, no list is to be walked
    /// from its end: the order in which records are met would depend on records of other lists.
    pub(crate) fn redacted(&self, redaction: &Redaction, may_fail: bool) -> Sort {
        let by_id = |descending| SortKeySpec { path: Path::name("_id"), descending };
        let says_something = |key: &&SortKeySpec| !redaction.hides(key.path.first_name());
        let mut keys: Vec<SortKeySpec> = self.keys.iter().filter(says_something).cloned().collect();
        let ties = self.keys.last().map(|key| key.descending);
        if keys.last().map(|key| key.descending) != ties {
            keys.extend(ties.map(by_id));
        }
        if may_fail && keys.first().is_some_and(|key| !key.descending) {
            // No list has an order of three keys.
            let missing = 3_usize.saturating_sub(keys.len());
            keys.extend(std::iter::repeat_n(ties.map(by_id), missing).flatten());
        }
        let collation = self.collation.clone();
        Sort { keys: keys.into(), redaction: Some(redaction.clone()), collation }
    }

    /// The same paths with texts as the collation has them. A sort is read with that of its environment.
    #[must_use]
    pub fn with_collation(&self, collation: &Collation) -> Sort {
        Sort { collation: collation.clone(), ..self.clone() }
    }

    /// How texts compare.
    pub fn collation(&self) -> &Collation {
        &self.collation
    }

    /// The record that is compared.
    pub(super) fn seen<'a>(&'a self, record: DocumentRef<'a>) -> DocumentRef<'a> {
        match &self.redaction {
            None => record,
            Some(redaction) => redaction.asked(record),
        }
    }

    /// The value of a record's field of that name as it is compared.
    pub(super) fn seen_of<'a>(
        &'a self,
        name: &str,
        value: Option<ValueRef<'a>>,
    ) -> Option<ValueRef<'a>> {
        match &self.redaction {
            None => value,
            Some(redaction) if redaction.hides(name) => None,
            Some(redaction) => Some(value?.inside(redaction.level())),
        }
    }

    /// The paths and directions, the most important first.
    pub fn keys(&self) -> &[SortKeySpec] {
        &self.keys
    }

    /// Whether another engine that speaks the language puts whole records in the same order: it does not
    /// where texts compare otherwise than by their bytes, and where a path leads through what is left out.
    /// Of a sort that [`leaves something out`](Sort::is_redacted) it still has to be seen that no value
    /// at its paths is an object, or has one in it.
    pub fn is_portable(&self) -> bool {
        let whole = |redaction: &Redaction| {
            self.keys
                .iter()
                .all(|key| !key.path.parts().iter().any(|part| redaction.hides(&part.name)))
        };
        self.collation.is_simple() && self.redaction.as_ref().is_none_or(whole)
    }

    /// Whether it compares records without what is redacted.
    pub fn is_redacted(&self) -> bool {
        self.redaction.is_some()
    }

    /// Whether no order is asked for.
    pub fn is_none(&self) -> bool {
        self.keys.is_empty()
    }

    /// The specification that reads as this sort.
    pub fn to_document(&self) -> Document {
        let direction = |key: &SortKeySpec| Value::Int(if key.descending { -1 } else { 1 });
        self.keys.iter().map(|key| (key.path.text().to_owned(), direction(key))).collect()
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = Value::Document(self.to_document());
        f.write_str(&ejson::to_text(document.view(), Form::Relaxed))?;
        // Two sorts of one text are one order, so that the text says what is left out, and how texts
        // compare.
        if !self.collation.is_simple() {
            write!(f, " by {}", self.collation)?;
        }
        let names = self.redaction.iter().flat_map(Redaction::names);
        names.enumerate().try_for_each(|(at, name)| {
            let lead = if at == 0 { " without " } else { ", " };
            write!(f, "{lead}{}", ejson::to_text(ValueRef::String(name), Form::Relaxed))
        })
    }
}

fn parse_key(name: &str, direction: &Value, environment: &Environment) -> Result<SortKeySpec> {
    if let Value::Document(metadata) = direction {
        return Err(refuse_metadata(metadata));
    }
    let descending = match whole_direction(direction) {
        None => return Err(Error::new(Code(15974), "a sort direction must be the number 1 or -1")),
        Some(1) => false,
        Some(-1) => true,
        Some(_) => return Err(Error::new(Code(15975), "a sort direction must be 1 or -1")),
    };
    field_path::check(name, &environment.limits)?;
    Ok(SortKeySpec { path: Path::parse(name, &environment.limits)?, descending })
}

/// The direction as a whole number; a fraction is dropped, as the server does.
fn whole_direction(direction: &Value) -> Option<i64> {
    match direction {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) => Some(*number),
        Value::Double(number) => Some(*number as i64),
        Value::Decimal(number) => Some(number.to_f64().round_ties_even() as i64),
        _ => None,
    }
}

/// `{$meta: ..}` sorts by what a text or vector index knows. Filedex keeps none.
fn refuse_metadata(metadata: &Document) -> Error {
    const KNOWN: [&str; 6] =
        ["textScore", "randVal", "geoNearDistance", "searchScore", "vectorSearchScore", "score"];
    let mut fields = metadata.iter();
    let Some(("$meta", name)) = fields.next() else {
        return Error::new(Code(17312), "a sort by an object must be a sort by `$meta`");
    };
    if fields.next().is_some() {
        return Error::new(Code::FAILED_TO_PARSE, "`$meta` must stand alone");
    }
    match name.as_str() {
        Some(name) if KNOWN.contains(&name) => {
            let message = format!("there is no `{name}` to sort by: no index here keeps it");
            Error::new(Code(40218), message)
        }
        _ => Error::new(Code(31138), "nothing of that name can be sorted by with `$meta`"),
    }
}
