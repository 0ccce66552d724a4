//! Whether asking a filter of a document can end in an error instead of an answer.
//!
//! Expressions fail on values they cannot work with; patterns, also those of a schema, give up after
//! too many steps. Everything else answers every document.

use super::{Filter, Test};

impl Filter {
    /// Whether some document could make [`Matcher::matches`](crate::Matcher::matches) return an error.
    pub(crate) fn may_fail(&self) -> bool {
        match self {
            Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
                members.iter().any(Filter::may_fail)
            }
            Filter::Field { test, .. } => test.may_fail(),
            Filter::Expression(_) | Filter::Schema(_) => true,
            Filter::All | Filter::Never | Filter::Sample(_) => false,
        }
    }
}

impl Test {
    fn may_fail(&self) -> bool {
        match self {
            Test::In { patterns, .. } => !patterns.is_empty(),
            Test::Regex(_) => true,
            Test::ElemMatchObject(filter) => filter.may_fail(),
            Test::ElemMatchValue(tests) | Test::Not(tests) => tests.iter().any(Test::may_fail),
            Test::Eq(_)
            | Test::Gt(_)
            | Test::Gte(_)
            | Test::Lt(_)
            | Test::Lte(_)
            | Test::Exists
            | Test::Type(_)
            | Test::Mod { .. }
            | Test::Size(_)
            | Test::Bits { .. } => false,
        }
    }
}
