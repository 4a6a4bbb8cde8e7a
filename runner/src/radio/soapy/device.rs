//! An open device, for one transmission or, if its model allows that, for several.

use super::Settings;
use super::apply::Transmitter;
use super::find::{Open, find};
use super::model::{Idle, Model, Moment};
use super::ranges::explain;
use super::stream::Sender;
use crate::radio::{Driver, Radio, Tuning};
use anyhow::Context;
use challengectl_waveform::Complex32;
use soapysdr::{Args, TxStream};
use std::time::Instant;

pub(super) struct Soapy {
    settings: Settings,
    model: &'static Model,
    tuning: Tuning,
    /// `None` while opening it might put a carrier on air.
    open: Option<Open>,
    /// `None` while the carrier is off.
    sender: Option<Sender>,
    underruns: u64,
    /// Whether no call has failed: only such a device is used again.
    sound: bool,
    /// Whether gains may be up and the bias-T on: settings were applied, and not undone since.
    raised: bool,
}

impl Soapy {
    pub(super) fn open(settings: &Settings, tuning: &Tuning) -> anyhow::Result<Self> {
        let (settings, model) = (settings.clone(), settings.model());
        let found = find(&settings.device)?;
        let open = if model.idle == Idle::Silent { Some(found.open()?) } else { None };
        let mut soapy = Self {
            settings,
            model,
            tuning: tuning.clone(),
            open,
            sender: None,
            underruns: 0,
            sound: false,
            raised: false,
        };
        soapy.apply()?;
        Ok(soapy)
    }

    /// Applies the settings if the device is open.
    fn apply(&mut self) -> anyhow::Result<()> {
        self.sound = false;
        self.raised = self.open.is_some();
        let Some(transmitter) = self.transmitter() else { return Ok(()) };
        transmitter.apply(&self.tuning)?;
        self.sound = true;
        Ok(())
    }

    fn transmitter(&self) -> Option<Transmitter<'_>> {
        let device = &self.open.as_ref()?.device;
        Some(Transmitter { device, settings: &self.settings, model: self.model })
    }

    /// Sets the stream up, which turns the carrier of a bladeRF and a Pluto on.
    fn stream(&self) -> anyhow::Result<TxStream<Complex32>> {
        let open = self.open.as_ref().context("the device is not open")?;
        let of_model = self.model.stream_args.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let configured = self.settings.stream_args.iter().map(|(key, value)| (key.clone(), value.clone()));
        let args = super::find::to_args(&of_model.chain(configured).collect());
        let stream = open.device.tx_stream_args::<Complex32, Args>(&[self.settings.channel], args);
        stream.map_err(|error| explain("setting the stream up", &error))
    }

    fn turn_on(&mut self) -> anyhow::Result<()> {
        if self.open.is_none() {
            self.open = Some(find(&self.settings.device)?.open()?);
            self.apply()?;
        }
        self.sender = Some(Sender::activate(self.stream()?, self.model, self.tuning.sample_rate)?);
        self.transmitter().context("the device is not open")?.apply_when_active()
    }

    /// Turns off everything, also after a failure; returns the first error. The carrier comes first.
    fn turn_off(&mut self) -> anyhow::Result<()> {
        let mut result = Ok(());
        if let Some(mut sender) = self.sender.take() {
            self.underruns += sender.underruns();
            result = result.and(sender.deactivate());
            // Closes the stream, which cuts the carrier of some models.
            drop(sender);
        }
        if let Some(transmitter) = self.transmitter() {
            result = result.and(transmitter.bias_tee_off(Moment::Active));
            result = result.and(transmitter.bias_tee_off(Moment::Open));
            result = result.and(transmitter.gains_down());
        }
        self.sound &= result.is_ok();
        self.raised = false;
        if self.model.idle != Idle::Silent {
            self.open = None;
        }
        result
    }
}

impl Radio for Soapy {
    fn start(&mut self) -> anyhow::Result<()> {
        self.underruns = 0;
        self.turn_on().inspect_err(|_| {
            self.sound = false;
            let _ = self.turn_off();
        })
    }

    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()> {
        let sender = self.sender.as_mut().context("the carrier is off")?;
        sender.write(samples).inspect_err(|_| self.sound = false)
    }

    fn finish(&mut self) -> anyhow::Result<Option<Instant>> {
        let sender = self.sender.as_mut().context("the carrier is off")?;
        sender.finish().inspect_err(|_| self.sound = false)
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        self.turn_off().with_context(|| format!("turning {} off", self.name()))
    }

    fn underruns(&self) -> u64 {
        self.underruns + self.sender.as_ref().map_or(0, Sender::underruns)
    }

    fn may_stay_open(&self) -> bool {
        self.sound && self.open.is_some() && self.sender.is_none()
    }

    fn reuse(&mut self, driver: &Driver, tuning: &Tuning) -> anyhow::Result<bool> {
        let Driver::Soapy(settings) = driver else { return Ok(false) };
        if settings.device.key() != self.settings.device.key() {
            return Ok(false);
        }
        self.settings = settings.clone();
        self.tuning = tuning.clone();
        self.apply()?;
        Ok(true)
    }
}

impl Soapy {
    fn name(&self) -> &str {
        self.open.as_ref().map_or(self.model.name, |open| &open.name)
    }
}

impl Drop for Soapy {
    fn drop(&mut self) {
        // A device that is closed before it was on air has its bias-T on already.
        if self.raised {
            let _ = self.turn_off();
        }
    }
}
