//! Every trial, shortly: the long ones are run by hand, as CONTRIBUTING.md says.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

/// Runs a trial, which must end with 0 and an account without broken promises.
fn clean(arguments: &[&str]) -> serde_json::Value {
    clean_with(arguments, |trial| trial)
}

fn clean_with(
    arguments: &[&str],
    with: impl Fn(&mut Command) -> &mut Command,
) -> serde_json::Value {
    let mut trial = Command::new(env!("CARGO_BIN_EXE_trials"));
    let output = with(trial.args(arguments)).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let account: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert!(output.status.success(), "{account:#}");
    assert_eq!(account.get("broken"), Some(&0.into()), "{account:#}");
    account
}

/// A count of an account.
fn count(account: &serde_json::Value, name: &str) -> u64 {
    account.pointer(&format!("/counts/{name}")).and_then(serde_json::Value::as_u64).unwrap_or(0)
}

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    let account = clean(&["kill", "--rounds", "40"]);
    assert!(count(&account, "checked") > 20, "{account:#}");
    assert!(count(&account, "acknowledged") > 100, "{account:#}");
    assert!(count(&account, "checked after an interruption") == 4 * 8, "{account:#}");
}

#[test]
fn power_cuts_lose_nothing_that_was_durable() {
    let account = clean(&["power", "--rounds", "25"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "checked") == 25, "{account:#}");
}

#[test]
fn damage_is_told_or_harmless() {
    let account = clean(&["damage", "--rounds", "60"]);
    let told = count(&account, "refused") + count(&account, "reported");
    assert!(told > 0, "{account:#}");
    assert!(count(&account, "repaired without loss") > 0, "{account:#}");
}

#[test]
fn faults_of_the_disk_are_told_and_lose_nothing() {
    let account = clean(&["faults", "--rounds", "8", "--kinds", "short-writes"]);
    assert!(count(&account, "checked") > 0, "{account:#}");
}

#[test]
fn a_full_disk_loses_nothing_and_space_helps_at_once() {
    let account = clean(&["faults", "--rounds", "8", "--kinds", "full-disks"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "full disks") == 2, "{account:#}");
}

#[test]
fn a_host_that_goes_on_after_failing_calls_loses_nothing() {
    let account = clean(&["faults", "--rounds", "4", "--kinds", "calls"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "sessions with faults") > 4, "{account:#}");
    let account = clean(&["power", "--rounds", "20", "--faults"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "checked") == 20, "{account:#}");
}

/// Of the calls a few; all of them are tried by hand.
#[test]
fn every_call_on_files_may_fail() {
    let account = clean(&["each-call", "--steps", "12", "--every", "2500"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "runs") > 3, "{account:#}");
}

/// A power trial that finds a store whole which leaves syncs out has no teeth.
fn finds_left_out(syncs: &str, rounds: &str) {
    let mut trial = Command::new(env!("CARGO_BIN_EXE_trials"));
    let output = trial.args(["power", "--rounds", rounds, "--skip-sync", syncs]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let account: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    if account.get("skipped").is_none() {
        assert!(count(&account, "first broken cut") > 0, "{account:#}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_power_cut_finds_syncs_that_are_left_out() {
    finds_left_out("log", "25");
    finds_left_out("directory", "25");
    finds_left_out("settling", "25");
}

#[test]
#[ignore = "takes minutes: cargo test --release -p trials -- --ignored"]
fn a_power_cut_finds_each_sync_of_a_checkpoint_that_is_left_out() {
    finds_left_out("blocks", "200");
    finds_left_out("directory-after-blocks", "200");
    finds_left_out("old-log", "400");
    finds_left_out("replacement", "200");
}

/// Here with nothing on the path: no strace, no compiler, no mount.
#[test]
fn what_a_system_lacks_is_told_and_passed_over() {
    let trials = [
        (&["power", "--rounds", "4"][..], 1),
        (&["faults", "--rounds", "4"][..], 2),
        (&["each-call"][..], 1),
    ];
    for (trial, lacks) in trials {
        let account = clean_with(trial, |trial| trial.env("PATH", "/nowhere"));
        let skipped = account.get("skipped").and_then(serde_json::Value::as_array);
        assert_eq!(skipped.map(Vec::len), Some(lacks), "{account:#}");
    }
}

#[test]
fn readers_beside_writers_see_no_torn_page() {
    let account = clean(&["load", "--minutes", "0.05", "--records", "3000"]);
    assert!(count(&account, "pages") > 0, "{account:#}");
}

#[test]
fn churning_takes_no_space_without_end() {
    let account =
        clean(&["churn", "--rounds", "8", "--records", "1000", "--write-buffer-bytes", "200000"]);
    let bytes = |name| count(&account, name);
    assert!(bytes("bytes_after_compaction") < bytes("bytes_before_compaction"), "{account:#}");
}

#[test]
fn a_stranger_neither_stops_nor_kills_the_host() {
    let account = clean(&["hostile", "--records", "3000", "--generated", "10", "--short"]);
    let skipped = account.get("skipped").is_some();
    assert!(skipped || count(&account, "attacks") > 8, "{account:#}");
}
