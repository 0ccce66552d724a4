//! Whether a value is what rules ask for.

use super::alike;
use super::rule::{Rest, Rule, Rules};
use crate::{Account, ArrayRef, Decimal, DocumentRef, Pattern, Result, Value, ValueRef, order};
use bigdecimal::{BigDecimal, Zero};
use std::cmp::Ordering;
use std::collections::HashSet;

/// What a division of decimals costs; of decimals whose exponents may be thousands apart.
const STEPS_A_DIVISION: u64 = 64;
const STEPS_A_FAR_DIVISION: u64 = 1000;
/// What a key takes in a table, beside its bytes.
const BYTES_A_KEY: usize = 4 * size_of::<Vec<u8>>();

impl Rules {
    /// Whether the value is what all rules ask for.
    pub(super) fn allow(&self, value: ValueRef<'_>, account: &Account) -> Result<bool> {
        account.work(1 + self.0.len() as u64 / 4)?;
        for rule in &self.0 {
            if !rule.allows(value, account)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Rule {
    fn allows(&self, value: ValueRef<'_>, account: &Account) -> Result<bool> {
        Ok(match self {
            Rule::Type(set) => set.contains(value),
            Rule::OneOfValues(keys) => {
                let held = account.held();
                let key = alike::key(value, account)?;
                account.release_to(held);
                keys.binary_search(&key).is_ok()
            }
            Rule::All(all) => count(all, value, all.len(), account)? == all.len(),
            Rule::Any(any) => count(any, value, 1, account)? == 1,
            Rule::ExactlyOne(some) => count(some, value, 2, account)? == 1,
            Rule::Not(rules) => !rules.allow(value, account)?,
            _ => match value {
                ValueRef::Document(document) => return self.allows_object(document, account),
                ValueRef::Array(array) => return self.allows_array(array, account),
                ValueRef::String(text) => return self.allows_text(text, account),
                number if number.is_number() => {
                    self.pay_for_number(number, account)?;
                    self.allows_number(number)
                }
                _ => true,
            },
        })
    }

    /// Long arithmetic is dear, and dearest where numbers are far apart.
    fn pay_for_number(&self, number: ValueRef<'_>, account: &Account) -> Result<()> {
        match (self, number) {
            (Rule::MultipleOf(_), ValueRef::Decimal(_)) => account.work(STEPS_A_FAR_DIVISION),
            (Rule::MultipleOf(_), _) | (_, ValueRef::Decimal(_)) => account.work(STEPS_A_DIVISION),
            _ => Ok(()),
        }
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

    fn allows_text(&self, text: &str, account: &Account) -> Result<bool> {
        match self {
            Rule::Length { least, most } => {
                account.work(text.len() as u64 / 256)?;
                Ok((*least..=*most).contains(&(text.chars().count() as u64)))
            }
            Rule::Pattern(pattern) => pattern.is_match_within(text, account),
            _ => Ok(true),
        }
    }

    fn allows_array(&self, array: ArrayRef<'_>, account: &Account) -> Result<bool> {
        match self {
            Rule::Items { least, most } => Ok((*least..=*most).contains(&(array.len() as u64))),
            Rule::Unique => {
                let held = account.held();
                let unique = are_unique(array, account);
                account.release_to(held);
                unique
            }
            Rule::EachItem { first, rest } => each_item(first, rest, array, account),
            _ => Ok(true),
        }
    }

    fn allows_object(&self, object: DocumentRef<'_>, account: &Account) -> Result<bool> {
        let has = |field: &str| object.get(field).is_some();
        match self {
            Rule::Fields { least, most } => Ok((*least..=*most).contains(&(object.len() as u64))),
            Rule::Required(fields) => {
                account.work(fields.len() as u64)?;
                Ok(fields.iter().all(|field| has(field)))
            }
            Rule::EachField { named, patterns, rest } => {
                each_field(&Fields { named, patterns, rest }, object, account)
            }
            Rule::Needs { field, others } => {
                Ok(!has(field) || others.iter().all(|other| has(other)))
            }
            Rule::NeedsShape { field, rules } => {
                Ok(!has(field) || rules.allow(ValueRef::Document(object), account)?)
            }
            _ => Ok(true),
        }
    }
}

/// How many of them the value is like, up to `enough`.
fn count(rules: &[Rules], value: ValueRef<'_>, enough: usize, account: &Account) -> Result<usize> {
    let mut found = 0;
    for rules in rules {
        if found == enough {
            break;
        }
        found += usize::from(rules.allow(value, account)?);
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

fn are_unique(array: ArrayRef<'_>, account: &Account) -> Result<bool> {
    let mut seen = HashSet::new();
    for item in array.iter() {
        account.hold(BYTES_A_KEY)?;
        if !seen.insert(alike::key(item, account)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn each_item(first: &[Rules], rest: &Rest, array: ArrayRef<'_>, account: &Account) -> Result<bool> {
    let mut first = first.iter();
    for item in array.iter() {
        let allowed = match first.next() {
            Some(rules) => rules.allow(item, account)?,
            None => rest_allows(rest, item, account)?,
        };
        if !allowed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What fields must be: by name, by pattern, and all others.
struct Fields<'r> {
    named: &'r [(String, Rules)],
    patterns: &'r [(Pattern, Rules)],
    rest: &'r Rest,
}

fn each_field(fields: &Fields<'_>, object: DocumentRef<'_>, account: &Account) -> Result<bool> {
    let Fields { named, patterns, rest } = fields;
    for (field, value) in object.iter() {
        account.work(1)?;
        let mut reached = false;
        let start = named.partition_point(|(name, _)| name.as_str() < field);
        for (_, rules) in named.iter().skip(start).take_while(|(name, _)| name == field) {
            reached = true;
            if !rules.allow(value, account)? {
                return Ok(false);
            }
        }
        for (pattern, rules) in *patterns {
            if pattern.is_match_within(field, account)? {
                reached = true;
                if !rules.allow(value, account)? {
                    return Ok(false);
                }
            }
        }
        if !reached && !rest_allows(rest, value, account)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rest_allows(rest: &Rest, value: ValueRef<'_>, account: &Account) -> Result<bool> {
    match rest {
        Rest::Anything => account.work(1).map(|()| true),
        Rest::Nothing => Ok(false),
        Rest::Like(rules) => rules.allow(value, account),
    }
}
