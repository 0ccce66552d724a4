//! Places of one kind, and the callers that wait for one, in turn.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;

/// Places of one kind.
pub(super) struct Lane {
    free: usize,
    /// Places that one caller may have.
    most_of_one: usize,
    running: HashMap<Arc<str>, usize>,
    /// Each caller that waits stands here once; the first is served next.
    callers: VecDeque<(Arc<str>, VecDeque<Arc<Ticket>>)>,
    waiting: usize,
}

/// One request on its way to a place.
#[derive(Default)]
pub(super) struct Ticket(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    Watched(Waker),
    Admitted,
}

impl Lane {
    pub(super) fn new(places: NonZeroUsize, most_of_one: NonZeroUsize) -> Lane {
        Lane {
            free: places.get(),
            most_of_one: most_of_one.get(),
            running: HashMap::new(),
            callers: VecDeque::new(),
            waiting: 0,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn waiting_of(&self, caller: &str) -> usize {
        let found = self.callers.iter().find(|(name, _)| **name == *caller);
        found.map_or(0, |(_, tickets)| tickets.len())
    }

    /// A place at once if there is one, else one to wait for, if the caller may wait.
    pub(super) fn enter(&mut self, caller: &str, may_wait: bool) -> Option<Arc<Ticket>> {
        let ticket = Arc::new(Ticket::default());
        // While a place is free, whoever waits is at his own bound.
        if self.free > 0 && self.has_room(caller) {
            self.admit(&caller.into(), &ticket);
            return Some(ticket);
        }
        if !may_wait {
            return None;
        }
        self.waiting += 1;
        match self.callers.iter_mut().find(|(name, _)| **name == *caller) {
            Some((_, tickets)) => tickets.push_back(Arc::clone(&ticket)),
            None => self.callers.push_back((caller.into(), [Arc::clone(&ticket)].into())),
        }
        Some(ticket)
    }

    /// Gives a place back, and on to who is next.
    pub(super) fn leave(&mut self, caller: &str) {
        self.free += 1;
        if let Some(running) = self.running.get_mut(caller) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(caller);
            }
        }
        self.serve();
    }

    /// Takes back a request that was given up, whether it waits or was admitted meanwhile.
    pub(super) fn forget(&mut self, caller: &str, ticket: &Arc<Ticket>) {
        if ticket.is_admitted() {
            return self.leave(caller);
        }
        let Some(at) = self.callers.iter().position(|(name, _)| **name == *caller) else { return };
        let Some((_, tickets)) = self.callers.get_mut(at) else { return };
        let before = tickets.len();
        tickets.retain(|other| !Arc::ptr_eq(other, ticket));
        self.waiting -= before - tickets.len();
        if tickets.is_empty() {
            self.callers.remove(at);
        }
    }

    fn has_room(&self, caller: &str) -> bool {
        self.running.get(caller).is_none_or(|running| *running < self.most_of_one)
    }

    fn admit(&mut self, caller: &Arc<str>, ticket: &Ticket) {
        self.free -= 1;
        *self.running.entry(Arc::clone(caller)).or_default() += 1;
        ticket.admit();
    }

    /// Gives free places to the callers in turn.
    fn serve(&mut self) {
        while self.free > 0 {
            let next = self.callers.iter().position(|(caller, _)| self.has_room(caller));
            let Some((caller, mut tickets)) = next.and_then(|at| self.callers.remove(at)) else {
                return;
            };
            if let Some(ticket) = tickets.pop_front() {
                self.waiting -= 1;
                self.admit(&caller, &ticket);
            }
            if !tickets.is_empty() {
                self.callers.push_back((caller, tickets));
            }
        }
    }
}

impl Ticket {
    pub(super) fn is_admitted(&self) -> bool {
        matches!(*self.0.lock(), State::Admitted)
    }

    /// Whether there is a place; if not, `waker` is told once there is.
    pub(super) fn poll(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock();
        match &mut *state {
            State::Admitted => true,
            waiting => {
                *waiting = State::Watched(waker.clone());
                false
            }
        }
    }

    fn admit(&self) {
        let before = std::mem::replace(&mut *self.0.lock(), State::Admitted);
        if let State::Watched(waker) = before {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(places: usize, of_one: usize) -> Lane {
        Lane::new(NonZeroUsize::new(places).unwrap(), NonZeroUsize::new(of_one).unwrap())
    }

    #[test]
    fn callers_are_served_in_turn_however_many_requests_each_has() {
        let mut lane = lane(1, 1);
        let first = lane.enter("a", true).unwrap();
        assert!(first.is_admitted());
        let of_a: Vec<_> = (0..3).map(|_| lane.enter("a", true).unwrap()).collect();
        let of_b = lane.enter("b", true).unwrap();
        let of_c = lane.enter("c", true).unwrap();
        assert_eq!((lane.waiting(), lane.waiting_of("a"), lane.waiting_of("b")), (5, 3, 1));
        let admitted = |tickets: &[&Arc<Ticket>]| -> Vec<bool> {
            tickets.iter().map(|ticket| ticket.is_admitted()).collect()
        };
        let all = [&of_a[0], &of_b, &of_c, &of_a[1], &of_a[2]];
        for (done, leaver) in ["a", "a", "b", "c", "a"].iter().enumerate() {
            lane.leave(leaver);
            let expected: Vec<bool> = (0..all.len()).map(|at| at <= done).collect();
            assert_eq!(admitted(&all), expected);
        }
        assert_eq!(lane.waiting(), 0);
    }

    #[test]
    fn a_caller_at_his_own_bound_leaves_free_places_to_others() {
        let mut lane = lane(3, 1);
        assert!(lane.enter("a", true).unwrap().is_admitted());
        let second = lane.enter("a", true).unwrap();
        assert!(!second.is_admitted());
        assert!(lane.enter("b", true).unwrap().is_admitted());
        assert!(lane.enter("c", false).unwrap().is_admitted());
        lane.leave("b");
        assert!(!second.is_admitted());
        lane.leave("a");
        assert!(second.is_admitted());
    }

    #[test]
    fn who_may_not_wait_is_told_so_and_who_gives_up_leaves_nothing_behind() {
        let mut lane = lane(1, 1);
        let _first = lane.enter("a", true).unwrap();
        assert!(lane.enter("b", false).is_none());
        let waits = lane.enter("b", true).unwrap();
        lane.forget("b", &waits);
        assert_eq!((lane.waiting(), lane.callers.len()), (0, 0));
        // Given up in the moment it was admitted: the place goes on to the next.
        let (given_up, next) = (lane.enter("b", true).unwrap(), lane.enter("c", true).unwrap());
        lane.leave("a");
        lane.forget("b", &given_up);
        assert!(next.is_admitted());
        lane.leave("c");
        assert_eq!((lane.free, lane.running.len()), (1, 0));
    }
}
