//! What any backend can do that walks over its records: figures, places and sweeps, at the price of a look at
//! each match.

use filedex_query::{
    Account, Collation, Document, Found as Match, Path, Plan, Position, Sum, Value, Values,
};
use filedex_storage::{Put, Start, Sweep, Watch, Window};

use super::{Found, Walk};
use crate::Result;

/// Records of one step.
const STEP: usize = 1000;

pub(super) fn page_at(matches: Walk, plan: &Plan, start: &Start, window: Window) -> Result<Found> {
    let (place, is_end) = match start {
        Start::Before(position) => (plan.sort().key_of(position)?, true),
        Start::After(position) => (plan.sort().key_of(position)?, false),
        other => return Err(super::unsupported(&format!("{other:?}"))),
    };
    let (mut found, mut beside) = (Found::default(), Vec::new());
    let offset = usize::try_from(window.offset).unwrap_or(usize::MAX);
    let count =
        window.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    for record in matches {
        let record = record?;
        found.total += 1;
        let key = plan.sort().key_with_id(record.view())?;
        let is_beside = if is_end { key < place } else { key > place };
        // Of those before the place the last are wanted, so that all are kept.
        if is_beside && (is_end || beside.len() < offset.saturating_add(count)) {
            beside.push(record);
        }
    }
    let kept: Vec<Document> = match is_end {
        true => {
            let end = beside.len().saturating_sub(offset);
            beside.drain(end.saturating_sub(count)..end).collect()
        }
        false => beside.drain(offset.min(beside.len())..).collect(),
    };
    found.ends = ends(plan, &kept)?;
    for record in kept {
        let at = match plan.projection().needs_position() {
            true => plan.matcher().find(record.view())?,
            false => None,
        };
        found.documents.push(plan.projection().apply(record.view(), at)?);
    }
    Ok(found)
}

fn ends(plan: &Plan, records: &[Document]) -> Result<Option<(Position, Position)>> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(None) };
    let place = |record: &Document| plan.sort().position(record.view());
    Ok(Some((place(first)?, place(last)?)))
}

pub(super) fn rank(matches: Walk, id: &str) -> Result<Option<u64>> {
    for (record, rank) in matches.zip(0..) {
        if record?.get_str("_id") == Some(id) {
            return Ok(Some(rank));
        }
    }
    Ok(None)
}

pub(super) fn sum(matches: Walk, plan: &Plan, path: &Path) -> Result<Value> {
    let (mut sum, account) = (Sum::new(path.clone()), Account::new(plan.limits()));
    for record in matches {
        sum.add(plan.asked(record?.view()), &account)?;
    }
    Ok(sum.value())
}

pub(super) fn values(
    matches: Walk,
    plan: &Plan,
    (path, collation): (&Path, &Collation),
    watch: &Watch,
) -> Result<Values> {
    let account = watch.account(plan.limits());
    let mut values = Values::new(path.clone(), collation.clone());
    for record in matches {
        values.add(plan.asked(record?.view()), &account)?;
    }
    Ok(values)
}

pub(super) fn remove_all(
    mut matches: Walk,
    progress: &mut dyn FnMut(Sweep),
    remove: &mut dyn FnMut(&mut dyn Iterator<Item = String>) -> Result<u64>,
) -> Result<Sweep> {
    let mut sweep = Sweep::default();
    loop {
        let mut ids = Vec::new();
        for record in matches.by_ref().take(STEP) {
            ids.extend(record?.get_str("_id").map(str::to_owned));
        }
        if ids.is_empty() {
            return Ok(sweep);
        }
        let removed = remove(&mut ids.into_iter())?;
        sweep.matched += removed;
        sweep.changed += removed;
        progress(sweep);
    }
}

/// Changes one record by its id.
type Updating<'u> = dyn FnMut(&str, &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> + 'u;

pub(super) fn change_all(
    matches: Walk,
    plan: &Plan,
    change: &mut dyn FnMut(Document, Match) -> Result<Document>,
    progress: &mut dyn FnMut(Sweep),
    update: &mut Updating<'_>,
) -> Result<Sweep> {
    let mut sweep = Sweep::default();
    // All are known before the first is changed: a change must not bring a record back into the walk.
    let mut ids = Vec::new();
    for record in matches {
        ids.extend(record?.get_str("_id").map(str::to_owned));
    }
    for id in ids {
        let (mut fault, mut met) = (None, false);
        let put = update(&id, &mut |record| {
            met = false;
            let changed = changed(plan, record, change);
            match changed {
                Ok(Some(after)) => {
                    met = true;
                    *record = after;
                }
                Ok(None) => {}
                Err(error) => fault = Some(error),
            }
        })?;
        if let Some(error) = fault {
            return Err(error);
        }
        sweep.matched += u64::from(met && put.is_some());
        sweep.changed += u64::from(met && put.is_some_and(|put| put != Put::Unchanged));
        progress(sweep);
    }
    Ok(sweep)
}

fn changed(
    plan: &Plan,
    record: &Document,
    change: &mut dyn FnMut(Document, Match) -> Result<Document>,
) -> Result<Option<Document>> {
    let found = plan.matcher().find(record.view())?;
    found.map(|found| change(record.clone(), found)).transpose()
}
