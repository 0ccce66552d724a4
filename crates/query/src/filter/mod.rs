//! What a filter says: JSON in, a desugared tree out, and back to JSON.
//!
//! ```text
//! text ──ejson──▶ Document ──parse──▶ Filter ──compile──▶ Matcher
//!                     ▲                  │
//!                     └──────print───────┘
//! ```
//!
//! Shorthand ends here: after parsing there is one way to say equality, one way to say "and", and
//! every argument has its type. Nothing in this folder looks at a record; that is
//! [`crate::matcher`]'s work.

mod bit_mask;
mod condition;
mod fallible;
pub(crate) mod integer;
mod nearest;
mod operand;
mod parse;
mod portable;
mod print;
mod refused;
mod simplify;
mod tree;
mod type_set;

pub use bit_mask::{BitMask, BitTest};
pub use tree::{Filter, Test};
pub use type_set::TypeSet;

pub(crate) use nearest::nearest;
pub(crate) use operand::within_depth;
pub(crate) use parse::{Parser, Place};
pub(crate) use portable::Terms;
