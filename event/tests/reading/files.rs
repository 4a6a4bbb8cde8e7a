use crate::support::{Folder, assert_refused, only, remarks, transmission, wav};
use challengectl_common::{Digest, Payload};
use challengectl_event::read;
use std::fs;
use std::os::unix::fs::symlink;

fn naming(path: &str) -> Folder {
    let text = format!("- name: F\n  modulation: nbfm\n  frequency: 146550000\n  file: {path:?}\n");
    Folder::new().with("event/challenges.yml", text)
}

#[test]
fn a_file_is_taken_with_its_digest_and_its_size() {
    let folder = naming("a.wav").with("event/a.wav", wav(48_000)).with("a.wav", b"not this one");
    let event = folder.event("event/challenges.yml");
    let challenge = only(&event);
    let Payload::File(file) = &transmission(challenge).payload else { panic!("not a file") };
    let content = wav(48_000);
    assert_eq!((file.path.as_str(), file.digest, file.size), ("a.wav", Digest::of(&content), content.len() as u64));
    assert_eq!(challenge.file.as_ref().unwrap(), &fs::canonicalize(folder.path("event/a.wav")).unwrap());
}

#[test]
fn a_file_is_looked_up_beside_the_event_file_then_in_the_parent_folder() {
    naming("sub/a.wav").with("sub/a.wav", wav(48_000)).event("event/challenges.yml");
}

#[test]
fn with_a_base_files_are_looked_up_there_and_nowhere_else() {
    let folder = naming("a.wav").with("event/a.wav", wav(48_000)).with("base/x", b"");
    let event = folder.path("event/challenges.yml");
    assert!(read(&event, Some(&folder.path("base"))).unwrap_err().to_string().contains("there is no file \"a.wav\""));
    let folder = folder.with("base/a.wav", wav(48_000));
    assert!(read(&event, Some(&folder.path("base"))).is_ok());
    assert!(read(&event, Some(&folder.path("nowhere"))).unwrap_err().to_string().contains("nowhere cannot be read"));
}

#[test]
fn a_missing_file_is_refused_with_every_place_looked_at() {
    let folder = naming("a.wav");
    let above = fs::canonicalize(folder.path("")).unwrap();
    let looked = format!("in {} or {}", above.join("event").display(), above.display());
    assert_refused(&folder.problems("event/challenges.yml"), &["1 F: there is no file \"a.wav\"", &looked]);
    assert_refused(&naming("b\\a.wav").problems("event/challenges.yml"), &["write `/` instead of `\\`"]);
}

#[test]
fn a_path_out_of_the_folders_is_refused() {
    for path in ["/etc/passwd", "../event/a.wav", "x/../../a.wav", "", "\0"] {
        let folder = naming(path).with("event/a.wav", wav(48_000));
        assert_refused(&folder.problems("event/challenges.yml"), &["1 F:"]);
    }
}

#[test]
fn a_link_is_followed_only_within_the_folders() {
    let folder = naming("a.wav").with("b.wav", wav(48_000));
    symlink(folder.path("b.wav"), folder.path("event/a.wav")).unwrap();
    folder.event("event/challenges.yml");

    let elsewhere = Folder::new().with("b.wav", wav(48_000));
    let folder = naming("a.wav");
    symlink(elsewhere.path("b.wav"), folder.path("event/a.wav")).unwrap();
    assert_refused(&folder.problems("event/challenges.yml"), &["1 F: \"a.wav\" is a link to a file outside of"]);
}

#[test]
fn a_path_that_is_not_a_regular_file_is_refused() {
    let folder = naming("a.wav");
    fs::create_dir(folder.path("event/a.wav")).unwrap();
    assert_refused(&folder.problems("event/challenges.yml"), &["\"a.wav\" is not a regular file"]);
}

#[test]
fn a_file_that_is_not_a_wav_file_is_refused_by_name() {
    let folder = naming("a.wav").with("event/a.wav", b"MP3 or so");
    assert_refused(&folder.problems("event/challenges.yml"), &["1 F: \"a.wav\": "]);
}

/// Returns the tone with every sample changed.
fn changed(sample: impl Fn(i16) -> i16) -> Vec<u8> {
    let mut wav = wav(48_000);
    let (samples, _) = wav[44..].as_chunks_mut::<2>();
    for bytes in samples {
        *bytes = sample(i16::from_le_bytes(*bytes)).to_le_bytes();
    }
    wav
}

#[test]
fn silent_sound_is_refused_when_it_is_imported() {
    for (silence, why) in [
        (changed(|_| 0), "the file is silent: all samples are 0"),
        (changed(|sample| sample / 1000), "the file is silent: its peak is 73 dB below full scale"),
        (changed(|_| 12_000), "the file holds no sound, only a constant level"),
    ] {
        let folder = naming("a.wav").with("event/a.wav", silence);
        assert_refused(&folder.problems("event/challenges.yml"), &["1 F: \"a.wav\": ", why]);
    }
}

#[test]
fn unusual_sound_is_remarked_when_it_is_imported() {
    let remarked =
        |content: Vec<u8>| remarks(&naming("a.wav").with("event/a.wav", content).event("event/challenges.yml"));
    assert!(remarked(wav(48_000)).is_empty());
    assert_eq!(
        remarked(changed(|sample| sample / 80)),
        ["1 F: \"a.wav\": it is very quiet, its peak is 50 dB below full scale; it is raised, and its noise with it"]
    );
    let mut cut = wav(48_000);
    cut[40..44].copy_from_slice(&1000_u32.to_le_bytes());
    assert!(remarked(cut)[0].contains("its header gives 0.0 s, but the file holds 0.2 s of sound"));
}

#[test]
fn a_missing_event_file_is_named() {
    let refused = read("no/such.yml".as_ref(), None).unwrap_err().to_string();
    assert!(refused.starts_with("no/such.yml: cannot be read: "), "{refused}");
    let folder = Folder::new();
    assert!(read(&folder.path("event"), None).unwrap_err().to_string().contains("cannot be read"));
}
