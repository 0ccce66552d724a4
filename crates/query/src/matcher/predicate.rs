//! One value against one operator. Paths are behind us here: arrays are values like others.

use super::indexed::Indexed;
use super::node::Node;
use super::order_test::OrderTest;
use crate::filter::integer;
use crate::{
    Account, BitMask, BitTest, Collation, Pattern, Result, TypeSet, Value, ValueRef, order,
};

/// What a value must be. `None` in place of a value is a missing field.
#[derive(Clone, Debug)]
pub(super) enum Predicate {
    Equal(Value),
    /// Equal as a collation has it; the value holds texts.
    EqualBy(Collation, Value),
    Order(OrderTest),
    In(Membership),
    Exists,
    Type(TypeSet),
    Regex(RegexTest),
    Mod {
        divisor: i64,
        remainder: i64,
    },
    Size(u64),
    /// An array with an object or array that satisfies the node.
    ElementObject {
        node: Box<Node>,
        indexed: Indexed,
    },
    /// An array with an element that passes all.
    ElementValue(Vec<Predicate>),
    Bits(BitPredicate),
    /// Not all of them pass.
    Not(Vec<Predicate>),
}

/// A bit test and its mask.
#[derive(Clone, Debug)]
pub(super) struct BitPredicate {
    pub(super) test: BitTest,
    pub(super) mask: BitMask,
}

/// The members of `$in`: values sorted for search, and patterns.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    values: Vec<Value>,
    collation: Collation,
    null: bool,
    patterns: Vec<RegexTest>,
}

/// A pattern, and how it looks as a stored value.
#[derive(Clone, Debug)]
pub(super) struct RegexTest {
    pattern: Pattern,
    options: String,
}

impl Predicate {
    /// Whether the value passes.
    #[inline]
    pub(super) fn passes(&self, value: Option<ValueRef<'_>>, account: &Account) -> Result<bool> {
        match (self, value) {
            (Predicate::Equal(operand), value) => {
                pay_for_comparing(value, account)?;
                Ok(equal(operand, value))
            }
            (Predicate::EqualBy(collation, operand), Some(value)) => {
                pay_for_comparing(Some(value), account)?;
                Ok(order::compare_by(collation, operand.view(), value).is_eq())
            }
            (Predicate::Order(test), value) => {
                pay_for_comparing(value, account)?;
                Ok(test.passes(value))
            }
            (Predicate::In(members), value) => members.contains(value, account),
            (Predicate::Not(inner), value) => all_pass(inner, value, account).map(|all| !all),
            (_, None) => Ok(false),
            (Predicate::Exists, Some(_)) => Ok(true),
            (Predicate::Type(types), Some(value)) => Ok(types.contains(value)),
            (Predicate::Regex(test), Some(value)) => test.passes(value, account),
            (Predicate::Mod { divisor, remainder }, Some(value)) => {
                let number = integer::truncated(value);
                Ok(number.is_some_and(|number| number.wrapping_rem(*divisor) == *remainder))
            }
            (Predicate::Size(size), Some(value)) => Ok(has_size(value, *size)),
            (Predicate::Bits(BitPredicate { test, mask }), Some(value)) => {
                Ok(mask.passes(*test, value))
            }
            (Predicate::ElementObject { .. } | Predicate::ElementValue(_), Some(value)) => {
                self.element(value, account).map(|index| index.is_some())
            }
        }
    }

    /// The answer for the usual tests of texts and numbers, which need no more than a look.
    #[inline]
    pub(super) fn passes_at_once(&self, value: &Value, account: &Account) -> Option<Result<bool>> {
        match (self, value) {
            (Predicate::Equal(Value::String(operand)), Value::String(text)) => {
                Some(Ok(operand == text))
            }
            (Predicate::Regex(test), Value::String(text)) => {
                Some(test.pattern.is_match_within(text, account))
            }
            (Predicate::Order(test), Value::Int(number)) => test.passes_integer(*number).map(Ok),
            _ => None,
        }
    }

    /// Whether a text passes that nobody has read as UTF-8 yet, if that can be told from its bytes.
    #[inline]
    pub(super) fn passes_bytes(&self, text: &[u8], account: &Account) -> Option<Result<bool>> {
        match self {
            Predicate::Equal(Value::String(operand)) => Some(Ok(operand.as_bytes() == text)),
            Predicate::Regex(test) => test.pattern.is_match_in_bytes(text, account),
            _ => None,
        }
    }

    /// The pattern that a text must match, if that is what is asked.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Predicate::Regex(test) => Some(&test.pattern),
            _ => None,
        }
    }

    /// The index of the first element that `$elemMatch` accepts. `None` for other predicates.
    pub(super) fn element(&self, value: ValueRef<'_>, account: &Account) -> Result<Option<usize>> {
        let ValueRef::Array(array) = value else { return Ok(None) };
        for (index, element) in array.iter().enumerate() {
            account.work(1)?;
            if self.accepts(element, account)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Whether `$elemMatch` accepts the element.
    pub(super) fn accepts(&self, element: ValueRef<'_>, account: &Account) -> Result<bool> {
        match (self, element) {
            (Predicate::ElementObject { node, .. }, ValueRef::Document(element)) => {
                node.holds(element, None, account)
            }
            (Predicate::ElementObject { node, indexed }, ValueRef::Array(element)) => {
                let held = account.held();
                let holds = node.holds(indexed.document(element, account)?.view(), None, account);
                account.release_to(held);
                holds
            }
            (Predicate::ElementValue(predicates), element) => {
                all_pass(predicates, Some(element), account)
            }
            _ => Ok(false),
        }
    }
}

impl Membership {
    pub(super) fn new(values: &[Value], patterns: &[Pattern], collation: &Collation) -> Membership {
        let mut values = values.to_vec();
        let compare = |a: &Value, b: &Value| order::compare_by(collation, a.view(), b.view());
        values.sort_by(compare);
        values.dedup_by(|a, b| compare(a, b).is_eq());
        let null = values.iter().any(|value| matches!(value, Value::Null));
        let patterns = patterns.iter().map(RegexTest::new).collect();
        Membership { values, collation: collation.clone(), null, patterns }
    }

    fn contains(&self, value: Option<ValueRef<'_>>, account: &Account) -> Result<bool> {
        let Some(value) = value else { return Ok(self.null) };
        pay_for_comparing(Some(value), account)?;
        let compare = |member: &Value| order::compare_by(&self.collation, member.view(), value);
        if self.values.binary_search_by(compare).is_ok() {
            return Ok(true);
        }
        for pattern in &self.patterns {
            if pattern.passes(value, account)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl RegexTest {
    pub(super) fn new(pattern: &Pattern) -> RegexTest {
        let mut options: Vec<char> = pattern.options().chars().collect();
        options.sort_unstable();
        RegexTest { pattern: pattern.clone(), options: options.into_iter().collect() }
    }

    fn passes(&self, value: ValueRef<'_>, account: &Account) -> Result<bool> {
        match value {
            ValueRef::String(text) | ValueRef::Symbol(text) => {
                self.pattern.is_match_within(text, account)
            }
            ValueRef::Regex { pattern, options } => {
                Ok(pattern == self.pattern.source() && options == self.options)
            }
            _ => Ok(false),
        }
    }
}

/// Whether the value passes each of the predicates.
pub(super) fn all_pass(
    predicates: &[Predicate],
    value: Option<ValueRef<'_>>,
    account: &Account,
) -> Result<bool> {
    account.work(predicates.len() as u64 / 4)?;
    for predicate in predicates {
        if !predicate.passes(value, account)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Most values are compared at a glance. A decimal is long arithmetic; of an array or a document as
/// much is looked at as the operand has, and a query's text bounds that.
#[inline]
fn pay_for_comparing(value: Option<ValueRef<'_>>, account: &Account) -> Result<()> {
    match value {
        Some(ValueRef::Decimal(_)) => account.work(32),
        Some(ValueRef::Array(_) | ValueRef::Document(_)) => account.work(4),
        _ => Ok(()),
    }
}

#[inline]
fn equal(operand: &Value, value: Option<ValueRef<'_>>) -> bool {
    match (operand, value) {
        (Value::Null, None | Some(ValueRef::Null)) => true,
        (_, None) => false,
        // The most frequent case of all, and the lengths tell most texts apart.
        (Value::String(operand), Some(ValueRef::String(text))) => operand == text,
        (operand, Some(value)) => order::equal(operand.view(), value),
    }
}

/// Counts no further than it must: a packed array is walked.
fn has_size(value: ValueRef<'_>, size: u64) -> bool {
    let (ValueRef::Array(array), Ok(size)) = (value, usize::try_from(size)) else { return false };
    array.iter().take(size.saturating_add(1)).count() == size
}
