//! Conditions that must all hold, asked of stored records in one pass over their fields.
//!
//! A record that lies in a store is read from front to back, so what is asked of several fields is
//! asked while they go by, and the first that is not as it must be ends the pass. The fields are
//! compared by name; nothing is decoded that no condition speaks of.

use super::Matcher;
use super::needle::Needle;
use super::node::{Field, Node};
use super::question::Question;
use crate::packed::names::{self, Name};
use crate::packed::{PackedDocument, Reader};
use crate::redaction::Level;
use crate::view::is_same;
use crate::{Account, DocumentRef, Path, Result, ValueRef};

/// The conditions of a plan that a store did not prove otherwise. What can fail is asked last.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::packed::{PackedDocument, pack};
/// use filedex::language::{Projection, Sort};
/// use filedex::{Document, Environment, Filter, Plan};
/// let environment = Environment::default();
/// let filter = Filter::parse_text(r#"{"rid": "GENERAL", "size": {"$gt": 10}}"#, &environment)?;
/// let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?;
/// let residual = plan.residual(&[true, false]);
/// let record = pack(&Document::new().with("rid", "another").with("size", 11));
/// assert!(residual.matches(PackedDocument::new(&record).into())?);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Residual<'p> {
    /// Conditions on one field that have an answer for every record.
    fields: Vec<Condition<'p>>,
    /// All others, in their order.
    others: Vec<Other<'p>>,
    /// The names of those fields.
    names: Names,
}

/// A condition on one field, which every record satisfies or not.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'p> {
    /// The field of the record that decides it.
    name: &'p str,
    /// Where that name stands in the list of those that are stored by their place.
    place: Option<u8>,
    field: &'p Field,
    /// Holds where the field's condition does not.
    negated: bool,
    /// Whether the value of that name is asked, not something inside it.
    plain: bool,
    /// What is left out of records before they are asked.
    redaction: Option<&'p Level>,
    may_fail: bool,
}

#[derive(Clone, Copy, Debug)]
enum Other<'p> {
    /// A condition on one field that can fail.
    Field(Condition<'p>),
    Node(&'p Node, bool),
}

impl<'p> Other<'p> {
    fn question(&self) -> Option<Question<'p>> {
        match self {
            Other::Field(condition) => Some(Question::One(*condition)),
            Other::Node(node, may_fail) => Question::of(node, None, *may_fail),
        }
    }
}

/// As many conditions as there are bits to say which of them are open.
const MOST_FIELDS: usize = 64;

impl<'p> Residual<'p> {
    /// Adds a condition after those that are there.
    pub(crate) fn push(&mut self, matcher: &'p Matcher, may_fail: bool) {
        let node: &Node = &matcher.0;
        match Condition::of(node, None, may_fail) {
            Some(condition) if !may_fail && self.fields.len() < MOST_FIELDS => {
                self.names.add(&condition);
                self.fields.push(condition);
            }
            Some(condition) => self.others.push(Other::Field(condition)),
            None => self.others.push(Other::Node(node, may_fail)),
        }
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.others.is_empty()
    }

    /// The conditions as questions to what is kept of records under some of their paths, in the order in
    /// which they are to be asked; and whether these are all. Where they are not, those that can fail are
    /// not among them: what is left is to be asked before.
    pub fn questions(&self) -> (Vec<Question<'p>>, bool) {
        let mut questions: Vec<Question<'p>> =
            self.fields.iter().copied().map(Question::One).collect();
        let others: Option<Vec<Question<'p>>> = self.others.iter().map(Other::question).collect();
        let complete = others.is_some();
        questions.extend(others.into_iter().flatten());
        (questions, complete)
    }

    /// Whether the record satisfies all of the conditions.
    ///
    /// # Errors
    /// Those of [`Matcher::matches`](crate::Matcher::matches).
    pub fn matches(&self, record: DocumentRef<'_>) -> Result<bool> {
        self.matches_within(record, &Account::default())
    }

    /// As [`Residual::matches`], charged to a request.
    ///
    /// # Errors
    /// Those of [`Matcher::matches_within`](crate::Matcher::matches_within).
    pub fn matches_within(&self, record: DocumentRef<'_>, account: &Account) -> Result<bool> {
        let fields_hold = match record.as_packed() {
            Some(packed) => self.hold_in_one_pass(packed, account)?,
            None => self.hold_one_by_one(record, account)?,
        };
        if !fields_hold {
            return Ok(false);
        }
        for other in &self.others {
            account.work(1)?;
            let holds = match (other, record.as_packed()) {
                (Other::Node(node, _), _) => node.holds(record, None, account)?,
                (Other::Field(condition), Some(packed)) => condition.holds_for(packed, account)?,
                (Other::Field(condition), None) => {
                    condition.holds(record.get(condition.name), account)?
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hold_one_by_one(&self, record: DocumentRef<'_>, account: &Account) -> Result<bool> {
        for condition in &self.fields {
            if !condition.holds(record.get(condition.name), account)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hold_in_one_pass(&self, record: PackedDocument<'_>, account: &Account) -> Result<bool> {
        let mut open = self.all_open();
        let mut rest = record.fields();
        while open != 0
            && let Some(name) = rest.stored_name()
        {
            if self.names.may_hold(name) && !self.hold_for(name, rest, &mut open, account)? {
                return Ok(false);
            }
            if rest.skip().is_none() {
                break;
            }
        }
        self.hold_for_missing(open, account)
    }

    /// Asks the open conditions on the field of that name, which then are open no more.
    fn hold_for(
        &self,
        name: Name<'_>,
        value: Reader<'_>,
        open: &mut u64,
        account: &Account,
    ) -> Result<bool> {
        for (place, condition) in self.fields.iter().enumerate() {
            let bit = 1 << place;
            if *open & bit != 0 && condition.is_on(name) {
                *open &= !bit;
                if !condition.holds_stored(value, account)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn hold_for_missing(&self, open: u64, account: &Account) -> Result<bool> {
        for (place, condition) in self.fields.iter().enumerate() {
            if open & (1 << place) != 0 && !condition.holds(None, account)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn all_open(&self) -> u64 {
        u64::MAX.checked_shr((MOST_FIELDS - self.fields.len()) as u32).unwrap_or(0)
    }
}

impl<'p> Condition<'p> {
    /// The condition that the node is, if it speaks of one field; asked without what that level leaves out.
    pub(super) fn of(
        node: &'p Node,
        redaction: Option<&'p Level>,
        may_fail: bool,
    ) -> Option<Condition<'p>> {
        let (node, redaction) = match node {
            Node::Redacted(level, node) => (&**node, Some(&**level)),
            node => (node, redaction),
        };
        let (field, negated) = match node {
            Node::Field(field) => (field, false),
            Node::Nor(members) => match members.as_slice() {
                [Node::Field(field)] => (field, true),
                _ => return None,
            },
            _ => return None,
        };
        let name = field.path.first_name();
        // What is left out is not asked, however plain the question.
        let plain = field.path.as_name().is_some() && !redaction.is_some_and(|r| r.hides(name));
        let place = names::place(name);
        Some(Condition { name, place, field, negated, plain, redaction, may_fail })
    }

    /// The path of the values that it is asked of.
    pub fn path(&self) -> &'p Path {
        &self.field.path
    }

    /// Whether it can end in an error, for some records: such conditions are asked last.
    pub fn may_fail(&self) -> bool {
        self.may_fail
    }

    /// What texts of up to so many bytes must have in them for it to hold, or must not.
    pub fn needle(&self, longest: usize) -> Option<Needle<'p>> {
        let pattern = self.field.predicate.pattern().filter(|_| self.plain)?;
        pattern.has_row(longest).then(|| Needle::new(pattern, self.negated))
    }

    /// Whether a record satisfies it of which [`Path::narrow`] gave these bytes.
    ///
    /// # Errors
    /// Those of [`Matcher::matches`](crate::Matcher::matches).
    pub fn holds_for_narrowed(&self, value: &[u8], account: &Account) -> Result<bool> {
        match value {
            [] => self.holds(None, account),
            value => self.holds_stored(Reader::new(value), account),
        }
    }

    /// Whether that is the field's name.
    #[inline]
    fn is_on(&self, name: Name<'_>) -> bool {
        match name {
            Name::Known(place) => self.place == Some(place),
            Name::Text(name) => is_same(name, self.name.as_bytes()),
        }
    }

    /// Whether it holds for a value of its name.
    #[inline]
    fn holds(&self, first: Option<ValueRef<'_>>, account: &Account) -> Result<bool> {
        let first = match (first, self.redaction) {
            (Some(_), Some(level)) if level.hides(self.name) => None,
            (Some(value), Some(level)) => Some(value.inside(level)),
            (first, _) => first,
        };
        Ok(self.field.holds_from(first, None, account)? != self.negated)
    }

    /// As [`Condition::holds`], of a value that is not decoded yet.
    #[inline]
    fn holds_stored(&self, mut value: Reader<'_>, account: &Account) -> Result<bool> {
        if self.plain
            && let Some(text) = { value }.take_string()
            && let Some(passes) = self.field.predicate.passes_bytes(text, account)
        {
            return Ok(passes? != self.negated);
        }
        self.holds(value.value(), account)
    }

    fn holds_for(&self, record: PackedDocument<'_>, account: &Account) -> Result<bool> {
        match record.find(self.name) {
            Some(value) => self.holds_stored(value, account),
            None => self.holds(None, account),
        }
    }
}

/// A set of names that may hold more than was added.
#[derive(Clone, Copy, Debug, Default)]
struct Names {
    /// The places in the list of names that are stored by them.
    places: u128,
    /// The lengths, modulo the number of bits.
    lengths: u64,
}

impl Names {
    fn add(&mut self, condition: &Condition<'_>) {
        self.places |= condition.place.map_or(0, |place| 1 << (place % 128));
        self.lengths |= 1 << (condition.name.len() % 64);
    }

    #[inline]
    fn may_hold(self, name: Name<'_>) -> bool {
        match name {
            Name::Known(place) => self.places & (1 << (place % 128)) != 0,
            Name::Text(name) => self.lengths & (1 << (name.len() % 64)) != 0,
        }
    }
}
