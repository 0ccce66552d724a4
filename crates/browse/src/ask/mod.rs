//! What a view asks of the index, and what comes back as plain data.
//!
//! Gives out: [`Question`] (the state of a view, as its address has it), [`Fault`] (why it can't be answered, and at
//! which part), and the answers: [`Found`], [`Facets`], [`Listing`], [`Overview`], [`Health`].

mod download;
mod facets;
mod fault;
mod found;
mod health;
mod holders;
mod overview;
mod question;
mod snippets;

pub(crate) use download::{Download, Format};
pub(crate) use facets::{Bucket, Facets};
pub(crate) use fault::{Fault, Part};
pub(crate) use found::{Found, Tabs, at};
pub(crate) use health::Health;
pub(crate) use holders::{By, HolderQuestion, Kind, Listing, ROWS, Row};
pub(crate) use overview::Overview;
pub(crate) use question::{PAGE_SIZES, Question};
pub(crate) use snippets::{Snippets, equals};
