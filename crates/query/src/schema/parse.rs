//! A schema document → [`Rules`]: which keywords there are, which go together, and the logical ones.
//!
//! Keywords of numbers, strings and arrays are in [`super::keywords`], of objects in
//! [`super::object`].

use super::alike;
use super::rule::{Rest, Rule, Rules};
use crate::{Account, Code, Document, Environment, Error, Limits, Result, TypeSet, Value};
use std::collections::HashSet;

/// Keywords of JSON Schema that MongoDB refuses.
const UNSUPPORTED: [&str; 6] = ["$ref", "$schema", "default", "definitions", "format", "id"];
/// 224: what only encryption may ask.
const NOT_ALLOWED: Code = Code(224);

/// Reads schemas under limits.
pub(super) struct Parser<'l> {
    pub(super) limits: &'l Limits,
    pub(super) account: &'l Account,
    depth: usize,
    nodes: usize,
}

/// The error of an argument of the wrong type.
pub(super) fn mismatch(keyword: &str, wanted: &str) -> Error {
    Error::new(Code::TYPE_MISMATCH, format!("`{keyword}` takes {wanted}"))
}

/// The error of an argument that is of the right type and wrong all the same.
pub(super) fn malformed(message: impl Into<String>) -> Error {
    Error::new(Code::FAILED_TO_PARSE, message)
}

impl<'l> Parser<'l> {
    pub(super) fn new(environment: &'l Environment) -> Parser<'l> {
        let Environment { limits, account, .. } = environment;
        Parser { limits, account, depth: 0, nodes: 0 }
    }

    /// The rules of a schema.
    pub(super) fn schema(&mut self, schema: &Document) -> Result<Rules> {
        self.account.work(1 + schema.len() as u64)?;
        self.depth += 1;
        if self.depth > self.limits.filter_depth {
            return Err(Error::limit("filter_depth", self.limits.filter_depth));
        }
        self.nodes += 1 + schema.len();
        if self.nodes > self.limits.filter_nodes {
            return Err(Error::limit("filter_nodes", self.limits.filter_nodes));
        }
        check_together(schema)?;
        let mut rules = Rules::default();
        for (keyword, argument) in schema.iter() {
            let rule = self.keyword(keyword, argument, schema);
            rules.0.extend(rule.map_err(|error| error.at(keyword))?);
        }
        self.depth -= 1;
        Ok(rules)
    }

    fn keyword(&mut self, keyword: &str, argument: &Value, schema: &Document) -> Result<Vec<Rule>> {
        Ok(match keyword {
            "type" | "bsonType" => vec![Rule::Type(types(keyword, argument)?)],
            "enum" => vec![one_of_values(argument, self.account)?],
            "allOf" => vec![Rule::All(self.schemas(keyword, argument)?)],
            "anyOf" => vec![Rule::Any(self.schemas(keyword, argument)?)],
            "oneOf" => vec![Rule::ExactlyOne(self.schemas(keyword, argument)?)],
            "not" => vec![Rule::Not(self.nested(keyword, argument)?)],
            "title" | "description" => match argument {
                Value::String(_) => Vec::new(),
                _ => return Err(mismatch(keyword, "a string")),
            },
            "encrypt" | "encryptMetadata" => {
                let message = format!("`{keyword}` is for encrypted collections only");
                return Err(Error::new(NOT_ALLOWED, message));
            }
            _ if UNSUPPORTED.contains(&keyword) => {
                return Err(malformed(format!("the schema keyword `{keyword}` is not supported")));
            }
            _ => match self.keyword_of_kind(keyword, argument, schema)? {
                Some(rules) => rules,
                None => return Err(malformed(format!("no schema keyword is named `{keyword}`"))),
            },
        })
    }

    /// A schema as the argument of a keyword.
    pub(super) fn nested(&mut self, keyword: &str, argument: &Value) -> Result<Rules> {
        match argument {
            Value::Document(schema) => self.schema(schema),
            _ => Err(mismatch(keyword, "a schema, which is an object")),
        }
    }

    /// `true`, `false` or a schema, for what no other rule reaches.
    pub(super) fn rest(&mut self, keyword: &str, argument: Option<&Value>) -> Result<Rest> {
        match argument {
            None | Some(Value::Bool(true)) => Ok(Rest::Anything),
            Some(Value::Bool(false)) => Ok(Rest::Nothing),
            Some(Value::Document(schema)) => {
                let rules = self.schema(schema).map_err(|error| error.at(keyword))?;
                Ok(Rest::Like(Box::new(rules)))
            }
            Some(_) => Err(mismatch(keyword, "true, false or a schema")),
        }
    }

    fn schemas(&mut self, keyword: &str, argument: &Value) -> Result<Vec<Rules>> {
        let Value::Array(members) = argument else {
            return Err(mismatch(keyword, "an array of schemas"));
        };
        if members.is_empty() {
            return Err(Error::bad_value(format!("`{keyword}` needs at least one schema")));
        }
        let members = members.iter().enumerate();
        members
            .map(|(index, member)| self.nested(keyword, member).map_err(|error| error.at(index)))
            .collect()
    }
}

/// Which keywords exclude or need each other, and none twice.
fn check_together(schema: &Document) -> Result<()> {
    let mut names: Vec<&str> = schema.iter().map(|(keyword, _)| keyword).collect();
    names.sort_unstable();
    let mut pairs = names.iter().zip(names.iter().skip(1));
    if let Some((name, _)) = pairs.find(|(one, other)| one == other) {
        return Err(malformed(format!("the schema keyword `{name}` stands twice")).at(name));
    }
    if schema.contains("type") && schema.contains("bsonType") {
        return Err(malformed("a schema has `type` or `bsonType`, not both").at("type"));
    }
    for (exclusive, bound) in [("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")] {
        if schema.contains(exclusive) && !schema.contains(bound) {
            return Err(malformed(format!("`{exclusive}` needs `{bound}` beside it")).at(exclusive));
        }
    }
    Ok(())
}

/// The argument of `type` or `bsonType`: a name or several.
fn types(keyword: &str, argument: &Value) -> Result<TypeSet> {
    let names = match argument {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            names.ok_or_else(|| mismatch(keyword, "names of types"))?
        }
        _ => return Err(mismatch(keyword, "the name of a type or an array of them")),
    };
    if names.is_empty() {
        return Err(malformed(format!("`{keyword}` must name at least one type")));
    }
    let mut set = TypeSet::default();
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(malformed(format!("`{keyword}` names `{name}` twice")));
        }
        set = set.union(named_type(keyword, name)?);
    }
    Ok(set)
}

fn named_type(keyword: &str, name: &str) -> Result<TypeSet> {
    const JSON: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];
    let found = match (keyword, name) {
        (_, "integer") => {
            let message = "the type `integer` is not supported: use bsonType int or long";
            return Err(malformed(message));
        }
        ("type", "boolean") => TypeSet::named("bool"),
        ("type", name) if !JSON.contains(&name) => None,
        (_, name) => TypeSet::named(name),
    };
    found.ok_or_else(|| Error::bad_value(format!("`{keyword}` knows no type `{name}`")))
}

fn one_of_values(argument: &Value, account: &Account) -> Result<Rule> {
    let Value::Array(values) = argument else {
        return Err(mismatch("enum", "an array of values"));
    };
    if values.is_empty() {
        return Err(malformed("`enum` needs at least one value"));
    }
    let mut keys = Vec::new();
    for value in values {
        account.hold(size_of::<Vec<u8>>())?;
        keys.push(alike::key(value.view(), account)?);
    }
    keys.sort_unstable();
    let before = keys.len();
    keys.dedup();
    match keys.len() == before {
        true => Ok(Rule::OneOfValues(keys)),
        false => Err(malformed("`enum` holds a value twice")),
    }
}
