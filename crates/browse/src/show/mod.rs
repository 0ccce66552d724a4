//! Templates: what was asked and found, as pages. All text is escaped by the template's own macro; nothing here
//! writes markup by hand.
//!
//! Gives out one function a view. A view that is sent in parts comes as the texts between them.

mod cell;
mod column;
mod explain;
mod facets;
mod files;
mod form;
mod frame;
mod health;
mod hint;
mod holders;
mod operators;
mod overview;
mod part;
mod record;
mod results;
mod take;

pub(crate) use column::columns_of;
pub(crate) use facets::facets;
pub(crate) use files::files;
pub(crate) use frame::{Frame, fault, missing, sign_in};
pub(crate) use health::{health, verified, verifying};
pub(crate) use holders::holders;
pub(crate) use overview::overview;
pub(crate) use record::record;
pub(crate) use results::results;
