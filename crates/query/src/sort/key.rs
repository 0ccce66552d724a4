//! A document's sort key, drawn the way an index over the sort's paths would.
//!
//! A path that crosses an array yields one tuple of values per element, and the tuple that comes
//! first in the requested order is the key: so an array sorts by its least element ascending, by its
//! greatest descending, and two paths into one array keep their values together. The tuple, never
//! its single values, decides. Paths into two different arrays are refused.
//!
//! This file knows tuples and bytes; it does not know the specification's JSON.

use super::{Position, Sort, SortKeySpec};
use crate::{
    Account, ArrayRef, Code, Collation, DocumentRef, Error, Part, Path, Result, Value, ValueRef,
    key,
};

/// Elements entered for one document. More than this and the sort ends with an error: indexes in
/// deeply nested arrays could otherwise be searched along exponentially many ways.
const MOST_TUPLES: usize = 1 << 20;

impl Sort {
    /// The document's key: sorting documents is sorting keys byte by byte. Empty without keys.
    ///
    /// # Errors
    /// 2 if two paths lead into different arrays, 16746 if a number in a path is both an index and a
    /// name inside an array.
    pub fn key(&self, document: DocumentRef<'_>) -> Result<Vec<u8>> {
        self.key_within(document, &Account::default())
    }

    /// As [`Sort::key`], charged to a request: the key is held until the caller releases it.
    ///
    /// # Errors
    /// Those of [`Sort::key`], and what the account says.
    pub fn key_within(&self, document: DocumentRef<'_>, account: &Account) -> Result<Vec<u8>> {
        let document = self.seen(document);
        let tracks: Option<Vec<Track<'_>>> =
            self.keys().iter().map(|spec| direct(document, &spec.path)).collect();
        match tracks {
            Some(tracks) => encode(self, &tracks, account),
            None => self.key_through_arrays(document, account),
        }
    }

    /// The key with the record's `_id` at its end, in the direction of the last path, so that no two
    /// records share one and a reversed sort is the exact reverse.
    ///
    /// # Errors
    /// Those of [`Sort::key`].
    pub fn key_with_id(&self, document: DocumentRef<'_>) -> Result<Vec<u8>> {
        self.key_with_id_within(document, &Account::default())
    }

    /// As [`Sort::key_with_id`], charged to a request: the key is held until the caller releases it.
    ///
    /// # Errors
    /// Those of [`Sort::key`], and what the account says.
    pub fn key_with_id_within(
        &self,
        document: DocumentRef<'_>,
        account: &Account,
    ) -> Result<Vec<u8>> {
        let mut bytes = self.key_within(document, account)?;
        let descending = self.keys().last().is_some_and(|spec| spec.descending);
        // Ties go by the bytes of the id, whatever the collation: no two records share them.
        let id = document.get("_id").unwrap_or(ValueRef::Null);
        key::append_within(&mut bytes, id, (descending, &Collation::simple()), account)?;
        Ok(bytes)
    }

    /// The record's place in the order.
    ///
    /// # Errors
    /// Those of [`Sort::key`].
    pub fn position(&self, document: DocumentRef<'_>) -> Result<Position> {
        let (seen, account) = (self.seen(document), Account::default());
        let tracks: Option<Vec<Track<'_>>> =
            self.keys().iter().map(|spec| direct(seen, &spec.path)).collect();
        let tracks = match tracks {
            Some(tracks) => tracks,
            None => self.through_arrays(seen, &account)?.tracks,
        };
        let values = tracks.iter().map(|track| track.value().to_value()).collect();
        let id = document.get("_id").map_or(Value::Null, ValueRef::to_value);
        Ok(Position::new(values, id))
    }

    fn key_through_arrays(&self, document: DocumentRef<'_>, account: &Account) -> Result<Vec<u8>> {
        Ok(self.through_arrays(document, account)?.key)
    }

    /// The tuple that comes first.
    fn through_arrays<'a>(
        &'a self,
        document: DocumentRef<'a>,
        account: &Account,
    ) -> Result<Tuple<'a>> {
        let mut tuples = Tuples { sort: self, best: None, left: MOST_TUPLES, account };
        tuples.expand(self.keys().iter().map(|spec| Track::walking(document, spec)).collect())?;
        Ok(tuples.best.unwrap_or_default())
    }
}

/// How far one path of the sort has come.
#[derive(Clone)]
enum Track<'a> {
    /// Its value in this tuple is known.
    Done(ValueRef<'a>),
    /// Parts are left, to be searched from here.
    Walking {
        from: Option<DocumentRef<'a>>,
        parts: &'a [Part],
        at: Place<'a>,
        indexed: Indexed<'a>,
    },
}

/// The names and indexes that led to a value. Two values at one place are the same value.
type Place<'a> = Vec<Step<'a>>;

#[derive(Clone, Copy, PartialEq)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// What the next part means as an index into the array just crossed, if it means anything.
type Indexed<'a> = Option<Box<Found<'a>>>;

/// Where a walk came to rest: at the end of the path, or at an array on the way.
#[derive(Clone)]
struct Found<'a> {
    value: Option<ValueRef<'a>>,
    rest: &'a [Part],
    at: Place<'a>,
    /// Whether the value was addressed by an index and that element is itself an array.
    nested: bool,
}

impl<'a> Track<'a> {
    fn walking(document: DocumentRef<'a>, spec: &'a SortKeySpec) -> Track<'a> {
        let parts = spec.path.parts();
        Track::Walking { from: Some(document), parts, at: Vec::new(), indexed: None }
    }

    /// Where it has come to; null if it has not come to its end.
    fn value(&self) -> ValueRef<'a> {
        match self {
            Track::Done(value) => *value,
            Track::Walking { .. } => ValueRef::Null,
        }
    }
}

/// Values of all paths that belong together, and their key.
#[derive(Default)]
struct Tuple<'a> {
    key: Vec<u8>,
    tracks: Vec<Track<'a>>,
}

/// Collects the tuples of one document, keeping the first in order.
struct Tuples<'k, 'a> {
    sort: &'k Sort,
    best: Option<Tuple<'a>>,
    left: usize,
    account: &'k Account,
}

/// The price of a tuple, in steps.
const STEPS_A_TUPLE: u64 = 8;

impl<'a> Tuples<'_, 'a> {
    /// Takes every track to its value or to an array; expands the array, if there is one.
    fn expand(&mut self, tracks: Vec<Track<'a>>) -> Result<()> {
        let mut resting = Vec::with_capacity(tracks.len());
        for track in tracks {
            resting.push(rest(track)?);
        }
        let Some(crossing) = Crossing::of(&resting)? else {
            return self.offer(&resting);
        };
        if crossing.array.is_empty() {
            return self.expand(resting.into_iter().map(Resting::through_nothing).collect());
        }
        let elements_count = !crossing.whole && resting.iter().any(Resting::is_at_its_end);
        let mut entered_blindly = false;
        for (index, element) in crossing.array.iter().enumerate() {
            self.account.work(u64::from(index.is_multiple_of(8)))?;
            let opened = elements_count || resting.iter().any(|resting| resting.opens(element));
            if opened || !std::mem::replace(&mut entered_blindly, true) {
                self.spend()?;
                let tracks = resting.iter().map(|resting| crossing.enter(resting, index, element));
                self.expand(tracks.collect())?;
            }
        }
        Ok(())
    }

    fn spend(&mut self) -> Result<()> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| Error::limit("sort_bytes", MOST_TUPLES))?;
        self.account.work(STEPS_A_TUPLE)
    }

    fn offer(&mut self, resting: &[Resting<'a>]) -> Result<()> {
        let tracks: Vec<Track<'a>> = resting.iter().map(Resting::settled).collect();
        let before = self.account.held();
        let key = encode(self.sort, &tracks, self.account)?;
        let held = self.account.held() - before;
        match &self.best {
            Some(best) if key >= best.key => self.account.release(held),
            // What was held for the one before is held for this one.
            Some(best) if key.len() <= best.key.len() => {
                self.account.release(held);
                self.best = Some(Tuple { key, tracks });
            }
            _ => self.best = Some(Tuple { key, tracks }),
        }
        Ok(())
    }
}

/// A track that can't go on without crossing an array.
enum Resting<'a> {
    Value(ValueRef<'a>),
    Array(ArrayRef<'a>, Found<'a>),
}

impl<'a> Resting<'a> {
    fn is_at_its_end(&self) -> bool {
        matches!(self, Resting::Array(_, found) if found.rest.is_empty())
    }

    /// Whether the next part is found in this element by name. Elements that no path opens all give
    /// one tuple: what an index addresses is the same for each.
    fn opens(&self, element: ValueRef<'_>) -> bool {
        let (Resting::Array(_, found), ValueRef::Document(document)) = (self, element) else {
            return false;
        };
        found.rest.first().is_some_and(|part| document.get(&part.name).is_some())
    }

    fn settled(&self) -> Track<'a> {
        match self {
            Resting::Value(value) => Track::Done(*value),
            Resting::Array(array, _) => Track::Done(ValueRef::Array(*array)),
        }
    }

    /// Through an empty array: its own value is undefined, what is sought inside is missing.
    fn through_nothing(self) -> Track<'a> {
        match self {
            Resting::Value(value) => Track::Done(value),
            Resting::Array(_, found) if found.rest.is_empty() => Track::Done(ValueRef::Undefined),
            Resting::Array(..) => Track::Done(ValueRef::Null),
        }
    }
}

/// The one array that all resting tracks stand at.
struct Crossing<'a> {
    array: ArrayRef<'a>,
    /// Whether an end of a path takes the element, or the array whole because it was addressed by
    /// an index.
    whole: bool,
}

impl<'a> Crossing<'a> {
    fn of(resting: &[Resting<'a>]) -> Result<Option<Crossing<'a>>> {
        let mut crossing: Option<(Crossing<'a>, &Place<'a>)> = None;
        for resting in resting {
            let Resting::Array(array, found) = resting else { continue };
            match &mut crossing {
                None => {
                    let first = Crossing { array: *array, whole: found.nested };
                    crossing = Some((first, &found.at));
                }
                Some((crossing, place)) if **place == found.at => crossing.whole |= found.nested,
                Some(_) => {
                    let message = "a sort can't follow two different arrays of one document";
                    return Err(Error::bad_value(message));
                }
            }
        }
        Ok(crossing.map(|(crossing, _)| crossing))
    }

    fn enter(&self, resting: &Resting<'a>, index: usize, element: ValueRef<'a>) -> Track<'a> {
        let found = match resting {
            Resting::Value(value) => return Track::Done(*value),
            Resting::Array(array, found) if found.rest.is_empty() => {
                return Track::Done(if self.whole { ValueRef::Array(*array) } else { element });
            }
            Resting::Array(_, found) => found,
        };
        let from = match element {
            ValueRef::Document(document) => Some(document),
            _ => None,
        };
        let indexed = address(self.array, found);
        let at = stepped(&found.at, Step::Index(index));
        Track::Walking { from, parts: found.rest, at, indexed }
    }
}

/// Walks one track as far as it goes without crossing an array.
fn rest<'a>(track: Track<'a>) -> Result<Resting<'a>> {
    let (from, parts, at, indexed) = match track {
        Track::Done(value) => return Ok(Resting::Value(value)),
        Track::Walking { from, parts, at, indexed } => (from, parts, at, indexed),
    };
    let named =
        from.filter(|from| parts.first().is_some_and(|part| from.get(&part.name).is_some()));
    let found = match (named, indexed) {
        (Some(_), Some(_)) => {
            let name = parts.first().map_or("", |part| &*part.name);
            let message = format!("`{name}` is an index and a name in one array of the sort");
            return Err(Error::new(Code(16746), message));
        }
        (Some(document), None) => descend(document, parts, at),
        (None, Some(found)) => *found,
        (None, None) => return Ok(Resting::Value(ValueRef::Null)),
    };
    Ok(match found.value {
        Some(ValueRef::Array(array)) => Resting::Array(array, found),
        Some(value) => Resting::Value(value),
        None => Resting::Value(ValueRef::Null),
    })
}

/// The element that the next part addresses as an index, and what lies behind it.
fn address<'a>(array: ArrayRef<'a>, found: &Found<'a>) -> Indexed<'a> {
    let (part, rest) = found.rest.split_first()?;
    let index = part.index?;
    let element = array.get(index)?;
    let at = stepped(&found.at, Step::Index(index));
    let nested = matches!(element, ValueRef::Array(_));
    let found = match element {
        ValueRef::Document(document) if !rest.is_empty() => descend(document, rest, at),
        ValueRef::Array(_) => Found { value: Some(element), rest, at, nested },
        _ if rest.is_empty() => Found { value: Some(element), rest, at, nested },
        _ => Found { value: None, rest, at, nested },
    };
    Some(Box::new(found))
}

/// Follows names through documents, up to the end of the path or the first array.
fn descend<'a>(
    mut document: DocumentRef<'a>,
    mut parts: &'a [Part],
    mut at: Place<'a>,
) -> Found<'a> {
    while let Some((part, rest)) = parts.split_first() {
        at.push(Step::Name(&part.name));
        let value = document.get(&part.name);
        match value {
            Some(ValueRef::Document(inner)) if !rest.is_empty() => document = inner,
            Some(ValueRef::Array(_)) => return Found { value, rest, at, nested: false },
            _ if rest.is_empty() => return Found { value, rest, at, nested: false },
            _ => return Found { value: None, rest, at, nested: false },
        }
        parts = rest;
    }
    Found { value: None, rest: parts, at, nested: false }
}

/// The value of a path that crosses no array; `None` if it does.
fn direct<'a>(document: DocumentRef<'a>, path: &Path) -> Option<Track<'a>> {
    let value = path.straight(document.get(path.first_name()))?;
    Some(Track::Done(value.unwrap_or(ValueRef::Null)))
}

fn encode(sort: &Sort, tracks: &[Track<'_>], account: &Account) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(16 * sort.keys().len());
    for (spec, track) in sort.keys().iter().zip(tracks) {
        key::append_within(
            &mut bytes,
            track.value(),
            (spec.descending, sort.collation()),
            account,
        )?;
    }
    Ok(bytes)
}

fn stepped<'a>(place: &Place<'a>, step: Step<'a>) -> Place<'a> {
    let mut place = place.clone();
    place.push(step);
    place
}
