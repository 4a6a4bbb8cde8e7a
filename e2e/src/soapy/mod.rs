//! Radio hardware that is not there, all of it busy: how long it takes from each cause to the last sample and to the end of
//! each stream. The figures are those that the radios record.

pub(crate) mod radios;

use crate::operator::Operator;
use crate::quantiles::Quantiles;
use crate::site::{Site, wait_until};
use crate::stops::{LEASE, OFF, ON_AIR, Reason, TIMES};
use anyhow::{Context, Result, ensure};
use radios::{Off, Radios};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// The radios of one host.
pub(crate) const DRIVERS: [&str; 8] = ["hackrf", "hackrf", "bladerf", "bladerf", "lime", "uhd", "uhd", "plutosdr"];

/// What was measured for one cause.
#[derive(Debug)]
pub struct Report {
    pub reason: Reason,
    pub tries: usize,
    /// Carriers that were cut in all tries.
    pub carriers: usize,
    /// Of these times the lease is a part where the lease has to run out.
    pub last_sample: Quantiles,
    pub deactivate: Quantiles,
    pub carrier_off: Quantiles,
}

/// Measures each of these causes so many times, at this rate of all radios.
pub async fn measure(reasons: &[Reason], tries: usize, sample_rate: u32) -> Result<Vec<Report>> {
    let mut place = Place::start(sample_rate).await?;
    let mut reports = Vec::new();
    for reason in reasons {
        let mut all = Vec::new();
        for _ in 0..tries {
            place.all_on_air()?;
            all.extend(place.cut(*reason).await.with_context(|| format!("{reason:?}"))?);
        }
        let of = |time: fn(&Off) -> f64| Quantiles::of(all.iter().map(time).collect());
        let (last_sample, deactivate) = (of(|off| off.last_sample), of(|off| off.deactivate));
        let carrier_off = of(|off| off.carrier);
        reports.push(Report { reason: *reason, tries, carriers: all.len(), last_sample, deactivate, carrier_off });
    }
    // An agent that is started a moment ago does not yet end in good order.
    place.all_on_air()?;
    place.site.stop()?;
    place.radios.all_closed()?;
    Ok(reports)
}

struct Place {
    site: Site,
    operator: Operator,
    radios: Radios,
}

impl Place {
    async fn start(sample_rate: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let event = folder.path().join("challenges.yml");
        std::fs::write(&event, event_of_long_signals())?;
        let mut site = Site::new(&event, None, TIMES)?;
        let radios = Radios::plug_in(&site.path("radios"), &DRIVERS)?;
        site.start_server()?;
        let operator = Operator::set_up(&site).await?;
        let mut yaml = format!("state_dir: {}\nradios:\n", site.path("roof").display());
        for (number, device) in radios.devices().enumerate() {
            writeln!(yaml, "  - {{id: r{number}, driver: soapy, device: \"{device}\", sample_rate: {sample_rate}}}")?;
        }
        let url = site.url().to_owned();
        site.enroll_runner(&url, "roof", &yaml)?;
        site.set_runner_environment(0, radios.environment())?;
        site.start_runners()?;
        Ok(Self { site, operator, radios })
    }

    fn all_on_air(&self) -> Result<()> {
        let on_air = wait_until("all radios are on air", ON_AIR, || Ok(self.radios.all_sending()));
        on_air.with_context(|| self.site.log("roof.log"))
    }

    /// Ends all transmissions for this reason, and lets them go on. Returns when each radio went off.
    async fn cut(&mut self, reason: Reason) -> Result<Vec<Off>> {
        self.radios.forget()?;
        let cause = now();
        reason.happen(&mut self.site, &self.operator).await?;
        let off = wait_until("all radios are off", OFF, || Ok(self.radios.all_off()));
        off.with_context(|| format!("{}\n{}", self.radios.on_air(), self.site.log("roof.log")))?;
        let off = self.radios.went_off(cause)?;
        reason.undo(&mut self.site, &self.operator).await?;
        if reason.ends_lease() {
            let late = off.iter().filter(|off| off.last_sample > LEASE.as_secs_f64() * 1e3).count();
            ensure!(late == 0, "{late} carriers were on longer than their lease");
        }
        Ok(off)
    }
}

/// One for each radio, all of them longer than a measurement.
fn event_of_long_signals() -> String {
    let mut event = "defaults: {min_delay: 0.1, max_delay: 0.2}\nchallenges:\n".to_owned();
    for number in 0..DRIVERS.len() {
        let frequency = 433_100_000 + 100_000 * number;
        let text = "PARIS ".repeat(20);
        event.push_str(&format!("  - {{name: C{number}, modulation: cw, frequency: {frequency}, text: {text}}}\n"));
    }
    event
}

/// Microseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as u64)
}
