//! Cells in order, with sums over any part of them: a search tree whose nodes are shared by all its
//! clones, and copied when one that is shared is changed.

use std::sync::Arc;

use super::cell::{Beneath, Cell};
use super::cells::{Cells, Direction};
use super::slot::{Slot, Slots, Sorted, Sought};
use crate::format::Tally;

/// Cells of a leaf, and children of an inner node, after which it is cut in two.
const MOST_CELLS: usize = 30;
const MOST_CHILDREN: usize = 24;

/// What was written since the last checkpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memtable {
    root: Option<Arc<Child>>,
    bytes: usize,
}

/// A node, and what is known of it without looking into it.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) node: Arc<Node>,
    pub(super) first: Slot,
    /// No cell in it has a later stamp.
    pub(super) newest: u64,
    sum: Sum,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(Vec<Slot>),
    Inner(Vec<Child>),
}

/// What cells add up to: how many they are, and by how much the index beneath is off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) cells: usize,
    pub(crate) tally: Tally,
}

impl Sum {
    fn of_cells(cells: &[Slot]) -> Sum {
        let mut sum = Sum::default();
        cells.iter().for_each(|slot| sum.add_cell(&slot.cell));
        sum
    }

    fn of_children(children: &[Child]) -> Sum {
        let mut sum = Sum::default();
        children.iter().for_each(|child| sum.add(&child.sum));
        sum
    }

    fn add(&mut self, other: &Sum) {
        self.cells += other.cells;
        self.tally.add_all(&other.tally);
    }

    fn add_cell(&mut self, cell: &Cell) {
        self.cells += 1;
        self.change(cell.before(), cell.after());
    }

    fn change(&mut self, taken: Beneath, added: Beneath) {
        if taken != added {
            taken.into_iter().for_each(|(class, size)| self.tally.take(class, size));
            added.into_iter().for_each(|(class, size)| self.tally.add(class, size));
        }
    }
}

impl Memtable {
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Bytes of memory that were taken for its cells: also for those that others have replaced, which may
    /// lie in one piece with some that are left.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many cells there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.root.as_ref().map_or(0, |root| root.sum.cells)
    }

    /// Puts each cell in place of the one of its key, whose account of what lies beneath it takes over.
    pub(crate) fn insert_all(&mut self, cells: Sorted) {
        self.bytes += cells.memory();
        let mut slots = cells.into_slots();
        while let Some(first) = slots.peek() {
            let Some(root) = &mut self.root else {
                self.root = Child::leaf(vec![first.clone()], slots.newest).map(Arc::new);
                slots.next();
                continue;
            };
            let (_, split) = Arc::make_mut(root).insert(&mut slots, None);
            if let Some(later) = split {
                self.root = Child::inner(vec![Child::clone(root), later]).map(Arc::new);
            }
        }
    }

    /// The stamp after which no cell was written.
    pub(crate) fn newest(&self) -> u64 {
        self.root.as_ref().map_or(0, |root| root.newest)
    }

    /// The cell of that key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Cell> {
        let (sought, mut child) = (Sought::new(key), self.root.as_deref()?);
        loop {
            match &*child.node {
                Node::Inner(children) => child = children.get(place(children, sought))?,
                Node::Leaf(cells) => {
                    let at = cells.binary_search_by(|slot| slot.order(sought)).ok()?;
                    return cells.get(at).map(|slot| &slot.cell);
                }
            }
        }
    }

    /// What the cells from that key on and before the other add up to.
    pub(crate) fn sum(&self, from: &[u8], to: &[u8]) -> Sum {
        let mut sum = Sum::default();
        if let Some(root) = &self.root {
            root.add_between(None, Sought::new(from), Sought::new(to), &mut sum);
        }
        sum
    }

    /// The cell that so many others from that key on come before.
    pub(crate) fn nth_from(&self, from: &[u8], number: usize) -> Option<&Cell> {
        let mut left = self.sum(&[], from).cells + number;
        let mut child = self.root.as_deref()?;
        loop {
            match &*child.node {
                Node::Leaf(cells) => return cells.get(left).map(|slot| &slot.cell),
                Node::Inner(children) => {
                    child = children.iter().find(|child| {
                        let is_here = left < child.sum.cells;
                        left -= if is_here { 0 } else { child.sum.cells };
                        is_here
                    })?;
                }
            }
        }
    }

    /// The cells from that key on, in order.
    pub(crate) fn cells_from(&self, key: &[u8]) -> Cells<'_> {
        self.cells_since(key, 0)
    }

    /// Those of them that were written after that stamp.
    pub(crate) fn cells_since(&self, key: &[u8], stamp: u64) -> Cells<'_> {
        let mut cells = Cells::new(Direction::Forward, stamp);
        self.root.iter().for_each(|root| cells.seek(root, key));
        cells
    }

    /// The cells before that key, the last one first.
    pub(crate) fn cells_before(&self, key: &[u8]) -> Cells<'_> {
        let mut cells = Cells::new(Direction::Backward, 0);
        self.root.iter().for_each(|root| cells.seek_back(root, key));
        cells
    }
}

/// The number of the child in which that key lies or belongs.
pub(super) fn place(children: &[Child], sought: Sought<'_>) -> usize {
    children.partition_point(|child| child.first.order(sought).is_le()).saturating_sub(1)
}

/// How many of the cells lie before that key.
pub(super) fn before(cells: &[Slot], sought: Sought<'_>) -> usize {
    cells.partition_point(|slot| slot.order(sought).is_lt())
}

impl Child {
    fn leaf(cells: Vec<Slot>, newest: u64) -> Option<Child> {
        let (first, sum) = (cells.first()?.clone(), Sum::of_cells(&cells));
        Some(Child { node: Arc::new(Node::Leaf(cells)), first, newest, sum })
    }

    fn inner(children: Vec<Child>) -> Option<Child> {
        let (first, sum) = (children.first()?.first.clone(), Sum::of_children(&children));
        let newest = children.iter().map(|child| child.newest).max()?;
        Some(Child { node: Arc::new(Node::Inner(children)), first, newest, sum })
    }

    /// Puts the next cells in their places, those before `end` and no more than it can hold; gives by how much
    /// that changes the sum, and the later half, where this has grown too large.
    fn insert(&mut self, slots: &mut Slots, end: Option<&Slot>) -> (Sum, Option<Child>) {
        self.newest = self.newest.max(slots.newest);
        let newest = self.newest;
        let (change, split) = match Arc::make_mut(&mut self.node) {
            Node::Leaf(cells) => {
                let change = insert_into(cells, slots, end);
                cells.first().into_iter().for_each(|first| self.first.clone_from(first));
                let later = later_half(cells, MOST_CELLS);
                (change, later.and_then(|cells| Child::leaf(cells, newest)))
            }
            Node::Inner(children) => {
                let change = insert_below(children, slots, end);
                children.first().into_iter().for_each(|child| self.first.clone_from(&child.first));
                (change, later_half(children, MOST_CHILDREN).and_then(Child::inner))
            }
        };
        self.sum.add(&change);
        if let Some(later) = &split {
            self.sum.cells -= later.sum.cells;
            self.sum.tally.take_all(&later.sum.tally);
        }
        (change, split)
    }

    /// Adds up the cells between; none of those in it reaches `end`.
    fn add_between(&self, end: Option<&Slot>, from: Sought<'_>, to: Sought<'_>, sum: &mut Sum) {
        let children = match &*self.node {
            Node::Leaf(cells) => {
                let inside = cells.iter().skip(before(cells, from));
                let inside = inside.take_while(|slot| slot.order(to).is_lt());
                return inside.for_each(|slot| sum.add_cell(&slot.cell));
            }
            Node::Inner(children) => children,
        };
        for (at, child) in children.iter().enumerate().skip(place(children, from)) {
            if child.first.order(to).is_ge() {
                break;
            }
            let end = children.get(at + 1).map(|next| &next.first).or(end);
            let begins_inside = child.first.order(from).is_ge();
            match begins_inside && end.is_some_and(|end| end.order(to).is_le()) {
                true => sum.add(&child.sum),
                false => child.add_between(end, from, to, sum),
            }
        }
    }
}

/// The later half of what is to be cut in two.
fn later_half<T>(items: &mut Vec<T>, most: usize) -> Option<Vec<T>> {
    let later = (items.len() > most).then(|| items.split_off(items.len() / 2))?;
    items.shrink_to(most + 1);
    Some(later)
}

/// Until there are so many that each half of them is as much as a node may hold.
fn insert_below(children: &mut Vec<Child>, slots: &mut Slots, end: Option<&Slot>) -> Sum {
    let (mut change, mut at) = (Sum::default(), 0);
    while children.len() < 2 * MOST_CHILDREN
        && let Some(slot) = slots.peek_before(end)
    {
        at += place(children.get(at..).unwrap_or_default(), slot.sought());
        let Some((upto, behind)) = children.split_at_mut_checked(at + 1) else { break };
        let Some(child) = upto.last_mut() else { break };
        let end = behind.first().map(|next| &next.first).or(end);
        let (more, split) = child.insert(slots, end);
        change.add(&more);
        split.into_iter().for_each(|later| children.insert(at + 1, later));
    }
    change
}

/// The same for the cells of a leaf.
fn insert_into(cells: &mut Vec<Slot>, slots: &mut Slots, end: Option<&Slot>) -> Sum {
    let (mut change, mut at) = (Sum::default(), 0);
    while cells.len() < 2 * MOST_CELLS
        && let Some(mut slot) = slots.next_before(end)
    {
        match find(cells.get(at..).unwrap_or_default(), &slot) {
            Err(before) => {
                at += before;
                change.cells += 1;
                change.change(slot.cell.before(), slot.cell.after());
                if cells.len() == cells.capacity() {
                    // One more than stays here, or as many as are cut in two.
                    let most =
                        if cells.len() > MOST_CELLS { 2 * MOST_CELLS } else { MOST_CELLS + 1 };
                    cells.reserve_exact(most.saturating_sub(cells.len()));
                }
                cells.insert(at, slot);
            }
            Ok(before) => {
                at += before;
                let Some(old) = cells.get_mut(at) else { break };
                slot.cell.replace(&old.cell);
                change.change(old.cell.after(), slot.cell.after());
                *old = slot;
            }
        }
        // The next one comes later, often right behind.
        at += 1;
    }
    change
}

fn find(cells: &[Slot], slot: &Slot) -> Result<usize, usize> {
    match cells.first() {
        Some(first) if !slot.is_before(first) => {
            cells.binary_search_by(|other| other.order(slot.sought()))
        }
        _ => Err(0),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::format::{Class, Entry, Size};
    use crate::memtable::CellBuilder;

    type Model = BTreeMap<Vec<u8>, (Option<Class>, Option<Class>)>;

    fn class(byte: u8) -> Class {
        Class::from_byte(byte % 4).unwrap()
    }

    /// One change of each key: what lay beneath it, and what lies there then.
    type Change = (String, Option<u8>, Option<u8>);

    fn insert(table: &mut Memtable, model: &mut Model, changes: &[Change]) {
        let mut cells = CellBuilder::default();
        for (stamp, (key, before, after)) in (table.newest() + 1..).zip(changes) {
            let (key, before, after) = (key.as_bytes(), before.map(class), after.map(class));
            let beneath = before.map(|class| (class, Size::default()));
            match after {
                Some(class) => {
                    let entry = Entry { key, class, size: Size::default(), payload: b"payload" };
                    cells.put(b"", &entry, beneath, stamp);
                }
                None => cells.removed(b"", key, beneath, stamp),
            }
            let kept = model.get(key).map_or(before, |(before, _)| *before);
            model.insert(key.to_vec(), (kept, after));
        }
        table.insert_all(Sorted::new(cells.finish()));
    }

    fn expected(model: &Model, from: &[u8], to: &[u8]) -> Sum {
        let mut sum = Sum::default();
        for (key, (before, after)) in model {
            if key.as_slice() >= from && key.as_slice() < to {
                sum.cells += 1;
                before.iter().for_each(|class| sum.tally.take(*class, Size::default()));
                after.iter().for_each(|class| sum.tally.add(*class, Size::default()));
            }
        }
        sum
    }

    fn check(table: &Memtable, model: &Model, from: &[u8], to: &[u8]) {
        assert_eq!(table.len(), model.len());
        assert_eq!(table.sum(from, to), expected(model, from, to));
        let keys: Vec<&[u8]> = model.keys().map(Vec::as_slice).collect();
        let at = keys.partition_point(|key| *key < from);
        let forward: Vec<&[u8]> = table.cells_from(from).map(|cell| cell.key()).collect();
        assert_eq!(forward, keys[at..]);
        for since in [table.newest() / 2, table.newest().saturating_sub(3), table.newest()] {
            let late = table.cells_from(from).filter(|cell| cell.stamp() > since);
            let late: Vec<&[u8]> = late.map(|cell| cell.key()).collect();
            let since: Vec<&[u8]> = table.cells_since(from, since).map(|cell| cell.key()).collect();
            assert_eq!(since, late);
        }
        let end = keys.partition_point(|key| *key < to);
        let backward: Vec<&[u8]> = table.cells_before(to).map(|cell| cell.key()).collect();
        assert_eq!(backward, keys[..end].iter().rev().copied().collect::<Vec<_>>());
        for (number, key) in keys[at..].iter().enumerate().step_by(17) {
            assert_eq!(table.nth_from(from, number).map(|cell| cell.key()), Some(*key));
        }
        assert!(table.nth_from(from, keys.len() - at).is_none());
        for key in keys.iter().step_by(11) {
            assert_eq!(table.get(key).map(|cell| cell.key()), Some(*key));
        }
        assert!(table.get(b"zzzz").is_none());
    }

    proptest! {
        #[test]
        fn a_memtable_is_a_sorted_map_whose_sums_are_a_recount_and_whose_clones_stay(
            changes in proptest::collection::vec(
                ("[a-d]{1,6}", any::<Option<u8>>(), any::<Option<u8>>()), 0..2000,
            ),
            cut in any::<prop::sample::Index>(),
            at_once in prop_oneof![Just(1), 1..20_usize, Just(500)],
            (from, to) in ("[a-d]{0,3}", "[a-d]{0,3}"),
        ) {
            let (mut table, mut model) = (Memtable::default(), Model::new());
            let (first, then) = changes.split_at(cut.index(changes.len() + 1));
            first.chunks(at_once).for_each(|some| insert(&mut table, &mut model, some));
            let (kept, kept_model) = (table.clone(), model.clone());
            then.chunks(at_once).for_each(|some| insert(&mut table, &mut model, some));
            check(&table, &model, from.as_bytes(), to.as_bytes());
            check(&kept, &kept_model, from.as_bytes(), to.as_bytes());
            let bytes: usize = table.cells_from(&[]).map(|cell| cell.memory()).sum();
            prop_assert!(table.bytes() >= bytes);
        }
    }
}
