//! The common part of `im.files`, `groups.files` and `channels.files`: reading `sort`, `fields` and
//! `query`, the filter, the page, the owners.
//!
//! This file knows a room that the caller may read; finding it is the endpoint's.

use filedex_query::{Document, Limits, Value, ejson};

use super::error::{ApiError, Style};
use super::owner_terms::{self, OwnerFields};
use super::params::FilesParams;
use super::{DefaultSort, Endpoints, literal, password, reply};
use crate::{Lookup, Page, Room, Scope, Visibility};

/// A listing's parameters, read; all but the room.
pub(super) struct Asked {
    offset: u64,
    limit: u64,
    sort: Document,
    fields: Option<Document>,
    query: Option<Document>,
}

impl Endpoints {
    /// Reads page size, sort, fields and query, in the order the server does.
    pub(super) fn read_listing(&self, params: &FilesParams) -> Result<Asked, ApiError> {
        let limits = self.index.limits();
        let sort = read_sort(params.sort.as_deref(), self.options.sort, limits)?;
        let fields = read_fields(params.fields.as_deref(), limits)?;
        let query = read_query(params.query.as_deref(), limits)?;
        let policy = &self.options.policy;
        let checks = [
            ("sort", "error-invalid-sort", policy.check_sort(&sort)),
            (
                "fields",
                "error-invalid-fields",
                fields.as_ref().map_or(Ok(()), |f| policy.check_fields(f)),
            ),
            (
                "query",
                "error-invalid-query",
                query.as_ref().map_or(Ok(()), |q| policy.check_query(q)),
            ),
        ];
        for (parameter, code, checked) in checks {
            checked.map_err(|denied| {
                ApiError::unreadable(
                    format!("Invalid {parameter} parameter provided: {denied}"),
                    code,
                )
            })?;
        }
        let limit = self.options.paging.limit(params.count);
        Ok(Asked { offset: params.offset, limit, sort, fields, query })
    }

    /// The page of a room that the caller may read.
    pub(super) fn list(
        &self,
        room: &Room,
        params: &FilesParams,
        asked: &Asked,
    ) -> Result<Page, ApiError> {
        self.list_in(Scope::everything().room(&room.id), params, asked)
    }

    /// The page of a scope that the caller may read.
    pub(super) fn list_in(
        &self,
        scope: Scope,
        params: &FilesParams,
        asked: &Asked,
    ) -> Result<Page, ApiError> {
        let fault = |error| ApiError::lookup(Style::Chat, error);
        let owner_fields = asked.fields.as_ref().and_then(OwnerFields::of);
        let lookup = self.lookup_of(scope, params, asked, owner_fields.as_ref())?;
        let mut page = self.page_of(lookup, asked)?;
        page.files.iter_mut().for_each(password::lock);
        page.files = self.with_owners(page.files)?;
        if let Some(fields) = &owner_fields {
            let projection = fields.projection(self).map_err(fault)?;
            let shown = page.files.into_iter().map(|file| fields.apply(file, &projection));
            page.files = shown.collect::<crate::Result<Vec<Document>>>().map_err(fault)?;
        }
        Ok(page)
    }

    /// The page of a room that the caller may read, as the body of a reply: the same as that of
    /// [`Endpoints::list`].
    pub(super) fn list_text(
        &self,
        room: &Room,
        params: &FilesParams,
        asked: &Asked,
    ) -> Result<Vec<u8>, ApiError> {
        if owner_terms::in_sort(&asked.sort) {
            return Ok(reply::page(&self.list(room, params, asked)?));
        }
        let owner_fields = asked.fields.as_ref().and_then(OwnerFields::of);
        let scope = Scope::everything().room(&room.id);
        let lookup = self.lookup_of(scope, params, asked, owner_fields.as_ref())?;
        let lookup = lookup.sort(&asked.sort);
        let lookup = lookup.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        let window = lookup.offset(asked.offset).count(asked.limit);
        match self.text_of(&window, asked.offset, owner_fields.as_ref())? {
            Some(text) => Ok(text),
            None => Ok(reply::page(&self.list(room, params, asked)?)),
        }
    }

    /// What is asked for, in no order yet.
    fn lookup_of(
        &self,
        scope: Scope,
        params: &FilesParams,
        asked: &Asked,
        owner_fields: Option<&OwnerFields>,
    ) -> Result<Lookup, ApiError> {
        let (visible, conditions) = self.shows(params);
        let list = self.lookup(scope.visible(visible));
        let mut query = asked.query.clone();
        if let Some(by_owner) = query.as_mut().filter(|query| owner_terms::in_query(query)) {
            *by_owner = self.by_user_id(&list, by_owner)?;
        }
        let mut conditions = conditions.iter().chain(&query);
        let lookup = conditions.try_fold(list, |list, condition| list.query(condition));
        let fields = owner_fields.map(|fields| &fields.records).or(asked.fields.as_ref());
        let lookup = lookup.and_then(|lookup| match fields {
            Some(fields) => lookup.fields(fields),
            None => Ok(lookup),
        });
        lookup.map_err(|error| ApiError::lookup(Style::Chat, error))
    }

    fn page_of(&self, lookup: Lookup, asked: &Asked) -> Result<Page, ApiError> {
        if owner_terms::in_sort(&asked.sort) {
            return self.sorted_by_owner(&lookup, &asked.sort, asked.offset, asked.limit);
        }
        let sorted = lookup.sort(&asked.sort);
        let page = sorted.and_then(|lookup| lookup.offset(asked.offset).count(asked.limit).page());
        page.map_err(|error| ApiError::lookup(Style::Chat, error))
    }

    /// What shows of a list, and the conditions of the dedicated parameters, which are asked of records
    /// as the caller may see them.
    fn shows(&self, params: &FilesParams) -> (Visibility, Vec<Document>) {
        let group = params.type_group.as_deref().filter(|group| !matches!(*group, "" | "all"));
        let visibility = match group {
            // Asking for a type group by name takes the place of leaving thumbs out.
            Some(_) => self.options.visibility.with_thumbs(),
            None => self.options.visibility,
        };
        let group = group.map(|group| Document::new().with("typeGroup", group));
        let name = params.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.map(|name| literal::contains("name", name));
        let missing = || Document::new().with("expiresAt", Document::new().with("$exists", false));
        let confirmed = params.only_confirmed.then(missing);
        (visibility, [group, name, confirmed].into_iter().flatten().collect())
    }
}

fn read_sort(
    text: Option<&str>,
    default: DefaultSort,
    limits: &Limits,
) -> Result<Document, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(default.document()) };
    let refused = || invalid("sort", text, "error-invalid-sort");
    match ejson::read(text, limits).map_err(|_| refused())? {
        Value::Document(sort) if sort.iter().all(|(_, way)| is_one(way) || is_minus_one(way)) => {
            Ok(sort)
        }
        // JavaScript's idea of an empty object, and of nothing.
        Value::Array(none) if none.is_empty() => Ok(Document::new()),
        Value::Bool(false) | Value::Int(0) => Ok(default.document()),
        _ => Err(refused()),
    }
}

/// An object whose plain values are 1 or 0; anything else in it must be the language's.
fn read_fields(text: Option<&str>, limits: &Limits) -> Result<Option<Document>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = || invalid("fields", text, "error-invalid-fields");
    let fields = ejson::read_document(text, limits).map_err(|_| refused())?;
    let allowed = fields.iter().all(|(_, value)| match value {
        Value::Document(_) => true,
        Value::String(path) => path.starts_with('$'),
        other => is_one(other) || is_number(other, 0.0),
    });
    if allowed { Ok(Some(fields)) } else { Err(refused()) }
}

fn read_query(text: Option<&str>, limits: &Limits) -> Result<Option<Document>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = |_| invalid("query", text, "error-invalid-query");
    ejson::read_document(text, limits).map(Some).map_err(refused)
}

fn invalid(parameter: &str, text: &str, code: &'static str) -> ApiError {
    ApiError::unreadable(format!("Invalid {parameter} parameter provided: \"{text}\""), code)
}

fn is_one(value: &Value) -> bool {
    is_number(value, 1.0)
}

fn is_minus_one(value: &Value) -> bool {
    is_number(value, -1.0)
}

fn is_number(value: &Value, number: f64) -> bool {
    match value {
        Value::Int(found) => f64::from(*found) == number,
        Value::Double(found) => *found == number,
        _ => false,
    }
}
