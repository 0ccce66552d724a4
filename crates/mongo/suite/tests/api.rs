//! The tests of the crate `filedex`, over a server.
#![allow(warnings, reason = "the sources are another crate's")]

include!(concat!(env!("OUT_DIR"), "/suite.rs"));
