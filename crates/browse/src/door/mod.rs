//! The way in over HTTP: which address is which view, who may look, what headers every reply has.

mod browser;
mod headers;
mod pass;
mod views;

pub use browser::Browser;
