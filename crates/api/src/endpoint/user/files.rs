//! The rules of the list: whose files, which of them, in which order.
//!
//! How a record is shown is [`super::record`]'s, how text parameters are read [`super::text`]'s.

use std::num::NonZeroU64;

use filedex_query::{Account, Collation, Document, DocumentRef, Value, ValueRef};
use http::StatusCode;

use super::listed::{Listed, TooLong};
use super::record::{Own, Parts, Shown};
use crate::endpoint::error::{ApiError, Style};
use crate::endpoint::params::{Order, SearchField, Shown as Which, SortBy, UserFilesParams};
use crate::endpoint::{Endpoints, literal};
use crate::page::write_files;
use crate::{Lookup, Scope, Tag, User};

/// A page of a user's files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UserFiles {
    /// The files, in the shape of the reply.
    pub page: Vec<Document>,
    /// How many files match. Replies to a search leave it out.
    pub total: u64,
    /// How many pages that makes. Replies to a search leave it out.
    pub pages: u64,
    /// What was searched for, if anything was.
    pub search: Option<Searched>,
}

/// What a reply says about its search.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Searched {
    /// The field.
    pub field: SearchField,
    /// The text, or the tags.
    pub query: SearchedQuery,
}

/// What was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchedQuery {
    /// A text that the field contains.
    Text(String),
    /// Tags by id, all of which a file carries.
    Tags(Vec<String>),
}

/// The part of a list a page is.
#[derive(Clone, Copy)]
struct Part {
    offset: u64,
    count: u64,
}

type Found = (Vec<Document>, u64);

/// What is asked for.
struct Asked {
    /// Those of the owner.
    tags: Vec<Tag>,
    search: Option<Searched>,
    per_page: NonZeroU64,
    /// The files, in no order yet; none where nothing can match.
    owned: Option<Lookup>,
}

impl Asked {
    fn parts(&self) -> Parts {
        if self.search.is_some() { Parts::SEARCHED } else { Parts::LISTED }
    }
}

impl Part {
    fn of(params: &UserFilesParams, per_page: NonZeroU64) -> Part {
        let offset = (params.page.get() - 1).saturating_mul(per_page.get());
        Part { offset, count: per_page.get() }
    }
}

impl Endpoints {
    /// A page of the caller's files, or of those of a user of lower rank.
    ///
    /// # Errors
    /// 403 for a user whose files the caller may not see, 404 for one who isn't there, 400 for a tag that
    /// isn't that user's; 500 for a fault of the host.
    pub fn user_files(
        &self,
        caller: &User,
        params: &UserFilesParams,
    ) -> Result<UserFiles, ApiError> {
        let owner = self.owner_of(caller, params.id.as_deref())?;
        self.files_of(&owner, params)
    }

    /// The user whose files are asked for.
    pub(in crate::endpoint) fn owner_of(
        &self,
        caller: &User,
        id: Option<&str>,
    ) -> Result<User, ApiError> {
        let Some(id) = id.filter(|id| *id != caller.id) else { return Ok(caller.clone()) };
        let owner = self.directory.user(id).map_err(|e| ApiError::directory(Style::Zipline, &e))?;
        let missing = || ApiError::zipline(StatusCode::NOT_FOUND, "User not found");
        let owner = owner.ok_or_else(missing)?;
        match caller.may_see_files_of(&owner) {
            true => Ok(owner),
            false => {
                let text = "You can't view this user's files.";
                Err(ApiError::zipline(StatusCode::FORBIDDEN, text))
            }
        }
    }

    /// A page of that user's files, which the caller may see.
    pub(in crate::endpoint) fn files_of(
        &self,
        owner: &User,
        params: &UserFilesParams,
    ) -> Result<UserFiles, ApiError> {
        let asked = self.read_files(owner, params)?;
        let fault = |error| ApiError::lookup(Style::Zipline, error);
        let language = &self.options.collation;
        let (records, total) = match &asked.owned {
            Some(owned) => found(owned, params, asked.per_page, language).map_err(fault)?,
            None => (Vec::new(), 0),
        };
        let page = self.shown(&records, asked.tags.clone(), asked.parts())?;
        let pages = total.div_ceil(asked.per_page.get());
        Ok(UserFiles { page, total, pages, search: asked.search })
    }

    /// The same as the body of a reply.
    pub(in crate::endpoint) fn files_text(
        &self,
        owner: &User,
        params: &UserFilesParams,
    ) -> Result<Vec<u8>, ApiError> {
        let asked = self.read_files(owner, params)?;
        let owned = asked.owned.as_ref().filter(|_| !params.sort_by.can_be_null());
        let Some(owned) = owned else { return Ok(self.files_of(owner, params)?.to_json()) };
        let fault = |error| ApiError::lookup(Style::Zipline, error);
        let listed = listed(owned, params, &self.options.collation).map_err(fault)?;
        let Part { offset, count } = Part::of(params, asked.per_page);
        let window = listed.offset(offset).count(count);
        let (mut out, total) = match self.listed_text(&window, &asked)? {
            Some(written) => written,
            None => self.shown_text(&window, &asked)?,
        };
        out.push(b']');
        let pages = total.div_ceil(asked.per_page.get());
        write_rest((total, pages), asked.search.as_ref(), &mut out);
        Ok(out)
    }

    /// The beginning of a reply with its files, and how many match, put together from the texts of the records; `None`
    /// if it takes the records themselves.
    fn listed_text(
        &self,
        window: &Lookup,
        asked: &Asked,
    ) -> Result<Option<(Vec<u8>, u64)>, ApiError> {
        if asked.search.is_some() {
            // What takes long to find is not found twice for the sake of a few that take their records.
            return Ok(None);
        }
        let most = self.index.limits().reply_bytes;
        let mut listed = Listed::new(&self.options.files_route, most);
        let total = match window.marked(&mut |record| listed.add(record)) {
            // The limit is that of the reply, not of the records that are asked for it.
            Err(error) if is_of_reply(&error) => return Ok(None),
            total => total.map_err(|error| ApiError::lookup(Style::Zipline, error))?,
        };
        let text = listed.finish().map_err(|TooLong| too_long(most))?;
        Ok(text.map(|text| (text, total)))
    }

    /// The same, from the records.
    fn shown_text(&self, window: &Lookup, asked: &Asked) -> Result<(Vec<u8>, u64), ApiError> {
        let (mut out, mut outcome) = (OPENING.to_vec(), Ok(()));
        let total = window.show(&mut |records, account| {
            outcome = self.write_shown(records, asked, &mut out, account);
        });
        let total = total.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        outcome.map(|()| (out, total))
    }

    fn write_shown(
        &self,
        records: &[DocumentRef<'_>],
        asked: &Asked,
        out: &mut Vec<u8>,
        account: &Account,
    ) -> Result<(), ApiError> {
        let records: Vec<Own<_>> = records.iter().copied().map(Own::from).collect();
        let shown = self.shown_with(&records, asked.tags.clone(), asked.parts())?;
        let most = self.index.limits().reply_bytes;
        for (place, record) in records.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            let left = most.saturating_sub(out.len());
            let written = shown.write(record, asked.parts(), out, (left, account));
            written.map_err(|error| match error.limit_name() {
                // The limit is that of the whole reply, not of what is left of it.
                Some("reply_bytes") => too_long(most),
                _ => ApiError::lookup(Style::Zipline, error.into()),
            })?;
        }
        Ok(())
    }

    /// What is asked for, with what the directory says of it.
    fn read_files(&self, owner: &User, params: &UserFilesParams) -> Result<Asked, ApiError> {
        let fault = |error| ApiError::directory(Style::Zipline, &error);
        let tags = self.directory.tags(&owner.id).map_err(fault)?;
        let search = searched(params, &tags)?;
        let per_page = params.per_page.unwrap_or(self.options.per_page);
        let per_page = per_page.min(self.options.most_per_page);
        let owned = match &search {
            // No tag at all: nothing carries that.
            Some(Searched { query: SearchedQuery::Tags(ids), .. }) if ids.is_empty() => None,
            _ => {
                let incomplete = self.directory.incomplete_files(&owner.id).map_err(fault)?;
                let owned = self.owned(owner, params, &incomplete, search.as_ref());
                Some(owned.map_err(|error| ApiError::lookup(Style::Zipline, error))?)
            }
        };
        Ok(Asked { tags, search, per_page, owned })
    }

    /// The records as Zipline's lookups show them.
    pub(super) fn shown(
        &self,
        records: &[Document],
        tags: Vec<Tag>,
        parts: Parts,
    ) -> Result<Vec<Document>, ApiError> {
        let records: Vec<Own<_>> = records.iter().map(Document::view).map(Own::from).collect();
        let shown = self.shown_with(&records, tags, parts)?;
        Ok(records.iter().map(|record| shown.file(record, parts)).collect())
    }

    /// What records are shown with. `tags` are those of the owner; what else they carry the directory is asked
    /// for.
    fn shown_with(
        &self,
        records: &[Own<ValueRef<'_>>],
        mut tags: Vec<Tag>,
        parts: Parts,
    ) -> Result<Shown<'_>, ApiError> {
        let carried = records.iter().filter_map(|record| match record.tags {
            Some(ValueRef::Array(tags)) => Some(tags),
            _ => None,
        });
        let ids = carried.flat_map(|tags| tags.iter()).filter_map(|tag| match tag {
            ValueRef::String(id) => Some(id),
            _ => None,
        });
        let mut foreign: Vec<&str> = ids.collect();
        foreign.sort_unstable();
        foreign.dedup();
        foreign.retain(|id| !tags.iter().any(|tag| tag.id == *id));
        if parts.tags && !foreign.is_empty() {
            let others = self.directory.tags_by_id(&foreign);
            let others = others.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
            tags.extend(others.into_values());
        }
        Ok(Shown { tags, route: self.options.files_route.as_str() })
    }

    /// Every file of a user that shows, complete or not.
    pub(super) fn all_of(&self, owner: &User) -> Lookup {
        let scope = Scope::everything().user(&owner.id).visible(self.options.visibility);
        self.lookup(scope).collated(&Collation::simple())
    }

    /// The files asked for, in no order. What the host forces is the scope; what the parameters say is
    /// asked of records as the caller may see them.
    fn owned(
        &self,
        owner: &User,
        params: &UserFilesParams,
        incomplete: &[String],
        search: Option<&Searched>,
    ) -> crate::Result<Lookup> {
        let mut scope = Scope::everything().user(&owner.id).visible(self.options.visibility);
        for ids in incomplete.chunks(IDS_OF_ONE_CONDITION) {
            let ids: Vec<Value> = ids.iter().map(|id| Value::from(id.as_str())).collect();
            scope = scope.and(Document::new().with("_id", Document::new().with("$nin", ids)));
        }
        // What is asked for is found as it stands; only lists are in the order of a language.
        let mut lookup = self.lookup(scope).collated(&Collation::simple());
        if let Some(folder) = params.folder.as_deref().filter(|folder| !folder.is_empty()) {
            lookup = lookup.query(Document::new().with("folderId", folder))?;
        }
        if params.filter == Which::Dashboard {
            let pattern = Document::new().with("$regex", "^(?:image|video|audio|text)/");
            lookup = lookup.query(Document::new().with("type", pattern))?;
        }
        if params.favorite && params.filter != Which::All {
            lookup = lookup.query(Document::new().with("favorite", true))?;
        }
        let conditions = search.map(Searched::conditions).unwrap_or_default();
        conditions.iter().try_fold(lookup, |lookup, condition| lookup.query(condition))
    }
}

fn found(
    owned: &Lookup,
    params: &UserFilesParams,
    per_page: NonZeroU64,
    language: &Collation,
) -> crate::Result<Found> {
    let (field, order) = (params.sort_by.record_field(), params.order);
    let part = Part::of(params, per_page);
    if !params.sort_by.can_be_null() {
        return listed(owned, params, language)?.part(part);
    }
    let is_null = owned.clone().query(Document::new().with(field, Value::Null))?;
    let not_null = Document::new().with("$ne", Value::Null);
    let is_set = owned.clone().query(Document::new().with(field, not_null))?;
    let nulls = sorted(&is_null, "_id", order)?;
    let set = listed(&is_set, params, language)?;
    match order {
        Order::Ascending => joined(&set, &nulls, part),
        Order::Descending => joined(&nulls, &set, part),
    }
}

/// The list in the order asked for, which no null has a place in.
fn listed(
    lookup: &Lookup,
    params: &UserFilesParams,
    language: &Collation,
) -> crate::Result<Lookup> {
    // Lists in the order of dates are found as they lie.
    let simple = Collation::simple();
    let language = if params.sort_by.is_text() { language } else { &simple };
    let sorted = sorted(lookup, params.sort_by.record_field(), params.order)?;
    Ok(sorted.sorted_by(language))
}

fn sorted(lookup: &Lookup, field: &str, order: Order) -> crate::Result<Lookup> {
    let way = if order == Order::Ascending { 1 } else { -1 };
    lookup.clone().sort(Document::new().with(field, way))
}

fn is_of_reply(error: &crate::Error) -> bool {
    error.query().and_then(filedex_query::Error::limit_name) == Some("reply_bytes")
}

fn too_long(most: usize) -> ApiError {
    let error = filedex_query::Error::limit("reply_bytes", most);
    ApiError::lookup(Style::Zipline, error.into())
}

/// Ids of incomplete files in one `$nin`, well below the limit on its length.
const IDS_OF_ONE_CONDITION: usize = 1000;

impl Lookup {
    fn part(self, part: Part) -> crate::Result<Found> {
        let page = self.offset(part.offset).count(part.count).page()?;
        Ok((page.files, page.total))
    }
}

/// A part of two lists, one after the other. MongoDB sorts null lowest and Zipline's database
/// highest, so the records without a value are a list of their own.
fn joined(first: &Lookup, second: &Lookup, part: Part) -> crate::Result<Found> {
    let (mut files, ahead) = first.clone().part(part)?;
    let left = part.count.saturating_sub(files.len() as u64);
    if left == 0 {
        return Ok((files, ahead + second.total()?));
    }
    let rest = Part { offset: part.offset.saturating_sub(ahead), count: left };
    let (more, behind) = second.clone().part(rest)?;
    files.extend(more);
    Ok((files, ahead + behind))
}

fn searched(params: &UserFilesParams, tags: &[Tag]) -> Result<Option<Searched>, ApiError> {
    let (field, query) = (params.search_field, params.search_query.as_str());
    if query.is_empty() {
        return Ok(None);
    }
    let query = match field {
        SearchField::Tags => SearchedQuery::Tags(tag_ids(query, tags)?),
        _ => SearchedQuery::Text(query.to_owned()),
    };
    Ok(Some(Searched { field, query }))
}

/// The ids, each of which must be a tag of the owner's and stand once.
fn tag_ids(query: &str, tags: &[Tag]) -> Result<Vec<String>, ApiError> {
    let mut ids: Vec<String> = Vec::new();
    for id in query.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let own = tags.iter().any(|tag| tag.id == id);
        if !own || ids.iter().any(|other| other == id) {
            return Err(ApiError::zipline(StatusCode::BAD_REQUEST, "invalid tag somewhere"));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

impl Searched {
    fn conditions(&self) -> Vec<Document> {
        match &self.query {
            SearchedQuery::Text(text) => {
                vec![literal::contains(self.field.record_field(), text)]
            }
            SearchedQuery::Tags(ids) => ids.iter().map(|id| tagged(id)).collect(),
        }
    }
}

/// Records name their tags by id, or hold them whole.
fn tagged(id: &str) -> Document {
    let named = Value::from(Document::new().with("tags", id));
    let whole = Value::from(Document::new().with("tags.id", id));
    Document::new().with("$or", vec![named, whole])
}

impl SortBy {
    fn record_field(self) -> &'static str {
        match self {
            SortBy::Id => "_id",
            SortBy::CreatedAt => "uploadedAt",
            SortBy::UpdatedAt => "_updatedAt",
            SortBy::DeletesAt => "deletesAt",
            SortBy::Name => "name",
            SortBy::OriginalName => "originalName",
            SortBy::Size => "size",
            SortBy::Type => "type",
            SortBy::Views => "views",
            SortBy::Favorite => "favorite",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, SortBy::Id | SortBy::Name | SortBy::OriginalName | SortBy::Type)
    }

    /// The two fields Zipline's files may lack a value for.
    fn can_be_null(self) -> bool {
        matches!(self, SortBy::DeletesAt | SortBy::OriginalName)
    }
}

impl SearchField {
    fn record_field(self) -> &'static str {
        match self {
            SearchField::Id => "_id",
            other => other.name(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            SearchField::Name => "name",
            SearchField::OriginalName => "originalName",
            SearchField::Type => "type",
            SearchField::Tags => "tags",
            SearchField::Id => "id",
        }
    }
}

impl UserFiles {
    /// The reply: `page`, then `total` and `pages`, or `search`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = OPENING.to_vec();
        out.pop();
        write_files(&self.page, &mut out);
        write_rest((self.total, self.pages), self.search.as_ref(), &mut out);
        out
    }
}

/// What a reply begins with.
pub(super) const OPENING: &[u8] = b"{\"page\":[";

fn write_rest((total, pages): (u64, u64), search: Option<&Searched>, out: &mut Vec<u8>) {
    let rest = match search {
        None => format!(",\"total\":{total},\"pages\":{pages}}}"),
        Some(Searched { field, query }) => {
            let query = match query {
                SearchedQuery::Text(text) => serde_json::Value::from(text.as_str()),
                SearchedQuery::Tags(ids) => serde_json::Value::from(ids.clone()),
            };
            let field = field.name();
            format!(",\"search\":{{\"field\":\"{field}\",\"query\":{query}}}}}")
        }
    };
    out.extend_from_slice(rest.as_bytes());
}
