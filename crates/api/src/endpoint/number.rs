//! Numbers as a JavaScript server reads them out of a query string.
//!
//! This file knows no parameter by name.

/// The number JavaScript's `Number(text)` gives; NaN where the text is none.
pub(super) fn read(text: &str) -> f64 {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if text.is_empty() {
        return 0.0;
    }
    if let Some(number) = prefixed(text) {
        return number;
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust would also read "inf" and "nan".
        _ if text.bytes().all(|byte| b"0123456789.eE+-".contains(&byte)) => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// `0x10`, `0o17`, `0b11`, in either case.
fn prefixed(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('0')?;
    let radix = match digits.bytes().next()?.to_ascii_lowercase() {
        b'x' => 16,
        b'o' => 8,
        b'b' => 2,
        _ => return None,
    };
    let digits = digits.get(1..)?;
    if digits.is_empty() {
        return Some(f64::NAN);
    }
    let add =
        |sum: f64, digit: char| Some(sum * f64::from(radix) + f64::from(digit.to_digit(radix)?));
    Some(digits.chars().try_fold(0.0, add).unwrap_or(f64::NAN))
}

/// The greatest whole number JavaScript tells from its neighbours.
pub(super) const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for (text, number) in [
            ("5", 5.0),
            (" 5\t", 5.0),
            ("", 0.0),
            ("  ", 0.0),
            ("1e3", 1000.0),
            ("0x10", 16.0),
            ("0B11", 3.0),
            ("0o17", 15.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+7", 7.0),
            ("-7", -7.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(read(text), number, "{text:?}");
        }
        for text in ["abc", "1,2", "1 2", "0x", "0xg", "-0x10", "inf", "nan", "NaN", "1e", "."] {
            assert!(read(text).is_nan(), "{text:?}");
        }
    }
}
