//! The page, as a person uses it.

use crate::chromium::{Chromium, decoded};
use crate::site::until;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Taps the sound between the page's last node and the loudspeaker.
const TAP: &str = r"
    window.tapped = [];
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (to, ...rest) {
      if (to instanceof AudioDestinationNode && !this.isTap) {
        const tap = this.context.createScriptProcessor(16384, 1, 1);
        tap.isTap = true;
        tap.onaudioprocess = ({ inputBuffer }) => window.tapped.push(inputBuffer.getChannelData(0).slice());
        connect.call(this, tap);
        connect.call(tap, to);
        window.tap = tap;
      }
      return connect.call(this, to, ...rest);
    };
    window.takeTapped = async () => {
      const blocks = window.tapped.splice(0);
      const samples = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0));
      let at = 0;
      for (const block of blocks) for (const x of block) samples[at++] = Math.max(-1, Math.min(1, x)) * 32767;
      const bytes = new Uint8Array(samples.buffer);
      let text = '';
      for (let from = 0; from < bytes.length; from += 32768) {
        text += String.fromCharCode(...bytes.subarray(from, from + 32768));
      }
      return { rate: window.tap.context.sampleRate, data: btoa(text) };
    };
";

/// An open page.
pub struct Page {
    pub browser: Chromium,
}

impl Page {
    /// Opens the receiver and waits until it is live.
    pub async fn open(host: &str, port: u16, size: (u32, u32)) -> Result<Self> {
        let url = format!("http://{host}:{port}/receive");
        let mut browser = Chromium::open(&url, size, TAP).await?;
        browser.wait_for("document.querySelector('#link')?.dataset.state === 'open'").await?;
        Ok(Self { browser })
    }

    /// Clicks in the middle of what a selector names.
    pub async fn click(&mut self, selector: &str) -> Result<()> {
        let (x, y) = self.place(selector, 0.5, 0.5).await?;
        self.browser.click_at(x, y).await
    }

    /// Returns a place within an element, in shares of its width and height.
    pub async fn place(&mut self, selector: &str, across: f64, down: f64) -> Result<(f64, f64)> {
        let selector = json!(selector);
        let expression = format!(
            "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{block: 'nearest'}}); \
             const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; }})()"
        );
        let rectangle = self.browser.evaluate(&expression).await?;
        let side = |number: usize| rectangle[number].as_f64().context("no such element");
        Ok((side(0)? + across * side(2)?, side(1)? + down * side(3)?))
    }

    /// Clicks in the waterfall at a frequency.
    pub async fn click_frequency(&mut self, hertz: f64) -> Result<()> {
        let view = self.view().await?;
        let (x, y) = self.place("#waterfall", (hertz - view.0) / (view.1 - view.0), 0.7).await?;
        self.browser.click_at(x, y).await
    }

    /// Drags in the waterfall, from and to shares of its width and height.
    pub async fn drag(&mut self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let (from, to) = (self.place("#waterfall", from.0, from.1).await?, self.place("#waterfall", to.0, to.1).await?);
        self.browser.mouse("mouseMoved", from.0, from.1, 0).await?;
        self.browser.mouse("mousePressed", from.0, from.1, 1).await?;
        for step in 1..=10 {
            let share = f64::from(step) / 10.0;
            let (x, y) = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            self.browser.mouse("mouseMoved", x, y, 1).await?;
        }
        self.browser.mouse("mouseReleased", to.0, to.1, 0).await
    }

    /// Moves two fingers apart about the middle of the waterfall: from so far to so far from it, as shares of its width.
    pub async fn pinch(&mut self, from: f64, to: f64) -> Result<()> {
        for step in 0..=10 {
            let away = from + (to - from) * f64::from(step) / 10.0;
            let (left, y) = self.place("#waterfall", 0.5 - away, 0.7).await?;
            let (right, _) = self.place("#waterfall", 0.5 + away, 0.7).await?;
            let points = json!([{ "x": left, "y": y, "id": 0 }, { "x": right, "y": y, "id": 1 }]);
            self.touch(if step == 0 { "touchStart" } else { "touchMove" }, points).await?;
        }
        self.touch("touchEnd", json!([])).await
    }

    /// Touches a place of the waterfall.
    pub async fn tap(&mut self, across: f64, down: f64) -> Result<()> {
        let (x, y) = self.place("#waterfall", across, down).await?;
        self.touch("touchStart", json!([{ "x": x, "y": y }])).await?;
        self.touch("touchEnd", json!([])).await
    }

    async fn touch(&mut self, kind: &str, points: Value) -> Result<()> {
        self.browser.call("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await?;
        Ok(())
    }

    /// Returns the part of the band in view, as a screen reader reads it.
    pub async fn view(&mut self) -> Result<(f64, f64)> {
        let label = self.browser.evaluate("document.querySelector('#waterfall').ariaLabel").await?;
        let label = label.as_str().context("no label")?.replace("Waterfall from ", "").replace(" MHz", "");
        let (low, high) = label.split_once(" to ").context("no view")?;
        let hertz = |text: &str| text.replace(' ', "").parse::<f64>().map(|megahertz| megahertz * 1e6);
        Ok((hertz(low)?, hertz(high)?))
    }

    /// Presses F, types a frequency in megahertz, and Enter.
    pub async fn type_frequency(&mut self, megahertz: &str) -> Result<()> {
        self.browser.press("f").await?;
        for letter in megahertz.chars() {
            self.browser.press(&letter.to_string()).await?;
        }
        self.browser.press("Enter").await?;
        self.leave().await
    }

    /// Leaves an input, so that keys mean the page again.
    pub async fn leave(&mut self) -> Result<()> {
        self.click("#title").await
    }

    /// Returns the frequency that the page shows, in hertz.
    pub async fn frequency(&mut self) -> Result<f64> {
        let text = self.browser.evaluate("document.querySelector('#frequency').value").await?;
        Ok((text.as_str().context("no frequency")?.replace(' ', "").parse::<f64>()? * 1e6).round())
    }

    /// Presses arrow keys until the page is tuned there.
    pub async fn nudge_to(&mut self, hertz: f64) -> Result<()> {
        for _ in 0..400 {
            let away = hertz - self.frequency().await?;
            if away == 0.0 {
                return Ok(());
            }
            self.browser.press(if away > 0.0 { "ArrowRight" } else { "ArrowLeft" }).await?;
        }
        bail!("the keys do not lead to {hertz} Hz")
    }

    /// Records for so long, by the button. Returns the file that the browser has saved, and another one with the output of
    /// the audio graph meanwhile.
    pub async fn record(&mut self, length: Duration, folder: &Path) -> Result<(PathBuf, PathBuf)> {
        let before = files(&self.browser.downloads());
        self.browser.evaluate("window.tapped.length = 0").await?;
        self.click("#record").await?;
        // Recording takes as long as the recording.
        tokio::time::sleep(length).await;
        self.click("#record").await?;
        let tapped = self.browser.evaluate("window.takeTapped()").await?;
        let graph = folder.join("graph.wav");
        write_wav(&tapped, &graph)?;
        let downloads = self.browser.downloads();
        let is_new = |file: &PathBuf| !before.contains(file) && file.extension().is_some_and(|e| e == "wav");
        until("the recording is saved", || files(&downloads).iter().any(is_new)).await?;
        let saved = files(&downloads).into_iter().find(is_new).context("no recording")?;
        Ok((saved, graph))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Writes the samples of `takeTapped`.
fn write_wav(tapped: &Value, file: &Path) -> Result<()> {
    let rate = tapped["rate"].as_u64().context("no rate")? as u32;
    let data = decoded(tapped["data"].as_str().context("no sound")?)?;
    let word = |value: u32| value.to_le_bytes();
    let length = data.len() as u32;
    let format = [word(16), word(0x0001_0001), word(rate), word(2 * rate), word(0x0010_0002)].concat();
    let head = [b"RIFF".as_slice(), &word(36 + length), b"WAVEfmt ", &format, b"data", &word(length)].concat();
    std::fs::write(file, [head, data].concat())?;
    Ok(())
}
