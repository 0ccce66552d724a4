//! Binary data as text or numbers and the other way round, for `$convert`.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE, HEXUPPER};

use super::date_text::CONVERSION_FAILURE;
use super::number::Number;
use crate::{Binary, Code, Error, Result, Value, ValueRef};

const FORMATS: [&str; 6] = ["auto", "base64", "base64url", "hex", "utf8", "uuid"];
const UUID: u8 = 4;
/// Digits and hyphens.
const UUID_LETTERS: usize = 36;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ByteOrder {
    #[default]
    Little,
    Big,
}

impl ByteOrder {
    /// The bytes from the least significant on, or the other way round.
    fn arranged<const N: usize>(self, mut bytes: [u8; N]) -> [u8; N] {
        if self == ByteOrder::Big {
            bytes.reverse();
        }
        bytes
    }
}

/// The bytes of a number; decimals have none.
pub(super) fn from_number(number: Number, subtype: u8, order: ByteOrder) -> Option<Binary> {
    let bytes = match number {
        Number::Int(number) => order.arranged(number.to_le_bytes()).to_vec(),
        Number::Long(number) => order.arranged(number.to_le_bytes()).to_vec(),
        Number::Double(number) => order.arranged(number.to_le_bytes()).to_vec(),
        Number::Decimal(_) => return None,
    };
    Some(Binary { subtype, bytes })
}

/// The whole number that one, two, four or eight bytes are.
pub(super) fn to_long(bytes: &[u8], order: ByteOrder) -> Option<i64> {
    Some(match bytes.len() {
        1 => i64::from(i8::from_le_bytes(bytes.try_into().ok()?)),
        2 => i64::from(i16::from_le_bytes(order.arranged(bytes.try_into().ok()?))),
        4 => i64::from(i32::from_le_bytes(order.arranged(bytes.try_into().ok()?))),
        _ => i64::from_le_bytes(order.arranged(bytes.try_into().ok()?)),
    })
}

/// The double that four or eight bytes are.
pub(super) fn to_double(bytes: &[u8], order: ByteOrder) -> Option<f64> {
    Some(match bytes.len() {
        4 => f64::from(f32::from_le_bytes(order.arranged(bytes.try_into().ok()?))),
        _ => f64::from_le_bytes(order.arranged(bytes.try_into().ok()?)),
    })
}

/// Refuses a format that nobody knows.
pub(super) fn check_format(format: Option<&str>) -> Result<()> {
    match format {
        Some(format) if !FORMATS.contains(&format) => {
            Err(Error::new(Code(4_341_125), format!("$convert knows no format `{format}`")))
        }
        _ => Ok(()),
    }
}

/// The text of binary data in the format.
pub(super) fn to_text(subtype: u8, bytes: &[u8], format: Option<&str>) -> Result<String> {
    let is_uuid = subtype == UUID && bytes.len() == 16;
    match format {
        None => Err(Error::new(Code(4_341_115), "$convert needs a `format` for binary data")),
        Some("uuid" | "auto") if is_uuid => Ok(uuid_text(bytes)),
        Some("auto" | "base64") => Ok(BASE64.encode(bytes)),
        Some("base64url") => Ok(BASE64URL_NOPAD.encode(bytes)),
        Some("hex") => Ok(HEXUPPER.encode(bytes)),
        Some("utf8") => String::from_utf8(bytes.to_vec()).map_err(|_| failure("is not UTF-8")),
        Some(_) => Err(failure("is no UUID")),
    }
}

/// Binary data of a string in the format, or the same binary data.
pub(super) fn from_value(value: ValueRef<'_>, subtype: u8, format: Option<&str>) -> Result<Value> {
    match (value, format) {
        (ValueRef::Binary { subtype: own, bytes }, _) if own == subtype => {
            Ok(Binary { subtype, bytes: bytes.to_vec() }.into())
        }
        (ValueRef::Binary { .. }, _) => Err(failure("has another subtype")),
        (ValueRef::String(_), None) => {
            Err(Error::new(Code(4_341_115), "$convert needs a `format` for binary data"))
        }
        (ValueRef::String(text), Some(format)) => {
            if (format == "uuid") != (subtype == UUID) {
                return Err(failure("must be a UUID for the subtype 4, and only for it"));
            }
            let bytes = decode(text, format).ok_or_else(|| failure("is not of that format"))?;
            Ok(Binary { subtype, bytes }.into())
        }
        _ => Err(failure("has no form as binary data")),
    }
}

fn decode(text: &str, format: &str) -> Option<Vec<u8>> {
    match format {
        "base64" => BASE64.decode(text.as_bytes()).ok(),
        "base64url" => BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok(),
        "hex" => HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok(),
        "utf8" => Some(text.as_bytes().to_vec()),
        "uuid" if text.len() == UUID_LETTERS => {
            let parts: Vec<usize> = text.split('-').map(str::len).collect();
            if parts != [8, 4, 4, 4, 12] {
                return None;
            }
            HEXLOWER_PERMISSIVE.decode(text.replace('-', "").as_bytes()).ok()
        }
        _ => None,
    }
}

fn uuid_text(bytes: &[u8]) -> String {
    let mut text = HEXLOWER.encode(bytes);
    for place in [8, 13, 18, 23] {
        text.insert(place, '-');
    }
    text
}

fn failure(what: &str) -> Error {
    Error::new(CONVERSION_FAILURE, format!("the value {what}"))
}
