//! A pattern finds what PCRE2 finds, or is refused where PCRE2 refuses it or by a rule that names what
//! is not supported.
#![no_main]

use filedex_query::{Limits, Pattern};
use libfuzzer_sys::fuzz_target;

use crate::oracle::{Outcome, compare};

#[path = "../../crates/query/tests/oracle/mod.rs"]
mod oracle;

/// What both are asked: a search that goes back further than this is given up by either.
const LONGEST: usize = 200;

// Options, pattern and text, with a tab between them: a text may hold every letter, a pattern writes
// its tabs as `\t`.
fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, '\t');
    let (Some(options), Some(pattern), Some(text)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    if Pattern::compile("", options, &Limits::default()).is_err() || input.len() > LONGEST {
        return;
    }
    match compare(pattern, options, text) {
        Ok(Outcome::Same | Outcome::Refused) => {}
        Err(how) => panic!("/{pattern}/{options} on {text:?}: {how}"),
    }
});
