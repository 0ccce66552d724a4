//! What the files found have in common; each value narrows the question by a click.

use maud::{Markup, html};

use super::part;
use crate::ask::{Bucket, Facets, Fault, Question};
use crate::figure;

/// The parameter that a facet's values have of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Type,
    User,
    None,
}

pub(crate) fn facets(question: &Question, facets: Result<&Facets, &Fault>) -> Markup {
    let facets = match facets {
        Ok(facets) => facets,
        Err(fault) => {
            return html! { h2 { "In common" } (part::fault_words(fault, "facets-fault")) };
        }
    };
    if facets.counted == 0 {
        return html! {};
    }
    html! {
        h2 { "In common" }
        (values("Type", question, &facets.groups.buckets, Own::Type))
        (values("Extension", question, &facets.extensions.buckets, Own::None))
        (values("Owner", question, &facets.owners.buckets, Own::User))
        (months(question, &facets.months.buckets))
        p.counted { (counted(facets)) }
    }
}

/// In which files values were counted.
fn counted(facets: &Facets) -> Markup {
    let kinds = [
        ("types", &facets.groups),
        ("extensions", &facets.extensions),
        ("owners", &facets.owners),
        ("months", &facets.months),
    ];
    let of = |is_partial: bool| -> Vec<&str> {
        let kinds = kinds.iter().filter(|(_, facet)| facet.is_partial == is_partial);
        kinds.map(|(name, _)| *name).collect()
    };
    let (whole, partial) = (of(false), of(true));
    let files = figure::of(facets.counted, "file", "files");
    html! {
        @if partial.is_empty() { "Counted in all " (files) "." }
        @else if whole.is_empty() { "Counted in the newest " (files) ", not in all." }
        @else { "Counted in all files: " (whole.join(", ")) "; in the newest " (files) ": " (partial.join(", ")) "." }
    }
}

fn values(title: &str, question: &Question, buckets: &[Bucket], own: Own) -> Markup {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1);
    html! {
        @if !buckets.is_empty() {
            h3 { (title) }
            ul.values {
                @for bucket in buckets {
                    li {
                        a href=(narrowed(question, bucket, own).address("/files")) {
                            span.label { (part::middle(&bucket.label)) }
                            span.count { (figure::count(bucket.count)) }
                            (part::bar("", &[("some", bucket.count), ("rest", most - bucket.count)]))
                        }
                    }
                }
            }
        }
    }
}

fn narrowed(question: &Question, bucket: &Bucket, own: Own) -> Question {
    match (own, &bucket.value) {
        (Own::Type, Some(_)) => Question { type_group: bucket.value.clone(), ..question.restart() },
        (Own::User, Some(_)) => Question { user: bucket.value.clone(), ..question.restart() },
        _ => question.and(bucket.condition.clone()),
    }
}

/// Bars of months, each a link.
fn months(question: &Question, buckets: &[Bucket]) -> Markup {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1);
    let width = buckets.len().max(12);
    let height = |bucket: &Bucket| {
        let height = bucket.count as f64 * 38.0 / most as f64;
        if bucket.count > 0 { height.max(1.5) } else { 0.0 }
    };
    let words = |bucket: &Bucket| {
        format!("{}: {}", bucket.label, figure::of(bucket.count, "file", "files"))
    };
    html! {
        @if let (Some(first), Some(last)) = (buckets.first(), buckets.last()) {
            h3 { "Uploaded" }
            svg.months viewBox=(format!("0 0 {} 40", width * 8)) preserveAspectRatio="none" role="group" aria-label="Files by time" {
                @for (at, bucket) in buckets.iter().enumerate().filter(|(_, bucket)| bucket.count > 0) {
                    a href=(question.and(bucket.condition.clone()).address("/files")) aria-label=(words(bucket)) {
                        rect.whole x=(at * 8) y="0" width="8" height="40" {}
                        rect.some x=(at * 8 + 1) y=(format!("{:.2}", 40.0 - height(bucket))) width="6" height=(format!("{:.2}", height(bucket))) {}
                        title { (words(bucket)) }
                    }
                }
            }
            p.ends { span { (first.label) } @if buckets.len() > 1 { span { (last.label) } } }
        }
    }
}
