//! The public face of an expression: parsed once, evaluated against many documents.
//!
//! This file knows no operator. It owns what an evaluation starts from.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::node::Node;
use super::operator;
use super::parse::Parser;
use super::reads::Reads;
use super::scope::Scope;
use crate::copy::Footprint;
use crate::ejson::{self, Form};
use crate::{Account, Collation, DocumentRef, Environment, Limits, Path, Result, Value};

/// A parsed expression. Cheap to clone, immutable, free to cross threads.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Expression;
/// use filedex::{Document, Environment, Value, ejson};
/// let environment = Environment::default();
/// let text = r#"{"$multiply": ["$width", "$height"]}"#;
/// let area = Expression::parse(&ejson::read(text, &environment.limits)?, &environment)?;
/// let file = Document::new().with("width", 4).with("height", 3);
/// assert_eq!(area.evaluate(file.view())?, Some(Value::Int(12)));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    source: Value,
    node: Node,
    slots: usize,
    limits: Limits,
    seed: u64,
    collation: Collation,
}

impl Expression {
    /// Reads an expression. Operators, argument counts and variables are checked here, and what is
    /// constant is computed here, so that its errors come before any document is looked at.
    ///
    /// # Errors
    /// 168 for an unknown operator, 16020 and 28667 for a wrong number of arguments, 17276 for an
    /// unknown variable, and each operator's own codes; the limits `filter_depth`, `filter_nodes`
    /// and those of an evaluation.
    pub fn parse(source: &Value, environment: &Environment) -> Result<Expression> {
        let mut parser = Parser::new(environment);
        let node = parser.operand(source)?;
        let slots = parser.slots();
        Ok(Expression(Arc::new(Compiled {
            source: source.clone(),
            node,
            slots,
            limits: environment.limits.clone(),
            seed: environment.seed,
            collation: environment.collation.clone(),
        })))
    }

    /// The same expression with texts as the environment's collation has them.
    pub(crate) fn under(&self, environment: &Environment) -> Result<Expression> {
        match self.0.collation == environment.collation {
            true => Ok(self.clone()),
            false => Expression::parse(&self.0.source, environment),
        }
    }

    /// What one evaluation starts from.
    fn scope<'a>(&'a self, document: DocumentRef<'a>, account: &'a Account) -> Scope<'a> {
        let Compiled { limits, slots, seed, collation, .. } = &*self.0;
        Scope::new(document, (limits, collation), account, *slots, *seed)
    }

    /// Whether there is an operator of that name, `$` included.
    pub(crate) fn has_operator(name: &str) -> bool {
        operator::find(name).is_some()
    }

    /// The value for that document; `None` if it is missing.
    ///
    /// # Errors
    /// The type errors of the operators, with MongoDB's codes; the limits `expression_steps`,
    /// `expression_bytes` and `document_depth`.
    pub fn evaluate(&self, document: DocumentRef<'_>) -> Result<Option<Value>> {
        self.evaluate_within(document, &Account::default())
    }

    /// As [`Expression::evaluate`], charged to a request: what the value takes stays held, and no more.
    ///
    /// # Errors
    /// Those of [`Expression::evaluate`], and what the account says.
    pub fn evaluate_within(
        &self,
        document: DocumentRef<'_>,
        account: &Account,
    ) -> Result<Option<Value>> {
        self.evaluate_beside(document, &Cell::new(0), account)
    }

    /// As [`Expression::evaluate`], where several evaluations share the steps for one document.
    pub(crate) fn evaluate_beside(
        &self,
        document: DocumentRef<'_>,
        spent: &Cell<usize>,
        account: &Account,
    ) -> Result<Option<Value>> {
        let held = account.held();
        let mut scope = self.scope(document, account);
        scope.spend_apart(spent.get())?;
        let answer = evaluate(&self.0.node, &mut scope)?;
        let value = scope.own_if_there(answer)?;
        spent.set(scope.spent());
        // What was built on the way to the value is gone.
        let footprint = value.as_ref().map(|value| Footprint::of(value.view(), account));
        let kept = footprint.transpose()?.unwrap_or_default().grown_memory();
        account.release_to(held.saturating_add(kept));
        Ok(value)
    }

    /// Whether the value for that document counts as true.
    ///
    /// # Errors
    /// Those of [`Expression::evaluate`].
    pub fn holds(&self, document: DocumentRef<'_>) -> Result<bool> {
        self.holds_within(document, &Account::default())
    }

    /// As [`Expression::holds`], charged to a request. Nothing stays held.
    pub(crate) fn holds_within(
        &self,
        document: DocumentRef<'_>,
        account: &Account,
    ) -> Result<bool> {
        let held = account.held();
        let holds = evaluate(&self.0.node, &mut self.scope(document, account))?.truth();
        account.release_to(held);
        Ok(holds)
    }

    /// Whether a value counts as true: all but false, null, zero, undefined and missing.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Expression;
    /// use filedex::Value;
    /// assert!(Expression::truth(Some(&Value::from(""))));
    /// assert!(!Expression::truth(Some(&Value::Null)));
    /// assert!(!Expression::truth(None));
    /// ```
    pub fn truth(value: Option<&Value>) -> bool {
        value.is_some_and(|value| Answer::Borrowed(value.view()).truth())
    }

    /// The expression as it was read.
    pub fn to_value(&self) -> Value {
        self.0.source.clone()
    }

    /// The top-level fields it reads; `None` if it may read the whole document.
    pub fn fields(&self) -> Option<BTreeSet<String>> {
        Some(self.reads()?.0.into_keys().collect())
    }

    /// The paths that hold all that it reads, one for each of these fields.
    pub(crate) fn paths(&self) -> Option<Vec<Path>> {
        Some(self.reads()?.0.values().map(|names| Path::of_names(names)).collect())
    }

    fn reads(&self) -> Option<Reads> {
        let mut reads = Reads::default();
        self.0.node.collect_reads(&mut reads).then_some(reads)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.0.source == other.0.source
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({self})")
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ejson::to_text(self.0.source.view(), Form::Relaxed))
    }
}
