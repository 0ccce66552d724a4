//! Comparing texts by the rules of a language, through ICU4X.
//!
//! This file alone names the library. Its keys of texts change from version to version, so that none may
//! be kept.

#[cfg(feature = "collation")]
mod icu;

#[cfg(feature = "collation")]
pub(in crate::collation) use icu::Texts;

#[cfg(not(feature = "collation"))]
pub(in crate::collation) use without::Texts;

/// Without the library there are no rules to compare by.
#[cfg(not(feature = "collation"))]
mod without {
    use std::cmp::Ordering;

    use super::super::Options;
    use super::super::locale::Locale;
    use crate::{Error, Result};

    /// What compares texts by a language; there is none.
    pub(in crate::collation) enum Texts {}

    impl Texts {
        pub(in crate::collation) fn new(_: &Locale<'_>, _: &Options) -> Result<Texts> {
            let message =
                "this build has no collations but `simple`: it lacks the feature `collation`";
            Err(Error::bad_value(message))
        }

        pub(in crate::collation) fn compare(&self, _: &str, _: &str) -> Ordering {
            match *self {}
        }

        pub(in crate::collation) fn append_key(&self, _: &mut Vec<u8>, _: &str) {
            match *self {}
        }
    }
}
