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
    let account = clean(&["faults", "--rounds", "8"]);
    assert!(count(&account, "checked") > 0, "{account:#}");
}

/// Here with nothing on the path: no strace, no mount.
#[test]
fn what_a_system_lacks_is_told_and_passed_over() {
    for (trial, lacks) in [("power", 1), ("faults", 2)] {
        let account = clean_with(&[trial, "--rounds", "4"], |trial| trial.env("PATH", "/nowhere"));
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
