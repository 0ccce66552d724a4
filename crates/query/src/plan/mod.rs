//! A query compiled as a whole: what a store executes, and prints.
//!
//! A plan knows what its filter proves about single fields ([`Bound`]) and what it says of records of
//! which only a few fields are known ([`Known`]); which lists a store keeps, and in which order, it
//! does not know.

mod bound;
mod known;

use std::fmt;
use std::sync::Arc;

pub use bound::Bound;
pub use known::{COUNTED_FIELDS, Known};

use crate::filter::Terms;
use crate::{
    Collation, DocumentRef, DottedNull, Environment, Filter, Limits, Matcher, Projection,
    Redaction, Residual, Result, Sort,
};

/// A compiled query: filter, projection and sort. Cheap to clone, and to use from many threads.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Projection, Sort};
/// use filedex::{Environment, Filter, Plan};
/// let environment = Environment::default();
/// let filter = Filter::parse_text(r#"{"rid": "GENERAL", "size": {"$gt": 10}}"#, &environment)?;
/// let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?;
/// assert_eq!(plan.conjuncts().len(), 2);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone)]
pub struct Plan(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    filter: Filter,
    matcher: Matcher,
    conjuncts: Vec<Conjunct>,
    projection: Projection,
    sort: Sort,
    limits: Limits,
    redaction: Redaction,
}

/// One condition that every record of the answer satisfies. A store may prove it by the way it
/// reaches the records; otherwise it runs its matcher.
#[derive(Clone)]
pub struct Conjunct {
    filter: Filter,
    matcher: Matcher,
    bound: Option<Bound>,
    may_fail: bool,
    collation: Collation,
    dotted_null: DottedNull,
    redaction: Option<Redaction>,
}

impl Plan {
    /// Compiles the parts of a query into one plan. Texts compare as the environment has it, in the
    /// sort as in that which it was read with.
    ///
    /// # Errors
    /// As [`Matcher::compile`].
    pub fn compile(
        filter: Filter,
        projection: Projection,
        sort: Sort,
        environment: &Environment,
    ) -> Result<Plan> {
        let filter = filter.under(environment)?;
        let projection = projection.under(environment)?;
        let conjuncts = Conjunct::each(&filter, environment);
        let redaction = Redaction::default();
        Ok(Plan::of(filter, conjuncts, projection, sort, redaction, environment))
    }

    /// Compiles a query of which a part is asked by somebody who may not see all of a record: the host's
    /// conditions hold for the whole record; the caller's, the projection and the sort are of the
    /// record without what is redacted. The host's texts compare by their bytes, whatever the collation.
    ///
    /// Two sets of records that differ only in what the host's conditions keep out or what is redacted
    /// give the same records in the same order, and the same error if there is one.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::{Projection, Redaction, Sort};
    /// use filedex::{Document, Environment, Filter, Plan};
    /// let environment = Environment::default();
    /// let filter = |text| Filter::parse_text(text, &environment);
    /// let (host, caller) = (filter(r#"{"key": 7}"#)?, filter(r#"{"key": null}"#)?);
    /// let (all, none) = (Projection::everything(), Sort::none());
    /// let redaction = Redaction::default().hiding("key");
    /// let plan = Plan::compile_redacted(host, caller, all, none, &redaction, &environment)?;
    /// assert!(plan.matcher().matches(Document::new().with("key", 7).view())?);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Matcher::compile`].
    pub fn compile_redacted(
        host: Filter,
        caller: Filter,
        projection: Projection,
        sort: Sort,
        redaction: &Redaction,
        environment: &Environment,
    ) -> Result<Plan> {
        // A room is not another one whose name is written alike: the host's texts compare by bytes.
        let bytes = Environment { collation: Collation::simple(), ..environment.clone() };
        let plain = Conjunct::each(&host.under(&bytes)?, &bytes);
        let caller = caller.under(environment)?;
        let projection = projection.under(environment)?;
        let mut asked = Conjunct::each(&caller, environment);
        let may_fail = asked.iter().any(|conjunct| conjunct.may_fail) || sort.may_fail();
        let one_list = plain.iter().all(Conjunct::leads_to_one_list);
        for conjunct in asked.iter_mut().filter(|_| !redaction.is_empty()) {
            conjunct.matcher = conjunct.matcher.clone().redacted(redaction);
            conjunct.redaction = Some(redaction.clone());
            // Which way is taken to the records rests on counts of records that the asker may not see:
            // what he asks opens only ways on which they come in the same order, where that shows.
            let keeps_order = one_list && conjunct.leads_to_one_list();
            let shows = !keeps_order && (may_fail || sort.is_none());
            let hidden = |bound: &Bound| bound.fields().iter().any(|field| redaction.hides(field));
            conjunct.bound.take_if(|bound| shows || hidden(bound));
        }
        let filter = Filter::and(vec![host, caller]);
        let (projection, sort) = match redaction.is_empty() {
            true => (projection, sort),
            false => (projection.redacted(redaction), sort.redacted(redaction, may_fail)),
        };
        let conjuncts = plain.into_iter().chain(asked).collect();
        Ok(Plan::of(filter, conjuncts, projection, sort, redaction.clone(), environment))
    }

    fn of(
        filter: Filter,
        mut conjuncts: Vec<Conjunct>,
        projection: Projection,
        sort: Sort,
        redaction: Redaction,
        environment: &Environment,
    ) -> Plan {
        let matchers: Vec<Matcher> = conjuncts.iter().map(|one| one.matcher.clone()).collect();
        let matcher = Matcher::all(&matchers);
        // What can end a query with an error is asked last, of records that satisfy everything else:
        // whether it ends must not depend on which of several ways a store takes to the records, for
        // that rests on counts of records that the asker may not see.
        conjuncts.sort_by_key(|conjunct| conjunct.may_fail);
        let limits = environment.limits.clone();
        Plan(Arc::new(Parts { filter, matcher, conjuncts, projection, sort, limits, redaction }))
    }

    /// What a record must satisfy, as a tree.
    pub fn filter(&self) -> &Filter {
        &self.0.filter
    }

    /// What a record must satisfy, ready to run.
    pub fn matcher(&self) -> &Matcher {
        &self.0.matcher
    }

    /// Whether some record could end the query with an error.
    pub fn may_fail(&self) -> bool {
        self.0.conjuncts.iter().any(|conjunct| conjunct.may_fail) || self.0.sort.may_fail()
    }

    /// The conditions that must all hold; none for a plan that takes every record.
    pub fn conjuncts(&self) -> &[Conjunct] {
        &self.0.conjuncts
    }

    /// The conditions that are not proven, to be asked together: `proven` says it of each of
    /// [`Plan::conjuncts`], in their order; those it does not speak of are not proven.
    pub fn residual(&self, proven: &[bool]) -> Residual<'_> {
        let mut residual = Residual::default();
        let proven = proven.iter().chain(std::iter::repeat(&false));
        for (conjunct, _) in self.0.conjuncts.iter().zip(proven).filter(|(_, proven)| !**proven) {
            residual.push(&conjunct.matcher, conjunct.may_fail);
        }
        residual
    }

    /// A text that names the conditions that are not proven: plans that have it in common say the same of
    /// every record. None where what they say is another thing each time.
    pub fn residual_name(&self, proven: &[bool]) -> Option<String> {
        let mut name = String::new();
        let proven = proven.iter().chain(std::iter::repeat(&false));
        for (conjunct, _) in self.0.conjuncts.iter().zip(proven).filter(|(_, proven)| !**proven) {
            conjunct.append_name(&mut name)?;
        }
        Some(name)
    }

    /// What is shown of a record.
    pub fn projection(&self) -> &Projection {
        &self.0.projection
    }

    /// The order of the records.
    pub fn sort(&self) -> &Sort {
        &self.0.sort
    }

    /// The same plan with whole records shown, in the same order or in none.
    #[must_use]
    pub fn whole(&self, sorted: bool) -> Plan {
        let mut parts = Parts::clone(&self.0);
        parts.projection = Projection::everything();
        if !sorted {
            parts.sort = Sort::none();
        }
        Plan(Arc::new(parts))
    }

    /// The record as its asker may ask it: without what is redacted.
    pub fn asked<'a>(&'a self, record: DocumentRef<'a>) -> DocumentRef<'a> {
        if self.0.redaction.is_empty() { record } else { self.0.redaction.asked(record) }
    }

    /// Whether the asker may not see fields of that name.
    pub fn hides(&self, name: &str) -> bool {
        self.0.redaction.hides(name)
    }

    /// What the plan may cost.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }
}

impl Conjunct {
    /// The conditions that the filter joins.
    fn each(filter: &Filter, environment: &Environment) -> Vec<Conjunct> {
        let matchers = Matcher::compile_each(filter.conjuncts(), environment);
        let members = filter.conjuncts().iter().zip(matchers);
        members.map(|(filter, matcher)| Conjunct::of(filter, matcher, environment)).collect()
    }

    fn of(filter: &Filter, matcher: Matcher, environment: &Environment) -> Conjunct {
        let (may_fail, bound) = (filter.may_fail(), Bound::under(&environment.collation, filter));
        Conjunct {
            filter: filter.clone(),
            matcher,
            bound,
            may_fail,
            collation: environment.collation.clone(),
            dotted_null: environment.dotted_null,
            redaction: None,
        }
    }

    /// Whether what it proves leaves the records of one list, if of any.
    fn leads_to_one_list(&self) -> bool {
        !matches!(&self.bound, Some(Bound::Points { values, .. }) if values.len() > 1)
    }

    fn append_name(&self, name: &mut String) -> Option<()> {
        let Conjunct { filter, collation, dotted_null, redaction, .. } = self;
        let hidden: Vec<&str> = redaction.iter().flat_map(Redaction::names).collect();
        let text = format!("{filter} {collation} {dotted_null:?} {hidden:?}\n");
        filter.is_steady().then(|| name.push_str(&text))
    }

    /// The condition as a tree.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What the condition proves about one field or two, if it is of that kind.
    pub fn bound(&self) -> Option<&Bound> {
        self.bound.as_ref()
    }

    /// Whether the record satisfies the condition.
    ///
    /// # Errors
    /// Those of [`Matcher::matches`].
    pub fn matches(&self, record: DocumentRef<'_>) -> Result<bool> {
        self.matcher.matches(record)
    }

    /// Whether another engine that speaks the language, asked [`Conjunct::filter`] of whole records,
    /// answers as [`Conjunct::matches`] does, and never with an error.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::{Projection, Sort};
    /// use filedex::{Environment, Filter, Plan};
    /// let environment = Environment::default();
    /// let text = r#"{"size": {"$gt": 10}, "name": {"$regex": "a"}, "$expr": {"$divide": [1, "$size"]}}"#;
    /// let filter = Filter::parse_text(text, &environment)?;
    /// let plan = Plan::compile(filter, Projection::everything(), Sort::none(), &environment)?;
    /// let portable = plan.conjuncts().iter().filter(|conjunct| conjunct.is_portable());
    /// assert_eq!(portable.count(), 1);
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn is_portable(&self) -> bool {
        let nothing = Redaction::default();
        let redaction = self.redaction.as_ref().unwrap_or(&nothing);
        self.filter.is_portable(Terms { collation: &self.collation, redaction })
    }

    /// Whether every record of which that much is known satisfies the condition (`Some(true)`), none
    /// does (`Some(false)`), or it depends on the rest.
    pub fn decide(&self, known: &Known) -> Option<bool> {
        self.matcher.decide(known)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { filter, projection, sort, .. } = &*self.0;
        write!(f, "filter {filter} fields {projection} sort {sort}")
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
