//! A filter says the same of a document in memory, of its stored form, and after being printed and
//! parsed again. So do a projection and a sort. What a plan proves about single fields, its filter
//! says too.
#![no_main]

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Bound as End;

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{
    Account, Bound, COUNTED_FIELDS, Document, DocumentRef, Environment, Filter, Found, Known,
    Matcher, Path, Plan, Projection, Question, Result, Sort, Value, ejson, order,
};
use libfuzzer_sys::fuzz_target;

/// Asks about the document and about its stored form; both must answer the same.
fn both<T: PartialEq + Debug>(
    document: &Document,
    ask: impl Fn(DocumentRef<'_>) -> Result<T>,
) -> Result<T> {
    let bytes = packed::pack(document);
    let stored = PackedDocument::new(&bytes);
    assert!(stored.check());
    let answer = ask(document.view());
    assert_eq!(answer, ask(stored.into()));
    answer
}

/// What the filter finds in the document.
fn filtered(document: &Document, filter: &Filter, environment: &Environment) -> Option<Found> {
    let matcher = Matcher::compile(filter, environment).ok()?;
    let matched = both(document, |document| matcher.matches(document));
    let found = matcher.find(document.view());
    assert_eq!(matched, found.clone().map(|found| found.is_some()));
    let printed = filter.to_document();
    let again = Filter::parse(&printed, environment).expect("a printed filter parses");
    let again = Matcher::compile(&again, environment).expect("and compiles");
    assert_eq!(matched, again.matches(document.view()), "{printed:?}");
    found.ok().flatten()
}

fn projected(
    document: &Document,
    projection: &Projection,
    found: Option<Found>,
    environment: &Environment,
) {
    if projection.needs_position() && found.is_none() {
        return;
    }
    let shown = both(document, |document| projection.apply(document, found));
    let printed = projection.to_document();
    let again = Projection::parse(&printed, environment).expect("a printed projection parses");
    assert_eq!(shown, again.apply(document.view(), found), "{printed:?}");
}

fn sorted(document: &Document, sort: &Sort, environment: &Environment) {
    let key = both(document, |document| sort.key(document));
    let again = Sort::parse(&sort.to_document(), environment).expect("a printed sort parses");
    assert_eq!(key, again.key(document.view()));
    let bytes = packed::pack(document);
    let values: Vec<Vec<u8>> = sort
        .paths()
        .map(|path| {
            let mut value = Vec::new();
            path.narrow(PackedDocument::new(&bytes), &mut value);
            value
        })
        .collect();
    let (mut narrowed, values) = (Vec::new(), values.iter().map(Vec::as_slice));
    if sort.append_narrowed_key(values, &mut narrowed, &Account::default()).expect("no clock") {
        assert_eq!(Ok(narrowed), key);
    }
}

/// What all conditions say of the document, asked together and one by one.
fn asked_together(document: &Document, plan: &Plan) {
    let together = plan.residual(&[]);
    let together = both(document, |document| together.matches(document));
    let mut answers = plan.conjuncts().iter().map(|conjunct| conjunct.matches(document.view()));
    assert_eq!(together, answers.find(|answer| *answer != Ok(true)).unwrap_or(Ok(true)));
    asked_of_narrowed(document, plan, together == Ok(true));
}

/// What the conditions say of no more of the document than their paths look at.
fn asked_of_narrowed(document: &Document, plan: &Plan, holds: bool) {
    let ((questions, complete), bytes) = (plan.residual(&[]).questions(), packed::pack(document));
    let holds_narrowed = questions.iter().all(|question| narrowed(question, &bytes) == Ok(true));
    assert!(holds_narrowed || !holds);
    assert!(holds || !holds_narrowed || !complete);
}

fn narrowed(question: &Question<'_>, record: &[u8]) -> Result<bool> {
    let account = Account::default();
    let narrow = |path: &Path| {
        let mut value = Vec::new();
        path.narrow(PackedDocument::new(record), &mut value);
        value
    };
    let any = |members: &[Question<'_>], sought: bool| {
        for member in members {
            if narrowed(member, record)? == sought {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match question {
        Question::One(condition) => {
            condition.holds_for_narrowed(&narrow(condition.path()), &account)
        }
        Question::All(members) => any(members, false).map(|any| !any),
        Question::Any(members) => any(members, true),
        Question::None(members) => any(members, true).map(|any| !any),
        Question::Fields(fields) => {
            let values: Vec<Vec<u8>> = fields.paths().iter().map(narrow).collect();
            let values = values.iter().map(Vec::as_slice);
            fields.holds_for_narrowed(values, &mut Vec::new(), &account)
        }
        _ => panic!("a question of another kind"),
    }
}

/// What the conditions prove, with all of the counted fields known and with none.
fn proved(document: &Document, plan: &Plan) {
    let present = COUNTED_FIELDS
        .into_iter()
        .filter_map(|name| document.get(name).map(|value| (name.to_owned(), value.clone())));
    let all = Known { present: present.collect(), unknown: Vec::new() };
    let none = Known { present: Document::new(), unknown: COUNTED_FIELDS.to_vec() };
    for conjunct in plan.conjuncts() {
        let Ok(matched) = conjunct.matches(document.view()) else { continue };
        for known in [&all, &none] {
            assert!(conjunct.decide(known).is_none_or(|decided| decided == matched), "{known:?}");
        }
        let Some(bound) = conjunct.bound() else { continue };
        let values = bound.fields().iter();
        let values: Vec<&Value> =
            values.map(|field| document.get(field).unwrap_or(&Value::Null)).collect();
        if !values.iter().any(|value| matches!(value, Value::Array(_))) && is_exact(&values, bound)
        {
            assert_eq!(lies_in(&values, bound), matched, "{bound}");
        }
    }
}

/// Whether a bound speaks of values of these kinds: the second field's must be of the rank of its end.
fn is_exact(values: &[&Value], bound: &Bound) -> bool {
    let Bound::Pairs { lower, upper, .. } = bound else { return true };
    let ([_, second], Some([_, end])) = (values, end_of(lower).or(end_of(upper))) else {
        return false;
    };
    order::rank(second.view()) == order::rank(end.view())
}

fn end_of<T>(end: &End<T>) -> Option<&T> {
    match end {
        End::Included(value) | End::Excluded(value) => Some(value),
        End::Unbounded => None,
    }
}

fn lies_in(values: &[&Value], bound: &Bound) -> bool {
    let compare = |value: &Value, end: &Value| {
        let same_rank = order::rank(value.view()) == order::rank(end.view());
        same_rank.then(|| order::compare(value.view(), end.view()))
    };
    match (bound, values) {
        (Bound::Points { values: points, .. }, [value]) => {
            points.iter().any(|point| compare(value, point) == Some(Ordering::Equal))
        }
        (Bound::Range { lower, upper, .. }, [value]) => {
            lies_between(lower, upper, |end| compare(value, end))
        }
        (Bound::Pairs { lower, upper, .. }, [first, second]) => {
            lies_between(lower, upper, |[one, other]: &[Value; 2]| {
                let order = compare(first, one)?;
                Some(order.then(order::compare(second.view(), other.view())))
            })
        }
        _ => panic!("a bound of another kind"),
    }
}

fn lies_between<T>(lower: &End<T>, upper: &End<T>, to: impl Fn(&T) -> Option<Ordering>) -> bool {
    let above = match lower {
        End::Included(end) => to(end).is_some_and(Ordering::is_ge),
        End::Excluded(end) => to(end).is_some_and(Ordering::is_gt),
        End::Unbounded => true,
    };
    above
        && match upper {
            End::Included(end) => to(end).is_some_and(Ordering::is_le),
            End::Excluded(end) => to(end).is_some_and(Ordering::is_lt),
            End::Unbounded => true,
        }
}

// A document, then a filter, a projection and a sort, one a line.
fuzz_target!(|text: &str| {
    let environment = Environment::default();
    let mut lines = text.lines();
    let Some(line) = lines.next() else { return };
    let Ok(document) = ejson::read_document(line, &environment.limits) else { return };
    let mut next = || lines.next().unwrap_or("{}");

    let mut found = None;
    if let Ok(filter) = Filter::parse_text(next(), &environment) {
        found = filtered(&document, &filter, &environment);
        let everything = (Projection::everything(), Sort::none());
        if let Ok(plan) = Plan::compile(filter, everything.0, everything.1, &environment) {
            asked_together(&document, &plan);
            proved(&document, &plan);
        }
    }
    if let Ok(projection) = Projection::parse_text(next(), &environment) {
        projected(&document, &projection, found, &environment);
    }
    if let Ok(sort) = Sort::parse_text(next(), &environment) {
        sorted(&document, &sort, &environment);
    }
});
