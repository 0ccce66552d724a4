//! Finds where a JSON value ends, byte by byte, without holding more than it has to.
//!
//! It knows the shape of JSON (brackets, names, commas, texts) well enough to see at which line a
//! value breaks, so that reading goes on behind it. What the value means is the JSON reader's.

use std::io::{self, BufRead};

/// Bytes of text with the number of the line that comes next.
pub(super) struct Scanner<'a> {
    input: Box<dyn BufRead + 'a>,
    line: u64,
}

/// How a value ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Where it should.
    Whole,
    /// Where it should, but it is longer than may be held.
    TooLong,
    /// At a byte that cannot stand there, which is not taken.
    Broken(&'static str),
}

impl<'a> Scanner<'a> {
    pub(super) fn new(input: Box<dyn BufRead + 'a>) -> Scanner<'a> {
        Scanner { input, line: 1 }
    }

    /// The line that the next byte is on.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next byte, which stays.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    /// Takes one byte.
    pub(super) fn take(&mut self) -> io::Result<()> {
        if self.peek()? == Some(b'\n') {
            self.line += 1;
        }
        self.input.consume(1);
        Ok(())
    }

    /// Takes what may stand between values: blanks, commas, and the marks between records of RFC 7464.
    pub(super) fn skip_between(&mut self) -> io::Result<()> {
        self.skip(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | 0x1e))
    }

    /// Takes blanks.
    pub(super) fn skip_blanks(&mut self) -> io::Result<()> {
        self.skip(|byte| byte.is_ascii_whitespace())
    }

    fn skip(&mut self, passed: impl Fn(u8) -> bool) -> io::Result<()> {
        while let Some(byte) = self.peek()? {
            if !passed(byte) {
                break;
            }
            self.take()?;
        }
        Ok(())
    }

    /// Takes the rest of the line, of which the first bytes are given back.
    pub(super) fn take_line(&mut self) -> io::Result<String> {
        let mut shown = Vec::new();
        loop {
            let bytes = self.input.fill_buf()?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            let room = SHOWN_BYTES.saturating_sub(shown.len()).min(taken);
            shown.extend_from_slice(bytes.get(..room).unwrap_or_default());
            self.input.consume(taken);
            if end.is_some() {
                self.line += 1;
            }
            if end.is_some() || taken == 0 {
                return Ok(String::from_utf8_lossy(shown.trim_ascii()).into_owned());
            }
        }
    }

    /// Takes a value. Its text is added to `kept`, as long as that has room for it.
    pub(super) fn value(&mut self, kept: &mut Kept<'_>) -> io::Result<Cut> {
        let mut shape = Shape::default();
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(shape.at_end(kept));
            }
            let (mut taken, mut lines, mut end) = (0, 0, None);
            for byte in bytes {
                let step = shape.step(*byte);
                if matches!(step, Step::On | Step::End) {
                    taken += 1;
                    lines += u64::from(*byte == b'\n');
                }
                if step != Step::On {
                    end = Some(step);
                    break;
                }
            }
            kept.add(bytes.get(..taken).unwrap_or_default());
            self.line += lines;
            self.input.consume(taken);
            if let Some(step) = end {
                return Ok(step.cut(kept));
            }
        }
    }
}

/// Bytes of a line that a complaint shows.
const SHOWN_BYTES: usize = 60;

/// Text that is kept, up to a number of bytes; or none.
pub(super) struct Kept<'t> {
    text: Option<&'t mut Vec<u8>>,
    most: usize,
    over: bool,
}

impl<'t> Kept<'t> {
    /// Keeps text until all of it has so many bytes.
    pub(super) fn up_to(most: usize, text: &'t mut Vec<u8>) -> Kept<'t> {
        Kept { text: Some(text), most, over: false }
    }

    /// Keeps nothing.
    pub(super) fn nothing() -> Kept<'t> {
        Kept { text: None, most: 0, over: false }
    }

    fn add(&mut self, bytes: &[u8]) {
        let Some(text) = &mut self.text else { return };
        self.over |= text.len() + bytes.len() > self.most;
        if !self.over {
            text.extend_from_slice(bytes);
        }
    }
}

/// How far a value is.
#[derive(Default)]
struct Shape {
    /// The brackets that are open: whether each is an object's.
    open: Vec<bool>,
    expects: Expects,
    within: Within,
    after_line_end: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Expects {
    #[default]
    Value,
    ValueOrEnd,
    NameOrEnd,
    Name,
    Colon,
    CommaOrEnd,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Within {
    #[default]
    Nothing,
    Text,
    Escape,
    Scalar,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    On,
    /// The byte is the value's last.
    End,
    /// The value ended before the byte.
    Before,
    Broken(&'static str),
}

impl Step {
    fn cut(self, kept: &Kept<'_>) -> Cut {
        match self {
            Step::Broken(reason) => Cut::Broken(reason),
            _ if kept.over => Cut::TooLong,
            _ => Cut::Whole,
        }
    }
}

/// Levels of brackets, far beyond what any limit on documents lets through.
const MOST_OPEN: usize = 1 << 20;

impl Shape {
    fn at_end(&self, kept: &Kept<'_>) -> Cut {
        match self.within {
            Within::Scalar if self.open.is_empty() => Step::Before.cut(kept),
            _ => Cut::Broken("the file ends inside of it: it is cut off"),
        }
    }

    fn step(&mut self, byte: u8) -> Step {
        let fresh_line = std::mem::replace(&mut self.after_line_end, byte == b'\n');
        match self.within {
            Within::Escape => self.inside(Within::Text),
            Within::Text => self.in_text(byte),
            Within::Scalar => match byte {
                b',' | b':' | b']' | b'}' | b'[' | b'{' | b'"' => self.behind_scalar(byte),
                byte if byte.is_ascii_whitespace() => self.behind_scalar(byte),
                _ => Step::On,
            },
            Within::Nothing if byte.is_ascii_whitespace() => Step::On,
            Within::Nothing if byte == b'{' && fresh_line && !self.open.is_empty() => {
                Step::Broken("it isn't closed where the next line begins")
            }
            Within::Nothing => self.between(byte),
        }
    }

    fn inside(&mut self, within: Within) -> Step {
        self.within = within;
        Step::On
    }

    fn in_text(&mut self, byte: u8) -> Step {
        match byte {
            b'\\' => self.inside(Within::Escape),
            b'\n' => Step::Broken("a text isn't closed where the line ends"),
            b'"' => {
                self.within = Within::Nothing;
                match self.expects {
                    Expects::Name | Expects::NameOrEnd => {
                        self.expects = Expects::Colon;
                        Step::On
                    }
                    _ => self.value_ended(),
                }
            }
            _ => Step::On,
        }
    }

    fn behind_scalar(&mut self, byte: u8) -> Step {
        self.within = Within::Nothing;
        match self.value_ended() {
            Step::End => Step::Before,
            _ if byte.is_ascii_whitespace() => Step::On,
            _ => self.between(byte),
        }
    }

    fn value_ended(&mut self) -> Step {
        self.expects = Expects::CommaOrEnd;
        if self.open.is_empty() { Step::End } else { Step::On }
    }

    fn between(&mut self, byte: u8) -> Step {
        use Expects::{Colon, CommaOrEnd, Name, NameOrEnd, Value, ValueOrEnd};
        match (self.expects, byte) {
            (Value | ValueOrEnd, b'{') => self.opened(true),
            (Value | ValueOrEnd, b'[') => self.opened(false),
            (Value | ValueOrEnd | Name | NameOrEnd, b'"') => self.inside(Within::Text),
            (Value | ValueOrEnd, byte) if byte.is_ascii_alphanumeric() || byte == b'-' => {
                self.inside(Within::Scalar)
            }
            (Colon, b':') => self.expecting(Value),
            (CommaOrEnd, b',') => {
                let object = self.open.last() == Some(&true);
                self.expecting(if object { Name } else { Value })
            }
            (CommaOrEnd | NameOrEnd, b'}') => self.closed(true),
            (CommaOrEnd | ValueOrEnd, b']') => self.closed(false),
            (Name | Value, b'}' | b']') => Step::Broken("a comma stands before its end"),
            (Name | NameOrEnd, _) => Step::Broken("a name in quotes must stand there"),
            (Colon, _) => Step::Broken("a colon must stand behind a name"),
            (CommaOrEnd, _) => Step::Broken("a comma or the end must stand there"),
            (Value | ValueOrEnd, _) => Step::Broken("a value must stand there"),
        }
    }

    fn expecting(&mut self, expects: Expects) -> Step {
        self.expects = expects;
        Step::On
    }

    fn opened(&mut self, object: bool) -> Step {
        if self.open.len() >= MOST_OPEN {
            return Step::Broken("it is nested too deep");
        }
        self.open.push(object);
        self.expecting(if object { Expects::NameOrEnd } else { Expects::ValueOrEnd })
    }

    fn closed(&mut self, object: bool) -> Step {
        match self.open.pop() {
            Some(open) if open == object => self.value_ended(),
            _ => Step::Broken("a bracket is closed that isn't open"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> (Cut, String, String) {
        let mut scanner = Scanner::new(Box::new(std::io::Cursor::new(text.to_owned())));
        let mut kept = Vec::new();
        let cut = scanner.value(&mut Kept::up_to(1000, &mut kept)).unwrap();
        (cut, String::from_utf8(kept).unwrap(), scanner.take_line().unwrap())
    }

    #[test]
    fn a_value_is_cut_where_it_ends() {
        for value in
            [r#"{"a":[1,{"b":"}\"{"}],"c":null}"#, "[]", "{}", r#""x\\""#, "-1.5e3", "true"]
        {
            let (how, kept, rest) = cut(&format!("{value} {{\"next\":1}}"));
            assert_eq!((how, kept.as_str()), (Cut::Whole, value));
            assert_eq!(rest, r#"{"next":1}"#);
        }
        assert_eq!(cut("{\"a\":\r\n [\n1\n]\n}").0, Cut::Whole);
        assert_eq!(cut("17").0, Cut::Whole);
    }

    #[test]
    fn a_break_is_seen_where_it_is_and_what_follows_stays() {
        for (text, rest) in [
            ("{\"a\":1,\n\n{\"next\":1}", "{\"next\":1}"),
            ("{\"a\":\n[1,\n{\"next\":1}", "{\"next\":1}"),
            ("{\"a\":\"x\n{\"next\":1}", ""),
            ("{]", "]"),
            ("[1,]", "]"),
            ("{\"a\" 1}", "1}"),
            ("{\"a\":ISODate(\"x\")}", "\"x\")}"),
            ("{'a':1}", "'a':1}"),
        ] {
            let (how, _, left) = cut(text);
            assert!(matches!(how, Cut::Broken(_)), "{text:?}: {how:?}");
            assert_eq!(left, rest, "{text:?}");
        }
        for text in ["{\"a\":", "[1", "\"x", ""] {
            assert!(matches!(cut(text).0, Cut::Broken(_)), "{text:?}");
        }
    }

    #[test]
    fn a_long_value_is_passed_over_without_being_held() {
        let text = format!("[\"{}\"] next", "x".repeat(2000));
        let (how, kept, rest) = cut(&text);
        assert_eq!((how, rest.as_str()), (Cut::TooLong, "next"));
        assert!(kept.len() <= 1000);
    }
}
