//! Whether a value is what rules ask for.

use super::alike;
use super::rule::{Rest, Rule, Rules};
use crate::{ArrayRef, Decimal, DocumentRef, Pattern, Result, Value, ValueRef, order};
use bigdecimal::{BigDecimal, Zero};
use std::cmp::Ordering;
use std::collections::HashSet;

impl Rules {
    /// Whether the value is what all rules ask for.
    pub(super) fn allow(&self, value: ValueRef<'_>) -> Result<bool> {
        for rule in &self.0 {
            if !rule.allows(value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Rule {
    fn allows(&self, value: ValueRef<'_>) -> Result<bool> {
        Ok(match self {
            Rule::Type(set) => set.contains(value),
            Rule::OneOfValues(keys) => keys.contains(&alike::key(value)),
            Rule::All(all) => count(all, value, all.len())? == all.len(),
            Rule::Any(any) => count(any, value, 1)? == 1,
            Rule::ExactlyOne(some) => count(some, value, 2)? == 1,
            Rule::Not(rules) => !rules.allow(value)?,
            _ => match value {
                ValueRef::Document(document) => return self.allows_object(document),
                ValueRef::Array(array) => return self.allows_array(array),
                ValueRef::String(text) => return self.allows_text(text),
                number if number.is_number() => self.allows_number(number),
                _ => true,
            },
        })
    }

    fn allows_number(&self, number: ValueRef<'_>) -> bool {
        match self {
            Rule::Least { bound, exclusive } => {
                within(number, bound, Ordering::Greater, *exclusive)
            }
            Rule::Most { bound, exclusive } => within(number, bound, Ordering::Less, *exclusive),
            Rule::MultipleOf(divisor) => {
                exactly(number).is_some_and(|number| (number % divisor).is_zero())
            }
            Rule::MultipleOfNothing => false,
            _ => true,
        }
    }

    fn allows_text(&self, text: &str) -> Result<bool> {
        match self {
            Rule::Length { least, most } => {
                Ok((*least..=*most).contains(&(text.chars().count() as u64)))
            }
            Rule::Pattern(pattern) => pattern.is_match(text),
            _ => Ok(true),
        }
    }

    fn allows_array(&self, array: ArrayRef<'_>) -> Result<bool> {
        match self {
            Rule::Items { least, most } => Ok((*least..=*most).contains(&(array.len() as u64))),
            Rule::Unique => {
                let mut seen = HashSet::new();
                Ok(array.iter().all(|item| seen.insert(alike::key(item))))
            }
            Rule::EachItem { first, rest } => each_item(first, rest, array),
            _ => Ok(true),
        }
    }

    fn allows_object(&self, object: DocumentRef<'_>) -> Result<bool> {
        let has = |field: &str| object.get(field).is_some();
        match self {
            Rule::Fields { least, most } => Ok((*least..=*most).contains(&(object.len() as u64))),
            Rule::Required(fields) => Ok(fields.iter().all(|field| has(field))),
            Rule::EachField { named, patterns, rest } => each_field(named, patterns, rest, object),
            Rule::Needs { field, others } => {
                Ok(!has(field) || others.iter().all(|other| has(other)))
            }
            Rule::NeedsShape { field, rules } => {
                Ok(!has(field) || rules.allow(ValueRef::Document(object))?)
            }
            _ => Ok(true),
        }
    }
}

/// How many of them the value is like, up to `enough`.
fn count(rules: &[Rules], value: ValueRef<'_>, enough: usize) -> Result<usize> {
    let mut found = 0;
    for rules in rules {
        if found == enough {
            break;
        }
        found += usize::from(rules.allow(value)?);
    }
    Ok(found)
}

/// Whether a number is on that side of the bound, or on it. NaN is on no side.
fn within(number: ValueRef<'_>, bound: &Value, side: Ordering, exclusive: bool) -> bool {
    let bound = bound.view();
    match order::compare_numbers(number, bound) {
        Ordering::Equal => !exclusive,
        found => found == side && !is_nan(number) && !is_nan(bound),
    }
}

fn is_nan(number: ValueRef<'_>) -> bool {
    match number {
        ValueRef::Double(number) => number.is_nan(),
        ValueRef::Decimal(number) => number.is_nan(),
        _ => false,
    }
}

/// The number as a decimal: a double with the 15 digits that are sure, so that 0.3 is a multiple of
/// 0.1. Nothing for NaN and the infinities.
pub(super) fn exactly(number: ValueRef<'_>) -> Option<BigDecimal> {
    match number {
        ValueRef::Int(number) => Some(BigDecimal::from(number)),
        ValueRef::Long(number) => Some(BigDecimal::from(number)),
        ValueRef::Double(number) => format!("{number:.14e}").parse::<Decimal>().ok()?.to_big(),
        ValueRef::Decimal(number) => number.to_big(),
        _ => None,
    }
}

fn each_item(first: &[Rules], rest: &Rest, array: ArrayRef<'_>) -> Result<bool> {
    let mut first = first.iter();
    for item in array.iter() {
        let allowed = match first.next() {
            Some(rules) => rules.allow(item)?,
            None => rest_allows(rest, item)?,
        };
        if !allowed {
            return Ok(false);
        }
    }
    Ok(true)
}

fn each_field(
    named: &[(String, Rules)],
    patterns: &[(Pattern, Rules)],
    rest: &Rest,
    object: DocumentRef<'_>,
) -> Result<bool> {
    for (field, value) in object.iter() {
        let mut reached = false;
        let start = named.partition_point(|(name, _)| name.as_str() < field);
        for (_, rules) in named.iter().skip(start).take_while(|(name, _)| name == field) {
            reached = true;
            if !rules.allow(value)? {
                return Ok(false);
            }
        }
        for (pattern, rules) in patterns {
            if pattern.is_match(field)? {
                reached = true;
                if !rules.allow(value)? {
                    return Ok(false);
                }
            }
        }
        if !reached && !rest_allows(rest, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rest_allows(rest: &Rest, value: ValueRef<'_>) -> Result<bool> {
    match rest {
        Rest::Anything => Ok(true),
        Rest::Nothing => Ok(false),
        Rest::Like(rules) => rules.allow(value),
    }
}
