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

use super::world::{directory, encode, get};
use filedex::{Endpoints, File, Filedex};
use proptest::prelude::*;

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

/// What ada may see: a group and a direct room of hers.
fn adas() -> Vec<File> {
    let file = |n: i64| {
        let (room, owner) = (["G1", "D12"][n as usize % 3 / 2], ["u1", "u2"][n as usize % 2]);
        record(&format!("ADAS{n}"), room, owner, n)
    };
    (1..24).map(file).collect()
}

/// What cyd may see: a group and a direct room of hers, with files of ada's in them, too. Some of it
/// makes an expression or a sort fail that works on what ada sees.
fn cyds() -> Vec<File> {
    let file = |n: i64| {
        let (room, owner) = (["G2", "D23"][n as usize % 3 / 2], ["u1", "u3"][n as usize % 2]);
        let mut file = record(&format!("CYDS{n}"), room, owner, n + 3);
        file.set("name", format!("CYDS {n}")).unwrap();
        file.set("deep", "CYDS").unwrap();
        if n % 2 == 0 {
            file.set("size", 0).unwrap();
        }
        file
    };
    (0..19).map(file).collect()
}

/// What nobody may see: hidden and thumbs in everybody's rooms, and files of no room.
fn nobodys() -> Vec<File> {
    let file = |n: i64| {
        let room = ["G1", "D12", "G2", "D23"][n as usize / 3 % 4];
        let mut file = record(&format!("UNSEEN{n}"), room, ["u1", "u3"][n as usize % 2], n);
        match n % 3 {
            0 => file.set("_hidden", true).unwrap(),
            1 => file.set("typeGroup", "thumb").unwrap(),
            _ => file.set("rid", filedex::Value::Null).unwrap(),
        }
        file.set("name", format!("UNSEEN {n}")).unwrap();
        file.set("deep", "UNSEEN").unwrap();
        file.set("size", 0).unwrap();
        file
    };
    (0..24).map(file).collect()
}

fn everything() -> Vec<File> {
    [adas(), cyds(), nobodys()].concat()
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
            "\"D23\"",
            "\"UNSEEN 4\"",
            "\"CYDS 4\"",
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

/// Whether a direct room is asked about, and everything about it but the room.
fn request() -> impl Strategy<Value = (bool, String)> {
    let extra = prop::sample::select(vec![
        "",
        " typeGroup=image",
        " typeGroup=all",
        " name=UNSEEN",
        " name=CYDS",
        " name=ADAS",
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
        any::<bool>(),
    );
    parts.prop_map(|(filter, sort, fields, extra, direct)| {
        let mut parameters = String::new();
        for (name, text) in [("query", filter), ("sort", sort), ("fields", fields)] {
            if let Some(text) = text {
                // Parameters are separated by blanks, so texts hold none.
                parameters += &format!("{name}={} ", text.replace(' ', "\\u0020"));
            }
        }
        (direct, parameters + extra)
    })
}

/// One user, what he may see of his own, and what of the other's he must find no trace of.
struct Side {
    user: &'static str,
    rooms: [&'static str; 2],
    foreign_rooms: [&'static str; 2],
    foreign_marks: [&'static str; 2],
    /// The index of nothing but what this user may see.
    alone: Endpoints,
}

fn sides() -> [Side; 2] {
    let (adas_rooms, cyds_rooms) = (["G1", "D12"], ["G2", "D23"]);
    [
        Side {
            user: "u1",
            rooms: adas_rooms,
            foreign_rooms: cyds_rooms,
            foreign_marks: ["CYDS", "UNSEEN"],
            alone: endpoints_with(adas()),
        },
        Side {
            user: "u3",
            rooms: cyds_rooms,
            foreign_rooms: adas_rooms,
            foreign_marks: ["ADAS", "UNSEEN"],
            alone: endpoints_with(cyds()),
        },
    ]
}

impl Side {
    /// Asks the index of everything, which must answer as the index of what is seen does.
    fn holds(
        &self,
        full: &Endpoints,
        direct: bool,
        parameters: &str,
    ) -> Result<u16, TestCaseError> {
        let path = if direct { "im.files" } else { "groups.files" };
        let uri = |room: &str| {
            let room = format!("roomId={room} {parameters}");
            format!("/api/v1/{path}?{}", encode(&room))
        };
        let at = usize::from(direct);
        let (status, body) = get(full, self.user, &uri(self.rooms[at]));
        prop_assert!(status < 500, "{}: {}", parameters, body);
        let alone = get(&self.alone, self.user, &uri(self.rooms[at]));
        prop_assert_eq!((status, &body), (alone.0, &alone.1), "{}", &parameters);
        if status == 200 {
            let trace = self.foreign_marks.iter().find(|mark| body.contains(**mark));
            prop_assert_eq!(trace, None, "{}: {}", parameters, body);
        }
        // The other's room answers as no room at all does, but for a direct room's own 403.
        let foreign = get(full, self.user, &uri(self.foreign_rooms[at]));
        let empty = get(&self.alone, self.user, &uri(self.foreign_rooms[at]));
        prop_assert!(matches!(foreign.0, 400 | 403), "{}: {}", parameters, foreign.1);
        prop_assert_eq!(&foreign, &empty, "{}", parameters);
        if !direct {
            prop_assert_eq!(foreign, get(full, self.user, &uri("nowhere")), "{}", parameters);
        }
        Ok(status)
    }
}

#[test]
fn two_users_find_no_trace_of_each_other_in_ten_thousand_random_requests() {
    let (full, sides) = (endpoints_with(everything()), sides());
    let [pages, refusals] = [std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32)];
    let config =
        ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let ran = runner.run(&request(), |(direct, parameters)| {
        for side in &sides {
            let counted =
                if side.holds(&full, direct, &parameters)? == 200 { &pages } else { &refusals };
            counted.set(counted.get() + 1);
        }
        Ok(())
    });
    ran.unwrap();
    // The comparison is only worth something if requests are answered, and refused, in numbers.
    assert_eq!(pages.get() + refusals.get(), 10_000);
    assert!(pages.get() > 4_000 && refusals.get() > 1_000, "{pages:?} {refusals:?}");
    for file in adas() {
        let parameters =
            format!(r#"roomId={} query={{"_id":"{}"}}"#, file.room().unwrap(), file.id());
        let path = if file.room() == Some("G1") { "groups.files" } else { "im.files" };
        let (_, body) = get(&full, "u1", &format!("/api/v1/{path}?{}", encode(&parameters)));
        assert!(body.contains("\"total\":1"), "{body}");
    }
}

#[test]
fn images_and_uploads_of_others_leave_no_trace_either() {
    let full = endpoints_with(everything());
    let [adas, _] = sides();
    for start in ["", "ADAS4", "ADAS12", "nothing", "UNSEEN0", "UNSEEN12", "CYDS4"] {
        for window in ["", "&count=2", "&count=3&offset=2", "&count=0"] {
            let uri = format!("/api/v1/rooms.images?roomId=G1&startingFromId={start}{window}");
            assert_eq!(get(&full, "u1", &uri), get(&adas.alone, "u1", &uri), "{uri}");
        }
    }
    for parameters in
        ["page=1", "page=2&perpage=5", "page=1&searchQuery=name", "page=1&sortBy=deletesAt"]
    {
        let uri = format!("/api/user/files?{parameters}");
        // Ben owns nothing but what he has in ada's rooms.
        assert_eq!(get(&full, "u2", &uri), get(&adas.alone, "u2", &uri), "{uri}");
    }
}
