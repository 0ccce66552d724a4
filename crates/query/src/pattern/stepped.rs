//! The linear engine for long texts: the same automaton, taken through the text step by step, so that the
//! account hears of the work on the way.
//!
//! The engine of [`super::linear`] is faster, and answers only once it is done: it gets the texts that it
//! is through with before anybody would look at a clock.

use regex_automata::hybrid::dfa::{self, Cache, DFA};
use regex_automata::hybrid::{LazyStateID, regex::Regex};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use crate::{Account, Result};

/// A pattern as two automata: one that finds where a match ends, and one that goes back to where it begins.
#[derive(Debug)]
pub(super) struct Stepped(Regex);

/// Bytes that an automaton may hold while it is built along a text.
const CACHE: usize = 2 << 20;
/// Bytes of a text between two payments.
const BYTES_A_PAYMENT: usize = 16;

/// What a search costs.
#[derive(Clone, Copy)]
pub(super) struct Price<'a> {
    pub(super) account: &'a Account,
    /// Steps of [`BYTES_A_PAYMENT`] bytes at most: each byte may be one that a new state is built for.
    pub(super) steps: u64,
}

impl<'a> Price<'a> {
    /// The price of a pattern that waits for so many letters at once.
    pub(super) fn of(places: u64, account: &'a Account) -> Price<'a> {
        const PLACES_A_STEP: u64 = 64;
        let tried = places.saturating_mul(BYTES_A_PAYMENT as u64);
        Price { account, steps: 1 + tried / PLACES_A_STEP }
    }
}

/// Where a walk through the text goes on to.
enum Pace {
    On,
    Matched,
    Dead,
}

impl Stepped {
    /// The automata of a pattern in that engine's syntax; nothing if they take more bytes.
    pub(super) fn build(pattern: &str, nesting: u32, bytes: usize) -> Option<Stepped> {
        let cache = dfa::Config::new().cache_capacity(CACHE).skip_cache_capacity_check(true);
        Regex::builder()
            .syntax(syntax::Config::new().nest_limit(nesting))
            .thompson(thompson::Config::new().nfa_size_limit(Some(bytes)))
            .dfa(cache)
            .build(pattern)
            .ok()
            .map(Stepped)
    }

    /// Whether the pattern matches anywhere in the text.
    pub(super) fn is_match(&self, text: &str, price: Price<'_>) -> Result<bool> {
        Ok(self.end(text, 0, true, price)?.is_some())
    }

    /// Where the first match begins that does so at `start` or later.
    pub(super) fn find_at(
        &self,
        text: &str,
        start: usize,
        price: Price<'_>,
    ) -> Result<Option<usize>> {
        match self.end(text, start, false, price)? {
            Some(end) => self.begin(text, start, end, price),
            None => Ok(None),
        }
    }

    /// Where the first match ends, or that there is one.
    fn end(
        &self,
        text: &str,
        start: usize,
        earliest: bool,
        price: Price<'_>,
    ) -> Result<Option<usize>> {
        let dfa = self.0.forward();
        price.account.hold(2 * CACHE)?;
        let mut cache = dfa.create_cache();
        let input = Input::new(text).range(start..);
        let mut found = None;
        let Ok(mut state) = dfa.start_state_forward(&mut cache, &input) else { return Ok(None) };
        let bytes = text.as_bytes().get(start..).unwrap_or_default();
        for (passed, byte) in bytes.iter().enumerate() {
            pay(passed, price)?;
            match step(dfa, &mut cache, &mut state, *byte) {
                Pace::On => {}
                // The automaton is a byte behind.
                Pace::Matched => found = Some(start + passed),
                Pace::Dead => break,
            }
            if earliest && found.is_some() {
                break;
            }
        }
        if !state.is_dead()
            && let Ok(last) = dfa.next_eoi_state(&mut cache, state)
            && last.is_match()
        {
            found = Some(text.len());
        }
        price.account.release(2 * CACHE);
        Ok(found)
    }

    /// Where the match begins that ends there.
    fn begin(
        &self,
        text: &str,
        start: usize,
        end: usize,
        price: Price<'_>,
    ) -> Result<Option<usize>> {
        let dfa = self.0.reverse();
        price.account.hold(2 * CACHE)?;
        let mut cache = dfa.create_cache();
        let input = Input::new(text).range(start..end).anchored(Anchored::Yes);
        let mut found = None;
        let Ok(mut state) = dfa.start_state_reverse(&mut cache, &input) else { return Ok(None) };
        let bytes = text.as_bytes().get(start..end).unwrap_or_default();
        for (passed, byte) in bytes.iter().rev().enumerate() {
            pay(passed, price)?;
            match step(dfa, &mut cache, &mut state, *byte) {
                Pace::On => {}
                Pace::Matched => found = Some(end - passed),
                Pace::Dead => break,
            }
        }
        if !state.is_dead()
            && let Ok(last) = next_before(dfa, &mut cache, state, text, start)
            && last.is_match()
        {
            found = Some(start);
        }
        price.account.release(2 * CACHE);
        Ok(found)
    }
}

fn pay(passed: usize, price: Price<'_>) -> Result<()> {
    match passed.is_multiple_of(BYTES_A_PAYMENT) {
        true => price.account.work(price.steps),
        false => Ok(()),
    }
}

/// A byte on. The cache never gives up, so that there always is a state.
fn step(dfa: &DFA, cache: &mut Cache, state: &mut LazyStateID, byte: u8) -> Pace {
    let Ok(next) = dfa.next_state(cache, *state, byte) else { return Pace::Dead };
    *state = next;
    match next {
        next if next.is_match() => Pace::Matched,
        next if next.is_dead() || next.is_quit() => Pace::Dead,
        _ => Pace::On,
    }
}

/// The state that the byte before the searched part, or the start of the text, leads to.
fn next_before(
    dfa: &DFA,
    cache: &mut Cache,
    state: LazyStateID,
    text: &str,
    start: usize,
) -> std::result::Result<LazyStateID, regex_automata::hybrid::CacheError> {
    match start.checked_sub(1).and_then(|before| text.as_bytes().get(before)) {
        Some(byte) => dfa.next_state(cache, state, *byte),
        None => dfa.next_eoi_state(cache, state),
    }
}
