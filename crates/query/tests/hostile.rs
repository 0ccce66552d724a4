//! What strangers may ask: queries that nest, loop or multiply. Each ends in milliseconds, with an
//! answer or with an error that names the limit it passed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Document, Environment, Error, Filter, Plan, Projection, Result, Sort, Value, ejson,
};
use std::time::Duration;

use super::spent::Spent;

/// What one query over one document may take of a processor. A build without optimisation is many times slower, and
/// other tests run at the same time.
const SOON: Duration = Duration::from_millis(if cfg!(debug_assertions) { 5_000 } else { 250 });

/// A record as a stranger would put it: long texts, long arrays, extreme numbers.
fn record() -> Document {
    let array = |length: i32| (0..length).map(Value::Int).collect::<Vec<Value>>();
    let field = |n: usize| (format!("f{n}"), Value::Int(1));
    let read = |text: &str| ejson::read(text, &Environment::default().limits).unwrap();
    let decimals: Vec<Value> = (0..2_000)
        .map(|n| read(&format!(r#"{{"$numberDecimal":"{n}E{}"}}"#, (n % 2 * 2 - 1) * (6_000 - n))))
        .collect();
    Document::new()
        .with("_id", "x")
        .with("long", "x".repeat(100_000))
        .with("dots", "ab.".repeat(33_333))
        .with("blank", " ".repeat(100_000))
        .with("wide", "é".repeat(50_000))
        .with("digits", "7".repeat(100_000))
        .with("decimals", decimals)
        .with("name", "a".repeat(40) + "!")
        .with("a", vec![Value::Int(1), Value::Int(2), Value::Int(3)])
        .with("big", array(3_000))
        .with("huge", array(100_000))
        .with("texts", (0..1_000).map(|n| Value::from(format!("text {n}"))).collect::<Vec<_>>())
        .with("object", (0..1_000).map(field).collect::<Document>())
        .with("one", read(r#"{"$numberDecimal":"1"}"#))
        .with("tiny", read(r#"{"$numberDecimal":"1E-6000"}"#))
        .with("vast", read(r#"{"$numberDecimal":"1E+6000"}"#))
        .with("d", read(r#"{"$date":"2024-02-29T12:30:15.250Z"}"#))
}

/// Compiles the query as a plan and runs all of it over the record as it is stored, on the stack a server's thread
/// has.
fn run(filter: &str, fields: &str, sort: &str) -> (Result<()>, Duration) {
    let texts = [filter, fields, sort].map(str::to_owned);
    let stored = packed::pack(&record());
    let work = move || {
        let document = PackedDocument::new(&stored).into();
        let spent = Spent::begin();
        let environment = Environment::default();
        let [filter, fields, sort] = &texts;
        let outcome = (|| {
            let filter = Filter::parse_text(filter, &environment)?;
            let projection = Projection::parse_text(fields, &environment)?;
            let sort = Sort::parse_text(sort, &environment)?;
            let plan = Plan::compile(filter, projection, sort, &environment)?;
            plan.matcher().matches(document)?;
            plan.sort().key(document)?;
            plan.projection().apply(document, None).map(drop)
        })();
        (outcome, spent.so_far())
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    thread.join().expect("no panic, no overflow")
}

/// The error, if any, of a query that must end soon; it names a limit.
fn ends_soon(filter: &str, fields: &str, sort: &str) -> Option<Error> {
    let (outcome, took) = run(filter, fields, sort);
    let shown = |text: &str| text.chars().take(160).collect::<String>();
    let query = format!("{} {} {}", shown(filter), shown(fields), shown(sort));
    if std::env::var_os("FILEDEX_TIMES").is_some() {
        let limit = outcome.as_ref().err().map(|error| error.limit_name());
        println!("{:8.2} ms {limit:?} {query}", took.as_secs_f64() * 1e3);
    }
    assert!(took < SOON || std::env::var_os("FILEDEX_TIMES").is_some(), "{query} took {took:?}");
    let error = outcome.err();
    if let Some(error) = &error {
        assert!(error.limit_name().is_some(), "{query}: {error}");
    }
    error
}

#[test]
fn nesting_ten_thousand_deep_is_an_error_of_a_limit() {
    let parts = [
        ("{\"$and\":[", "{}", "]}"),
        ("{\"$or\":[", "{}", "]}"),
        ("{\"$nor\":[", "{}", "]}"),
        ("{\"a\":{\"$elemMatch\":", "{}", "}}"),
        ("{\"a\":{\"$not\":", "{}", "}}"),
        ("{\"a\":{\"$all\":[{\"$elemMatch\":", "{}", "}]}}"),
        ("{\"a\":", "1", "}"),
        ("{\"$expr\":", "1", "}"),
        ("{\"$jsonSchema\":", "{}", "}"),
    ];
    for (open, inner, close) in parts {
        let text = format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000));
        assert!(ends_soon(&text, "{}", "{}").is_some(), "{open}");
        assert!(ends_soon("{}", &text, "{}").is_some(), "{open}");
    }
    for (open, close) in [("{\"$abs\":", "}"), ("[", "]"), ("{\"not\":", "}")] {
        let text = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        for outer in ["$expr", "$jsonSchema", "a"] {
            assert!(ends_soon(&format!("{{\"{outer}\":{text}}}"), "{}", "{}").is_some());
        }
        assert!(ends_soon("{}", &format!("{{\"n\":{text}}}"), "{}").is_some());
    }
}

#[test]
fn lists_of_a_million_are_an_error_of_a_limit() {
    let members = "1,".repeat(1_000_000) + "1";
    for operator in ["$in", "$nin", "$all", "$bitsAllSet"] {
        let text = format!("{{\"a\":{{\"{operator}\":[{members}]}}}}");
        assert!(ends_soon(&text, "{}", "{}").is_some(), "{operator}");
    }
    let paths: Vec<String> = (0..30_000).map(|n| format!("\"p{n}\":1")).collect();
    let many = format!("{{{}}}", paths.join(","));
    assert!(ends_soon(&many, "{}", "{}").is_some());
    assert!(ends_soon("{}", &many, "{}").is_some());
    assert!(ends_soon("{}", "{}", &many).is_some());
    // As many as are allowed, and long ones.
    let texts: Vec<String> = (0..10_000).map(|n| format!("\"{n}{}\"", "x".repeat(90))).collect();
    assert_eq!(
        ends_soon(&format!("{{\"big\":{{\"$in\":[{}]}}}}", texts.join(",")), "{}", "{}"),
        None
    );
    let all = (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(ends_soon(&format!("{{\"a\":{{\"$all\":[{all}]}}}}"), "{}", "{}"), None);
}

#[test]
fn patterns_that_go_back_and_forth_end_soon() {
    let patterns = [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "(\\\\w{100}){100}",
        "((\\\\w{100}){100}){100}",
        "^(a+)+\\\\1$",
        "^(?=(a+)+b)",
        "(?=.*x.*y)z",
        "(x+x+)+\\\\1y",
        "(.*)(.*)(.*)(.*)\\\\1!!",
        "(?<=xx|xxx)y",
        "(?i)(é|É)*\\\\1z",
        "^(?:(?=(x))\\\\1)*y",
    ];
    for pattern in patterns {
        for field in ["name", "long", "wide"] {
            ends_soon(&format!(r#"{{"{field}":{{"$regex":"{pattern}"}}}}"#), "{}", "{}");
        }
        // Many at once, and over many elements.
        let many =
            vec![
                format!(r#"{{"$regularExpression":{{"pattern":"{pattern}","options":""}}}}"#);
                1_000
            ];
        ends_soon(&format!(r#"{{"texts":{{"$in":[{}]}}}}"#, many.join(",")), "{}", "{}");
    }
}

/// Parts that are repeated a hundred thousand times.
const BODIES: &[&str] = &[
    r#"{"$replaceAll":{"input":"$long","find":"x","replacement":""}}"#,
    r#"{"$replaceAll":{"input":"$long","find":"x","replacement":"yy"}}"#,
    r#"{"$replaceAll":{"input":"$long","find":"","replacement":"-"}}"#,
    r#"{"$replaceAll":{"input":"$long","find":"xxxxxxxxxxxxxxxxxxxxxy","replacement":""}}"#,
    r#"{"$replaceAll":{"input":"$dots","find":".","replacement":""}}"#,
    r#"{"$replaceOne":{"input":"$long","find":"y","replacement":""}}"#,
    r#"{"$trim":{"input":"$blank"}}"#,
    r#"{"$ltrim":{"input":"$blank"}}"#,
    r#"{"$rtrim":{"input":"$blank"}}"#,
    r#"{"$trim":{"input":"$long","chars":"abcdefghijklmnopqrstuvwx"}}"#,
    r#"{"$trim":{"input":"$wide","chars":"aouéxyz"}}"#,
    r#"{"$split":["$dots","."]}"#,
    r#"{"$split":["$long","y"]}"#,
    r#"{"$concat":["$long","$long"]}"#,
    r#"{"$toUpper":"$wide"}"#,
    r#"{"$toLower":"$long"}"#,
    r#"{"$strLenCP":"$wide"}"#,
    r#"{"$strLenBytes":"$wide"}"#,
    r#"{"$substrCP":["$wide",49990,5]}"#,
    r#"{"$substrBytes":["$long",0,-1]}"#,
    r#"{"$strcasecmp":["$long","$long"]}"#,
    r#"{"$indexOfBytes":["$long","xxxxxxxxxxxxxxxxy"]}"#,
    r#"{"$indexOfCP":["$wide","y"]}"#,
    r#"{"$indexOfCP":["$long",{"$concat":[{"$substrBytes":["$long",0,50000]},"y"]}]}"#,
    r#"{"$regexMatch":{"input":"$long","regex":"(a|b)+y"}}"#,
    r#"{"$regexMatch":{"input":"$name","regex":"^(a+)+\\1$"}}"#,
    r#"{"$regexMatch":{"input":"$name","regex":{"$concat":["^(a+)+","$_id"]}}}"#,
    r#"{"$regexMatch":{"input":"$name","regex":{"$concat":["(\\w{50}){50}","$_id"]}}}"#,
    r#"{"$regexFind":{"input":"$long","regex":"(x)(x)(x)y?$"}}"#,
    r#"{"$regexFindAll":{"input":"$long","regex":"x"}}"#,
    r#"{"$regexFindAll":{"input":"$long","regex":"x*?y|x"}}"#,
    r#"{"$regexFindAll":{"input":"$long","regex":"(?=x*y)|x"}}"#,
    r#"{"$toString":"$long"}"#,
    r#"{"$toInt":"1"}"#,
    r#"{"$toDecimal":"$vast"}"#,
    r#"{"$convert":{"input":"$long","to":"double","onError":0}}"#,
    r#"{"$convert":{"input":"$long","to":"decimal","onError":0}}"#,
    r#"{"$convert":{"input":"$long","to":"date","onError":0}}"#,
    r#"{"$dateFromString":{"dateString":"$long","onError":0}}"#,
    r#"{"$dateFromString":{"dateString":"2024-02-29 12:00","timezone":"Europe/Paris"}}"#,
    r#"{"$dateToString":{"date":"$d","format":"%Y-%m-%dT%H:%M:%S.%L%z","timezone":"America/New_York"}}"#,
    r#"{"$dateToParts":{"date":"$d","timezone":"Asia/Tokyo"}}"#,
    r#"{"$dateTrunc":{"date":"$d","unit":"week","timezone":"Europe/Paris"}}"#,
    r#"{"$dateDiff":{"startDate":{"$date":{"$numberLong":"-62135596800000"}},"endDate":"$d","unit":"week"}}"#,
    r#"{"$dateAdd":{"startDate":"$d","unit":"month","amount":"$$this","timezone":"Europe/Paris"}}"#,
    r#"{"$add":["$vast","$tiny"]}"#,
    r#"{"$multiply":["$vast","$tiny"]}"#,
    r#"{"$divide":["$vast","$tiny"]}"#,
    r#"{"$mod":["$vast",{"$toDecimal":"0.7"}]}"#,
    r#"{"$pow":[{"$toDecimal":"1.0001"},{"$toDecimal":"9999.5"}]}"#,
    r#"{"$ln":"$vast"}"#,
    r#"{"$exp":{"$toDecimal":"1.5"}}"#,
    r#"{"$sqrt":"$vast"}"#,
    r#"{"$sin":{"$multiply":["$one",1.5]}}"#,
    r#"{"$atan2":["$vast","$tiny"]}"#,
    r#"{"$round":["$vast",20]}"#,
    r#"{"$trunc":["$tiny",100]}"#,
    r#"{"$eq":["$$ROOT","$$ROOT"]}"#,
    r#"{"$lt":["$long","$long"]}"#,
    r#"{"$in":["z","$texts"]}"#,
    r#"{"$indexOfArray":["$big",-1]}"#,
    r#"{"$setUnion":["$big","$big"]}"#,
    r#"{"$setIsSubset":["$texts","$texts"]}"#,
    r#"{"$setEquals":["$big","$texts"]}"#,
    r#"{"$sortArray":{"input":"$big","sortBy":-1}}"#,
    r#"{"$sortArray":{"input":"$texts","sortBy":1}}"#,
    r#"{"$reverseArray":"$big"}"#,
    r#"{"$concatArrays":["$big","$big"]}"#,
    r#"{"$slice":["$huge",-1]}"#,
    r#"{"$slice":["$huge",99999,1]}"#,
    r#"{"$arrayElemAt":["$huge",-1]}"#,
    r#"{"$last":"$huge"}"#,
    r#"{"$size":"$huge"}"#,
    r#"{"$isArray":"$huge"}"#,
    r#"{"$maxN":{"n":3000,"input":"$big"}}"#,
    r#"{"$firstN":{"n":1,"input":"$huge"}}"#,
    r#"{"$zip":{"inputs":["$big","$big"]}}"#,
    r#"{"$range":[0,5000]}"#,
    r#"{"$sum":"$huge"}"#,
    r#"{"$avg":"$big"}"#,
    r#"{"$max":"$huge"}"#,
    r#"{"$stdDevPop":"$big"}"#,
    r#"{"$median":{"input":"$big","method":"approximate"}}"#,
    r#"{"$percentile":{"input":"$big","p":[0.1,0.5,0.9],"method":"approximate"}}"#,
    r#"{"$allElementsTrue":"$big"}"#,
    r#"{"$anyElementTrue":[[false]]}"#,
    r#"{"$objectToArray":"$object"}"#,
    r#"{"$arrayToObject":{"$objectToArray":"$object"}}"#,
    r#"{"$mergeObjects":["$object","$object",{"z":1}]}"#,
    r#"{"$setField":{"field":"f999","input":"$object","value":2}}"#,
    r#"{"$getField":{"field":"f999","input":"$object"}}"#,
    r#""$object.f999""#,
    r#""$big.a.b""#,
    r#""$$ROOT""#,
    r#"{"$bsonSize":"$$ROOT"}"#,
    r#"{"$binarySize":"$long"}"#,
    r#"{"$filter":{"input":"$big","cond":{"$gt":["$$this",2998]}}}"#,
    r#"{"$map":{"input":"$big","in":1}}"#,
    r#"{"$let":{"vars":{"v":"$big"},"in":{"$size":"$$v"}}}"#,
    r#"{"$let":{"vars":{"v":{"$concatArrays":["$big","$a"]}},"in":{"$arrayElemAt":["$$v",0]}}}"#,
    r#"{"$rand":{}}"#,
    r#"{"$convert":{"input":"$digits","to":"decimal","onError":0}}"#,
    r#"{"$convert":{"input":"$digits","to":"double","onError":0}}"#,
    r#"{"$convert":{"input":"$digits","to":"long","onError":0}}"#,
    r#"{"$sum":"$decimals"}"#,
    r#"{"$avg":"$decimals"}"#,
    r#"{"$max":"$decimals"}"#,
    r#"{"$maxN":{"n":5,"input":"$decimals"}}"#,
    r#"{"$setUnion":["$decimals","$decimals"]}"#,
    r#"{"$sortArray":{"input":"$decimals","sortBy":1}}"#,
    r#"{"$in":[0.3,"$decimals"]}"#,
    r#"{"$lt":["$vast","$tiny"]}"#,
    r#"{"$eq":["$tiny",0.1]}"#,
];

#[test]
fn a_hundred_thousand_dear_steps_end_soon() {
    // Without optimisation only some: each takes a second.
    let step = if cfg!(debug_assertions) { 6 } else { 1 };
    for body in BODIES.iter().step_by(step) {
        let array = format!(r#"{{"$map":{{"input":{{"$range":[0,100000]}},"in":{body}}}}}"#);
        let size = format!(r#"{{"$expr":{{"$gt":[{{"$size":{array}}},0]}}}}"#);
        ends_soon(&size, "{}", "{}");
        let last =
            format!(r#"{{"n":{{"$reduce":{{"input":"$huge","initialValue":0,"in":{body}}}}}}}"#);
        ends_soon("{}", &last, "{}");
    }
}

#[test]
fn what_grows_by_itself_ends_soon() {
    let doubled = [
        r#"{"$concatArrays":["$$value","$$value"]}"#,
        r#"{"$concat":["$$value","$$value"]}"#,
        r#"["$$value","$$value"]"#,
        r#"["$$value"]"#,
        r#"{"a":"$$value","b":"$$value"}"#,
        r#"{"$mergeObjects":["$$value",{"$arrayToObject":[[["k","$$value"]]]}]}"#,
        r#"{"$setField":{"field":"a","input":{},"value":"$$value"}}"#,
        r#"{"$replaceAll":{"input":"$$value","find":"x","replacement":"xx"}}"#,
        r#"{"$add":["$$value","$vast"]}"#,
        r#"{"$multiply":["$$value","$vast"]}"#,
        r#"{"$setUnion":["$$value",["$$this"]]}"#,
        r#"{"$concatArrays":["$$value",["$$this"]]}"#,
        r#"{"$concat":["$$value","x"]}"#,
        r#"{"$zip":{"inputs":["$$value","$$value"]}}"#,
        r#"{"$split":[{"$concat":["$long","$long"]},"x"]}"#,
    ];
    for body in doubled {
        for initial in ["[1,2,3]", "\"x\"", "{\"a\":1}", "{\"$toDecimal\":\"1.5\"}", "\"$huge\""] {
            let looped = format!(
                r#"{{"$reduce":{{"input":{{"$range":[0,100000]}},"initialValue":{initial},"in":{body}}}}}"#
            );
            if std::env::var_os("FILEDEX_TIMES").is_some() {
                println!("{body} from {initial}");
            }
            // A body that does not fit its start is an error of its kinds, and says so at once.
            let (outcome, took) = run(&format!(r#"{{"$expr":{looped}}}"#), "{}", "{}");
            assert!(took < SOON, "{looped} took {took:?}");
            if let Err(error) = outcome {
                let fits =
                    error.limit_name().is_some() || error.code().0 > 1_000 || error.code().0 == 14;
                assert!(fits, "{looped}: {error:?}");
            }
        }
    }
    let mut nested = "1".to_owned();
    for _ in 0..30 {
        nested = format!(r#"{{"$map":{{"input":{{"$range":[0,1000]}},"in":{nested}}}}}"#);
    }
    assert!(ends_soon(&format!(r#"{{"$expr":{nested}}}"#), "{}", "{}").is_some());
    assert!(ends_soon(r#"{"$expr":{"$size":{"$range":[0,2000000000]}}}"#, "{}", "{}").is_some());
    // The same path through arrays in arrays.
    let sort = r#"{"huge.a":1,"big":-1,"texts":1}"#;
    let fields = r#"{"huge.a.b":"$$ROOT"}"#;
    assert!(ends_soon("{}", fields, "{}").is_some());
    let (outcome, took) = run("{}", "{}", sort);
    assert!(took < SOON && outcome.is_err(), "{took:?}");
}
