//! Pictures of few pixels, made of texts and files.

use crate::BuildError;
use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use png::{ColorType, Decoder, Limits, Transformations};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The maximum number of columns: with more, too little power is left for each.
const MAX_COLUMNS: usize = 256;

/// The maximum number of lines: half a minute at the default line time.
const MAX_LINES: usize = 512;

/// The maximum of pixels to a side of a file, and of memory for them in bytes: enough for cameras.
const MAX_SIDE: usize = 10_000;
const MAX_BYTES: usize = 256 << 20;

/// Pixels of a character to a side.
const GLYPH: usize = 8;

/// Lines for each row of a character's pixels: on a waterfall lines are much lower than columns are wide.
const STRETCH: usize = 3;

/// The maximum number of characters in a row; longer texts are wrapped.
const MAX_CHARACTERS: usize = MAX_COLUMNS / GLYPH;

/// Brightness of pixels, 0 to 255, at most [`MAX_COLUMNS`] by [`MAX_LINES`]. The darkest of all is 0, the brightest 255.
#[derive(Debug, PartialEq)]
pub(super) struct Picture {
    columns: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// Draws a text in white letters on black.
    pub(super) fn of_text(text: &str) -> Result<Self, BuildError> {
        if text.trim().is_empty() {
            return Err(BuildError::Empty(""));
        }
        let rows = wrapped(text);
        let columns = GLYPH * rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut pixels = Vec::new();
        for row in &rows {
            let glyphs = row.iter().map(|character| glyph(*character)).collect::<Result<Vec<_>, _>>()?;
            for line in 0..GLYPH {
                let bits = glyphs
                    .iter()
                    .filter_map(|glyph| glyph.get(line))
                    .flat_map(|bits| (0..GLYPH).map(move |n| bits >> n & 1));
                let mut drawn: Vec<u8> = bits.map(|bit| 255 * bit).collect();
                drawn.resize(columns, 0);
                pixels.extend(drawn.repeat(STRETCH));
            }
        }
        if pixels.len() / columns > MAX_LINES {
            let most = MAX_LINES / (GLYPH * STRETCH);
            let reason = format!("it takes {} rows of {MAX_CHARACTERS} characters, {most} can be painted", rows.len());
            return Err(BuildError::Text(reason));
        }
        Ok(Self { columns, pixels })
    }

    /// Reads a PNG file, or, as older transmitters have it, the brightness of a square picture, one byte for each pixel.
    pub(super) fn of_file(path: &Path) -> Result<Self, BuildError> {
        let mut start = Vec::new();
        File::open(path)?.take(SIGNATURE.len() as u64).read_to_end(&mut start)?;
        let picture = if start == SIGNATURE { png(path)? } else { bare(path)? };
        picture.reduced().contrasted()
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the rows, the topmost first.
    pub(super) fn rows(&self) -> std::slice::Chunks<'_, u8> {
        self.pixels.chunks(self.columns)
    }

    pub(super) fn inverted(mut self) -> Self {
        self.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        self
    }

    /// Returns a picture within the maximum size; each pixel is the mean of those that it replaces.
    fn reduced(self) -> Self {
        let lines = self.pixels.len() / self.columns;
        let scale = (self.columns as f64 / MAX_COLUMNS as f64).max(lines as f64 / MAX_LINES as f64).max(1.0);
        let size = |pixels: usize| ((pixels as f64 / scale).round() as usize).max(1);
        let (columns, height) = (size(self.columns), size(lines));
        let mut pixels = Vec::with_capacity(columns * height);
        for line in 0..height {
            let rows = self
                .rows()
                .skip(line * lines / height)
                .take(((line + 1) * lines / height - line * lines / height).max(1));
            let rows: Vec<_> = rows.collect();
            for column in 0..columns {
                let (left, right) = (column * self.columns / columns, (column + 1) * self.columns / columns);
                let within = rows.iter().filter_map(|row| row.get(left..right.max(left + 1))).flatten();
                let (sum, count) = within.fold((0, 0), |(sum, count), pixel| (sum + u64::from(*pixel), count + 1));
                pixels.push((sum / u64::max(count, 1)) as u8);
            }
        }
        Self { columns, pixels }
    }

    /// Stretches the brightness to the whole range from dark to bright.
    fn contrasted(mut self) -> Result<Self, BuildError> {
        let low = self.pixels.iter().copied().min().unwrap_or_default();
        let high = self.pixels.iter().copied().max().unwrap_or_default();
        if low == high {
            return Err(BuildError::File(
                "all of the picture is equally bright, so there is nothing to see".to_owned(),
            ));
        }
        for pixel in &mut self.pixels {
            *pixel = (u32::from(*pixel - low) * 255 / u32::from(high - low)) as u8;
        }
        Ok(self)
    }
}

/// The first bytes of every PNG file.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

fn wrapped(text: &str) -> Vec<Vec<char>> {
    let rows = text.trim_end().lines().flat_map(|row| {
        let characters: Vec<char> = row.chars().collect();
        // An empty row stays one.
        let empty = characters.is_empty().then(Vec::new);
        characters.chunks(MAX_CHARACTERS).map(<[char]>::to_vec).chain(empty).collect::<Vec<_>>()
    });
    rows.collect()
}

fn glyph(character: char) -> Result<[u8; GLYPH], BuildError> {
    let found =
        BASIC_FONTS.get(character).or_else(|| LATIN_FONTS.get(character)).or_else(|| GREEK_FONTS.get(character));
    found.filter(|_| !character.is_control()).ok_or_else(|| {
        BuildError::Text(format!("there is no picture of the character {character:?}; give a PNG file instead"))
    })
}

fn png(path: &Path) -> Result<Picture, BuildError> {
    let refuse = |why: &dyn std::fmt::Display| BuildError::File(format!("is no PNG file that can be painted: {why}"));
    let mut decoder = Decoder::new_with_limits(BufReader::new(File::open(path)?), Limits { bytes: MAX_BYTES });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| refuse(&error))?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if width.max(height) > MAX_SIDE {
        return Err(refuse(&format_args!(
            "{width} × {height} pixels are more than {MAX_SIDE} to a side; make it smaller"
        )));
    }
    let size = reader.output_buffer_size().filter(|size| *size <= MAX_BYTES);
    let mut data = vec![0; size.ok_or_else(|| refuse(&"it has too many pixels; make it smaller"))?];
    let frame = reader.next_frame(&mut data).map_err(|error| refuse(&error))?;
    let channels = frame.color_type.samples();
    let pixels = data.chunks_exact(channels).map(|pixel| brightness(frame.color_type, pixel)).take(width * height);
    Ok(Picture { columns: width, pixels: pixels.collect() })
}

/// Returns the luma of a pixel (ITU-R BT.709); transparent pixels are dark.
fn brightness(kind: ColorType, pixel: &[u8]) -> u8 {
    let luma = |red: u8, green: u8, blue: u8| {
        (u32::from(red) * 2126 + u32::from(green) * 7152 + u32::from(blue) * 722) / 10_000
    };
    let (luma, alpha) = match (kind, pixel) {
        (ColorType::GrayscaleAlpha, [gray, alpha]) => (u32::from(*gray), *alpha),
        (_, [red, green, blue]) => (luma(*red, *green, *blue), 255),
        (_, [red, green, blue, alpha]) => (luma(*red, *green, *blue), *alpha),
        (_, [gray, ..]) => (u32::from(*gray), 255),
        (_, []) => (0, 0),
    };
    (luma * u32::from(alpha) / 255) as u8
}

fn bare(path: &Path) -> Result<Picture, BuildError> {
    let size = File::open(path)?.metadata()?.len();
    let side = size.isqrt();
    if side * side != size || side < GLYPH as u64 || side > MAX_SIDE as u64 {
        let reason = format!("is no PNG file, and its {size} bytes are no square of pixels; export it as PNG");
        return Err(BuildError::File(reason));
    }
    Ok(Picture { columns: side as usize, pixels: std::fs::read(path)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn encoded(kind: ColorType, width: u32, pixels: &[u8]) -> NamedTempFile {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, (pixels.len() / kind.samples()) as u32 / width);
        encoder.set_color(kind);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        file(&bytes)
    }

    fn refused(bytes: &[u8]) -> String {
        Picture::of_file(file(bytes).path()).unwrap_err().to_string()
    }

    #[test]
    fn letters_are_drawn_upright_and_from_left_to_right() {
        let picture = Picture::of_text("L").unwrap();
        let rows: Vec<_> = picture.rows().collect();
        assert_eq!((picture.columns(), rows.len()), (8, 24));
        let lit = |row: &[u8]| row.iter().map(|pixel| if *pixel > 0 { '#' } else { '.' }).collect::<String>();
        assert_eq!(lit(rows[0]), "####....");
        assert_eq!(lit(rows[19]), "#######.");
    }

    #[test]
    fn long_texts_are_wrapped_and_too_long_ones_refused() {
        assert_eq!(Picture::of_text(&"A".repeat(40)).unwrap().rows().len(), 48);
        assert_eq!(Picture::of_text("A\n\nB").unwrap().rows().len(), 72);
        let refused = |text: &str| Picture::of_text(text).unwrap_err().to_string();
        assert_eq!(refused(&"A".repeat(1000)), "text: it takes 32 rows of 32 characters, 21 can be painted");
        assert!(refused("a任").contains("no picture of the character '任'"));
        assert!(refused(" \n").contains("nothing to send"));
    }

    #[test]
    fn files_of_every_kind_are_read_as_brightness() {
        let expected = Picture { columns: 2, pixels: vec![0, 255, 127, 0] };
        let rgba = [9, 9, 9, 255, 255, 255, 255, 255, 255, 255, 255, 132, 255, 255, 255, 9];
        for (kind, pixels) in [
            (ColorType::Grayscale, &[0, 255, 127, 0][..]),
            (ColorType::GrayscaleAlpha, &[0, 255, 255, 255, 255, 127, 255, 0]),
            (ColorType::Rgb, &[0, 0, 0, 255, 255, 255, 127, 127, 127, 0, 0, 0]),
            (ColorType::Rgba, &rgba),
        ] {
            assert_eq!(Picture::of_file(encoded(kind, 2, pixels).path()).unwrap(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_large_picture_is_made_smaller_and_keeps_its_shape() {
        let pixels: Vec<u8> = (0..1024 * 512).map(|n| if n % 1024 < 512 { 0 } else { 200 }).collect();
        let picture = Picture::of_file(encoded(ColorType::Grayscale, 1024, &pixels).path()).unwrap();
        assert_eq!((picture.columns(), picture.rows().len()), (256, 128));
        assert!(picture.rows().all(|row| row[..128].iter().all(|pixel| *pixel == 0) && row[128..] == [255; 128]));
    }

    #[test]
    fn the_bare_bytes_of_a_square_are_a_picture_and_others_are_refused() {
        let bytes: Vec<u8> = (0..113 * 113u32).map(|n| 58 + (n % 178) as u8).collect();
        let picture = Picture::of_file(file(&bytes).path()).unwrap();
        assert_eq!((picture.columns(), picture.rows().len()), (113, 113));
        assert_eq!(refused(&[1; 65]), "is no PNG file, and its 65 bytes are no square of pixels; export it as PNG");
        assert!(refused(&[7; 64]).contains("equally bright"));
        assert!(refused(b"\x89PNG\r\n\x1a\nnonsense").starts_with("is no PNG file that can be painted: "));
    }
}
