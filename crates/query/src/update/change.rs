//! The public face of an update: parsed once, applied to many documents.
//!
//! This file tells the three kinds of update apart and knows no operator.

use std::fmt;
use std::sync::Arc;

use super::array_filter::ArrayFilters;
use super::pipeline::Pipeline;
use super::walk::{Operations, Start};
use super::{parse, replacement, seed, storable};
use crate::copy::hold_query;
use crate::ejson::{self, Form};
use crate::filter::within_depth;
use crate::{
    Account, Code, Date, Document, Environment, Error, Filter, Found, Limits, Result, Value,
};

/// A parsed update. Cheap to clone, immutable, free to cross threads.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Found, Update};
/// use filedex::{Document, Environment};
/// let environment = Environment::default();
/// let rename = Update::parse_text(r#"{"$set": {"name": "b.png"}}"#, None, &environment)?;
/// let file = Document::new().with("_id", "a").with("name", "a.png");
/// let renamed = rename.apply(file, Found::default())?;
/// assert!(renamed.is_changed);
/// assert_eq!(renamed.document.get_str("name"), Some("b.png"));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
pub struct Update(Arc<Parsed>);

struct Parsed {
    source: Value,
    array_filters: Vec<Value>,
    kind: Kind,
    limits: Limits,
    now: Date,
}

#[derive(Debug)]
enum Kind {
    Operators(Operations),
    Replacement(Document),
    Pipeline(Pipeline),
}

/// What an update has made of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated {
    /// The document as it is now.
    pub document: Document,
    /// Whether that counts as a change, by each operator's own rule (MongoDB's `nModified`).
    pub is_changed: bool,
}

impl Update {
    /// Reads an update: an object of operators, a whole document, or an array of pipeline stages.
    /// `array_filters` say which elements `$[x]` stands for.
    ///
    /// `$currentDate` and `$$NOW` are [`Environment::now`].
    ///
    /// # Errors
    /// Everything that can be told without a document, in the order in which it is written, with
    /// MongoDB's codes: 9 for unknown operators and wrong shapes, 2 and 14 for wrong arguments, 40 where
    /// two operators meet, 56 for empty parts of paths, 72, 40323 and 40324 for stages; those of filters
    /// and expressions; the limits `document_depth`, `path_parts`, `filter_nodes`.
    pub fn parse(
        update: &Value,
        array_filters: &[Value],
        environment: &Environment,
    ) -> Result<Update> {
        let limits = &environment.limits;
        // Checked before the copies: copying goes as deep as the value does.
        for value in std::iter::once(update).chain(array_filters) {
            if !within_depth(value, limits.document_depth) {
                let error = Error::limit("document_depth", limits.document_depth);
                return Err(error.with_code(Code(15)));
            }
            hold_query(value.view(), environment)?;
        }
        let filters = ArrayFilters::parse(array_filters, environment)?;
        let kind = Kind::parse(update, filters, environment)?;
        Ok(Update(Arc::new(Parsed {
            source: update.clone(),
            array_filters: array_filters.to_vec(),
            kind,
            limits: limits.clone(),
            now: environment.now,
        })))
    }

    /// Reads JSON text, and that of the array filters if there are any.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::{Found, Update};
    /// use filedex::{Environment, ejson};
    /// let environment = Environment::default();
    /// let text = r#"{"$set": {"sizes.$[big]": 10}}"#;
    /// let cap = Update::parse_text(text, Some(r#"[{"big": {"$gt": 10}}]"#), &environment)?;
    /// let file = ejson::read_document(r#"{"sizes": [7, 12, 30]}"#, &environment.limits)?;
    /// let wanted = ejson::read_document(r#"{"sizes": [7, 10, 10]}"#, &environment.limits)?;
    /// assert_eq!(cap.apply(file, Found::default())?.document, wanted);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ejson::read`] and of [`Update::parse`].
    pub fn parse_text(
        update: &str,
        array_filters: Option<&str>,
        environment: &Environment,
    ) -> Result<Update> {
        let (limits, account) = (&environment.limits, &*environment.account);
        let update = ejson::read_within(update, limits, account)?;
        let array_filters = match array_filters {
            None => Vec::new(),
            Some(text) => match ejson::read_within(text, limits, account)? {
                Value::Array(filters) => filters,
                _ => {
                    let message = "array filters are an array of filters";
                    return Err(Error::new(Code::TYPE_MISMATCH, message).at("arrayFilters"));
                }
            },
        };
        Update::parse(&update, &array_filters, environment)
    }

    /// What the update makes of a document. `found` is what the filter matched
    /// ([`crate::Matcher::find`]); only a positional `$` looks at it.
    ///
    /// # Errors
    /// What only the document tells, with MongoDB's codes: 2 and 14 for values that an operator can't
    /// change, 28 for a path with a value in its way, 34 for too many nulls of padding, 40 where `$`,
    /// `$[]` and `$[x]` meet at one element, 52, 53, 55 and 66 for names and `_id`; those of filters and
    /// expressions; the limits `expression_bytes`, `expression_steps`, and `document_depth` under 15.
    pub fn apply(&self, document: Document, found: Found) -> Result<Updated> {
        self.apply_within(document, found, &Account::new(&self.0.limits))
    }

    /// As [`Update::apply`], charged to a request: what is added to the document is held until the caller
    /// releases it. The document itself is the caller's business.
    ///
    /// # Errors
    /// As [`Update::apply`], and what the account says.
    pub fn apply_within(
        &self,
        document: Document,
        found: Found,
        account: &Account,
    ) -> Result<Updated> {
        self.run(document, self.start(found.array_index, false, account))
    }

    /// The document to put in where the filter matches none: what the filter asks to equal, the update
    /// applied to it with `$setOnInsert`, and `_id` first. `id` makes an `_id` where neither has one.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Update;
    /// use filedex::{Document, Environment, Filter, Value};
    /// let environment = Environment::default();
    /// let filter = Filter::parse_text(r#"{"_id": "a", "size": {"$gt": 5}}"#, &environment)?;
    /// let touch = r#"{"$inc": {"views": 1}, "$setOnInsert": {"size": 7}}"#;
    /// let file = Update::parse_text(touch, None, &environment)?.insert(&filter, || Value::Null)?;
    /// assert_eq!(file, Document::new().with("_id", "a").with("size", 7).with("views", 1));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// 54 for a path that the filter fixes twice, 111 for a replacement of which the filter fixes a part
    /// of `_id`, 224 for `$expr` in the filter; those of [`Update::apply`].
    pub fn insert(&self, filter: &Filter, id: impl FnOnce() -> Value) -> Result<Document> {
        self.insert_within(filter, id, &Account::new(&self.0.limits))
    }

    /// As [`Update::insert`], charged to a request as [`Update::apply_within`] is.
    ///
    /// # Errors
    /// As [`Update::insert`], and what the account says.
    pub fn insert_within(
        &self,
        filter: &Filter,
        id: impl FnOnce() -> Value,
        account: &Account,
    ) -> Result<Document> {
        let seed = match &self.0.kind {
            Kind::Replacement(_) => seed::id_alone(filter)?,
            _ => seed::document(filter)?,
        };
        let start = self.start(None, true, account);
        let document = storable::id_first(self.run(seed, start)?.document);
        if matches!(self.0.kind, Kind::Operators(_)) {
            storable::check_names(&document)?;
        }
        storable::check_id(&document)?;
        match document.contains("_id") {
            true => Ok(document),
            false => Ok(storable::with_id(id(), document)),
        }
    }

    /// The update as it was read.
    pub fn to_value(&self) -> Value {
        self.0.source.clone()
    }

    /// The array filters as they were read.
    pub fn array_filters(&self) -> &[Value] {
        &self.0.array_filters
    }

    fn start<'s>(
        &'s self,
        position: Option<usize>,
        is_insert: bool,
        account: &'s Account,
    ) -> Start<'s> {
        Start { position, is_insert, limits: &self.0.limits, account }
    }

    fn run(&self, mut document: Document, start: Start<'_>) -> Result<Updated> {
        match &self.0.kind {
            Kind::Operators(operations) => {
                let is_changed = operations.apply(&mut document, start)?;
                Ok(Updated { document, is_changed })
            }
            Kind::Replacement(new) => replacement::apply(new, document, start, self.0.now),
            Kind::Pipeline(pipeline) => pipeline.apply(document, start),
        }
    }
}

impl Kind {
    fn parse(update: &Value, filters: ArrayFilters, environment: &Environment) -> Result<Kind> {
        match update {
            Value::Document(operators) if leads_operator(operators) => {
                parse::operations(operators, filters, environment).map(Kind::Operators)
            }
            Value::Document(replacement) => Ok(Kind::Replacement(replacement.clone())),
            Value::Array(_) if !filters.is_empty() => {
                let message = "array filters do not go with a pipeline";
                Err(Error::new(Code::FAILED_TO_PARSE, message).at("arrayFilters"))
            }
            Value::Array(stages) => Pipeline::parse(stages, environment).map(Kind::Pipeline),
            _ => {
                let message = "an update is an object or an array of stages";
                Err(Error::new(Code::FAILED_TO_PARSE, message))
            }
        }
    }
}

fn leads_operator(update: &Document) -> bool {
    update.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
}

impl PartialEq for Update {
    fn eq(&self, other: &Update) -> bool {
        self.0.source == other.0.source && self.0.array_filters == other.0.array_filters
    }
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ejson::to_text(self.0.source.view(), Form::Relaxed))
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Update({self})")
    }
}
