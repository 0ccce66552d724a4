//! What is kept in memory within a budget of bytes.
//!
//! Gives out: [`ByKey`] (anything by a key), [`Caches`] (blocks and texts by place, records by id) and, in
//! [`segment`] and [`columns`], what scans keep of records; in [`views`] and
//! [`firsts`], the orders that sorts give, whole and their first records; in [`wanted`], those that are to be made.
//!
//! # Invariants
//! Nothing is lost with what is dropped. What lies at a place never changes, so that what is kept under a
//! place never has to be forgotten; what is kept under any other key says of which version it is.

mod by_key;
mod caches;
pub(crate) mod columns;
pub(crate) mod firsts;
pub(crate) mod frame;
mod newest;
mod seen;
pub(crate) mod segment;
pub(crate) mod selected;
mod text;
pub(crate) mod views;
pub(crate) mod wanted;

pub(crate) use by_key::{ByKey, Fill};
pub(crate) use caches::{Caches, Part, Stretch};
pub(crate) use newest::Newest;
pub(crate) use seen::Seen;
pub(crate) use text::{Text, Texts};
