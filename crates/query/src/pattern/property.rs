//! `\p{..}`: general categories, scripts and yes-or-no properties, under the names that PCRE2 10.42
//! knows.
//!
//! The tables are those of `regex-syntax`; this file decides which names exist and what they mean. A
//! bare script name means the script's extensions, as it does since PCRE2 10.40.

use super::charset::CharSet;
use regex_syntax::hir::{Class, HirKind};

/// The set under that name, if PCRE2 knows the name and the tables hold it. Case, blanks, hyphens and
/// underscores do not count; a leading `^` negates.
pub(super) fn property(name: &str) -> Option<CharSet> {
    let mut plain: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    plain.make_ascii_lowercase();
    if let Some(negated) = plain.strip_prefix('^') {
        return positive(negated).map(CharSet::negated);
    }
    positive(&plain)
}

/// Letters and numbers of all Unicode and the underscore: `\w` under `(*UCP)`.
pub(super) fn unicode_word() -> CharSet {
    let mut word = tables("L").unwrap_or_else(CharSet::empty);
    word.add(&tables("N").unwrap_or_else(CharSet::empty));
    word.add(&CharSet::one('_'));
    word
}

/// Blanks of all Unicode: `\s` under `(*UCP)`.
pub(super) fn unicode_space() -> CharSet {
    let mut space = tables("Z").unwrap_or_else(CharSet::empty);
    space.add(&CharSet::space());
    space.add(&CharSet::horizontal());
    space.add(&CharSet::vertical());
    space
}

/// Decimal digits of all Unicode: `\d` under `(*UCP)`.
pub(super) fn unicode_digit() -> CharSet {
    tables("Nd").unwrap_or_else(CharSet::empty)
}

/// A POSIX class under `(*UCP)`. Those that PCRE2 leaves as they are come from
/// [`CharSet::posix`].
pub(super) fn unicode_posix(name: &str) -> Option<CharSet> {
    Some(match name {
        "alpha" => tables("L")?,
        "lower" => tables("Ll")?,
        "upper" => tables("Lu")?,
        "alnum" => {
            let mut set = tables("L")?;
            set.add(&tables("N")?);
            set
        }
        "blank" => CharSet::horizontal(),
        "cntrl" => tables("Cc")?,
        "digit" => unicode_digit(),
        "space" => unicode_space(),
        "word" => unicode_word(),
        _ => return CharSet::posix(name),
    })
}

/// Letters that have case: `\p{L&}`.
pub(super) fn cased_letter() -> CharSet {
    let mut set = CharSet::empty();
    for part in ["Lu", "Ll", "Lt"] {
        set.add(&tables(part).unwrap_or_else(CharSet::empty));
    }
    set
}

fn positive(name: &str) -> Option<CharSet> {
    match name {
        "any" => Some(CharSet::any()),
        "l&" | "lc" => Some(cased_letter()),
        "xan" => unicode_posix("alnum"),
        "xsp" | "xps" => Some(unicode_space()),
        "xwd" => Some(unicode_word()),
        "xuc" => Some(universal()),
        // Halves of pairs are never in a text.
        "cs" => Some(CharSet::empty()),
        _ if CATEGORIES.contains(&name) => tables(name),
        _ if BINARY.contains(&name) => tables(name),
        _ => script(name),
    }
}

/// Characters that C++ and others write as universal names.
fn universal() -> CharSet {
    CharSet::of(&[
        ('$', '$'),
        ('@', '@'),
        ('`', '`'),
        ('\u{a0}', '\u{d7ff}'),
        ('\u{e000}', char::MAX),
    ])
}

fn script(name: &str) -> Option<CharSet> {
    let Some((kind, script)) = name.split_once([':', '=']) else {
        return extended_script(name);
    };
    match kind {
        "sc" | "script" => tables(&format!("sc={script}")),
        "scx" | "scriptextensions" => extended_script(script),
        _ => None,
    }
}

/// The characters of a script and those it shares with others.
fn extended_script(name: &str) -> Option<CharSet> {
    let mut set = tables(&format!("sc={name}"))?;
    set.add(&tables(&format!("scx={name}"))?);
    Some(set)
}

/// What `\p{name}` is in the tables of `regex-syntax`.
fn tables(name: &str) -> Option<CharSet> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '=') {
        return None;
    }
    let parsed = regex_syntax::parse(&format!("\\p{{{name}}}")).ok()?;
    match parsed.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(CharSet::from_class(class)),
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).ok()?.chars().next().map(CharSet::one)
        }
        _ => None,
    }
}

const CATEGORIES: [&str; 36] = [
    "c", "cc", "cf", "cn", "co", "l", "ll", "lm", "lo", "lt", "lu", "m", "mc", "me", "mn", "n",
    "nd", "nl", "no", "p", "pc", "pd", "pe", "pf", "pi", "po", "ps", "s", "sc", "sk", "sm", "so",
    "z", "zl", "zp", "zs",
];

/// The yes-or-no properties of PCRE2, long and short, as far as the tables hold them.
#[rustfmt::skip]
const BINARY: &[&str] = &[
    "ascii", "asciihexdigit", "ahex", "alphabetic", "alpha", "bidicontrol", "bidic",
    "caseignorable", "ci", "cased", "changeswhencasefolded", "cwcf",
    "changeswhencasemapped", "cwcm", "changeswhenlowercased", "cwl", "changeswhentitlecased",
    "cwt", "changeswhenuppercased", "cwu", "dash", "defaultignorablecodepoint", "di",
    "deprecated", "dep", "diacritic", "dia", "emoji", "emojicomponent", "ecomp",
    "emojimodifier", "emod", "emojimodifierbase", "ebase", "emojipresentation", "epres",
    "extendedpictographic", "extpict", "extender", "ext", "graphemebase", "grbase",
    "graphemeextend", "grext", "hexdigit", "hex", "idcontinue", "idc", "idstart", "ids",
    "idsbinaryoperator", "idsb", "idstrinaryoperator", "idst", "ideographic", "ideo",
    "joincontrol", "joinc", "logicalorderexception", "loe", "lowercase", "lower", "math",
    "noncharactercodepoint", "nchar", "patternsyntax", "patsyn", "patternwhitespace", "patws",
    "prependedconcatenationmark", "pcm", "quotationmark", "qmark", "radical",
    "regionalindicator", "ri", "sentenceterminal", "sterm", "softdotted", "sd",
    "terminalpunctuation", "term", "unifiedideograph", "uideo", "uppercase", "upper",
    "variationselector", "vs", "whitespace", "space", "wspace", "xidcontinue", "xidc", "xidstart",
    "xids",
];
