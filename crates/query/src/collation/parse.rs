//! Reading `{"locale": .., "strength": ..}`: kinds, lists of values, what goes together, and MongoDB's codes.
//!
//! The faults are looked for in the server's order: field by field, then the locale, then what belongs
//! together.

use std::sync::Arc;

use super::locale::Locale;
use super::texts::Texts;
use super::{CaseFirst, Collation, Options, Rules};
use crate::filter::integer;
use crate::{Code, Document, Environment, Error, Result, Value, ejson};

/// The version of the library whose options these are, the only one that a document may name.
pub(super) const VERSION: &str = "57.1";

/// What a document gives.
#[derive(Default)]
struct Given<'d> {
    locale: Option<&'d str>,
    case_level: Option<bool>,
    case_first: Option<CaseFirst>,
    strength: Option<u8>,
    numeric_ordering: Option<bool>,
    shifted: Option<bool>,
    spaces_only: Option<bool>,
    normalization: Option<bool>,
    backwards: Option<bool>,
    version: Option<&'d str>,
}

impl Collation {
    /// Reads a collation's document; an empty one counts as not given, which is bytes.
    ///
    /// # Errors
    /// 40414 without a locale, 40415 for an unknown field, 40413 for one that stands twice, 14 for a value of
    /// the wrong kind, 2 for one that can't be, 161 for another version.
    pub fn parse(document: &Document) -> Result<Collation> {
        if document.is_empty() {
            return Ok(Collation::simple());
        }
        let given = Given::read(document)?;
        let Some(name) = given.locale else {
            return Err(Error::new(Code(40414), "a collation needs a `locale`"));
        };
        if name == "simple" {
            return Ok(Collation::simple());
        }
        let locale = Locale::find(name).map_err(|error| error.at("locale"))?;
        if given.version.is_some_and(|version| version != VERSION) {
            let message = format!("the version of collations is {VERSION}");
            return Err(Error::new(Code::INCOMPATIBLE_COLLATION_VERSION, message).at("version"));
        }
        let options = given.spelled_out(&locale);
        check(&options)?;
        let texts = Texts::new(&locale, &options)?;
        Ok(Collation(Some(Arc::new(Rules { options, texts }))))
    }

    /// Reads JSON text; null counts as not given.
    ///
    /// # Errors
    /// Those of [`ejson::read`] and of [`Collation::parse`]; 14 for what is no document.
    pub fn parse_text(text: &str, environment: &Environment) -> Result<Collation> {
        match ejson::read(text, &environment.limits)? {
            Value::Document(document) => Collation::parse(&document),
            Value::Null => Ok(Collation::simple()),
            _ => Err(wrong("a document")),
        }
    }
}

impl<'d> Given<'d> {
    fn read(document: &'d Document) -> Result<Given<'d>> {
        let mut given = Given::default();
        for (at, (name, value)) in document.iter().enumerate() {
            if document.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Error::new(Code(40413), format!("`{name}` stands twice")).at(name));
            }
            given.read_field(name, value).map_err(|error| error.at(name))?;
        }
        Ok(given)
    }

    fn read_field(&mut self, name: &str, value: &'d Value) -> Result<()> {
        // What is null is not given.
        let is_given = !matches!(value, Value::Null | Value::Undefined);
        match name {
            _ if !is_given && NAMES.contains(&name) => {}
            "locale" => self.locale = Some(text(value)?),
            "strength" => self.strength = Some(strength(value)?),
            "caseLevel" => self.case_level = Some(truth(value)?),
            "caseFirst" => self.case_first = Some(case_first(value)?),
            "numericOrdering" => self.numeric_ordering = Some(truth(value)?),
            "alternate" => self.shifted = Some(choice(value, ["non-ignorable", "shifted"])?),
            "maxVariable" => self.spaces_only = Some(choice(value, ["punct", "space"])?),
            "normalization" => self.normalization = Some(truth(value)?),
            "backwards" => self.backwards = Some(truth(value)?),
            "version" => self.version = Some(text(value)?),
            _ => return Err(Error::new(Code(40415), "a collation has no such field")),
        }
        Ok(())
    }

    /// The options with those of the locale where none are given.
    fn spelled_out(&self, locale: &Locale) -> Options {
        let usual = if locale.is_upper_first() { CaseFirst::Upper } else { CaseFirst::Off };
        Options {
            locale: locale.name().to_owned(),
            case_level: self.case_level.unwrap_or(false),
            case_first: self.case_first.unwrap_or(usual),
            strength: self.strength.unwrap_or(3),
            numeric_ordering: self.numeric_ordering.unwrap_or(false),
            shifted: self.shifted.unwrap_or(locale.is_shifted()),
            spaces_only: self.spaces_only.unwrap_or(false),
            normalization: self.normalization.unwrap_or(locale.is_normalized()),
            backwards: self.backwards.unwrap_or(locale.is_backwards()),
        }
    }
}

const NAMES: [&str; 10] = [
    "locale",
    "caseLevel",
    "caseFirst",
    "strength",
    "numericOrdering",
    "alternate",
    "maxVariable",
    "normalization",
    "backwards",
    "version",
];

fn check(options: &Options) -> Result<()> {
    let sees_case = options.case_level || options.strength > 2;
    if options.case_first != CaseFirst::Off && !sees_case {
        let message = "`caseFirst` needs `caseLevel` or a `strength` of 3 and more";
        return Err(Error::bad_value(message));
    }
    if options.backwards && options.strength == 1 {
        return Err(Error::bad_value("`backwards` needs a `strength` of 2 and more"));
    }
    Ok(())
}

fn wrong(wanted: &str) -> Error {
    Error::new(Code::TYPE_MISMATCH, format!("takes {wanted}"))
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| wrong("a string"))
}

fn truth(value: &Value) -> Result<bool> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        _ => Err(wrong("true or false")),
    }
}

fn strength(value: &Value) -> Result<u8> {
    if !value.view().is_number() {
        return Err(wrong("a number"));
    }
    let whole = integer::truncated(value.view()).and_then(|number| u8::try_from(number).ok());
    let known = whole.filter(|strength| (1..=5).contains(strength));
    known.ok_or_else(|| Error::bad_value("takes a number from 1 to 5"))
}

fn case_first(value: &Value) -> Result<CaseFirst> {
    match text(value)? {
        "off" => Ok(CaseFirst::Off),
        "upper" => Ok(CaseFirst::Upper),
        "lower" => Ok(CaseFirst::Lower),
        _ => Err(Error::bad_value("takes \"off\", \"upper\" or \"lower\"")),
    }
}

/// Whether it is the second of two.
fn choice(value: &Value, [first, second]: [&str; 2]) -> Result<bool> {
    match text(value)? {
        given if given == first => Ok(false),
        given if given == second => Ok(true),
        _ => Err(Error::bad_value(format!("takes \"{first}\" or \"{second}\""))),
    }
}
