//! Conditions on text that a caller typed: found as it stands, in any case and in any normal form of
//! Unicode.
//!
//! The language's way to say that is a regular expression whose special characters are escaped. This
//! file knows no endpoint.

use filedex_query::Document;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// The condition that the field contains the text: in any case, its letters with marks in one piece or
/// in several, `ss` where it says `ß`, and letters where it says a ligature of them, and the other way.
pub(super) fn contains(field: &str, text: &str) -> Document {
    let pattern = Document::new().with("$regex", pattern(text)).with("$options", "i");
    Document::new().with(field, pattern)
}

/// Letters that in another case are several.
const FOLDS: [(&str, &str); 8] = [
    ("ffi", "ﬃ"),
    ("ffl", "ﬄ"),
    ("ss", "[ßẞ]"),
    ("ff", "ﬀ"),
    ("fi", "ﬁ"),
    ("fl", "ﬂ"),
    ("st", "[ﬅﬆ]"),
    ("i\u{307}", "[iİ]"),
];

fn pattern(text: &str) -> String {
    let folded: String = text.nfc().map(unfolded).collect();
    let mut pattern = String::with_capacity(folded.len() + 8);
    let mut rest = folded.as_str();
    while !rest.is_empty() {
        rest = match FOLDS.iter().find(|(letters, _)| begins(rest, letters)) {
            Some((letters, other)) => {
                pattern.push_str(&format!("(?:{letters}|{other})"));
                rest.get(letters.len()..).unwrap_or_default()
            }
            None => cluster(rest, &mut pattern),
        };
    }
    pattern
}

/// A letter that in another case is several, as those.
fn unfolded(letter: char) -> String {
    match letter {
        'ß' | 'ẞ' => "ss".to_owned(),
        'ﬀ' => "ff".to_owned(),
        'ﬁ' => "fi".to_owned(),
        'ﬂ' => "fl".to_owned(),
        'ﬃ' => "ffi".to_owned(),
        'ﬄ' => "ffl".to_owned(),
        'ﬅ' | 'ﬆ' => "st".to_owned(),
        'İ' => "i\u{307}".to_owned(),
        _ => letter.to_string(),
    }
}

fn begins(text: &str, letters: &str) -> bool {
    text.get(..letters.len()).is_some_and(|start| start.eq_ignore_ascii_case(letters))
}

/// Adds the pattern of a letter with its marks, and gives what is behind it.
fn cluster<'t>(text: &'t str, pattern: &mut String) -> &'t str {
    let is_mark = |letter: char| canonical_combining_class(letter) != 0;
    let mut letters = text.char_indices().skip(1);
    let end = letters.find(|(_, letter)| !is_mark(*letter)).map_or(text.len(), |(at, _)| at);
    let (cluster, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let composed: String = cluster.nfc().collect();
    let decomposed: String = cluster.nfd().collect();
    match composed == decomposed {
        true => pattern.push_str(&escaped(&composed)),
        false => {
            pattern.push_str(&format!("(?:{}|{})", escaped(&composed), escaped(&decomposed)));
        }
    }
    rest
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
    use super::pattern;

    #[test]
    fn special_characters_lose_their_meaning() {
        assert_eq!(pattern("file(1).pdf"), r"(?:fi|ﬁ)le\(1\)\.pdf");
        assert_eq!(pattern(r"a\d{2}[x]^$*+?|"), r"a\\d\{2\}\[x\]\^\$\*\+\?\|");
        assert_eq!(pattern("a\0b-c #"), r"a\x00b-c #");
    }

    #[test]
    fn letters_with_marks_are_asked_for_in_both_normal_forms() {
        assert_eq!(pattern("é"), "(?:é|e\u{301})");
        assert_eq!(pattern("e\u{301}x"), "(?:é|e\u{301})x");
        assert_eq!(pattern("Maß"), "Ma(?:ss|[ßẞ])");
    }
}
