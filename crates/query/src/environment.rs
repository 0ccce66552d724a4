//! What compilation and evaluation take from the host: limits, the clock, a seed, how texts compare.
//!
//! This crate has no clock and no randomness of its own, so that the same query on the same
//! documents always gives the same answer.

use std::sync::Arc;

use crate::{Account, Collation, Date, Limits};

/// What a host hands to every parse and compile.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Bounds on the cost of a query.
    pub limits: Limits,
    /// What `$$NOW` means.
    pub now: Date,
    /// Where `$rand` and `$sampleRate` start.
    pub seed: u64,
    /// Which version's rule holds for `{"a.b": null}` over arrays without objects.
    pub dotted_null: DottedNull,
    /// How texts compare.
    pub collation: Collation,
    /// What parsing and compiling is charged to: what a query holds once it is compiled, above all its
    /// patterns, stays charged there.
    pub account: Arc<Account>,
}

/// How a dotted path sees an array that holds no objects, when it is compared with null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DottedNull {
    /// MongoDB up to 8: such an array yields nothing, so `{"a.b": null}` does not match it.
    #[default]
    Eight,
    /// MongoDB 9: such an array lacks the field, so `{"a.b": null}` matches it.
    Nine,
}
