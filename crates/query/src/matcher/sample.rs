//! `$sampleRate`: a draw per record, from the seed and the record's `_id`.
//!
//! The same seed takes the same records, so that pages and totals of one sampled query agree.

use crate::{DocumentRef, ValueRef, key};

/// A probability and where its draws start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    rate: f64,
    seed: u64,
}

impl Sample {
    /// `nth` tells the samples of one filter apart, which draw independently.
    pub(super) fn new(rate: f64, seed: u64, nth: u64) -> Sample {
        Sample { rate, seed: mix(seed ^ mix(nth)) }
    }

    /// Whether the draw for this record falls below the rate.
    pub(super) fn takes(self, document: DocumentRef<'_>) -> bool {
        let identity = document.get("_id").unwrap_or(ValueRef::Document(document));
        let mut bytes = Vec::new();
        key::append(&mut bytes, identity);
        let hash = bytes.iter().fold(self.seed, |hash, byte| mix(hash ^ u64::from(*byte)));
        // The upper 53 bits, as a fraction from 0 to below 1.
        let draw = (hash >> 11) as f64 / (1_u64 << 53) as f64;
        draw < self.rate
    }
}

/// SplitMix64's step: spreads every bit of the input over the output.
fn mix(input: u64) -> u64 {
    let mut state = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
