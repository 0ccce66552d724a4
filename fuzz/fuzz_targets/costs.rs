//! Whatever is asked of whatever record, nothing panics, what is allocated stays under what the limits add
//! up to, and the clock is looked at all the time.
#![no_main]

#[path = "../../crates/query/tests/costly/mod.rs"]
mod costly;

use std::time::Duration;

use costly::Draw;
use costly::law::{allowed, ask};
use filedex_query::packed;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Longer than looks may be apart, with the sanitizers at work on a busy machine.
const SOON: Duration = Duration::from_secs(3);

// When to stop, then what decides a record and a request.
fuzz_target!(|bytes: &[u8]| {
    let Some((stop, bytes)) = bytes.split_first() else { return };
    let mut draw = Draw(bytes);
    let record = packed::pack(&draw.record());
    let request = draw.request();
    // Most run until a limit ends them, some are told to stop at some look.
    let most_looks = if stop % 4 == 0 { u64::from(stop / 4) } else { 1000 };
    let outcome = ask(&request, &record, most_looks, SOON);
    let (peak, longest, held) = (outcome.peak, outcome.longest, outcome.held);
    assert!(peak <= allowed(), "{peak} bytes, {held} said, {:?}: {request:?}", outcome.error);
    assert!(longest < SOON, "{longest:?} between looks: {request:?}");
});
