//! No text makes reading the shell's syntax panic or run without bound, and what is JSON is read as JSON
//! is.
#![no_main]

use filedex_query::{Environment, Filter, ejson, shell};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let environment = Environment::default();
    let typed = shell::read(text, &environment);
    if let Err(error) = &typed {
        let _ = (error.to_string(), error.place().map(|place| place.shown().len()));
    }
    if let Ok(json) = ejson::read(text, &environment.limits) {
        let canonical =
            |value: &filedex_query::Value| ejson::to_text(value.view(), ejson::Form::Canonical);
        assert_eq!(canonical(&typed.expect("JSON is read")), canonical(&json));
    }
    if let Ok(filter) = shell::read_filter(text, &environment) {
        let _ = Filter::parse(&filter, &environment);
    }
});
