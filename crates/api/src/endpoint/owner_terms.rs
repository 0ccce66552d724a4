//! `user`, `user.username` and `user.name` in a query, a sort and the fields: they mean what replies
//! show, though records hold `userId` alone and only the directory knows the names.
//!
//! Conditions become conditions on `userId`, judged once for each owner of a file in the list. A sort goes
//! through the matches with their owners shown. This file knows no room.

use std::collections::BTreeSet;
use std::time::Instant;

use filedex_query::{Document, Filter, Plan, Projection, Sort, TopK, Value};

use super::Endpoints;
use super::error::{ApiError, Style};
use super::owner::shown;
use crate::{Error, Lookup, Page};

/// Records read at once.
const WINDOW: u64 = 10_000;

/// The owners of files that the directory knows, each as replies show him: `{"user": {..}}`.
struct Owners(Vec<(String, Document)>);

/// Whether the path is the owner or a part of him.
fn names_owner(path: &str) -> bool {
    path == "user" || path.starts_with("user.")
}

/// Whether a query asks for owners, outside of expressions.
pub(super) fn in_query(query: &Document) -> bool {
    query.iter().any(|(name, value)| match (joins(name), value) {
        (true, Value::Array(members)) => {
            members.iter().filter_map(Value::as_document).any(in_query)
        }
        _ => names_owner(name),
    })
}

/// Whether a sort goes by owners.
pub(super) fn in_sort(sort: &Document) -> bool {
    sort.iter().any(|(path, _)| names_owner(path))
}

fn joins(name: &str) -> bool {
    matches!(name, "$and" | "$or" | "$nor")
}

impl Endpoints {
    /// The query with its conditions on owners as conditions on `userId`.
    pub(super) fn by_user_id(
        &self,
        among: &Lookup,
        query: &Document,
    ) -> Result<Document, ApiError> {
        let owners = self.owners(among)?;
        let read = self.rewritten(query, &owners);
        read.map_err(|error| ApiError::lookup(Style::Chat, error))
    }

    /// Everybody who owns one of the files, as far as the directory knows.
    fn owners(&self, among: &Lookup) -> Result<Owners, ApiError> {
        let ids = owner_ids(among).map_err(|error| ApiError::lookup(Style::Chat, error))?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let users = self.directory.users(&ids);
        let users = users.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        let mut owners: Vec<(String, Document)> = users
            .into_iter()
            .map(|(id, user)| (id, Document::new().with("user", shown(&user))))
            .collect();
        owners.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Owners(owners))
    }

    fn rewritten(&self, query: &Document, owners: &Owners) -> crate::Result<Document> {
        let mut read = Document::new();
        for (name, value) in query.iter() {
            match (joins(name), value) {
                (true, Value::Array(members)) => {
                    let member = |member: &Value| match member {
                        Value::Document(query) => self.rewritten(query, owners).map(Value::from),
                        other => Ok(other.clone()),
                    };
                    let members: crate::Result<Vec<Value>> = members.iter().map(member).collect();
                    read.push(name, members?);
                }
                // One name may stand twice in a query: each is a condition.
                _ if names_owner(name) => {
                    let condition = Document::new().with(name, value.clone());
                    let judged = Value::from(self.judged(condition, owners)?);
                    read.push("$and", vec![judged]);
                }
                _ => read.push(name, value.clone()),
            }
        }
        Ok(read)
    }

    /// The condition, judged for each owner. Of files whose owner nobody knows it is asked as it stands.
    fn judged(&self, condition: Document, owners: &Owners) -> crate::Result<Document> {
        let environment = self.index.environment();
        let filter = Filter::parse(&condition, &environment)?;
        let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?;
        let (mut known, mut meeting) = (Vec::new(), Vec::new());
        for (id, user) in &owners.0 {
            known.push(Value::from(id.as_str()));
            if plan.matcher().find(user.view())?.is_some() {
                meeting.push(Value::from(id.as_str()));
            }
        }
        let user_id = |operator: &str, ids: Vec<Value>| {
            Document::new().with("userId", Document::new().with(operator, ids))
        };
        let unknown = vec![Value::from(user_id("$nin", known)), Value::from(condition)];
        let either = vec![
            Value::from(user_id("$in", meeting)),
            Value::from(Document::new().with("$and", unknown)),
        ];
        Ok(Document::new().with("$or", either))
    }

    /// The page of a lookup in an order that owners decide, with its records' owners not shown yet.
    pub(super) fn sorted_by_owner(
        &self,
        lookup: &Lookup,
        sort: &Document,
        offset: u64,
        limit: u64,
    ) -> Result<Page, ApiError> {
        let fault = |error: Error| ApiError::lookup(Style::Chat, error);
        let (ids, total) = self.ids_by_owner(lookup, sort, offset, limit)?;
        let mut files = Vec::new();
        for id in ids {
            let named = lookup.clone().query(Document::new().with("_id", id.as_str()));
            let found = named.and_then(|one| one.count(1).page()).map_err(fault)?;
            files.extend(found.files);
        }
        Ok(Page::new(files, offset, total))
    }

    fn ids_by_owner(
        &self,
        lookup: &Lookup,
        sort: &Document,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<String>, u64), ApiError> {
        let fault = |error: Error| ApiError::lookup(Style::Chat, error);
        let query_fault = |error: filedex_query::Error| fault(error.into());
        let environment = self.index.environment();
        let order = Sort::parse(sort, &environment).map_err(query_fault)?;
        let end = (limit > 0).then(|| offset.saturating_add(limit));
        let end = end.map(|end| usize::try_from(end).unwrap_or(usize::MAX));
        let mut first = TopK::new(end, &environment.limits);
        let (started, mut total) = (Instant::now(), 0);
        loop {
            let whole = lookup.clone().fields(Document::new()).map_err(fault)?;
            let window = whole.offset(total).count(WINDOW).page().map_err(fault)?;
            let ended = window.files.is_empty();
            for file in self.with_owner_objects(window.files)? {
                let key = order.key_with_id(file.view()).map_err(query_fault)?;
                let id = file.get_str("_id").unwrap_or_default().to_owned();
                first.push(key, id, 0).map_err(query_fault)?;
                total += 1;
            }
            if ended {
                break;
            }
            if started.elapsed() > environment.limits.time {
                let time = format!("{:?}", environment.limits.time);
                return Err(query_fault(filedex_query::Error::limit("time", time)));
            }
        }
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok((first.into_sorted().into_iter().skip(skipped).collect(), total))
    }
}

fn owner_ids(among: &Lookup) -> crate::Result<BTreeSet<String>> {
    let fields = Document::new().with("userId", 1).with("_id", 0);
    let among = among.clone().fields(&fields)?;
    let among = among.sort(Document::new().with("uploadedAt", -1))?;
    let mut ids = BTreeSet::new();
    for window in 0.. {
        let page = among.clone().offset(window * WINDOW).count(WINDOW).page()?;
        let found = page.files.iter().filter_map(|file| file.get_str("userId"));
        ids.extend(found.map(str::to_owned));
        if page.files.is_empty() {
            break;
        }
    }
    Ok(ids)
}

/// Of an owner what the projection shows.
pub(super) fn part(owner: Value, projection: &Projection) -> crate::Result<Option<Value>> {
    let user = Document::new().with("user", owner);
    Ok(projection.apply(user.view(), None)?.remove("user"))
}

/// Fields that ask for owners, or leave them out.
pub(super) struct OwnerFields {
    /// What is asked of records.
    pub(super) records: Document,
    /// What is asked of `{"user": {..}}`.
    user: Document,
    /// Whether `userId` is there only because owners are found by it.
    lent: bool,
}

impl OwnerFields {
    /// Takes fields apart; nothing where they don't name owners plainly.
    pub(super) fn of(fields: &Document) -> Option<OwnerFields> {
        let plain = |value: &Value| !matches!(value, Value::Document(_) | Value::String(_));
        if !fields.iter().any(|(name, value)| names_owner(name) && plain(value)) {
            return None;
        }
        let off = |value: &Value| matches!(value, Value::Int(0) | Value::Bool(false));
        let chosen = fields.iter().any(|(name, value)| name != "_id" && !off(value));
        let (mut records, mut user) = (Document::new(), Document::new());
        for (name, value) in fields.iter() {
            if names_owner(name) {
                user.push(name, value.clone());
            }
            if chosen || !names_owner(name) {
                records.push(name, value.clone());
            }
        }
        let lent = chosen && !records.contains("userId");
        if lent {
            records.push("userId", 1);
        }
        Some(OwnerFields { records, user, lent })
    }

    /// Shows of the owner what is asked for.
    pub(super) fn apply(&self, file: Document, projection: &Projection) -> crate::Result<Document> {
        let mut kept = Document::new();
        for (name, value) in file {
            match name.as_str() {
                "user" => {
                    if let Some(user) = part(value, projection)? {
                        kept.push("user", user);
                    }
                }
                "userId" if self.lent => {}
                _ => kept.push(name, value),
            }
        }
        Ok(kept)
    }

    /// Whether `userId` is not to be shown.
    pub(super) fn lends_id(&self) -> bool {
        self.lent
    }

    /// The projection of the owner.
    pub(super) fn projection(&self, endpoints: &Endpoints) -> crate::Result<Projection> {
        Ok(Projection::parse(&self.user, &endpoints.index.environment())?)
    }
}
