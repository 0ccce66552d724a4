//! Aggregation expressions: what `$expr` and computed fields say.
//!
//! | stage | file |
//! |---|---|
//! | JSON to a tree of nodes, with every name and count checked | `parse`, `operator` |
//! | a node and a document to an answer, within a budget | `evaluate`, `scope`, `answer` |
//! | what each operator does, one file a family | `arithmetic` .. `variable` |
//!
//! Expressions do not follow the rules of filters: no walk into arrays, no type bracketing, missing
//! below null (MongoDB manual, "Aggregation Operators"). This folder knows neither filters nor
//! projections.

mod accumulator;
mod answer;
mod arithmetic;
mod array;
mod binary;
mod bits;
mod comparison;
mod compiled;
mod conditional;
mod conversion;
mod date;
mod date_grammar;
mod date_parts;
mod date_reading;
mod date_text;
mod date_zone;
pub(crate) mod decimal;
mod evaluate;
mod kind;
mod literal;
mod moment;
mod multiple;
mod node;
mod number;
mod object;
mod operator;
mod ordering;
mod parse;
mod pattern;
mod percentile;
mod power;
mod random;
mod reads;
mod rounding;
mod scope;
mod search;
mod series;
mod set;
mod substring;
mod text;
mod total;
mod trigonometry;
mod variable;
mod zone;

pub(crate) use array::{first_or_last, from_start_or_end};
pub use compiled::Expression;
pub(crate) use total::Total;
