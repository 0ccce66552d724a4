//! MongoDB's find language as a pure library: values, filters, projections, sorts and plans.
//!
//! A query goes through these stages, each with one word:
//!
//! | from | by | to |
//! |---|---|---|
//! | JSON text | [`ejson::read_document`] | [`Document`] |
//! | what the JSON says | `Filter::parse` | `Filter` |
//! | the filter | `Matcher::compile` | `Matcher`, which runs |
//! | `fields`, `sort` | `Projection::parse`, `Sort::parse` | `Projection`, `Sort` |
//! | all three | `Plan::compile` | `Plan`, with the bounds it proves |
//! | what an update says | `Update::parse` | `Update`, which changes documents |
//!
//! There is no IO, no clock, no thread and no randomness in this crate: what an evaluation needs of
//! the outside comes in through [`Environment`], and what a request has used is kept in its [`Account`],
//! which a host lets look at its clock.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
pub mod bson;
mod civil;
mod collation;
mod copy;
mod date;
mod decimal;
mod doc;
mod document;
pub mod ejson;
mod environment;
mod error;
mod expression;
mod field_path;
mod figure;
mod filter;
pub mod key;
mod limits;
mod matcher;
mod moment;
pub mod order;
pub mod packed;
mod path;
mod pattern;
mod pieces;
mod place;
mod plan;
mod projection;
mod redaction;
mod schema;
pub mod shell;
mod sort;
pub mod typed;
mod update;
mod value;
mod view;

pub use account::{Account, Clock};
pub use collation::Collation;
pub use date::Date;
pub use decimal::{Decimal, DecimalError};
pub use document::{Array, Document};
pub use environment::{DottedNull, Environment};
pub use error::{Code, Error, Result};
pub use expression::Expression;
pub use figure::{Sum, Values};
pub use filter::{BitMask, BitTest, Filter, Test, TypeSet};
pub use limits::Limits;
pub use matcher::{Condition, ElementMatcher, Fields, Found, Matcher, Needle, Question, Residual};
pub use path::{Arrays, Leaf, Part, Path};
pub use pattern::{Captures, Pattern};
pub use place::Place;
pub use plan::{Bound, COUNTED_FIELDS, Conjunct, Known, Plan};
pub use projection::{Cut, Projection};
pub use redaction::Redaction;
pub use schema::Schema;
pub use sort::{Position, Sort, SortKeySpec, TopK};
pub use update::{Update, Updated};
pub use value::{Binary, ObjectId, Regex, Timestamp, Value};
pub use view::{ArrayRef, DocumentRef, ValueRef};

/// What the crate's README shows compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
