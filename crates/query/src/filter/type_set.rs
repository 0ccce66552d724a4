//! Kinds of value by number and name, as `$type` and `bsonType` ask for them.
//!
//! The file knows the names of kinds and which kind a value is of; arrays are not entered here.

use super::integer;
use crate::{Code, Error, Result, Value, ValueRef};

/// A set of BSON's kinds.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::TypeSet;
/// use filedex::Value;
/// let number = TypeSet::parse(&Value::from("number"))?;
/// assert!(number.contains(Value::from(1.5).view()));
/// assert!(!number.contains(Value::from("1.5").view()));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeSet(u32);

/// Number and name of each kind, in the order of the numbers.
const KINDS: [(i64, &str); 21] = [
    (-1, "minKey"),
    (1, "double"),
    (2, "string"),
    (3, "object"),
    (4, "array"),
    (5, "binData"),
    (6, "undefined"),
    (7, "objectId"),
    (8, "bool"),
    (9, "date"),
    (10, "null"),
    (11, "regex"),
    (12, "dbPointer"),
    (13, "javascript"),
    (14, "symbol"),
    (15, "javascriptWithScope"),
    (16, "int"),
    (17, "timestamp"),
    (18, "long"),
    (19, "decimal"),
    (127, "maxKey"),
];

impl TypeSet {
    /// Reads the argument of `$type`: a number, a name, or an array of them.
    ///
    /// # Errors
    /// 2 for a number or name of no kind, 9 for an empty array, 14 for anything else.
    pub fn parse(argument: &Value) -> Result<TypeSet> {
        let Value::Array(members) = argument else { return one(argument) };
        if members.is_empty() {
            return Err(Error::new(Code::FAILED_TO_PARSE, "name at least one type"));
        }
        let mut set = TypeSet::default();
        for (index, member) in members.iter().enumerate() {
            set.0 |= one(member).map_err(|error| error.at(index))?.0;
        }
        Ok(set)
    }

    /// The kinds of that name; `number` is four of them.
    pub fn named(name: &str) -> Option<TypeSet> {
        if name == "number" {
            return Some(TypeSet(bit(1) | bit(16) | bit(18) | bit(19)));
        }
        KINDS.iter().find(|(_, known)| *known == name).map(|(code, _)| TypeSet(bit(*code)))
    }

    /// Both together.
    #[must_use]
    pub fn union(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }

    /// Whether the value is of one of the kinds.
    pub fn contains(self, value: ValueRef<'_>) -> bool {
        self.0 & bit(code_of(value)) != 0
    }

    /// The names of the kinds, in the order of their numbers.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        KINDS.iter().filter(move |(code, _)| self.0 & bit(*code) != 0).map(|(_, name)| *name)
    }
}

fn one(argument: &Value) -> Result<TypeSet> {
    match argument {
        Value::String(name) => TypeSet::named(name).ok_or_else(|| {
            Error::bad_value(format!("no type is named `{name}` (names are case-sensitive)"))
        }),
        number if number.view().is_number() => numbered(number),
        _ => Err(Error::new(Code::TYPE_MISMATCH, "a type is a name or a number")),
    }
}

fn numbered(number: &Value) -> Result<TypeSet> {
    match integer::whole(number.view()) {
        Some(0) => Err(Error::bad_value("0 is no type; to ask for a missing field use $exists")),
        Some(code) if KINDS.iter().any(|(known, _)| *known == code) => Ok(TypeSet(bit(code))),
        Some(code) => Err(Error::bad_value(format!("no type has the number {code}"))),
        None => Err(Error::bad_value("the number of a type is a whole number")),
    }
}

/// One bit a kind: the number itself up to 19, then the two ends.
fn bit(code: i64) -> u32 {
    match code {
        -1 => 1 << 30,
        127 => 1 << 31,
        code => 1 << code.clamp(0, 29),
    }
}

fn code_of(value: ValueRef<'_>) -> i64 {
    match value {
        ValueRef::MinKey => -1,
        ValueRef::Double(_) => 1,
        ValueRef::String(_) => 2,
        ValueRef::Document(_) => 3,
        ValueRef::Array(_) => 4,
        ValueRef::Binary { .. } => 5,
        ValueRef::Undefined => 6,
        ValueRef::ObjectId(_) => 7,
        ValueRef::Bool(_) => 8,
        ValueRef::Date(_) => 9,
        ValueRef::Null => 10,
        ValueRef::Regex { .. } => 11,
        ValueRef::Code(_) => 13,
        ValueRef::Symbol(_) => 14,
        ValueRef::Int(_) => 16,
        ValueRef::Timestamp(_) => 17,
        ValueRef::Long(_) => 18,
        ValueRef::Decimal(_) => 19,
        ValueRef::MaxKey => 127,
    }
}
