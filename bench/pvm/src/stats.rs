//! Samples of times.

use std::time::Duration;

/// Times of one quantity.
#[derive(Clone, Default, Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The middle one, in nanoseconds; `None` of none.
    pub fn median_ns(&self) -> Option<f64> {
        let mut times = self.0.clone();
        times.sort_unstable();
        times.get(times.len() / 2).map(|time| time.as_nanos() as f64)
    }

    /// The least, in nanoseconds; `None` of none.
    pub fn min_ns(&self) -> Option<f64> {
        self.0.iter().min().map(|time| time.as_nanos() as f64)
    }
}

/// The geometric mean; `None` of none.
pub fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value.ln()));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// "12.3 µs": three digits.
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    match value {
        value if value >= 100.0 => format!("{value:.0} {unit}"),
        value if value >= 10.0 => format!("{value:.1} {unit}"),
        value => format!("{value:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_means_and_digits() {
        let mut samples = Samples::default();
        assert_eq!((samples.median_ns(), samples.min_ns()), (None, None));
        [9, 1, 5].into_iter().for_each(|ns| samples.push(Duration::from_nanos(ns)));
        assert_eq!((samples.median_ns(), samples.min_ns()), (Some(5.0), Some(1.0)));
        assert_eq!(geometric_mean([2.0, 8.0].into_iter()), Some(4.0));
        assert_eq!(geometric_mean([].into_iter()), None);
        assert_eq!(
            [999.0, 1234.0, 56_789.0, 123_456_789.0].map(time),
            ["999 ns", "1.23 µs", "56.8 µs", "123 ms"]
        );
    }
}
