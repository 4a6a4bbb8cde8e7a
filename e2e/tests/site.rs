//! A server and two runners as real processes.

use anyhow::Result;
use challengectl_e2e::faults::{Kind, Settings, survive};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_twice_on_air_when_programs_are_killed() -> Result<()> {
    let report = survive(&Settings { count: 4, seed: rand::random(), kinds: vec![Kind::Kill] }).await?;
    assert!(report.recordings > 8, "{report:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_server_has_acknowledged_survives_its_orderly_end() -> Result<()> {
    let report = challengectl_e2e::load::orderly_end::end_under_load(60, std::time::Duration::from_secs(3)).await?;
    assert!(report.reports > 60, "{report:?}");
    Ok(())
}

#[test]
fn ten_minutes_of_audio_fit_into_64_mebibytes() -> Result<()> {
    let report = challengectl_e2e::load::long_audio::transmit(std::time::Duration::from_secs(600))?;
    assert!(report.agent_kib < 64 * 1024 && report.transmitter_kib < 64 * 1024, "{report:?}");
    Ok(())
}
