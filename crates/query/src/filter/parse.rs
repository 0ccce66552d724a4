//! From a document to a [`Filter`]: the level of field names, `$and` and its like.
//!
//! Everything is checked here, before a record is looked at: names, types of arguments, paths,
//! patterns, and the limits on depth and number. What stands on a field is read by
//! [`super::condition`].

use super::tree::is_reference_part;
use super::{Filter, Test, operand, refused};
use crate::copy::hold_query;
use crate::{
    Code, Document, Environment, Error, Expression, Path, Pattern, Result, Schema, Value, ValueRef,
    ejson,
};

/// Reads filters, counting what one filter may have only so many of.
pub(crate) struct Parser<'e> {
    pub(super) environment: &'e Environment,
    nodes: usize,
}

/// Where in a filter the parser stands.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    depth: usize,
    element: bool,
}

impl Filter {
    /// Reads a filter from its JSON text, which may hold Extended JSON values.
    ///
    /// # Errors
    /// As [`Filter::parse`], and 9 for text that is no JSON object.
    pub fn parse_text(text: &str, environment: &Environment) -> Result<Filter> {
        let Environment { limits, account, .. } = environment;
        Filter::parse(&ejson::read_document_within(text, limits, account)?, environment)
    }

    /// Reads a filter.
    ///
    /// A name that stands twice is two conditions.
    ///
    /// # Errors
    /// MongoDB's code and the place in the document: 2 for most faults; 9 and 14 for some wrong
    /// arguments; those of regular expressions, expressions and schemas; 27 and 291 for operators
    /// that need an index of a kind Filedex does not keep; limits `filter_depth`, `filter_nodes`,
    /// `in_length` and `document_depth`.
    pub fn parse(document: &Document, environment: &Environment) -> Result<Filter> {
        hold_query(ValueRef::Document(document.view()), environment)?;
        Parser::new(environment).filter(document, Place::RECORD)
    }
}

impl Place {
    /// At the root of a filter for whole records.
    pub(crate) const RECORD: Place = Place { depth: 0, element: false };
    /// At the root of a filter for elements of an array.
    pub(crate) const ELEMENT: Place = Place { depth: 0, element: true };

    pub(super) fn in_element(self) -> Place {
        Place { element: true, ..self }
    }
}

impl<'e> Parser<'e> {
    pub(crate) fn new(environment: &'e Environment) -> Parser<'e> {
        Parser { environment, nodes: 0 }
    }

    pub(crate) fn filter(&mut self, document: &Document, place: Place) -> Result<Filter> {
        let mut members = Vec::with_capacity(document.len());
        for (name, value) in document.iter() {
            self.count().map_err(|error| error.at(name))?;
            if name.starts_with('$') {
                let member = self.operator(name, value, place);
                members.push(member.map_err(|error| error.at(name))?);
            } else {
                let read = self.field(name, value, place, &mut members);
                read.map_err(|error| error.at(name))?;
            }
        }
        Ok(Filter::and(members))
    }

    /// The next level down, if the limit allows one.
    pub(super) fn deeper(&self, place: Place) -> Result<Place> {
        let allowed = self.environment.limits.filter_depth;
        if place.depth >= allowed {
            return Err(Error::limit("filter_depth", allowed));
        }
        Ok(Place { depth: place.depth + 1, ..place })
    }

    /// Takes one more condition into account.
    pub(super) fn count(&mut self) -> Result<()> {
        self.count_many(1)
    }

    fn count_many(&mut self, conditions: usize) -> Result<()> {
        self.environment.account.work(conditions as u64)?;
        self.nodes = self.nodes.saturating_add(conditions);
        if self.nodes > self.environment.limits.filter_nodes {
            return Err(Error::limit("filter_nodes", self.environment.limits.filter_nodes));
        }
        Ok(())
    }

    pub(super) fn pattern(&mut self, pattern: &str, options: &str) -> Result<Pattern> {
        let Environment { limits, account, .. } = self.environment;
        let pattern = Pattern::compile_within(pattern, options, limits, account)?;
        self.count_many(pattern.conditions() - 1)?;
        Ok(pattern)
    }

    /// Adds the conditions on one field.
    fn field(
        &mut self,
        name: &str,
        value: &Value,
        place: Place,
        members: &mut Vec<Filter>,
    ) -> Result<()> {
        let path = Path::parse(name, &self.environment.limits)?;
        let tests = self.condition(value, place)?;
        members.extend(tests.into_iter().map(|test| Filter::Field { path: path.clone(), test }));
        Ok(())
    }

    fn operator(&mut self, name: &str, value: &Value, place: Place) -> Result<Filter> {
        match name {
            "$and" => Ok(Filter::and(self.filters(value, place)?)),
            "$or" => Ok(Filter::or(self.filters(value, place)?)),
            "$nor" => Ok(Filter::nor(self.filters(value, place)?)),
            "$comment" => Ok(Filter::All),
            "$alwaysTrue" => constant(value).map(|()| Filter::All),
            "$alwaysFalse" => constant(value).map(|()| Filter::Never),
            "$sampleRate" => whole_record(name, place).and_then(|()| sample(value)),
            "$expr" => {
                whole_record(name, place)?;
                // Each may take all of `expression_steps`.
                self.count_many(99)?;
                Ok(Filter::Expression(Expression::parse(value, self.environment)?))
            }
            "$jsonSchema" => self.schema(value),
            name if is_reference_part(name) => self.reference(name, value),
            _ => Err(refused::top_level(name)),
        }
    }

    /// The entries of `$and`, `$or` or `$nor`.
    fn filters(&mut self, value: &Value, place: Place) -> Result<Vec<Filter>> {
        let Value::Array(entries) = value else {
            return Err(Error::bad_value("takes an array of filters"));
        };
        if entries.is_empty() {
            return Err(Error::bad_value("takes an array with at least one filter"));
        }
        let place = self.deeper(place)?;
        let mut filters = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            self.count().map_err(|error| error.at(index))?;
            let filter = match entry {
                Value::Document(document) => self.filter(document, place),
                _ => Err(Error::bad_value("each entry is a filter, which is an object")),
            };
            filters.push(filter.map_err(|error| error.at(index))?);
        }
        Ok(filters)
    }

    fn schema(&self, value: &Value) -> Result<Filter> {
        match value {
            Value::Document(schema) => Schema::parse(schema, self.environment).map(Filter::Schema),
            _ => Err(Error::new(Code::TYPE_MISMATCH, "a schema is an object")),
        }
    }

    /// Equality with a field of a DBRef. The value is literal, whatever it holds.
    fn reference(&mut self, name: &str, value: &Value) -> Result<Filter> {
        let test = Test::Eq(operand::literal(value, &self.environment.limits)?);
        Ok(Filter::Field { path: Path::parse(name, &self.environment.limits)?, test })
    }
}

fn whole_record(name: &str, place: Place) -> Result<()> {
    if place.element { Err(refused::in_element(name)) } else { Ok(()) }
}

fn constant(value: &Value) -> Result<()> {
    match super::integer::whole(value.view()) {
        Some(1) => Ok(()),
        _ => Err(Error::new(Code::FAILED_TO_PARSE, "takes the number 1")),
    }
}

fn sample(value: &Value) -> Result<Filter> {
    let rate = match value {
        Value::Int(number) => f64::from(*number),
        Value::Long(number) => *number as f64,
        Value::Double(number) => *number,
        Value::Decimal(number) => number.to_f64(),
        _ => f64::NAN,
    };
    match rate {
        rate if !(0.0..=1.0).contains(&rate) => {
            Err(Error::bad_value("takes a probability, a number from 0 to 1"))
        }
        0.0 => Ok(Filter::Never),
        1.0 => Ok(Filter::All),
        rate => Ok(Filter::Sample(rate)),
    }
}
