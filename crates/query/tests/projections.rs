//! The laws of projections. What each form shows is in `testdata/projections.jsonl`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::strategies::document;
use filedex_query::ejson::{Form, Marked, write_document, write_marked_within};
use filedex_query::packed::{PackedDocument, pack};
use filedex_query::{
    Account, Cut, Document, DocumentRef, Environment, Filter, Plan, Projection, Redaction, Sort,
    Value,
};
use proptest::prelude::*;

const PATHS: [&str; 7] = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c"];

fn specification(value: i32) -> impl Strategy<Value = Document> {
    proptest::collection::btree_set(0..PATHS.len(), 1..4).prop_map(move |paths| {
        paths.into_iter().map(|path| (PATHS[path].to_owned(), Value::Int(value))).collect()
    })
}

/// The projection of records without some of the names: 1 is shown at the top, 2 nowhere.
fn redacted(specification: &Document, names: [u8; 3]) -> Option<Projection> {
    let environment = Environment::default();
    let projection = Projection::parse(specification, &environment).ok()?;
    let mut redaction = Redaction::default();
    for (name, how) in ["a", "b", "c"].into_iter().zip(names) {
        redaction = match how {
            1 => redaction.showing(name),
            2 => redaction.hiding(name),
            _ => redaction,
        };
    }
    let [host, caller] = [Filter::all(), Filter::all()];
    let plan =
        Plan::compile_redacted(host, caller, projection, Sort::none(), &redaction, &environment);
    Some(plan.ok()?.projection().clone())
}

fn marked(record: DocumentRef<'_>) -> (Vec<u8>, Vec<u8>) {
    let (mut text, mut marks) = (Vec::new(), Vec::new());
    let room = (&mut text, &mut marks);
    write_marked_within(record, room, usize::MAX, &Account::default()).unwrap();
    (text, marks)
}

fn plain(record: DocumentRef<'_>) -> String {
    let mut text = Vec::new();
    write_document(record, Form::Plain, &mut text);
    String::from_utf8(text).unwrap()
}

/// The text that the fields add up to.
fn joined(marked: Marked<'_>) -> String {
    let fields = marked.fields().map(|field| String::from_utf8(field.text.to_vec()).unwrap());
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Whether all that `part` holds is in `whole`, in the same order.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Document(part), Value::Document(whole)) => {
            let mut fields = whole.iter();
            part.iter().all(|(name, value)| {
                fields.any(|(known, other)| known == name && is_part(value, other))
            })
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut elements = whole.iter();
            part.iter().all(|value| elements.any(|other| is_part(value, other)))
        }
        _ => part == whole,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_projection_never_invents_anything(
        specification in prop_oneof![specification(0), specification(1)], document in document()
    ) {
        if let Ok(projection) = Projection::parse(&specification, &Environment::default()) {
            let shown = projection.apply(document.view(), None).unwrap();
            prop_assert!(is_part(&shown.clone().into(), &document.clone().into()));
            let again = projection.apply(shown.view(), None).unwrap();
            prop_assert_eq!(again, shown);
        }
    }

    #[test]
    fn a_text_is_cut_as_its_record_is_shown(
        specification in prop_oneof![
            Just(Document::new()), specification(0), specification(1), document(),
        ],
        names in [0..3_u8, 0..3, 0..3],
        document in document(),
    ) {
        let Some(projection) = redacted(&specification, names) else { return Ok(()) };
        let bytes = pack(&document);
        let packed = DocumentRef::from(PackedDocument::new(&bytes));
        for record in [document.view(), packed] {
            let (text, marks) = marked(record);
            let (whole, mut room) = (Marked::new(&text, &marks), Cut::default());
            prop_assert_eq!(joined(whole), plain(record));
            let Some(cut) = projection.cut(whole, &mut room) else {
                let mut values = document.iter().map(|(_, value)| value);
                let nested = |value: &Value| matches!(value, Value::Document(_) | Value::Array(_));
                prop_assert!(!projection.cuts() || values.any(nested));
                continue;
            };
            let shown = projection.apply(record, None).unwrap();
            prop_assert_eq!(std::str::from_utf8(cut.text()).unwrap(), plain(shown.view()));
            prop_assert_eq!(joined(cut), plain(shown.view()));
            let kinds = |all: Marked<'_>| all.fields().map(|field| field.kind).collect::<Vec<_>>();
            let (text, marks) = marked(shown.view());
            prop_assert_eq!(kinds(cut), kinds(Marked::new(&text, &marks)));
        }
    }

    #[test]
    fn what_is_included_is_what_exclusion_leaves_out_at_the_top(
        names in proptest::collection::btree_set("[abc]", 1..3), document in document()
    ) {
        let all = |value: i32| {
            let fields: Document = names.iter().map(|name| (name.clone(), Value::Int(value))).collect();
            let specification = fields.with("_id", 0);
            let projection = Projection::parse(&specification, &Environment::default()).unwrap();
            projection.apply(document.view(), None).unwrap()
        };
        let (shown, hidden) = (all(1), all(0));
        prop_assert_eq!(shown.len() + hidden.len(), document.len());
        for (name, value) in document.iter() {
            let side = if names.contains(name) { &shown } else { &hidden };
            prop_assert_eq!(side.get(name), Some(value));
        }
    }

    #[test]
    fn no_specification_or_document_causes_a_panic(
        specification in document(), document in document()
    ) {
        if let Ok(projection) = Projection::parse(&specification, &Environment::default()) {
            let _ = projection.apply(document.view(), None);
            let again = Projection::parse(&projection.to_document(), &Environment::default());
            prop_assert_eq!(again.unwrap(), projection);
        }
    }
}

#[test]
fn the_fields_that_are_read_are_known() {
    let fields = |text: &str| {
        let projection = Projection::parse_text(text, &Environment::default()).unwrap();
        projection.fields().map(|fields| fields.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(fields(r#"{"a.b":1,"c":1}"#), Some(vec!["_id".into(), "a".into(), "c".into()]));
    assert_eq!(fields(r#"{"x":"$a.b","_id":0}"#), Some(vec!["a".into()]));
    assert_eq!(fields(r#"{"a":0}"#), None);
    assert_eq!(fields(r#"{"x":"$$ROOT"}"#), None);
    assert!(Projection::parse_text("{}", &Environment::default()).unwrap().is_everything());
}

/// A second projection, written from the rules and slowly: first what is named, with empty places
/// where something was dropped, then what is computed, then the slices.
mod naive {
    use filedex_query::{Document, Environment, Expression, Value};

    /// A value, or the empty place of one.
    pub(super) type Place = Option<Value>;

    #[derive(Debug)]
    pub(super) struct Spec {
        pub(super) is_inclusion: bool,
        pub(super) named: Vec<String>,
        pub(super) computed: Vec<(String, Value)>,
        pub(super) slices: Vec<(String, i32)>,
    }

    /// A tree with empty places in it.
    #[derive(Clone)]
    enum Tree {
        Empty,
        Leaf(Value),
        Object(Vec<(String, Tree)>),
        Array(Vec<Tree>),
    }

    fn tree(value: &Value) -> Tree {
        match value {
            Value::Document(document) => Tree::Object(
                document.iter().map(|(name, value)| (name.to_owned(), tree(value))).collect(),
            ),
            Value::Array(elements) => Tree::Array(elements.iter().map(tree).collect()),
            other => Tree::Leaf(other.clone()),
        }
    }

    fn value(tree: Tree) -> Place {
        match tree {
            Tree::Empty => None,
            Tree::Leaf(value) => Some(value),
            Tree::Object(fields) => {
                let fields = fields.into_iter();
                let kept = fields.filter_map(|(name, tree)| Some((name, value(tree)?)));
                Some(kept.collect::<Document>().into())
            }
            Tree::Array(elements) => {
                Some(elements.into_iter().filter_map(value).collect::<Vec<_>>().into())
            }
        }
    }

    fn below<'p>(paths: &[&'p str], name: &str) -> Vec<&'p str> {
        let rest = |path: &&'p str| path.strip_prefix(name)?.strip_prefix('.');
        paths.iter().filter_map(rest).collect()
    }

    fn keep(tree: Tree, paths: &[&str]) -> Tree {
        match tree {
            Tree::Object(fields) => Tree::Object(
                fields
                    .into_iter()
                    .filter_map(|(name, tree)| {
                        let inner = below(paths, &name);
                        if paths.contains(&name.as_str()) {
                            Some((name, tree))
                        } else if inner.is_empty() {
                            None
                        } else {
                            Some((name, keep(tree, &inner)))
                        }
                    })
                    .collect(),
            ),
            Tree::Array(elements) => {
                Tree::Array(elements.into_iter().map(|tree| keep(tree, paths)).collect())
            }
            _ => Tree::Empty,
        }
    }

    fn drop(tree: Tree, paths: &[&str]) -> Tree {
        match tree {
            Tree::Object(fields) => Tree::Object(
                fields
                    .into_iter()
                    .filter(|(name, _)| !paths.contains(&name.as_str()))
                    .map(|(name, tree)| {
                        let inner = below(paths, &name);
                        (name, drop(tree, &inner))
                    })
                    .collect(),
            ),
            Tree::Array(elements) => {
                Tree::Array(elements.into_iter().map(|tree| drop(tree, paths)).collect())
            }
            other => other,
        }
    }

    fn set(tree: Tree, path: &str, value: &Tree) -> Tree {
        match tree {
            Tree::Array(elements) => {
                Tree::Array(elements.into_iter().map(|tree| set(tree, path, value)).collect())
            }
            Tree::Object(mut fields) => {
                let (name, rest) = path.split_once('.').unwrap_or((path, ""));
                let place = fields.iter().position(|(known, _)| known == name);
                let place = place.unwrap_or_else(|| {
                    fields.push((name.to_owned(), Tree::Empty));
                    fields.len() - 1
                });
                let old = std::mem::replace(&mut fields[place].1, Tree::Empty);
                fields[place].1 =
                    if rest.is_empty() { value.clone() } else { set(old, rest, value) };
                Tree::Object(fields)
            }
            _ => set(Tree::Object(Vec::new()), path, value),
        }
    }

    fn slice(tree: Tree, path: &str, count: i32) -> Tree {
        let Tree::Object(fields) = tree else { return tree };
        let (wanted, rest) = path.split_once('.').unwrap_or((path, ""));
        let cut = |tree| match tree {
            Tree::Array(elements) if rest.is_empty() => {
                let many = count.unsigned_abs() as usize;
                let skip = if count < 0 { elements.len().saturating_sub(many) } else { 0 };
                Tree::Array(elements.into_iter().skip(skip).take(many).collect())
            }
            Tree::Array(elements) => {
                Tree::Array(elements.into_iter().map(|tree| slice(tree, rest, count)).collect())
            }
            other if rest.is_empty() => other,
            other => slice(other, rest, count),
        };
        let field = |(name, tree)| if name == wanted { (name, cut(tree)) } else { (name, tree) };
        Tree::Object(fields.into_iter().map(field).collect())
    }

    impl Spec {
        pub(super) fn to_document(&self) -> Document {
            let mut document = Document::new();
            for path in &self.named {
                document.push(path.as_str(), i32::from(self.is_inclusion));
            }
            for (path, source) in &self.computed {
                document.push(path.as_str(), source.clone());
            }
            for (path, count) in &self.slices {
                document.push(path.as_str(), Document::new().with("$slice", *count));
            }
            document
        }

        pub(super) fn apply(&self, document: &Document) -> Document {
            let whole = tree(&document.clone().into());
            let mut shown = if self.is_inclusion {
                let sliced = self.slices.iter().map(|(path, _)| path.as_str());
                let mut paths: Vec<&str> = self.named.iter().map(String::as_str).collect();
                paths.extend(sliced.chain(["_id"]));
                // What is computed below a field leaves a place for it.
                let computed = self.computed.iter().filter_map(|(path, _)| path.split_once('.'));
                let parents: Vec<String> =
                    computed.map(|(parent, _)| format!("{parent}.\0")).collect();
                paths.extend(parents.iter().map(String::as_str));
                keep(whole, &paths)
            } else {
                drop(whole, &self.named.iter().map(String::as_str).collect::<Vec<_>>())
            };
            // Fields go in by the place where their top name first stands in the specification.
            let specification = self.to_document();
            let top = |path: &str| path.split('.').next().unwrap_or("").to_owned();
            let place =
                |path: &str| specification.iter().position(|(name, _)| top(name) == top(path));
            let mut computed: Vec<&(String, Value)> = self.computed.iter().collect();
            computed.sort_by_key(|(path, _)| place(path));
            for (path, source) in computed {
                let expression = Expression::parse(source, &Environment::default()).unwrap();
                let found = expression.evaluate(document.view()).unwrap();
                let found = found.map_or(Tree::Empty, |value| tree(&value));
                shown = set(shown, path, &found);
            }
            for (path, count) in &self.slices {
                shown = slice(shown, path, *count);
            }
            match value(shown) {
                Some(Value::Document(document)) => document,
                _ => unreachable!(),
            }
        }
    }
}

/// Paths of two names, none leading into another.
fn disjoint_paths() -> impl Strategy<Value = Vec<String>> {
    let path = prop_oneof![
        Just("a"),
        Just("b"),
        Just("c"),
        Just("a.b"),
        Just("a.c"),
        Just("b.a"),
        Just("b.0"),
        Just("d")
    ];
    proptest::collection::vec(path, 1..6).prop_map(|paths| {
        let mut kept: Vec<String> = Vec::new();
        for path in paths {
            let clashes = |known: &String| {
                known == path
                    || known.starts_with(&format!("{path}."))
                    || path.starts_with(&format!("{known}."))
            };
            if !kept.iter().any(clashes) {
                kept.push(path.to_owned());
            }
        }
        kept
    })
}

fn any_spec() -> impl Strategy<Value = naive::Spec> {
    let sources = prop_oneof![
        Just(Value::from("$a")),
        Just(Value::from("$b.a")),
        Just(Value::from("$nope")),
        Just(Value::Null),
        Just(Value::from("text"))
    ];
    let roles = proptest::collection::vec((0..3u8, sources, -2..3i32), 6);
    (disjoint_paths(), roles, any::<bool>()).prop_map(|(paths, roles, is_inclusion)| {
        let (mut named, mut computed, mut slices) = (Vec::new(), Vec::new(), Vec::new());
        for (path, (role, source, count)) in paths.into_iter().zip(roles) {
            match role {
                0 => named.push(path),
                1 if is_inclusion => computed.push((path, source)),
                _ => slices.push((path, count)),
            }
        }
        // Slices alone exclude nothing and keep everything.
        let is_inclusion = is_inclusion && !(named.is_empty() && computed.is_empty());
        naive::Spec { is_inclusion, named, computed, slices }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn a_projection_agrees_with_the_naive_one(spec in any_spec(), document in document()) {
        let specification = spec.to_document();
        let projection = Projection::parse(&specification, &Environment::default()).unwrap();
        let shown = projection.apply(document.view(), None).unwrap();
        prop_assert_eq!(shown, spec.apply(&document), "{}", projection);
    }
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"a":{"b":1}}"#, r#"{"a":"$x","a":"$y"}"#] {
        let error = Projection::parse_text(text, &Environment::default()).unwrap_err();
        assert_eq!(error.code().0, 31250, "{text}");
    }
}

#[test]
fn errors_say_where_they_are() {
    let path =
        |text: &str| Projection::parse_text(text, &Environment::default()).unwrap_err().path();
    assert_eq!(path(r#"{"a":{"b":{"c":1,"d":0}}}"#), "$.a.b.d");
    assert_eq!(path(r#"{"x":{"$add":[1,{"$foo":2}]}}"#), "$.x.$add.1");
}

#[test]
fn a_projection_has_a_limited_size_and_depth() {
    let mut environment = Environment::default();
    environment.limits.filter_nodes = 2;
    assert!(Projection::parse_text(r#"{"a":1,"b":1}"#, &environment).is_ok());
    let error = Projection::parse_text(r#"{"a":1,"b":1,"c":1}"#, &environment).unwrap_err();
    assert_eq!(error.limit_name(), Some("filter_nodes"));
    environment.limits.filter_nodes = 100;
    environment.limits.filter_depth = 2;
    assert!(Projection::parse_text(r#"{"a":{"b":{"c":1}}}"#, &environment).is_ok());
    let error = Projection::parse_text(r#"{"a":{"b":{"c":{"d":1}}}}"#, &environment).unwrap_err();
    assert_eq!(error.limit_name(), Some("filter_depth"));
}
