//! Filedex over a server: the tests of the crate `filedex` and of its program as they are, and what holds of
//! servers alone. One program, so that the driver is linked once.

mod agrees;
mod cases;
mod counted;
mod following;
mod moments;
mod places;
mod sharded;
mod states;
mod surroundings;
mod together;
mod writes;

/// The tests of the crate `filedex`.
#[allow(warnings, reason = "the sources are another crate's")]
mod api {
    include!(concat!(env!("OUT_DIR"), "/suite.rs"));
}

/// Those of the program that need servers. They come first by their name: one of them waits a minute, until a server
/// gives up what a program left open that was killed.
#[allow(warnings, reason = "the sources are another crate's")]
#[path = "../../../../cli/tests/servers.rs"]
mod a_program;

#[allow(warnings, reason = "the sources are another crate's")]
#[path = "../../../../cli/tests/program/mod.rs"]
mod program;
