//! The `user` object of a file: who owns it, read from the directory once per page.
//!
//! This file knows records and users, nothing of rooms or requests.

use std::collections::HashMap;

use filedex_query::ejson::{self, Form};
use filedex_query::{Document, Value, ValueRef};

use super::error::{ApiError, Style};
use super::{Endpoints, OwnerShape};
use crate::User;

impl Endpoints {
    /// Shows the owners of the files. A record without `userId`, or whose owner the directory
    /// doesn't know, stays as it is.
    pub(super) fn with_owners(&self, files: Vec<Document>) -> Result<Vec<Document>, ApiError> {
        self.with_owners_as(files, self.options.owner)
    }

    /// The same with `user` beside `userId`, whatever the host's choice.
    pub(super) fn with_owner_objects(
        &self,
        files: Vec<Document>,
    ) -> Result<Vec<Document>, ApiError> {
        self.with_owners_as(files, OwnerShape::ObjectAndId)
    }

    fn with_owners_as(
        &self,
        files: Vec<Document>,
        shape: OwnerShape,
    ) -> Result<Vec<Document>, ApiError> {
        let mut ids: Vec<&str> = files.iter().filter_map(|file| file.get_str("userId")).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(files);
        }
        let owners = self.directory.users(&ids);
        let owners = owners.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        Ok(files.into_iter().map(|file| with_owner(file, &owners, shape)).collect())
    }
}

fn with_owner(file: Document, owners: &HashMap<String, User>, shape: OwnerShape) -> Document {
    let Some(owner) = file.get_str("userId").and_then(|id| owners.get(id)) else { return file };
    let owner = Value::Document(shown(owner));
    match shape {
        OwnerShape::ObjectAndId => {
            let mut file = file;
            file.set("user", owner);
            file
        }
        OwnerShape::Object => in_place(file, owner),
    }
}

/// Puts the owner where the record's own `user` stands, else where its `userId` does.
fn in_place(file: Document, owner: Value) -> Document {
    let place = if file.contains("user") { "user" } else { "userId" };
    let mut owner = Some(owner);
    let fields = file.into_iter().filter_map(|(name, value)| {
        if name == place {
            return owner.take().map(|owner| ("user".to_owned(), owner));
        }
        (name != "userId").then_some((name, value))
    });
    fields.collect()
}

/// A user as replies show him.
pub(super) fn shown(user: &User) -> Document {
    let shown = Document::new().with("_id", user.id.as_str());
    let mut shown = shown.with("username", user.username.as_str());
    if let Some(name) = &user.name {
        shown.push("name", name.as_str());
    }
    shown
}

/// Adds the text of [`shown`].
pub(super) fn write(user: &User, out: &mut Vec<u8>) {
    let mut put = |key: &[u8], value: &str| {
        out.extend_from_slice(key);
        ejson::write(ValueRef::String(value), Form::Plain, out);
    };
    put(b"{\"_id\":", &user.id);
    put(b",\"username\":", &user.username);
    if let Some(name) = &user.name {
        put(b",\"name\":", name);
    }
    out.push(b'}');
}
