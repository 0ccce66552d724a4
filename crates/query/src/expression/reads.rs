//! What an expression reads of a document: one path for each of its fields, which holds all that is read of it.

use std::collections::BTreeMap;

/// By the name of each field what all paths into it have in common, this name included.
#[derive(Debug, Default)]
pub(super) struct Reads(pub(super) BTreeMap<String, Vec<String>>);

impl Reads {
    /// Adds a path; false for that of the whole document.
    pub(super) fn add(&mut self, path: &[String]) -> bool {
        let Some(first) = path.first() else { return false };
        match self.0.get_mut(first) {
            Some(known) => {
                let common = known.iter().zip(path).take_while(|(one, other)| one == other).count();
                known.truncate(common);
            }
            None => drop(self.0.insert(first.clone(), path.to_vec())),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{Environment, Expression, Path, ejson};

    /// The paths that an expression reads; none if it may read all.
    fn reads(expression: &str) -> Option<Vec<String>> {
        let environment = Environment::default();
        let expression = ejson::read(expression, &environment.limits).unwrap();
        let paths = Expression::parse(&expression, &environment).unwrap().paths()?;
        Some(paths.iter().map(|path| Path::text(path).to_owned()).collect())
    }

    #[test]
    fn of_each_field_is_read_what_all_paths_into_it_have_in_common() {
        let paths = |paths: &[&str]| Some(paths.iter().map(|path| (*path).to_owned()).collect());
        assert_eq!(reads(r#"{"$gt": ["$a.b.c", "$size"]}"#), paths(&["a.b.c", "size"]));
        assert_eq!(reads(r#"{"$gt": ["$a.b.c", "$a.b.d"]}"#), paths(&["a.b"]));
        assert_eq!(reads(r#"{"$gt": ["$a.b", {"$size": "$a.c"}]}"#), paths(&["a"]));
        assert_eq!(reads(r#"{"$gt": ["$a.b.c", "$a"]}"#), paths(&["a"]));
        assert_eq!(reads(r#"{"$eq": ["$$ROOT", "$a.b"]}"#), None);
    }
}
