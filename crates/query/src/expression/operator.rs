//! What an operator is: a name, the shape of its argument, and a function. The table of all of them
//! is the families' tables one after the other.

use super::answer::Answer;
use super::node::Node;
use super::parse::Parser;
use super::scope::Scope;
use super::*;
use crate::{Result, Value};

/// One operator.
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) run: Run,
    /// Whether equal arguments give equal answers, so that constants can be computed at once.
    pub(super) pure: bool,
}

/// Evaluates an operator. The arguments are in the order of its shape.
pub(super) type Run = for<'a> fn(&mut Scope<'a>, &'a [Node]) -> Result<Answer<'a>>;

/// What an operator's argument looks like.
pub(super) enum Shape {
    /// A list of that many; one argument may stand without brackets. `code` is the error of a wrong
    /// count.
    List { least: usize, most: usize, code: u32 },
    /// An object of named arguments.
    Named(Names),
    /// A form of its own, read by a function.
    Own(fn(&mut Parser<'_>, &'static Operator, &Value) -> Result<Node>),
}

/// The names of an operator's arguments and the errors about them.
pub(super) struct Names {
    /// The error if the argument is no object.
    pub(super) not_object: u32,
    /// The error for a name that is not listed.
    pub(super) unknown: u32,
    /// The names, each with the error if it is not given; 0 if it need not be.
    pub(super) names: &'static [(&'static str, u32)],
}

impl Operator {
    /// An operator of exactly that many arguments.
    pub(super) const fn fixed(name: &'static str, count: usize, run: Run) -> Operator {
        let shape = Shape::List { least: count, most: count, code: 16020 };
        Operator { name, shape, run, pure: true }
    }

    /// An operator of a number of arguments in a range.
    pub(super) const fn ranged(
        name: &'static str,
        least: usize,
        most: usize,
        run: Run,
    ) -> Operator {
        let shape = Shape::List { least, most, code: 28667 };
        Operator { name, shape, run, pure: true }
    }

    /// An operator of any number of arguments.
    pub(super) const fn variadic(name: &'static str, run: Run) -> Operator {
        let shape = Shape::List { least: 0, most: usize::MAX, code: 16020 };
        Operator { name, shape, run, pure: true }
    }

    /// An operator with named arguments.
    pub(super) const fn named(name: &'static str, names: Names, run: Run) -> Operator {
        Operator { name, shape: Shape::Named(names), run, pure: true }
    }

    /// An operator that is read by a function of its own.
    pub(super) const fn own(
        name: &'static str,
        parse: fn(&mut Parser<'_>, &'static Operator, &Value) -> Result<Node>,
        run: Run,
    ) -> Operator {
        Operator { name, shape: Shape::Own(parse), run, pure: true }
    }

    pub(super) fn is_pure(&self) -> bool {
        self.pure
    }
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

static FAMILIES: [&[Operator]; 26] = [
    accumulator::OPERATORS,
    arithmetic::OPERATORS,
    array::OPERATORS,
    bits::OPERATORS,
    comparison::OPERATORS,
    conditional::OPERATORS,
    conversion::OPERATORS,
    date::OPERATORS,
    date_parts::OPERATORS,
    date_text::OPERATORS,
    kind::OPERATORS,
    literal::OPERATORS,
    multiple::OPERATORS,
    object::OPERATORS,
    ordering::OPERATORS,
    pattern::OPERATORS,
    percentile::OPERATORS,
    power::OPERATORS,
    random::OPERATORS,
    rounding::OPERATORS,
    search::OPERATORS,
    set::OPERATORS,
    substring::OPERATORS,
    text::OPERATORS,
    trigonometry::OPERATORS,
    variable::OPERATORS,
];

/// The name of an operator that is one letter off.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let names = FAMILIES.iter().flat_map(|family| family.iter()).map(|operator| operator.name);
    crate::filter::nearest(name, names)
}

/// The operator of that name.
pub(super) fn find(name: &str) -> Option<&'static Operator> {
    FAMILIES.iter().flat_map(|family| family.iter()).find(|operator| operator.name == name)
}
