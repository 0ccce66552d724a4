//! Facets by the counts that an index keeps, where nothing but room, user and type narrows: exact, and at the same
//! price however many files there are.

use filedex::{Date, Document, ErrorKind, Filedex, Lookup, Result, Turn, Value};

use super::{Bucket, Facet, Facets, SHOWN, TIME, bar, buckets, month_of, spans, text_of};
use crate::ask::holders::largest;
use crate::ask::{By, HolderQuestion, Kind, Question};

impl Facets {
    /// Puts what counts tell in place of what was walked over, where that was not all.
    pub(super) fn take_kept(
        &mut self,
        index: &Filedex,
        question: &Question,
        turn: &Turn,
    ) -> Result<()> {
        let is_counted = question.is_counted();
        let scoped = || turn.of(question.typed(index)).time(TIME);
        if self.groups.is_partial && is_counted {
            self.groups.take(groups(&scoped()))?;
        }
        if self.owners.is_partial && is_counted && question.room.is_none() {
            self.owners.take(owners(index, question, turn))?;
        }
        if self.months.is_partial && is_counted {
            self.months.take(months(&scoped))?;
        }
        Ok(())
    }
}

impl Facet {
    /// Takes what was counted in all files; what took too long for that leaves what there is.
    fn take(&mut self, counted: Result<Option<Vec<Bucket>>>) -> Result<()> {
        match counted {
            Ok(Some(buckets)) => *self = Facet { buckets, is_partial: false },
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Query => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn groups(scoped: &Lookup) -> Result<Option<Vec<Bucket>>> {
    let counts =
        scoped.counts_by("typeGroup")?.into_iter().filter_map(|(value, count)| match value {
            Value::Null => Some((None, count)),
            Value::String(group) => Some((Some(group), count)),
            _ => None,
        });
    Ok(Some(buckets(counts, "typeGroup")))
}

/// The users with the most files, where their lists tell: of no type alone.
fn owners(index: &Filedex, question: &Question, turn: &Turn) -> Result<Option<Vec<Bucket>>> {
    if question.type_group.is_some() && question.user.is_none() {
        return Ok(None);
    }
    if let Some(user) = &question.user {
        let files = turn.of(question.typed(index)).total()?;
        return Ok(Some(buckets([(Some(user.clone()), files)], "userId")));
    }
    let users =
        HolderQuestion { kind: Kind::Users, by: By::Files, matching: String::new(), offset: 0 };
    let listing = largest(index, turn, &users, SHOWN as u64)?;
    let rows = listing.rows.into_iter().map(|row| (row.question.user, row.files));
    let mut counts: Vec<(Option<String>, u64)> = rows.filter(|(user, _)| user.is_some()).collect();
    // Files of nobody stand in no user's list.
    let of_nobody = turn.of(index.all()).total()?.saturating_sub(listing.files);
    if of_nobody > 0 {
        counts.push((None, of_nobody));
    }
    Ok(Some(buckets(counts, "userId")))
}

const NEWEST: &str = r#"{"uploadedAt": -1}"#;

/// Files by month: the first and the last of the dates, and a total for each span between.
fn months(scoped: &impl Fn() -> Lookup) -> Result<Option<Vec<Bucket>>> {
    let dated = Document::new().with("$gte", Date(i64::MIN)).with("$lte", Date(i64::MAX));
    let dated = Document::new().with("uploadedAt", dated);
    let end = |direction: i32| -> Result<Option<i32>> {
        let sort = text_of(&Document::new().with("uploadedAt", direction));
        let page = scoped().query(&dated)?.sort(&*sort)?.count(1).page()?;
        match page.files.first().and_then(|file| file.get("uploadedAt")) {
            Some(Value::Date(date)) => Ok(month_of(*date)),
            _ => Ok(None),
        }
    };
    let Some((first, last)) = end(1)?.zip(end(-1)?) else { return Ok(None) };
    let mut bars = Vec::new();
    for mut bucket in spans(first, last).filter_map(bar) {
        // In the order of the list, whose counts tell without a look at the files.
        let files = scoped().query(&*bucket.condition)?.sort(NEWEST)?.count(1);
        bucket.count = files.page()?.total;
        bars.push(bucket);
    }
    Ok(Some(bars))
}

#[cfg(test)]
mod tests {
    use filedex::File;

    use super::*;

    fn index() -> Filedex {
        let index = Filedex::temporary().unwrap();
        index
            .put_many((0..300).map(|number| {
                let file = File::new(format!("f{number:03}")).unwrap().with_room("A");
                let file = if number % 10 == 0 {
                    file
                } else {
                    file.with_user(format!("u{}", number % 3))
                };
                let file = file.with_type_group(if number % 4 == 0 { "image" } else { "text" });
                file.with_uploaded_at(Date(1_700_000_000_000 + number * 86_400_000))
            }))
            .unwrap();
        index
    }

    /// Facets of which no more than the 50 newest files were walked over.
    fn of(index: &Filedex, question: &Question) -> Facets {
        let (turn, lookup) = (Turn::default(), question.lookup(index).unwrap());
        let mut facets = Facets::walked(lookup, &turn, 50).unwrap();
        facets.take_kept(index, question, &turn).unwrap();
        facets
    }

    fn sum(facet: &Facet) -> u64 {
        facet.buckets.iter().map(|bucket| bucket.count).sum()
    }

    #[test]
    fn what_counts_tell_is_told_of_all_files_however_few_were_walked_over() {
        let (index, all) = (index(), Question::default());
        let facets = of(&index, &all);
        for facet in [&facets.groups, &facets.owners, &facets.months] {
            assert_eq!((sum(facet), facet.is_partial), (300, false), "{facet:?}");
        }
        assert_eq!((sum(&facets.extensions), facets.extensions.is_partial), (50, true));
        assert_eq!(
            (&*facets.groups.buckets[0].label, facets.groups.buckets[0].count),
            ("text", 225)
        );
        let nobody = facets.owners.buckets.iter().find(|bucket| bucket.value.is_none());
        assert_eq!(nobody.map(|bucket| bucket.count), Some(30));
        // What each says is what its condition finds.
        for bucket in
            facets.groups.buckets.iter().chain(&facets.owners.buckets).chain(&facets.months.buckets)
        {
            let found = all.and(bucket.condition.clone()).lookup(&index).unwrap().total().unwrap();
            assert_eq!(found, bucket.count, "{bucket:?}");
        }
    }

    #[test]
    fn what_no_list_knows_is_told_of_the_newest_files() {
        let index = index();
        let room = Question { room: Some("A".into()), ..Question::default() };
        let facets = of(&index, &room);
        assert_eq!((sum(&facets.groups), sum(&facets.months)), (300, 300));
        assert!(facets.owners.is_partial && sum(&facets.owners) == 50);
        let user = Question {
            user: Some("u1".into()),
            type_group: Some("image".into()),
            ..Question::default()
        };
        let facets = of(&index, &user);
        assert!(!facets.owners.is_partial && !facets.months.is_partial);
        let asked = Question { query: "{_id: /^f/}".into(), ..Question::default() };
        let facets = of(&index, &asked);
        assert!(facets.groups.is_partial && facets.owners.is_partial && facets.months.is_partial);
    }
}
