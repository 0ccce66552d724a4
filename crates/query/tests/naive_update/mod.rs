//! A second evaluator of updates, slow and plain: paths are written out for the document at hand and
//! followed one after another, each time from the top.
//!
//! Written from the rules of the update language, sharing with the library nothing but the values. It
//! tells every fault that it finds: which of them an update tells depends on the order of its work.

mod operator;
mod place;

use std::collections::BTreeSet;

use filedex_query::{Document, Value};

use place::{Fault, Step};

/// What comes of an update: the document and whether anything changed, or the codes of all faults.
pub(crate) type Outcome = Result<(Document, bool), BTreeSet<u32>>;

/// What an update is asked to do.
pub(crate) struct Question<'q> {
    pub(crate) update: &'q Document,
    pub(crate) filters: &'q [Document],
    pub(crate) position: Option<usize>,
    pub(crate) is_insert: bool,
}

/// One operator at one path.
struct Task<'q> {
    operator: &'q str,
    path: &'q str,
    argument: &'q Value,
}

/// A task at a place of the document.
struct Written<'q> {
    task: &'q Task<'q>,
    at: Vec<Step>,
}

/// What the update makes of the document.
pub(crate) fn apply(question: &Question<'_>, document: &Document) -> Outcome {
    let tasks: Vec<Task<'_>> = question
        .update
        .iter()
        .flat_map(|(operator, paths)| {
            let paths = paths.as_document().unwrap().iter();
            paths.map(move |(path, argument)| Task { operator, path, argument })
        })
        .collect();
    let faults = faults_of_the_text(question, &tasks);
    if !faults.is_empty() {
        return Err(faults);
    }
    run(question, &tasks, document)
}

/// The document that an upsert makes of what its filter asks to equal.
pub(crate) fn insert(question: &Question<'_>, seed: &Document) -> Outcome {
    let (mut document, _) = apply(question, seed)?;
    let id = document.remove("_id").unwrap_or(Value::MaxKey);
    if matches!(id, Value::Array(_) | Value::Regex(_) | Value::Undefined) {
        return Err(BTreeSet::from([53]));
    }
    Ok((std::iter::once(("_id".to_owned(), id)).chain(document).collect(), true))
}

/// What is wrong without a document.
fn faults_of_the_text(question: &Question<'_>, tasks: &[Task<'_>]) -> BTreeSet<u32> {
    let mut faults = BTreeSet::new();
    let names: Vec<&str> = question.filters.iter().map(name_of).collect();
    let mut paths = Vec::new();
    for task in tasks {
        faults.extend(operator::fault_of_argument(task.operator, task.path, task.argument));
        for path in paths_of(task) {
            faults.extend(fault_of_path(path, &names));
            paths.push(path.split('.').collect::<Vec<_>>());
        }
    }
    faults.extend(fault_of_pairs(&paths, |left, right| meet(left, right)));
    let uses = |name: &&str| paths.iter().flatten().any(|part| *part == format!("$[{name}]"));
    if names.iter().any(|name| !uses(name)) {
        faults.insert(9);
    }
    faults
}

/// The paths that a task takes for itself.
fn paths_of<'t>(task: &'t Task<'_>) -> Vec<&'t str> {
    match (task.operator, task.argument) {
        ("$rename", Value::String(to)) => vec![to, task.path],
        _ => vec![task.path],
    }
}

fn name_of(filter: &Document) -> &str {
    filter.iter().next().unwrap().0.split('.').next().unwrap()
}

fn is_selector(part: &str) -> bool {
    part.len() > 2 && part.starts_with("$[") && part.ends_with(']')
}

fn fault_of_path(path: &str, names: &[&str]) -> Vec<u32> {
    let parts: Vec<&str> = path.split('.').collect();
    let mut faults = Vec::new();
    if parts.iter().any(|part| part.is_empty()) {
        faults.push(56);
    }
    let positions = parts.iter().filter(|part| **part == "$").count();
    if parts[0] == "$" || positions > 1 || is_selector(parts[0]) {
        faults.push(2);
    }
    let unknown = |part: &&str| {
        is_selector(part) && **part != *"$[]" && !names.contains(&&part[2..part.len() - 1])
    };
    if parts.iter().any(unknown) {
        faults.push(2);
    }
    faults
}

/// Whether no update may have both paths, whatever the document.
fn meet(left: &[&str], right: &[&str]) -> bool {
    match left.iter().zip(right).find(|(a, b)| a != b) {
        None => true,
        Some((a, b)) => is_selector(a) != is_selector(b),
    }
}

/// What is wrong where two of them meet.
fn fault_of_pairs<T>(all: &[T], meet: impl Fn(&T, &T) -> bool) -> Option<u32> {
    let mut rests = all.iter().zip(1..).map(|(left, next)| (left, &all[next..]));
    rests.any(|(left, rest)| rest.iter().any(|right| meet(left, right))).then_some(40)
}

fn run(question: &Question<'_>, tasks: &[Task<'_>], document: &Document) -> Outcome {
    let mut faults = BTreeSet::new();
    let mut written = Vec::new();
    let mut all = Vec::new();
    for task in tasks {
        let mut path = task.path;
        if task.operator == "$rename" {
            all.extend(place::write_out(task.path, document, question).all);
            path = target(task);
        }
        let found = place::write_out(path, document, question);
        all.extend(found.all);
        faults.extend(found.faults);
        written.extend(found.reached.into_iter().map(|at| Written { task, at }));
    }
    faults.extend(fault_of_pairs(&all, |left, right| place::meet(left, right)));
    // Also where there is nothing to write yet: `$` is the element that was found.
    let paths: Vec<Vec<String>> =
        tasks.iter().flat_map(paths_of).map(|path| resolved(path, question)).collect();
    let is_same = |(a, b): (&String, &String)| a == b;
    faults.extend(fault_of_pairs(&paths, |left, right| left.iter().zip(right).all(is_same)));
    written.sort_by(|left, right| place::compare(&left.at, &right.at));
    if !faults.is_empty() {
        // What else is wrong may be met first.
        let others = written.iter().map(|one| change(question, one, document, document));
        faults.extend(others.filter_map(Result::err));
        return Err(faults);
    }
    let mut new = document.clone();
    let mut is_changed = false;
    for one in &written {
        match change(question, one, document, &new) {
            Ok((next, changed)) => (new, is_changed) = (next, is_changed | changed),
            Err(fault) => return Err(BTreeSet::from([fault])),
        }
    }
    for task in tasks.iter().filter(|task| task.operator == "$rename") {
        if place::value_at(document, task.path).is_some() {
            new = place::without(new, task.path);
        }
    }
    Ok((new, is_changed))
}

/// The parts of a path, with the element that was found in the place of `$`.
fn resolved(path: &str, question: &Question<'_>) -> Vec<String> {
    let found = question.position.map(|position| position.to_string());
    let part = |part: &str| match (part, &found) {
        ("$", Some(found)) => found.clone(),
        (part, _) => part.to_owned(),
    };
    path.split('.').map(part).collect()
}

fn target<'q>(task: &Task<'q>) -> &'q str {
    task.argument.as_str().unwrap()
}

/// One task done at its place.
fn change(
    question: &Question<'_>,
    one: &Written<'_>,
    old: &Document,
    document: &Document,
) -> Result<(Document, bool), Fault> {
    let mut changed = false;
    let value = match one.task.operator {
        "$rename" => match moved(one.task, old)? {
            None => return Ok((document.clone(), false)),
            value => value,
        },
        _ => None,
    };
    let run = |slot: Option<Value>| {
        let (slot, is_changed) = match &value {
            Some(value) => (Some(value.clone()), true),
            None => operator::run(one.task.operator, one.task.argument, slot, question.is_insert)?,
        };
        changed = is_changed;
        Ok(slot)
    };
    let is_lenient = match one.task.operator {
        "$unset" => true,
        "$setOnInsert" => !question.is_insert,
        _ => false,
    };
    let names: Vec<&str> = one.at.iter().map(|step| step.name.as_str()).collect();
    let slot = Some(Value::Document(document.clone()));
    let new = place::edit(slot, &names, is_lenient, &mut { run })?;
    let starts_at_id = names[0] == "_id" || (value.is_some() && one.task.path == "_id");
    if starts_at_id && changed && (old.contains("_id") || value.is_some() && one.task.path == "_id")
    {
        return Err(66);
    }
    match new {
        Some(Value::Document(new)) => Ok((new, changed)),
        other => panic!("{other:?}"),
    }
}

/// The value that a rename moves, if there is one.
fn moved(task: &Task<'_>, document: &Document) -> Result<Option<Value>, Fault> {
    let Some(value) = place::source(document, task.path)? else { return Ok(None) };
    if place::is_in_array(document, task.path) || place::is_in_array(document, target(task)) {
        return Err(2);
    }
    Ok(Some(value))
}
