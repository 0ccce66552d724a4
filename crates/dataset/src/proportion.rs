//! Drawing ranks in Zipf proportion: the first often, the last seldom.

use fastrand::Rng;

/// Ranks `0..n` with the weight `1 / (rank + 1) ^ exponent` each.
#[derive(Clone, Debug)]
pub(crate) struct Proportion {
    /// At each rank, the weights up to and including it.
    sums: Vec<f64>,
}

impl Proportion {
    pub(crate) fn zipf(ranks: usize, exponent: f64) -> Proportion {
        let mut sum = 0.0;
        let weights = (1..=ranks).map(|rank| (rank as f64).powf(-exponent));
        Proportion {
            sums: weights
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        }
    }

    pub(crate) fn draw(&self, random: &mut Rng) -> usize {
        let whole = self.sums.last().copied().unwrap_or(0.0);
        let point = random.f64() * whole;
        self.sums.partition_point(|sum| *sum <= point).min(self.sums.len().saturating_sub(1))
    }
}
