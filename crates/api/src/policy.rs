//! What a caller's `query`, `fields` and `sort` may not ask for.
//!
//! What is denied does not exist for a caller: what he asks is asked of the record without it, at any
//! depth ([`Lookup::policy`](crate::Lookup::policy)), so that no operator has to be known here. A
//! query that names a denied field is refused before it runs, so that nobody takes the answer for one
//! about that field. This file knows no endpoint.

use std::fmt;

use filedex_query::{Document, Redaction, Value};

/// Field names and operators that callers of the endpoints may not use.
///
/// ```
/// use filedex::{Document, Policy, Value};
/// let policy = Policy::default();
/// let named = |value: &str| Document::new().with("token", value);
/// assert!(policy.check_query(&named("1888")).is_err());
/// assert!(Policy::open().check_query(&named("1888")).is_ok());
/// assert!(policy.check_fields(&Document::new().with("token", 0)).is_ok(), "leaving out is allowed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    redaction: Redaction,
    operators: Vec<String>,
}

/// What was asked for and is denied; the text names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(String);

type Checked = Result<(), Denied>;

/// `token` and `password` of a record show and cannot be asked for; below the top level they don't
/// show either. The endpoints show `password` as true or null.
impl Default for Policy {
    fn default() -> Policy {
        Policy::open().show_only("token").show_only("password")
    }
}

impl Policy {
    /// Denies nothing.
    pub fn open() -> Policy {
        Policy { redaction: Redaction::default(), operators: Vec::new() }
    }

    /// Denies a field name, at any depth: it can't be asked for, and does not show.
    ///
    /// ```
    /// use filedex::{File, Filedex, Policy};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_room("r").with_size(7))?;
    /// let policy = Policy::default().deny_field("size");
    /// let lookup = index.room("r").policy(&policy).query(r#"{"size": null}"#)?;
    /// assert_eq!(lookup.json()?, br#"{"files":[{"_id":"a","rid":"r"}],"count":1,"offset":0,"total":1}"#);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    #[must_use]
    pub fn deny_field(mut self, name: impl Into<String>) -> Policy {
        self.redaction = self.redaction.hiding(&name.into());
        self
    }

    /// Denies a field name as [`Policy::deny_field`] does, except that the record's own field of that
    /// name shows.
    #[must_use]
    pub fn show_only(mut self, name: impl Into<String>) -> Policy {
        self.redaction = self.redaction.showing(&name.into());
        self
    }

    /// Denies an operator, such as `$regex`, wherever it stands.
    #[must_use]
    pub fn deny_operator(mut self, name: impl Into<String>) -> Policy {
        self.operators.push(name.into());
        self
    }

    /// Checks a filter.
    ///
    /// # Errors
    /// What is denied in it.
    pub fn check_query(&self, query: &Document) -> Checked {
        query.iter().try_for_each(|(name, value)| self.condition(name, value))
    }

    /// Checks a sort.
    ///
    /// # Errors
    /// What is denied in it.
    pub fn check_sort(&self, sort: &Document) -> Checked {
        sort.iter().try_for_each(|(path, _)| self.path(path))
    }

    /// Checks a projection. Leaving a denied field out is allowed.
    ///
    /// # Errors
    /// What is denied in it.
    pub fn check_fields(&self, fields: &Document) -> Checked {
        fields.iter().try_for_each(|(name, value)| self.shown(name, value))
    }

    pub(crate) fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    fn condition(&self, name: &str, value: &Value) -> Checked {
        match name {
            "$expr" => self.operator(name).and_then(|()| self.expression(value)),
            name if name.starts_with('$') => self.operator(name).and_then(|()| self.operand(value)),
            path => self.path(path).and_then(|()| self.operand(value)),
        }
    }

    fn operand(&self, value: &Value) -> Checked {
        match value {
            Value::Document(document) => self.check_query(document),
            Value::Array(array) => array.iter().try_for_each(|value| self.operand(value)),
            _ => Ok(()),
        }
    }

    fn shown(&self, name: &str, value: &Value) -> Checked {
        if is_zero(value) {
            return Ok(());
        }
        self.path(name)?;
        let Value::Document(document) = value else { return self.expression(value) };
        match document.iter().next() {
            // Which of the two it is, the parser decides.
            Some((operator, _)) if operator.starts_with('$') => {
                self.check_query(document)?;
                self.expression(value)
            }
            _ => self.check_fields(document),
        }
    }

    /// An aggregation expression: texts led by `$` are paths, keys are operators or names of what is
    /// made.
    fn expression(&self, value: &Value) -> Checked {
        match value {
            Value::String(text) if text.starts_with('$') => self.path(text.trim_start_matches('$')),
            Value::Document(document) => document.iter().try_for_each(|(name, value)| match name {
                "$literal" => self.operator(name),
                _ => self.operator(name).and_then(|()| self.expression(value)),
            }),
            Value::Array(array) => array.iter().try_for_each(|value| self.expression(value)),
            _ => Ok(()),
        }
    }

    fn path(&self, path: &str) -> Checked {
        let denied = path.split('.').find(|part| self.redaction.hides(part));
        denied.map_or(Ok(()), |field| Err(Denied(format!("the field `{field}`"))))
    }

    fn operator(&self, name: &str) -> Checked {
        match name.starts_with('$') && self.operators.iter().any(|operator| operator == name) {
            true => Err(Denied(format!("the operator `{name}`"))),
            false => Ok(()),
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::Int(number) => *number == 0,
        Value::Long(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        _ => false,
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not be asked for", self.0)
    }
}

impl std::error::Error for Denied {}
