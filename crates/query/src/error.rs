//! What can be wrong with a query, a value or a limit: one error type, with MongoDB's code.
//!
//! This file knows codes and their names. It does not know which operator raises which.

use std::fmt;

use crate::Place;

/// A MongoDB error code. Its name is what a server puts into `codeName`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

impl Code {
    /// 2: most bad filters.
    pub const BAD_VALUE: Code = Code(2);
    /// 9: text that is no JSON, a keyword nobody knows, a malformed mask.
    pub const FAILED_TO_PARSE: Code = Code(9);
    /// 14: an argument of the wrong type.
    pub const TYPE_MISMATCH: Code = Code(14);
    /// 27: an operator that needs an index of a kind Filedex does not keep.
    pub const INDEX_NOT_FOUND: Code = Code(27);
    /// 28: a path of an update that a value is in the way of.
    pub const PATH_NOT_VIABLE: Code = Code(28);
    /// 34: an index so far behind the end of an array that too many nulls would stand before it.
    pub const CANNOT_BACKFILL_ARRAY: Code = Code(34);
    /// 40: two operators of an update at one place, or one above the other.
    pub const CONFLICTING_UPDATE_OPERATORS: Code = Code(40);
    /// 50: the time the host allows is over.
    pub const MAX_TIME_MS_EXPIRED: Code = Code(50);
    /// 52: a name led by `$` at the top of a document.
    pub const DOLLAR_PREFIXED_FIELD_NAME: Code = Code(52);
    /// 53: an `_id` of a kind that none may be.
    pub const INVALID_ID_FIELD: Code = Code(53);
    /// 54: a filter that fixes one field of a new document twice.
    pub const NOT_SINGLE_VALUE_FIELD: Code = Code(54);
    /// 55: the names of a reference out of their order.
    pub const INVALID_DB_REF: Code = Code(55);
    /// 56: an empty part of a path of an update.
    pub const EMPTY_FIELD_NAME: Code = Code(56);
    /// 66: an update that would change `_id`.
    pub const IMMUTABLE_FIELD: Code = Code(66);
    /// 72: a stage that no update takes.
    pub const INVALID_OPTIONS: Code = Code(72);
    /// 111: a filter that fixes a part of the `_id` of a new document.
    pub const NOT_EXACT_VALUE_FIELD: Code = Code(111);
    /// 146: a limit on size or count is passed.
    pub const EXCEEDED_MEMORY_LIMIT: Code = Code(146);
    /// 161: a collation of another version.
    pub const INCOMPATIBLE_COLLATION_VERSION: Code = Code(161);
    /// 168: an expression operator nobody knows.
    pub const INVALID_PIPELINE_OPERATOR: Code = Code(168);
    /// 224: what can't be asked where it stands.
    pub const QUERY_FEATURE_NOT_ALLOWED: Code = Code(224);
    /// 291: `$near` and its like, which need a geospatial index.
    pub const NO_QUERY_EXECUTION_PLANS: Code = Code(291);
    /// 11601: the host asked for the work to stop.
    pub const INTERRUPTED: Code = Code(11601);

    /// The name that goes with the number: `BadValue` for 2, `Location31249` for a code without one.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// assert_eq!(filedex::Code(2).name(), "BadValue");
    /// assert_eq!(filedex::Code(31249).name(), "Location31249");
    /// ```
    pub fn name(self) -> String {
        let name = match self.0 {
            2 => "BadValue",
            9 => "FailedToParse",
            14 => "TypeMismatch",
            15 => "Overflow",
            27 => "IndexNotFound",
            28 => "PathNotViable",
            34 => "CannotBackfillArray",
            40 => "ConflictingUpdateOperators",
            50 => "MaxTimeMSExpired",
            52 => "DollarPrefixedFieldName",
            53 => "InvalidIdField",
            54 => "NotSingleValueField",
            55 => "InvalidDBRef",
            56 => "EmptyFieldName",
            66 => "ImmutableField",
            72 => "InvalidOptions",
            111 => "NotExactValueField",
            146 => "ExceededMemoryLimit",
            161 => "IncompatibleCollationVersion",
            168 => "InvalidPipelineOperator",
            224 => "QueryFeatureNotAllowed",
            241 => "ConversionFailure",
            291 => "NoQueryExecutionPlans",
            11601 => "Interrupted",
            number => return format!("Location{number}"),
        };
        name.to_owned()
    }
}

/// A fault in a query, a document or a limit passed. Small to move; the parts are behind a box.
///
/// The message is in lower case, without a full stop, and says what to write instead where that
/// helps. It is for people: programs branch on [`Error::code`] and [`Error::limit`].
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Fault>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    code: Code,
    path: Vec<String>,
    message: String,
    limit: Option<&'static str>,
    place: Option<Place>,
}

/// What the functions of this crate answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with MongoDB's number and our own words.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error(Box::new(Fault {
            code,
            path: Vec::new(),
            message: message.into(),
            limit: None,
            place: None,
        }))
    }

    /// A `BadValue`, the most common kind.
    pub fn bad_value(message: impl Into<String>) -> Error {
        Error::new(Code::BAD_VALUE, message)
    }

    /// The error of a limit that was passed. `name` is the field of [`crate::Limits`].
    pub fn limit(name: &'static str, allowed: impl fmt::Display) -> Error {
        let message = format!("limit `{name}` passed: at most {allowed} allowed");
        Error(Box::new(Fault {
            code: Code::EXCEEDED_MEMORY_LIMIT,
            path: Vec::new(),
            message,
            limit: Some(name),
            place: None,
        }))
    }

    /// The same error under another code.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Error {
        self.0.code = code;
        self
    }

    /// Puts `part` before the path of the fault. Parsers call it on the way up, so that the
    /// innermost part is added first.
    #[must_use]
    pub fn at(mut self, part: impl fmt::Display) -> Error {
        self.0.path.insert(0, part.to_string());
        self
    }

    /// The same error with its place in the text.
    #[must_use]
    pub(crate) fn placed(mut self, place: Place) -> Error {
        self.0.place = Some(place);
        self
    }

    /// Where in the text the fault is, of errors in its syntax.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// MongoDB's number.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The place in the JSON, from its root `$`: `$.size.$gt`.
    pub fn path(&self) -> String {
        let mut path = String::from("$");
        for part in &self.0.path {
            path.push('.');
            path.push_str(part);
        }
        path
    }

    /// The words without code and path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The name of the limit that was passed, if that is what happened.
    pub fn limit_name(&self) -> Option<&'static str> {
        self.0.limit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        f.write_str(&self.0.message)?;
        self.0.place.iter().try_for_each(|place| write!(f, " ({place})"))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) {}", self.0.code.name(), self.0.code.0, self)
    }
}

impl std::error::Error for Error {}
