//! No text makes reading, parsing or compiling a query panic, and a filter printed in its
//! canonical form reads back as the same filter.
#![no_main]

use filedex_query::{Environment, Filter, Plan, Projection, Sort, ejson};
use libfuzzer_sys::fuzz_target;

/// Filter, projection and sort are one a line.
fn plan(text: &str, environment: &Environment) -> filedex_query::Result<Plan> {
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or("{}");
    let filter = Filter::parse_text(next(), environment)?;
    let projection = Projection::parse_text(next(), environment)?;
    let sort = Sort::parse_text(next(), environment)?;
    Plan::compile(filter, projection, sort, environment)
}

fuzz_target!(|text: &str| {
    let environment = Environment::default();
    let _ = ejson::read(text, &environment.limits);
    let _ = Filter::parse_text(text, &environment);
    let _ = Projection::parse_text(text, &environment);
    let _ = Sort::parse_text(text, &environment);
    let Ok(plan) = plan(text, &environment) else { return };
    let _ = plan.to_string();
    let printed = plan.filter().to_document();
    let again = Filter::parse(&printed, &environment).expect("a printed filter parses");
    assert_eq!(again.to_document(), printed);
});
