//! The text that every match must start its string with, for a planner to make bounds of.

use super::charset::CharSet;
use super::tree::{Assertion, Node};

/// The characters after a leading `^` or `\A`, as far as each is one and the same in every match.
/// Nothing if there are none: option `i` makes sets of letters, `m` lets lines begin elsewhere.
pub(super) fn literal_prefix(root: &Node) -> Option<String> {
    let mut prefix = Prefix { anchored: false, text: String::new() };
    prefix.read(root);
    Some(prefix.text).filter(|text| !text.is_empty())
}

struct Prefix {
    anchored: bool,
    text: String,
}

impl Prefix {
    /// Takes what the part adds and says whether reading can go on after it.
    fn read(&mut self, node: &Node) -> bool {
        match node {
            Node::Empty => true,
            Node::Assert(Assertion::TextStart) => {
                self.anchored |= self.text.is_empty();
                true
            }
            Node::One(set) => self.letter(set),
            Node::Concat(nodes) => nodes.iter().all(|node| self.read(node)),
            Node::Group { node, .. } | Node::Atomic(node) => self.read(node),
            Node::Repeat { node, min, max, .. } if self.anchored => {
                self.copies(node, *min) && Some(*min) == *max
            }
            // A condition on the place takes nothing away from what must stand here.
            Node::Assert(_) | Node::Ahead { .. } | Node::Behind { .. } => self.anchored,
            _ => false,
        }
    }

    /// Copies of a part, until one adds nothing.
    fn copies(&mut self, node: &Node, count: u32) -> bool {
        for _ in 0..count {
            let before = self.text.len();
            if !self.read(node) {
                return false;
            }
            if self.text.len() == before {
                break;
            }
        }
        true
    }

    fn letter(&mut self, set: &CharSet) -> bool {
        let letter = set.single().filter(|_| self.anchored && self.text.len() < LONGEST);
        self.text.extend(letter);
        letter.is_some()
    }
}

/// Bytes after which more of a prefix is of no use to bounds.
const LONGEST: usize = 1_024;
