//! The firewall rules of the host.

use super::SOON;
use anyhow::{Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::Hostile;
use challengectl_e2e::on_both_engines;
use challengectl_e2e::site::wait_until;

on_both_engines!(rules_that_somebody_removes_come_back, without_the_right_to_set_rules_nothing_is_started);

fn rules_that_somebody_removes_come_back(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let engine = site.place.engine();
    let list = || engine.shell("nft --stateless list table inet challengectl");
    wait_until("the rules are in place", SOON, || Ok(list().is_ok()))?;
    let (before, others) = (list()?, engine.shell("nft --stateless list tables")?);
    engine.shell("nft delete chain inet challengectl input")?;
    wait_until("the rules are complete", SOON, || Ok(list().is_ok_and(|now| now == before)))?;
    engine.shell("nft delete table inet challengectl")?;
    wait_until("the rules are back", SOON, || Ok(list().is_ok_and(|now| now == before)))?;
    ensure!(engine.shell("nft --stateless list tables")? == others, "other tables were touched");
    Ok(())
}

fn without_the_right_to_set_rules_nothing_is_started(kind: Kind) -> Result<()> {
    let mut site = Hostile::start(kind)?;
    site.place.kill_runner()?;
    site.place.start_runner_by(&["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"])?;
    let (status, body) = site.place.start_instance("ada")?;
    ensure!(status == 500, "{body}");
    ensure!(site.place.containers()?.is_empty());
    let log = site.place.log("runner.log");
    ensure!(log.contains("cannot isolate containers") && log.contains("CAP_NET_ADMIN"), "{log}");
    Ok(())
}
