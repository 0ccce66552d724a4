//! The keywords about numbers, strings and arrays.

use super::evaluate;
use super::parse::{Parser, malformed, mismatch};
use super::rule::{Rest, Rule};
use crate::{Document, Pattern, Result, Value, ValueRef};
use bigdecimal::{BigDecimal, Signed, ToPrimitive};

impl Parser<'_> {
    /// The rules of a keyword about one kind of value; nothing if there is no such keyword.
    pub(super) fn keyword_of_kind(
        &mut self,
        keyword: &str,
        argument: &Value,
        schema: &Document,
    ) -> Result<Option<Vec<Rule>>> {
        let rule = match keyword {
            "minimum" => Rule::Least {
                bound: number(keyword, argument)?,
                exclusive: flag(schema, "exclusiveMinimum")?,
            },
            "maximum" => Rule::Most {
                bound: number(keyword, argument)?,
                exclusive: flag(schema, "exclusiveMaximum")?,
            },
            // Read with the bound beside them.
            "exclusiveMinimum" | "exclusiveMaximum" => return Ok(Some(Vec::new())),
            "multipleOf" => multiple_of(argument)?,
            "minLength" => Rule::Length { least: length(keyword, argument)?, most: u64::MAX },
            "maxLength" => Rule::Length { least: 0, most: length(keyword, argument)? },
            "pattern" => match argument {
                Value::String(pattern) => Rule::Pattern(self.pattern(pattern)?),
                _ => return Err(mismatch(keyword, "a regular expression as a string")),
            },
            "minItems" => Rule::Items { least: length(keyword, argument)?, most: u64::MAX },
            "maxItems" => Rule::Items { least: 0, most: length(keyword, argument)? },
            "uniqueItems" => match argument {
                Value::Bool(true) => Rule::Unique,
                Value::Bool(false) => return Ok(Some(Vec::new())),
                _ => return Err(mismatch(keyword, "true or false")),
            },
            "items" => self.items(argument, schema)?,
            "additionalItems" => {
                // Of effect only beside an array of `items`, where it is read.
                self.rest(keyword, Some(argument))?;
                return Ok(Some(Vec::new()));
            }
            _ => return self.keyword_of_objects(keyword, argument, schema),
        };
        Ok(Some(vec![rule]))
    }

    /// A pattern, which has no options in a schema.
    pub(super) fn pattern(&self, pattern: &str) -> Result<Pattern> {
        Pattern::compile_within(pattern, "", self.limits, self.account)
    }

    fn items(&mut self, argument: &Value, schema: &Document) -> Result<Rule> {
        let members = match argument {
            Value::Document(all) => {
                let rest = Rest::Like(Box::new(self.schema(all)?));
                return Ok(Rule::EachItem { first: Vec::new(), rest });
            }
            Value::Array(members) => members,
            _ => return Err(mismatch("items", "a schema or an array of schemas")),
        };
        let mut first = Vec::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            first.push(self.nested("items", member).map_err(|error| error.at(index))?);
        }
        let rest = self.rest("additionalItems", schema.get("additionalItems"))?;
        Ok(Rule::EachItem { first, rest })
    }
}

/// A count: a whole number that is not negative, of any kind of number.
pub(super) fn length(keyword: &str, argument: &Value) -> Result<u64> {
    let whole = evaluate::exactly(argument.view()).filter(BigDecimal::is_integer);
    let whole = whole.filter(|number| !number.is_negative()).and_then(|number| number.to_i64());
    match whole {
        Some(number) => Ok(number.unsigned_abs()),
        None => Err(malformed(format!("`{keyword}` takes a whole number that is not negative"))),
    }
}

fn number(keyword: &str, argument: &Value) -> Result<Value> {
    match argument.view().is_number() {
        true => Ok(argument.clone()),
        false => Err(mismatch(keyword, "a number")),
    }
}

fn flag(schema: &Document, keyword: &str) -> Result<bool> {
    match schema.get(keyword) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(mismatch(keyword, "true or false")),
    }
}

fn multiple_of(argument: &Value) -> Result<Rule> {
    if !argument.view().is_number() {
        return Err(mismatch("multipleOf", "a number"));
    }
    match evaluate::exactly(argument.view()) {
        Some(divisor) if divisor.is_positive() => Ok(Rule::MultipleOf(divisor)),
        None if !is_negative(argument.view()) => Ok(Rule::MultipleOfNothing),
        _ => Err(malformed("`multipleOf` takes a number above 0")),
    }
}

fn is_negative(number: ValueRef<'_>) -> bool {
    match number {
        ValueRef::Double(number) => number < 0.0,
        ValueRef::Decimal(number) => number.is_negative(),
        _ => false,
    }
}
