//! What a field of many records adds up to.

use crate::expression::Total;
use crate::{Account, DocumentRef, Path, Result, Value};

/// A sum over a field, as MongoDB's `$sum` of a group adds it up: what is no number adds nothing, and
/// neither does a path through an array.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Account, Path, Sum};
/// use filedex::{Document, Limits, Value};
/// let mut sum = Sum::new(Path::parse("size", &Limits::default())?);
/// for size in [Value::from(7), Value::from("big"), Value::from(0.5)] {
///     sum.add(Document::new().with("size", size).view(), &Account::default())?;
/// }
/// assert_eq!(sum.value(), Value::from(7.5));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sum {
    path: Path,
    total: Total,
}

/// What adding a decimal costs, in steps.
const STEPS_A_DECIMAL: u64 = 32;

/// Doubles from here on do not tell a whole number from its neighbour.
const WHOLE_UP_TO: f64 = 9_007_199_254_740_992.0;

impl Sum {
    /// A sum over what lies under that path.
    pub fn new(path: Path) -> Sum {
        Sum { path, total: Total::default() }
    }

    /// What is added up.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds what a record has there.
    ///
    /// # Errors
    /// What the account says.
    pub fn add(&mut self, record: DocumentRef<'_>, account: &Account) -> Result<()> {
        let found = self.path.straight(record.get(self.path.first_name())).flatten();
        match found.is_some_and(|value| self.total.add_value(value)) {
            true => account.work(STEPS_A_DECIMAL),
            false => Ok(()),
        }
    }

    /// Adds what was added up elsewhere, exactly.
    pub fn add_whole(&mut self, sum: i128) {
        self.total.add_whole(sum);
    }

    /// The sum: a whole number in the smallest kind that holds it, however its parts were kept; else a
    /// double, or a decimal where one was among them.
    pub fn value(&self) -> Value {
        match self.total.clone().into_value() {
            Value::Double(sum) if sum.fract() == 0.0 && sum.abs() <= WHOLE_UP_TO => {
                Value::integer(sum as i64)
            }
            Value::Long(sum) => Value::integer(sum),
            sum => sum,
        }
    }
}
