//! The keywords about objects and their fields.

use super::keywords::length;
use super::parse::{Parser, malformed, mismatch};
use super::rule::{Rule, Rules};
use crate::{Document, Pattern, Result, Value};
use std::collections::HashSet;

impl Parser<'_> {
    /// The rules of a keyword about objects; nothing if there is no such keyword.
    pub(super) fn keyword_of_objects(
        &mut self,
        keyword: &str,
        argument: &Value,
        schema: &Document,
    ) -> Result<Option<Vec<Rule>>> {
        Ok(Some(match keyword {
            "required" => vec![Rule::Required(names(keyword, argument)?)],
            "minProperties" => {
                vec![Rule::Fields { least: length(keyword, argument)?, most: u64::MAX }]
            }
            "maxProperties" => vec![Rule::Fields { least: 0, most: length(keyword, argument)? }],
            "properties" => vec![self.fields(argument, schema)?],
            "patternProperties" | "additionalProperties" if schema.contains("properties") => {
                // Read with `properties`; alone, they are read below.
                Vec::new()
            }
            "patternProperties" => vec![self.fields(&Value::Document(Document::new()), schema)?],
            "additionalProperties" if schema.contains("patternProperties") => Vec::new(),
            "additionalProperties" => {
                vec![self.fields(&Value::Document(Document::new()), schema)?]
            }
            "dependencies" => self.dependencies(argument)?,
            _ => return Ok(None),
        }))
    }

    /// The one rule of `properties`, `patternProperties` and `additionalProperties` together.
    fn fields(&mut self, properties: &Value, schema: &Document) -> Result<Rule> {
        let Value::Document(properties) = properties else {
            return Err(mismatch("properties", "an object of schemas"));
        };
        let mut named: Vec<(String, Rules)> = Vec::with_capacity(properties.len());
        for (name, nested) in properties.iter() {
            let rules = self.nested("properties", nested).map_err(|error| error.at(name))?;
            named.push((name.to_owned(), rules));
        }
        // The same name may stand twice; both schemas count.
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        let patterns = match schema.get("patternProperties") {
            None => Vec::new(),
            Some(Value::Document(patterns)) => self.patterns(patterns)?,
            Some(_) => return Err(mismatch("patternProperties", "an object of schemas")),
        };
        let rest = self.rest("additionalProperties", schema.get("additionalProperties"))?;
        Ok(Rule::EachField { named, patterns, rest })
    }

    fn patterns(&mut self, patterns: &Document) -> Result<Vec<(Pattern, Rules)>> {
        let mut read = Vec::with_capacity(patterns.len());
        for (source, nested) in patterns.iter() {
            let pattern = self.pattern(source).map_err(|error| error.at(source))?;
            let rules = self.nested("patternProperties", nested);
            read.push((pattern, rules.map_err(|error| error.at(source))?));
        }
        Ok(read)
    }

    fn dependencies(&mut self, argument: &Value) -> Result<Vec<Rule>> {
        let Value::Document(dependencies) = argument else {
            return Err(mismatch("dependencies", "an object"));
        };
        let mut rules = Vec::with_capacity(dependencies.len());
        for (field, needed) in dependencies.iter() {
            let rule = match needed {
                // Remarks may stand here too.
                Value::String(_) if matches!(field, "title" | "description") => continue,
                Value::Array(_) => names(field, needed)
                    .map(|others| Rule::Needs { field: field.to_owned(), others }),
                Value::Document(schema) => self
                    .schema(schema)
                    .map(|rules| Rule::NeedsShape { field: field.to_owned(), rules }),
                _ => Err(mismatch(field, "a schema or an array of names")),
            };
            rules.push(rule.map_err(|error| error.at(field))?);
        }
        Ok(rules)
    }
}

/// Names of fields: at least one, none twice.
fn names(keyword: &str, argument: &Value) -> Result<Vec<String>> {
    let Value::Array(names) = argument else {
        return Err(mismatch(keyword, "an array of names"));
    };
    if names.is_empty() {
        return Err(malformed(format!("`{keyword}` needs at least one name")));
    }
    let mut read: Vec<String> = Vec::with_capacity(names.len());
    let mut seen = HashSet::new();
    for name in names {
        let Value::String(name) = name else {
            return Err(mismatch(keyword, "names as strings"));
        };
        if !seen.insert(name.as_str()) {
            return Err(malformed(format!("`{keyword}` names `{name}` twice")));
        }
        read.push(name.clone());
    }
    Ok(read)
}
