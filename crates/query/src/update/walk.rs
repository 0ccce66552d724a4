//! The tree of operations over a document.
//!
//! Values are lifted out of their place, changed and put back, so that one step of the walk sees one
//! slot: a value, or room for one. The walk goes as deep as the paths, which the parser has bounded. It
//! knows places; what happens there is the operations' business.

use std::borrow::Cow;
use std::mem;

use super::array_filter::ArrayFilters;
use super::operation::Context;
use super::path;
use super::rename::Rename;
use super::room::{Room, go_through, look_for_field};
use super::storable;
use super::tree::{Fields, Node, Selector};
use crate::{Account, Array, Code, Document, Error, Limits, Result, Value};

/// Nulls that one path may add to an array (MongoDB's bound).
const MOST_PADDING: usize = 1_500_000;

/// All operations of an update.
#[derive(Clone, Debug)]
pub(super) struct Operations {
    pub(super) root: Node,
    pub(super) renames: Vec<Rename>,
    pub(super) filters: ArrayFilters,
}

/// What an update of one document starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'l> {
    /// The element that `$` stands for.
    pub(super) position: Option<usize>,
    /// Whether the document is being made.
    pub(super) is_insert: bool,
    pub(super) limits: &'l Limits,
    /// What the request has used.
    pub(super) account: &'l Account,
}

impl Operations {
    /// Changes the document; says whether anything is another than before.
    ///
    /// # Errors
    /// Those of the operations; 66 for another `_id`, 52 and 55 for names at the top, 15 past
    /// `document_depth`; those of the account. The document is then of no use.
    pub(super) fn apply(&self, document: &mut Document, start: Start<'_>) -> Result<bool> {
        let has_id = document.contains("_id");
        let account = start.account;
        let moves = self.renames.iter().map(|rename| rename.take(document, account));
        let moves: Vec<_> = moves.collect();
        let moved: Vec<bool> = moves.iter().map(|moved| matches!(moved, Ok(Some(_)))).collect();
        let room = Room::new(start.limits, account);
        let context = Context { is_insert: start.is_insert, room, moves };
        let filters = &self.filters;
        let mut walk = Walk { filters, start, context, has_id, is_changed: false };
        walk.top(&self.root, document)?;
        let is_changed = walk.is_changed;
        for (rename, _) in self.renames.iter().zip(moved).filter(|(_, moved)| *moved) {
            rename.clear(document, account)?;
        }
        Ok(is_changed)
    }
}

struct Walk<'w> {
    filters: &'w ArrayFilters,
    start: Start<'w>,
    context: Context<'w>,
    /// Whether the document came with an `_id`, which may not change.
    has_id: bool,
    is_changed: bool,
}

/// Where a part of the tree is applied.
enum Place<'p> {
    /// A value, or nothing yet.
    Slot(&'p mut Option<Value>),
    /// Behind a value that can't be entered.
    Blocked,
}

impl Walk<'_> {
    /// The fields of the document itself, whose names and whose `_id` have rules of their own.
    fn top(&mut self, root: &Node, document: &mut Document) -> Result<()> {
        let Node::Fields(fields) = root else { return Ok(()) };
        for (name, node) in fields.at(self.start.position, self.start.account)?.named() {
            let was_changed = mem::replace(&mut self.is_changed, false);
            let was_there = document.contains(name);
            self.field(name, node, document, 1).map_err(|error| error.at(name))?;
            if &**name == "_id" && self.has_id && self.is_changed {
                return Err(storable::other_id());
            }
            let is_set = self.is_changed && matches!(node, Node::Leaf(_));
            if name.starts_with('$') && (is_set || !was_there) {
                let at = document.iter().position(|(known, _)| *known == **name);
                at.map_or(Ok(()), |at| storable::check_name(document, at))?;
            }
            self.is_changed |= was_changed;
        }
        Ok(())
    }

    /// `around` counts the documents and arrays around the place.
    fn node(&mut self, node: &Node, place: Place<'_>, around: usize) -> Result<()> {
        self.start.account.work(1)?;
        match (node, place) {
            (Node::Leaf(operation), Place::Slot(slot)) => {
                if operation.apply(slot, &mut self.context)? {
                    self.is_changed = true;
                    if let Some(value) = slot {
                        go_through(value.view(), self.start.account)?;
                        storable::check_depth(value.view(), around, self.start.limits)?;
                    }
                }
                Ok(())
            }
            (Node::Leaf(operation), Place::Blocked) => operation.apply_blocked(&mut self.context),
            (Node::Fields(fields), place) => self.fields(fields, place, around),
            (Node::Elements(elements), place) => self.elements(elements, place, around),
        }
    }

    fn fields(&mut self, fields: &Fields, place: Place<'_>, around: usize) -> Result<()> {
        let fields = fields.at(self.start.position, self.start.account)?;
        let inside = around + 1;
        let mut each = |step: &mut dyn FnMut(&mut Self, &str, &Node) -> Result<()>| {
            let mut named = fields.named().iter();
            named.try_for_each(|(name, node)| step(self, name, node).map_err(|e| e.at(name)))
        };
        match place {
            Place::Slot(Some(Value::Document(document))) => {
                each(&mut |walk, name, node| walk.field(name, node, document, inside))
            }
            Place::Slot(Some(Value::Array(array))) => {
                each(&mut |walk, name, node| walk.indexed(name, node, array, inside))
            }
            Place::Slot(slot @ None) => {
                let mut made = Document::new();
                each(&mut |walk, name, node| walk.field(name, node, &mut made, inside))?;
                *slot = Some(made).filter(|made| !made.is_empty()).map(Value::Document);
                Ok(())
            }
            Place::Slot(Some(_)) | Place::Blocked => {
                each(&mut |walk, _, node| walk.node(node, Place::Blocked, inside))
            }
        }
    }

    fn field(
        &mut self,
        name: &str,
        node: &Node,
        document: &mut Document,
        around: usize,
    ) -> Result<()> {
        look_for_field(document, self.start.account)?;
        let mut slot = document.get_mut(name).map(mem::take);
        let was_there = slot.is_some();
        self.node(node, Place::Slot(&mut slot), around)?;
        match slot {
            Some(value) => document.set(name, value),
            None if was_there => drop(document.remove(name)),
            None => {}
        }
        Ok(())
    }

    /// An element by its index. One that is taken away leaves null.
    fn indexed(&mut self, name: &str, node: &Node, array: &mut Array, around: usize) -> Result<()> {
        let Some(index) = path::index(name) else {
            return self.node(node, Place::Blocked, around);
        };
        let mut slot = array.get_mut(index).map(mem::take);
        self.node(node, Place::Slot(&mut slot), around)?;
        match (slot, array.get_mut(index)) {
            (Some(value), Some(element)) => *element = value,
            (Some(value), None) => {
                self.pad(array, index)?;
                array.push(value);
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// Fills an array with nulls up to that length.
    fn pad(&mut self, array: &mut Array, length: usize) -> Result<()> {
        let missing = length.saturating_sub(array.len());
        if missing > MOST_PADDING {
            let message = format!("{missing} nulls would stand before the new element");
            return Err(Error::new(Code::CANNOT_BACKFILL_ARRAY, message));
        }
        self.context.room.take_nulls(missing)?;
        self.context.room.move_elements(array.len())?;
        array.resize(length, Value::Null);
        Ok(())
    }

    /// Each element that is meant. All are asked before the first is changed.
    fn elements(
        &mut self,
        elements: &[(Selector, Node)],
        place: Place<'_>,
        around: usize,
    ) -> Result<()> {
        let Place::Slot(Some(value)) = place else {
            return Err(Error::bad_value("`$[]` and `$[x]` need an array, and there is nothing"));
        };
        let Value::Array(array) = value else {
            return Err(Error::bad_value("`$[]` and `$[x]` need an array, and this is none"));
        };
        let chosen = self.choose(elements, array)?;
        let mut joined = Joined::default();
        for (index, (element, chosen)) in
            array.iter_mut().zip(chosen.chunks(elements.len().max(1))).enumerate()
        {
            let Some(node) = joined.of(elements, chosen, self.start.account)? else { continue };
            let mut slot = Some(mem::take(element));
            let changed = self.node(node, Place::Slot(&mut slot), around + 1);
            changed.map_err(|error| error.at(index))?;
            *element = slot.unwrap_or_default();
        }
        Ok(())
    }

    /// Which elements are meant: for each of them, an answer for each branch.
    fn choose(&mut self, elements: &[(Selector, Node)], array: &mut Array) -> Result<Vec<bool>> {
        let answers = array.len().saturating_mul(elements.len());
        self.context.room.take(answers)?;
        self.context.room.account().hold(answers)?;
        let mut chosen = Vec::with_capacity(answers);
        for element in array {
            for (selector, _) in elements {
                chosen.push(match selector {
                    Selector::Every => true,
                    Selector::Filtered(at) => {
                        self.filters.takes(*at, element, self.context.room.account())?
                    }
                });
            }
        }
        Ok(chosen)
    }
}

/// The branches that mean one element, joined. Neighbours are often meant by the same ones.
#[derive(Default)]
struct Joined<'n> {
    by: Vec<bool>,
    node: Option<Cow<'n, Node>>,
}

impl<'n> Joined<'n> {
    fn of(
        &mut self,
        elements: &'n [(Selector, Node)],
        chosen: &[bool],
        account: &Account,
    ) -> Result<Option<&Node>> {
        if self.by != chosen {
            let mut joined: Option<Cow<'n, Node>> = None;
            for ((_, node), _) in elements.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
                joined = Some(match joined {
                    None => Cow::Borrowed(node),
                    Some(before) => {
                        account.work(before.size() + node.size())?;
                        Cow::Owned(before.merged(node)?)
                    }
                });
            }
            self.by = chosen.to_vec();
            self.node = joined;
        }
        Ok(self.node.as_deref())
    }
}
