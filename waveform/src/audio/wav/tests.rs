use super::*;
use proptest::prelude::*;
use std::io::Write;

/// A WAV file whose data chunk gives `says` bytes, and whose header gives `riff`.
struct Made {
    kind: [u8; 4],
    riff: Option<u32>,
    before: Vec<u8>,
    format: Vec<u8>,
    says: Option<u32>,
    data: Vec<u8>,
    after: Vec<u8>,
}

fn pcm16(channels: u16, rate: u32, data: &[i16]) -> Made {
    let data = data.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let format = format(1, channels, rate, 16);
    Made { kind: *b"RIFF", riff: None, before: vec![], format, says: None, data, after: vec![] }
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let align = channels * bits / 8;
    let mut format = vec![];
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(align)).to_le_bytes());
    format.extend(align.to_le_bytes());
    format.extend(bits.to_le_bytes());
    format
}

fn chunk(id: &[u8; 4], size: u32, content: &[u8]) -> Vec<u8> {
    [id, size.to_le_bytes().as_slice(), content].concat()
}

impl Made {
    fn open(&self) -> Result<Wav, BuildError> {
        let format = chunk(b"fmt ", self.format.len() as u32, &self.format);
        let data = chunk(b"data", self.says.unwrap_or(self.data.len() as u32), &self.data);
        let body = [b"WAVE".as_slice(), &self.before, &format, &data, &self.after].concat();
        open(&chunk(&self.kind, self.riff.unwrap_or(body.len() as u32), &body))
    }

    fn refused(&self) -> String {
        self.open().unwrap_err().to_string()
    }

    fn samples(&self) -> Vec<f32> {
        drain(self.open().unwrap(), 3).iter().map(|sample| sample.re).collect()
    }
}

fn open(bytes: &[u8]) -> Result<Wav, BuildError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Wav::open(file.path())
}

/// Returns all samples, fetched in calls of `chunk`.
fn drain(mut wav: Wav, chunk: usize) -> Vec<Complex32> {
    let mut samples = vec![Complex32::ZERO; chunk];
    let mut all = vec![];
    while let filled @ 1.. = wav.fill(&mut samples).unwrap() {
        all.extend(&samples[..filled]);
    }
    assert_eq!(all.len() as u64, wav.len());
    all
}

const SOUND: [i16; 4] = [0, 16_384, -32_768, 8192];

#[test]
fn mono_and_stereo_are_read() {
    assert_eq!(pcm16(1, 8000, &SOUND).samples(), [0.0, 0.5, -1.0, 0.25]);
    assert_eq!(pcm16(2, 8000, &SOUND).samples(), [0.25, -0.375]);
    assert_eq!(pcm16(1, 44_100, &SOUND).open().unwrap().sample_rate(), 44_100.0);
}

#[test]
fn an_extensible_header_and_chunks_around_the_samples_are_read() {
    let extensible = [format(0xFFFE, 1, 8000, 16), vec![22, 0, 16, 0, 4, 0, 0, 0, 1, 0], vec![0; 14]].concat();
    let list = chunk(b"LIST", 3, &[1, 2, 3, 0]);
    let made = Made { format: extensible, before: list.clone(), after: list, ..pcm16(1, 8000, &SOUND) };
    assert_eq!(made.samples(), [0.0, 0.5, -1.0, 0.25]);
}

#[test]
fn a_64_bit_header_is_read() {
    let mut lengths = 100u64.to_le_bytes().to_vec();
    lengths.extend(8u64.to_le_bytes());
    lengths.extend([0; 12]);
    for kind in [*b"RF64", *b"BW64"] {
        let before = chunk(b"ds64", 28, &lengths);
        let after = chunk(b"LIST", 4, &[9; 4]);
        let made = Made { kind, riff: Some(u32::MAX), says: Some(u32::MAX), before, after, ..pcm16(1, 8000, &SOUND) };
        assert_eq!(made.samples(), [0.0, 0.5, -1.0, 0.25]);
    }
}

#[test]
fn a_file_written_into_a_pipe_is_read_to_its_end() {
    // The placeholders of recorders and speech programs: gstreamer, ffmpeg, espeak, sox, arecord, and others.
    let lengths =
        [0, u32::MAX, 0x7FFF_F000, 0x7FFF_EFFE, 0x8000_0000, 0x7FFF_FFFF, 0x7FFF_FFDB, 0x8000_0024, 0xFFFF_FFDB];
    for says in lengths {
        for riff in [0, 36, u32::MAX, 0x7FFF_F024, 0x8000_0024, says.wrapping_add(36)] {
            let made = Made { riff: Some(riff), says: Some(says), ..pcm16(1, 8000, &SOUND) };
            assert_eq!(made.samples().len(), 4, "{riff:x} {says:x}");
        }
    }
}

#[test]
fn sound_after_the_end_given_by_the_header_is_counted_and_chunks_are_not() {
    let surplus = |says, data: &[i16], after: Vec<u8>| {
        let wav = Made { says, after, ..pcm16(1, 8000, data) }.open().unwrap();
        (wav.len(), wav.surplus() * 8000.0)
    };
    let list = || chunk(b"LIST", 3, &[1, 2, 3, 0]);
    assert_eq!(surplus(None, &SOUND, vec![]), (4, 0.0));
    assert_eq!(surplus(None, &SOUND, [list(), list()].concat()), (4, 0.0));
    assert_eq!(surplus(Some(2), &[1000; 100], vec![]), (1, 99.0));
    assert_eq!(surplus(Some(2), &[1000; 100], list()), (1, 105.0));
    assert_eq!(surplus(None, &SOUND, [list(), vec![7; 80]].concat()), (4, 40.0));
}

#[test]
fn a_file_without_samples_is_refused() {
    assert_eq!(pcm16(1, 8000, &[]).refused(), "the file has no samples");
    let streamed = Made { riff: Some(u32::MAX), says: Some(u32::MAX), ..pcm16(1, 8000, &[]) };
    assert_eq!(streamed.refused(), "the file has no samples");
    let followed = Made { after: chunk(b"LIST", 4, &[1; 4]), ..pcm16(1, 8000, &[]) };
    assert_eq!(followed.refused(), "the file has no samples");
}

#[test]
fn a_file_cut_short_says_how_much_is_missing() {
    let made = Made { says: Some(200), ..pcm16(2, 8000, &SOUND) };
    assert_eq!(made.refused(), "the file is cut short: 48 of its 50 samples are missing");
}

#[test]
fn a_file_that_is_not_a_wav_file_is_refused() {
    assert_eq!(open(b"").unwrap_err().to_string(), "the file is not a WAV file: it is too short");
    assert_eq!(open(&[7; 100]).unwrap_err().to_string(), "the file is not a WAV file");
    assert!(open(b"OggS0000000000000").unwrap_err().to_string().contains("an Ogg file"));
    assert_eq!(open(b"RIFF\x04\0\0\0WAVE").unwrap_err().to_string(), "the file has no data chunk");
    assert!(matches!(Wav::open(Path::new("/nonexistent.wav")), Err(BuildError::Io(_))));
}

#[test]
fn formats_that_cannot_be_sent_are_named() {
    let with = |format| Made { format, ..pcm16(1, 8000, &SOUND) }.refused();
    assert_eq!(with(format(0x11, 1, 8000, 4)), "the file is compressed (IMA ADPCM); write it as PCM");
    assert_eq!(with(format(0x77, 1, 8000, 4)), "the file is in the unknown format 0x0077; write it as PCM");
    assert_eq!(with(format(1, 1, 8000, 12)), "samples of 12 bits are not supported; write it as 16-bit PCM");
    assert_eq!(with(format(1, 6, 8000, 16)), "the file has 6 channels; mono and stereo can be sent");
    assert_eq!(with(format(1, 0, 8000, 16)), "the file has no channels");
    assert_eq!(with(format(1, 1, 999, 16)), "the file has 999 samples per second; 1000 to 768000 can be sent");
    assert_eq!(with(vec![1, 0]), "the file's fmt chunk is too short");
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_is_an_error() {
    let mut wav = pcm16(1, 8000, &SOUND).open().unwrap();
    wav.len = 1000;
    assert_eq!(wav.fill(&mut [Complex32::ZERO; 8]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_header_opens_or_is_refused_with_a_reason(
        changes in prop::collection::vec((0..60usize, any::<u8>()), 1..6),
        cut in 0..200usize,
    ) {
        let format = chunk(b"fmt ", 16, &format(1, 1, 8000, 16));
        let body = [b"WAVE".as_slice(), &format, &chunk(b"data", 100, &[1; 100])].concat();
        let mut bytes = chunk(b"RIFF", body.len() as u32, &body);
        for (at, byte) in changes {
            bytes[at % 44] = byte;
        }
        bytes.truncate(cut);
        if let Ok(wav) = open(&bytes) {
            prop_assert!(wav.len() > 0 && wav.len() <= 100);
            drain(wav, 7);
        }
    }
}
