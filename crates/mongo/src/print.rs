//! A condition as servers read it: no name twice in one object, and nothing that one of them lacks.
//!
//! A repeated operator is lost in a driver's maps, and the answer would be another one without a
//! word. What can't be said without is not said: it is judged here.

use filedex::{Document, Filter, Value};
use filedex_query::Test;

/// The condition, if it can be said.
pub(crate) fn print(filter: &Filter) -> Option<Document> {
    match filter {
        Filter::All => Some(Document::new()),
        Filter::Never => {
            Some(Document::new().with("_id", Document::new().with("$in", Vec::<Value>::new())))
        }
        Filter::And(members) => joined("$and", members),
        Filter::Or(members) => joined("$or", members),
        Filter::Nor(members) => joined("$nor", members),
        Filter::Field { path, test: Test::Not(tests) } => {
            let plain = filter.to_document();
            if is_plain(&plain) {
                return Some(plain);
            }
            let each = tests.iter().map(|test| Filter::field(path.text(), test.clone()).ok());
            let all = joined("$and", &each.collect::<Option<Vec<Filter>>>()?)?;
            Some(Document::new().with("$nor", vec![Value::Document(all)]))
        }
        other => Some(other.to_document()).filter(is_plain),
    }
}

fn joined(name: &str, members: &[Filter]) -> Option<Document> {
    let printed = members.iter().map(|member| print(member).map(Value::Document));
    let printed = printed.collect::<Option<Vec<Value>>>()?;
    match printed.is_empty() {
        true => None,
        false => Some(Document::new().with(name, printed)),
    }
}

/// Whether no name stands twice, and none that only some servers know.
fn is_plain(document: &Document) -> bool {
    let mut names = std::collections::HashSet::new();
    document.iter().all(|(name, value)| {
        names.insert(name)
            && name != "$alwaysFalse"
            && !name.contains('\0')
            && is_plain_value(value)
    })
}

fn is_plain_value(value: &Value) -> bool {
    match value {
        Value::Document(document) => is_plain(document),
        Value::Array(array) => array.iter().all(is_plain_value),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use filedex::Filter;

    use super::print;

    fn printed(text: &str) -> Option<String> {
        let filter = Filter::parse_text(text, &filedex_query::Environment::default()).unwrap();
        print(&filter).map(|document| {
            filedex::ejson::to_text(
                filedex::Value::Document(document).view(),
                filedex::ejson::Form::Relaxed,
            )
        })
    }

    #[test]
    fn a_condition_is_printed_without_a_name_standing_twice() {
        let twice = printed(r#"{"a":{"$not":{"$all":[1,2]}}}"#).unwrap();
        assert_eq!(twice, r#"{"$nor":[{"$and":[{"a":1},{"a":2}]}]}"#);
        assert_eq!(printed(r#"{"a":{"$not":{"$gt":1}}}"#).unwrap(), r#"{"a":{"$not":{"$gt":1}}}"#);
        let joined = printed(r#"{"a":{"$gt":1,"$lt":5}}"#).unwrap();
        assert_eq!(joined, r#"{"$and":[{"a":{"$gt":1}},{"a":{"$lt":5}}]}"#);
        assert_eq!(printed(r#"{"$alwaysFalse":1}"#).unwrap(), r#"{"_id":{"$in":[]}}"#);
    }

    #[test]
    fn what_can_only_be_said_with_a_repeated_name_is_not_said() {
        assert_eq!(printed(r#"{"a":{"$elemMatch":{"$not":{"$all":[1,2]}}}}"#), None);
    }
}
