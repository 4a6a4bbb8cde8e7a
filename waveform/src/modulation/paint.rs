//! A picture in the spectrum, to be seen on any waterfall.

mod picture;

use crate::parameter::{choice, number, switch};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::Waveform;
use challengectl_dsp::silence::Padded;
use challengectl_dsp::spectrum::{Lines, Spectrum};
use picture::Picture;

/// A picture in the spectrum.
pub const PAINT: Modulation = Modulation {
    name: "paint",
    help: "A picture in the spectrum, as waterfalls show it: a text, or a PNG file.",
    input: Input::Picture,
    parameters: &[
        number("bandwidth", "How wide the picture is.", 2000.0..=1_800_000.0, 100_000.0, "Hz"),
        number("line_time", "How long each of its lines takes, at most 512 of them.", 5.0..=1000.0, 50.0, "ms"),
        choice(
            "first_line",
            "bottom: the picture is upright where new lines come in at the top, as on most waterfalls; top: where they \
             come in at the bottom.",
            &["bottom", "top"],
            "bottom",
        ),
        switch("invert", "Whether dark and bright change places: what is dark is not sent.", false),
    ],
    build,
};

/// Decibels from the brightest pixel to the darkest that is sent: the dynamic range of a waterfall.
const CONTRAST: f32 = 30.0;

/// Width in hertz, within the raster of most channels, and seconds for each line of a watermark.
const WATERMARK_WIDTH: f64 = 25_000.0;
const WATERMARK_LINE: f64 = 0.04;

/// Seconds of silence around a watermark.
const WATERMARK_PAUSE: f64 = 0.1;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let picture = match payload {
        Payload::Text(text) => Picture::of_text(text)?,
        Payload::File(path) => Picture::of_file(path)?,
    };
    let picture = if values.switch("invert") { picture.inverted() } else { picture };
    let upright = values.choice("first_line") == "bottom";
    let lines = lines(&picture, upright, values.number("bandwidth"), values.number("line_time") / 1000.0);
    Ok(Built::new(Box::new(Spectrum::new(&lines)?)))
}

/// Builds the watermark, a text in the spectrum that is sent before a challenge.
pub(super) fn watermark(text: &str) -> Result<Box<dyn Waveform>, BuildError> {
    let lines = lines(&Picture::of_text(text)?, true, WATERMARK_WIDTH, WATERMARK_LINE);
    Ok(Box::new(Padded::new(Box::new(Spectrum::new(&lines)?), WATERMARK_PAUSE)))
}

fn lines(picture: &Picture, from_below: bool, bandwidth: f64, line_time: f64) -> Lines {
    let rows = picture.rows();
    let ordered: Vec<&[u8]> = if from_below { rows.rev().collect() } else { rows.collect() };
    let amplitudes = ordered.into_iter().flatten().map(|brightness| amplitude(*brightness)).collect();
    Lines { amplitudes, columns: picture.columns(), bandwidth, line_time }
}

fn amplitude(brightness: u8) -> f32 {
    match brightness {
        0 => 0.0,
        brightness => 10f32.powf((f32::from(brightness) / 255.0 - 1.0) * CONTRAST / 20.0),
    }
}
