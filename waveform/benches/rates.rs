//! How fast each mode is made at 2 MS/s, with the spread that criterion finds.

mod cases;

use cases::{cases, run, sound};
use criterion::{BenchmarkId, Criterion, Throughput};
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let sound = sound()?;
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(10)
        .configure_from_args();
    let mut group = criterion.benchmark_group("2 MS/s");
    for case in cases() {
        group.throughput(Throughput::Elements(case.build(&sound).len()));
        group.bench_function(BenchmarkId::from_parameter(case.name), |bencher| {
            bencher.iter(|| run(case.build(&sound)));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
