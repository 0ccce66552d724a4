//! `/api/user/tags`, `/api/user/tags/{id}`: the caller's tags with the files that carry them.

use std::collections::HashMap;

use filedex_query::{Collation, Document, Value};

use super::file::not_found;
use super::record;
use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};
use crate::{Scope, Tag, User};

impl Endpoints {
    /// The caller's tags, in the directory's order, each with the ids of the files that carry it,
    /// whoever owns them.
    ///
    /// # Errors
    /// 500 for a fault of the host.
    pub fn user_tags(&self, caller: &User) -> Result<Vec<Document>, ApiError> {
        let tags = self.own_tags(caller)?;
        self.carried(tags)
    }

    /// One of the caller's tags.
    ///
    /// # Errors
    /// 404 for a tag that isn't there or isn't the caller's; 500 for a fault of the host.
    pub fn user_tag(&self, caller: &User, id: &str) -> Result<Document, ApiError> {
        let own = self.own_tags(caller)?.into_iter().find(|tag| tag.id == id);
        self.carried(vec![own.ok_or_else(not_found)?])?.pop().ok_or_else(not_found)
    }

    fn own_tags(&self, caller: &User) -> Result<Vec<Tag>, ApiError> {
        let tags = self.directory.tags(&caller.id);
        tags.map_err(|error| ApiError::directory(Style::Zipline, &error))
    }

    fn carried(&self, tags: Vec<Tag>) -> Result<Vec<Document>, ApiError> {
        let files = self.files_by_tag(&tags);
        let mut files = files.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        let shown = tags.iter().map(|tag| {
            let files = files.remove(&tag.id).unwrap_or_default();
            record::tag(tag).with("files", files)
        });
        Ok(shown.collect())
    }

    /// The files that carry one of the tags, as `{"id": ..}` by tag, oldest id first.
    fn files_by_tag(&self, tags: &[Tag]) -> crate::Result<HashMap<String, Vec<Value>>> {
        let mut files: HashMap<String, Vec<Value>> = HashMap::new();
        if tags.is_empty() {
            return Ok(files);
        }
        let ids: Vec<Value> = tags.iter().map(|tag| Value::from(tag.id.as_str())).collect();
        let any = |field: &str| {
            let one_of = Document::new().with("$in", ids.clone());
            Value::from(Document::new().with(field, one_of))
        };
        let carrying = Document::new().with("$or", vec![any("tags"), any("tags.id")]);
        let lookup = self.lookup(Scope::everything().visible(self.options.visibility));
        let lookup = lookup.collated(&Collation::simple());
        let found = lookup
            .query(&carrying)?
            .fields(Document::new().with("tags", 1))?
            .sort(Document::new().with("_id", 1))?
            .page()?;
        for record in &found.files {
            let file = Document::new().with("id", record.get_str("_id").unwrap_or_default());
            for tag in carried_by(record) {
                let of_tag = files.entry(tag.to_owned()).or_default();
                if of_tag.last() != Some(&Value::from(file.clone())) {
                    of_tag.push(Value::from(file.clone()));
                }
            }
        }
        Ok(files)
    }
}

/// The ids of a record's tags, which it names or holds whole.
fn carried_by(record: &Document) -> impl Iterator<Item = &str> {
    let tags = record.get("tags").and_then(Value::as_array).unwrap_or_default();
    tags.iter().filter_map(|tag| match tag {
        Value::Document(tag) => tag.get_str("id"),
        tag => tag.as_str(),
    })
}
