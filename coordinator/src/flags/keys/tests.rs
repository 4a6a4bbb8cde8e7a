use super::*;
use crate::session::Owner;
use crate::session::SessionState;
use challengectl_common::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

fn flags(folder: &tempfile::TempDir) -> FlagKeys {
    FlagKeys::new(Arc::new(Vault::open(folder.path(), false).unwrap()))
}

fn session(id: i64, owner: &str) -> Session {
    Session {
        id,
        key: String::new(),
        front: "engine".to_owned(),
        challenge_id: 1,
        version: 1,
        owner: Owner::anonymous(owner).unwrap(),
        made_for: Owner::anonymous(owner).unwrap(),
        nonce: "n".to_owned(),
        place: None,
        state: SessionState::Running,
        fence: 1,
        restarts: 0,
        runs_since: None,
        container_id: None,
        lifetime: Duration::from_secs(3600),
        idle: None,
        requested_at: Timestamp::from_millis(0),
        running_at: None,
        reap_at: Timestamp::from_millis(0),
        idle_at: None,
        solved_at: None,
        ended_at: None,
        outcome: None,
        reason: None,
        revision: 1,
    }
}

fn sealed(flags: &FlagKeys, mode: FlagMode, content: &str) -> Vec<StoredFlag> {
    vec![flags.seal(0, 1, &Flag { mode, content: content.to_owned() }).unwrap()]
}

fn accepts(folder: &tempfile::TempDir, of: &[StoredFlag], session: &Session, text: &str) -> bool {
    flags(folder).matching(of, Some(session), text).unwrap().is_some()
}

#[test]
fn each_session_has_a_flag_of_its_own_that_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let of = sealed(&flags(&folder), FlagMode::Session, DEFAULT_FORMAT);
    let flag = |id, owner: &str| flags(&folder).of_session(&of, &session(id, owner)).unwrap().unwrap();
    let mine = flag(1, "ada");
    assert!(mine.starts_with("flag{") && mine.ends_with('}') && mine.len() == 38, "{mine}");
    assert_eq!(mine, flag(1, "ada"));
    let all: HashSet<String> = [flag(1, "ada"), flag(2, "ada"), flag(1, "bob"), flag(12, "a"), flag(1, "2a")].into();
    assert_eq!(all.len(), 5);
    assert!(accepts(&folder, &of, &session(1, "ada"), &format!(" {mine}\n")));
    assert!(!accepts(&folder, &of, &session(2, "ada"), &mine));
    assert!(!accepts(&folder, &of, &session(1, "ada"), &mine.to_uppercase()));
}

#[test]
fn fields_that_join_to_the_same_text_have_different_flags() {
    let folder = tempfile::tempdir().unwrap();
    let flags = flags(&folder);
    let with = |owner: &str, nonce: &str| Session { nonce: nonce.to_owned(), ..session(1, owner) };
    assert_ne!(flags.code(&with("a:b", "c")), flags.code(&with("a", "b:c")));
    assert_ne!(flags.code(&with("ab", "c")), flags.code(&with("a", "bc")));
}

#[test]
fn texts_and_patterns_are_compared_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let flags = flags(&folder);
    let accepts = |mode, content: &str, text: &str| {
        let of = sealed(&flags, mode, content);
        flags.matching(&of, None, text).unwrap().is_some()
    };
    assert!(accepts(FlagMode::Text, "flag{a}", "flag{a} "));
    assert!(!accepts(FlagMode::Text, "flag{a}", "Flag{a}"));
    assert!(accepts(FlagMode::TextAnyCase, "flag{A}", "FLAG{a}"));
    assert!(accepts(FlagMode::Pattern, r"flag\{\d+\}|x", "flag{12}"));
    for text in ["flag{12}y", "y", "xy", "zx", "x\ny"] {
        assert!(!accepts(FlagMode::Pattern, r"flag\{\d+\}|x", text), "{text:?}");
    }
    // Exponential for a matcher that backtracks.
    assert!(!accepts(FlagMode::Pattern, "(a*)*b", &"a".repeat(MAX_SUBMISSION)));
}

#[test]
fn a_flag_that_cannot_be_submitted_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let flags = flags(&folder);
    let refusal =
        |mode, content: &str| flags.seal(0, 1, &Flag { mode, content: content.to_owned() }).unwrap_err().to_string();
    assert!(refusal(FlagMode::Session, "flag").contains("flag{{}}"));
    assert!(refusal(FlagMode::Pattern, "(").contains("unclosed group"));
    assert!(refusal(FlagMode::Text, "").contains("1 to 1024 bytes"));
}
