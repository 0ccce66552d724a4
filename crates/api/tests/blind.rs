//! What a caller may not see leaves no trace in any answer: the law of blindness, and the ways by
//! which it was once broken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::blindness;

use super::world::{directory, encode, get, index, summary};
use filedex::{Document, Endpoints, Policy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Pairs of indexes, and bytes for each: some 3,000 requests in all.
const PAIRS: u32 = 60;

#[test]
fn what_a_caller_may_not_see_changes_no_answer() {
    let mut runner = TestRunner::new(Config {
        cases: PAIRS,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let bytes = proptest::collection::vec(any::<u8>(), 2_000..6_000);
    let asked = std::cell::Cell::new(0);
    let outcome = runner.run(&bytes, |bytes| {
        let (requests, told) = blindness::check(&bytes);
        asked.set(asked.get() + requests);
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert!(asked.get() > 2_000, "only {} requests were asked", asked.get());
}

/// A record whose share holds a token, which a caller once read digit by digit.
fn shared() -> Endpoints {
    let index = index();
    let share = Document::new().with("by", "u").with("token", "7305");
    let list = Document::new().with("token", "7305");
    let record = Document::new()
        .with("_id", "s")
        .with("rid", "G1")
        .with("name", "shared")
        .with("share", share)
        .with("list", vec![filedex::Value::from(list)])
        .with("password", "$2b$hash");
    index.put(&record).unwrap();
    Endpoints::new(index, directory())
}

#[test]
fn a_denied_field_below_the_top_level_can_not_be_asked_for_by_any_way() {
    let endpoints = shared();
    for (parameters, hit) in [
        (r#"query={"$expr":{"$gte":["$share",{"by":"u","token":"7"}]}}"#, ""),
        (r#"query={"share":{"by":"u"}}"#, "s"),
        (
            r#"query={"$jsonSchema":{"properties":{"share":{"minProperties":2}},"required":["share"]}}"#,
            "",
        ),
        (
            r#"query={"$jsonSchema":{"properties":{"share":{"patternProperties":{"^t":{"pattern":"^8"}}}},"required":["share"]}}"#,
            "s",
        ),
        (
            r#"query={"$expr":{"$in":["7305",{"$map":{"input":{"$objectToArray":{"$ifNull":["$share",{}]}},"in":"$$this.v"}}]}}"#,
            "",
        ),
        (
            r#"query={"$expr":{"$eq":[{"$getField":{"field":{"$concat":["to","ken"]},"input":"$share"}},"7305"]}}"#,
            "",
        ),
        (r#"query={"$expr":{"$eq":[{"$first":"$list"},{}]}}"#, "s"),
        (r#"query={"list":{}}"#, "s"),
    ] {
        let uri = format!("/api/v1/groups.files?roomId=G1&{}", encode(parameters));
        let (status, body) = get(&endpoints, "u1", &uri);
        assert_eq!(status, 200, "{parameters}: {body}");
        let found = summary(&body);
        assert_eq!(found.split(' ').next(), Some(hit), "{parameters}: {body}");
    }
}

#[test]
fn no_reply_shows_a_denied_field_below_the_top_level_nor_computes_from_it() {
    let endpoints = shared();
    for parameters in [
        "name=shared",
        r#"name=shared fields={"share":1,"list":1}"#,
        r#"name=shared fields={"name":0}"#,
        r#"name=shared fields={"x":"$$ROOT","y":{"$objectToArray":"$share"},"z":"$list"}"#,
        r#"name=shared fields={"list":{"$elemMatch":{}}}"#,
        r#"name=shared fields={"x":{"$sortArray":{"input":"$list","sortBy":1}}}"#,
    ] {
        let uri = format!("/api/v1/groups.files?roomId=G1&{}", encode(parameters));
        let (status, body) = get(&endpoints, "u1", &uri);
        assert!(status == 200 && summary(&body).ends_with("| 1 0 1"), "{parameters}: {body}");
        assert!(!body.contains("7305") && !body.contains("hash"), "{parameters}: {body}");
    }
}

#[test]
fn a_password_shows_as_true_or_null_in_every_reply() {
    let with = |policy: Policy| {
        let mut options = filedex::EndpointOptions::default();
        options.policy = policy;
        let index = index();
        let inner = Document::new().with("password", "$2b$hash");
        let image = Document::new()
            .with("_id", "locked")
            .with("rid", "G1")
            .with("userId", "u1")
            .with("typeGroup", "image")
            .with("thumbnail", inner)
            .with("password", "$2b$hash");
        index.put(&image).unwrap();
        let free = Document::new()
            .with("_id", "unlocked")
            .with("rid", "G1")
            .with("userId", "u1")
            .with("typeGroup", "image")
            .with("password", "");
        index.put(&free).unwrap();
        Endpoints::with_options(index, directory(), options)
    };
    for policy in [Policy::default(), Policy::open()] {
        let endpoints = with(policy);
        for uri in [
            "/api/v1/groups.files?roomId=G1",
            "/api/v1/rooms.images?roomId=G1",
            "/api/user/files?page=1&perpage=100",
        ] {
            let (status, body) = get(&endpoints, "u1", uri);
            assert!(status == 200 && !body.contains("hash"), "{uri}: {body}");
            assert!(body.contains(r#""password":true"#), "{uri}: {body}");
            assert!(body.contains(r#""password":null"#), "{uri}: {body}");
        }
    }
}
