//! Two indexes that differ only in what a caller may not see give that caller the same status and the
//! same bytes, whatever the request.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/api/tests/blindness/mod.rs"]
mod blindness;

fuzz_target!(|bytes: &[u8]| {
    let (_, told) = blindness::check(bytes);
    assert!(told.is_none(), "{}", told.unwrap_or_default());
});
