//! What the files of an answer have in common: their type groups, extensions, owners and months. Counted where
//! the index keeps counts, the others in one bounded walk over the newest files.

mod kept;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use filedex::{Date, Document, Filedex, Lookup, Result, Turn, Value, ejson};
use jiff::civil;
use jiff::tz::TimeZone;

use super::question::Question;

/// Counts of one answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facets {
    pub(crate) groups: Facet,
    pub(crate) extensions: Facet,
    pub(crate) owners: Facet,
    /// Months, or years where there are too many, in order and without gaps.
    pub(crate) months: Facet,
    /// How many files were walked over.
    pub(crate) counted: u64,
}

/// Values of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facet {
    pub(crate) buckets: Vec<Bucket>,
    /// Whether there are more, older files that were not counted.
    pub(crate) is_partial: bool,
}

/// Files that share a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) label: String,
    pub(crate) count: u64,
    /// The value, where a room's or user's own parameter or the type takes it.
    pub(crate) value: Option<String>,
    /// The filter that finds them.
    pub(crate) condition: String,
}

/// Files that are walked over, of a room or a user and of all, which lie further apart; and the time that may take.
const MOST: u64 = 100_000;
const MOST_OF_ALL: u64 = 40_000;
const TIME: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 1_500 });
/// Files after which the clock is looked at.
const LOOK: u64 = 256;
/// Milliseconds.
const DAY: i64 = 86_400_000;

/// Values of one kind that are shown, and that are counted.
const SHOWN: usize = 10;
const DISTINCT: usize = 20_000;
/// Months past which years are shown.
const MONTHS: usize = 40;

#[derive(Default)]
struct Counts {
    groups: Texts,
    extensions: Texts,
    owners: Texts,
    /// By day, counted from 1970.
    days: HashMap<i64, u64>,
}

/// How often texts were met, and files without one.
#[derive(Default)]
struct Texts {
    counts: HashMap<String, u64>,
    without: u64,
}

impl Facets {
    /// Counts what a question finds, whatever its order, fields and window; `lookup` is that which answers it.
    pub(crate) fn of(
        index: &Filedex,
        question: &Question,
        lookup: Lookup,
        turn: &Turn,
    ) -> Result<Facets> {
        let is_apart = question.room.is_none() && question.user.is_none();
        let mut facets = Facets::walked(lookup, turn, if is_apart { MOST_OF_ALL } else { MOST })?;
        facets.take_kept(index, question, turn)?;
        Ok(facets)
    }

    /// Those of so many of the newest matches.
    fn walked(lookup: Lookup, turn: &Turn, most: u64) -> Result<Facets> {
        let seen = r#"{"_id": 0, "typeGroup": 1, "extension": 1, "userId": 1, "uploadedAt": 1}"#;
        let lookup = turn.of(lookup).fields(seen)?.sort(r#"{"uploadedAt": -1}"#)?;
        let (started, mut counts, mut counted) = (Instant::now(), Counts::default(), 0);
        let mut is_partial = false;
        for file in lookup.iter()? {
            let is_over = counted % LOOK == 0 && started.elapsed() > TIME;
            if counted == most || is_over {
                is_partial = true;
                break;
            }
            counts.add(&file?);
            counted += 1;
        }
        let facet = |buckets| Facet { buckets, is_partial };
        Ok(Facets {
            months: facet(months(&counts.months())),
            groups: facet(buckets(counts.groups.all(), "typeGroup")),
            extensions: facet(buckets(counts.extensions.all(), "extension")),
            owners: facet(buckets(counts.owners.all(), "userId")),
            counted,
        })
    }
}

impl Counts {
    fn add(&mut self, file: &Document) {
        self.groups.add(file.get("typeGroup"));
        self.extensions.add(file.get("extension"));
        self.owners.add(file.get("userId"));
        if let Some(Value::Date(date)) = file.get("uploadedAt") {
            *self.days.entry(date.0.div_euclid(DAY)).or_default() += 1;
        }
    }

    /// By month, counted from year 0.
    fn months(&self) -> BTreeMap<i32, u64> {
        let mut months = BTreeMap::new();
        for (day, count) in &self.days {
            if let Some(month) = month_of(Date(day.saturating_mul(DAY))) {
                *months.entry(month).or_default() += count;
            }
        }
        months
    }
}

impl Texts {
    /// Counts texts and what is missing; other kinds of values are no facet.
    fn add(&mut self, value: Option<&Value>) {
        match value {
            None | Some(Value::Null) => self.without += 1,
            Some(Value::String(text)) => {
                if let Some(count) = self.counts.get_mut(text) {
                    *count += 1;
                } else if self.counts.len() < DISTINCT {
                    self.counts.insert(text.clone(), 1);
                }
            }
            Some(_) => {}
        }
    }

    fn all(self) -> impl Iterator<Item = (Option<String>, u64)> {
        let without = (self.without > 0).then_some((None, self.without));
        self.counts.into_iter().map(|(text, count)| (Some(text), count)).chain(without)
    }
}

fn month_of(Date(milliseconds): Date) -> Option<i32> {
    let moment = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    let day = moment.to_zoned(TimeZone::UTC).date();
    Some(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
}

/// The most frequent values.
fn buckets(counts: impl IntoIterator<Item = (Option<String>, u64)>, field: &str) -> Vec<Bucket> {
    let mut sorted: Vec<(Option<String>, u64)> = counts.into_iter().collect();
    sorted.sort_unstable_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    let bucket = |(value, count): (Option<String>, u64)| {
        let stored = value.as_deref().map_or(Value::Null, Value::from);
        let condition = text_of(&Document::new().with(field, stored));
        let label = value.clone().unwrap_or_else(|| "(none)".to_owned());
        Bucket { label, count, value, condition }
    };
    sorted.into_iter().take(SHOWN).map(bucket).collect()
}

/// Every month from the first to the last, or every year.
fn months(counts: &BTreeMap<i32, u64>) -> Vec<Bucket> {
    let Some(((first, _), (last, _))) = counts.first_key_value().zip(counts.last_key_value())
    else {
        return Vec::new();
    };
    let count = |(from, to): (i32, i32)| counts.range(from..to).map(|(_, count)| count).sum();
    spans(*first, *last)
        .filter_map(|span| Some(Bucket { count: count(span), ..bar(span)? }))
        .collect()
}

/// The months from the first to the last, one by one, or as years where there are too many: no more than can be
/// seen, since dates may be anything.
fn spans(first: i32, last: i32) -> impl Iterator<Item = (i32, i32)> {
    let step = if last.abs_diff(first) as usize >= MONTHS { 12 } else { 1 };
    let first = first.div_euclid(step) * step;
    (first..=last).step_by(step as usize).take(120).map(move |from| (from, from + step))
}

/// The bar of files from one month on and before another, without its count.
fn bar((from, to): (i32, i32)) -> Option<Bucket> {
    let (start, end) = (first_day(from)?, first_day(to)?);
    let label = if to - from == 1 { start.strftime("%b\u{a0}%Y") } else { start.strftime("%Y") };
    let bound = |day: civil::Date| {
        Document::new().with("$date", day.strftime("%Y-%m-%dT00:00:00Z").to_string())
    };
    let range = Document::new().with("$gte", bound(start)).with("$lt", bound(end));
    let condition = text_of(&Document::new().with("uploadedAt", range));
    Some(Bucket { label: label.to_string(), count: 0, value: None, condition })
}

fn first_day(month: i32) -> Option<civil::Date> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    civil::Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()
}

/// A document as text that can be asked.
pub(super) fn text_of(document: &Document) -> String {
    ejson::to_text(filedex_query::ValueRef::Document(document.view()), ejson::Form::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_no_gaps_and_many_are_years() {
        let few = months(&BTreeMap::from([(2024 * 12 + 10, 3), (2025 * 12, 4)]));
        let shown: Vec<(&str, u64)> =
            few.iter().map(|bucket| (&*bucket.label, bucket.count)).collect();
        assert_eq!(shown, [("Nov\u{a0}2024", 3), ("Dec\u{a0}2024", 0), ("Jan\u{a0}2025", 4)]);
        let range = r#"{"uploadedAt":{"$gte":{"$date":"2024-12-01T00:00:00Z"},"$lt":{"$date":"2025-01-01T00:00:00Z"}}}"#;
        assert_eq!(few[1].condition, range);
        let many =
            months(&BTreeMap::from([(2019 * 12 + 5, 3), (2019 * 12 + 7, 1), (2025 * 12, 4)]));
        let shown: Vec<(&str, u64)> =
            many.iter().map(|bucket| (&*bucket.label, bucket.count)).collect();
        assert_eq!(shown[..2], [("2019", 4), ("2020", 0)]);
        assert_eq!(shown.last(), Some(&("2025", 4)));
    }

    #[test]
    fn moments_far_away_make_no_more_bars_than_can_be_seen() {
        assert!(months(&BTreeMap::from([(-9000 * 12, 1), (9000 * 12, 1)])).len() <= 120);
    }
}
