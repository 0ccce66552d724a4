//! Queries as people type them mean what their JSON means, and faults are told with their place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use filedex_query::{Date, Environment, Filter, ejson, shell};

fn environment() -> Environment {
    Environment { now: Date(1_700_000_000_000), ..Environment::default() }
}

#[test]
fn what_is_typed_is_what_its_json_is() {
    let pairs = [
        ("{}", "{}"),
        ("{a: 1, 'b': \"x\", \"c\": 'y', $expr: true,}", r#"{"a":1,"b":"x","c":"y","$expr":true}"#),
        ("[1, 2, 3,]", "[1,2,3]"),
        (
            "{a: 1.0, b: 1e3, c: -5, d: +5, e: .5, f: 5., g: 0x1F, h: 0}",
            r#"{"a":1.0,"b":1e3,"c":-5,"d":5,"e":0.5,"f":5.0,"g":31,"h":0}"#,
        ),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-0", "-0.0"),
        ("0E-6176", "0.0"),
        (
            "[NaN, Infinity, -Infinity]",
            r#"[{"$numberDouble":"NaN"},{"$numberDouble":"Infinity"},{"$numberDouble":"-Infinity"}]"#,
        ),
        (
            "{name: /^a\\/b[/]c/i}",
            r#"{"name":{"$regularExpression":{"pattern":"^a/b[/]c","options":"i"}}}"#,
        ),
        ("RegExp('a', 'im')", r#"{"$regularExpression":{"pattern":"a","options":"im"}}"#),
        (
            "{at: {$gt: ISODate(\"2024-01-01\")}}",
            r#"{"at":{"$gt":{"$date":"2024-01-01T00:00:00Z"}}}"#,
        ),
        ("ISODate('2024-01-01T10:30')", r#"{"$date":"2024-01-01T10:30:00Z"}"#),
        ("new Date('2024-01-01T10:30:00+02:00')", r#"{"$date":"2024-01-01T08:30:00Z"}"#),
        ("new Date(5)", r#"{"$date":{"$numberLong":"5"}}"#),
        ("new Date()", r#"{"$date":{"$numberLong":"1700000000000"}}"#),
        ("ObjectId('5a9f1b2c3d4e5f6071829305')", r#"{"$oid":"5a9f1b2c3d4e5f6071829305"}"#),
        (
            "[NumberInt(5), NumberLong('5'), Long(5), NumberDecimal('1.50'), Double(2)]",
            r#"[5,{"$numberLong":"5"},{"$numberLong":"5"},{"$numberDecimal":"1.50"},2.0]"#,
        ),
        (
            "UUID('00000000-0000-0000-0000-000000000001')",
            r#"{"$uuid":"00000000-0000-0000-0000-000000000001"}"#,
        ),
        (
            "[BinData(0, 'AAE='), HexData(5, '0001')]",
            r#"[{"$binary":{"base64":"AAE=","subType":"00"}},{"$binary":{"base64":"AAE=","subType":"05"}}]"#,
        ),
        (
            "[Timestamp(1, 2), Timestamp({t: 1, i: 2})]",
            r#"[{"$timestamp":{"t":1,"i":2}},{"$timestamp":{"t":1,"i":2}}]"#,
        ),
        (
            "[MinKey, MaxKey(), undefined, null, true]",
            r#"[{"$minKey":1},{"$maxKey":1},{"$undefined":true},null,true]"#,
        ),
        ("DBRef('files', 5)", r#"{"$ref":"files","$id":5}"#),
        ("// first\n{ /* a */ a: 1 } // last", r#"{"a":1}"#),
        (
            "{\"a\": {\"$date\": \"2024-01-01T00:00:00Z\"}}",
            r#"{"a":{"$date":"2024-01-01T00:00:00Z"}}"#,
        ),
        (
            r#"'it\'s \x41 \u00e9 \u{1F600} \ud83d\ude00 \\ "'"#,
            r#""it's A \u00e9 \ud83d\ude00 \ud83d\ude00 \\ \"""#,
        ),
        ("{größe: 1, a: 1, a: 2}", r#"{"größe":1,"a":1,"a":2}"#),
    ];
    let environment = environment();
    for (typed, json) in pairs {
        let typed_value =
            shell::read(typed, &environment).unwrap_or_else(|e| panic!("{typed}: {e}"));
        assert_eq!(typed_value, ejson::read(json, &environment.limits).unwrap(), "{typed}");
    }
}

#[test]
fn a_fault_is_told_with_its_place_and_what_may_be_meant() {
    let faults = [
        ("{size: }", 8, "expected a value"),
        ("{\u{201c}a\u{201d}: 1}", 2, "typographic quote"),
        ("{a: \u{2018}x\u{2019}}", 5, "typographic quote"),
        ("{a: 'x}", 5, "no closing quote"),
        ("{a: 1", 1, "has no `}`"),
        ("[1, 2", 1, "has no `]`"),
        ("{a 1}", 4, "expected a `:`"),
        ("{a: 1 b: 2}", 7, "a comma or `}`"),
        ("{a: abc}", 5, "texts stand in quotes"),
        ("{a: True}", 5, "did you mean `true`?"),
        ("{a: ISOdate('2024-01-01')}", 5, "did you mean `ISODate`?"),
        ("{a: ISODate('yesterday')}", 5, "don't fit"),
        ("{a: Date('2024-01-01')}", 5, "new Date"),
        ("{a: ObjectId('x')}", 5, "24 hexadecimal digits"),
        ("{a.b: 1}", 2, "stands in quotes"),
        ("{a: /x/g}", 8, "flags"),
        ("{a: /x", 5, "closing `/`"),
        ("{a: '\\ud800'}", 6, "surrogates"),
        ("{a: 01}", 5, "is no number"),
        ("{a: 1} {b: 2}", 8, "nothing more"),
        ("db.files.find({})", 1, "filter alone"),
        ("/* x", 1, "has no end"),
        ("{a: {$oid: 'x'}}", 5, "24 hexadecimal"),
    ];
    for (typed, column, words) in faults {
        let error = shell::read_document(typed, &environment()).unwrap_err();
        let place = error.place().unwrap_or_else(|| panic!("{typed}: {error}"));
        assert_eq!((place.line, place.column), (1, column), "{typed}: {error}");
        assert!(error.to_string().contains(words), "{typed}: {error}");
        let caret = place.shown().lines().last().unwrap();
        assert_eq!(caret.chars().count(), column, "{typed}");
    }
    let error = shell::read("{\n  a: 1,\n  b: ]\n}", &environment()).unwrap_err();
    assert_eq!(error.place().unwrap().shown(), "  b: ]\n     ^");
}

#[test]
fn an_operator_without_its_sign_or_one_letter_off_is_told() {
    let environment = environment();
    for (typed, words) in [
        ("{size: {gt: 1}}", "did you mean `$gt`?"),
        ("{$and: [{size: {in: [1]}}]}", "did you mean `$in`?"),
        ("{size: {$not: {lt: 1}}}", "did you mean `$lt`?"),
        ("{or: [{a: 1}]}", "did you mean `$or`?"),
    ] {
        let error = shell::read_filter(typed, &environment).unwrap_err();
        assert!(error.to_string().contains(words), "{typed}: {error}");
    }
    for typed in ["{meta: {size: 1}}", "{a: {$eq: {gt: 1}}}", "{or: 1}", "{a: {}}"] {
        assert!(shell::read_filter(typed, &environment).is_ok(), "{typed}");
    }
    for (json, words) in [
        (r#"{"a": {"$gtt": 1}}"#, "did you mean `$gt`?"),
        (r#"{"a": {"$exist": true}}"#, "did you mean `$exists`?"),
        (r#"{"a": {"$elemmatch": {}}}"#, "did you mean `$elemMatch`?"),
        (r#"{"$adn": []}"#, "did you mean `$and`?"),
        (r#"{"$expr": {"$concta": []}}"#, "did you mean `$concat`?"),
        (r#"{"a": ISODate("2024-01-01")}"#, "$date"),
        ("{\"a\": \u{201c}x\u{201d}}", "typographic quote"),
        ("{'a': 1}", "double"),
        ("{a: 1}", "double quotes"),
        (r#"{"a": {"$date": "01/02/2024"}}"#, "with seconds"),
        (r#"{"a": "\ud800"}"#, "surrogates"),
    ] {
        let error = Filter::parse_text(json, &environment).unwrap_err();
        assert!(error.to_string().contains(words), "{json}: {error}");
    }
}

#[test]
fn hostile_texts_end_in_errors() {
    let environment = environment();
    let deep = "[".repeat(100_000);
    assert_eq!(shell::read(&deep, &environment).unwrap_err().limit_name(), Some("document_depth"));
    let nested = "new ".repeat(1000) + &"Date(".repeat(100_000);
    assert!(shell::read(&nested, &environment).is_err());
    let long = " ".repeat(2 << 20);
    assert_eq!(shell::read(&long, &environment).unwrap_err().limit_name(), Some("text_bytes"));
    let calls = "NumberLong(".repeat(90_000);
    assert!(shell::read(&calls, &environment).is_err());
}
