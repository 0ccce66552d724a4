//! Values, objects and arrays, by descent. Texts and numbers are `string`'s, functions are `call`'s.

use super::{call, string};
use crate::value::Regex;
use crate::{Code, Document, Environment, Error, Place, Result, Value, ejson};

/// The text and how far it is read.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) environment: &'t Environment,
    depth: usize,
}

pub(super) fn read(text: &str, environment: &Environment) -> Result<Value> {
    let limits = &environment.limits;
    if text.len() > limits.text_bytes {
        return Err(Error::limit("text_bytes", limits.text_bytes));
    }
    let mut parser = Parser { text, at: 0, environment, depth: limits.document_depth };
    let value = parser.value()?;
    parser.blanks()?;
    match parser.rest().is_empty() {
        true => Ok(value),
        false => {
            let message = "expected nothing more here: one value, and its brackets are closed";
            Err(parser.fault(parser.at, message))
        }
    }
}

impl<'t> Parser<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over the text if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// What comes next as long as it is accepted.
    pub(super) fn run(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|letter| !accept(letter)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// An error at that byte.
    pub(super) fn fault(&self, at: usize, message: impl Into<String>) -> Error {
        Error::new(Code::FAILED_TO_PARSE, message).placed(Place::of(self.text, at))
    }

    /// Passes over blanks and comments.
    pub(super) fn blanks(&mut self) -> Result<()> {
        loop {
            self.run(|letter| letter.is_whitespace() || letter == '\u{feff}');
            let start = self.at;
            if self.take("//") {
                self.run(|letter| letter != '\n');
            } else if self.take("/*") {
                let end = self.rest().find("*/");
                self.at += 2 + end.ok_or_else(|| self.fault(start, "this comment has no end"))?;
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn value(&mut self) -> Result<Value> {
        self.blanks()?;
        let start = self.at;
        match self.peek() {
            Some('{') => self.nested(Parser::object),
            Some('[') => self.nested(Parser::array),
            Some('"' | '\'') => string::text(self).map(Value::from),
            Some('/') => self.regex(),
            Some('-' | '+' | '.' | '0'..='9') => string::number(self),
            Some(letter) if is_name_start(letter) => self.nested(call::word),
            Some(letter) => Err(self.fault(start, unexpected(letter, "a value"))),
            None => Err(self.fault(start, "expected a value, but the text ends here")),
        }
    }

    fn nested(&mut self, read: fn(&mut Parser<'t>) -> Result<Value>) -> Result<Value> {
        let Some(left) = self.depth.checked_sub(1) else {
            let most = self.environment.limits.document_depth;
            return Err(Error::limit("document_depth", most));
        };
        self.depth = left;
        let value = read(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value> {
        let start = self.at;
        self.at += 1;
        let mut document = Document::new();
        loop {
            self.blanks()?;
            if self.take("}") {
                let unwrapped = ejson::unwrap(document);
                return unwrapped.map_err(|error| error.placed(Place::of(self.text, start)));
            }
            let name = self.name(start)?;
            self.blanks()?;
            if !self.take(":") {
                let message =
                    format!("expected a `:` and a value behind the name `{}`", short(&name));
                return Err(self.fault(self.at, message));
            }
            document.push(name, self.value()?);
            self.separator(start, '}')?;
        }
    }

    fn array(&mut self) -> Result<Value> {
        let start = self.at;
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.blanks()?;
            if self.take("]") {
                return Ok(Value::Array(elements));
            }
            elements.push(self.value()?);
            self.separator(start, ']')?;
        }
    }

    /// A comma, or the end that comes next.
    fn separator(&mut self, start: usize, end: char) -> Result<()> {
        self.blanks()?;
        if self.take(",") || self.peek() == Some(end) {
            return Ok(());
        }
        match self.peek() {
            None => Err(self.fault(start, format!("this bracket has no `{end}`"))),
            Some(letter) => {
                Err(self.fault(self.at, unexpected(letter, &format!("a comma or `{end}`"))))
            }
        }
    }

    fn name(&mut self, start: usize) -> Result<String> {
        match self.peek() {
            Some('"' | '\'') => string::text(self),
            Some(letter) if is_name_part(letter) => {
                let name = self.run(|letter| is_name_part(letter) || letter == '.');
                match name.contains('.') {
                    true => {
                        let message = "a path stands in quotes: \"a.b\"";
                        Err(self.fault(self.at - name.len(), message))
                    }
                    false => Ok(name.to_owned()),
                }
            }
            Some(letter) => Err(self.fault(self.at, unexpected(letter, "a name or `}`"))),
            None => Err(self.fault(start, "this bracket has no `}`")),
        }
    }

    /// `/pattern/flags`.
    fn regex(&mut self) -> Result<Value> {
        let start = self.at;
        self.at += 1;
        let (mut pattern, mut in_class) = (String::new(), false);
        loop {
            let Some(letter) = self.peek().filter(|letter| *letter != '\n') else {
                return Err(self.fault(start, "this regular expression has no closing `/`"));
            };
            self.at += letter.len_utf8();
            match letter {
                '/' if !in_class => break,
                '[' => in_class = true,
                ']' => in_class = false,
                '\\' => {
                    let escaped = self.peek().filter(|letter| *letter != '\n');
                    self.at += escaped.map_or(0, char::len_utf8);
                    if escaped != Some('/') {
                        pattern.push('\\');
                    }
                    pattern.extend(escaped);
                    continue;
                }
                _ => {}
            }
            pattern.push(letter);
        }
        let flags_at = self.at;
        let flags = self.run(|letter| letter.is_ascii_alphanumeric());
        regex(pattern, flags).ok_or_else(|| {
            let message = "the flags of a regular expression are i, m, s, x and u, each once";
            self.fault(flags_at, message)
        })
    }
}

/// A regular expression with flags that a query may have.
pub(super) fn regex(pattern: String, flags: &str) -> Option<Value> {
    let mut letters: Vec<char> = flags.chars().collect();
    letters.sort_unstable();
    let all = letters.len();
    letters.dedup();
    let known = letters.len() == all && letters.iter().all(|flag| "imsxu".contains(*flag));
    let options = letters.into_iter().collect();
    (known && !pattern.contains('\0')).then_some(Value::Regex(Regex { pattern, options }))
}

pub(super) fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

pub(super) fn is_name_part(letter: char) -> bool {
    is_name_start(letter) || letter.is_numeric()
}

/// The beginning of a name, for a message.
pub(super) fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

fn unexpected(letter: char, wanted: &str) -> String {
    let hint = match letter {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => {
            "; this is a typographic quote, write \""
        }
        '\u{2018}' | '\u{2019}' | '\u{201a}' => "; this is a typographic quote, write '",
        '`' => "; texts stand in \" or '",
        ';' => "; only one value is read",
        '=' => "; a name and its value are joined by `:`",
        '<' | '>' => "; an order is asked for by an operator: {size: {$gt: 1}}",
        _ => "",
    };
    format!("expected {wanted}, not `{}`{hint}", letter.escape_debug())
}
