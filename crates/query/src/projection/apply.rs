//! Running a document through a projection.
//!
//! One pass: fields stay in the document's order, and what is computed comes after, except where it
//! lies inside an object or array that is there already. Inclusion drops scalars on the way to a
//! nested field, exclusion keeps them, a computed field replaces them by objects.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::level::{Field, Level, Slice};
use super::parse::{Kind, parse};
use crate::copy::{ELEMENT, FIELD, copy, copy_document, hold_query};
use crate::ejson::{self, Form};
use crate::expression::{first_or_last, from_start_or_end};
use crate::redaction;
use crate::{
    Account, ArrayRef, Code, Collation, Document, DocumentRef, ElementMatcher, Environment, Error,
    Found, Redaction, Result, Value, ValueRef,
};

/// A parsed projection. Cheap to clone, immutable, free to cross threads.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Projection;
/// use filedex::{Document, Environment};
/// let fields = Projection::parse_text(r#"{"name": 1, "_id": 0}"#, &Environment::default())?;
/// let file = Document::new().with("_id", "a").with("size", 7).with("name", "logo.png");
/// let shown = fields.apply(file.view(), None)?;
/// assert_eq!(shown, Document::new().with("name", "logo.png"));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
pub struct Projection {
    parsed: Arc<Parsed>,
    /// What is left out of records before they are shown.
    pub(super) redaction: Option<Redaction>,
    /// What is left out of them in all, where showing a record takes no more than leaving out whole fields.
    pub(super) left_out: Option<Arc<redaction::Level>>,
}

struct Parsed {
    source: Document,
    kind: Kind,
    root: Level,
    /// How texts compare in what is computed and sought.
    collation: Collation,
}

/// What the walk remembers of the way to a field.
#[derive(Clone, Copy)]
struct Way<'m> {
    kind: Kind,
    /// What computed fields are computed from.
    document: DocumentRef<'m>,
    found: Option<Found>,
    /// Whether the positional `$` still waits for its array.
    seeks_position: bool,
    /// Whether an array directly in an array was entered, which `$slice` does not do.
    is_nested: bool,
    /// Steps that computed fields have taken: on a path through arrays there may be many.
    spent: &'m Cell<usize>,
    account: &'m Account,
}

impl Parsed {
    /// What is left out of records, where the fields are named whole.
    fn left_out(&self, redaction: &Redaction) -> Option<Arc<redaction::Level>> {
        let fields = &self.root.fields;
        let keeps = self.kind == Kind::Inclusion;
        let is_whole = fields.iter().all(|(_, field)| matches!(field, Field::Named));
        let is_some = keeps || !fields.is_empty();
        let names = fields.iter().map(|(name, _)| name.as_str());
        (is_whole && is_some).then(|| Arc::new(redaction.narrowed(names, keeps)))
    }
}

impl Projection {
    /// The projection that shows every field.
    pub fn everything() -> Projection {
        static EVERYTHING: LazyLock<Projection> = LazyLock::new(|| {
            let (source, root) = (Document::new(), Level::default());
            let collation = Collation::simple();
            Projection::of(Parsed { source, kind: Kind::Exclusion, root, collation })
        });
        EVERYTHING.clone()
    }

    /// Reads a specification such as `{"name": 1, "versions": {"$slice": -1}}`.
    ///
    /// # Errors
    /// 31249, 31250 for paths that clash, 31252 to 31256, 31271, 31274 to 31276, 31308, 31310, 31394,
    /// 31395, 5392900 for what can't go together, 51270 for an empty object, 16410, 15998, 40352,
    /// 40353 for bad names, 31325 for an unknown operator, 40218 for metadata; those of expressions
    /// and of `$elemMatch`; the limits `filter_nodes`, `filter_depth`, `path_parts`.
    pub fn parse(specification: &Document, environment: &Environment) -> Result<Projection> {
        hold_query(ValueRef::Document(specification.view()), environment)?;
        let (kind, root) = parse(specification, environment)?;
        let (source, collation) = (specification.clone(), environment.collation.clone());
        Ok(Projection::of(Parsed { source, kind, root, collation }))
    }

    fn of(parsed: Parsed) -> Projection {
        let left_out = parsed.left_out(&Redaction::default());
        Projection { parsed: Arc::new(parsed), redaction: None, left_out }
    }

    /// The same projection with texts as the environment's collation has them.
    pub(crate) fn under(&self, environment: &Environment) -> Result<Projection> {
        if self.parsed.collation == environment.collation {
            return Ok(self.clone());
        }
        let parsed = Projection::parse(&self.parsed.source, environment)?.parsed;
        Ok(Projection { parsed, ..self.clone() })
    }

    /// The same projection of records without what is redacted.
    pub(crate) fn redacted(&self, redaction: &Redaction) -> Projection {
        let left_out = self.parsed.left_out(redaction);
        Projection {
            parsed: Arc::clone(&self.parsed),
            redaction: Some(redaction.clone()),
            left_out,
        }
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// Those of [`ejson::read_document`] and of [`Projection::parse`].
    pub fn parse_text(text: &str, environment: &Environment) -> Result<Projection> {
        let Environment { limits, account, .. } = environment;
        Projection::parse(&ejson::read_document_within(text, limits, account)?, environment)
    }

    /// Whether every field is shown as it is.
    pub fn is_everything(&self) -> bool {
        self.redaction.is_none() && self.shows_all()
    }

    pub(super) fn shows_all(&self) -> bool {
        self.parsed.kind == Kind::Exclusion && self.parsed.root.is_empty()
    }

    /// The record as it is shown, where that takes no more than leaving out whole fields, and what is redacted:
    /// nothing has to be copied for it.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Projection;
    /// use filedex::{Document, Environment};
    /// let record = Document::new().with("_id", "a").with("size", 7).with("name", "logo.png");
    /// let fields = Projection::parse_text(r#"{"size": 1}"#, &Environment::default())?;
    /// let shown = fields.in_place(record.view()).map(|shown| shown.to_document());
    /// assert_eq!(shown, Some(Document::new().with("_id", "a").with("size", 7)));
    /// let inside = Projection::parse_text(r#"{"share.name": 1}"#, &Environment::default())?;
    /// assert!(inside.in_place(record.view()).is_none());
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn in_place<'r>(&'r self, record: DocumentRef<'r>) -> Option<DocumentRef<'r>> {
        match (&self.left_out, &self.redaction) {
            (Some(left_out), _) => Some(record.redacted(left_out)),
            (None, _) if !self.shows_all() => None,
            (None, Some(redaction)) => Some(redaction.shown(record)),
            (None, None) => Some(record),
        }
    }

    /// Whether [`Projection::apply`] wants to know which element the filter matched.
    pub fn needs_position(&self) -> bool {
        self.parsed.root.has_position
    }

    /// The document as the projection shows it. `found` is what the filter matched; only a
    /// positional `$` looks at it.
    ///
    /// # Errors
    /// 51246 and 51247 if a positional `$` finds no element; those of [`crate::Expression::evaluate`].
    pub fn apply(&self, document: DocumentRef<'_>, found: Option<Found>) -> Result<Document> {
        self.apply_within(document, found, &Account::default())
    }

    /// As [`Projection::apply`], charged to a request: what is shown is held until the caller releases it.
    ///
    /// # Errors
    /// As [`Projection::apply`], and what the account says.
    pub fn apply_within(
        &self,
        document: DocumentRef<'_>,
        found: Option<Found>,
        account: &Account,
    ) -> Result<Document> {
        let (shown, document) = match &self.redaction {
            None => (document, document),
            Some(redaction) => (redaction.shown(document), redaction.asked(document)),
        };
        if self.shows_all() {
            return copy_document(shown, account);
        }
        let spent = Cell::new(0);
        let way = Way {
            account,
            spent: &spent,
            kind: self.parsed.kind,
            document,
            found,
            seeks_position: self.needs_position(),
            is_nested: false,
        };
        project(&self.parsed.root, shown, way)
    }

    /// The specification as it was read.
    pub fn to_document(&self) -> Document {
        self.parsed.source.clone()
    }

    /// The top-level fields it reads; `None` if it may read all of them.
    pub fn fields(&self) -> Option<BTreeSet<String>> {
        if self.parsed.kind == Kind::Exclusion {
            return None;
        }
        let mut fields = BTreeSet::new();
        collect_fields(&self.parsed.root, true, &mut fields).then_some(fields)
    }
}

/// Adds the fields that a level reads; false if it reads the whole document.
fn collect_fields(level: &Level, is_root: bool, fields: &mut BTreeSet<String>) -> bool {
    level.fields.iter().all(|(name, field)| {
        if is_root && !matches!(field, Field::Computed(_)) {
            fields.insert(name.clone());
        }
        match field {
            Field::Computed(expression) => match expression.fields() {
                Some(read) => {
                    fields.extend(read);
                    true
                }
                None => false,
            },
            Field::Inside(inner) => collect_fields(inner, false, fields),
            _ => true,
        }
    })
}

/// An object through a level: its fields in order, then what is computed and was not there.
fn project(level: &Level, object: DocumentRef<'_>, way: Way<'_>) -> Result<Document> {
    let mut shown = Vec::new();
    for (place, (name, value)) in object.iter().enumerate() {
        way.account.work(u64::from(place.is_multiple_of(4)))?;
        let kept = match level.get(name) {
            Some(Field::Computed(_) | Field::Element(_)) => None,
            Some(field) => project_field(field, value, way)?,
            None if way.kind == Kind::Exclusion => Some(copy(value, way.account)?),
            None => None,
        };
        if let Some(value) = kept {
            way.account.hold(FIELD + name.len())?;
            shown.push((name.to_owned(), value));
        }
    }
    if level.is_computed {
        compute(level, object, way, &mut shown)?;
    }
    Ok(shown.into_iter().collect())
}

fn project_field(field: &Field, value: ValueRef<'_>, way: Way<'_>) -> Result<Option<Value>> {
    match (field, value) {
        (Field::Inside(inner), value) => {
            let seeks_position = way.seeks_position && inner.has_position;
            project_inside(inner, Some(value), Way { seeks_position, ..way })
        }
        (Field::Position, ValueRef::Array(array)) if way.seeks_position => {
            let element = copy(matched_element(array, way)?, way.account)?;
            Ok(Some(Value::Array(vec![element])))
        }
        (Field::Slice(slice), ValueRef::Array(array)) if !way.is_nested => {
            take_slice(array, *slice, way.account).map(Some)
        }
        (Field::Named, _) if way.kind == Kind::Exclusion => Ok(None),
        _ => copy(value, way.account).map(Some),
    }
}

/// What stands where an object is expected. `None` if nothing is to be shown.
fn project_inside(
    level: &Level,
    value: Option<ValueRef<'_>>,
    way: Way<'_>,
) -> Result<Option<Value>> {
    match value {
        Some(ValueRef::Document(object)) => Ok(Some(project(level, object, way)?.into())),
        Some(ValueRef::Array(array)) if way.seeks_position => {
            let way = Way { seeks_position: false, ..way };
            let element = matched_element(array, way)?;
            let shown = project_inside(level, Some(element), way)?;
            Ok(Some(Value::Array(vec![shown.ok_or_else(element_mismatch)?])))
        }
        Some(ValueRef::Array(array)) => {
            let mut shown = Vec::new();
            for element in array.iter() {
                way.account.hold(ELEMENT)?;
                let is_nested = way.is_nested || matches!(element, ValueRef::Array(_));
                shown.extend(project_inside(level, Some(element), Way { is_nested, ..way })?);
            }
            Ok(Some(shown.into()))
        }
        _ if level.is_computed => {
            let mut shown = Vec::new();
            compute(level, way.document, way, &mut shown)?;
            Ok(Some(shown.into_iter().collect::<Document>().into()))
        }
        Some(scalar) if way.kind == Kind::Exclusion => copy(scalar, way.account).map(Some),
        _ => Ok(None),
    }
}

/// Adds the computed fields of a level that were not there to be computed in their place.
fn compute(
    level: &Level,
    object: DocumentRef<'_>,
    way: Way<'_>,
    shown: &mut Vec<(String, Value)>,
) -> Result<()> {
    for (name, field) in &level.fields {
        let value = match field {
            Field::Computed(expression) => expression
                .evaluate_beside(way.document, way.spent, way.account)
                .map_err(|error| error.at(name))?,
            Field::Element(matcher) => first_match(matcher, object.get(name), way.account)?,
            Field::Inside(inner) if inner.is_computed => {
                way.account.work(shown.len() as u64 / 16)?;
                match shown.iter().any(|(shown, _)| shown == name) {
                    true => None,
                    false => project_inside(inner, None, way)?,
                }
            }
            _ => None,
        };
        if let Some(value) = value {
            way.account.hold(FIELD + name.len())?;
            shown.push((name.clone(), value));
        }
    }
    Ok(())
}

fn first_match(
    matcher: &ElementMatcher,
    value: Option<ValueRef<'_>>,
    account: &Account,
) -> Result<Option<Value>> {
    let Some(ValueRef::Array(array)) = value else { return Ok(None) };
    for element in array.iter() {
        if matcher.matches_within(element, account)? {
            return Ok(Some(Value::Array(vec![copy(element, account)?])));
        }
    }
    Ok(None)
}

fn matched_element<'a>(array: ArrayRef<'a>, way: Way<'_>) -> Result<ValueRef<'a>> {
    let Some(index) = way.found.and_then(|found| found.array_index) else {
        let message = "the filter matched no element that a positional `$` could show";
        return Err(Error::new(Code(51246), message));
    };
    array.get(index).ok_or_else(element_mismatch)
}

fn element_mismatch() -> Error {
    Error::new(Code(51247), "the element that the filter matched is not in this array")
}

fn take_slice(array: ArrayRef<'_>, slice: Slice, account: &Account) -> Result<Value> {
    let mut length = 0_usize;
    for _ in array.iter() {
        length += 1;
        account.work(u64::from(length.is_multiple_of(16)))?;
    }
    let (start, count) = match slice.skip {
        None => first_or_last(length, slice.count),
        Some(skip) => (from_start_or_end(length, skip), slice.count.unsigned_abs() as usize),
    };
    let mut taken = Vec::new();
    for element in array.iter().skip(start).take(count) {
        account.hold(ELEMENT)?;
        taken.push(copy(element, account)?);
    }
    Ok(taken.into())
}

impl PartialEq for Projection {
    fn eq(&self, other: &Projection) -> bool {
        self.parsed.source == other.parsed.source && self.redaction == other.redaction
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        ejson::write_document(self.parsed.source.view(), Form::Relaxed, &mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl fmt::Debug for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Projection({self})")
    }
}
