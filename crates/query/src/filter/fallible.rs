//! Whether asking a filter of a document can end in an error instead of an answer, and whether it answers
//! alike whenever it is asked.
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

impl Filter {
    /// Whether what it says of a document follows from its text, however often and whenever it is asked.
    pub(crate) fn is_steady(&self) -> bool {
        match self {
            Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
                members.iter().all(Filter::is_steady)
            }
            Filter::Field { test, .. } => test.is_steady(),
            // `$$NOW` is another moment each time; what begins like it is not looked at closely.
            Filter::Expression(expression) => {
                expression.fields().is_some() && !expression.to_string().contains("$$NOW")
            }
            Filter::All | Filter::Never | Filter::Schema(_) => true,
            Filter::Sample(_) => false,
        }
    }
}

impl Test {
    fn is_steady(&self) -> bool {
        match self {
            Test::ElemMatchObject(filter) => filter.is_steady(),
            Test::ElemMatchValue(tests) | Test::Not(tests) => tests.iter().all(Test::is_steady),
            _ => true,
        }
    }

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
