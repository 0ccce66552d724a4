//! A filter says the same of a document in memory, of its stored form, and after being printed and
//! parsed again. So do a projection and a sort.
#![no_main]

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Document, DocumentRef, Environment, Filter, Matcher, Projection, Result, Sort, ejson,
};
use libfuzzer_sys::fuzz_target;

fn both<T: PartialEq + std::fmt::Debug>(
    document: &Document,
    ask: impl Fn(DocumentRef<'_>) -> Result<T>,
) {
    let bytes = packed::pack(document);
    let stored = PackedDocument::new(&bytes);
    assert!(stored.check());
    assert_eq!(ask(document.view()), ask(stored.into()));
}

// A document, then a filter, a projection and a sort, one a line.
fuzz_target!(|text: &str| {
    let environment = Environment::default();
    let mut lines = text.lines();
    let Some(line) = lines.next() else { return };
    let Ok(document) = ejson::read_document(line, &environment.limits) else { return };
    let mut next = || lines.next().unwrap_or("{}");

    if let Ok(filter) = Filter::parse_text(next(), &environment)
        && let Ok(matcher) = Matcher::compile(&filter, &environment)
    {
        both(&document, |document| matcher.matches(document));
        let printed = filter.to_document();
        let again = Filter::parse(&printed, &environment).expect("a printed filter parses");
        let again = Matcher::compile(&again, &environment).expect("and compiles");
        assert_eq!(matcher.matches(document.view()), again.matches(document.view()));
    }
    if let Ok(projection) = Projection::parse_text(next(), &environment)
        && !projection.needs_position()
    {
        both(&document, |document| projection.apply(document, None));
    }
    if let Ok(sort) = Sort::parse_text(next(), &environment) {
        both(&document, |document| sort.key(document));
    }
});
