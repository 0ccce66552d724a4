//! Conditions on text that a caller typed: found as it stands, in any case.
//!
//! The language's way to say that is a regular expression whose special characters are escaped. This
//! file knows no endpoint.

use filedex_query::Document;

/// The condition that the field contains the text, in any case.
pub(super) fn contains(field: &str, text: &str) -> Document {
    let pattern = Document::new().with("$regex", escaped(text)).with("$options", "i");
    Document::new().with(field, pattern)
}

fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\\' | '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => {
                pattern.push('\\');
                pattern.push(letter);
            }
            // A pattern must not hold the character itself.
            '\0' => pattern.push_str("\\x00"),
            _ => pattern.push(letter),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn special_characters_lose_their_meaning() {
        assert_eq!(escaped("file(1).pdf"), r"file\(1\)\.pdf");
        assert_eq!(escaped(r"a\d{2}[x]^$*+?|"), r"a\\d\{2\}\[x\]\^\$\*\+\?\|");
        assert_eq!(escaped("a\0b-c #é"), r"a\x00b-c #é");
    }
}
