//! What an index is made of, what opening put right, and a verification as it goes on.

use filedex::{Activity, Report, Work};
use maud::{Markup, html};

use super::frame::{Frame, cut, pieces};
use super::part;
use crate::ask::{Fault, Health};
use crate::figure::{bytes, count, of, share, took};

/// The view in two texts; a verification that was asked for is told between them.
pub(crate) fn health(frame: &Frame<'_>, health: &Health, is_verifying: bool) -> [String; 2] {
    let stats = &health.stats;
    let main = html! {
        h1 { "Health" }
        dl.figures {
            div { dt { "records" } dd { (count(stats.records)) } }
            div { dt { "rooms" } dd { (count(stats.rooms)) } }
            div { dt { "users" } dd { (count(stats.users)) } }
            div { dt { "on disk" } dd { (bytes(stats.disk_bytes)) } }
            @if stats.records > 0 { div { dt { "a record" } dd { (bytes(stats.disk_bytes / stats.records)) } } }
        }
        h2 { "Asked since it was opened" }
        (work(&stats.work))
        h2 { "In memory" }
        (memory(&health.activity))
        h2 { "When it was opened" }
        @if health.recoveries.is_empty() { p { "There was nothing to put right." } }
        @else { ul.said { @for done in &health.recoveries { li { (done) } } } }
        h2 { "Verification" }
        p { "Reads every record and counts every list again. Nothing is changed; writers go on meanwhile." }
        @if is_verifying { ol.verification aria-live="polite" { (cut()) } }
        @else { form method="get" action="/health" { button type="submit" name="verify" value="yes" { "Verify" } } (cut()) }
    };
    pieces(frame.around("health", &main))
}

fn work(work: &Work) -> Markup {
    html! {
        dl.figures {
            div { dt { "questions" } dd { (count(work.executions)) } }
            div { dt { "slow ones" } dd { (count(work.slow)) } }
            @if work.executions > 0 { div { dt { "a question" } dd { (took(work.nanoseconds / work.executions)) } } }
            div { dt { "blocks read" } dd { (count(work.blocks_read)) } }
            div { dt { "records looked at" } dd { (count(work.records_examined)) } }
        }
    }
}

/// What caches hold and how they have done, and what is not in block files yet.
fn memory(activity: &Activity) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Caches" {
            table.list {
                thead { tr {
                    th scope="col" { "cache" }
                    th.number scope="col" { "holds" }
                    th.number scope="col" { "may hold" }
                    th.number scope="col" { "asked" }
                    th.number scope="col" { "found" }
                } }
                tbody {
                    @for cache in &activity.caches {
                        @let asked = cache.hits + cache.misses;
                        tr {
                            th scope="row" { (cache.name) }
                            td.number { (bytes(cache.bytes)) }
                            td.number { (bytes(cache.limit_bytes)) }
                            td.number { (count(asked)) }
                            td.number { @if asked > 0 { (share(cache.hits, asked)) } }
                        }
                    }
                }
            }
        }
        p {
            (bytes(activity.memtable_bytes)) " written since the last of "
            (of(activity.checkpoints, "checkpoint", "checkpoints")) "; "
            (of(activity.snapshots, "snapshot is kept.", "snapshots are kept."))
        }
        @if let Some(failure) = &activity.checkpoint_failure {
            p.fault role="alert" { "The last checkpoint failed: " (failure) }
        }
    }
}

/// How far a verification is.
pub(crate) fn verifying(done: u64, of: u64) -> Markup {
    let left = of.saturating_sub(done);
    html! {
        li.going {
            (part::bar("Verified so far", &[("some", done), ("rest", left)]))
            span { (count(done)) " of " (count(of)) " records, " (share(done, of)) }
        }
    }
}

/// What a verification found.
pub(crate) fn verified(report: Result<&Report, &Fault>) -> Markup {
    let report = match report {
        Ok(report) => report,
        Err(fault) => return html! { li { (part::fault_words(fault, "fault")) } },
    };
    html! {
        li.done {
            p {
                (of(report.records, "record", "records")) " in " (of(report.blocks, "block", "blocks")) ": "
                @if report.is_clean() { strong.sound { "everything is as it should be." } }
                @else { strong { (of(report.problems.len() as u64, "problem", "problems")) "." } }
            }
            @if !report.is_clean() {
                ul.said { @for problem in &report.problems { li { (problem) } } }
                p { "Run " code { "filedex repair" } ", or restore a backup." }
            }
            p { a href="/health?verify=again" { "Once more" } }
        }
    }
}
