//! The option letters of a pattern, the verbs it may start with, and the flags they set.
//!
//! This file knows what each letter switches; the parser changes flags as it meets `(?i)`.

use super::{BAD_OPTION, INVALID};
use crate::{Error, Result};

/// How the part of the pattern ahead is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// `i`: letters match in every case.
    pub(super) fold: bool,
    /// `m`: `^` and `$` at every line.
    pub(super) lines: bool,
    /// `s`: `.` takes the newline too.
    pub(super) dot_all: bool,
    /// `x`: blanks and `#` comments are skipped.
    pub(super) blanks: bool,
    /// `xx`: spaces and tabs in classes are skipped too.
    pub(super) class_blanks: bool,
    /// `n`: plain parentheses do not capture.
    pub(super) plain_groups: bool,
    /// `U`: quantifiers are lazy unless marked.
    pub(super) lazy: bool,
    /// `(*UCP)`: `\w`, `\d`, `\s`, `\b` and POSIX classes go by Unicode properties.
    pub(super) unicode: bool,
    /// `(*BSR_ANYCRLF)`: `\R` takes CR, LF and CRLF only.
    pub(super) narrow_newline: bool,
}

impl Flags {
    /// The flags of MongoDB's option letters: `i`, `m`, `s`, `x`, and `u`, which changes nothing.
    ///
    /// # Errors
    /// 2 for a NUL, 51108 for any other letter.
    pub(super) fn of_options(options: &str) -> Result<Flags> {
        let mut flags = Flags::default();
        for letter in options.chars() {
            match letter {
                'i' => flags.fold = true,
                'm' => flags.lines = true,
                's' => flags.dot_all = true,
                'x' => flags.blanks = true,
                'u' => {}
                '\0' => return Err(Error::bad_value("options hold a NUL character")),
                other => {
                    let message = format!("unknown option `{other}`: only i, m, s, x and u exist");
                    return Err(Error::new(BAD_OPTION, message));
                }
            }
        }
        Ok(flags)
    }

    /// Takes the verbs off the start of a pattern and sets what they switch. Gives back how many
    /// bytes they took.
    ///
    /// # Errors
    /// 51091 for a verb that would change line ends, limits or empty matches: neither engine has them.
    pub(super) fn take_verbs(&mut self, pattern: &str) -> Result<usize> {
        let mut rest = pattern;
        while let Some(after) = rest.strip_prefix("(*") {
            let Some((verb, left)) = after.split_once(')') else { break };
            match verb {
                "UCP" => self.unicode = true,
                "BSR_ANYCRLF" => self.narrow_newline = true,
                "BSR_UNICODE" => self.narrow_newline = false,
                "UTF" | "UTF8" | "LF" | "NO_JIT" | "NO_START_OPT" | "NO_AUTO_POSSESS"
                | "NO_DOTSTAR_ANCHOR" => {}
                _ if is_refused(verb) => {
                    let message =
                        format!("regular expression: the verb (*{verb}) is not supported");
                    return Err(Error::new(INVALID, message));
                }
                _ => break,
            }
            rest = left;
        }
        Ok(pattern.len() - rest.len())
    }
}

fn is_refused(verb: &str) -> bool {
    const LINE_ENDS: [&str; 5] = ["CR", "CRLF", "ANY", "ANYCRLF", "NUL"];
    LINE_ENDS.contains(&verb) || verb.starts_with("LIMIT_") || verb.starts_with("NOTEMPTY")
}
