//! How the records of a plan are reached: by id, by room, by user, through everything, or by a list of
//! everything that has the order asked for or is bounded by dates.
//!
//! The choice rests on the plan's bounds and on maintained counts alone: of the ways that the bounds
//! open, the cheapest is taken. What the way proves need not be asked of the records again; all else is
//! the residual. This file reads no record.

use std::collections::BTreeSet;
use std::ops::Bound as End;
use std::sync::Arc;

use filedex_query::{Bound, Conjunct, Filter, Plan, Value, ValueRef, key, order};

use super::counts::Counts;
use super::residual::{Conditions, Verdict};
use crate::error::Result;
use crate::format::keys::after_prefix;
use crate::format::{List, Tally};
use crate::snapshot::Snapshot;

/// The way to the records of a plan.
pub(crate) struct Access {
    pub(crate) path: Path,
    /// Of each conjunct of the plan, whether the path proves it.
    pub(crate) proven: Vec<bool>,
    /// Whether, and from which end, the path gives the records in the order of the sort.
    pub(crate) order: Order,
    /// The ways that were open, this one among them.
    pub(crate) ways: Vec<Way>,
}

/// A way that was open to the records of a plan.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Way {
    /// As [`Explain::access_path`](super::Explain::access_path).
    pub access_path: &'static str,
    /// How many records lie on it.
    pub records: u64,
    /// What looking at all of them would cost, in times of a record of a room.
    pub cost: u64,
}

/// Where the records are read from.
pub(crate) enum Path {
    /// These records, if they are there.
    Ids(Vec<String>),
    /// Parts of the lists of rooms.
    Rooms(Vec<Span>),
    /// Parts of the lists of users, whose entries point into rooms.
    Users(Vec<Span>),
    /// All rooms, one after the other.
    Everything,
    /// A list of all records, or a part of it, whose entries point into rooms.
    Listed(Span),
}

/// A part of a list, or all of it.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) list: List,
    /// The first key in the part.
    pub(crate) from: Vec<u8>,
    /// The first key past it.
    pub(crate) to: Option<Vec<u8>>,
    /// Whether the records here are those for which the path proves its conjuncts. Loose records are
    /// not.
    pub(crate) proves: bool,
    /// What the list adds up to, where that was asked on the way.
    pub(super) known: Option<Arc<Tally>>,
}

/// The order in which a path gives its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As the sort asks, from the first entry on.
    Forward,
    /// As the sort asks, from the last entry back.
    Backward,
    /// Another than the sort asks: the best are kept in a heap.
    Other,
}

impl Span {
    pub(crate) fn whole(list: List, proves: bool) -> Span {
        Span { list, from: Vec::new(), to: None, proves, known: None }
    }

    /// What the list adds up to.
    pub(super) fn tally(&self, snapshot: Snapshot<'_>) -> Result<Arc<Tally>> {
        match &self.known {
            Some(known) => Ok(known.clone()),
            None => snapshot.tally(&self.list),
        }
    }

    /// Whether that key lies in the part.
    pub(crate) fn holds(&self, key: &[u8]) -> bool {
        key >= self.from.as_slice() && self.to.as_deref().is_none_or(|to| key < to)
    }

    /// Whether no key can lie in the part.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.as_ref().is_some_and(|to| *to <= self.from)
    }

    /// Whether the part is the whole list.
    pub(crate) fn is_whole(&self) -> bool {
        self.from.is_empty() && self.to.is_none()
    }
}

/// What following an entry into a room costs, in times of a record that lies there.
const POINTER: u64 = 4;

impl Access {
    /// Chooses the way for a window of the answer.
    pub(crate) fn choose(snapshot: Snapshot<'_>, plan: &Plan) -> Result<Access> {
        let access = Access::stream(snapshot, plan)?;
        // Counted from one end of a list any offset is near. Where nothing is asked nobody can tell from the
        // order what else there is.
        let unasked = plan.sort().is_none() && plan.conjuncts().is_empty();
        Ok(match access.path {
            Path::Everything if unasked => {
                let path = Path::Listed(Span::whole(List::everything(), true));
                Access { path, ..access }
            }
            _ => access,
        })
    }

    /// Chooses the way for the whole answer from one end to the other.
    pub(crate) fn stream(snapshot: Snapshot<'_>, plan: &Plan) -> Result<Access> {
        let loose = snapshot.tally(&List::loose())?.records() > 0;
        let mut ways = Vec::new();
        let path = match points(plan, "_id") {
            // A filter that no record satisfies needs none.
            _ if plan.conjuncts().iter().any(is_never) => Path::Ids(Vec::new()),
            Some(ids) => Path::Ids(texts(&ids)),
            None => narrowest(snapshot, plan, loose, &mut ways)?,
        };
        let access = Access::along(path, plan, ways);
        match access.path {
            Path::Everything => access.by_list(snapshot, plan, loose),
            _ => Ok(access),
        }
    }

    /// That way, with what it proves and in which order.
    pub(super) fn along(path: Path, plan: &Plan, ways: Vec<Way>) -> Access {
        let proven = plan.conjuncts().iter().map(|conjunct| path.proves(conjunct)).collect();
        let order = path.order(plan);
        Access { path, proven, order, ways }
    }

    /// The part of the list of everything that dates leave, if they bound the answer and the list has all
    /// records in the order of their dates.
    pub(super) fn by_dates(snapshot: Snapshot<'_>, plan: &Plan) -> Result<Option<(Span, Access)>> {
        let (from, to) = date_part(plan);
        let part =
            || Span { from: from.clone(), to: to.clone(), ..Span::whole(List::everything(), true) };
        if part().is_whole() || snapshot.tally(&List::loose())?.records() > 0 {
            return Ok(None);
        }
        Ok(Some((part(), Access::along(Path::Listed(part()), plan, Vec::new()))))
    }

    /// The way through a list of all records, where one has the order asked for and the classes of records
    /// decide all else, or where dates leave few of them.
    fn by_list(self, snapshot: Snapshot<'_>, plan: &Plan, loose: bool) -> Result<Access> {
        // Without a sort the order of the list would show, and which way is taken rests on counts.
        let Some(list) = list_for(plan, loose).filter(|_| !plan.sort().is_none()) else {
            return Ok(self);
        };
        let all = snapshot.tally(&list)?;
        let (from, to) = if list == List::ids() { (Vec::new(), None) } else { date_part(plan) };
        let span = Span { list, from, to, proves: true, known: Some(all.clone()) };
        let records = match span.is_whole() {
            true => all.records(),
            false => Counts::of_span(snapshot, &span)?.iter().map(|(_, count)| count).sum(),
        };
        let mut ways = self.ways.clone();
        ways.push(Way::new("everything", all.records(), 1));
        let way = Way::new("list", records, POINTER);
        let cheaper = way.cost < all.records() && !plan.may_fail();
        ways.push(way);
        let listed = Access::along(Path::Listed(span), plan, ways.clone());
        let mut conditions = Conditions::new(plan, &listed.proven);
        let asks = all.counts().any(|(class, _)| conditions.verdict(class) == Verdict::Ask);
        let serves = !asks && listed.order != Order::Other;
        Ok(if serves || cheaper { listed } else { Access { ways, ..self } })
    }
}

impl Way {
    fn new(access_path: &'static str, records: u64, price: u64) -> Way {
        Way { access_path, records, cost: records.saturating_mul(price) }
    }
}

/// The list of all records that may serve: by `_id` if that is the order asked for, else newest first.
fn list_for(plan: &Plan, loose: bool) -> Option<List> {
    match plan.sort().keys() {
        // Lists lie in the order of bytes.
        [key] if key.path.text() == "_id" && plan.sort().collation().is_simple() => {
            Some(List::ids())
        }
        // Loose records lie in no order of their dates.
        _ => (!loose).then(List::everything),
    }
}

impl Path {
    /// The way through a room, or through everything.
    pub(super) fn of_part(room: Option<List>) -> Path {
        room.map_or(Path::Everything, |room| Path::Rooms(vec![Span::whole(room, true)]))
    }

    /// The word for the path.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Path::Ids(_) => "id",
            Path::Rooms(_) => "room",
            Path::Users(_) => "user",
            Path::Everything | Path::Listed(_) => "everything",
        }
    }

    fn proves(&self, conjunct: &Conjunct) -> bool {
        let Some(bound) = conjunct.bound() else {
            return false;
        };
        match (self, bound) {
            (Path::Ids(_), Bound::Points { field, .. }) => field == "_id",
            (Path::Rooms(_), Bound::Points { field, .. }) if field == "rid" => true,
            (Path::Users(_), Bound::Points { field, .. }) if field == "userId" => true,
            (Path::Rooms(_) | Path::Users(_), bound) => date_range(bound).is_some(),
            (Path::Listed(span), bound) => {
                span.list == List::everything() && date_range(bound).is_some()
            }
            _ => false,
        }
    }

    fn order(&self, plan: &Plan) -> Order {
        let sort = plan.sort().keys();
        let by_date = match self {
            _ if sort.is_empty() => return Order::Forward,
            // Loose records lie in no order of their dates.
            Path::Rooms(spans) | Path::Users(spans) => {
                spans.len() <= 1 && spans.iter().all(|span| span.proves)
            }
            Path::Listed(span) if span.list == List::ids() => {
                let is_last = sort.first().is_some_and(|key| key.descending);
                return if is_last { Order::Backward } else { Order::Forward };
            }
            Path::Listed(_) => true,
            Path::Ids(_) | Path::Everything => false,
        };
        date_order(plan).filter(|_| by_date).unwrap_or(Order::Other)
    }
}

/// From which end lists that have the newest first are in the order of the sort, if they are.
fn date_order(plan: &Plan) -> Option<Order> {
    let sort = plan.sort().keys();
    let first = sort.first()?;
    let named = |at: usize, name| sort.get(at).is_some_and(|key| key.path.text() == name);
    let alike = sort.iter().all(|key| key.descending == first.descending);
    let by_date = named(0, "uploadedAt") && (sort.len() == 1 || named(1, "_id"));
    // Lists lie in the order of bytes.
    let by_date = by_date && plan.sort().collation().is_simple();
    let order = if first.descending { Order::Forward } else { Order::Backward };
    (by_date && alike && sort.len() <= 2).then_some(order)
}

fn is_never(conjunct: &Conjunct) -> bool {
    matches!(conjunct.filter(), Filter::Never)
}

/// The points that all conditions on that field leave, if any condition bounds it by points.
fn points(plan: &Plan, name: &str) -> Option<Vec<Value>> {
    let mut conditions = plan.conjuncts().iter().filter_map(|conjunct| match conjunct.bound() {
        Some(Bound::Points { field, values }) if field == name => Some(values),
        _ => None,
    });
    let mut left = conditions.next()?.clone();
    for values in conditions {
        left.retain(|value| values.iter().any(|other| order::equal(value.view(), other.view())));
    }
    Some(left)
}

fn texts(values: &[Value]) -> Vec<String> {
    let texts: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    texts.into_iter().map(str::to_owned).collect()
}

/// Of rooms and users the cheaper way; the room where they are equal, because bodies lie there.
fn narrowest(
    snapshot: Snapshot<'_>,
    plan: &Plan,
    loose: bool,
    ways: &mut Vec<Way>,
) -> Result<Path> {
    let summed = |values: Vec<Value>, list| Summed::of(snapshot, &values, list);
    let rooms = points(plan, "rid").map(|values| summed(values, List::room)).transpose()?;
    let users = points(plan, "userId")
        .filter(|values| !values.contains(&Value::Null))
        .map(|values| summed(values, List::user))
        .transpose()?;
    let mut cost = |name, summed: &Option<Summed>, price| {
        let Some(summed) = summed else { return u64::MAX };
        let way = Way::new(name, summed.records, price);
        ways.push(way.clone());
        way.cost
    };
    let by_room = cost("room", &rooms, 1) <= cost("user", &users, POINTER);
    let part = date_part(plan);
    let spans = |Summed { lists, only, .. }: Summed| {
        let spans = lists.into_iter().map(|list| {
            let (from, to) = part.clone();
            Span { list, from, to, proves: true, known: only.clone() }
        });
        spans.chain(loose.then(|| Span::whole(List::loose(), false))).collect()
    };
    Ok(match (rooms, users) {
        (Some(rooms), _) if by_room => Path::Rooms(spans(rooms)),
        (_, Some(users)) => Path::Users(spans(users)),
        _ => Path::Everything,
    })
}

/// Lists, how many records they have together, and what it adds up to if there is only one.
struct Summed {
    lists: BTreeSet<List>,
    records: u64,
    only: Option<Arc<Tally>>,
}

impl Summed {
    /// The lists of these values.
    fn of(
        snapshot: Snapshot<'_>,
        values: &[Value],
        list: fn(ValueRef<'_>) -> List,
    ) -> Result<Summed> {
        let lists: BTreeSet<List> = values.iter().map(|value| list(value.view())).collect();
        let (mut records, mut only) = (0, None);
        for list in &lists {
            let tally = snapshot.tally(list)?;
            records += tally.records();
            only = (lists.len() == 1).then_some(tally);
        }
        Ok(Summed { lists, records, only })
    }
}

/// The part of a list that all conditions on `uploadedAt` leave: from a key, to before another.
fn date_part(plan: &Plan) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut from, mut to) = (Vec::new(), None::<Vec<u8>>);
    for bound in plan.conjuncts().iter().filter_map(Conjunct::bound) {
        if let Some((start, end)) = date_range(bound) {
            from = from.max(start);
            to = match (to, end) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    (from, to)
}

/// The keys between which a condition on `uploadedAt`, or on that and `_id`, holds. Lists are in descending order, so that
/// the upper end of the values is where the keys begin.
fn date_range(bound: &Bound) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    match bound {
        Bound::Points { field, values } if field == "uploadedAt" => {
            let [value] = values.as_slice() else { return None };
            let at = value.descending();
            Some((at.clone(), after_prefix(&at)))
        }
        Bound::Range { field, lower, upper } if field == "uploadedAt" => {
            let (End::Included(some) | End::Excluded(some)) = lower else {
                let (End::Included(some) | End::Excluded(some)) = upper else { return None };
                return Some(range_of(lower, upper, some));
            };
            Some(range_of(lower, upper, some))
        }
        // Every record has a text as its `_id`.
        Bound::Pairs { fields: [first, second], lower, upper }
            if first == "uploadedAt" && second == "_id" =>
        {
            let (End::Included(some) | End::Excluded(some)) = lower else {
                let (End::Included(some) | End::Excluded(some)) = upper else { return None };
                return is_text(some).then(|| range_of(lower, upper, some));
            };
            is_text(some).then(|| range_of(lower, upper, some))
        }
        _ => None,
    }
}

fn is_text(pair: &[Value; 2]) -> bool {
    matches!(pair, [_, Value::String(_)])
}

/// What an end of a range is made of.
trait Ordered {
    /// Its key in a list that has the newest first.
    fn descending(&self) -> Vec<u8>;
}

impl Ordered for Value {
    fn descending(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        key::append_descending(&mut bytes, self.view());
        bytes
    }
}

impl Ordered for [Value; 2] {
    fn descending(&self) -> Vec<u8> {
        self.iter().flat_map(Ordered::descending).collect()
    }
}

fn range_of<T: Ordered>(lower: &End<T>, upper: &End<T>, kind: &T) -> (Vec<u8>, Option<Vec<u8>>) {
    let rank: Vec<u8> = kind.descending().first().copied().into_iter().collect();
    let from = match upper {
        End::Included(value) => value.descending(),
        End::Excluded(value) => after_prefix(&value.descending()).unwrap_or_default(),
        End::Unbounded => rank.clone(),
    };
    let to = match lower {
        End::Included(value) => after_prefix(&value.descending()),
        End::Excluded(value) => Some(value.descending()),
        End::Unbounded => after_prefix(&rank),
    };
    (from, to)
}
