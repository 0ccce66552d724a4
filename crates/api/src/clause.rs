//! Filters put together in code: one method for each operator.
//!
//! A clause is the document that its JSON would be read as; what it means, and whether it may be, the
//! language says. This file knows neither records nor limits.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

use filedex_query::{Document, Environment, Filter, Value, doc};

use crate::Result;

/// A condition on records, put together in code and joined by `&`, `|` and `!`. It is the filter that its
/// JSON says, which it prints as.
///
/// ```
/// use filedex::{Filedex, doc, field};
/// let images = field("typeGroup").eq("image") & field("size").gt(10_000);
/// let wanted = images | !field("tags").exists(true) | field("name").matches("(?i)^logo");
/// assert_eq!(
///     wanted.to_string(),
///     r#"{"$or":[{"$and":[{"typeGroup":"image"},{"size":{"$gt":10000}}]},{"$nor":[{"tags":{"$exists":true}}]},{"name":{"$regex":"(?i)^logo"}}]}"#,
/// );
///
/// let index = Filedex::temporary()?;
/// index.put(&doc! { "_id": "a", "name": "Logo.png", "tags": ["red"] })?;
/// assert_eq!(index.all().query(&wanted)?.total()?, 1);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Clause(Document);

/// A field of records, by its path, about to be asked something.
#[derive(Clone, Debug)]
#[must_use]
pub struct Field(String);

/// The field at that path: `size`, `identify.size.width`, `tags.0`.
pub fn field(path: impl Into<String>) -> Field {
    Field(path.into())
}

macro_rules! comparisons {
    ($($(#[$about:meta])* $name:ident $operator:literal;)*) => {$(
        $(#[$about])*
        #[doc = concat!("`", $operator, "`.")]
        #[doc(alias = $operator)]
        pub fn $name(self, value: impl Into<Value>) -> Clause {
            self.operation($operator, value.into())
        }
    )*};
}

macro_rules! memberships {
    ($($(#[$about:meta])* $name:ident $operator:literal;)*) => {$(
        $(#[$about])*
        #[doc = concat!("`", $operator, "`.")]
        #[doc(alias = $operator)]
        pub fn $name<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Clause {
            let values: Vec<Value> = values.into_iter().map(Into::into).collect();
            self.operation($operator, Value::Array(values))
        }
    )*};
}

macro_rules! bits {
    ($($(#[$about:meta])* $name:ident $operator:literal;)*) => {$(
        $(#[$about])*
        #[doc = concat!("`", $operator, "`.")]
        #[doc(alias = $operator)]
        pub fn $name(self, positions: impl IntoIterator<Item = u32>) -> Clause {
            let positions: Vec<Value> = positions.into_iter().map(Value::from).collect();
            self.operation($operator, Value::Array(positions))
        }
    )*};
}

impl Field {
    /// Equal to the value, or an array with such an element; null also stands for a missing field. The
    /// value is taken literally, whatever it holds: `$eq`.
    #[doc(alias = "$eq")]
    pub fn eq(self, value: impl Into<Value>) -> Clause {
        let value = value.into();
        match &value {
            Value::Document(_) | Value::Regex(_) => self.operation("$eq", value),
            _ => Clause(Document::new().with(self.0, value)),
        }
    }

    comparisons! {
        /// Anything but equal:
        ne "$ne";
        /// Greater, among values of its kind:
        gt "$gt";
        /// Greater or equal, among values of its kind:
        gte "$gte";
        /// Less, among values of its kind:
        lt "$lt";
        /// Less or equal, among values of its kind:
        lte "$lte";
    }

    memberships! {
        /// Equal to one of the values:
        one_of "$in";
        /// Equal to none of the values:
        none_of "$nin";
        /// An array that has all of the values:
        all "$all";
    }

    bits! {
        /// A whole number or bytes, with all the bits at these positions set:
        bits_all_set "$bitsAllSet";
        /// With one of the bits at these positions set:
        bits_any_set "$bitsAnySet";
        /// With all the bits at these positions clear:
        bits_all_clear "$bitsAllClear";
        /// With one of the bits at these positions clear:
        bits_any_clear "$bitsAnyClear";
    }

    /// There at all, if only as null; or not there: `$exists`.
    #[doc(alias = "$exists")]
    pub fn exists(self, exists: bool) -> Clause {
        self.operation("$exists", exists.into())
    }

    /// Of the kind of that name (`string`, `number`, `date`, `array` ..), or an array with such an element:
    /// `$type`.
    #[doc(alias = "$type")]
    pub fn is_a(self, kind: &str) -> Clause {
        self.operation("$type", kind.into())
    }

    /// Text in which that regular expression is found, in PCRE's syntax: `$regex`. Options stand in the
    /// pattern: `(?i)` for any letter case.
    #[doc(alias = "$regex")]
    #[doc(alias = "$options")]
    pub fn matches(self, pattern: &str) -> Clause {
        self.operation("$regex", pattern.into())
    }

    /// A number that leaves that remainder: `$mod`.
    #[doc(alias = "$mod")]
    pub fn modulo(self, divisor: i64, remainder: i64) -> Clause {
        self.operation("$mod", vec![divisor, remainder].into())
    }

    /// An array of so many elements: `$size`.
    #[doc(alias = "$size")]
    pub fn length(self, elements: u32) -> Clause {
        self.operation("$size", elements.into())
    }

    /// An array of which one element, a document, meets the clause: `$elemMatch`.
    ///
    /// ```
    /// use filedex::field;
    /// let clause = field("versions").elem_match(field("by").eq("ada") & field("size").lt(10));
    /// assert_eq!(clause.to_string(), r#"{"versions":{"$elemMatch":{"$and":[{"by":"ada"},{"size":{"$lt":10}}]}}}"#);
    /// ```
    #[doc(alias = "$elemMatch")]
    pub fn elem_match(self, clause: Clause) -> Clause {
        self.operation("$elemMatch", clause.0.into())
    }

    fn operation(self, operator: &str, value: Value) -> Clause {
        Clause(Document::new().with(self.0, Document::new().with(operator, value)))
    }
}

impl Clause {
    /// Every record.
    pub fn everything() -> Clause {
        Clause(Document::new())
    }

    /// Records for which the expression is true: `$expr`.
    ///
    /// ```
    /// use filedex::{Clause, doc};
    /// let clause = Clause::expr(doc! { "$gt": ["$size", "$quota"] });
    /// assert_eq!(clause.to_string(), r#"{"$expr":{"$gt":["$size","$quota"]}}"#);
    /// ```
    #[doc(alias = "$expr")]
    pub fn expr(expression: impl Into<Value>) -> Clause {
        Clause(Document::new().with("$expr", expression))
    }

    /// Records of that shape: `$jsonSchema`.
    #[doc(alias = "$jsonSchema")]
    pub fn schema(schema: Document) -> Clause {
        Clause(Document::new().with("$jsonSchema", schema))
    }

    /// Records that meet this clause and that one: `$and`, also written `&`.
    #[doc(alias = "$and")]
    pub fn and(self, other: impl Into<Clause>) -> Clause {
        self.join("$and", other.into())
    }

    /// Records that meet this clause or that one: `$or`, also written `|`.
    #[doc(alias = "$or")]
    pub fn or(self, other: impl Into<Clause>) -> Clause {
        self.join("$or", other.into())
    }

    /// Records that don't meet this clause: `$nor`, also written `!`.
    #[doc(alias = "$nor")]
    #[doc(alias = "$not")]
    pub fn negated(self) -> Clause {
        Clause(doc! { "$nor": [self.0] })
    }

    /// The clause as a document.
    pub fn as_document(&self) -> &Document {
        &self.0
    }

    /// The clause compiled, for [`Lookup::filter`](crate::Lookup::filter).
    ///
    /// # Errors
    /// A `Query` error for what no filter may be: a path that begins with `$`, a bad pattern.
    pub fn filter(&self, environment: &Environment) -> Result<Filter> {
        Ok(Filter::parse(&self.0, environment)?)
    }

    /// One list of what is joined in the same way.
    fn join(mut self, operator: &str, other: Clause) -> Clause {
        let is_joined = self.0.len() == 1;
        match self.0.get_mut(operator) {
            Some(Value::Array(members)) if is_joined => {
                members.push(other.0.into());
                self
            }
            _ => Clause(Document::new().with(operator, vec![self.0, other.0])),
        }
    }
}

impl BitAnd for Clause {
    type Output = Clause;

    fn bitand(self, other: Clause) -> Clause {
        self.and(other)
    }
}

impl BitOr for Clause {
    type Output = Clause;

    fn bitor(self, other: Clause) -> Clause {
        self.or(other)
    }
}

impl Not for Clause {
    type Output = Clause;

    fn not(self) -> Clause {
        self.negated()
    }
}

/// A clause written as its JSON.
impl From<Document> for Clause {
    fn from(document: Document) -> Clause {
        Clause(document)
    }
}

impl From<Clause> for Document {
    fn from(clause: Clause) -> Document {
        clause.0
    }
}

/// Relaxed Extended JSON.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
