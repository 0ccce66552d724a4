//! The one recursive function that decides whether a document matches.
//!
//! It goes as deep as the filter does, which the parser has bounded. Only conditions that every
//! match must meet record an array index: what holds inside "or" and "nor" says nothing.

use std::ops::ControlFlow;

use super::Found;
use super::node::{Field, Node};
use super::predicate::Predicate;
use crate::view::is_same;
use crate::{Account, DocumentRef, Leaf, Result, ValueRef};

impl Node {
    /// Whether the document satisfies the condition. What was found is written only on a match.
    pub(super) fn holds(
        &self,
        document: DocumentRef<'_>,
        mut found: Option<&mut Found>,
        account: &Account,
    ) -> Result<bool> {
        match self {
            Node::Always(answer) => Ok(*answer),
            Node::And(members) => {
                account.work(price_of(members.len()))?;
                for member in members {
                    if !member.holds(document, found.as_deref_mut(), account)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Or(members) => any(members, document, account),
            Node::Nor(members) => any(members, document, account).map(|any| !any),
            Node::Field(field) => field.holds(document, found, account),
            Node::Expression(expression) => expression.holds_within(document, account),
            Node::Schema(schema) => schema.matches_within(document, account),
            Node::Sample(sample) => Ok(sample.takes(document)),
            Node::Redacted(level, node) => node.holds(document.redacted(level), found, account),
        }
    }
}

/// Most conditions are decided by a look at their field.
fn price_of(members: usize) -> u64 {
    members as u64 / 4
}

fn any(members: &[Node], document: DocumentRef<'_>, account: &Account) -> Result<bool> {
    account.work(price_of(members.len()))?;
    for member in members {
        if member.holds(document, None, account)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Field {
    #[inline]
    fn holds(
        &self,
        document: DocumentRef<'_>,
        found: Option<&mut Found>,
        account: &Account,
    ) -> Result<bool> {
        let name = self.path.first_name();
        let Some(tree) = document.as_tree() else {
            return self.holds_from(document.get(name), found, account);
        };
        let first = tree.iter().find(|(field, _)| is_same(field.as_bytes(), name.as_bytes()));
        if let Some((_, value)) = first
            && self.path.as_name().is_some()
            && let Some(passes) = self.predicate.passes_at_once(value, account)
        {
            return passes;
        }
        self.holds_from(first.map(|(_, value)| value.into()), found, account)
    }

    /// Whether one of the values passes that the path leads to from the value of its first part.
    #[inline]
    pub(super) fn holds_from(
        &self,
        first: Option<ValueRef<'_>>,
        found: Option<&mut Found>,
        account: &Account,
    ) -> Result<bool> {
        // A plain name without an array behind it is the usual case.
        if self.path.as_name().is_some() && !matches!(first, Some(ValueRef::Array(_))) {
            return self.predicate.passes(first, account);
        }
        self.holds_inside(first, found, account)
    }

    fn holds_inside(
        &self,
        first: Option<ValueRef<'_>>,
        found: Option<&mut Found>,
        account: &Account,
    ) -> Result<bool> {
        match self.path.straight(first) {
            Some(value) => self.predicate.passes(value, account),
            None => self.walk_from(first, found, account),
        }
    }

    fn walk_from(
        &self,
        first: Option<ValueRef<'_>>,
        mut found: Option<&mut Found>,
        account: &Account,
    ) -> Result<bool> {
        let mut outcome = false;
        let _ = self.path.walk_from(first, self.arrays, account, &mut |leaf| {
            outcome = self.leaf(leaf, found.as_deref_mut(), account)?;
            Ok(if outcome { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(outcome)
    }

    fn leaf(&self, leaf: Leaf<'_>, found: Option<&mut Found>, account: &Account) -> Result<bool> {
        let Some(found) = found else { return self.predicate.passes(leaf.value, account) };
        let (passes, inner) = self.passes_at(leaf.value, account)?;
        if passes && let Some(index) = leaf.index.or(inner) {
            found.array_index = Some(index);
        }
        Ok(passes)
    }

    /// Whether the value passes, and the index of the element that `$elemMatch` accepted.
    fn passes_at(
        &self,
        value: Option<ValueRef<'_>>,
        account: &Account,
    ) -> Result<(bool, Option<usize>)> {
        match (&self.predicate, value) {
            (Predicate::ElementObject { .. } | Predicate::ElementValue(_), Some(value)) => {
                let index = self.predicate.element(value, account)?;
                Ok((index.is_some(), index))
            }
            (predicate, value) => Ok((predicate.passes(value, account)?, None)),
        }
    }
}
