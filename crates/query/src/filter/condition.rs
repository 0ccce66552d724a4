//! What stands on a field: a literal, a regular expression, or a document of operators.
//!
//! Each operator is one arm of [`Parser::operation`]; its argument is read by [`super::operand`].

use super::parse::{Parser, Place};
use super::{BitMask, BitTest, Test, TypeSet, operand, refused};
use crate::value::Regex;
use crate::{Code, Document, Error, Result, Value};

impl Parser<'_> {
    /// The tests that a field's value in the filter stands for; all of them must hold.
    pub(super) fn condition(&mut self, value: &Value, place: Place) -> Result<Vec<Test>> {
        match value {
            Value::Document(document) if operand::is_operators(document) => {
                self.operations(document, place)
            }
            Value::Regex(regex) => Ok(vec![self.regex(regex)?]),
            literal => Ok(vec![Test::Eq(self.literal(literal)?)]),
        }
    }

    /// The argument of `$elemMatch`, here or in a projection.
    pub(crate) fn elem_match(&mut self, value: &Value, place: Place) -> Result<Test> {
        let Value::Document(document) = value else {
            return Err(Error::bad_value(
                "takes an object: a filter, or operators for the element",
            ));
        };
        let place = self.deeper(place)?.in_element();
        if operand::is_element_operators(document) && !led_by_filter(document) {
            return Ok(Test::ElemMatchValue(self.operations(document, place)?));
        }
        Ok(Test::ElemMatchObject(Box::new(self.filter(document, place)?)))
    }

    fn operations(&mut self, document: &Document, place: Place) -> Result<Vec<Test>> {
        let mut tests = Vec::with_capacity(document.len());
        for (name, value) in document.iter() {
            let read = self.count().and_then(|()| match name {
                "$regex" => self.regex_operator(value, document).map(|test| tests.push(test)),
                "$options" => options_stand(document),
                "$all" => self.all(value, place).map(|all| tests.extend(all)),
                _ => self.operation(name, value, place).map(|test| tests.push(test)),
            });
            read.map_err(|error| error.at(name))?;
        }
        Ok(tests)
    }

    fn operation(&mut self, name: &str, value: &Value, place: Place) -> Result<Test> {
        match name {
            "$eq" => Ok(Test::Eq(self.literal(value)?)),
            "$ne" => Ok(Test::Not(vec![Test::Eq(self.ordered(value)?)])),
            "$gt" => Ok(Test::Gt(self.ordered(value)?)),
            "$gte" => Ok(Test::Gte(self.ordered(value)?)),
            "$lt" => Ok(Test::Lt(self.ordered(value)?)),
            "$lte" => Ok(Test::Lte(self.ordered(value)?)),
            "$in" => self.membership(value),
            "$nin" => Ok(Test::Not(vec![self.membership(value)?])),
            "$not" => self.negation(value, place),
            "$exists" if operand::truth(value) => Ok(Test::Exists),
            "$exists" => Ok(Test::Not(vec![Test::Exists])),
            "$type" => TypeSet::parse(value).map(Test::Type),
            "$mod" => operand::modulo(value),
            "$size" => operand::size(value),
            "$elemMatch" => self.elem_match(value, place),
            "$bitsAllSet" => self.bits(BitTest::AllSet, value),
            "$bitsAllClear" => self.bits(BitTest::AllClear, value),
            "$bitsAnySet" => self.bits(BitTest::AnySet, value),
            "$bitsAnyClear" => self.bits(BitTest::AnyClear, value),
            _ => Err(refused::on_field(name)),
        }
    }

    fn literal(&self, value: &Value) -> Result<Value> {
        operand::literal(value, &self.environment.limits)
    }

    fn ordered(&self, value: &Value) -> Result<Value> {
        operand::ordered(value, &self.environment.limits)
    }

    fn bits(&self, test: BitTest, value: &Value) -> Result<Test> {
        let mask = BitMask::parse(value, &self.environment.limits)?;
        Ok(Test::Bits { test, mask })
    }

    /// `$in`: literals to compare with and regular expressions to search for.
    fn membership(&mut self, value: &Value) -> Result<Test> {
        let mut values = Vec::new();
        let mut patterns = Vec::new();
        let members = operand::members(value, &self.environment.limits)?;
        for (index, member) in members.iter().enumerate() {
            let read = match member {
                Value::Regex(regex) => {
                    self.pattern(&regex.pattern, &regex.options).map(|found| patterns.push(found))
                }
                literal => no_operators(literal, "a member is a value, not an operator")
                    .and_then(|()| self.literal(literal).map(|literal| values.push(literal))),
            };
            read.map_err(|error| error.at(index))?;
        }
        Ok(Test::one_of(values, patterns))
    }

    fn negation(&mut self, value: &Value, place: Place) -> Result<Test> {
        let tests = match value {
            Value::Regex(regex) => vec![self.regex(regex)?],
            Value::Document(document) if !document.is_empty() => {
                let place = self.deeper(place)?;
                self.operations(document, place)?
            }
            _ => {
                let message = "takes a regular expression or an object of operators; for a plain \
                               value use $ne";
                return Err(Error::bad_value(message));
            }
        };
        Ok(Test::Not(tests))
    }

    /// `$all`: one test a member, or a test that nothing passes.
    fn all(&mut self, value: &Value, place: Place) -> Result<Vec<Test>> {
        let members = operand::members(value, &self.environment.limits)?;
        if members.is_empty() {
            return Ok(vec![Test::In { values: Vec::new(), patterns: Vec::new() }]);
        }
        let elements = members.first().is_some_and(is_elem_match);
        let mut tests = Vec::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            let test = match elements {
                true => self.all_element(member, place),
                false => self.all_member(member),
            };
            tests.push(test.map_err(|error| error.at(index))?);
        }
        Ok(tests)
    }

    fn all_element(&mut self, member: &Value, place: Place) -> Result<Test> {
        self.count()?;
        match member.as_document() {
            Some(document) if document.len() == 1 && is_elem_match(member) => {
                let argument = document.get("$elemMatch").unwrap_or(&Value::Null);
                self.elem_match(argument, place).map_err(|error| error.at("$elemMatch"))
            }
            _ => Err(Error::bad_value("either each member is {\"$elemMatch\": ...} or none is")),
        }
    }

    fn all_member(&mut self, member: &Value) -> Result<Test> {
        if let Value::Regex(regex) = member {
            return self.regex(regex);
        }
        no_operators(member, "a member is a value, or all are {\"$elemMatch\": ...}")?;
        Ok(Test::Eq(self.literal(member)?))
    }

    fn regex(&mut self, regex: &Regex) -> Result<Test> {
        self.pattern(&regex.pattern, &regex.options).map(Test::Regex)
    }

    /// `$regex`, with the `$options` beside it.
    fn regex_operator(&mut self, value: &Value, beside: &Document) -> Result<Test> {
        let options = options_text(beside)?;
        match value {
            Value::String(pattern) => self.pattern(pattern, options.unwrap_or("")),
            Value::Regex(regex) => {
                options_once(regex, options, beside)?;
                let own = if regex.options.is_empty() { options } else { None };
                self.pattern(&regex.pattern, own.unwrap_or(&regex.options))
            }
            _ => Err(Error::bad_value("takes a string or a regular expression")),
        }
        .map(Test::Regex)
    }
}

/// Whether the first name is an operator without a path: it makes the whole document a filter.
fn led_by_filter(document: &Document) -> bool {
    let first = document.iter().next().map_or("", |(name, _)| name);
    matches!(
        first,
        "$and"
            | "$or"
            | "$nor"
            | "$comment"
            | "$jsonSchema"
            | "$alwaysTrue"
            | "$alwaysFalse"
            | "$sampleRate"
            | "$expr"
            | "$text"
            | "$where"
    )
}

fn no_operators(value: &Value, message: &str) -> Result<()> {
    match value {
        Value::Document(document) if operand::is_operators(document) => {
            Err(Error::bad_value(message))
        }
        _ => Ok(()),
    }
}

fn is_elem_match(member: &Value) -> bool {
    let first = member.as_document().and_then(|document| document.iter().next());
    first.is_some_and(|(name, _)| name == "$elemMatch")
}

fn options_stand(document: &Document) -> Result<()> {
    if !document.contains("$regex") {
        return Err(Error::bad_value("needs a $regex beside it"));
    }
    if document.iter().filter(|(name, _)| *name == "$options").count() > 1 {
        return Err(Error::bad_value("stands twice beside one $regex"));
    }
    Ok(())
}

fn options_text(document: &Document) -> Result<Option<&str>> {
    match document.get("$options") {
        None => Ok(None),
        Some(Value::String(options)) => Ok(Some(options)),
        Some(_) => Err(Error::bad_value("the $options beside it are not a string")),
    }
}

/// Refuses options both in the value and beside it. The code tells which of the two stands first;
/// empty `$options` that stand first are as good as none.
fn options_once(regex: &Regex, options: Option<&str>, beside: &Document) -> Result<()> {
    let Some(options) = options else { return Ok(()) };
    let first = beside.iter().find(|(name, _)| matches!(*name, "$regex" | "$options"));
    let options_first = first.is_some_and(|(name, _)| name == "$options");
    if regex.options.is_empty() || (options_first && options.is_empty()) {
        return Ok(());
    }
    let code = if options_first { Code(51074) } else { Code(51075) };
    Err(Error::new(code, "options stand both in the regular expression and in $options"))
}
