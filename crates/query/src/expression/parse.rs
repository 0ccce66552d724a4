//! From JSON to nodes: literals, references and calls, with every name and count checked.
//!
//! This file knows the forms. What a form's operator does is its family's business.

use super::evaluate::{evaluate, no_document};
use super::node::{Node, Variable};
use super::operator::{self, Names, Operator, Shape};
use super::scope::Scope;
use crate::{Code, Document, Environment, Error, Result, Value, field_path};

/// Reads one expression.
pub(crate) struct Parser<'e> {
    environment: &'e Environment,
    depth: usize,
    nodes: usize,
    /// The variables in sight, the innermost last.
    variables: Vec<(String, usize)>,
    slots: usize,
}

impl<'e> Parser<'e> {
    pub(crate) fn new(environment: &'e Environment) -> Parser<'e> {
        Parser { environment, depth: 0, nodes: 0, variables: Vec::new(), slots: 0 }
    }

    /// How many variables the expression defines.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn environment(&self) -> &'e Environment {
        self.environment
    }

    /// Reads an expression in any of its forms.
    pub(super) fn operand(&mut self, source: &Value) -> Result<Node> {
        self.enter()?;
        let node = match source {
            Value::String(text) if text.starts_with('$') => self.reference(text),
            Value::Document(document) => self.document(document),
            Value::Array(elements) => self.array(elements),
            other => Ok(Node::Constant(other.clone())),
        };
        self.depth -= 1;
        node
    }

    /// Reads the operator and its argument, which are the only field of `document`.
    fn call(&mut self, document: &Document) -> Result<Node> {
        let Some((name, argument)) = document.iter().next() else {
            return Ok(Node::Object(Vec::new()));
        };
        if document.len() != 1 {
            let message = format!("`{name}` must be the only field of its object");
            return Err(Error::new(Code(15983), message));
        }
        let unknown = || {
            let guess = match (refusal(name), operator::nearest(name)) {
                ("", Some(nearest)) => format!("; did you mean `{nearest}`?"),
                (reason, _) => reason.to_owned(),
            };
            let message = format!("there is no expression operator `{name}`{guess}");
            Error::new(Code::INVALID_PIPELINE_OPERATOR, message)
        };
        let operator = operator::find(name).ok_or_else(unknown)?;
        self.apply(operator, argument).map_err(|error| error.at(name))
    }

    /// Reads the operator's argument and makes the call; computes it if all is constant.
    fn apply(&mut self, operator: &'static Operator, argument: &Value) -> Result<Node> {
        let node = match &operator.shape {
            Shape::List { least, most, code } => {
                let arguments = self.list(argument)?;
                let count = arguments.len();
                if count < *least || count > *most {
                    return Err(wrong_count(operator, (*least, *most), count, *code));
                }
                Node::Call { operator, arguments }
            }
            Shape::Named(names) => {
                Node::Call { operator, arguments: self.named(operator.name, names, argument)? }
            }
            Shape::Own(parse) => parse(self, operator, argument)?,
        };
        self.fold(node)
    }

    /// Reads a list of arguments; one may stand alone.
    pub(super) fn list(&mut self, argument: &Value) -> Result<Vec<Node>> {
        match argument {
            Value::Array(elements) => self.elements(elements),
            single => Ok(vec![self.operand(single)?]),
        }
    }

    /// Reads named arguments into the order of `names`.
    pub(super) fn named(
        &mut self,
        operator: &str,
        names: &Names,
        argument: &Value,
    ) -> Result<Vec<Node>> {
        let fields = fields_of(argument, names.not_object, operator)?;
        let mut arguments: Vec<Node> = names.names.iter().map(|_| Node::Absent).collect();
        for (field, value) in fields.iter() {
            let index = names.names.iter().position(|(name, _)| *name == field);
            let Some(place) = index.and_then(|index| arguments.get_mut(index)) else {
                let message = format!("{operator} has no argument `{field}`");
                return Err(Error::new(Code(names.unknown), message));
            };
            *place = self.operand(value).map_err(|error| error.at(field))?;
        }
        let missing = names
            .names
            .iter()
            .zip(&arguments)
            .find(|((_, code), argument)| *code != 0 && matches!(argument, Node::Absent));
        match missing {
            Some(((name, code), _)) => {
                Err(Error::new(Code(*code), format!("{operator} needs the argument `{name}`")))
            }
            None => Ok(arguments),
        }
    }

    /// Defines variables for the time of `read`, and gives their slots back with what it read.
    pub(super) fn with_variables<T>(
        &mut self,
        names: &[&str],
        read: impl FnOnce(&mut Parser<'e>) -> Result<T>,
    ) -> Result<(Vec<usize>, T)> {
        let before = self.variables.len();
        let slots: Vec<usize> = (self.slots..self.slots + names.len()).collect();
        self.slots += names.len();
        let named = names.iter().map(|name| (*name).to_owned());
        self.variables.extend(named.zip(slots.iter().copied()));
        let result = read(self);
        self.variables.truncate(before);
        Ok((slots, result?))
    }

    /// Computes a node whose parts are all known.
    fn fold(&mut self, node: Node) -> Result<Node> {
        let is_known = match &node {
            Node::Call { operator, arguments } => {
                operator.is_pure() && arguments.iter().all(Node::is_constant)
            }
            Node::Array(nodes) => nodes.iter().all(Node::is_constant),
            Node::Object(fields) => fields.iter().all(|(_, node)| node.is_constant()),
            _ => false,
        };
        if !is_known {
            return Ok(node);
        }
        let Environment { limits, collation, account, .. } = self.environment;
        let mut scope = Scope::new(no_document(), (limits, collation), account, 0, 0);
        let answer = match &node {
            // The parser adds the operator's name to an error on its way up.
            Node::Call { operator, arguments } => (operator.run)(&mut scope, arguments)?,
            node => evaluate(node, &mut scope)?,
        };
        Ok(scope.own_if_there(answer)?.map_or(Node::Missing, Node::Constant))
    }

    fn document(&mut self, document: &Document) -> Result<Node> {
        if document.iter().next().is_some_and(|(name, _)| name.starts_with('$')) {
            return self.call(document);
        }
        let mut fields: Vec<(String, Node)> = Vec::with_capacity(document.len());
        for (name, value) in document.iter() {
            field_path::check_name(name)?;
            if fields.iter().any(|(earlier, _)| earlier == name) {
                let message = format!("the field `{name}` stands twice in an object");
                return Err(Error::new(Code(16406), message));
            }
            let node = self.operand(value).map_err(|error| error.at(name))?;
            fields.push((name.to_owned(), node));
        }
        self.fold(Node::Object(fields))
    }

    fn array(&mut self, elements: &[Value]) -> Result<Node> {
        let nodes = self.elements(elements)?;
        self.fold(Node::Array(nodes))
    }

    fn elements(&mut self, elements: &[Value]) -> Result<Vec<Node>> {
        let read = |(index, element)| self.operand(element).map_err(|error| error.at(index));
        elements.iter().enumerate().map(read).collect()
    }

    /// Reads `$a.b`, `$$this.a` and the built-in variables.
    pub(super) fn reference(&mut self, text: &str) -> Result<Node> {
        let limits = &self.environment.limits;
        let Some(named) = text.strip_prefix("$$") else {
            let path = text.strip_prefix('$').unwrap_or(text);
            if path.is_empty() {
                return Err(Error::new(Code(16872), "`$` alone is no path"));
            }
            if path.starts_with('.') {
                return Err(Error::new(Code(15998), "a part of a field path is empty"));
            }
            let path = field_path::parse(path, limits)?.into_iter().map(str::to_owned).collect();
            return Ok(Node::Field { variable: self.current(), path });
        };
        let name = named.split('.').next().unwrap_or(named);
        check_readable(name)?;
        let path = field_path::parse(named, limits)?;
        let path = path.into_iter().skip(1).map(str::to_owned).collect();
        self.variable(name, path)
    }

    fn variable(&mut self, name: &str, path: Vec<String>) -> Result<Node> {
        if let Some((_, slot)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Ok(Node::Field { variable: Variable::Slot(*slot), path });
        }
        match name {
            "ROOT" | "CURRENT" => Ok(Node::Field { variable: Variable::Root, path }),
            "NOW" if path.is_empty() => Ok(Node::Constant(self.environment.now.into())),
            "NOW" | "REMOVE" => Ok(Node::Missing),
            "CLUSTER_TIME" | "USER_ROLES" => {
                Err(Error::new(Code(51144), format!("there is no `$${name}` here")))
            }
            _ => Err(Error::new(Code(17276), format!("the variable `$${name}` is not defined"))),
        }
    }

    fn current(&self) -> Variable {
        let renamed = self.variables.iter().rev().find(|(name, _)| name == "CURRENT");
        renamed.map_or(Variable::Root, |(_, slot)| Variable::Slot(*slot))
    }

    fn enter(&mut self) -> Result<()> {
        let limits = &self.environment.limits;
        self.environment.account.work(1)?;
        self.depth += 1;
        self.nodes += 1;
        if self.depth > limits.filter_depth {
            return Err(Error::limit("filter_depth", limits.filter_depth));
        }
        if self.nodes > limits.filter_nodes {
            return Err(Error::limit("filter_nodes", limits.filter_nodes));
        }
        Ok(())
    }
}

/// The fields of an operator's argument, which must be an object.
pub(super) fn fields_of<'v>(
    argument: &'v Value,
    code: u32,
    operator: &str,
) -> Result<&'v Document> {
    let message = || format!("{operator} takes an object of named arguments");
    argument.as_document().ok_or_else(|| Error::new(Code(code), message()))
}

/// Checks a name that an expression gives to a variable.
pub(super) fn check_writable(name: &str) -> Result<()> {
    let Some(first) = name.chars().next() else {
        return Err(Error::new(Code::FAILED_TO_PARSE, "a variable's name can't be empty"));
    };
    if name == "CURRENT" {
        return Ok(());
    }
    if first.is_ascii() && !first.is_ascii_lowercase() {
        let message = format!("the variable name `{name}` must start with a small letter");
        return Err(Error::new(Code::FAILED_TO_PARSE, message));
    }
    check_letters(name)
}

fn check_readable(name: &str) -> Result<()> {
    let Some(first) = name.chars().next() else {
        return Err(Error::new(Code::FAILED_TO_PARSE, "`$$` needs the name of a variable"));
    };
    if first.is_ascii() && !first.is_ascii_alphabetic() {
        let message = format!("the variable name `{name}` must start with a letter");
        return Err(Error::new(Code::FAILED_TO_PARSE, message));
    }
    check_letters(name)
}

fn check_letters(name: &str) -> Result<()> {
    let is_allowed =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii();
    if name.chars().all(is_allowed) {
        return Ok(());
    }
    let message = format!("the variable name `{name}` holds a letter that can't be");
    Err(Error::new(Code::FAILED_TO_PARSE, message))
}

fn wrong_count(operator: &Operator, range: (usize, usize), count: usize, code: u32) -> Error {
    let wanted = match range {
        (least, most) if least == most => format!("exactly {least}"),
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    let message = format!("{} takes {wanted} arguments, not {count}", operator.name);
    Error::new(Code(code), message)
}

/// Why an operator that MongoDB has is not here.
fn refusal(name: &str) -> &'static str {
    match name {
        "$function" | "$accumulator" | "$where" => ": Filedex runs no JavaScript",
        "$meta" => ": no index here keeps metadata",
        "$toHashedIndexKey" => ": there are no hashed indexes here",
        "$hash" | "$hexHash" => ": Filedex makes no hashes",
        "$createObjectId" => ": Filedex makes no ids of its own; let the program make them",
        "$toArray" | "$toObject" | "$serializeEJSON" | "$deserializeEJSON" => {
            ": text is not read as JSON inside a query"
        }
        "$similarityCosine" | "$similarityDotProduct" | "$similarityEuclidean" => {
            ": Filedex compares no vectors"
        }
        name if name.starts_with("$encStr") => ": Filedex holds nothing encrypted",
        name if name.starts_with("$_internal") => ": that is the server's own",
        _ => "",
    }
}
