//! Reads the conformance cases of `testdata/` and runs them over documents in memory.
//!
//! The format is described in `testdata/README.md`.

use std::collections::BTreeMap;
use std::path::Path;

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Code, Collation, Document, DocumentRef, Environment, Error, Filter, Limits, Matcher,
    Projection, Result, Sort, Value, ejson, order,
};
use serde_json::value::RawValue;

/// One line of a file of cases.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) docs: Vec<Document>,
    pub(crate) query: Result<Document>,
    pub(crate) projection: Option<Result<Document>>,
    pub(crate) sort: Option<Result<Document>>,
    pub(crate) collation: Option<Result<Document>>,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
    pub(crate) want: Want,
}

/// What a case claims.
#[derive(Debug)]
pub(crate) enum Want {
    /// These `_id`s in any order.
    Ids(Vec<Value>),
    /// These `_id`s in this order.
    Order(Vec<Value>),
    /// These documents, fields in order.
    Docs(Vec<Document>),
    /// This error; without a code any error.
    Error(Option<i64>),
    /// Nothing.
    Nothing,
}

/// The cases of one file under `testdata/`.
pub(crate) fn read(file: &str) -> Vec<Case> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let paths = above.map(|directory| directory.join("testdata").join(file));
    let path = paths.filter(|path| path.exists()).last().unwrap_or_else(|| panic!("no {file}"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().filter(|line| !line.is_empty()).map(case).collect()
}

/// What is asked may be malformed, and then that is what the case is about.
fn case(line: &str) -> Case {
    let fields: BTreeMap<&str, &RawValue> =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |name: &str| fields.get(name).map(|text| text.get()).filter(|text| *text != "null");
    let value = |name: &str| {
        let read = |text| ejson::read(text, &Limits::default());
        text(name).map(|text| read(text).unwrap_or_else(|error| panic!("{error:?}: {line}")))
    };
    let asked = |name| text(name).map(|text| ejson::read_document(text, &Limits::default()));
    Case {
        id: value("id").unwrap().as_str().unwrap().to_owned(),
        docs: documents(&value("docs").unwrap()),
        query: asked("query").unwrap(),
        projection: asked("projection"),
        sort: asked("sort"),
        collation: asked_collation(text("collation")),
        skip: count(value("skip").as_ref()),
        limit: count(value("limit").as_ref()),
        want: want(&value("want").unwrap_or(Value::Null)),
    }
}

/// A collation is a document; anything else is a fault of the asker.
fn asked_collation(text: Option<&str>) -> Option<Result<Document>> {
    let value = ejson::read(text?, &Limits::default());
    Some(value.and_then(|value| match value {
        Value::Document(document) => Ok(document),
        _ => Err(Error::new(Code::TYPE_MISMATCH, "a collation is a document")),
    }))
}

fn want(value: &Value) -> Want {
    let Value::Document(want) = value else { return Want::Nothing };
    let (kind, value) = want.iter().next().unwrap();
    let array = || value.as_array().unwrap().to_vec();
    match kind {
        "ids" => Want::Ids(array()),
        "order" => Want::Order(array()),
        "docs" => Want::Docs(documents(value)),
        // There is no `distinct` yet.
        "values" => Want::Nothing,
        "error" => Want::Error(match value {
            Value::Int(code) => Some(i64::from(*code)),
            _ => None,
        }),
        other => panic!("unknown kind of claim: {other}"),
    }
}

fn documents(value: &Value) -> Vec<Document> {
    let documents = value.as_array().unwrap().iter();
    documents.map(|document| document.as_document().unwrap().clone()).collect()
}

fn count(value: Option<&Value>) -> usize {
    match value {
        Some(Value::Int(count)) => usize::try_from(*count).unwrap(),
        _ => 0,
    }
}

impl Case {
    /// Runs the case over documents as they are in memory.
    pub(crate) fn run(&self, environment: &Environment) -> Result<Vec<Document>> {
        let documents: Vec<DocumentRef<'_>> = self.docs.iter().map(Document::view).collect();
        self.run_over(&documents, environment)
    }

    /// Runs the case over documents in the packed form of a store.
    pub(crate) fn run_packed(&self, environment: &Environment) -> Result<Vec<Document>> {
        let packed: Vec<Vec<u8>> = self.docs.iter().map(packed::pack).collect();
        let documents = packed.iter().map(|bytes| PackedDocument::new(bytes).into());
        self.run_over(&documents.collect::<Vec<_>>(), environment)
    }

    /// The environment with the collation of the case.
    pub(crate) fn environment(&self, environment: &Environment) -> Result<Environment> {
        let collation = match &self.collation {
            Some(collation) => Collation::parse(&collation.clone()?)?,
            None => Collation::simple(),
        };
        Ok(Environment { collation, ..environment.clone() })
    }

    pub(crate) fn filter(&self, environment: &Environment) -> Result<Filter> {
        Filter::parse(&self.query.clone()?, environment)
    }

    pub(crate) fn projection(&self, environment: &Environment) -> Result<Projection> {
        match &self.projection {
            Some(projection) => Projection::parse(&projection.clone()?, environment),
            None => Ok(Projection::everything()),
        }
    }

    pub(crate) fn sort(&self, environment: &Environment) -> Result<Sort> {
        match &self.sort {
            Some(sort) => Sort::parse(&sort.clone()?, environment),
            None => Ok(Sort::none()),
        }
    }

    /// Matching, sorting, the window, projecting.
    fn run_over(
        &self,
        documents: &[DocumentRef<'_>],
        environment: &Environment,
    ) -> Result<Vec<Document>> {
        let environment = &self.environment(environment)?;
        let filter = self.filter(environment)?;
        let matcher = Matcher::compile(&filter, environment)?;
        let (projection, sort) = (self.projection(environment)?, self.sort(environment)?);
        let mut rows = Vec::new();
        for document in documents {
            if let Some(found) = matcher.find(*document)? {
                rows.push((sort.key(*document)?, *document, found));
            }
        }
        rows.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let window = rows.into_iter().skip(self.skip).take(limit);
        window.map(|(_, document, found)| projection.apply(document, Some(found))).collect()
    }

    /// What is wrong with an answer, if anything is.
    pub(crate) fn fault(&self, answer: &Result<Vec<Document>>) -> Option<String> {
        let fault = |what: &dyn std::fmt::Debug| Some(format!("{}: {what:?}", self.id));
        match (&self.want, answer) {
            (Want::Nothing, _) => None,
            (Want::Error(code), Err(error)) => {
                let same = code.is_none_or(|code| code == i64::from(error.code().0));
                if same { None } else { fault(error) }
            }
            (Want::Error(_), Ok(documents)) => fault(documents),
            (_, Err(error)) => fault(error),
            (Want::Ids(ids), Ok(documents)) => {
                if same(&sorted(ids.clone()), &sorted(ids_of(documents))) {
                    None
                } else {
                    fault(&ids_of(documents))
                }
            }
            (Want::Order(ids), Ok(documents)) => {
                if same(ids, &ids_of(documents)) {
                    None
                } else {
                    fault(&ids_of(documents))
                }
            }
            (Want::Docs(wanted), Ok(documents)) => {
                let same = match self.sort {
                    Some(_) => wanted == documents,
                    // Without a sort there is no order.
                    None => shown(wanted) == shown(documents),
                };
                if same { None } else { fault(documents) }
            }
        }
    }
}

fn shown(documents: &[Document]) -> Vec<String> {
    let mut shown: Vec<String> = documents.iter().map(|one| format!("{one:?}")).collect();
    shown.sort();
    shown
}

fn ids_of(documents: &[Document]) -> Vec<Value> {
    documents.iter().map(|document| document.get("_id").cloned().unwrap_or_default()).collect()
}

fn sorted(mut ids: Vec<Value>) -> Vec<Value> {
    ids.sort_by(|a, b| order::compare(a.view(), b.view()));
    ids
}

fn same(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| order::equal(a.view(), b.view()))
}
