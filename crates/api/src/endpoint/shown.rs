//! Pages of the room endpoints as text, written from the records where they lie: with their owners, and with
//! nothing more of a password than that there is one.
//!
//! It is the same text as the records give that [`super::owner`] and [`super::password`] change; this file saves
//! making them. It does not know how they are found.

use std::collections::HashMap;

use filedex_query::ejson::{Form, write, write_within};
use filedex_query::{Account, DocumentRef, Error as QueryError, ValueRef};

use super::error::{ApiError, Style};
use super::owner::shown;
use super::{Endpoints, OwnerShape, password};
use crate::Lookup;
use crate::page::PageWriter;

/// How the records of a page are written.
struct Writer<'w> {
    /// The owners that are known, as they are shown, by their ids.
    owners: HashMap<String, Vec<u8>>,
    shape: OwnerShape,
    /// Whether no document below the top level has a password that shows.
    hides_passwords: bool,
    account: &'w Account,
    /// Bytes that the page may have.
    most: usize,
}

impl Endpoints {
    /// The page of a lookup as the body of a reply.
    pub(super) fn text_of(&self, lookup: &Lookup, offset: u64) -> Result<Vec<u8>, ApiError> {
        let (mut page, mut outcome) = (PageWriter::new(), Ok(()));
        let total = lookup.show(&mut |records, account| {
            outcome = self.write_files(records, account, &mut page);
        });
        let total = total.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        outcome?;
        Ok(super::reply::successful(page.finish(offset, total)))
    }

    fn write_files(
        &self,
        records: &[DocumentRef<'_>],
        account: &Account,
        page: &mut PageWriter,
    ) -> Result<(), ApiError> {
        let writer = Writer {
            owners: self.owners_of(records)?,
            shape: self.options.owner,
            hides_passwords: self.options.policy.redaction().hides("password"),
            account,
            most: self.index.limits().reply_bytes,
        };
        let mut records = records.iter();
        let written = records.try_for_each(|record| writer.write(*record, page.next()));
        written.map_err(|error| ApiError::lookup(Style::Chat, error.into()))
    }

    /// The owners of the records, as far as the directory knows them.
    fn owners_of(&self, records: &[DocumentRef<'_>]) -> Result<HashMap<String, Vec<u8>>, ApiError> {
        let mut ids: Vec<&str> = records.iter().filter_map(|record| owner_id(*record)).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let users = self.directory.users(&ids);
        let users = users.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        let text = |(id, user)| (id, super::reply::document(&shown(&user)));
        Ok(users.into_iter().map(text).collect())
    }
}

/// The id of the record's owner.
fn owner_id(record: DocumentRef<'_>) -> Option<&str> {
    match record.get("userId") {
        Some(ValueRef::String(id)) => Some(id),
        _ => None,
    }
}

impl Writer<'_> {
    /// Adds a record.
    fn write(&self, record: DocumentRef<'_>, out: &mut Vec<u8>) -> Result<(), QueryError> {
        let owner = match self.owners.is_empty() {
            true => None,
            false => owner_id(record).and_then(|id| self.owners.get(id)),
        };
        out.push(b'{');
        let start = out.len();
        match (owner, self.shape) {
            (None, _) => self.write_fields(record, out, |_| Place::Field)?,
            (Some(owner), OwnerShape::ObjectAndId) => {
                let mut is_there = false;
                self.write_fields(record, out, |name| match name == "user" && !is_there {
                    true => {
                        is_there = true;
                        Place::Owner(owner)
                    }
                    false => Place::Field,
                })?;
                if !is_there {
                    write_field("user", out);
                    out.extend_from_slice(owner);
                    out.push(b',');
                }
            }
            (Some(owner), OwnerShape::Object) => {
                let place = if record.get("user").is_some() { "user" } else { "userId" };
                let mut is_there = false;
                self.write_fields(record, out, |name| {
                    if name != place {
                        return if name == "userId" { Place::Nothing } else { Place::Field };
                    }
                    let was_there = std::mem::replace(&mut is_there, true);
                    if was_there { Place::Nothing } else { Place::Owner(owner) }
                })?;
            }
        }
        if out.len() > start {
            // The comma after the last field.
            out.pop();
        }
        out.push(b'}');
        Ok(())
    }

    /// Adds the fields, each with a comma after it; `place` says what stands in place of each.
    fn write_fields<'o>(
        &self,
        record: DocumentRef<'_>,
        out: &mut Vec<u8>,
        mut place: impl FnMut(&str) -> Place<'o>,
    ) -> Result<(), QueryError> {
        for (name, value) in record.iter() {
            match place(name) {
                // What `password` names is locked, whatever stands there.
                _ if name == "password" => {
                    write_field(name, out);
                    write(password::locked_view(Some(value)), Form::Plain, out);
                }
                Place::Field => {
                    write_field(name, out);
                    self.write_value(value, out)?;
                }
                Place::Owner(owner) => {
                    write_field("user", out);
                    out.extend_from_slice(owner);
                }
                Place::Nothing => continue,
            }
            out.push(b',');
        }
        Ok(())
    }

    fn write_value(&self, value: ValueRef<'_>, out: &mut Vec<u8>) -> Result<(), QueryError> {
        let is_nested = matches!(value, ValueRef::Document(_) | ValueRef::Array(_));
        let left = self.most.saturating_sub(out.len());
        let written = if is_nested && !self.hides_passwords {
            let mut owned = value.to_value();
            password::lock_inside(&mut owned);
            write_within(owned.view(), Form::Plain, out, left, self.account)
        } else {
            write_within(value, Form::Plain, out, left, self.account)
        };
        // The limit is that of the whole reply, not of what is left of it.
        written.map_err(|error| match error.limit_name() {
            Some("reply_bytes") => QueryError::limit("reply_bytes", self.most),
            _ => error,
        })
    }
}

/// What stands in the place of a field.
enum Place<'o> {
    Field,
    /// The owner, as he is shown.
    Owner(&'o [u8]),
    Nothing,
}

/// Adds the name of a field.
fn write_field(name: &str, out: &mut Vec<u8>) {
    write(ValueRef::String(name), Form::Plain, out);
    out.push(b':');
}
