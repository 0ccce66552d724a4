//! Which fields of files a table shows, and what they are called there.

use std::collections::BTreeSet;

use filedex::Document;

use crate::ask::Question;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The path of the field.
    pub(crate) path: String,
}

/// Columns of fields that were asked for.
const MOST: usize = 12;

impl Column {
    pub(super) fn new(path: impl Into<String>) -> Column {
        Column { path: path.into() }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        match self.path.as_str() {
            "userId" => "owner",
            "uploadedAt" => "uploaded",
            "rid" => "room",
            "typeGroup" => "group",
            path => path,
        }
    }

    /// Whether its values stand on the right.
    pub(super) fn is_number(&self) -> bool {
        matches!(
            self.path.as_str(),
            "size" | "views" | "identify.size.width" | "identify.size.height"
        )
    }

    /// Whether whoever sorts by it wants the greatest first.
    pub(super) fn begins_descending(&self) -> bool {
        self.is_number() || self.path.ends_with("At") || self.path == "uploadedAt"
    }
}

/// The columns of a question, without having seen an answer.
pub(crate) fn columns_of(question: &Question) -> Vec<String> {
    if !question.columns.is_empty() {
        return question.columns.clone();
    }
    let usual = ["_id", "name", "type", "size", "userId", "rid", "uploadedAt"];
    usual.map(str::to_owned).to_vec()
}

/// The columns of a table: those that were chosen; of fields that were asked for, what there is; else the usual
/// ones, without what is the same in every row.
pub(super) fn columns(question: &Question, files: &[Document]) -> Vec<Column> {
    if !question.columns.is_empty() {
        return question.columns.iter().map(Column::new).collect();
    }
    if !question.fields.is_empty() {
        let mut seen = BTreeSet::new();
        let names = files.iter().flat_map(|file| file.iter().map(|(name, _)| name));
        let asked: Vec<Column> = names
            .filter(|name| *name != "_id" && seen.insert(*name))
            .take(MOST)
            .map(Column::new)
            .collect();
        return if asked.is_empty() { vec![Column::new("_id")] } else { asked };
    }
    let usual = ["name", "type", "size", "userId", "rid", "uploadedAt"];
    let is_same = |path: &str| match path {
        "rid" => question.room.is_some(),
        "userId" => question.user.is_some(),
        _ => false,
    };
    usual.into_iter().filter(|path| !is_same(path)).map(Column::new).collect()
}
