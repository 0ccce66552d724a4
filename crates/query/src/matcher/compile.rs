//! From a [`Filter`] to what runs: everything that can be worked out once is worked out here.

use std::sync::Arc;

use super::indexed::Indexed;
use super::node::{Field, Node};
use super::order_test::{Comparison, OrderTest};
use super::predicate::{BitPredicate, Membership, Predicate, RegexTest};
use super::sample::Sample;
use crate::{Arrays, Environment, Filter, Path, Test, Value};

pub(super) fn node(filter: &Filter, environment: &Environment) -> Node {
    Compiler { environment, samples: 0 }.node(filter)
}

/// Each of the filters that one filter joins.
pub(super) fn shared(filters: &[Filter], environment: &Environment) -> Vec<Arc<Node>> {
    Compiler { environment, samples: 0 }.shared(filters)
}

/// The tests, for a single value.
pub(super) fn predicates(tests: &[Test], environment: &Environment) -> Vec<Predicate> {
    Compiler { environment, samples: 0 }.predicates(tests)
}

struct Compiler<'e> {
    environment: &'e Environment,
    /// How many `$sampleRate` were met: each draws on its own.
    samples: u64,
}

impl Compiler<'_> {
    fn node(&mut self, filter: &Filter) -> Node {
        match filter {
            Filter::All => Node::Always(true),
            Filter::Never => Node::Always(false),
            Filter::And(members) => Node::And(self.shared(members)),
            Filter::Or(members) => Node::Or(self.nodes(members)),
            Filter::Nor(members) => Node::Nor(self.nodes(members)),
            Filter::Field { path, test } => self.field(path, test),
            Filter::Expression(expression) => Node::Expression(Box::new(expression.clone())),
            Filter::Schema(schema) => Node::Schema(Box::new(schema.clone())),
            Filter::Sample(rate) => {
                self.samples += 1;
                Node::Sample(Sample::new(*rate, self.environment.seed, self.samples))
            }
        }
    }

    fn shared(&mut self, filters: &[Filter]) -> Vec<Arc<Node>> {
        filters.iter().map(|filter| Arc::new(self.node(filter))).collect()
    }

    fn nodes(&mut self, filters: &[Filter]) -> Vec<Node> {
        filters.iter().map(|filter| self.node(filter)).collect()
    }

    fn field(&mut self, path: &Path, test: &Test) -> Node {
        // On a path, negation is about everything the path finds: not one value passes.
        if let Test::Not(tests) = test {
            return Node::Nor(vec![match tests.as_slice() {
                [test] => self.field(path, test),
                tests => {
                    let tests = tests.iter().map(|test| Arc::new(self.field(path, test)));
                    Node::And(tests.collect())
                }
            }]);
        }
        let arrays = match test {
            Test::Size(_) | Test::ElemMatchObject(_) | Test::ElemMatchValue(_) => Arrays::Whole,
            _ => Arrays::Expand,
        };
        let path = path.clone().with_dotted_null(self.environment.dotted_null);
        Node::Field(Field { path, arrays, predicate: self.predicate(test) })
    }

    fn predicates(&mut self, tests: &[Test]) -> Vec<Predicate> {
        tests.iter().map(|test| self.predicate(test)).collect()
    }

    fn predicate(&mut self, test: &Test) -> Predicate {
        match test {
            Test::Eq(value) => self.equal(value),
            Test::Gt(value) => self.order(Comparison::Gt, value),
            Test::Gte(value) => self.order(Comparison::Gte, value),
            Test::Lt(value) => self.order(Comparison::Lt, value),
            Test::Lte(value) => self.order(Comparison::Lte, value),
            Test::In { values, patterns } => {
                Predicate::In(Membership::new(values, patterns, &self.environment.collation))
            }
            Test::Exists => Predicate::Exists,
            Test::Type(types) => Predicate::Type(*types),
            Test::Regex(pattern) => Predicate::Regex(RegexTest::new(pattern)),
            Test::Mod { divisor, remainder } => {
                Predicate::Mod { divisor: *divisor, remainder: *remainder }
            }
            Test::Size(size) => Predicate::Size(*size),
            Test::ElemMatchObject(filter) => Predicate::ElementObject {
                node: Box::new(self.node(filter)),
                indexed: Indexed::of(filter),
            },
            Test::ElemMatchValue(tests) => Predicate::ElementValue(self.predicates(tests)),
            Test::Bits { test, mask } => {
                Predicate::Bits(BitPredicate { test: *test, mask: mask.clone() })
            }
            Test::Not(tests) => Predicate::Not(self.predicates(tests)),
        }
    }

    fn order(&self, comparison: Comparison, value: &Value) -> Predicate {
        Predicate::Order(OrderTest::new(comparison, value, &self.environment.collation))
    }

    /// Where no text is compared, any collation says what that of bytes does.
    fn equal(&self, value: &Value) -> Predicate {
        let collation = &self.environment.collation;
        match value {
            value if collation.is_simple() => Predicate::Equal(value.clone()),
            Value::String(_) | Value::Symbol(_) | Value::Document(_) | Value::Array(_) => {
                Predicate::EqualBy(collation.clone(), value.clone())
            }
            value => Predicate::Equal(value.clone()),
        }
    }
}
