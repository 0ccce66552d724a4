//! The filter tree: the two enums everything after the parser reads.
//!
//! A [`Filter`] speaks about a whole document, a [`Test`] about what one path yields. The file
//! knows neither JSON nor records.

use crate::{
    BitMask, BitTest, Environment, Error, Expression, Limits, Path, Pattern, Result, Schema, Value,
};

use super::TypeSet;

/// What a document must satisfy.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::{Environment, Filter};
/// let filter = Filter::parse_text(r#"{"size": {"$gt": 10, "$lte": 20}}"#, &Environment::default())?;
/// assert_eq!(filter.conjuncts().len(), 2);
/// assert_eq!(filter.to_string(), r#"{"size":{"$gt":10,"$lte":20}}"#);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Filter {
    /// Every document.
    All,
    /// No document.
    Never,
    /// Documents that satisfy each member.
    And(Vec<Filter>),
    /// Documents that satisfy a member.
    Or(Vec<Filter>),
    /// Documents that satisfy no member.
    Nor(Vec<Filter>),
    /// Documents in which the path yields something that passes the test.
    Field {
        /// Where to look.
        path: Path,
        /// What to find there.
        test: Test,
    },
    /// `$expr`: documents for which the expression is true.
    Expression(Expression),
    /// `$jsonSchema`: documents of that shape.
    Schema(Schema),
    /// `$sampleRate`: documents taken by chance, each with this probability.
    Sample(f64),
}

/// What one value must be. On a path, it is enough that one of the values found there passes; a
/// [`Test::Not`] on a path holds if that is not so.
#[derive(Clone)]
#[non_exhaustive]
pub enum Test {
    /// Equal. Null also stands for a missing field.
    Eq(Value),
    /// Greater, among values of the same rank.
    Gt(Value),
    /// Greater or equal, among values of the same rank.
    Gte(Value),
    /// Less, among values of the same rank.
    Lt(Value),
    /// Less or equal, among values of the same rank.
    Lte(Value),
    /// Equal to one of the values, or matched by one of the patterns.
    In {
        /// The members that are compared.
        values: Vec<Value>,
        /// The members that are searched for.
        patterns: Vec<Pattern>,
    },
    /// There at all, if only as null.
    Exists,
    /// Of one of the kinds.
    Type(TypeSet),
    /// Text that the pattern is found in, or that pattern itself as a stored value.
    Regex(Pattern),
    /// A number whose whole part leaves `remainder`.
    Mod {
        /// Never 0.
        divisor: i64,
        /// Carries the sign of the dividend, as C's `%` does.
        remainder: i64,
    },
    /// An array of so many elements.
    Size(u64),
    /// An array in which one element, an object or an array, satisfies the filter.
    ElemMatchObject(Box<Filter>),
    /// An array in which one element passes all tests.
    ElemMatchValue(Vec<Test>),
    /// A whole number or bytes whose bits are as asked.
    Bits {
        /// Which of the bits, set or clear.
        test: BitTest,
        /// The bits that are looked at.
        mask: BitMask,
    },
    /// Passes not all of the tests. Never empty.
    Not(Vec<Test>),
}

impl Filter {
    /// The filter that every document satisfies.
    pub fn all() -> Filter {
        Filter::All
    }

    /// A test on a path.
    ///
    /// # Errors
    /// If the path has more parts than MongoDB takes, or begins with `$` and is no part of a DBRef.
    pub fn field(path: &str, test: Test) -> Result<Filter> {
        if path.starts_with('$') && !is_reference_part(path) {
            let message = format!("`{path}` begins with `$`, so that no filter can name it");
            return Err(Error::bad_value(message));
        }
        Ok(Filter::Field { path: Path::parse(path, &Limits::default())?, test })
    }

    /// Equality with a value, which is taken literally whatever it holds.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::Filter;
    /// let filter = Filter::eq("rid", "GENERAL")?;
    /// assert_eq!(filter.to_string(), r#"{"rid":"GENERAL"}"#);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Filter::field`].
    pub fn eq(path: &str, value: impl Into<Value>) -> Result<Filter> {
        Filter::field(path, Test::Eq(value.into()))
    }

    /// Equality with one of some values, each taken literally. None at all gives a filter that no
    /// document satisfies.
    ///
    /// # Errors
    /// As [`Filter::field`].
    pub fn one_of(path: &str, values: impl IntoIterator<Item = Value>) -> Result<Filter> {
        let literals = values.into_iter().map(|value| Filter::eq(path, value));
        Ok(Filter::or(literals.collect::<Result<Vec<Filter>>>()?))
    }

    /// The same filter with the texts of its expressions as the environment's collation has them.
    pub(crate) fn under(&self, environment: &Environment) -> Result<Filter> {
        let each = |members: &[Filter]| -> Result<Vec<Filter>> {
            members.iter().map(|member| member.under(environment)).collect()
        };
        Ok(match self {
            Filter::And(members) => Filter::And(each(members)?),
            Filter::Or(members) => Filter::Or(each(members)?),
            Filter::Nor(members) => Filter::Nor(each(members)?),
            Filter::Expression(expression) => Filter::Expression(expression.under(environment)?),
            other => other.clone(),
        })
    }

    /// The members that must all hold: those of an [`Filter::And`], none for [`Filter::All`], else
    /// the filter itself.
    pub fn conjuncts(&self) -> &[Filter] {
        match self {
            Filter::All => &[],
            Filter::And(members) => members,
            other => std::slice::from_ref(other),
        }
    }
}

impl Test {
    /// Equal to a member or matched by one. A single member becomes the plain test.
    pub fn one_of(mut values: Vec<Value>, mut patterns: Vec<Pattern>) -> Test {
        if patterns.is_empty()
            && values.len() == 1
            && let Some(value) = values.pop()
        {
            return Test::Eq(value);
        }
        if values.is_empty()
            && patterns.len() == 1
            && let Some(pattern) = patterns.pop()
        {
            return Test::Regex(pattern);
        }
        Test::In { values, patterns }
    }
}

/// The names of a DBRef, the only ones led by `$` that stand for fields.
pub(super) fn is_reference_part(name: &str) -> bool {
    matches!(name, "$ref" | "$id" | "$db")
}
