//! A cheaper question, where there is one.

use filedex::Explain;

use crate::ask::Question;

/// Files looked at below which nobody minds.
const FEW: u64 = 2_000;

/// What would cost less, in sentences.
pub(super) fn hints(question: &Question, explain: &Explain) -> Vec<String> {
    let mut hints = Vec::new();
    let is_large = explain.records_examined >= FEW;
    if explain.sort == "heap" && is_large {
        let sorted =
            question.sort_keys().into_iter().next().map(|(path, _)| path).unwrap_or_default();
        hints.push(format!(
            "Sorted by {sorted}: every match is looked at, the best are kept. Lists are in the order of uploadedAt, so that \
             such a page reads no more than it shows."
        ));
    }
    if explain.access_path == "everything" && explain.residual.is_some() && is_large {
        hints.push(
            "All files were looked at. A room or a user narrows that to one list.".to_owned(),
        );
    }
    if explain.total == "examined" && is_large && explain.records_in_columns == 0 {
        hints.push(
            "Records were read to judge them. Asked again, the same fields are judged by columns in memory; a host declares \
             such fields with OpenOptions::columns."
                .to_owned(),
        );
    }
    hints
}
