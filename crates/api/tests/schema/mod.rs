//! JSON Schema, in the keywords that the project's own schemas use.
#![allow(unreachable_pub, reason = "each test file has its own")]

use serde_json::Value;

/// Whether a value has the shape of a schema that lies within `root`.
pub fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let fault = |why: &str| Err(format!("{why}: {value} against {schema}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                fits(value, root.pointer(pointer).unwrap(), root)?;
            }
            "type" if !either(rule, |name| is(value, name.as_str().unwrap())) => {
                return fault("type");
            }
            "enum" if !rule.as_array().unwrap().contains(value) => return fault("enum"),
            "const" if rule != value => return fault("const"),
            "pattern" if value.as_str().is_some_and(|text| !matches(text, rule)) => {
                return fault("pattern");
            }
            "minimum" if value.as_f64().is_some_and(|n| n < rule.as_f64().unwrap()) => {
                return fault("minimum");
            }
            "required" if value.is_object() => {
                if !rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap()).is_some())
                {
                    return fault("required");
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    value.get(name).map_or(Ok(()), |value| fits(value, schema, root))?;
                }
            }
            "additionalProperties" if *rule == Value::Bool(false) => {
                let known = schema["properties"].as_object().unwrap();
                let fields = value.as_object().into_iter().flatten();
                if !fields.into_iter().all(|(name, _)| known.contains_key(name)) {
                    return fault("additionalProperties");
                }
            }
            "items" => {
                let items = value.as_array().into_iter().flatten();
                items.into_iter().try_for_each(|item| fits(item, rule, root))?;
            }
            "oneOf" => {
                let schemas = rule.as_array().unwrap().iter();
                if schemas.filter(|schema| fits(value, schema, root).is_ok()).count() != 1 {
                    return fault("oneOf");
                }
            }
            "type"
            | "enum"
            | "const"
            | "minimum"
            | "pattern"
            | "required"
            | "additionalProperties"
            | "default"
            | "description"
            | "title"
            | "$schema"
            | "$defs" => {}
            other => panic!("the check doesn't know `{other}`"),
        }
    }
    Ok(())
}

fn matches(text: &str, pattern: &Value) -> bool {
    regex::Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
}

fn either(rule: &Value, test: impl Fn(&Value) -> bool) -> bool {
    rule.as_array().map_or_else(|| test(rule), |rules| rules.iter().any(&test))
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    }
}
