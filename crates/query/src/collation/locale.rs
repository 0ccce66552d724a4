//! The names of locales that MongoDB takes, exactly as its library writes them, and what is usual in each.
//!
//! Source: the list of ICU 57. This file compares nothing.

use crate::{Error, Result};

/// All names without a type.
const NAMES: &str = "af am ar as az be bg bn bo bs bs_Cyrl ca chr cs cy da de de_AT dsb dz ee el en en_US \
    en_US_POSIX eo es et fa fa_AF fi fil fo fr fr_CA ga gl gu ha haw he hi hr hsb hu hy id ig is it ja ka kk kl \
    km kn ko kok ky lb lkt ln lo lt lv mk ml mn mr ms mt my nb ne nl nn om or pa pl ps pt ro ru se si sk sl smn \
    sq sr sr_Latn sv sw ta te th to tr ug uk ur vi wae yi yo zh zh_Hant zu";
/// The types that some locales have beside those that all have.
const TYPES: [(&str, &str); 14] = [
    ("ar", "compat"),
    ("bn", "traditional"),
    ("es", "traditional"),
    ("fi", "traditional"),
    ("kn", "traditional"),
    ("vi", "traditional"),
    ("de", "phonebook"),
    ("de_AT", "phonebook"),
    ("ja", "unihan"),
    ("ko", "unihan searchjl"),
    ("ln", "phonetic"),
    ("si", "dictionary"),
    ("sv", "standard"),
    ("zh", "standard stroke zhuyin big5han gb2312han unihan"),
];
const TRADITIONAL_CHINESE: &str = "standard pinyin zhuyin big5han gb2312han unihan";
const EVERYWHERE: &str = "search eor emoji";
/// Types that there is no data for.
const WITHOUT_DATA: &str = "search searchjl big5han gb2312han phonetic";
/// Where texts are normalised before they are compared.
const NORMALIZED: &str =
    "as bn el fa fa_AF gu he hi ig km kn kok mr my or pa ps si ta te th vi yi yo";
/// Other names for locales that are taken.
const MEANT: [(&str, &str); 6] = [
    ("no", "nb"),
    ("iw", "he"),
    ("in", "id"),
    ("zh_CN", "zh"),
    ("zh_TW", "zh_Hant"),
    ("zh_HK", "zh_Hant"),
];

/// A locale, perhaps of a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locale<'n> {
    name: &'n str,
    language: &'n str,
    kind: Option<&'n str>,
}

impl<'n> Locale<'n> {
    /// The locale of exactly that name.
    pub(super) fn find(name: &'n str) -> Result<Locale<'n>> {
        let (language, kind) = match name.split_once("@collation=") {
            Some((language, kind)) => (language, Some(kind)),
            None => (name, None),
        };
        if !lists(NAMES, language) || !kind.is_none_or(|kind| has_type(language, kind)) {
            return Err(Error::bad_value(unknown(name)));
        }
        if let Some(kind) = kind.filter(|kind| lists(WITHOUT_DATA, kind)) {
            let message = format!("there is no data for the type `{kind}` of a collation");
            return Err(Error::bad_value(message));
        }
        Ok(Locale { name, language, kind })
    }

    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// The same as a language tag (BCP 47).
    #[cfg_attr(not(feature = "collation"), expect(dead_code, reason = "nothing compares by it"))]
    pub(super) fn tag(&self) -> String {
        let language = match self.language {
            "en_US_POSIX" => "en-US-posix".to_owned(),
            other => other.replace('_', "-"),
        };
        let kind = match (self.language, self.kind) {
            (_, None) => return language,
            ("sv", Some("standard")) | (_, Some("traditional")) => "trad",
            (_, Some("standard")) => return language,
            (_, Some("phonebook")) => "phonebk",
            (_, Some("dictionary")) => "dict",
            (_, Some(kind)) => kind,
        };
        format!("{language}-u-co-{kind}")
    }

    pub(super) fn is_upper_first(&self) -> bool {
        matches!(self.language, "da" | "mt")
    }

    pub(super) fn is_shifted(&self) -> bool {
        self.language == "th"
    }

    pub(super) fn is_backwards(&self) -> bool {
        self.language == "fr_CA"
    }

    pub(super) fn is_normalized(&self) -> bool {
        lists(NORMALIZED, self.language)
    }
}

fn lists(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

fn has_type(language: &str, kind: &str) -> bool {
    let own = TYPES.iter().find(|(known, _)| *known == language).map_or("", |(_, types)| *types);
    let own = if language == "zh_Hant" { TRADITIONAL_CHINESE } else { own };
    lists(EVERYWHERE, kind) || lists(own, kind)
}

/// What to say of a name that is not taken, with the one that may be meant.
fn unknown(name: &str) -> String {
    let written = name.replace('-', "_");
    let known = |candidate: &&str| {
        let language = candidate.to_ascii_lowercase();
        NAMES.split_ascii_whitespace().find(|known| known.to_ascii_lowercase() == language)
    };
    let other = MEANT.iter().find(|(other, _)| *other == written).map(|(_, meant)| *meant);
    let shorter = written.split('_').next().unwrap_or_default();
    let meant = other.or_else(|| known(&written.as_str())).or_else(|| known(&shorter));
    let hint = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    format!("there is no locale `{name}` for a collation{hint}")
}
