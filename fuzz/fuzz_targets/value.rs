//! Any value, from the fuzzer's bytes.

use arbitrary::{Arbitrary, Result, Unstructured};
use filedex_query::{Binary, Date, Decimal, Document, ObjectId, Regex, Timestamp, Value};

/// A value nested at most a few levels.
#[derive(Debug)]
pub struct Any(pub Value);

impl<'a> Arbitrary<'a> for Any {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Any> {
        any(bytes, 4).map(Any)
    }
}

fn any(bytes: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    // Documents and arrays stand last, so that they can be left out at the bottom.
    Ok(match bytes.int_in_range(0..=if depth > 0 { 18 } else { 16 })? {
        0 => Value::MinKey,
        1 => Value::Undefined,
        2 => Value::Null,
        3 => Value::Int(bytes.arbitrary()?),
        4 => Value::Long(bytes.arbitrary()?),
        5 => Value::Double(bytes.arbitrary()?),
        6 => Value::Decimal(Decimal::from_bytes(bytes.arbitrary()?)),
        7 => Value::String(bytes.arbitrary()?),
        8 => Value::Symbol(bytes.arbitrary()?),
        9 => Value::Binary(Binary { subtype: bytes.arbitrary()?, bytes: bytes.arbitrary()? }),
        10 => Value::ObjectId(ObjectId(bytes.arbitrary()?)),
        11 => Value::Bool(bytes.arbitrary()?),
        12 => Value::Date(Date(bytes.arbitrary()?)),
        13 => {
            let (time, increment) = bytes.arbitrary()?;
            Value::Timestamp(Timestamp { time, increment })
        }
        14 => {
            let (pattern, options) = bytes.arbitrary()?;
            Value::Regex(Regex { pattern, options })
        }
        15 => Value::Code(bytes.arbitrary()?),
        16 => Value::MaxKey,
        17 => Value::Array(several(bytes, |bytes| any(bytes, depth - 1))?),
        _ => {
            let fields = several(bytes, |bytes| Ok((bytes.arbitrary()?, any(bytes, depth - 1)?)))?;
            Value::Document(fields.into_iter().collect::<Document>())
        }
    })
}

fn several<T>(
    bytes: &mut Unstructured<'_>,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let length = bytes.int_in_range(0..=4)?;
    (0..length).map(|_| one(bytes)).collect()
}
