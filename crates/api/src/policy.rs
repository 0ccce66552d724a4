//! What a caller's `query`, `fields` and `sort` may not ask for.
//!
//! Replies show a record's `token` (the contract does), but nobody may search by it, sort by it or
//! compute from it: answers would tell, bit by bit, what they don't show. The check reads the JSON
//! before it is compiled and refuses in doubt: a denied name is refused at any depth of a path. This
//! file knows no endpoint.

use std::fmt;

use filedex_query::{Document, Value};

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
    fields: Vec<String>,
    operators: Vec<String>,
}

/// What was asked for and is denied; the text names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(String);

type Checked = Result<(), Denied>;

/// Denies the fields `token` and `password`.
impl Default for Policy {
    fn default() -> Policy {
        Policy::open().deny_field("token").deny_field("password")
    }
}

impl Policy {
    /// Denies nothing.
    pub fn open() -> Policy {
        Policy { fields: Vec::new(), operators: Vec::new() }
    }

    /// Denies a field name, at any depth.
    #[must_use]
    pub fn deny_field(mut self, name: impl Into<String>) -> Policy {
        self.fields.push(name.into());
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

    fn condition(&self, name: &str, value: &Value) -> Checked {
        if !name.starts_with('$') {
            self.path(name)?;
            return self.operand(value);
        }
        self.operator(name)?;
        match name {
            "$expr" => self.expression(value),
            "$jsonSchema" => self.schema(value),
            _ => self.operand(value),
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

    /// An aggregation expression: texts led by `$` are paths, and the whole record is not to be had.
    fn expression(&self, value: &Value) -> Checked {
        match value {
            Value::String(text) if text == "$$ROOT" || text == "$$CURRENT" => self.whole(text),
            Value::String(text) if text.starts_with('$') => self.path(text.trim_start_matches('$')),
            Value::Document(document) => {
                document.iter().try_for_each(|(name, value)| self.step(name, value))
            }
            Value::Array(array) => array.iter().try_for_each(|value| self.expression(value)),
            _ => Ok(()),
        }
    }

    fn step(&self, name: &str, value: &Value) -> Checked {
        if name.starts_with('$') {
            self.operator(name)?;
        }
        match name {
            "$literal" => Ok(()),
            "$getField" | "$setField" | "$unsetField" => self.field_by_name(name, value),
            _ => self.expression(value),
        }
    }

    /// An operator that takes a field's name as a value: only a name written out can be checked.
    fn field_by_name(&self, operator: &str, argument: &Value) -> Checked {
        let Value::Document(document) = argument else { return self.named(operator, argument) };
        if !document.contains("field") {
            return self.named(operator, argument);
        }
        document.iter().try_for_each(|(name, value)| match name {
            "field" => self.named(operator, value),
            _ => self.step(name, value),
        })
    }

    fn named(&self, operator: &str, field: &Value) -> Checked {
        let literal = match field {
            Value::String(text) if !text.starts_with('$') => Some(text.as_str()),
            Value::Document(document) if document.len() == 1 => document.get_str("$literal"),
            _ => None,
        };
        literal.map_or_else(|| self.whole(operator), |name| self.path(name))
    }

    /// A schema: names stand as keys and in lists; rules for unnamed fields reach every field.
    fn schema(&self, value: &Value) -> Checked {
        match value {
            Value::Document(document) => document.iter().try_for_each(|(name, value)| {
                self.path(name)?;
                if matches!(name, "patternProperties" | "additionalProperties") {
                    self.whole(name)?;
                }
                self.schema(value)
            }),
            Value::Array(array) => array.iter().try_for_each(|value| self.schema(value)),
            Value::String(text) => self.path(text),
            _ => Ok(()),
        }
    }

    fn path(&self, path: &str) -> Checked {
        let denied = path.split('.').find(|part| self.fields.iter().any(|field| field == part));
        denied.map_or(Ok(()), |field| Err(Denied(format!("the field `{field}`"))))
    }

    fn operator(&self, name: &str) -> Checked {
        match self.operators.iter().any(|operator| operator == name) {
            true => Err(Denied(format!("the operator `{name}`"))),
            false => Ok(()),
        }
    }

    /// Something that reads every field of a record, denied ones among them.
    fn whole(&self, name: &str) -> Checked {
        match self.fields.is_empty() {
            true => Ok(()),
            false => Err(Denied(format!("`{name}`, which reads fields that are denied,"))),
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
