//! What a condition says of records of which only a few fields are known.
//!
//! The rule is three-valued logic: a part that asks for anything not known has no answer.

use super::node::Node;
use crate::redaction::Level;
use crate::{Account, COUNTED_FIELDS, Known};

impl Node {
    pub(super) fn decide(&self, known: &Known) -> Option<bool> {
        match self {
            Node::Always(answer) => Some(*answer),
            Node::And(members) => every(members.iter().map(|member| &**member), true, known),
            Node::Or(members) => every(members.iter(), false, known),
            Node::Nor(members) => every(members.iter(), false, known).map(|any| !any),
            Node::Field(field) => {
                let name = field.path.first_name();
                let told = COUNTED_FIELDS.contains(&name) && !known.unknown.contains(&name);
                if told {
                    self.holds(known.present.view(), None, &Account::default()).ok()
                } else {
                    None
                }
            }
            Node::Redacted(level, node) => {
                match COUNTED_FIELDS.iter().any(|name| level.hides(name)) {
                    true => node.decide(&without(known, level)),
                    false => node.decide(known),
                }
            }
            Node::Expression(_) | Node::Schema(_) | Node::Sample(_) => None,
        }
    }
}

/// What is known, without the fields that are left out: those are missing.
fn without(known: &Known, level: &Level) -> Known {
    let mut unknown = known.unknown.clone();
    unknown.retain(|name| !level.hides(name));
    Known { present: known.present.view().redacted(level).to_document(), unknown }
}

/// `sought` if all members answer so; the other answer as soon as one member gives it.
fn every<'n>(members: impl Iterator<Item = &'n Node>, sought: bool, known: &Known) -> Option<bool> {
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
