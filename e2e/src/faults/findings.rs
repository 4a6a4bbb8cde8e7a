//! The faults that were made, and the violations after them.

use super::classify::Call;
use super::doubled::Doubled;
use super::plan::{Fault, Kind};
use challengectl_common::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A fault that was made.
#[derive(Debug, Clone)]
struct Made {
    number: usize,
    fault: Fault,
    at: Timestamp,
}

/// A violation, and the fault before it.
#[derive(Debug, Clone)]
struct Finding {
    number: usize,
    kind: Option<Kind>,
    what: String,
}

/// One emergency stop.
#[derive(Debug, Clone, Copy)]
pub struct Stopped {
    /// The number of carriers at the request.
    pub carriers: usize,
    /// Whether another process held the database's write lock.
    pub locked: bool,
    /// From the request to the last sample of any of them, and of any that went on after it.
    pub off: Duration,
    /// From the request to its answer.
    pub answered: Duration,
}

/// The number of orders for requests of one kind, and of those that met one.
#[derive(Debug, Default, Clone, Copy)]
struct Ordered {
    given: u32,
    met: u32,
}

/// The number of emergency stops, half of them with a locked database, that cannot all find no carrier by chance.
const TELLING_STOPS: usize = 10;
/// The number of times that no request of a kind may come in time.
const FEW: u32 = 3;

/// The observations of a run.
#[derive(Debug, Default)]
pub struct Findings {
    made: Vec<Made>,
    findings: Vec<Finding>,
    doubled: BTreeMap<Kind, (u32, Duration)>,
    stops: Vec<Stopped>,
    orders: BTreeMap<Call, Ordered>,
    pub copies_refused: u32,
    /// The longest time until every challenge had been on air again.
    pub longest_calm: Duration,
}

impl Findings {
    /// Records a fault before it is made.
    pub fn make(&mut self, fault: Fault) {
        let made = Made { number: self.made.len() + 1, fault, at: Timestamp::now() };
        println!("{:>4} {} {fault:?}", made.number, made.at);
        self.made.push(made);
    }

    /// Prints a remark about the current fault.
    pub fn remark(&self, what: impl fmt::Display) {
        println!("     {} {what}", Timestamp::now());
    }

    /// Records a violation after the latest fault.
    pub fn find(&mut self, what: impl fmt::Display) {
        let latest = self.made.last();
        let (number, kind) = latest.map_or((0, None), |made| (made.number, Some(made.fault.kind())));
        self.push(Finding { number, kind, what: what.to_string() });
    }

    fn push(&mut self, finding: Finding) {
        println!("     VIOLATION after {}: {}", finding.number, finding.what);
        self.findings.push(finding);
    }

    /// Records a measured emergency stop.
    pub fn stopped(&mut self, stopped: Stopped) {
        self.stops.push(stopped);
    }

    /// Records whether an order met a request of this kind.
    pub fn ordered(&mut self, call: Call, met: bool) {
        let ordered = self.orders.entry(call).or_default();
        ordered.given += 1;
        ordered.met += u32::from(met);
        if !met {
            self.remark(format_args!("no {call:?} came"));
        }
    }

    /// Returns what the run could not prove, since the necessary condition never occurred.
    pub fn unproved(&self) -> Vec<String> {
        let any = |condition: fn(&Stopped) -> bool| self.stops.iter().any(condition);
        let stops = self.made.iter().filter(|made| made.fault.kind() == Kind::Stop).count();
        let mut unproved = Vec::new();
        if stops > 0 && !any(|stop| stop.carriers > 0) {
            unproved.push(format!("no carrier was on at any of {stops} emergency stops"));
        } else if stops >= TELLING_STOPS && !any(|stop| stop.carriers > 0 && stop.locked) {
            unproved.push(format!("no carrier was on at any of {stops} emergency stops while the database was locked"));
        }
        let missed = self.orders.iter().filter(|(_, ordered)| ordered.given > FEW && ordered.met == 0);
        unproved.extend(missed.map(|(call, ordered)| format!("none of {} orders met a {call:?}", ordered.given)));
        unproved
    }

    /// Records two carriers where one may be, as a violation of the fault before.
    pub fn doubled(&mut self, doubled: &Doubled) {
        let before = self.made.iter().rfind(|made| made.at <= doubled.from);
        let (number, kind) = before.map_or((0, None), |made| (made.number, Some(made.fault.kind())));
        if let Some(kind) = kind {
            let (times, time) = self.doubled.entry(kind).or_default();
            *times += 1;
            *time += doubled.time;
        }
        let Doubled { first, second, from, time } = doubled;
        let name = |path: &std::path::Path| path.file_stem().map(|name| name.display().to_string()).unwrap_or_default();
        let what = format!(
            "two carriers for {:.2} s from {from}: {} ({}) and {} ({})",
            time.as_secs_f64(),
            first.challenge,
            name(&first.meta),
            second.challenge,
            name(&second.meta)
        );
        self.push(Finding { number, kind, what });
    }

    /// The number of violations.
    pub fn count(&self) -> usize {
        self.findings.len()
    }

    /// Returns the times of emergency stops with carriers on, the fastest first.
    fn off_times(&self) -> Vec<Duration> {
        let mut times: Vec<_> = self.stops.iter().filter(|stop| stop.carriers > 0).map(|stop| stop.off).collect();
        times.sort_unstable();
        times
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:>6} {:>10} {:>8} {:>9}", "fault", "times", "violations", "doubled", "for")?;
        let kinds: BTreeMap<Kind, usize> = self.made.iter().fold(BTreeMap::new(), |mut kinds, made| {
            *kinds.entry(made.fault.kind()).or_default() += 1;
            kinds
        });
        for (kind, times) in kinds {
            let wrong = self.findings.iter().filter(|finding| finding.kind == Some(kind)).count();
            let (pairs, time) = self.doubled.get(&kind).copied().unwrap_or_default();
            let kind = format!("{kind:?}").to_lowercase();
            writeln!(f, "{kind:<10} {times:>6} {wrong:>10} {pairs:>8} {:>7.1} s", time.as_secs_f64())?;
        }
        let orders = self.orders.iter().map(|(call, Ordered { given, met })| format!("{call:?} {met} of {given}"));
        writeln!(f, "orders that met their request: {}", orders.collect::<Vec<_>>().join(", "))?;
        let off = self.off_times();
        let at = |part: f64| off.get((part * off.len().saturating_sub(1) as f64).round() as usize).copied();
        let ms = |part| at(part).unwrap_or_default().as_millis();
        let (median, most, worst) = (ms(0.5), ms(0.99), ms(1.0));
        let answered = self.stops.iter().map(|stop| stop.answered).max().unwrap_or_default().as_millis();
        writeln!(
            f,
            "emergency stops with carriers on: {}, off after p50 {median} ms, p99 {most} ms, worst {worst} ms; answered after {answered} ms at worst",
            off.len()
        )?;
        writeln!(f, "second agents refused by the lock: {}", self.copies_refused)?;
        write!(f, "everything on air again after {:.1} s at worst", self.longest_calm.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Stop;
    use super::*;

    fn after(stops: &[(usize, bool)]) -> Findings {
        let mut findings = Findings::default();
        for (carriers, locked) in stops {
            findings.make(Fault::Stop(Stop::default()));
            let (off, answered) = (Duration::ZERO, Duration::ZERO);
            findings.stopped(Stopped { carriers: *carriers, locked: *locked, off, answered });
        }
        findings
    }

    #[test]
    fn emergency_stops_without_a_carrier_prove_nothing() {
        let said = |stops| after(stops).unproved().join("\n");
        assert_eq!(said(&[]), "");
        assert_eq!(said(&[(0, false), (0, true)]), "no carrier was on at any of 2 emergency stops");
        assert_eq!(said(&[(0, true), (2, false)]), "");
        let many = [[(2, false); 9].as_slice(), &[(0, true)]].concat();
        assert!(said(&many).ends_with("any of 10 emergency stops while the database was locked"));
        assert_eq!(said(&[many.as_slice(), &[(1, true)]].concat()), "");
    }

    #[test]
    fn orders_that_never_met_a_request_prove_nothing() {
        let mut findings = Findings::default();
        for met in [false, true, false, false, false] {
            findings.ordered(Call::Logs, met);
            findings.ordered(Call::File, false);
        }
        (0..3).for_each(|_| findings.ordered(Call::Task, false));
        assert_eq!(findings.unproved(), ["none of 5 orders met a File"]);
        assert!(findings.to_string().contains("Task 0 of 3, Logs 1 of 5, File 0 of 5"), "{findings}");
    }
}
