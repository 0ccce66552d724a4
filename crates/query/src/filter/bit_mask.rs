//! The bits that `$bitsAllSet` and its like look at, and the four questions about them.
//!
//! A mask is a list of positions, whichever way it was written; bit 0 is the lowest.

use super::integer;
use crate::value::Binary;
use crate::{Code, Error, Limits, Result, Value, ValueRef};

/// Which of the bits of a mask must be set or clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitTest {
    /// Each is set.
    AllSet,
    /// Each is clear.
    AllClear,
    /// One is set.
    AnySet,
    /// One is clear.
    AnyClear,
}

/// Positions of bits, ascending, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitMask {
    positions: Vec<u32>,
    /// The positions below 64 as a word, and whether there are others.
    word: u64,
    beyond: bool,
}

impl BitTest {
    /// The operator's name.
    pub fn name(self) -> &'static str {
        match self {
            BitTest::AllSet => "$bitsAllSet",
            BitTest::AllClear => "$bitsAllClear",
            BitTest::AnySet => "$bitsAnySet",
            BitTest::AnyClear => "$bitsAnyClear",
        }
    }
}

impl BitMask {
    /// Reads a mask: a number, a list of positions, or bytes.
    ///
    /// # Errors
    /// 9 for a negative or fractional number, 2 for a bad position or another type; limit
    /// `in_length` on the number of positions.
    pub fn parse(argument: &Value, limits: &Limits) -> Result<BitMask> {
        let positions = match argument {
            Value::Array(list) => listed(list, limits)?,
            Value::Binary(Binary { bytes, .. }) => of_bytes(bytes, limits)?,
            number if number.view().is_number() => of_number(number)?,
            _ => {
                let message = "a bit mask is a number, an array of positions, or binary data";
                return Err(Error::bad_value(message));
            }
        };
        Ok(BitMask::at(positions))
    }

    fn at(mut positions: Vec<u32>) -> BitMask {
        positions.sort_unstable();
        positions.dedup();
        let low = positions.iter().filter(|position| **position < 64);
        let word = low.fold(0, |word, position| word | 1 << position);
        let beyond = positions.last().is_some_and(|last| *last >= 64);
        BitMask { positions, word, beyond }
    }

    /// The positions, ascending.
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// Whether the value is a whole number within 64 bits, or bytes, and its bits are as asked.
    /// Numbers go on with their sign, bytes with zeros.
    pub fn passes(&self, test: BitTest, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::Binary { bytes, .. } => self.bytes_pass(test, bytes),
            other => integer::whole(other).is_some_and(|number| self.number_passes(test, number)),
        }
    }

    fn number_passes(&self, test: BitTest, number: i64) -> bool {
        let bits = number.cast_unsigned();
        let sign = number < 0;
        match test {
            BitTest::AllSet => bits & self.word == self.word && (sign || !self.beyond),
            BitTest::AllClear => bits & self.word == 0 && !(sign && self.beyond),
            BitTest::AnySet => bits & self.word != 0 || (sign && self.beyond),
            BitTest::AnyClear => !bits & self.word != 0 || (!sign && self.beyond),
        }
    }

    fn bytes_pass(&self, test: BitTest, bytes: &[u8]) -> bool {
        let set = |position: &u32| {
            let byte = usize::try_from(position / 8).ok().and_then(|index| bytes.get(index));
            byte.is_some_and(|byte| byte >> (position % 8) & 1 == 1)
        };
        match test {
            BitTest::AllSet => self.positions.iter().all(set),
            BitTest::AllClear => !self.positions.iter().any(set),
            BitTest::AnySet => self.positions.iter().any(set),
            BitTest::AnyClear => !self.positions.iter().all(set),
        }
    }
}

fn of_number(number: &Value) -> Result<Vec<u32>> {
    match integer::whole(number.view()) {
        Some(mask) if mask >= 0 => {
            Ok((0..63).filter(|position| mask >> position & 1 == 1).collect())
        }
        _ => {
            let message = "a bit mask as a number is whole, not negative and within 64 bits";
            Err(Error::new(Code::FAILED_TO_PARSE, message))
        }
    }
}

fn of_bytes(bytes: &[u8], limits: &Limits) -> Result<Vec<u32>> {
    let mut positions = Vec::new();
    for (index, byte) in bytes.iter().enumerate() {
        let Ok(start) = u32::try_from(index.saturating_mul(8)) else {
            return Err(Error::limit("in_length", limits.in_length));
        };
        positions.extend((0..8).filter(|bit| byte >> bit & 1 == 1).map(|bit| start + bit));
        within(positions.len(), limits)?;
    }
    Ok(positions)
}

fn listed(list: &[Value], limits: &Limits) -> Result<Vec<u32>> {
    within(list.len(), limits)?;
    list.iter().enumerate().map(|(index, at)| position(at).map_err(|e| e.at(index))).collect()
}

/// MongoDB takes positions up to the largest 32-bit integer.
fn position(value: &Value) -> Result<u32> {
    integer::whole(value.view())
        .and_then(|whole| i32::try_from(whole).ok())
        .and_then(|small| u32::try_from(small).ok())
        .ok_or_else(|| Error::bad_value("a bit position is a whole number, 0 or greater"))
}

fn within(length: usize, limits: &Limits) -> Result<()> {
    if length > limits.in_length {
        return Err(Error::limit("in_length", limits.in_length));
    }
    Ok(())
}
