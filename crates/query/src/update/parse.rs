//! From an operator document to its tree.
//!
//! Everything is read in the order in which it is written, so that the first fault is the one told.

use super::array_filter::ArrayFilters;
use super::operation::{Operation, Operator};
use super::path;
use super::rename::Rename;
use super::tree::Node;
use super::walk::Operations;
use crate::{Code, Document, Environment, Error, Result, Value};

/// Reads `{"$set": {..}, "$inc": {..}}`.
///
/// # Errors
/// 9 for an unknown operator, an argument that is no object and an array filter that is not used; those
/// of paths, arguments and of the tree; the limit `filter_nodes`.
pub(super) fn operations(
    update: &Document,
    filters: ArrayFilters,
    environment: &Environment,
) -> Result<Operations> {
    let operations = Operations { root: Node::empty(), renames: Vec::new(), filters };
    let mut reader = Reader { environment, operations, nodes: 0 };
    for (name, argument) in update.iter() {
        reader.operator(name, argument).map_err(|error| error.at(name))?;
    }
    reader.operations.filters.check_all_used()?;
    Ok(reader.operations)
}

struct Reader<'e> {
    environment: &'e Environment,
    operations: Operations,
    nodes: usize,
}

impl Reader<'_> {
    fn operator(&mut self, name: &str, argument: &Value) -> Result<()> {
        let operator = Operator::find(name)?;
        let Value::Document(arguments) = argument else {
            let message = "takes an object of paths with their arguments";
            return Err(Error::new(Code::FAILED_TO_PARSE, message));
        };
        arguments.iter().try_for_each(|(path, argument)| {
            self.count()?;
            let read = match operator {
                Operator::Rename => self.rename(path, argument),
                _ => self.operation(operator, path, argument),
            };
            read.map_err(|error| error.at(path))
        })
    }

    fn operation(&mut self, operator: Operator, path: &str, argument: &Value) -> Result<()> {
        let parts = path::parse(path, &self.environment.limits)?;
        let operation = operator.operation(argument, self.environment)?;
        if !matches!(parts.first(), Some(path::Part::Name(_))) {
            return Err(Error::bad_value("`$[]` and `$[x]` can't stand first in a path"));
        }
        self.operations.root.insert(&parts, operation, &mut self.operations.filters)
    }

    /// The move stands at its target; its source is kept for it.
    fn rename(&mut self, from: &str, to: &Value) -> Result<()> {
        let rename = Rename::parse(from, to, &self.environment.limits)?;
        let Operations { root, renames, filters } = &mut self.operations;
        let moves = Operation::MoveTo { at: renames.len(), is_from_id: rename.is_from_id() };
        root.insert(&rename.to(), moves, filters)?;
        root.insert(&rename.from(), Operation::MoveFrom, filters)?;
        renames.push(rename);
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        let most = self.environment.limits.filter_nodes;
        if self.nodes > most { Err(Error::limit("filter_nodes", most)) } else { Ok(()) }
    }
}
