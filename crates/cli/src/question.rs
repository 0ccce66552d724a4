//! Which records a command line asks for: the arguments that `find`, `count`, `export`, `remove`, `update` and
//! `watch` share.
//!
//! This file knows no operator and no storage.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use filedex::{Filedex, Lookup, Scope};
use filedex_query::{Collation, Date, Document, Environment, Filter, Value, shell};

use crate::failure::Failure;

/// A filter, in whichever way its parts are given.
#[derive(Args, Clone, Debug)]
pub(crate) struct Question {
    /// Only files of this room (`rid`).
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Only files of this user (`userId`).
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only files of this group: image, video, audio, text, application, ...
    #[arg(long, value_name = "GROUP")]
    type_group: Option<String>,
    /// A filter in MongoDB's find language, as JSON or as in its shell: {name: /^logo/i, size: {$gt: 10000}}.
    #[arg(long, value_name = "JSON")]
    query: Option<String>,
    /// How texts compare: {"locale":"en","strength":2,"numericOrdering":true}.
    #[arg(long, value_name = "JSON")]
    collation: Option<String>,
}

impl Question {
    /// Whether anything is asked: no question asks for everything.
    pub(crate) fn is_asked(&self) -> bool {
        let Question { room, user, type_group, query, .. } = self;
        [room, user, type_group, query].iter().any(|part| part.is_some())
    }

    /// The lookup in an index.
    pub(crate) fn lookup(
        &self,
        index: &Filedex,
        environment: &Environment,
    ) -> Result<Lookup, Failure> {
        let lookup = index.lookup(self.scope()).collated(&environment.collation);
        match &self.query {
            Some(query) => Ok(lookup.query_relaxed(query)?),
            None => Ok(lookup),
        }
    }

    /// What the arguments for fields of their own force.
    pub(crate) fn forced(&self, environment: &Environment) -> Result<Filter, Failure> {
        let Question { room, user, type_group, .. } = self;
        let named = [("rid", room), ("userId", user), ("typeGroup", type_group)];
        let named = named.into_iter().filter_map(|(field, value)| {
            value.as_deref().map(|value| (field.to_owned(), Value::from(value)))
        });
        Ok(Filter::parse(&named.collect::<Document>(), environment)?)
    }

    /// What the query says.
    pub(crate) fn asked(&self, environment: &Environment) -> Result<Filter, Failure> {
        match &self.query {
            Some(text) => Ok(Filter::parse(&shell::read_filter(text, environment)?, environment)?),
            None => Ok(Filter::all()),
        }
    }

    /// The language is pure: the clock of `$$NOW` and the seed of `$sampleRate` come from here.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        let collation = match &self.collation {
            Some(text) => Collation::parse_text(text, &Environment::default())?,
            None => Collation::simple(),
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Environment {
            collation,
            now: Date(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            seed: u64::from(since.subsec_nanos()),
            ..Environment::default()
        })
    }

    /// The scope with the query in it, for what takes nothing else.
    pub(crate) fn whole_scope(&self, environment: &Environment) -> Result<Scope, Failure> {
        match &self.query {
            Some(text) => Ok(self.scope().and(shell::read_filter(text, environment)?)),
            None => Ok(self.scope()),
        }
    }

    fn scope(&self) -> Scope {
        let Question { room, user, type_group, .. } = self;
        let mut scope = Scope::everything();
        if let Some(room) = room {
            scope = scope.room(room);
        }
        if let Some(user) = user {
            scope = scope.user(user);
        }
        match type_group {
            Some(group) => scope.type_group(group),
            None => scope,
        }
    }
}
