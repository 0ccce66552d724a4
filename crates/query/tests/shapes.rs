//! Runs the cases about projections, sorts and expressions in `testdata/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use filedex_query::ejson::{self, Form};
use filedex_query::{
    Document, Environment, Filter, Limits, Matcher, Projection, Result, Sort, TopK, Value,
};

struct Case(Document);

impl Case {
    fn part(&self, name: &str) -> Document {
        match self.0.get(name) {
            Some(Value::Document(document)) => document.clone(),
            _ => Document::new(),
        }
    }

    fn number(&self, name: &str) -> usize {
        match self.0.get(name) {
            Some(Value::Int(number)) => *number as usize,
            _ => 0,
        }
    }

    /// The documents that come out, in order.
    fn run(&self) -> Result<Vec<Document>> {
        let environment = Environment::default();
        let filter = Filter::parse(&self.part("query"), &environment)?;
        let matcher = Matcher::compile(&filter, &environment)?;
        let sort = Sort::parse(&self.part("sort"), &environment)?;
        let projection = Projection::parse(&self.part("projection"), &environment)?;
        let mut top = TopK::new(None, &environment.limits);
        for document in self.0.get("docs").unwrap().as_array().unwrap() {
            let document = document.as_document().unwrap();
            if let Some(found) = matcher.find(document.view())? {
                top.push(sort.key_with_id(document.view())?, (document, found))?;
            }
        }
        let limit = match self.number("limit") {
            0 => usize::MAX,
            limit => limit,
        };
        let window = top.into_sorted().into_iter().skip(self.number("skip")).take(limit);
        window.map(|(document, found)| projection.apply(document.view(), Some(found))).collect()
    }

    /// What is wrong with the outcome, if anything.
    fn fault(&self) -> Option<String> {
        let want = self.0.get("want").unwrap();
        let got = match self.run() {
            Err(error) => {
                let got = Document::new().with("error", error.code().0 as i32);
                return self.differs(&got.into());
            }
            Ok(documents) => documents,
        };
        let ids = || got.iter().map(|document| document.get("_id").cloned().unwrap());
        let got: Value = match want.as_document().and_then(|want| want.iter().next()) {
            None => return None,
            Some(("order", _)) => Document::new().with("order", ids().collect::<Vec<_>>()).into(),
            Some(("ids", Value::Array(want))) => {
                let mut ids: Vec<Value> = ids().collect();
                // In any order: in that of the claim, as far as they are in it.
                ids.sort_by_key(|id| want.iter().position(|wanted| wanted == id));
                Document::new().with("ids", ids).into()
            }
            Some(_) => {
                let documents = got.into_iter().map(Value::Document).collect::<Vec<_>>();
                Document::new().with("docs", documents).into()
            }
        };
        self.differs(&got)
    }

    fn differs(&self, got: &Value) -> Option<String> {
        let text = |value: &Value| ejson::to_text(value.view(), Form::Canonical);
        let want = self.0.get("want").unwrap();
        let any_error = Value::Document(Document::new().with("error", true));
        let is_error = got.as_document().is_some_and(|got| got.contains("error"));
        if *want == Value::Null || (*want == any_error && is_error) || text(got) == text(want) {
            return None;
        }
        let id = self.0.get_str("id").unwrap();
        let projection = text(self.0.get("projection").unwrap());
        Some(format!("{id}: {projection}\n  want {}\n  got  {}", text(want), text(got)))
    }
}

fn check(cases: &str, least: usize) {
    let read = |line| Case(ejson::read_document(line, &Limits::default()).unwrap());
    let faults: Vec<String> = cases.lines().filter_map(|line| read(line).fault()).collect();
    assert!(cases.lines().count() >= least);
    assert!(faults.is_empty(), "{} wrong\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_sort_case_comes_out_as_claimed() {
    check(include_str!("../../../testdata/sorts.jsonl"), 40);
}

#[test]
fn every_projection_case_comes_out_as_claimed() {
    check(include_str!("../../../testdata/projections.jsonl"), 60);
}

#[test]
fn every_expression_case_comes_out_as_claimed() {
    check(include_str!("../../../testdata/expressions.jsonl"), 200);
}
