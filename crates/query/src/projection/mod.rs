//! Projections: which fields of a matching document are shown, and which are computed.
//!
//! `parse` turns the specification into a tree of levels, `apply` runs a document through it, `cut` a text. The
//! rules are those of MongoDB since 4.4 (manual, "Project Fields to Return from Query"). Nothing here
//! knows filters beyond [`ElementMatcher`] and the index that a positional `$` takes.
//!
//! [`ElementMatcher`]: crate::ElementMatcher

mod apply;
mod cut;
mod field;
mod level;
mod parse;

pub use apply::Projection;
pub use cut::Cut;
