//! A query string, taken apart the way the two servers do.
//!
//! This file knows the syntax; which parameters there are and what they must be is
//! [`super::schema`]'s.

use percent_encoding::percent_decode_str;

use super::error::Style;

/// The parameters of a request, in the order their names first came.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parameters(Vec<(String, Given)>);

/// What was given for a name.
#[derive(Debug, PartialEq)]
pub(super) enum Given {
    /// One text.
    One(String),
    /// The name more than once, or with an index in brackets.
    Many(Vec<String>),
    /// The name with keys in brackets.
    Nested,
}

/// More parameters than any client sends, or more of one name than Rocket.Chat's parser takes.
#[derive(Debug, PartialEq)]
pub(super) struct TooMany;

const MAX_PARAMETERS: usize = 1000;
const MAX_OF_ONE_NAME: usize = 500;

impl Parameters {
    /// Takes a query string apart. Only Rocket.Chat's parser reads brackets in names.
    pub(super) fn parse(query: &str, style: Style) -> Result<Parameters, TooMany> {
        let mut parameters = Parameters::default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        for (position, pair) in pairs.enumerate() {
            if position >= MAX_PARAMETERS {
                return Err(TooMany);
            }
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name);
            match (style, bracketed(&name)) {
                (Style::Chat, Some((name, true))) => parameters.add(name, text, true)?,
                (Style::Chat, Some((name, false))) => parameters.nest(name),
                _ => parameters.add(&name, text, false)?,
            }
        }
        Ok(parameters)
    }

    /// What was given for that name.
    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, given)| given)
    }

    /// The names, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn add(&mut self, name: &str, text: &str, listed: bool) -> Result<(), TooMany> {
        let text = decode(text);
        let Some((_, given)) = self.0.iter_mut().find(|(given, _)| given == name) else {
            let given = if listed { Given::Many(vec![text]) } else { Given::One(text) };
            self.0.push((name.to_owned(), given));
            return Ok(());
        };
        match given {
            Given::Nested => {}
            Given::Many(texts) if texts.len() >= MAX_OF_ONE_NAME => return Err(TooMany),
            Given::Many(texts) => texts.push(text),
            Given::One(first) => *given = Given::Many(vec![std::mem::take(first), text]),
        }
        Ok(())
    }

    fn nest(&mut self, name: &str) {
        match self.0.iter_mut().find(|(given, _)| given == name) {
            Some((_, given)) => *given = Given::Nested,
            None => self.0.push((name.to_owned(), Given::Nested)),
        }
    }
}

/// `name[]` and `name[0]` are lists, `name[key]` is an object.
fn bracketed(name: &str) -> Option<(&str, bool)> {
    let (base, rest) = name.split_once('[')?;
    let key = rest.strip_suffix(']')?;
    let list = key.bytes().all(|byte| byte.is_ascii_digit());
    (!base.is_empty()).then_some((base, list))
}

/// `+` is a space; a text that is malformed or no UTF-8 once decoded stays as it stands.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => decoded.into_owned(),
        Err(_) => spaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Given {
        Given::One(text.to_owned())
    }

    #[test]
    fn names_and_texts_are_decoded_once() {
        let given = Parameters::parse("a=%7B%22b%22%3A1%7D&c=x+y&d&e=%zz&f=%ff&=", Style::Chat);
        let given = given.unwrap();
        assert_eq!(given.get("a"), Some(&one(r#"{"b":1}"#)));
        assert_eq!(given.get("c"), Some(&one("x y")));
        assert_eq!(given.get("d"), Some(&one("")));
        assert_eq!(given.get("e"), Some(&one("%zz")));
        assert_eq!(given.get("f"), Some(&one("%ff")));
        assert_eq!(given.get("g"), None);
    }

    #[test]
    fn repeated_names_are_lists_and_brackets_count_for_one_style_only() {
        let query = "a=1&a=2&b[]=1&c[0]=1&d[x]=1";
        let chat = Parameters::parse(query, Style::Chat).unwrap();
        assert_eq!(chat.get("a"), Some(&Given::Many(vec!["1".into(), "2".into()])));
        assert_eq!(chat.get("b"), Some(&Given::Many(vec!["1".into()])));
        assert_eq!(chat.get("c"), Some(&Given::Many(vec!["1".into()])));
        assert_eq!(chat.get("d"), Some(&Given::Nested));
        let zipline = Parameters::parse(query, Style::Zipline).unwrap();
        assert_eq!(zipline.get("b[]"), Some(&one("1")));
    }

    #[test]
    fn a_flood_of_parameters_is_refused() {
        let same = vec!["a=1"; MAX_OF_ONE_NAME].join("&");
        assert!(Parameters::parse(&same, Style::Chat).is_ok());
        assert_eq!(Parameters::parse(&format!("{same}&a=1"), Style::Chat), Err(TooMany));
        let many: Vec<String> = (0..MAX_PARAMETERS).map(|n| format!("p{n}=")).collect();
        let many = many.join("&");
        assert!(Parameters::parse(&many, Style::Chat).is_ok());
        assert_eq!(Parameters::parse(&format!("{many}&q="), Style::Chat), Err(TooMany));
    }
}
