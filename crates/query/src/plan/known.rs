//! What a condition says of records of which only a few fields are known.
//!
//! A store counts its records by a few fields. Where those decide a condition, a total needs no
//! record to be read, and whole blocks are passed over. The rule is three-valued logic: a part that
//! asks for anything not known has no answer.

use crate::{Document, Environment, Filter, Matcher, Result};

/// The fields that stores may count their records by.
pub const COUNTED_FIELDS: [&str; 3] = ["typeGroup", "_hidden", "expiresAt"];

/// What is known of some records: for each of [`COUNTED_FIELDS`] its value, or that it is missing, or
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The fields known to be there.
    pub present: Document,
    /// The fields of which nothing is known. All others are known to be missing.
    pub unknown: Vec<&'static str>,
}

/// A condition, compiled for asking it about what is known.
pub(super) enum Decision {
    Always(bool),
    /// A test of one of the counted fields.
    Field {
        name: &'static str,
        matcher: Matcher,
    },
    And(Vec<Decision>),
    Or(Vec<Decision>),
    Not(Box<Decision>),
    /// Asks for something that is never known.
    Open,
}

impl Decision {
    pub(super) fn compile(filter: &Filter, environment: &Environment) -> Result<Decision> {
        let all = |members: &[Filter]| {
            let decisions = members.iter().map(|member| Decision::compile(member, environment));
            decisions.collect::<Result<Vec<Decision>>>()
        };
        Ok(match filter {
            Filter::All => Decision::Always(true),
            Filter::Never => Decision::Always(false),
            Filter::And(members) => Decision::And(all(members)?),
            Filter::Or(members) => Decision::Or(all(members)?),
            Filter::Nor(members) => Decision::Not(Box::new(Decision::Or(all(members)?))),
            Filter::Field { path, .. } => {
                let first = path.parts().first().map(|part| part.name.as_str());
                match COUNTED_FIELDS.into_iter().find(|name| Some(*name) == first) {
                    Some(name) => {
                        Decision::Field { name, matcher: Matcher::compile(filter, environment)? }
                    }
                    None => Decision::Open,
                }
            }
            _ => Decision::Open,
        })
    }

    pub(super) fn decide(&self, known: &Known) -> Option<bool> {
        match self {
            Decision::Always(answer) => Some(*answer),
            Decision::Field { name, .. } if known.unknown.contains(name) => None,
            Decision::Field { matcher, .. } => matcher.matches(known.present.view()).ok(),
            Decision::And(members) => every(members, true, known),
            Decision::Or(members) => every(members, false, known),
            Decision::Not(member) => member.decide(known).map(|answer| !answer),
            Decision::Open => None,
        }
    }
}

/// `sought` if all members answer so; the other answer as soon as one member gives it.
fn every(members: &[Decision], sought: bool, known: &Known) -> Option<bool> {
    let mut answer = Some(sought);
    for member in members {
        match member.decide(known) {
            Some(other) if other != sought => return Some(other),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}
