//! The live view on the terminal: one line for each radio.

use crate::agent::{Agent, View};
use crate::config::Config;
use challengectl_common::RadioId;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

/// Standard error, shared by log lines and bars.
#[derive(Clone)]
pub(super) struct Terminal {
    /// `None`: only log lines, since standard error is not a terminal or the view is not wanted.
    live: Option<MultiProgress>,
}

impl Terminal {
    pub(super) fn new(wanted: bool) -> Self {
        Self { live: (wanted && io::stderr().is_terminal()).then(MultiProgress::new) }
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    pub(super) fn bars(&self, config: &Config) -> Option<Bars> {
        let live = self.live.as_ref()?;
        let bar = |id: &RadioId| (id.clone(), live.add(ProgressBar::new(1000).with_prefix(id.to_string())));
        Some(Bars(config.working_radios().map(|radio| bar(&radio.id)).collect()))
    }

    pub(super) fn clear(&self) {
        if let Some(live) = &self.live {
            let _ = live.clear();
        }
    }
}

/// Writes log lines above the bars.
impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.live {
            Some(live) => live.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

pub(super) struct Bars(Vec<(RadioId, ProgressBar)>);

impl Bars {
    pub(super) async fn draw(self, agent: Arc<Agent>) {
        let idle = style("{prefix:>12.bold} {msg}");
        let on_air = style("{prefix:>12.bold} {bar:24} {msg}");
        loop {
            let views = agent.active().views();
            for (id, bar) in &self.0 {
                let view = views.iter().find(|view| view.radio == *id);
                let part = view.and_then(View::on_air).map(|(part, _)| part);
                bar.set_style(if part.is_some() { on_air.clone() } else { idle.clone() });
                bar.set_message(message(view, agent.is_linked()));
                bar.set_position((part.unwrap_or(0.0) * 1000.0) as u64);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn message(view: Option<&View>, linked: bool) -> String {
    let Some(view) = view else {
        return if linked { "idle" } else { "waiting for the server" }.to_owned();
    };
    let what = format!("{}  {}  {}", view.challenge, view.modulation, view.frequency);
    match view.on_air() {
        Some((_, left)) => format!("{what}  {} s left", left.as_secs_f64().ceil()),
        None => format!("{what}  preparing"),
    }
}
