//! A pattern as states that name their successors: what the backtracking engine walks.
//!
//! Counted repeats are written out, so the number of states is bounded by a limit. This file builds
//! the graph; [`super::backtrack`] walks it.

use super::charset::CharSet;
use super::tree::{Assertion, Greed, Node, Test};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The number of a state.
pub(super) type Place = u32;

/// No bound, for the most turns of a run.
const ENDLESS: u32 = u32::MAX;

/// One state. `next` is where to go on after it.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// The end of the whole, of a look-around, or of an atomic part.
    Accept,
    /// The end of a subroutine.
    Return,
    One {
        set: Arc<Members>,
        next: Place,
    },
    /// A repeat of single characters.
    Run {
        set: Arc<Members>,
        min: u32,
        max: u32,
        greed: Greed,
        next: Place,
    },
    Assert {
        what: Assertion,
        next: Place,
    },
    /// Try `first`; if that leads nowhere, `second`.
    Split {
        first: Place,
        second: Place,
    },
    /// Into a group, and out of it.
    Open {
        group: u32,
        next: Place,
    },
    Close {
        group: u32,
        next: Place,
    },
    /// The start of a turn of a loop whose body can be empty; `slot` remembers the place in the text.
    Turn {
        slot: u32,
        next: Place,
    },
    /// Its end: an empty turn leaves the loop.
    TurnEnd {
        slot: u32,
        again: Place,
        out: Place,
    },
    Atomic {
        body: Place,
        next: Place,
    },
    Ahead {
        negated: bool,
        body: Place,
        next: Place,
    },
    Behind {
        negated: bool,
        branches: Box<[(u32, Place)]>,
        next: Place,
    },
    BackReference {
        group: u32,
        fold: bool,
        next: Place,
    },
    Call {
        group: u32,
        next: Place,
    },
    Matched {
        group: u32,
        yes: Place,
        no: Place,
    },
    Called {
        group: Option<u32>,
        yes: Place,
        no: Place,
    },
    Keep {
        next: Place,
    },
}

/// A pattern, ready to walk.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) states: Vec<State>,
    pub(super) start: Place,
    /// Groups, not counting the whole.
    pub(super) groups: u32,
    /// Places in the text that are remembered: the start after `\K`, three a group (start,
    /// end, where it was opened), and one for each loop that needs it.
    pub(super) slots: u32,
    /// Where each subroutine begins, by its group.
    pub(super) calls: Vec<(u32, Place)>,
    /// Whether a match can only begin where the search does.
    pub(super) anchored: bool,
    /// The characters a match can begin with, if it cannot begin without one.
    pub(super) first: Option<Members>,
}

/// A set of characters, quick to ask.
#[derive(Debug)]
pub(super) struct Members {
    ascii: u128,
    ranges: Vec<(char, char)>,
}

impl Members {
    /// The members of that set.
    pub(super) fn of(set: &CharSet) -> Members {
        let ranges: Vec<_> = set.ranges().collect();
        let holds = |letter: u8| {
            ranges.iter().any(|&(low, high)| (low..=high).contains(&char::from(letter)))
        };
        let ascii = (0..128u8).filter(|&letter| holds(letter)).fold(0, |all, at| all | 1 << at);
        Members { ascii, ranges }
    }

    /// Whether that character is a member.
    pub(super) fn has(&self, letter: char) -> bool {
        if letter.is_ascii() {
            return self.ascii >> u32::from(letter) & 1 == 1;
        }
        let at = self.ranges.partition_point(|&(_, high)| high < letter);
        self.ranges.get(at).is_some_and(|&(low, _)| low <= letter)
    }
}

impl Graph {
    /// The graph of a whole pattern.
    ///
    /// # Errors
    /// The limit `pattern_compiled_bytes`.
    pub(super) fn build(root: &Node, groups: u32, bytes: usize) -> Result<Graph> {
        let most = bytes / size_of::<State>();

        // The longest pattern, all of its letters in any case, must fit the default limit.
        const { assert!(size_of::<State>() <= 32) };
        if root.weight() > most as u64 * 8 {
            return Err(too_large(bytes));
        }
        let mut builder = Builder::new(groups, most);
        let accept = builder.add(State::Accept);
        let start = builder.node(root, accept).ok_or_else(|| too_large(bytes))?;
        builder.subroutines(root).ok_or_else(|| too_large(bytes))?;
        let (first, sure) = root.first();
        Ok(Graph {
            states: builder.states,
            start,
            groups,
            slots: builder.slots,
            calls: builder.calls,
            anchored: root.is_anchored(),
            first: sure.then(|| Members::of(&first)),
        })
    }

    /// Bytes that it takes. States share their sets: each is counted where it is met first.
    pub(super) fn memory(&self) -> usize {
        let mut sets = HashSet::new();
        let set = |state: &State| match state {
            State::One { set, .. } | State::Run { set, .. } if sets.insert(Arc::as_ptr(set)) => {
                size_of::<Members>() + set.ranges.len() * size_of::<(char, char)>()
            }
            _ => 0,
        };
        let sets: usize = self.states.iter().map(set).sum();
        self.states.capacity() * size_of::<State>() + sets
    }
}

fn too_large(allowed: usize) -> Error {
    Error::limit("pattern_compiled_bytes", allowed).with_code(super::INVALID)
}

/// A graph in the making. Parts are built from their end to their start; `None` means too many
/// states.
struct Builder {
    states: Vec<State>,
    slots: u32,
    calls: Vec<(u32, Place)>,
    /// The sets met so far, each kept once.
    sets: HashMap<Vec<(char, char)>, Arc<Members>>,
    most: usize,
}

impl Builder {
    fn new(groups: u32, most: usize) -> Builder {
        let slots = 3 * groups + 1;
        Builder { states: Vec::new(), slots, calls: Vec::new(), sets: HashMap::new(), most }
    }

    fn add(&mut self, state: State) -> Place {
        self.states.push(state);
        // The limit on states is far below what the number holds.
        self.states.len() as Place - 1
    }

    fn set(&mut self, set: &CharSet) -> Arc<Members> {
        let ranges = set.ranges().collect();
        self.sets.entry(ranges).or_insert_with(|| Arc::new(Members::of(set))).clone()
    }

    fn node(&mut self, node: &Node, next: Place) -> Option<Place> {
        if self.states.len() > self.most {
            return None;
        }
        let state = match node {
            Node::Empty => return Some(next),
            Node::One(set) => State::One { set: self.set(set), next },
            Node::Assert(what) => State::Assert { what: *what, next },
            Node::Concat(nodes) => {
                return nodes.iter().rev().try_fold(next, |next, node| self.node(node, next));
            }
            Node::Either(nodes) => return self.either(nodes, next),
            Node::Repeat { node, min, max, greed } => {
                return self.repeat(node, *min, *max, *greed, next);
            }
            Node::Group { index, node } => {
                let group = *index;
                let next = self.add(State::Close { group, next });
                let next = self.node(node, next)?;
                State::Open { group, next }
            }
            Node::Atomic(node) => State::Atomic { body: self.alone(node)?, next },
            Node::Ahead { negated, node } => {
                State::Ahead { negated: *negated, body: self.alone(node)?, next }
            }
            Node::Behind { negated, branches } => self.behind(*negated, branches, next)?,
            Node::BackReference { group, fold } => {
                State::BackReference { group: *group, fold: *fold, next }
            }
            Node::Call(group) => {
                if !self.calls.iter().any(|(called, _)| called == group) {
                    self.calls.push((*group, Place::MAX));
                }
                State::Call { group: *group, next }
            }
            Node::Condition { test, yes, no } => return self.condition(test, yes, no, next),
            Node::Keep => State::Keep { next },
        };
        Some(self.add(state))
    }

    /// A part that ends by itself.
    fn alone(&mut self, node: &Node) -> Option<Place> {
        let accept = self.add(State::Accept);
        self.node(node, accept)
    }

    fn either(&mut self, nodes: &[Node], next: Place) -> Option<Place> {
        let Some((last, others)) = nodes.split_last() else { return Some(next) };
        let mut second = self.node(last, next)?;
        for node in others.iter().rev() {
            let first = self.node(node, next)?;
            second = self.add(State::Split { first, second });
        }
        Some(second)
    }

    fn behind(&mut self, negated: bool, branches: &[(usize, Node)], next: Place) -> Option<State> {
        let mut places = Vec::new();
        for (length, node) in branches {
            places.push((u32::try_from(*length).ok()?, self.alone(node)?));
        }
        Some(State::Behind { negated, branches: places.into(), next })
    }

    fn condition(&mut self, test: &Test, yes: &Node, no: &Node, next: Place) -> Option<Place> {
        let no = self.node(no, next)?;
        let yes_place = match test {
            Test::Never => return Some(next),
            _ => self.node(yes, next)?,
        };
        let state = match test {
            Test::Matched(group) => State::Matched { group: *group, yes: yes_place, no },
            Test::Called(group) => State::Called { group: *group, yes: yes_place, no },
            Test::Around(around) => {
                // Once decided, the other branch is no way back: the opposite test guards it.
                let first = self.node(around, yes_place)?;
                let second = self.node(&opposite(around), no)?;
                State::Split { first, second }
            }
            Test::Never => return Some(next),
        };
        Some(self.add(state))
    }

    fn repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        greed: Greed,
        next: Place,
    ) -> Option<Place> {
        if let Node::One(set) = node {
            let (set, max) = (self.set(set), max.unwrap_or(ENDLESS));
            return Some(self.add(State::Run { set, min, max, greed, next }));
        }
        if greed == Greed::Possessive {
            let accept = self.add(State::Accept);
            let body = self.repeat(node, min, max, Greed::Greedy, accept)?;
            return Some(self.add(State::Atomic { body, next }));
        }
        let lazy = greed == Greed::Lazy;
        let (copies, mut place) = match max {
            Some(max) => (min, self.optional(node, max - min, lazy, next)?),
            None if min == 0 => {
                let first = self.endless(node, lazy, next)?;
                (0, self.split(first, next, lazy))
            }
            None => (min - 1, self.endless(node, lazy, next)?),
        };
        for _ in 0..copies {
            place = self.node(node, place)?;
        }
        Some(place)
    }

    /// `count` copies, each of which may be the last.
    fn optional(&mut self, node: &Node, count: u32, lazy: bool, next: Place) -> Option<Place> {
        let mut place = next;
        for _ in 0..count {
            let first = self.node(node, place)?;
            place = self.split(first, next, lazy);
        }
        Some(place)
    }

    /// One turn or more, without end.
    fn endless(&mut self, node: &Node, lazy: bool, next: Place) -> Option<Place> {
        // The end of a turn leads back to its start, which is not built yet.
        let end = self.add(State::Accept);
        let body = self.node(node, end)?;
        if node.min_length() > 0 {
            let (first, second) = if lazy { (next, body) } else { (body, next) };
            self.put(end, State::Split { first, second });
            return Some(body);
        }
        let slot = self.slots;
        self.slots += 1;
        let turn = self.add(State::Turn { slot, next: body });
        let again = self.split(turn, next, lazy);
        self.put(end, State::TurnEnd { slot, again, out: next });
        Some(turn)
    }

    fn split(&mut self, into: Place, out: Place, lazy: bool) -> Place {
        let (first, second) = if lazy { (out, into) } else { (into, out) };
        self.add(State::Split { first, second })
    }

    fn put(&mut self, place: Place, state: State) {
        if let Some(old) = self.states.get_mut(place as usize) {
            *old = state;
        }
    }

    /// Builds what is called, until nothing new is.
    fn subroutines(&mut self, root: &Node) -> Option<()> {
        let mut at = 0;
        while let Some(&(group, _)) = self.calls.get(at) {
            let node = if group == 0 { Some(root) } else { root.group(group) };
            let end = self.add(State::Return);
            let place = self.node(node.unwrap_or(&Node::Empty), end)?;
            if let Some(call) = self.calls.get_mut(at) {
                call.1 = place;
            }
            at += 1;
        }
        Some(())
    }
}

/// The look-around that holds where this one does not.
fn opposite(around: &Node) -> Node {
    match around {
        Node::Ahead { negated, node } => Node::Ahead { negated: !negated, node: node.clone() },
        Node::Behind { negated, branches } => {
            Node::Behind { negated: !negated, branches: branches.clone() }
        }
        other => other.clone(),
    }
}
