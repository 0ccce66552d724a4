//! What a caller may not see leaves no trace: an index that holds it answers every request as an
//! index that doesn't, to the byte, errors and totals included.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod world;

use filedex::{Endpoints, File, Filedex};
use proptest::prelude::*;
use world::{directory, encode, get};

const FIELDS: [&str; 14] = [
    "_id",
    "rid",
    "userId",
    "typeGroup",
    "_hidden",
    "name",
    "size",
    "uploadedAt",
    "tagged",
    "deep.a",
    "deep.b",
    "complete",
    "list.n",
    "nothing",
];

fn record(id: &str, room: &str, owner: &str, n: i64) -> File {
    let groups = ["image", "audio", "text", "application"];
    let group = groups[usize::try_from(n).unwrap() % groups.len()];
    let json = format!(
        r#"{{"_id":"{id}","rid":"{room}","userId":"{owner}","name":"name {}","size":{n},"typeGroup":"{group}",
            "uploadedAt":"2024-01-{:02}T00:00:00Z","tagged":["x",{n}],"deep":{{"a":{},"b":"{group}"}},
            "complete":{},"list":[{{"n":{n}}},{{"n":0}}]}}"#,
        n % 5,
        n % 28 + 1,
        n % 3,
        n % 2 == 0,
    );
    File::from_json(&json).expect(&json)
}

/// What users of room `G1` may see.
fn seen() -> Vec<File> {
    (1..24).map(|n| record(&format!("seen{n}"), "G1", ["u1", "u2"][n as usize % 2], n)).collect()
}

/// Everything else: other rooms, no room, and what is hidden in the same room. Some of it makes an
/// expression or a sort fail that works on what is seen.
fn unseen() -> Vec<File> {
    let mut unseen = Vec::new();
    for n in 0..40 {
        let mut file = record(&format!("UNSEEN{n}"), "G2", ["u1", "u3"][n as usize % 2], n);
        match n % 4 {
            1 => file.set("rid", "G1").and_then(|()| file.set("_hidden", true)).unwrap(),
            2 => file.set("rid", "G1").and_then(|()| file.set("typeGroup", "thumb")).unwrap(),
            3 => file.set("rid", filedex::Value::Null).unwrap(),
            _ => {}
        }
        file.set("name", format!("UNSEEN {n}")).unwrap();
        file.set("deep", "UNSEEN").unwrap();
        if n % 2 == 0 {
            file.set("size", 0).unwrap();
        }
        unseen.push(file);
    }
    unseen
}

fn endpoints_with(files: Vec<File>) -> Endpoints {
    let index = Filedex::temporary().unwrap();
    index.put_many(files).unwrap();
    Endpoints::new(index, directory())
}

fn field() -> impl Strategy<Value = String> {
    prop::sample::select(&FIELDS[..]).prop_map(str::to_owned)
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..50i64).prop_map(|n| n.to_string()),
        prop::sample::select(vec![
            "null",
            "true",
            "\"G1\"",
            "\"G2\"",
            "\"u1\"",
            "\"u3\"",
            "\"image\"",
            "\"thumb\"",
            "\"UNSEEN 4\"",
            "\"name 1\"",
            "\"x\"",
            "[]",
            "{}",
            "1.5",
            r#"{"$date":"2024-01-10T00:00:00Z"}"#,
        ])
        .prop_map(str::to_owned),
    ]
}

fn test() -> impl Strategy<Value = String> {
    let compare = prop::sample::select(vec!["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]);
    prop_oneof![
        4 => (compare, literal()).prop_map(|(name, value)| format!(r#"{{"{name}":{value}}}"#)),
        1 => prop::collection::vec(literal(), 0..4)
            .prop_map(|values| format!(r#"{{"$in":[{}]}}"#, values.join(","))),
        1 => prop::collection::vec(literal(), 0..4)
            .prop_map(|values| format!(r#"{{"$nin":[{}]}}"#, values.join(","))),
        1 => any::<bool>().prop_map(|there| format!(r#"{{"$exists":{there}}}"#)),
        1 => prop::sample::select(vec!["^U", "N", "1$", "name", "^G", "("])
            .prop_map(|pattern| format!(r#"{{"$regex":"{pattern}","$options":"i"}}"#)),
        1 => Just(r#"{"$mod":[2,0]}"#.to_owned()),
        1 => Just(r#"{"$size":2}"#.to_owned()),
        1 => Just(r#"{"$type":"string"}"#.to_owned()),
        1 => Just(r#"{"$elemMatch":{"n":{"$gt":0}}}"#.to_owned()),
        1 => Just(r#"{"$unheard":1}"#.to_owned()),
    ]
}

/// Expressions of which some fail on some records.
fn expression() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec!["\"$size\"", "\"$deep.a\"", "\"$name\"", "2", "0"]);
    let operator = prop::sample::select(vec!["$divide", "$mod", "$add", "$subtract"]);
    (operator, number.clone(), number).prop_map(|(operator, left, right)| {
        format!(r#"{{"$expr":{{"$gt":[{{"{operator}":[{left},{right}]}},1]}}}}"#)
    })
}

fn filter() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => (field(), test()).prop_map(|(field, test)| format!(r#"{{"{field}":{test}}}"#)),
        1 => (field(), literal()).prop_map(|(field, value)| format!(r#"{{"{field}":{value}}}"#)),
        1 => expression(),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = prop::sample::select(vec!["$and", "$or", "$nor"]);
        (list, prop::collection::vec(inner, 1..4))
            .prop_map(|(list, members)| format!(r#"{{"{list}":[{}]}}"#, members.join(",")))
    })
}

fn sort() -> impl Strategy<Value = String> {
    let key = (field(), any::<bool>());
    prop::collection::vec(key, 1..3).prop_map(|keys| {
        let key =
            |(field, up): &(String, bool)| format!(r#""{field}":{}"#, if *up { 1 } else { -1 });
        format!("{{{}}}", keys.iter().map(key).collect::<Vec<String>>().join(","))
    })
}

fn fields() -> impl Strategy<Value = String> {
    prop_oneof![
        (prop::collection::vec(field(), 1..3), 0..2).prop_map(|(names, shown)| {
            let name = |name: &String| format!(r#""{name}":{shown}"#);
            format!("{{{}}}", names.iter().map(name).collect::<Vec<String>>().join(","))
        }),
        Just(r#"{"list":{"$slice":-1}}"#.to_owned()),
        Just(r#"{"ratio":{"$divide":[10,"$size"]}}"#.to_owned()),
        Just(r#"{"all":"$$ROOT"}"#.to_owned()),
    ]
}

fn request() -> impl Strategy<Value = String> {
    let extra = prop::sample::select(vec![
        "",
        " typeGroup=image",
        " typeGroup=all",
        " name=UNSEEN",
        " name=1",
        " onlyConfirmed=true",
        " offset=3",
        " count=0",
        " count=4 offset=2",
    ]);
    let parts = (
        prop::option::weighted(0.9, filter()),
        prop::option::weighted(0.6, sort()),
        prop::option::weighted(0.3, fields()),
        extra,
    );
    parts.prop_map(|(filter, sort, fields, extra)| {
        let mut parameters = "roomId=G1".to_owned();
        for (name, text) in [("query", filter), ("sort", sort), ("fields", fields)] {
            if let Some(text) = text {
                // Parameters are separated by blanks, so texts hold none.
                parameters += &format!(" {name}={}", text.replace(' ', "\\u0020"));
            }
        }
        parameters + extra
    })
}

#[test]
fn what_is_out_of_scope_leaves_no_trace_in_ten_thousand_answers() {
    let small = endpoints_with(seen());
    let full = endpoints_with(seen().into_iter().chain(unseen()).collect());
    let mut found = 0_u32;
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&request(), |parameters| {
            let uri = format!("/api/v1/groups.files?{}", encode(&parameters));
            for user in ["u1", "u2"] {
                let (status, body) = get(&full, user, &uri);
                prop_assert!(status < 500, "{}: {}", parameters, body);
                let alone = get(&small, user, &uri);
                prop_assert_eq!((status, &body), (alone.0, &alone.1), "{}", &parameters);
                if status == 200 {
                    prop_assert!(!body.contains("UNSEEN"), "{}: {}", parameters, body);
                }
            }
            Ok(())
        })
        .unwrap();
    // The comparison is only worth something if requests find something.
    for n in 1..24 {
        let parameters = format!(r#"roomId=G1 query={{"size":{n}}}"#);
        let (_, body) = get(&full, "u1", &format!("/api/v1/groups.files?{}", encode(&parameters)));
        found += u32::from(body.contains("\"total\":1"));
    }
    assert_eq!(found, 23);
}

#[test]
fn images_and_uploads_of_others_leave_no_trace_either() {
    let small = endpoints_with(seen());
    let full = endpoints_with(seen().into_iter().chain(unseen()).collect());
    for start in ["", "seen4", "seen12", "nothing", "UNSEEN0", "UNSEEN4"] {
        for window in ["", "&count=2", "&count=3&offset=2", "&count=0"] {
            let uri = format!("/api/v1/rooms.images?roomId=G1&startingFromId={start}{window}");
            assert_eq!(get(&full, "u1", &uri), get(&small, "u1", &uri), "{uri}");
        }
    }
    for parameters in
        ["page=1", "page=2&perpage=5", "page=1&searchQuery=name", "page=1&sortBy=deletesAt"]
    {
        let uri = format!("/api/user/files?{parameters}");
        // Ben owns nothing of what is unseen.
        assert_eq!(get(&full, "u2", &uri), get(&small, "u2", &uri), "{uri}");
    }
}
