//! Leaders: of the many blocks of a file those whose zones come first, by each of its paths in either direction. Who looks
//! for a few of the first records of everything reads these, and not the zones of all blocks. A file of few blocks has none.
//!
//! ```text
//! heads := blocks of the file | numbers             in order
//! rests := numbers | u8 * leaders | numbers         rests and firsts, and where they lie
//! ```
//!
//! This file does not know how the records of a leader are read.

use super::numbers::{self, Numbers};
use super::zones::{Zone, put_rests};
use crate::format::number;

/// The leaders of a file that is being written.
#[derive(Debug)]
pub(super) struct LeadersBuilder {
    blocks: usize,
    /// By each path in either direction, with others of which some may come first.
    orders: Vec<Vec<Leader>>,
}

/// A block: its zone, and where it lies.
type Leader = (Zone, u128);

/// How leaders of a file begin, in order.
pub(super) struct Heads<'m> {
    /// How many blocks there are.
    pub(super) blocks: usize,
    pub(super) heads: Numbers<&'m [u8]>,
}

/// Leaders of a file: some times as many as a page asks for, as others may have taken the place of some of these blocks.
pub(crate) const LEADERS: usize = 512;

impl LeadersBuilder {
    /// Those of so many orders.
    pub(super) fn new(orders: usize) -> LeadersBuilder {
        LeadersBuilder { blocks: 0, orders: vec![Vec::new(); orders] }
    }

    /// Adds blocks that lie at these places, by each order with their zones.
    pub(super) fn add(&mut self, places: &[u128], zones: &[Vec<Zone>]) {
        self.blocks += places.len();
        for (leaders, zones) in self.orders.iter_mut().zip(zones) {
            for (zones, places) in zones.chunks(LEADERS).zip(places.chunks(LEADERS)) {
                leaders.extend(zones.iter().copied().zip(places.iter().copied()));
                if leaders.len() > LEADERS {
                    leaders.select_nth_unstable_by_key(LEADERS, in_order);
                    leaders.truncate(LEADERS);
                }
            }
        }
    }

    /// What lies in the file: the heads and the rests by each order, unless all blocks would be leaders.
    pub(super) fn columns(&mut self) -> Option<Vec<Vec<u8>>> {
        if self.blocks <= LEADERS {
            return None;
        }
        let mut columns = Vec::with_capacity(2 * self.orders.len());
        for leaders in &mut self.orders {
            leaders.sort_unstable_by_key(in_order);
            let mut heads = Vec::new();
            number::put(&mut heads, self.blocks as u64);
            numbers::put(leaders.iter().map(|(zone, _)| zone.head), &mut heads);
            let (mut rests, zones) = (Vec::new(), leaders.iter().map(|(zone, _)| zone));
            put_rests(zones, &mut rests);
            numbers::put(leaders.iter().map(|(_, place)| *place), &mut rests);
            columns.extend([heads, rests]);
        }
        Some(columns)
    }
}

fn in_order((zone, place): &Leader) -> (u128, u128) {
    (zone.head, *place)
}

impl<'m> Heads<'m> {
    pub(super) fn read(bytes: &'m [u8]) -> Option<Heads<'m>> {
        let (blocks, heads) = number::take(bytes)?;
        let (blocks, (heads, _)) = (usize::try_from(blocks).ok()?, Numbers::read(heads)?);
        (heads.len() <= blocks).then_some(Heads { blocks, heads })
    }

    /// What the keys in all other blocks begin with at least.
    pub(super) fn beyond(&self) -> Option<u128> {
        self.heads.get(self.heads.len().checked_sub(1)?)
    }
}
