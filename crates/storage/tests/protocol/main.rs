//! The protocol of writers, readers, the checkpointer and the removal of files, under schedules of chance.
//!
//! What a version, an edit, the usage of files and the rules of the caches are is the crate's own code, compiled
//! once more over primitives that try out schedules; a small model stands for the rest: the steps of
//! `store/shared.rs`, `store/checkpoint.rs` and `index/mod.rs` in their order, over a disk and a tree in
//! memory. Each schedule is some writes, checkpoints and reads of chance at once. Every answer is compared
//! with what the state it was asked of says.
//!
//! `FILEDEX_SCHEDULES` says how many schedules are tried, half of them uniformly at random, half by
//! probabilistic concurrency testing (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees
//! of Finding Bugs", ASPLOS 2010); `FILEDEX_SCHEDULES_SEED` draws others than usual.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod blocks;
mod cache;
mod disk;
mod error;
mod fault;
mod format;
mod index;
mod memtable;
mod reading;
mod store;
mod sync;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner, thread};

use disk::Changes;
use fault::Fault;
use format::KEYS;
use reading::Reading;
use store::{Extent, Shared};

const SCHEDULES: usize = 6_000;

/// How many schedules may be tried until a fault is found.
const MOST_UNTIL_FOUND: usize = 20_000;

const SEED: u64 = 12;

/// Some changes of chance, each with a value that no other has.
fn changes(write: u32) -> Changes {
    let mut random = thread_rng();
    let first = random.gen_range(0..KEYS);
    let both = [first, (first + 1) % KEYS];
    let many = random.gen_range(1..=2);
    let value = |at: u32| (1 << (write * 2 + at)) as u32;
    let changed = both.into_iter().take(many).zip(0..);
    changed.map(|(key, at)| (key, thread_rng().gen_bool(0.75).then(|| value(at)))).collect()
}

fn write(shared: &Shared, first: u32) {
    for write in first..first + 3 {
        let (in_place, at_once) = (thread_rng().gen_bool(0.5), thread_rng().gen_bool(0.7));
        shared.write(&changes(write), in_place, at_once);
    }
}

/// Takes a state and asks it; keeps it, and asks it again when others have gone on.
fn read(shared: &Shared) {
    let mut kept = shared.state();
    for _ in 0..3 {
        let state = shared.state();
        for state in [&state, &kept] {
            let (question, key) = (thread_rng().gen_range(0..6), thread_rng().gen_range(0..KEYS));
            Reading { pool: &shared.pool, state }.check(question, key);
        }
        if thread_rng().gen_bool(0.3) {
            kept = state;
        }
    }
}

fn make_checkpoints(shared: &Shared) {
    for _ in 0..3 {
        shared.checkpoint(Extent::Usual);
        if thread_rng().gen_bool(0.5) {
            shared.freeze_now();
        }
    }
}

/// Everything at once, once.
fn run(fault: Option<Fault>) {
    let shared = Arc::new(Shared::new(fault));
    let with = |work: fn(&Shared)| {
        let shared = shared.clone();
        thread::spawn(move || work(&shared))
    };
    let mut threads = vec![
        with(|shared| write(shared, 0)),
        with(make_checkpoints),
        with(read),
        with(read),
        with(Shared::check_recovery),
    ];
    if thread_rng().gen_bool(0.5) {
        threads.push(with(|shared| write(shared, 3)));
    }
    if thread_rng().gen_bool(0.3) {
        threads.push(with(|shared| shared.settle(Extent::Everything)));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    shared.check_end();
}

/// Tries schedules out, counting them; panics at one in which an answer is wrong.
fn try_out(scheduler: impl Scheduler + 'static, fault: Option<Fault>, tried: &Arc<AtomicUsize>) {
    let tried = tried.clone();
    let mut config = Config::new();
    // The schedule of a deliberate fault is of no use to anybody.
    config.failure_persistence =
        if fault.is_some() { FailurePersistence::None } else { FailurePersistence::Print };
    config.stack_size = 1 << 16;
    config.silence_warnings = true;
    config.ungraceful_shutdown_config.immediately_return_on_panic = true;
    Runner::new(scheduler, config).run(move || {
        tried.fetch_add(1, Ordering::Relaxed);
        run(fault);
    });
}

fn schedules() -> usize {
    number("FILEDEX_SCHEDULES", SCHEDULES as u64) as usize
}

fn seed() -> u64 {
    number("FILEDEX_SCHEDULES_SEED", SEED)
}

/// A number that was asked for, or that one.
fn number(name: &str, usual: u64) -> u64 {
    let asked = std::env::var(name).ok();
    asked.map_or(usual, |asked| asked.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn whoever_reads_a_state_sees_that_state_under_any_schedule_of_chance() {
    try_out(RandomScheduler::new_from_seed(seed(), schedules().div_ceil(2)), None, &Arc::default());
}

#[test]
fn whoever_reads_a_state_sees_that_state_under_schedules_of_few_switches() {
    for (depth, part) in [(2, 6), (3, 6), (5, 6)] {
        try_out(
            PctScheduler::new_from_seed(seed() + depth as u64, depth, schedules().div_ceil(part)),
            None,
            &Arc::default(),
        );
    }
}

#[test]
fn every_deliberate_fault_is_found() {
    for fault in fault::ALL {
        let found = schedules_until_found(fault);
        eprintln!("{fault:?}: {found:?}");
        assert!(found.is_some(), "{fault:?} is not found");
    }
}

/// After how many schedules a fault is found, if it is.
fn schedules_until_found(fault: Fault) -> Option<usize> {
    let scheduler = PctScheduler::new_from_seed(SEED, 3, MOST_UNTIL_FOUND);
    let tried = Arc::new(AtomicUsize::new(0));
    let count = tried.clone();
    // A thread of its own: what a schedule leaves behind that is given up half-way ends with it.
    let all = std::thread::spawn(move || try_out(scheduler, Some(fault), &count)).join();
    all.is_err().then(|| tried.load(Ordering::Relaxed))
}
