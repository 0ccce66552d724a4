//! Figures over many records: what a field adds up to, which values it has, and how often.
//!
//! Whoever has the records shows them one by one; the folder knows no store.

mod sum;
mod values;

pub use sum::Sum;
pub use values::Values;
