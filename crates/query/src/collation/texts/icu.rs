//! The library behind a collation.
//!
//! It reads every option but one: whether accents compare from the end is a trait of a locale there, so
//! that a provider of data passes the compiled data on with that bit set or cleared.

use std::cmp::Ordering;
use std::str::FromStr;

use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, MaxVariable, Strength};
use icu_collator::preferences::{CollationCaseFirst, CollationNumericOrdering};
use icu_collator::provider::{Baked, CollationMetadata, CollationMetadataV1};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale as Tag;
use icu_provider::{DataError, DataPayload, DataProvider, DataRequest, DataResponse};

use super::super::locale::Locale;
use super::super::{CaseFirst, Options};
use crate::{Error, Result};

/// What compares texts by a language.
pub(in crate::collation) enum Texts {
    /// By the compiled data.
    Compiled(CollatorBorrowed<'static>),
    /// With accents in the direction that is not the locale's own.
    Turned(Box<Collator>),
}

impl Texts {
    pub(in crate::collation) fn new(locale: &Locale<'_>, options: &Options) -> Result<Texts> {
        let fault = || Error::bad_value(format!("the locale `{}` can't be used", options.locale));
        let tag = Tag::from_str(&locale.tag()).map_err(|_| fault())?;
        let mut preferences = CollatorPreferences::from(&tag);
        preferences.case_first = Some(match options.case_first {
            CaseFirst::Off => CollationCaseFirst::False,
            CaseFirst::Upper => CollationCaseFirst::Upper,
            CaseFirst::Lower => CollationCaseFirst::Lower,
        });
        preferences.numeric_ordering = Some(match options.numeric_ordering {
            true => CollationNumericOrdering::True,
            false => CollationNumericOrdering::False,
        });
        let levels = levels(options);
        if options.backwards == locale.is_backwards() {
            let collator = CollatorBorrowed::try_new(preferences, levels).map_err(|_| fault())?;
            return Ok(Texts::Compiled(collator));
        }
        let data = Turned { backwards: options.backwards };
        let collator = Collator::try_new_unstable(&data, preferences, levels);
        Ok(Texts::Turned(Box::new(collator.map_err(|_| fault())?)))
    }

    pub(in crate::collation) fn compare(&self, left: &str, right: &str) -> Ordering {
        match self {
            Texts::Compiled(collator) => collator.compare(left, right),
            Texts::Turned(collator) => collator.as_borrowed().compare(left, right),
        }
    }

    /// Adds bytes whose order is the order of texts.
    pub(in crate::collation) fn append_key(&self, out: &mut Vec<u8>, text: &str) {
        // Writing into memory does not fail.
        let _ = match self {
            Texts::Compiled(collator) => collator.write_sort_key_to(text, out),
            Texts::Turned(collator) => collator.as_borrowed().write_sort_key_to(text, out),
        };
    }
}

fn levels(options: &Options) -> CollatorOptions {
    let mut levels = CollatorOptions::default();
    levels.strength = Some(match options.strength {
        1 => Strength::Primary,
        2 => Strength::Secondary,
        3 => Strength::Tertiary,
        4 => Strength::Quaternary,
        _ => Strength::Identical,
    });
    levels.case_level = Some(if options.case_level { CaseLevel::On } else { CaseLevel::Off });
    levels.alternate_handling = Some(match options.shifted {
        true => AlternateHandling::Shifted,
        false => AlternateHandling::NonIgnorable,
    });
    levels.max_variable = Some(match options.spaces_only {
        true => MaxVariable::Space,
        false => MaxVariable::Punctuation,
    });
    levels
}

/// The compiled data with the direction of accents turned round.
struct Turned {
    backwards: bool,
}

/// The bit of a locale's traits that says so.
const BACKWARDS: u32 = 1 << 7;

impl DataProvider<CollationMetadataV1> for Turned {
    fn load(
        &self,
        request: DataRequest<'_>,
    ) -> std::result::Result<DataResponse<CollationMetadataV1>, DataError> {
        let response: DataResponse<CollationMetadataV1> = Baked.load(request)?;
        let bits = response.payload.get().bits;
        let bits = if self.backwards { bits | BACKWARDS } else { bits & !BACKWARDS };
        let payload = DataPayload::from_owned(CollationMetadata { bits });
        Ok(DataResponse { metadata: response.metadata, payload })
    }
}

/// Passes on what stays as it is.
macro_rules! pass_on {
    ($from:expr, $($marker:ty),+ $(,)?) => {
        $(impl DataProvider<$marker> for Turned {
            fn load(
                &self,
                request: DataRequest<'_>,
            ) -> std::result::Result<DataResponse<$marker>, DataError> {
                <_ as DataProvider<$marker>>::load(&$from, request)
            }
        })+
    };
}

use icu_collator::provider as collated;
use icu_normalizer::provider as normal;

pass_on!(
    Baked,
    collated::CollationSpecialPrimariesV1,
    collated::CollationRootV1,
    collated::CollationTailoringV1,
    collated::CollationDiacriticsV1,
    collated::CollationJamoV1,
    collated::CollationReorderingV1,
);
pass_on!(normal::Baked, normal::NormalizerNfdDataV1, normal::NormalizerNfdTablesV1);
