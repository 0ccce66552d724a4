//! Pages of the room endpoints as text, put together from the texts of their records: with their owners, or what is
//! asked for of these, and with nothing more of a password than that there is one.
//!
//! It is the same text as the records give that [`super::owner`], [`super::owner_terms`] and [`super::password`]
//! change; where a text does not tell what they would make of its record, this file gives up. It does not know how
//! records are found.

use std::ops::Range;

use filedex_query::ejson::{self, Field, Form, Kind, Marked};
use filedex_query::{Error as QueryError, Projection, Value};

use super::error::{ApiError, Style};
use super::owner_terms::{self, OwnerFields};
use super::{Endpoints, OwnerShape, owner, password, reply};
use crate::page::PageWriter;
use crate::{Lookup, User};

/// A page being written as if nobody knew the owners, with what changes for those that are known: they are asked for
/// once, when the page is there.
struct Writer {
    page: PageWriter,
    /// How owners are put in, if they are.
    shape: Option<OwnerShape>,
    /// Whether something of owners is asked for; and whether `userId` is not, and is only there for that.
    asks: bool,
    lends_id: bool,
    /// Whether no document below the top level has a password that shows.
    hides_passwords: bool,
    seams: Vec<Seam>,
    /// The ids of the owners, one after the other.
    ids: String,
    /// What matters of the record that is being added.
    found: Vec<Found>,
    gives_up: bool,
}

/// A place in the page, and what becomes of it.
struct Seam {
    /// A field; or nothing, behind the last field of a record.
    place: Range<usize>,
    /// The owner's id among those of the page, if the record names one.
    id: Option<Range<usize>>,
    if_known: Change,
    if_not: Change,
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// The owner stands there, if he is shown.
    Owner,
    Gone,
}

/// A field of a record that matters here: where it is in the record's text.
struct Found {
    part: Part,
    place: Range<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `userId`, whoever it names.
    Id,
    /// `user`, where the record has one itself.
    User,
    Password,
}

/// The owners of a page, by their ids in order: each as he is shown, if he is; none for one that nobody knows.
struct Owners<'p> {
    ids: Vec<&'p str>,
    places: Vec<Option<Shown>>,
    text: Vec<u8>,
}

/// Where in the text a user is as he is shown, if he is.
type Shown = Option<Range<usize>>;

impl Endpoints {
    /// The page of a lookup, with the records' owners, as the body of a reply; `None` if it takes the records
    /// themselves.
    pub(super) fn text_of(
        &self,
        lookup: &Lookup,
        offset: u64,
        fields: Option<&OwnerFields>,
    ) -> Result<Option<Vec<u8>>, ApiError> {
        let (writer, total) = self.written(lookup, Some(self.options.owner), fields)?;
        if writer.gives_up {
            return Ok(None);
        }
        let owners = self.owners_of(&writer, fields)?;
        let page = writer.with_owners(&owners);
        let most = self.index.limits().reply_bytes;
        if page.bytes().len() > most {
            let error = QueryError::limit("reply_bytes", most);
            return Err(ApiError::lookup(Style::Chat, error.into()));
        }
        Ok(Some(reply::successful(page.finish(offset, total))))
    }

    /// The page of a lookup without owners, as the body of a reply that says `count`.
    pub(super) fn bare_text_of(
        &self,
        lookup: &Lookup,
        (offset, count): (u64, u64),
    ) -> Result<Option<Vec<u8>>, ApiError> {
        let (writer, total) = self.written(lookup, None, None)?;
        let page = (!writer.gives_up).then_some(writer.page);
        Ok(page.map(|page| reply::successful(page.finish_with(count, offset, total))))
    }

    fn written(
        &self,
        lookup: &Lookup,
        shape: Option<OwnerShape>,
        fields: Option<&OwnerFields>,
    ) -> Result<(Writer, u64), ApiError> {
        let mut writer = Writer {
            page: PageWriter::new(),
            shape,
            asks: fields.is_some(),
            lends_id: fields.is_some_and(OwnerFields::lends_id),
            hides_passwords: self.options.policy.redaction().hides("password"),
            seams: Vec::new(),
            ids: String::new(),
            found: Vec::new(),
            gives_up: false,
        };
        let total = lookup.marked(&mut |record| writer.add(record));
        let total = total.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        Ok((writer, total))
    }

    /// The owners of a page, as far as the directory knows them.
    fn owners_of<'p>(
        &self,
        page: &'p Writer,
        fields: Option<&OwnerFields>,
    ) -> Result<Owners<'p>, ApiError> {
        let fault = |error: crate::Error| ApiError::lookup(Style::Chat, error);
        let asked = fields.map(|fields| fields.projection(self)).transpose().map_err(fault)?;
        let mut owners = Owners::of(page);
        let mut outcome = Ok(());
        if !owners.ids.is_empty() {
            let ids = owners.ids.clone();
            let known = self.directory.each_user(&ids, &mut |id, user| {
                if let Err(error) = owners.know(id, user, asked.as_ref()) {
                    outcome = Err(fault(error));
                }
            });
            known.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        }
        outcome.map(|()| owners)
    }
}

impl<'p> Owners<'p> {
    /// The owners of a page, none of them known yet.
    fn of(page: &'p Writer) -> Owners<'p> {
        let mut ids: Vec<&str> = page.seams.iter().filter_map(|seam| page.id(seam)).collect();
        ids.sort_unstable();
        ids.dedup();
        let places = vec![None; ids.len()];
        Owners { ids, places, text: Vec::new() }
    }

    fn know(&mut self, id: &str, user: &User, asked: Option<&Projection>) -> crate::Result<()> {
        let start = self.text.len();
        let is_shown = show(user, asked, &mut self.text)?;
        let place = self.ids.binary_search(&id).ok();
        if let Some(known) = place.and_then(|place| self.places.get_mut(place)) {
            *known = Some(is_shown.then_some(start..self.text.len()));
        }
        Ok(())
    }

    /// As he is shown, if he is; none for one that nobody knows.
    fn get(&self, id: &str) -> Option<Option<&[u8]>> {
        let shown = self.places.get(self.ids.binary_search(&id).ok()?)?.as_ref()?;
        Some(shown.as_ref().and_then(|place| self.text.get(place.clone())))
    }
}

/// Adds the user as he is shown, if he is.
fn show(user: &User, asked: Option<&Projection>, out: &mut Vec<u8>) -> crate::Result<bool> {
    let Some(projection) = asked else {
        owner::write(user, out);
        return Ok(true);
    };
    let part = owner_terms::part(Value::Document(owner::shown(user)), projection)?;
    if let Some(part) = &part {
        ejson::write(part.view(), Form::Plain, out);
    }
    Ok(part.is_some())
}

impl Writer {
    /// Adds a record.
    fn add(&mut self, record: Marked<'_>) {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        for field in record.fields() {
            if let Some(part) = Part::of(field) {
                let place = field.start..field.start + field.text.len();
                found.push(Found { part, place, kind: field.kind });
            } else if !self.hides_passwords {
                self.gives_up |= field.may_hold(&[PASSWORD]);
            }
        }
        let owns = found.iter().any(|found| found.part == Part::User);
        // What is shown of a record's own `user` its text does not tell.
        self.gives_up |= owns && self.asks;
        if !self.gives_up {
            self.write(record.text(), &found, owns);
        }
        self.found = found;
    }

    /// Adds the text of a record; `owns` says whether it has a `user` itself.
    fn write(&mut self, text: &[u8], found: &[Found], owns: bool) {
        let id = self.note_owner(text, found);
        let (out, mut copied, mut is_put) = (self.page.next(), 0, false);
        for Found { part, place, kind } in found {
            out.extend_from_slice(text.get(copied..place.start).unwrap_or_default());
            copied = place.end;
            let field = text.get(place.clone()).unwrap_or_default();
            if *part == Part::Password {
                let value = field.get(PASSWORD.len()..).unwrap_or_default();
                out.extend_from_slice(PASSWORD);
                out.extend_from_slice(password::locked_text(Some((*kind, value))));
                continue;
            }
            let if_known = match self.shape {
                Some(shape) => part.change(shape, owns, self.lends_id, is_put),
                None => Change::None,
            };
            is_put |= if_known == Change::Owner;
            let if_not = match *part == Part::Id && self.lends_id {
                true => Change::Gone,
                false => Change::None,
            };
            if (if_known, if_not) != (Change::None, Change::None) {
                let place = out.len()..out.len() + field.len();
                self.seams.push(Seam { place, id: id.clone(), if_known, if_not });
            }
            out.extend_from_slice(field);
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        if id.is_some() && !is_put && self.shape.is_some() {
            let place = out.len() - 1..out.len() - 1;
            let (if_known, if_not) = (Change::Owner, Change::None);
            self.seams.push(Seam { place, id, if_known, if_not });
        }
    }

    /// Notes the id of the record's owner, if it names one.
    fn note_owner(&mut self, text: &[u8], found: &[Found]) -> Option<Range<usize>> {
        let first = found.iter().find(|found| found.part == Part::Id)?;
        let field = text.get(first.place.clone()).filter(|_| first.kind == Kind::Text)?;
        let (start, quoted) = (self.ids.len(), field.get(ID.len()..)?);
        let id = quoted.get(1..quoted.len().checked_sub(1)?)?;
        match id.contains(&b'\\') {
            true => self.ids.push_str(&serde_json::from_slice::<String>(quoted).ok()?),
            false => self.ids.push_str(std::str::from_utf8(id).ok()?),
        }
        Some(start..self.ids.len())
    }

    fn id(&self, seam: &Seam) -> Option<&str> {
        self.ids.get(seam.id.clone()?)
    }

    /// The page with its owners.
    fn with_owners(&self, owners: &Owners<'_>) -> PageWriter {
        let page = self.page.bytes();
        let more = owners.text.len() * self.seams.len() / owners.ids.len().max(1);
        // What is behind the files fits in as well.
        let mut out = Vec::with_capacity(page.len() + more + 128);
        let mut copied = 0;
        for seam in &self.seams {
            let known = self.id(seam).and_then(|id| owners.get(id));
            let change = if known.is_some() { seam.if_known } else { seam.if_not };
            if change == Change::None {
                continue;
            }
            out.extend_from_slice(page.get(copied..seam.place.start).unwrap_or_default());
            copied = seam.place.end;
            match known.flatten().filter(|_| change == Change::Owner) {
                Some(owner) => put_owner(owner, &mut out),
                None => copied += leave_out(&mut out, page.get(copied..).unwrap_or_default()),
            }
        }
        out.extend_from_slice(page.get(copied..).unwrap_or_default());
        self.page.in_place(out)
    }
}

impl Part {
    fn of(field: Field<'_>) -> Option<Part> {
        let (key, part) = match field.text {
            [b'"', b'u', b's', b'e', b'r', b'I', ..] => (ID, Part::Id),
            [b'"', b'u', b's', b'e', b'r', ..] => (USER, Part::User),
            [b'"', b'p', b'a', b's', ..] => (PASSWORD, Part::Password),
            _ => return None,
        };
        field.has(key).then_some(part)
    }

    /// What becomes of it where the owner is known; `owns` says whether the record has a `user` itself, `is_put`
    /// whether the owner stands already.
    fn change(self, shape: OwnerShape, owns: bool, lends_id: bool, is_put: bool) -> Change {
        let takes_owner = match shape {
            OwnerShape::ObjectAndId => self == Part::User,
            OwnerShape::Object => (self == Part::User) == owns,
        };
        match shape {
            _ if takes_owner && !is_put => Change::Owner,
            OwnerShape::Object => Change::Gone,
            OwnerShape::ObjectAndId if self == Part::Id && lends_id => Change::Gone,
            OwnerShape::ObjectAndId => Change::None,
        }
    }
}

const ID: &[u8] = b"\"userId\":";
const USER: &[u8] = b"\"user\":";
const PASSWORD: &[u8] = b"\"password\":";

/// Adds an owner in the place of a field, or behind the last one.
fn put_owner(owner: &[u8], out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b',')) {
        out.push(b',');
    }
    out.extend_from_slice(USER);
    out.extend_from_slice(owner);
}

/// Leaves a field out between what is written and what comes: how much of that goes with it.
fn leave_out(out: &mut Vec<u8>, rest: &[u8]) -> usize {
    match (rest.first(), out.last()) {
        (Some(b','), _) => 1,
        (_, Some(b',')) => {
            out.pop();
            0
        }
        _ => 0,
    }
}
