//! `$set` as a stage: computed values at paths, which go through every element of an array.
//!
//! Other than the operator of that name, the stage follows no index, replaces scalars on the way by
//! objects, and merges an object into what is there. This file knows no other stage.

use std::cell::Cell;
use std::mem;

use super::room::{Room, look_for_field};
use crate::copy::FIELD;
use crate::{
    Code, Document, DocumentRef, Environment, Error, Expression, Result, Value, field_path,
};

/// The fields of one object that are set, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub(super) struct Assignment {
    fields: Vec<(String, Assigned)>,
}

#[derive(Clone, Debug)]
enum Assigned {
    Value(Expression),
    Inside(Assignment),
}

/// What evaluations read, and what they may cost together.
pub(super) struct Source<'s> {
    pub(super) document: DocumentRef<'s>,
    pub(super) spent: &'s Cell<usize>,
    pub(super) room: Room<'s>,
}

impl Assignment {
    /// Reads `{"a": EXPRESSION, "b.c": EXPRESSION, "d": {"e": EXPRESSION}}`.
    ///
    /// # Errors
    /// 40176 for paths that meet, 40180, 40181 and 40183 for objects that are no expressions and hold no
    /// names; those of field paths and of expressions.
    pub(super) fn parse(fields: &Document, environment: &Environment) -> Result<Assignment> {
        let mut assignment = Assignment::default();
        for (name, value) in fields.iter() {
            let path = field_path::parse(name, &environment.limits);
            let added = path.and_then(|path| assignment.add(&path, value, environment));
            added.map_err(|error| error.at(name))?;
        }
        Ok(assignment)
    }

    fn add(&mut self, path: &[&str], value: &Value, environment: &Environment) -> Result<()> {
        match value {
            Value::Document(inner) if inner.is_empty() => {
                Err(Error::new(Code(40180), "an object to set can't be empty; write $literal"))
            }
            Value::Document(inner) if !inner.iter().any(|(name, _)| name.starts_with('$')) => {
                for (name, value) in inner.iter() {
                    let added = check_plain(name)
                        .and_then(|()| self.add(&[path, &[name]].concat(), value, environment));
                    added.map_err(|error| error.at(name))?;
                }
                Ok(())
            }
            Value::Document(inner) if inner.len() > 1 => {
                Err(Error::new(Code(40181), "an operator must be the only field of its object"))
            }
            value => self.put(path, Expression::parse(value, environment)?),
        }
    }

    fn put(&mut self, path: &[&str], expression: Expression) -> Result<()> {
        let Some((name, rest)) = path.split_first() else { return Ok(()) };
        let known = self.fields.iter_mut().find(|(known, _)| known == name);
        match (known, rest.is_empty()) {
            (None, true) => {
                self.fields.push(((*name).to_owned(), Assigned::Value(expression)));
                Ok(())
            }
            (None, false) => {
                let mut inner = Assignment::default();
                inner.put(rest, expression)?;
                self.fields.push(((*name).to_owned(), Assigned::Inside(inner)));
                Ok(())
            }
            (Some((_, Assigned::Inside(inner))), false) => inner.put(rest, expression),
            _ => Err(Error::new(Code(40176), format!("`{name}` is set twice, or in part"))),
        }
    }

    /// Sets the fields. Every expression reads the document as it was before the stage.
    ///
    /// # Errors
    /// Those of [`Expression::evaluate`]; the limit `expression_bytes`.
    pub(super) fn apply(&self, object: &mut Document, source: &mut Source<'_>) -> Result<()> {
        for (name, assigned) in &self.fields {
            let value = match assigned {
                Assigned::Value(expression) => source.evaluate(expression),
                Assigned::Inside(inner) => {
                    let before = object.get_mut(name).map(mem::take).unwrap_or_default();
                    inner.inside(before, source).map(Some)
                }
            };
            look_for_field(object, source.room.account())?;
            match value.map_err(|error| error.at(name))? {
                Some(value) => object.set(name, value),
                None => drop(object.remove(name)),
            }
        }
        Ok(())
    }

    /// Sets the fields in an object, or in each element of an array; what is neither gives way to an
    /// object.
    fn inside(&self, value: Value, source: &mut Source<'_>) -> Result<Value> {
        let mut object = match value {
            Value::Document(object) => object,
            Value::Array(array) => {
                // What was no object becomes one.
                source.room.move_elements(array.len())?;
                let each = array.into_iter().map(|element| self.inside(element, source));
                return each.collect::<Result<Vec<Value>>>().map(Value::Array);
            }
            _ => Document::new(),
        };
        source.room.account().hold(self.fields.len().saturating_mul(FIELD))?;
        self.apply(&mut object, source)?;
        Ok(Value::Document(object))
    }
}

impl Source<'_> {
    fn evaluate(&mut self, expression: &Expression) -> Result<Option<Value>> {
        let value = expression.evaluate_beside(self.document, self.spent, self.room.account())?;
        if let Some(value) = &value {
            self.room.take_made(value.view())?;
        }
        Ok(value)
    }
}

fn check_plain(name: &str) -> Result<()> {
    if name.contains('.') {
        let message =
            format!("`{name}` has a dot, which a name within an object to set can't have");
        return Err(Error::new(Code(40183), message));
    }
    field_path::check_name(name)
}
