//! The compiled matcher and the naive one agree on random documents and filters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::naive;
use super::random;

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Account, Document, Environment, Filter, Matcher, Path, Plan, Projection, Question, Residual,
    Sort,
};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Runs as many cases: a filter and a few documents each.
fn agree(cases: u32) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let strategy = (random::filter(), vec(random::document(), 2));
    let outcome = TestRunner::new(config).run(&strategy, |(filter, documents)| {
        let environment = Environment::default();
        let parsed = Filter::parse(&filter, &environment).expect("a valid filter");
        let matcher = Matcher::compile(&parsed, &environment).expect("compiles");
        print_and_parse_again(&parsed, &environment)?;
        let plan = Plan::compile(parsed, Projection::everything(), Sort::none(), &environment);
        let plan = plan.expect("compiles");
        documents.iter().try_for_each(|document| agree_on(&filter, &matcher, &plan, document))
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn agree_on(
    filter: &Document,
    matcher: &Matcher,
    plan: &Plan,
    document: &Document,
) -> Result<(), TestCaseError> {
    let expected = naive::matches(filter, document);
    let bytes = packed::pack(document);
    let record = PackedDocument::new(&bytes);
    let packed = record.into();
    let found = matcher.find(document.view()).expect("evaluates").is_some();
    let residual = plan.residual(&[]);
    let answers = [
        matcher.matches(document.view()).expect("evaluates"),
        matcher.matches(packed).expect("evaluates"),
        found,
        residual.matches(document.view()).expect("evaluates"),
        residual.matches(packed).expect("evaluates"),
    ];
    if answers != [expected; 5] {
        let message = format!("naive {expected}; compiled, packed, find, residuals {answers:?}");
        return Err(TestCaseError::fail(message));
    }
    let (narrowed, complete) = hold_for_narrowed(&residual, record);
    if narrowed != expected && (complete || expected) {
        return Err(TestCaseError::fail(format!("naive {expected}; narrowed {narrowed}")));
    }
    Ok(())
}

/// Whether the questions hold for no more of the record than their paths look at, and whether there are no
/// other conditions.
fn hold_for_narrowed(residual: &Residual<'_>, record: PackedDocument<'_>) -> (bool, bool) {
    let (questions, complete) = residual.questions();
    (questions.iter().all(|question| holds(question, record)), complete)
}

fn holds(question: &Question<'_>, record: PackedDocument<'_>) -> bool {
    let account = Account::default();
    let narrow = |path: &Path| {
        let mut value = Vec::new();
        path.narrow(record, &mut value);
        value
    };
    match question {
        Question::One(condition) => {
            condition.holds_for_narrowed(&narrow(condition.path()), &account).expect("evaluates")
        }
        Question::All(members) => members.iter().all(|member| holds(member, record)),
        Question::Any(members) => members.iter().any(|member| holds(member, record)),
        Question::None(members) => !members.iter().any(|member| holds(member, record)),
        Question::Fields(fields) => {
            let values: Vec<Vec<u8>> = fields.paths().iter().map(narrow).collect();
            let values = values.iter().map(Vec::as_slice);
            fields.holds_for_narrowed(values, &mut Vec::new(), &account).expect("evaluates")
        }
        _ => panic!("a question of another kind"),
    }
}

fn print_and_parse_again(filter: &Filter, environment: &Environment) -> Result<(), TestCaseError> {
    let printed = filter.to_document();
    let again = Filter::parse(&printed, environment)
        .map_err(|error| TestCaseError::fail(format!("{error:?} in {printed:?}")))?;
    if again != *filter {
        return Err(TestCaseError::fail(format!("{filter} became {again}")));
    }
    let text = filter.to_string();
    let read = Filter::parse_text(&text, environment);
    let read = read.map_err(|error| TestCaseError::fail(format!("{error:?} in {text}")))?;
    if Matcher::compile(&read, environment).is_err() {
        return Err(TestCaseError::fail(format!("{text} does not compile")));
    }
    Ok(())
}

#[test]
fn the_compiled_matcher_agrees_with_the_naive_one() {
    agree(20_000);
}

#[test]
#[ignore = "slow: a million cases"]
fn the_compiled_matcher_agrees_with_the_naive_one_a_million_times() {
    agree(1_000_000);
}
