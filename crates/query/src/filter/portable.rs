//! Whether another engine that speaks the language may be asked a condition in this one's place.
//!
//! It may where every engine gives the same answer for the whole record, and can give no other: what
//! fails, what is left to chance, what asks of less than the whole record and what compares texts
//! otherwise than by their bytes is judged here. This file knows no engine.

use super::{Filter, Test};
use crate::{Collation, Path, Redaction, Value, ValueRef};

/// Under what a condition is asked.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) collation: &'a Collation,
    pub(crate) redaction: &'a Redaction,
}

impl Filter {
    /// Whether the answer is the same wherever it is asked.
    pub(crate) fn is_portable(&self, terms: Terms<'_>) -> bool {
        match self {
            Filter::All | Filter::Never => true,
            Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
                members.iter().all(|member| member.is_portable(terms))
            }
            Filter::Field { path, test } => {
                path.is_portable(terms.redaction) && test.is_portable(path, terms)
            }
            // They can fail, or are left to chance.
            Filter::Expression(_) | Filter::Schema(_) | Filter::Sample(_) => false,
        }
    }
}

impl Path {
    /// Whether it leads through nothing that is left out, and through no part of a DBRef, of which not
    /// every engine knows.
    pub(crate) fn is_portable(&self, redaction: &Redaction) -> bool {
        !self.parts().iter().any(|part| redaction.hides(&part.name) || part.name.starts_with('$'))
    }
}

impl Test {
    fn is_portable(&self, path: &Path, terms: Terms<'_>) -> bool {
        match self {
            Test::Eq(value)
            | Test::Gt(value)
            | Test::Gte(value)
            | Test::Lt(value)
            | Test::Lte(value) => is_portable(value, path, terms),
            Test::In { values, patterns } => {
                patterns.is_empty() && values.iter().all(|value| is_portable(value, path, terms))
            }
            Test::Regex(_) => false,
            Test::ElemMatchObject(filter) => filter.is_portable(terms),
            Test::ElemMatchValue(tests) | Test::Not(tests) => {
                tests.iter().all(|test| test.is_portable(path, terms))
            }
            Test::Exists | Test::Type(_) | Test::Mod { .. } | Test::Size(_) | Test::Bits { .. } => {
                true
            }
        }
    }
}

/// Whether comparing with that value is the same everywhere.
fn is_portable(value: &Value, path: &Path, terms: Terms<'_>) -> bool {
    match value.view() {
        // Versions differ about arrays without objects.
        ValueRef::Null => path.as_name().is_some(),
        ValueRef::String(_) => terms.collation.is_simple(),
        ValueRef::Document(_) | ValueRef::Array(_) => {
            terms.redaction.is_empty() && terms.collation.is_simple()
        }
        ValueRef::Double(number) => !number.is_nan(),
        ValueRef::Decimal(number) => !number.is_nan(),
        ValueRef::Int(_)
        | ValueRef::Long(_)
        | ValueRef::Bool(_)
        | ValueRef::Date(_)
        | ValueRef::ObjectId(_)
        | ValueRef::Binary { .. }
        | ValueRef::Timestamp(_) => true,
        // Kinds that servers have given up, and those that compare with all others.
        ValueRef::MinKey
        | ValueRef::MaxKey
        | ValueRef::Undefined
        | ValueRef::Symbol(_)
        | ValueRef::Regex { .. }
        | ValueRef::Code(_) => false,
    }
}
