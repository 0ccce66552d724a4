//! What a host's author finds: several changes as one, sweeps, figures, places, snapshots, what was written,
//! expiry. The same calls give the same over a backend that can do no more than walk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use super::bare::Bare;
use filedex::{
    AsIs, Change, Date, Document, ErrorKind, File, Filedex, Lookup, News, Scope, Value, What,
};
use proptest::prelude::*;

/// An index, and another that holds the same over a bare backend.
fn twins(files: &[File]) -> (Filedex, Filedex) {
    let index = Filedex::temporary().unwrap();
    index.put_many(files.iter().cloned()).unwrap();
    let store = filedex::Store::temporary(&filedex_storage::Options::default()).unwrap();
    let bare = Filedex::options().over(Arc::new(Bare(Arc::new(store))));
    bare.put_many(files.iter().cloned()).unwrap();
    (index, bare)
}

fn file() -> impl Strategy<Value = File> {
    let group = proptest::sample::select(&["image", "video", "font"][..]);
    (0..40u32, 0..3u32, group, 0..50i64, 0..500i64).prop_map(|(id, room, group, time, size)| {
        File::new(format!("f{id}"))
            .unwrap()
            .with_room(format!("r{room}"))
            .with_user(format!("u{}", id % 2))
            .with_type_group(group)
            .with_uploaded_at(Date(time))
            .with_size(size)
    })
}

fn lookups(index: &Filedex) -> Vec<Lookup> {
    let large = r#"{"size": {"$gt": 100}}"#;
    vec![
        index.all(),
        index.room("r1"),
        index.user("u1"),
        index.room("r0").type_group("image"),
        index.room("r2").query(large).unwrap().sort(r#"{"size": 1}"#).unwrap(),
        index.all().sort(r#"{"uploadedAt": 1}"#).unwrap().fields(r#"{"size": 1}"#).unwrap(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn figures_and_places_are_the_same_over_a_backend_that_only_walks(
        files in proptest::collection::vec(file(), 1..60),
        at in any::<prop::sample::Index>(),
        (count, offset) in (0..8u64, 0..3u64),
    ) {
        let (index, bare) = twins(&files);
        let place = at.get(&files);
        for (one, other) in lookups(&index).into_iter().zip(lookups(&bare)) {
            prop_assert_eq!(one.sum("size").unwrap(), other.sum("size").unwrap());
            prop_assert_eq!(one.counts_by("typeGroup").unwrap(), other.counts_by("typeGroup").unwrap());
            prop_assert_eq!(one.distinct("rid").unwrap(), other.distinct("rid").unwrap());
            prop_assert_eq!(one.rank(place.id()).unwrap(), other.rank(place.id()).unwrap());
            let part = |lookup: Lookup| lookup.offset(offset).count(count).page().unwrap();
            prop_assert_eq!(
                part(one.clone().after(place).unwrap()), part(other.clone().after(place).unwrap()),
            );
            prop_assert_eq!(part(one.before(place).unwrap()), part(other.before(place).unwrap()));
        }
    }

    #[test]
    fn scrolling_by_tokens_meets_everything_once_while_others_upload(
        files in proptest::collection::vec(file(), 1..60),
        uploads in proptest::collection::vec(file(), 0..20),
        (count, by_size) in (1..9u64, any::<bool>()),
    ) {
        let index = Filedex::temporary().unwrap();
        index.put_many(files).unwrap();
        let sort = if by_size { r#"{"size": 1}"# } else { r#"{"uploadedAt": -1}"# };
        let lookup = index.all().sort(sort).unwrap().count(count);
        let before = index.all().sort(sort).unwrap().page().unwrap().files;
        let (mut seen, mut token, mut uploads) = (Vec::new(), None::<String>, uploads.into_iter());
        loop {
            let page = match &token {
                None => lookup.page().unwrap(),
                Some(token) => lookup.clone().after_token(token).page().unwrap(),
            };
            let Some(next) = page.next_token() else { break };
            seen.extend(page.files);
            token = Some(next);
            // A new one each time.
            for (number, upload) in uploads.by_ref().take(1).enumerate() {
                let id = format!("new{number}-{}", seen.len());
                let upload = File::new(id).unwrap().with_size(upload.size().unwrap_or(0));
                index.put(&upload.with_uploaded_at(Date(1_000))).unwrap();
            }
        }
        let old: Vec<Document> =
            seen.into_iter().filter(|file| file.get_str("_id").unwrap().starts_with('f')).collect();
        prop_assert_eq!(old, before);
    }
}

#[test]
fn the_page_before_a_token_leads_back_to_where_one_came_from() {
    let index = Filedex::temporary().unwrap();
    let ids: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for (time, id) in ids.iter().enumerate() {
        let file = File::new(id).unwrap().with_room("r").with_uploaded_at(Date(time as i64));
        index.put(&file).unwrap();
    }
    let lookup = index.room("r").sort(r#"{"uploadedAt": -1}"#).unwrap().count(5);
    let first = lookup.page().unwrap();
    let second = lookup.clone().after_token(&first.next_token().unwrap()).page().unwrap();
    assert_eq!((second.count, second.total), (5, 20));
    let back = lookup.clone().before_token(&second.previous_token().unwrap()).page().unwrap();
    assert_eq!(back.files, first.files);
    assert_eq!(
        lookup.clone().before_token(&first.previous_token().unwrap()).page().unwrap().count,
        0
    );
}

#[test]
fn a_token_that_is_none_or_of_another_order_is_refused() {
    let index = Filedex::temporary().unwrap();
    index.put(&File::new("a").unwrap().with_size(1)).unwrap();
    let by_size = index.all().sort(r#"{"size": 1}"#).unwrap();
    let token = by_size.page().unwrap().next_token().unwrap();
    let by_name = index.all().sort(r#"{"name": 1}"#).unwrap();
    for (lookup, token) in [
        (by_name, token.as_str()),
        (by_size.clone(), ""),
        (by_size.clone(), "!"),
        (by_size.clone(), "AAAA"),
        (by_size.clone(), "eyJvcmRlciI6IiJ9"),
        (index.all().sort(r#"{"size": -1}"#).unwrap(), token.as_str()),
    ] {
        let error = lookup.after_token(token).page().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{error}");
    }
    assert_eq!(by_size.after_token(&token).page().unwrap().count, 0);
}

#[test]
fn a_write_ends_with_the_hosts_own_error_and_changes_nothing() {
    #[derive(Debug)]
    enum Refused {
        Quota,
        Index(filedex::Error),
    }
    impl From<filedex::Error> for Refused {
        fn from(error: filedex::Error) -> Refused {
            Refused::Index(error)
        }
    }
    let index = Filedex::temporary().unwrap();
    let refused = index.write(|batch| {
        batch.put(&File::new("a")?.with_user("ada").with_size(7))?;
        batch.update_with("a", r#"{"$inc": {"size": 3}}"#)?;
        batch.update("a", |record| record.set("name", "a.png"))?;
        assert_eq!(batch.get("a")?.unwrap().size(), Some(10));
        assert_eq!(batch.user("ada")?.sum("size")?, Value::from(10));
        match batch.user("ada")?.total()? {
            0 => Ok(()),
            _ => Err(Refused::Quota),
        }
    });
    assert!(matches!(refused, Err(Refused::Quota)));
    assert_eq!(index.all().total().unwrap(), 0);
    let refused = index.write(|batch| {
        batch.put(&Document::new().with("_id", "a").with("size", "big"))?;
        Ok::<(), Refused>(())
    });
    let Err(Refused::Index(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    let nested = index.write(|_| index.put(&File::new("a")?)).unwrap_err();
    assert_eq!(nested.kind(), ErrorKind::Unsupported);
}

#[test]
fn of_two_upserts_at_once_both_count() {
    let index = Filedex::temporary().unwrap();
    let count = Change::new(r#"{"$inc": {"downloads": 1}}"#).upsert();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    index.update_with("a", &count).unwrap();
                    index.room("r").update_all(&count).unwrap();
                }
            });
        }
    });
    assert_eq!(index.get_document("a").unwrap().unwrap().get("downloads"), Some(&Value::from(400)));
    let page = index.room("r").page().unwrap();
    assert_eq!((page.total, page.files[0].get("downloads")), (1, Some(&Value::from(400))));
}

#[test]
fn a_change_of_all_matches_gives_known_fields_their_types_and_names_the_record_that_refuses() {
    let index = Filedex::temporary().unwrap();
    for id in ["a", "b", "c"] {
        index.put(&File::new(id).unwrap().with_room("r").with_name(id)).unwrap();
    }
    let dated = r#"{"$set": {"uploadedAt": "2024-05-06T07:08:09Z"}}"#;
    assert_eq!(index.room("r").update_all(dated).unwrap().changed, 3);
    assert!(index.get("a").unwrap().unwrap().uploaded_at().is_some());
    let error = index.room("r").update_all(r#"{"$inc": {"name": 1}}"#).unwrap_err();
    assert_eq!(error.query().unwrap().code().0, 14);
    assert!(error.failed_record().unwrap().id.is_some());
    assert!(error.to_string().starts_with("record `"), "{error}");
    let error = index.room("r").update_all(r#"{"$set": {"size": "big"}}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    assert!(error.failed_record().unwrap().id.is_some());
    let positional = index.room("r").query(r#"{"tags": "x"}"#).unwrap();
    index.update_with("b", r#"{"$set": {"tags": ["w", "x"]}}"#).unwrap();
    assert_eq!(positional.update_all(r#"{"$set": {"tags.$": "y"}}"#).unwrap().matched, 1);
    let tags = Value::Array(vec!["w".into(), "y".into()]);
    assert_eq!(index.get_document("b").unwrap().unwrap().get("tags"), Some(&tags));
}

#[test]
fn a_snapshot_answers_as_it_was_and_is_not_changed() {
    let index = Filedex::temporary().unwrap();
    index.put(&File::new("a").unwrap().with_room("r").with_size(7)).unwrap();
    let snapshot = index.snapshot().unwrap();
    index.room("r").remove_all().unwrap();
    assert_eq!(snapshot.room("r").total().unwrap(), 1);
    assert_eq!(snapshot.room("r").sum("size").unwrap(), Value::from(7));
    assert_eq!(snapshot.room("r").iter().unwrap().count(), 1);
    assert_eq!(snapshot.get_json("a").unwrap().unwrap(), br#"{"_id":"a","rid":"r","size":7}"#);
    assert_eq!(snapshot.all().remove_all().unwrap_err().kind(), ErrorKind::Unsupported);
    index.checkpoint().unwrap();
    assert_eq!(snapshot.room("r").rank("a").unwrap(), Some(0));
}

#[test]
fn what_a_policy_hides_shows_in_no_figure() {
    let index = Filedex::temporary().unwrap();
    let secret = Document::new().with("_id", "a").with("rid", "r").with("password", "s3cret");
    index.put(&secret.with("size", 7)).unwrap();
    let policy = filedex::Policy::default().deny_field("size").deny_field("typeGroup");
    let lookup = index.room("r").policy(&policy);
    assert_eq!(lookup.sum("size").unwrap(), Value::from(0));
    assert_eq!(lookup.distinct("password").unwrap(), []);
    assert_eq!(lookup.counts_by("typeGroup").unwrap(), [(Value::Null, 1)]);
    let page = lookup.sort(r#"{"password": 1}"#).unwrap().page().unwrap();
    let token = page.next_token().unwrap();
    let environment = filedex_query::Environment::default();
    let order = filedex_query::Sort::parse_text(r#"{"password": 1}"#, &environment).unwrap();
    let place = filedex::Position::from_token(&token, &order, &environment.limits).unwrap();
    assert!(!place.values().contains(&Value::from("s3cret")));
}

#[test]
fn what_is_watched_is_told_with_its_number() {
    let index = Filedex::temporary().unwrap();
    let mut changes = index.watch(Scope::everything().room("r")).unwrap();
    index.put(&File::new("a").unwrap().with_room("r")).unwrap();
    let Some(News::Commit(commit)) = changes.wait(Duration::from_secs(60)).unwrap() else {
        panic!("nothing came");
    };
    assert_eq!(commit.changes[0].what, What::Added);
    assert_eq!(commit.number, changes.number());
    drop(index);
    assert!(changes.next().is_none());
}

#[test]
fn a_record_that_can_not_be_one_is_told_with_its_place() {
    let index = Filedex::temporary().unwrap();
    let record = |id: &str| Document::new().with("_id", id);
    // Refused by its types, and by the store.
    for broken in [record("x").with("size", "big"), record("x").with("rid", "y".repeat(600))] {
        let records = vec![record("a"), record("b"), broken, record("c")];
        let error = index.put_many(records).unwrap_err();
        let failed = error.failed_record().unwrap();
        assert_eq!((failed.id.as_deref(), failed.position), (Some("x"), Some(2)), "{error}");
        assert_eq!(index.all().remove_all().unwrap(), 2);
    }
    index.put(&AsIs(record("odd").with("size", "big"))).unwrap();
    let error = index.get("odd").unwrap_err();
    assert_eq!(error.failed_record().unwrap().id.as_deref(), Some("odd"));
    assert!(index.get_document("odd").unwrap().is_some());
}
