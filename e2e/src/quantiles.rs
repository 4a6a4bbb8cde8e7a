//! Quantiles of measured times.

/// Milliseconds from the cause.
#[derive(Debug)]
pub struct Quantiles {
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
}

impl Quantiles {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let index = (part * values.len().saturating_sub(1) as f64).round() as usize;
            values.get(index).copied().unwrap_or_default()
        };
        Self { p50: at(0.5), p99: at(0.99), worst: at(1.0) }
    }
}
