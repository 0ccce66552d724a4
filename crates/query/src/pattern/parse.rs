//! The text of a pattern → [`Node`]: alternatives, sequences, quantifiers, blanks and comments.
//!
//! The syntax is PCRE2 10.42's, the version that MongoDB 8 carries. Groups are in
//! [`super::group`], escapes in [`super::escape`], classes in [`super::class`].
//!
//! A pattern is read twice where it refers to groups: the first reading counts and names them.

use super::INVALID;
use super::charset::CharSet;
use super::options::Flags;
use super::tree::{Assertion, Greed, Node};
use crate::{Account, Error, Limits, Result};

/// Parentheses inside parentheses; PCRE2's own bound.
const NESTING: usize = 250;
/// The largest number in a counted quantifier.
const MAX_COUNT: u32 = 65_535;

/// The groups of a pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// How many there are.
    pub(super) count: u32,
    /// Names and the group each stands for.
    pub(super) names: Vec<(String, u32)>,
}

/// A pattern, read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) groups: u32,
}

/// Reads the pattern from byte `at` on, with those flags to begin with.
///
/// # Errors
/// 51091 with the place and the construct.
pub(super) fn parse(
    source: &str,
    at: usize,
    flags: Flags,
    bounds: (&Limits, &Account),
) -> Result<Parsed> {
    let mut first = Parser::new(source, at, flags, None, bounds);
    let node = first.whole()?;
    let groups = first.groups.count;
    if !first.refers {
        return Ok(Parsed { node, groups });
    }
    drop(node);
    let mut second = Parser::new(source, at, flags, Some(first.groups), bounds);
    Ok(Parsed { node: second.whole()?, groups })
}

/// Where the reading stands.
pub(super) struct Parser<'p> {
    pub(super) source: &'p str,
    pub(super) at: usize,
    pub(super) flags: Flags,
    /// The groups opened so far.
    pub(super) groups: Groups,
    /// All groups, in the second reading.
    pub(super) known: Option<Groups>,
    /// Whether a group is referred to.
    pub(super) refers: bool,
    /// Whether this is inside a look-around, where `\K` is refused.
    pub(super) around: usize,
    depth: usize,
    most_groups: usize,
    account: &'p Account,
}

/// What one item of a sequence is.
pub(super) enum Item {
    /// Something a quantifier may follow.
    Repeatable(Node),
    /// Something none may follow.
    Fixed(Node),
    /// Nothing that counts: `\E`, a comment.
    Nothing,
    /// The start of quoted text.
    Quote,
}

impl<'p> Parser<'p> {
    fn new(
        source: &'p str,
        at: usize,
        flags: Flags,
        known: Option<Groups>,
        (limits, account): (&'p Limits, &'p Account),
    ) -> Parser<'p> {
        let (groups, most_groups) = (Groups::default(), limits.pattern_groups);
        let (refers, around, depth) = (false, 0, 0);
        Parser { source, at, flags, groups, known, refers, around, depth, most_groups, account }
    }

    /// The number of a group that opens here.
    pub(super) fn next_group(&mut self) -> Result<u32> {
        if self.groups.count as usize >= self.most_groups {
            return Err(Error::limit("pattern_groups", self.most_groups).with_code(INVALID));
        }
        self.groups.count += 1;
        Ok(self.groups.count)
    }

    /// Pays for a part that was read. A class of Unicode has hundreds of ranges.
    fn pay_for(&self, node: &Node) -> Result<()> {
        let ranges = match node {
            Node::One(set) => set.ranges().len(),
            _ => 0,
        };
        self.account.work(1 + ranges as u64 / 16)?;
        self.account.hold(2 * size_of::<Node>() + ranges * 2 * size_of::<(char, char)>())
    }

    fn whole(&mut self) -> Result<Node> {
        let node = Node::either(self.alternatives(false)?);
        match self.peek() {
            None => Ok(node),
            Some(_) => Err(self.fault("a closing parenthesis without an opening one")),
        }
    }

    /// Everything up to the closing parenthesis or the end. With `reset`, each alternative numbers
    /// its groups from the same start.
    pub(super) fn alternatives(&mut self, reset: bool) -> Result<Vec<Node>> {
        self.depth += 1;
        if self.depth > NESTING {
            return Err(Error::limit("pattern_nesting", NESTING).with_code(INVALID));
        }
        let start = self.groups.count;
        let mut highest = start;
        let mut nodes = vec![self.sequence()?];
        while self.take("|") {
            highest = highest.max(self.groups.count);
            if reset {
                self.groups.count = start;
            }
            nodes.push(self.sequence()?);
        }
        self.groups.count = highest.max(self.groups.count);
        self.depth -= 1;
        Ok(nodes)
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        let mut repeatable = false;
        loop {
            self.skip_blanks()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(Node::concat(nodes)),
                Some(_) => {}
            }
            if let Some((min, max)) = self.counts()? {
                let node = nodes.pop().filter(|_| repeatable);
                let Some(node) = node else {
                    return Err(self.fault("a quantifier with nothing to repeat before it"));
                };
                nodes.push(self.repeat(node, min, max));
                repeatable = false;
                continue;
            }
            match self.item()? {
                Item::Repeatable(node) => {
                    self.pay_for(&node)?;
                    nodes.push(node);
                    repeatable = true;
                }
                Item::Fixed(node) => {
                    self.pay_for(&node)?;
                    nodes.push(node);
                    repeatable = false;
                }
                Item::Nothing => {}
                Item::Quote => repeatable |= self.quoted(&mut nodes)?,
            }
        }
    }

    fn item(&mut self) -> Result<Item> {
        let Some(letter) = self.bump() else { return Ok(Item::Nothing) };
        Ok(match letter {
            '(' => return self.group(),
            '[' => return self.class(),
            '\\' => return self.escaped(),
            '.' if self.flags.dot_all => Item::Repeatable(Node::One(CharSet::any())),
            '.' => Item::Repeatable(Node::One(CharSet::not_newline())),
            '^' if self.flags.lines => Item::Fixed(Node::Assert(Assertion::LineStart)),
            '^' => Item::Fixed(Node::Assert(Assertion::TextStart)),
            '$' if self.flags.lines => Item::Fixed(Node::Assert(Assertion::LineEnd)),
            '$' => Item::Fixed(Node::Assert(Assertion::FinalLineEnd)),
            letter => Item::Repeatable(self.letter(letter)),
        })
    }

    /// A character that stands for itself, in every case with option `i`.
    pub(super) fn letter(&self, letter: char) -> Node {
        let set = CharSet::one(letter);
        Node::One(if self.flags.fold { set.folded() } else { set })
    }

    /// `\Q..\E`, after its start. Says whether anything stood in it.
    fn quoted(&mut self, nodes: &mut Vec<Node>) -> Result<bool> {
        let before = nodes.len();
        while !self.take("\\E") {
            let Some(letter) = self.bump() else { break };
            let node = self.letter(letter);
            self.pay_for(&node)?;
            nodes.push(node);
        }
        Ok(nodes.len() > before)
    }

    /// A quantifier, if one stands here: `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`. Any other `{` is
    /// itself, `{,n}` included: MongoDB's PCRE2 is older than the version that gave it a meaning.
    pub(super) fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let counts = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.braced_counts(),
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(counts))
    }

    fn braced_counts(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let start = self.at;
        self.bump();
        if let Some(min) = self.count()? {
            if self.take("}") {
                return Ok(Some((min, Some(min))));
            }
            if self.take(",") {
                let max = self.count()?;
                if self.take("}") {
                    if max.is_some_and(|max| max < min) {
                        return Err(self.fault("a quantifier whose numbers are out of order"));
                    }
                    return Ok(Some((min, max)));
                }
            }
        }
        self.at = start;
        Ok(None)
    }

    fn count(&mut self) -> Result<Option<u32>> {
        let Some(number) = self.number() else { return Ok(None) };
        if number > MAX_COUNT {
            return Err(self.fault(format!("a quantifier above {MAX_COUNT}")));
        }
        Ok(Some(number))
    }

    fn repeat(&mut self, node: Node, min: u32, max: Option<u32>) -> Node {
        let greed = self.greed();
        Node::Repeat { node: Box::new(node), min, max, greed }
    }

    /// What stands behind a quantifier.
    pub(super) fn greed(&mut self) -> Greed {
        if self.take("+") {
            Greed::Possessive
        } else if self.take("?") != self.flags.lazy {
            Greed::Lazy
        } else {
            Greed::Greedy
        }
    }

    /// Skips `(?#..)` everywhere, blanks and `#` comments with option `x`.
    pub(super) fn skip_blanks(&mut self) -> Result<()> {
        loop {
            if self.rest().starts_with("(?#") {
                let Some(end) = self.rest().find(')') else {
                    return Err(self.fault("a comment (?# without its end"));
                };
                self.at += end + 1;
            } else if self.flags.blanks && self.peek().is_some_and(is_blank) {
                self.bump();
            } else if self.flags.blanks && self.take("#") {
                let end = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
                self.at += end;
            } else {
                return Ok(());
            }
        }
    }

    /// Decimal digits, if any stand here. Saturates.
    pub(super) fn number(&mut self) -> Option<u32> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let text = self.rest().get(..digits).filter(|text| !text.is_empty())?;
        self.at += digits;
        Some(text.parse().unwrap_or(u32::MAX))
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'p str {
        self.source.get(self.at..).unwrap_or("")
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Takes that text, if it stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// The error of a construct at this place.
    pub(super) fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::new(INVALID, format!("regular expression: {what}, at byte {}", self.at))
    }
}

/// Unicode's pattern white space.
fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
    )
}
