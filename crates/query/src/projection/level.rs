//! The tree that a projection is parsed into: one level for each nested object.
//!
//! Plain data; how a document goes through it is `apply`'s.

use crate::{ElementMatcher, Expression};

/// What a projection does with the fields of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// The fields, in the order of the specification.
    pub(super) fields: Vec<(String, Field)>,
    /// The places in `fields`, sorted by name.
    by_name: Vec<usize>,
    /// Whether something here or below is computed.
    pub(super) is_computed: bool,
    /// Whether the positional `$` is here or below.
    pub(super) has_position: bool,
}

/// What happens to one field.
#[derive(Clone, Debug)]
pub(super) enum Field {
    /// Kept or left out, as the kind of the projection says.
    Named,
    /// `$slice`: some elements of an array.
    Slice(Slice),
    /// The positional `$`: the element that the filter matched.
    Position,
    /// `$elemMatch`: the first element that matches.
    Element(ElementMatcher),
    /// A value to compute.
    Computed(Expression),
    /// An object whose fields are named.
    Inside(Level),
}

/// Which elements `$slice` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// Where to start, from the end if negative. Without it the count decides the end.
    pub(super) skip: Option<i32>,
    /// How many; without `skip`, the last ones if negative.
    pub(super) count: i32,
}

impl Level {
    pub(super) fn get(&self, name: &str) -> Option<&Field> {
        let place = self.by_name.get(self.find(name).ok()?)?;
        self.fields.get(*place).map(|(_, field)| field)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Field> {
        let place = self.by_name.get(self.find(name).ok()?)?;
        self.fields.get_mut(*place).map(|(_, field)| field)
    }

    /// Adds a field of a name that is not there yet.
    pub(super) fn add(&mut self, name: &str, field: Field) {
        if let Err(at) = self.find(name) {
            self.by_name.insert(at, self.fields.len());
            self.fields.push((name.to_owned(), field));
        }
    }

    /// Where the name stands in `by_name`, or would.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|place| {
            self.fields.get(*place).map_or("", |(known, _)| known.as_str()).cmp(name)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Sorts the names anew and notes what is below; to be called once the level is complete.
    pub(super) fn finish(&mut self) {
        for (_, field) in &mut self.fields {
            if let Field::Inside(inner) = field {
                inner.finish();
            }
        }
        self.is_computed = self.fields.iter().any(|(_, field)| match field {
            Field::Computed(_) | Field::Element(_) => true,
            Field::Inside(inner) => inner.is_computed,
            _ => false,
        });
        self.has_position = self.fields.iter().any(|(_, field)| match field {
            Field::Position => true,
            Field::Inside(inner) => inner.has_position,
            _ => false,
        });
        self.by_name = (0..self.fields.len()).collect();
        let fields = &self.fields;
        self.by_name.sort_by_key(|place| fields.get(*place).map(|(name, _)| name.as_str()));
    }
}
