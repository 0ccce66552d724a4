//! Array filters: which elements `$[x]` stands for.
//!
//! This file knows their names and their use, and nothing of paths or operators.

use super::condition::{self, Condition};
use crate::{Account, Code, Document, Environment, Error, Filter, Result, Value};

/// The array filters of one update.
#[derive(Clone, Debug, Default)]
pub(super) struct ArrayFilters(Vec<ArrayFilter>);

#[derive(Clone, Debug)]
struct ArrayFilter {
    name: String,
    condition: Condition,
    is_used: bool,
}

impl ArrayFilters {
    /// Reads filters each of which speaks about one name.
    ///
    /// # Errors
    /// 14 for what is no object, 9 for no name, two names or a name that has a filter already, 2 for a
    /// name that is none; those of the filters.
    pub(super) fn parse(filters: &[Value], environment: &Environment) -> Result<ArrayFilters> {
        let most = environment.limits.filter_nodes;
        if filters.len() > most {
            return Err(Error::limit("filter_nodes", most));
        }
        let mut all = ArrayFilters::default();
        for (index, filter) in filters.iter().enumerate() {
            all.add(filter, environment).map_err(|error| error.at(index).at("arrayFilters"))?;
        }
        Ok(all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of the filter of that name, which is thereby used.
    ///
    /// # Errors
    /// 2 if there is none.
    pub(super) fn find(&mut self, name: &str) -> Result<usize> {
        let Some(at) = self.position(name) else {
            return Err(Error::bad_value(format!("no array filter speaks about `{name}`")));
        };
        if let Some(filter) = self.0.get_mut(at) {
            filter.is_used = true;
        }
        Ok(at)
    }

    /// Whether the filter at that place takes the element.
    ///
    /// # Errors
    /// Those of [`crate::Matcher::matches_within`].
    pub(super) fn takes(&self, at: usize, element: &mut Value, account: &Account) -> Result<bool> {
        self.0.get(at).map_or(Ok(false), |filter| filter.condition.matches(element, account))
    }

    /// Refuses filters that no path uses.
    ///
    /// # Errors
    /// 9 if there is one.
    pub(super) fn check_all_used(&self) -> Result<()> {
        match self.0.iter().find(|filter| !filter.is_used) {
            None => Ok(()),
            Some(ArrayFilter { name, .. }) => {
                Err(malformed(format!("the array filter of `{name}` is used in no path")))
            }
        }
    }

    fn add(&mut self, filter: &Value, environment: &Environment) -> Result<()> {
        let Value::Document(filter) = filter else {
            return Err(Error::new(Code::TYPE_MISMATCH, "an array filter is an object"));
        };
        let (name, filter) = named(filter, environment)?;
        if self.position(&name).is_some() {
            return Err(malformed(format!("`{name}` has two array filters")));
        }
        let condition = Condition::new(&name, &filter, environment)?;
        self.0.push(ArrayFilter { name, condition, is_used: false });
        Ok(())
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|filter| filter.name == name)
    }
}

/// The filter with the one name that it speaks about.
fn named(filter: &Document, environment: &Environment) -> Result<(String, Filter)> {
    let filter = condition::filter(filter, environment)?;
    let mut found = None;
    find_name(&filter, &mut found)?;
    let name =
        found.ok_or_else(|| malformed("an array filter needs a name".to_owned()))?.to_owned();
    let is_word = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_word {
        let message =
            format!("`{name}` is no name for elements: a small letter, then letters and digits");
        return Err(Error::bad_value(message));
    }
    Ok((name, filter))
}

fn find_name<'f>(filter: &'f Filter, found: &mut Option<&'f str>) -> Result<()> {
    match filter {
        Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
            members.iter().try_for_each(|member| find_name(member, found))
        }
        Filter::Field { path, .. } => {
            let name = path.first_name();
            match found {
                Some(known) if *known != name => Err(malformed(format!(
                    "an array filter speaks about one name, not about `{known}` and `{name}`"
                ))),
                _ => {
                    *found = Some(name);
                    Ok(())
                }
            }
        }
        _ => Ok(()),
    }
}

fn malformed(message: String) -> Error {
    Error::new(Code::FAILED_TO_PARSE, message)
}
