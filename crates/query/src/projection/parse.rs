//! From JSON to the tree of levels: which fields go together, and the errors when they do not.
//!
//! A projection includes or excludes. Which of the two is decided by its fields in order; fields
//! that decide nothing (`_id`, `$slice`, `$elemMatch`) leave it to a rule at the end.

use super::field::{self, Reading};
use super::level::{Field, Level};
use crate::{
    Code, Document, ElementMatcher, Environment, Error, Expression, Result, Value, field_path,
};

/// Whether the named fields are shown or hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Inclusion,
    Exclusion,
}

/// Reads a specification.
pub(super) fn parse(specification: &Document, environment: &Environment) -> Result<(Kind, Level)> {
    let mut reader = Reader::new(environment);
    let mut root = Level::default();
    for (name, value) in specification.iter() {
        let place = Place { level: &mut root, is_root: true, depth: 0 };
        reader.field(name, value, place).map_err(|error| error.at(name))?;
    }
    let kind = reader.kind.unwrap_or_else(|| reader.kind_by_default());
    settle_id(&mut root, kind, &reader);
    root.finish();
    Ok((kind, root))
}

struct Reader<'e> {
    environment: &'e Environment,
    kind: Option<Kind>,
    has_position: bool,
    has_element: bool,
    has_slice: bool,
    names_id: bool,
    includes_id: bool,
    nodes: usize,
}

/// The level that a field is added to.
struct Place<'l> {
    level: &'l mut Level,
    is_root: bool,
    depth: usize,
}

impl<'e> Reader<'e> {
    fn new(environment: &'e Environment) -> Reader<'e> {
        Reader {
            environment,
            kind: None,
            has_position: false,
            has_element: false,
            has_slice: false,
            names_id: false,
            includes_id: false,
            nodes: 0,
        }
    }

    fn field(&mut self, name: &str, value: &Value, place: Place<'_>) -> Result<()> {
        self.count_node()?;
        self.names_id |= place.is_root && (name == "_id" || name.starts_with("_id."));
        let is_positional = name.ends_with(".$");
        if name.contains(".$.") {
            let message = "the positional `$` can only stand at the end of a path";
            return Err(Error::new(Code(31394), message));
        }
        match field::read(value) {
            Reading::Object(_) if is_positional => {
                let message = "the positional `$` can't go with an object";
                Err(Error::new(Code(31271), message))
            }
            Reading::Object(document) => self.object(name, document, place),
            Reading::Include if is_positional => self.position(name, place),
            Reading::Include => self.include(name, place),
            Reading::Exclude if is_positional => {
                Err(Error::new(Code(31395), "the positional `$` can't go with an exclusion"))
            }
            Reading::Exclude => self.exclude(name, place),
            Reading::Literal if is_positional => {
                Err(Error::new(Code(31308), "the positional `$` can't go with a literal"))
            }
            Reading::Literal => self.literal(name, value, place),
        }
    }

    fn include(&mut self, name: &str, place: Place<'_>) -> Result<()> {
        let is_id = place.is_root && name == "_id";
        self.add(place.level, name, Field::Named)?;
        if is_id {
            self.includes_id = true;
            return Ok(());
        }
        self.decide(Kind::Inclusion, 31253, "an exclusion can't include a field")
    }

    fn exclude(&mut self, name: &str, place: Place<'_>) -> Result<()> {
        let is_id = place.is_root && name == "_id";
        self.add(place.level, name, Field::Named)?;
        if is_id {
            return Ok(());
        }
        self.decide(Kind::Exclusion, 31254, "an inclusion can't exclude a field")
    }

    fn position(&mut self, name: &str, place: Place<'_>) -> Result<()> {
        if self.has_position {
            return Err(Error::new(Code(31276), "there can be one positional `$` only"));
        }
        if self.has_element {
            return Err(Error::new(Code(31256), "a positional `$` can't go with $elemMatch"));
        }
        let path = name.strip_suffix(".$").unwrap_or(name);
        if path.is_empty() {
            return Err(Error::new(Code(5_392_900), "the positional `$` needs a path"));
        }
        self.add(place.level, path, Field::Position)?;
        self.has_position = true;
        self.decide(Kind::Inclusion, 31253, "an exclusion can't include a field")
    }

    fn literal(&mut self, name: &str, value: &Value, place: Place<'_>) -> Result<()> {
        let expression = Expression::parse(value, self.environment)?;
        self.add(place.level, name, Field::Computed(expression))?;
        self.decide(Kind::Inclusion, 31310, "an exclusion can't compute a field")
    }

    fn object(&mut self, name: &str, document: &Document, mut place: Place<'_>) -> Result<()> {
        if document.is_empty() {
            return Err(Error::new(Code(51270), "a nested projection can't be empty"));
        }
        let path = field_path::parse(name, &self.environment.limits)?;
        if let Some(operator) = field::operator(document)
            && self.operator(name, document, operator, &mut place)?
        {
            return Ok(());
        }
        let depth = place.depth + 1;
        if depth > self.environment.limits.filter_depth {
            return Err(Error::limit("filter_depth", self.environment.limits.filter_depth));
        }
        let level = nested(place.level, &path, Code(31250))?;
        for (name, value) in document.iter() {
            let place = Place { level: &mut *level, is_root: false, depth };
            self.field(name, value, place).map_err(|error| error.at(name))?;
        }
        Ok(())
    }

    /// Reads `{$op: ..}`. False if it turns out to be a nested projection of a name with a `$`.
    fn operator(
        &mut self,
        name: &str,
        document: &Document,
        (operator, argument): (&str, &Value),
        place: &mut Place<'_>,
    ) -> Result<bool> {
        match operator {
            "$slice" => {
                let found = field::slice(argument);
                let added =
                    found.and_then(|slice| self.add(place.level, name, Field::Slice(slice)));
                if added.is_ok() {
                    self.has_slice = true;
                    return Ok(true);
                }
            }
            "$elemMatch" => return self.element(name, argument, place).map(|()| true),
            "$meta" => return Err(refuse_metadata(argument)),
            _ if !Expression::has_operator(operator) => {
                let path = operator.strip_suffix(".$").unwrap_or(operator);
                return match field_path::parse(path, &self.environment.limits) {
                    Ok(_) => Ok(false),
                    Err(_) => {
                        let message = format!("there is no expression operator `{operator}`");
                        Err(Error::new(Code(31325), message))
                    }
                };
            }
            _ => {}
        }
        self.computed(name, document, place).map(|()| true)
    }

    fn computed(&mut self, name: &str, document: &Document, place: &mut Place<'_>) -> Result<()> {
        if self.kind == Some(Kind::Exclusion) {
            return Err(Error::new(Code(31252), "an exclusion can't compute a field"));
        }
        self.kind = Some(Kind::Inclusion);
        let source = Value::Document(document.clone());
        let expression = Expression::parse(&source, self.environment)?;
        self.add(place.level, name, Field::Computed(expression))
    }

    fn element(&mut self, name: &str, argument: &Value, place: &mut Place<'_>) -> Result<()> {
        if !matches!(argument, Value::Document(_)) {
            return Err(Error::new(Code(31274), "$elemMatch needs an object").at("$elemMatch"));
        }
        if self.has_position {
            return Err(Error::new(Code(31255), "$elemMatch can't go with a positional `$`"));
        }
        if !place.is_root || name.contains('.') {
            return Err(Error::new(Code(31275), "$elemMatch takes a top-level field only"));
        }
        let matcher = ElementMatcher::parse(argument, self.environment);
        let matcher = matcher.map_err(|error| error.at("$elemMatch"))?;
        self.add(place.level, name, Field::Element(matcher))?;
        self.has_element = true;
        Ok(())
    }

    fn add(&self, level: &mut Level, name: &str, field: Field) -> Result<()> {
        let path = field_path::parse(name, &self.environment.limits)?;
        let Some((last, leading)) = path.split_last() else { return Ok(()) };
        let level = if leading.is_empty() { level } else { nested(level, leading, Code(31249))? };
        if level.get_mut(last).is_some() {
            let message = format!("the path `{name}` clashes with one before it");
            return Err(Error::new(Code(31250), message));
        }
        level.add(last, field);
        Ok(())
    }

    fn decide(&mut self, kind: Kind, code: u32, message: &str) -> Result<()> {
        if self.kind.is_some_and(|decided| decided != kind) {
            return Err(Error::new(Code(code), message));
        }
        self.kind = Some(kind);
        Ok(())
    }

    /// The kind of a projection none of whose fields decides it.
    fn kind_by_default(&self) -> Kind {
        let is_inclusion =
            if self.has_slice { self.includes_id } else { self.has_element || self.includes_id };
        if is_inclusion { Kind::Inclusion } else { Kind::Exclusion }
    }

    fn count_node(&mut self) -> Result<()> {
        self.nodes += 1;
        let most = self.environment.limits.filter_nodes;
        if self.nodes > most { Err(Error::limit("filter_nodes", most)) } else { Ok(()) }
    }
}

/// The level at the end of the path, made where it is missing. `taken` is the error if the end of
/// the path is a field already; one on the way is 31249.
fn nested<'l>(level: &'l mut Level, path: &[&str], taken: Code) -> Result<&'l mut Level> {
    let Some((first, rest)) = path.split_first() else { return Ok(level) };
    // Adds nothing if the name is there.
    level.add(first, Field::Inside(Level::default()));
    match level.get_mut(first) {
        Some(Field::Inside(inner)) => nested(inner, rest, taken),
        _ => {
            let code = if rest.is_empty() { taken } else { Code(31249) };
            let message = format!("the path through `{first}` clashes with one before it");
            Err(Error::new(code, message))
        }
    }
}

/// `_id` is shown unless it is named, and its own word in the other kind is no field.
fn settle_id(root: &mut Level, kind: Kind, reader: &Reader<'_>) {
    match kind {
        Kind::Inclusion if !reader.names_id => {
            root.add("_id", Field::Named);
        }
        Kind::Inclusion if !reader.includes_id => drop_named_id(root),
        Kind::Exclusion if reader.includes_id => drop_named_id(root),
        _ => {}
    }
}

fn drop_named_id(root: &mut Level) {
    root.fields.retain(|(name, field)| !(name == "_id" && matches!(field, Field::Named)));
}

fn refuse_metadata(argument: &Value) -> Error {
    let message = "there is no metadata here: no index keeps any";
    match argument {
        Value::String(_) => Error::new(Code(40218), message),
        _ => Error::new(Code(17307), "$meta takes the name of a piece of metadata"),
    }
}
