//! What a schema asks for, once its keywords are read: rules about one value.

use crate::{Pattern, TypeSet, Value};
use bigdecimal::BigDecimal;

/// Rules that must all hold.
#[derive(Debug, Default)]
pub(super) struct Rules(pub(super) Vec<Rule>);

/// One rule. Those about a kind of value let every other kind pass.
#[derive(Debug)]
pub(super) enum Rule {
    /// `type`, `bsonType`.
    Type(TypeSet),
    /// `enum`: the values by their [`super::alike::key`]s, in order.
    OneOfValues(Vec<Vec<u8>>),
    /// `allOf`, `anyOf`, `oneOf`, `not`.
    All(Vec<Rules>),
    Any(Vec<Rules>),
    ExactlyOne(Vec<Rules>),
    Not(Rules),

    /// Numbers: `minimum`, `maximum` with their `exclusive..`, `multipleOf`.
    Least {
        bound: Value,
        exclusive: bool,
    },
    Most {
        bound: Value,
        exclusive: bool,
    },
    MultipleOf(BigDecimal),
    /// A multiple of NaN or infinity, which no number is.
    MultipleOfNothing,

    /// Strings, in code points.
    Length {
        least: u64,
        most: u64,
    },
    Pattern(Pattern),

    /// Arrays.
    Items {
        least: u64,
        most: u64,
    },
    Unique,
    /// What the items must be: the first ones each for itself, then all others.
    EachItem {
        first: Vec<Rules>,
        rest: Rest,
    },

    /// Objects.
    Fields {
        least: u64,
        most: u64,
    },
    Required(Vec<String>),
    /// What fields must be: by name (in order of names), by pattern, and those that neither reaches.
    EachField {
        named: Vec<(String, Rules)>,
        patterns: Vec<(Pattern, Rules)>,
        rest: Rest,
    },
    /// If the field is there, so are those.
    Needs {
        field: String,
        others: Vec<String>,
    },
    /// If the field is there, the object is like that.
    NeedsShape {
        field: String,
        rules: Rules,
    },
}

/// What is asked of what no other rule reaches.
#[derive(Debug)]
pub(super) enum Rest {
    /// Nothing.
    Anything,
    /// Not to be there.
    Nothing,
    Like(Box<Rules>),
}
