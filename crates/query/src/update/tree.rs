//! All operations of one update as one tree, keyed by the parts of their paths.
//!
//! The order in which operators were written is forgotten here: the tree is walked in the order of
//! names. No two operations may meet at one place or one below another, which is seen while the tree
//! grows, or, where `$`, `$[]` and `$[x]` only tell over a document, when branches are joined.

use std::borrow::Cow;
use std::sync::Arc;

use super::array_filter::ArrayFilters;
use super::operation::Operation;
use super::path::{self, Part};
use crate::{Account, Code, Error, Result};

/// What is to be done at one place, or below it.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// An operation on the value itself.
    Leaf(Arc<Operation>),
    /// Operations on fields, or on elements by their index.
    Fields(Fields),
    /// Operations on many elements of an array.
    Elements(Vec<(Selector, Node)>),
}

/// Operations by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// In the order of [`path::compare`].
    named: Vec<(Arc<str>, Node)>,
    /// What `$` leads to.
    matched: Option<Box<Node>>,
}

/// Which elements of an array are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    /// `$[]`.
    Every,
    /// `$[x]`: the place of its filter among the array filters.
    Filtered(usize),
}

/// A part of a path, once the names of array filters are known.
enum Key<'p> {
    Name(&'p str),
    Matched,
    Element(Selector),
}

impl Node {
    /// A tree without operations.
    pub(super) fn empty() -> Node {
        Node::Fields(Fields::default())
    }

    /// Adds what is to be done at the end of the path.
    ///
    /// # Errors
    /// 40 where another operation is in the way, 2 for a name that no array filter has.
    pub(super) fn insert(
        &mut self,
        parts: &[Part<'_>],
        leaf: Operation,
        filters: &mut ArrayFilters,
    ) -> Result<()> {
        let Some((part, rest)) = parts.split_first() else { return Err(conflict()) };
        let key = Key::of(*part, filters)?;
        match self.child(&key)? {
            Some(child) => child.insert(rest, leaf, filters),
            None => {
                let child = Node::along(rest, leaf, filters)?;
                self.add(key, child);
                Ok(())
            }
        }
    }

    /// A branch that does nothing but lead to the operation.
    fn along(parts: &[Part<'_>], leaf: Operation, filters: &mut ArrayFilters) -> Result<Node> {
        let Some((part, rest)) = parts.split_first() else {
            return Ok(Node::Leaf(Arc::new(leaf)));
        };
        let key = Key::of(*part, filters)?;
        let mut node = match key {
            Key::Element(_) => Node::Elements(Vec::new()),
            _ => Node::empty(),
        };
        node.add(key, Node::along(rest, leaf, filters)?);
        Ok(node)
    }

    /// What stands under that key; an error where no key of that kind can stand.
    fn child(&mut self, key: &Key<'_>) -> Result<Option<&mut Node>> {
        match (self, key) {
            (Node::Fields(fields), Key::Name(name)) => Ok(match fields.find(name) {
                Ok(at) => fields.named.get_mut(at).map(|(_, node)| node),
                Err(_) => None,
            }),
            (Node::Fields(fields), Key::Matched) => Ok(fields.matched.as_deref_mut()),
            (Node::Elements(elements), Key::Element(selector)) => {
                let found = elements.iter_mut().find(|(known, _)| known == selector);
                Ok(found.map(|(_, node)| node))
            }
            _ => Err(conflict()),
        }
    }

    /// Puts a child under a key that is free.
    fn add(&mut self, key: Key<'_>, child: Node) {
        match (self, key) {
            (Node::Fields(fields), Key::Name(name)) => fields.add(Arc::from(name), child),
            (Node::Fields(fields), Key::Matched) => fields.matched = Some(Box::new(child)),
            (Node::Elements(elements), Key::Element(selector)) => elements.push((selector, child)),
            _ => {}
        }
    }

    /// How many nodes there are from here on: what copying them costs.
    pub(super) fn size(&self) -> u64 {
        let below: u64 = match self {
            Node::Leaf(_) => 0,
            Node::Fields(fields) => fields.size(),
            Node::Elements(elements) => elements.iter().map(|(_, node)| node.size()).sum(),
        };
        1 + below
    }

    /// Both, at one place.
    ///
    /// # Errors
    /// 40 where operations of the two meet.
    pub(super) fn merged(&self, other: &Node) -> Result<Node> {
        match (self, other) {
            (Node::Fields(left), Node::Fields(right)) => left.merged(right).map(Node::Fields),
            (Node::Elements(left), Node::Elements(right)) => {
                let mut all = left.clone();
                for (selector, node) in right {
                    match all.iter_mut().find(|(known, _)| known == selector) {
                        Some((_, known)) => *known = known.merged(node)?,
                        None => all.push((*selector, node.clone())),
                    }
                }
                Ok(Node::Elements(all))
            }
            _ => Err(conflict()),
        }
    }
}

impl Key<'_> {
    fn of<'p>(part: Part<'p>, filters: &mut ArrayFilters) -> Result<Key<'p>> {
        Ok(match part {
            Part::Name(name) => Key::Name(name),
            Part::Matched => Key::Matched,
            Part::Every => Key::Element(Selector::Every),
            Part::Filtered(name) => Key::Element(Selector::Filtered(filters.find(name)?)),
        })
    }
}

impl Fields {
    /// The operations by name, in order.
    pub(super) fn named(&self) -> &[(Arc<str>, Node)] {
        &self.named
    }

    /// The same with `$` made the index that it stands for.
    ///
    /// # Errors
    /// 2 if there is a `$` and no index, 40 if the index is also named and both do the same; those of the
    /// account.
    pub(super) fn at(&self, position: Option<usize>, account: &Account) -> Result<Cow<'_, Fields>> {
        let Some(matched) = &self.matched else { return Ok(Cow::Borrowed(self)) };
        let Some(position) = position else {
            let message = "the filter matched no element that the positional `$` could stand for";
            return Err(Error::bad_value(message));
        };
        account.work(self.size())?;
        let name: Arc<str> = Arc::from(position.to_string());
        let lone = Fields { named: vec![(name, (**matched).clone())], matched: None };
        let named = Fields { named: self.named.clone(), matched: None };
        Ok(Cow::Owned(named.merged(&lone)?))
    }

    fn size(&self) -> u64 {
        let nodes = self.named.iter().map(|(_, node)| node).chain(self.matched.as_deref());
        nodes.map(Node::size).sum()
    }

    fn find(&self, name: &str) -> std::result::Result<usize, usize> {
        self.named.binary_search_by(|(known, _)| path::compare(known, name))
    }

    fn add(&mut self, name: Arc<str>, node: Node) {
        if let Err(at) = self.find(&name) {
            self.named.insert(at, (name, node));
        }
    }

    fn merged(&self, other: &Fields) -> Result<Fields> {
        let mut all = self.clone();
        for (name, node) in &other.named {
            match all.find(name) {
                Ok(at) => {
                    if let Some((_, known)) = all.named.get_mut(at) {
                        *known = known.merged(node)?;
                    }
                }
                Err(_) => all.add(Arc::clone(name), node.clone()),
            }
        }
        all.matched = match (&self.matched, &other.matched) {
            (Some(left), Some(right)) => Some(Box::new(left.merged(right)?)),
            (left, right) => left.clone().or_else(|| right.clone()),
        };
        Ok(all)
    }
}

fn conflict() -> Error {
    let message = "another operator changes this place, or one above or below it";
    Error::new(Code::CONFLICTING_UPDATE_OPERATORS, message)
}
