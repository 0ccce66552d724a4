//! What Rocket.Chat's endpoints accept: which parameters, of which kind, and the exact complaint
//! about anything else.
//!
//! The complaints and their order are those of the validator the real server runs: the choice
//! between two keys, required keys, unknown keys, then each value in the schema's order. This file
//! knows no room and no record.

use super::error::ApiError;
use super::number;
use super::parameters::{Given, Parameters};

/// The parameters of one endpoint.
pub(super) struct Schema {
    /// Exactly one of the two must be there.
    pub(super) one_of: Option<[&'static str; 2]>,
    /// Must be there.
    pub(super) required: Option<&'static str>,
    /// Every known parameter, in the order they are checked.
    pub(super) known: &'static [(&'static str, Kind)],
    /// Whether unknown parameters are ignored.
    pub(super) open: bool,
}

/// What a parameter must be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A number from 0; empty and blank count as absent.
    Number,
    /// `true` or `false`.
    Truth,
}

/// Parameters that fit a schema.
pub(super) struct Accepted(Vec<(&'static str, Coerced)>);

enum Coerced {
    Absent,
    Text(String),
    Number(u64),
    Truth(bool),
}

impl Schema {
    /// Checks the parameters and reads their values.
    pub(super) fn accept(&self, given: &Parameters) -> Result<Accepted, ApiError> {
        self.check_names(given).map_err(invalid)?;
        let mut accepted = Vec::with_capacity(self.known.len());
        for (name, kind) in self.known {
            let value = given.get(name).map_or(Ok(Coerced::Absent), |given| kind.coerce(given));
            accepted.push((*name, value.map_err(invalid)?));
        }
        Ok(Accepted(accepted))
    }

    fn check_names(&self, given: &Parameters) -> Result<(), String> {
        if let Some([one, other]) = self.one_of {
            let choice = "must match exactly one schema in oneOf";
            match (given.get(one), given.get(other)) {
                (None, None) => {
                    return Err(format!("{}\n {}\n {choice}", lacks(one), lacks(other)));
                }
                (Some(_), Some(_)) => return Err(choice.to_owned()),
                _ => {}
            }
        }
        if let Some(name) = self.required.filter(|name| given.get(name).is_none()) {
            return Err(lacks(name));
        }
        let known = |name: &str| self.known.iter().any(|(known, _)| *known == name);
        if !self.open && !given.names().all(known) {
            return Err("must NOT have additional properties".to_owned());
        }
        Ok(())
    }
}

fn lacks(name: &str) -> String {
    format!("must have required property '{name}'")
}

fn invalid(complaint: String) -> ApiError {
    ApiError::coded(complaint, "invalid-params")
}

impl Kind {
    fn coerce(self, given: &Given) -> Result<Coerced, String> {
        let text = match given {
            Given::One(text) => Some(text),
            // The validator unwraps a list of one.
            Given::Many(texts) if texts.len() == 1 => texts.first(),
            _ => None,
        };
        match (self, text.map(String::as_str)) {
            (Kind::Text, Some(text)) => Ok(Coerced::Text(text.to_owned())),
            (Kind::Text, None) => Err("must be string".to_owned()),
            (Kind::Number, Some(text)) => amount(text),
            (Kind::Number, None) => Err("must be number".to_owned()),
            (Kind::Truth, Some("true")) => Ok(Coerced::Truth(true)),
            (Kind::Truth, Some("false")) => Ok(Coerced::Truth(false)),
            (Kind::Truth, _) => Err("must be boolean".to_owned()),
        }
    }
}

fn amount(text: &str) -> Result<Coerced, String> {
    if text.trim().is_empty() {
        return Ok(Coerced::Absent);
    }
    let amount = number::read(text);
    if !amount.is_finite() {
        return Err("must be number".to_owned());
    }
    if amount < 0.0 {
        return Err("must be >= 0".to_owned());
    }
    if amount > number::MAX_SAFE {
        return Err(format!("must be <= {}", number::MAX_SAFE));
    }
    // Fractions are cut, as the server cuts them.
    Ok(Coerced::Number(amount as u64))
}

impl Accepted {
    /// The text given for that name.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Coerced::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// The number given for that name.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Coerced::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether `true` was given for that name.
    pub(super) fn truth(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Coerced::Truth(true)))
    }

    fn get(&self, name: &str) -> Option<&Coerced> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
