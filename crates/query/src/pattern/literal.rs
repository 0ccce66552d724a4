//! Rows of letters, each in one case or in any, that patterns are or that whatever they match has in it: found without
//! an engine.
//!
//! The letter that names of files hold least often is looked for first, and what stands around it is
//! compared only there; in many texts at once, that letter with its neighbours, all their forms at a time. This works on
//! the bytes of a text: where one letter begins, what is equal byte for byte to another is that letter.

use super::charset::CharSet;
use super::tree::Node;
use std::sync::OnceLock;

use aho_corasick::packed::{Config, Searcher};
use memchr::{memchr_iter, memchr2_iter};

/// A row of letters to be found anywhere in a text.
#[derive(Debug)]
pub(super) struct Literal {
    letters: Vec<Letter>,
    /// The number of the letter that is looked for first.
    at: usize,
    needle: Needle,
    /// For many texts, once it was needed; none where a single letter is found as fast.
    several: OnceLock<Option<Several>>,
}

/// Some letters of a row that follow one another, in all their forms.
#[derive(Debug)]
struct Several {
    /// The number of the first of them.
    at: usize,
    searcher: Searcher,
}

/// The forms of a letter, in UTF-8: `k`, `K` and the Kelvin sign.
#[derive(Debug)]
struct Letter(Vec<String>);

/// A letter whose forms are one byte each.
#[derive(Clone, Copy, Debug)]
enum Needle {
    One(u8),
    Either(u8, u8),
}

/// Longer rows are left to an engine: comparing them takes its time at every place.
const MOST_LETTERS: usize = 32;

impl Literal {
    /// The row that the pattern is, if it is one with a letter that can be looked for.
    pub(super) fn of(root: &Node) -> Option<Literal> {
        let nodes = match root {
            Node::Concat(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        if nodes.len() > MOST_LETTERS {
            return None;
        }
        let letters = nodes.iter().map(|node| match node {
            Node::One(set) => Letter::of(set),
            _ => None,
        });
        Literal::new(letters.collect::<Option<Vec<Letter>>>()?)
    }

    /// The longest row that is in every text which the pattern matches, if there is one of several letters.
    pub(super) fn within(root: &Node) -> Option<Literal> {
        let mut rows = Rows::default();
        rows.read(root);
        rows.end();
        Literal::new(rows.longest)
    }

    fn new(letters: Vec<Letter>) -> Option<Literal> {
        let needles =
            letters.iter().enumerate().filter_map(|(at, letter)| Some((at, letter.needle()?)));
        let (at, needle) = needles.min_by_key(|(_, needle)| needle.frequency())?;
        Some(Literal { letters, at, needle, several: OnceLock::new() })
    }

    /// Whether the text, in UTF-8, holds the row.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.first(text).is_some()
    }

    /// The first place of the row that begins at `start` or later: its first byte and the byte after
    /// it.
    pub(super) fn find_at(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        let (begin, end) = self.first(text.get(start..)?)?;
        Some((start + begin, start + end))
    }

    /// Where the row begins next in many texts that lie one behind the other, at that place or behind it.
    pub(super) fn find_in_many(&self, texts: &[u8], start: usize) -> Option<usize> {
        let several = self.several.get_or_init(|| Several::of(&self.letters, self.at));
        let Some(Several { at, searcher }) = several else {
            return self.find_at(texts, start).map(|(begin, _)| begin);
        };
        let mut from = start;
        while from < texts.len() {
            let place = searcher.find_in(texts, (from..texts.len()).into())?.start();
            if let Some((begin, _)) = self.around(texts, place, *at).filter(|row| row.0 >= start) {
                return Some(begin);
            }
            from = place + 1;
        }
        None
    }

    fn first(&self, text: &[u8]) -> Option<(usize, usize)> {
        let around = |place| self.around(text, place, self.at);
        match self.needle {
            Needle::One(a) => memchr_iter(a, text).find_map(around),
            Needle::Either(a, b) => memchr2_iter(a, b, text).find_map(around),
        }
    }

    /// Where the row begins and ends, if all of it stands around the letter of that number at that place.
    fn around(&self, text: &[u8], place: usize, at: usize) -> Option<(usize, usize)> {
        let (mut before, mut behind) = text.split_at_checked(place)?;
        let (first, last) = self.letters.split_at_checked(at)?;
        let stands = last.iter().all(|letter| letter.take_first(&mut behind))
            && first.iter().rev().all(|letter| letter.take_last(&mut before));
        stands.then_some((before.len(), text.len() - behind.len()))
    }
}

impl Several {
    /// Up to three letters of which that one is one.
    fn of(letters: &[Letter], at: usize) -> Option<Several> {
        const MOST: usize = 3;
        let at = at.min(letters.len().saturating_sub(MOST));
        let letters = letters.get(at..).unwrap_or_default();
        // A single letter is looked for without.
        if letters.len() < 2 {
            return None;
        }
        let forms = letters.iter().take(MOST).fold(vec![String::new()], |all, Letter(forms)| {
            all.iter()
                .flat_map(|begun| forms.iter().map(move |form| begun.clone() + form))
                .collect()
        });
        let searcher = Config::new().builder().extend(&forms).build()?;
        Some(Several { at, searcher })
    }
}

/// The rows of letters of a pattern, read from front to back.
#[derive(Default)]
struct Rows {
    longest: Vec<Letter>,
    row: Vec<Letter>,
}

impl Rows {
    /// Takes in a part of the pattern that every match has at that place.
    fn read(&mut self, node: &Node) {
        match node {
            Node::One(set) => match Letter::of(set) {
                Some(letter) if self.row.len() < MOST_LETTERS => self.row.push(letter),
                Some(_) => {}
                None => self.end(),
            },
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.read(node)),
            Node::Group { node, .. } | Node::Atomic(node) => self.read(node),
            // What stands before it and its first turn are one row.
            Node::Repeat { node, min: 1.., .. } => {
                self.read(node);
                self.end();
            }
            // A condition on the place takes nothing up.
            Node::Assert(_) | Node::Empty => {}
            _ => self.end(),
        }
    }

    /// Ends the row that is being read.
    fn end(&mut self) {
        let row = std::mem::take(&mut self.row);
        if row.len() > self.longest.len().max(1) {
            self.longest = row;
        }
    }
}

impl Letter {
    /// The letter that the set is, if it has no more members than a letter has forms.
    fn of(set: &CharSet) -> Option<Letter> {
        const MOST_FORMS: usize = 4;
        let mut forms = Vec::new();
        for (low, high) in set.ranges() {
            forms.extend((low..=high).take(MOST_FORMS + 1).map(String::from));
            if forms.len() > MOST_FORMS {
                return None;
            }
        }
        Some(Letter(forms))
    }

    fn needle(&self) -> Option<Needle> {
        match self.0.as_slice() {
            [form] => match form.as_bytes() {
                [a] => Some(Needle::One(*a)),
                _ => None,
            },
            [form, other] => match (form.as_bytes(), other.as_bytes()) {
                ([a], [b]) => Some(Needle::Either(*a, *b)),
                _ => None,
            },
            _ => None,
        }
    }

    fn take_first(&self, text: &mut &[u8]) -> bool {
        let rest = self.0.iter().find_map(|form| match (form.as_bytes(), *text) {
            // A byte is compared faster than bytes.
            ([letter], [first, rest @ ..]) => (letter == first).then_some(rest),
            (form, text) => text.strip_prefix(form),
        });
        rest.map(|rest| *text = rest).is_some()
    }

    fn take_last(&self, text: &mut &[u8]) -> bool {
        let rest = self.0.iter().find_map(|form| match (form.as_bytes(), *text) {
            ([letter], [rest @ .., last]) => (letter == last).then_some(rest),
            (form, text) => text.strip_suffix(form),
        });
        rest.map(|rest| *text = rest).is_some()
    }
}

impl Needle {
    /// How often names of files hold it. Only the order counts.
    fn frequency(self) -> usize {
        const FROM_SELDOM: &[u8] = b"zqxkwyvbfhuclmdsrto9876543 210_-ijgapn.e";
        let of = |letter: u8| {
            let letter = letter.to_ascii_lowercase();
            FROM_SELDOM.iter().position(|other| *other == letter).map_or(0, |place| place + 1)
        };
        match self {
            Needle::One(a) => of(a),
            Needle::Either(a, b) => of(a).max(of(b)),
        }
    }
}
