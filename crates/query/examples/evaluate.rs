//! Evaluates an expression a line: `{"doc":{..},"expr":..}` on standard input, the answer as canonical Extended
//! JSON on standard output, `{"none":1}` where there is none and `{"error":code}` where it ends with an error.
//! `tests/referee` asks another server the same and compares.

use std::io::{BufRead as _, BufWriter, Write as _, stdin, stdout};

use filedex_query::{Date, Environment, Error, Expression, Value, ejson};

fn main() -> std::io::Result<()> {
    let environment = Environment { now: Date(1_700_000_000_000), ..Environment::default() };
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let answer = match evaluate(&line?, &environment) {
            Ok(Some(value)) => {
                format!("{{\"ok\":{}}}", ejson::to_text(value.view(), ejson::Form::Canonical))
            }
            Ok(None) => "{\"none\":1}".to_owned(),
            Err(error) => format!("{{\"error\":{}}}", error.code().0),
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

fn evaluate(line: &str, environment: &Environment) -> Result<Option<Value>, Error> {
    let case = ejson::read_document(line, &environment.limits)?;
    match (case.get("doc"), case.get("expr")) {
        (Some(Value::Document(document)), Some(expression)) => {
            Expression::parse(expression, environment)?.evaluate(document.view())
        }
        _ => Ok(None),
    }
}
