//! Pages of the room endpoints as text, written from the records where they lie: with their owners, or what is asked
//! for of these, and with nothing more of a password than that there is one.
//!
//! It is the same text as the records give that [`super::owner`], [`super::owner_terms`] and [`super::password`]
//! change; this file saves making them. It does not know how they are found.

use std::collections::HashMap;

use filedex_query::ejson::{Form, write, write_within};
use filedex_query::{Account, Document, DocumentRef, Error as QueryError};
use filedex_query::{Projection, Value, ValueRef};

use super::error::{ApiError, Style};
use super::owner::shown;
use super::owner_terms::{self, OwnerFields};
use super::{Endpoints, OwnerShape, password, reply};
use crate::Lookup;
use crate::page::PageWriter;

/// The owners that are known by their ids, each as he is shown, if he is; and what is asked for of them.
type Owners<'w> = (HashMap<String, Option<Vec<u8>>>, Option<(&'w OwnerFields, Projection)>);

/// How the records of a page are written.
struct Writer<'w> {
    /// As [`Owners`] has them.
    owners: HashMap<String, Option<Vec<u8>>>,
    shape: OwnerShape,
    /// What is asked for of owners, if anything is.
    asked: Option<(&'w OwnerFields, Projection)>,
    /// Whether no document below the top level has a password that shows.
    hides_passwords: bool,
    account: &'w Account,
    /// Bytes that the page may have.
    most: usize,
}

impl Endpoints {
    /// The page of a lookup, with the records' owners, as the body of a reply.
    pub(super) fn text_of(
        &self,
        lookup: &Lookup,
        offset: u64,
        fields: Option<&OwnerFields>,
    ) -> Result<Vec<u8>, ApiError> {
        let (page, total) =
            self.written(lookup, |records| self.owners_asked_for(records, fields))?;
        Ok(reply::successful(page.finish(offset, total)))
    }

    /// The page of a lookup without owners, as the body of a reply that says `count`.
    pub(super) fn bare_text_of(
        &self,
        lookup: &Lookup,
        (offset, count): (u64, u64),
    ) -> Result<Vec<u8>, ApiError> {
        let (page, total) = self.written(lookup, |_| Ok((HashMap::new(), None)))?;
        Ok(reply::successful(page.finish_with(count, offset, total)))
    }

    fn written<'w>(
        &self,
        lookup: &Lookup,
        owners: impl Fn(&[DocumentRef<'_>]) -> Result<Owners<'w>, ApiError>,
    ) -> Result<(PageWriter, u64), ApiError> {
        let (mut page, mut outcome) = (PageWriter::new(), Ok(()));
        let total = lookup.show(&mut |records, account| {
            outcome = owners(records).and_then(|(owners, asked)| {
                let writer = Writer {
                    owners,
                    asked,
                    shape: self.options.owner,
                    hides_passwords: self.options.policy.redaction().hides("password"),
                    account,
                    most: self.index.limits().reply_bytes,
                };
                let mut records = records.iter();
                let written = records.try_for_each(|record| writer.write(*record, page.next()));
                written.map_err(|error| ApiError::lookup(Style::Chat, error))
            });
        });
        let total = total.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        outcome.map(|()| (page, total))
    }

    /// The owners of the records, and what is asked for of them.
    fn owners_asked_for<'w>(
        &self,
        records: &[DocumentRef<'_>],
        fields: Option<&'w OwnerFields>,
    ) -> Result<Owners<'w>, ApiError> {
        let fault = |error: crate::Error| ApiError::lookup(Style::Chat, error);
        let owners = self.owners_of(records)?.into_iter();
        let Some(fields) = fields else {
            let text = |(id, user)| (id, Some(reply::document(&user)));
            return Ok((owners.map(text).collect(), None));
        };
        let projection = fields.projection(self).map_err(fault)?;
        let text = |(id, user)| {
            let user = owner_terms::part(Value::Document(user), &projection)?;
            Ok((id, user.map(|user| text_of(&user))))
        };
        let texts = owners.map(text).collect::<crate::Result<_>>().map_err(fault)?;
        Ok((texts, Some((fields, projection))))
    }

    /// The owners of the records, as far as the directory knows them.
    fn owners_of(
        &self,
        records: &[DocumentRef<'_>],
    ) -> Result<HashMap<String, Document>, ApiError> {
        let mut ids: Vec<&str> = records.iter().filter_map(|record| owner_id(*record)).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let users = self.directory.users(&ids);
        let users = users.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        Ok(users.into_iter().map(|(id, user)| (id, shown(&user))).collect())
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
    fn write(&self, record: DocumentRef<'_>, out: &mut Vec<u8>) -> crate::Result<()> {
        let owner = match self.owners.is_empty() {
            true => None,
            false => owner_id(record).and_then(|id| self.owners.get(id)),
        };
        let owner = owner.map(|owner| owner.as_deref());
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
                    write_owner(owner, out);
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
    ) -> crate::Result<()> {
        for (name, value) in record.iter() {
            match place(name) {
                // What `password` names is locked, whatever stands there.
                _ if name == "password" => {
                    write_field(name, out);
                    write(password::locked_view(Some(value)), Form::Plain, out);
                    out.push(b',');
                }
                Place::Field => self.write_own(name, value, out)?,
                Place::Owner(owner) => write_owner(owner, out),
                Place::Nothing => {}
            }
        }
        Ok(())
    }

    /// Adds a field of the record's own, as far as it is asked for.
    fn write_own(&self, name: &str, value: ValueRef<'_>, out: &mut Vec<u8>) -> crate::Result<()> {
        match &self.asked {
            Some((asked, _)) if name == "userId" && asked.lends_id() => return Ok(()),
            Some((_, projection)) if name == "user" => {
                let mut own = value.to_value();
                password::lock_inside(&mut own);
                let part = owner_terms::part(own, projection)?;
                write_owner(part.map(|part| text_of(&part)).as_deref(), out);
                return Ok(());
            }
            _ => {}
        }
        write_field(name, out);
        self.write_value(value, out)?;
        out.push(b',');
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
    /// The owner, as he is shown, if he is.
    Owner(Option<&'o [u8]>),
    Nothing,
}

/// Adds an owner as he is shown, if he is.
fn write_owner(owner: Option<&[u8]>, out: &mut Vec<u8>) {
    if let Some(owner) = owner {
        write_field("user", out);
        out.extend_from_slice(owner);
        out.push(b',');
    }
}

fn text_of(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    write(value.view(), Form::Plain, &mut text);
    text
}

/// Adds the name of a field.
fn write_field(name: &str, out: &mut Vec<u8>) {
    write(ValueRef::String(name), Form::Plain, out);
    out.push(b':');
}
