//! Texts in either quotes, and numbers.

use super::parse::{Parser, is_name_part};
use crate::{Error, Result, Value};

/// A text in single or double quotes, with JavaScript's escapes.
pub(super) fn text(parser: &mut Parser<'_>) -> Result<String> {
    let start = parser.at;
    let quote = parser.peek().unwrap_or('"');
    parser.at += quote.len_utf8();
    let mut text = String::new();
    loop {
        text.push_str(parser.run(|letter| letter != quote && letter != '\\' && letter >= ' '));
        match parser.peek() {
            Some(letter) if letter == quote => {
                parser.at += 1;
                return Ok(text);
            }
            Some('\\') => escape(parser, &mut text)?,
            Some(_) if parser.rest().starts_with(['\n', '\r']) => {
                return Err(parser.fault(start, "this text has no closing quote on its line"));
            }
            Some(control) => {
                let message = format!("a text holds no bare `{}`", control.escape_debug());
                return Err(parser.fault(parser.at, message));
            }
            None => return Err(parser.fault(start, "this text has no closing quote")),
        }
    }
}

fn escape(parser: &mut Parser<'_>, text: &mut String) -> Result<()> {
    let start = parser.at;
    parser.at += 1;
    let Some(letter) = parser.peek() else {
        return Err(parser.fault(start, "the text ends inside an escape"));
    };
    parser.at += letter.len_utf8();
    text.push(match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '0' if !parser.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
        'x' => char::from_u32(digits(parser, 2).ok_or_else(|| bad(parser, start))?)
            .ok_or_else(|| bad(parser, start))?,
        'u' => unicode(parser, start)?,
        letter if letter.is_ascii_alphanumeric() => return Err(bad(parser, start)),
        letter => letter,
    });
    Ok(())
}

fn bad(parser: &Parser<'_>, start: usize) -> Error {
    parser.fault(start, "there is no such escape; a backslash itself is written \\\\")
}

/// `\u0041`, a pair of surrogates, or `\u{1f600}`.
fn unicode(parser: &mut Parser<'_>, start: usize) -> Result<char> {
    if parser.take("{") {
        let code = parser.run(|letter| letter.is_ascii_hexdigit());
        let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        return code.filter(|_| parser.take("}")).ok_or_else(|| bad(parser, start));
    }
    let first = digits(parser, 4).ok_or_else(|| bad(parser, start))?;
    if let Some(letter) = char::from_u32(first) {
        return Ok(letter);
    }
    let lone = |parser: &Parser<'_>| {
        let message = "half of a pair of surrogates stands alone here: it is no character";
        parser.fault(start, message)
    };
    if first >= 0xdc00 || !parser.take("\\u") {
        return Err(lone(parser));
    }
    let second = digits(parser, 4).filter(|code| (0xdc00..0xe000).contains(code));
    let second = second.ok_or_else(|| lone(parser))?;
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(code).ok_or_else(|| lone(parser))
}

fn digits(parser: &mut Parser<'_>, count: usize) -> Option<u32> {
    let digits = parser.rest().get(..count)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    parser.at += if digits.starts_with('+') { return None } else { count };
    Some(number)
}

/// A number as JSON has them, or as JavaScript does: `+1`, `.5`, `5.`, `0x1f`, `-Infinity`.
pub(super) fn number(parser: &mut Parser<'_>) -> Result<Value> {
    let start = parser.at;
    let signed = parser.run(|letter| letter == '-' || letter == '+');
    let written = parser.run(|letter| is_name_part(letter) || letter == '.');
    let ends_in_exponent = written.ends_with(['e', 'E']) && !written.starts_with("0x");
    if ends_in_exponent && (parser.take("-") || parser.take("+")) {
        parser.run(|letter| letter.is_ascii_digit());
    }
    let written = parser.text.get(start + signed.len()..parser.at).unwrap_or_default();
    let negative = match signed {
        "" | "+" => Some(false),
        "-" => Some(true),
        _ => None,
    };
    let read = negative.and_then(|negative| magnitude(written, negative));
    read.ok_or_else(|| {
        let shown = super::parse::short(parser.text.get(start..parser.at).unwrap_or_default());
        parser.fault(start, format!("`{shown}` is no number; texts stand in quotes"))
    })
}

fn magnitude(written: &str, negative: bool) -> Option<Value> {
    let sign = if negative { "-" } else { "" };
    match written {
        "Infinity" if negative => return Some(Value::Double(f64::NEG_INFINITY)),
        "Infinity" => return Some(Value::Double(f64::INFINITY)),
        "NaN" => return Some(Value::Double(f64::NAN)),
        _ => {}
    }
    let hex = written.strip_prefix("0x").or_else(|| written.strip_prefix("0X"));
    if let Some(digits) = hex.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    {
        let number = i64::from_str_radix(digits, 16).ok()?;
        return Some(Value::integer(if negative { -number } else { number }));
    }
    let plain = written.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !plain
        || written.len() > 1
            && written.starts_with('0')
            && !["0.", "0e", "0E"].iter().any(|begin| written.starts_with(begin))
    {
        return None;
    }
    let text = format!("{sign}{written}");
    if written.bytes().all(|byte| byte.is_ascii_digit())
        && text != "-0"
        && let Ok(number) = text.parse()
    {
        return Some(Value::integer(number));
    }
    let double: f64 = text.parse().ok()?;
    double.is_finite().then_some(Value::Double(double))
}
