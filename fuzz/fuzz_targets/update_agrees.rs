//! An update does the same as its paths one after another, in order; what it says it left alone is as it
//! was; it keeps `_id` and the bounds of depth; and it reads back as itself.
#![no_main]

use filedex_query::{
    Document, Environment, Filter, Found, Matcher, Update, Updated, Value, ejson, order,
};
use libfuzzer_sys::fuzz_target;

fn applied(
    update: &Value,
    filters: &[Value],
    document: &Document,
    found: Found,
) -> filedex_query::Result<Updated> {
    let update = Update::parse(update, filters, &Environment::default())?;
    let again = Update::parse(&update.to_value(), update.array_filters(), &Environment::default());
    assert_eq!(again.as_ref(), Ok(&update));
    let updated = update.apply(document.clone(), found);
    assert_eq!(updated, update.apply(document.clone(), found), "twice the same");
    updated
}

/// What holds of whatever comes out.
fn lawful(document: &Document, updated: &Updated) {
    if !updated.is_changed {
        assert_eq!(updated.document, *document);
    }
    if let Some(id) = document.get("_id") {
        let new = updated.document.get("_id").expect("an `_id` stays");
        assert!(order::equal(id.view(), new.view()));
    }
    let text =
        ejson::to_text(Value::Document(updated.document.clone()).view(), ejson::Form::Canonical);
    let mut limits = Environment::default().limits;
    limits.text_bytes = usize::MAX;
    // A value in the document may look like a wrapper, which is then no JSON of ours.
    if let Err(error) = ejson::read_document(&text, &limits) {
        assert_ne!(error.limit_name(), Some("document_depth"));
    }
}

/// The operators' paths one by one, if none of them asks an array filter, whose answer may be another
/// after the path before it.
fn one_by_one(update: &Document, document: &Document, found: Found) -> Option<Document> {
    let mut paths: Vec<(&str, &str, &str, &Value)> = Vec::new();
    for (operator, arguments) in update.iter() {
        for (path, argument) in arguments.as_document()?.iter() {
            let place = match (operator, argument) {
                ("$rename", Value::String(to)) => to,
                _ => path,
            };
            // The order among numbers, and of what `$` stands for, is not that of texts.
            let is_plain = |part: &str| {
                !part.starts_with(|letter: char| letter == '$' || letter.is_ascii_digit())
            };
            if !place.split('.').all(is_plain) {
                return None;
            }
            paths.push((place, operator, path, argument));
        }
    }
    paths.sort_by(|left, right| left.0.split('.').cmp(right.0.split('.')));
    let mut document = document.clone();
    for (_, operator, path, argument) in paths {
        let single = Document::new().with(path, argument.clone());
        let single = Value::Document(Document::new().with(operator, single));
        document = applied(&single, &[], &document, found).expect("a part of it").document;
    }
    Some(document)
}

// A document, a filter, an update and its array filters, one a line.
fuzz_target!(|text: &str| {
    let environment = Environment::default();
    let mut lines = text.lines();
    let mut next = |otherwise| ejson::read(lines.next().unwrap_or(otherwise), &environment.limits);
    let (Ok(Value::Document(document)), Ok(Value::Document(filter))) = (next("{}"), next("{}"))
    else {
        return;
    };
    let Ok(update) = next("{}") else { return };
    let filters = match next("[]") {
        Ok(Value::Array(filters)) => filters,
        _ => Vec::new(),
    };
    let Ok(filter) = Filter::parse(&filter, &environment) else { return };
    if let Ok(parsed) = Update::parse(&update, &filters, &environment)
        && let Ok(made) = parsed.insert(&filter, || Value::Int(1))
    {
        assert_eq!(made.iter().next().map(|(name, _)| name), Some("_id"));
    }
    let Ok(matcher) = Matcher::compile(&filter, &environment) else { return };
    let found = matcher.find(document.view()).ok().flatten().unwrap_or_default();
    let Ok(updated) = applied(&update, &filters, &document, found) else { return };
    lawful(&document, &updated);
    if let Value::Document(update) = &update
        && update.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
        && let Some(stepwise) = one_by_one(update, &document, found)
    {
        assert_eq!(stepwise, updated.document);
    }
});
