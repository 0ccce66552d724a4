//! What strace wrote down, as calls: one line each, or two where another thread came between.
//!
//! Only the text is read here; what a call does to a disk is [`crate::disk`]'s.

use std::collections::HashMap;

/// A call that has returned.
#[derive(Debug)]
pub(crate) struct Call {
    /// Seconds since the epoch when it returned.
    pub(crate) time: f64,
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    /// What it returned; below 0 for an error.
    pub(crate) result: i64,
    /// The mark that was current when it was called.
    pub(crate) began: u64,
    /// Seconds that it took, as far as another thread's calls came between.
    pub(crate) took: f64,
}

/// A call that has not returned.
struct Begun {
    text: String,
    time: f64,
    mark: u64,
}

/// Calls that are under way, by thread.
#[derive(Default)]
pub(crate) struct Trace {
    begun: HashMap<String, Begun>,
    /// Those during which their thread ended, as if they had returned.
    cut_short: Vec<Call>,
}

impl Trace {
    /// Takes the next line in; gives the call that it completes. `mark` is kept as the beginning of a
    /// call that begins with this line.
    pub(crate) fn line(&mut self, line: &str, mark: u64) -> Option<Call> {
        let (thread, rest) = line.split_once(' ')?;
        let (time, rest) = rest.trim_start().split_once(' ')?;
        let time: f64 = time.parse().ok()?;
        if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            // From here on another thread may be given the same number for a file that it opens, which is
            // written down before the close has returned.
            if start.starts_with("close(") {
                return parse(&format!("{start}) = 0"), time, mark);
            }
            self.begun.insert(thread.to_owned(), Begun { text: start.to_owned(), time, mark });
            return None;
        }
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, end) = resumed.split_once(" resumed>")?;
            let begun = self.begun.remove(thread)?;
            let call = self.ended(&(begun.text + end), time, begun.mark)?;
            return Some(Call { took: time - begun.time, ..call });
        }
        self.ended(rest, time, mark)
    }

    fn ended(&mut self, text: &str, time: f64, began: u64) -> Option<Call> {
        if let Some(start) = text.strip_suffix("= ?") {
            self.cut_short.extend(parse(&format!("{start}= 0"), time, began));
        }
        parse(text, time, began)
    }

    /// At the end, calls during which the process ended: they may have been done.
    pub(crate) fn cut_short(self) -> impl Iterator<Item = Call> {
        let under_way =
            |begun: Begun| parse(&format!("{}) = 0", begun.text), begun.time, begun.mark);
        self.begun.into_values().filter_map(under_way).chain(self.cut_short)
    }
}

fn parse(text: &str, time: f64, began: u64) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let result = result.split([' ', '<']).next()?;
    let result = match result.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok()?,
        None => result.parse().ok()?,
    };
    let arguments = split(arguments);
    Some(Call { time, name: name.to_owned(), arguments, result, began, took: 0.0 })
}

/// Texts are printed in hexadecimal: a comma or a bracket is never part of one.
fn split(arguments: &str) -> Vec<String> {
    arguments.split(", ").map(str::to_owned).collect()
}

impl Call {
    pub(crate) fn is_sync(&self) -> bool {
        self.name == "fsync" || self.name == "fdatasync"
    }

    pub(crate) fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }

    /// An argument that is a number.
    pub(crate) fn number(&self, number: usize) -> i64 {
        self.argument(number).parse().unwrap_or(0)
    }

    /// An argument that is an open file: `5</path>`.
    pub(crate) fn file(&self, number: usize) -> i64 {
        let text = self.argument(number);
        let digits = text.split('<').next().unwrap_or(text);
        digits.parse().unwrap_or(-1)
    }

    /// Where the open file of an argument lies.
    pub(crate) fn open_path(&self, number: usize) -> String {
        let path = self.argument(number).split_once('<').map_or("", |(_, rest)| rest);
        String::from_utf8_lossy(&unhex(path.trim_end_matches('>'))).into_owned()
    }

    /// An argument that is bytes, or begins with some of several.
    pub(crate) fn bytes(&self, number: usize) -> Vec<u8> {
        let text = self.argument(number);
        let text = text.strip_prefix("[{iov_base=").unwrap_or(text);
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map_or_else(Vec::new, unhex)
    }

    /// An argument that is a path, below the directory that the one before names.
    pub(crate) fn path_at(&self, number: usize) -> String {
        let path = self.path(number);
        if path.starts_with('/') {
            return path;
        }
        format!("{}/{path}", self.open_path(number.saturating_sub(1)))
    }

    /// An argument that is a path.
    pub(crate) fn path(&self, number: usize) -> String {
        String::from_utf8_lossy(&self.bytes(number)).into_owned()
    }
}

/// Bytes from text of the form `\x2f\x74`.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    let bytes = text.as_bytes().as_chunks::<4>().0;
    bytes.iter().map(|[_, _, high, low]| digit(*high) << 4 | digit(*low)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_line_is_a_call() {
        let line = r#"7 12.5 pwrite64(3<\x2f\x61>, "\x68\x00\xff", 3, 9) = 3"#;
        let call = Trace::default().line(line, 4).unwrap();
        assert_eq!((call.name.as_str(), call.result, call.began), ("pwrite64", 3, 4));
        assert_eq!((call.file(0), call.bytes(1), call.number(3)), (3, vec![0x68, 0, 0xff], 9));
    }

    #[test]
    fn a_call_that_another_interrupts_began_at_its_first_line() {
        let mut trace = Trace::default();
        assert!(trace.line(r"7 1.0 fsync(3<\x2f\x61> <unfinished ...>", 1).is_none());
        assert!(trace.line(r"8 1.1 close(4<\x2f\x62>) = 0", 2).is_some());
        let call = trace.line("7 1.2 <... fsync resumed>) = 0", 3).unwrap();
        assert_eq!((call.name.as_str(), call.began, call.file(0)), ("fsync", 1, 3));
        assert!((0.19..0.21).contains(&call.took));
    }

    #[test]
    fn a_path_lies_below_the_directory_that_is_open() {
        let line = r#"7 1.0 unlinkat(5<\x2f\x61>, "\x62", 0) = 0"#;
        assert_eq!(Trace::default().line(line, 0).unwrap().path_at(1), "/a/b");
    }
}
