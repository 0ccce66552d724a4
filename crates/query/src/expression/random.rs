//! `$rand`: numbers that look random and are the same whenever the same document is asked.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood, 2014), started from the host's seed and the
//! document's `_id`, so that documents differ and an evaluation can be repeated.

use super::answer::Answer;
use super::node::Node;
use super::operator::{Operator, Shape};
use super::parse::Parser;
use super::scope::Scope;
use crate::{Code, DocumentRef, Error, Result, Value, ValueRef, key};

pub(super) const OPERATORS: &[Operator] =
    &[Operator { name: "$rand", shape: Shape::Own(parse), run: rand, pure: false }];

/// The generator of one evaluation.
pub(super) struct Random {
    state: u64,
    is_started: bool,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random { state: seed, is_started: false }
    }

    /// A number from 0 up to, but not including, 1.
    fn next(&mut self, document: DocumentRef<'_>) -> f64 {
        if !self.is_started {
            self.start(document);
        }
        // 53 bits are what a double holds.
        (self.step() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn start(&mut self, document: DocumentRef<'_>) {
        let mut bytes = Vec::new();
        key::append(&mut bytes, document.get("_id").unwrap_or(ValueRef::Document(document)));
        for chunk in bytes.chunks(8) {
            self.state ^= chunk.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
            self.state = self.step();
        }
        self.is_started = true;
    }

    fn step(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn parse(_: &mut Parser<'_>, operator: &'static Operator, argument: &Value) -> Result<Node> {
    match argument {
        Value::Document(empty) if empty.is_empty() => {}
        Value::Array(empty) if empty.is_empty() => {}
        _ => return Err(Error::new(Code(3_040_501), "`$rand` takes no arguments: write {}")),
    }
    Ok(Node::Call { operator, arguments: Vec::new() })
}

fn rand<'a>(scope: &mut Scope<'a>, _: &'a [Node]) -> Result<Answer<'a>> {
    let root = scope.root;
    Ok(scope.random.next(root).into())
}
