//! The state of a view as its address has it: which files, in which order, which part of them, what of each.
//!
//! Parsing takes whatever comes and leaves out what means nothing; whether a query can be read is found out
//! when it is asked. A question that was written into an address is read back as the same question.

use std::fmt::Write as _;

/// Files that somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) room: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) type_group: Option<String>,
    /// What stands in the query box.
    pub(crate) query: String,
    /// What was added by a click; each narrows further.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) sort: String,
    pub(crate) fields: String,
    /// Paths of fields; empty for the usual ones.
    pub(crate) columns: Vec<String>,
    pub(crate) offset: u64,
    pub(crate) count: u64,
}

/// A filter of its own, as text.
pub(crate) type Condition = String;

/// How many files a page may hold.
pub(crate) const PAGE_SIZES: [u64; 4] = [20, 50, 100, 500];
const USUAL_SIZE: u64 = 50;

/// Columns and conditions of one question.
const MOST: usize = 50;

impl Default for Question {
    fn default() -> Question {
        Question {
            room: None,
            user: None,
            type_group: None,
            query: String::new(),
            conditions: Vec::new(),
            sort: String::new(),
            fields: String::new(),
            columns: Vec::new(),
            offset: 0,
            count: USUAL_SIZE,
        }
    }
}

impl Question {
    /// Reads the part of an address behind its `?`.
    pub(crate) fn parse(parameters: &str) -> Question {
        let mut question = Question::default();
        for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            let value = value.into_owned();
            match &*name {
                "room" => question.room = Some(value),
                "user" => question.user = Some(value),
                "type" => question.type_group = Some(value),
                "query" => question.query = value,
                "and" if question.conditions.len() < MOST => question.add(value),
                "sort" => question.sort = value,
                "fields" => question.fields = value,
                "column" if question.columns.len() < MOST && !question.columns.contains(&value) => {
                    question.columns.push(value);
                }
                "offset" => question.offset = value.parse().unwrap_or(0),
                "count" => question.count = size(&value),
                _ => {}
            }
        }
        question
    }

    /// The parameters that it is written as; those that say nothing are left out.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let mut say = |name, value: &str| {
            if !value.is_empty() {
                parameters.push((name, value.to_owned()));
            }
        };
        say("room", self.room.as_deref().unwrap_or_default());
        say("user", self.user.as_deref().unwrap_or_default());
        say("type", self.type_group.as_deref().unwrap_or_default());
        say("query", &self.query);
        self.conditions.iter().for_each(|condition| say("and", condition));
        say("sort", &self.sort);
        say("fields", &self.fields);
        self.columns.iter().for_each(|column| say("column", column));
        if self.offset > 0 {
            say("offset", &self.offset.to_string());
        }
        if self.count != USUAL_SIZE {
            say("count", &self.count.to_string());
        }
        parameters
    }

    /// The address of a view of this question.
    pub(crate) fn address(&self, path: &str) -> String {
        self.address_with(path, &[])
    }

    /// The same with parameters of the view's own ahead.
    pub(crate) fn address_with(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(more);
        encoded.extend_pairs(self.parameters());
        let encoded = encoded.finish();
        let mut address = path.to_owned();
        if !encoded.is_empty() {
            let _never_fails = write!(address, "?{encoded}");
        }
        address
    }

    /// The same, from its first file on.
    pub(crate) fn restart(&self) -> Question {
        Question { offset: 0, ..self.clone() }
    }

    /// The same, narrowed by one more condition.
    pub(crate) fn and(&self, condition: Condition) -> Question {
        let mut question = self.restart();
        question.add(condition);
        question
    }

    /// The same without the condition of that number.
    pub(crate) fn without(&self, number: usize) -> Question {
        let mut question = self.restart();
        if number < question.conditions.len() {
            question.conditions.remove(number);
        }
        question
    }

    /// Whether anything narrows the files beside room, user and type.
    pub(crate) fn is_asked(&self) -> bool {
        !self.query.is_empty() || !self.conditions.is_empty()
    }

    fn add(&mut self, condition: Condition) {
        if !self.conditions.contains(&condition) {
            self.conditions.push(condition);
        }
    }
}

fn size(text: &str) -> u64 {
    let most = PAGE_SIZES.iter().copied().max().unwrap_or(USUAL_SIZE);
    text.parse().map_or(USUAL_SIZE, |count: u64| count.clamp(1, most))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![3 => "[ -~]{0,12}", 1 => any::<String>(), 1 => Just(String::new())]
    }

    fn named() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(text().prop_filter("says something", |text| !text.is_empty()))
    }

    fn several() -> impl Strategy<Value = Vec<String>> {
        let texts = proptest::collection::btree_set(
            text().prop_filter("says something", |text| !text.is_empty()),
            0..4,
        );
        texts.prop_map(|texts| texts.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_question_is_read_back_from_its_address(
            (room, user, type_group) in (named(), named(), named()),
            (query, sort, fields) in (text(), text(), text()),
            (conditions, columns) in (several(), several()),
            offset in any::<u64>(),
            count in 1..=500_u64,
        ) {
            let question = Question {
                room, user, type_group, query, conditions, sort, fields, columns, offset, count,
            };
            let address = question.address("/files");
            prop_assert!(address.is_ascii() && !address.contains([' ', '"', '<', '>', '\'']));
            let parameters = address.split_once('?').map_or("", |(_, parameters)| parameters);
            prop_assert_eq!(Question::parse(parameters), question);
        }

        #[test]
        fn no_parameters_make_anything_panic(parameters in any::<String>()) {
            let question = Question::parse(&parameters);
            prop_assert!((1..=500).contains(&question.count));
        }
    }

    #[test]
    fn what_narrows_begins_at_the_first_file_and_is_taken_away_again() {
        let question = Question { offset: 100, ..Question::default() };
        let narrowed = question.and("{a: 1}".to_owned()).and("{a: 1}".to_owned());
        assert_eq!((narrowed.offset, narrowed.conditions.len()), (0, 1));
        assert_eq!(narrowed.without(0), Question::default());
        assert_eq!(narrowed.without(7).conditions.len(), 1);
    }
}
