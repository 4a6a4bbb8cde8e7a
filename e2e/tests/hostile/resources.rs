//! What a container uses of its host: processes, memory, processor, files.

use super::SOON;
use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::Hostile;
use challengectl_e2e::on_both_engines;
use challengectl_e2e::site::wait_until;

on_both_engines!(
    a_fork_bomb_ends_at_the_limit_and_its_instance_can_be_stopped,
    processes_that_have_ended_count_as_well,
    memory_ends_at_the_limit_and_others_go_on,
    memory_file_systems_are_small_or_count_as_memory,
    files_in_memory_file_systems_are_limited,
    a_container_yields_the_processor_to_others,
    a_process_opens_a_thousand_files,
    a_program_that_crashes_leaves_no_core,
);

/// Processes of a container of the tests.
const MAX_PROCESSES: i64 = 64;

fn a_fork_bomb_ends_at_the_limit_and_its_instance_can_be_stopped(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let (ada, bob) = (site.team("ada")?, site.team("bob")?);
    let count = site.number(&ada, &["probe", "fork"])?;
    ensure!((30..MAX_PROCESSES).contains(&count), "{count} processes");
    ensure!(site.answers(&bob));
    site.stop(&ada)
}

fn processes_that_have_ended_count_as_well(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    let count = site.number(&team, &["probe", "zombies"])?;
    ensure!((30..MAX_PROCESSES).contains(&count), "{count} processes");
    site.stop(&team)
}

fn memory_ends_at_the_limit_and_others_go_on(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let (ada, bob) = (site.team("ada")?, site.team("bob")?);
    ensure!(site.attack(&ada, &["probe", "memory", "16"])? == "16");
    let got = site.attack(&ada, &["probe", "memory", "120"])?;
    ensure!(got.is_empty(), "{got} MiB, with 64 allowed");
    ensure!(site.answers(&bob));
    Ok(())
}

fn memory_file_systems_are_small_or_count_as_memory(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    for (folder, mebibytes) in [("/tmp", 16), ("/dev/shm", 8)] {
        let fill = format!(
            "dd if=/dev/zero of={folder}/fill bs=1M count=120 2>/dev/null; stat -c %s {folder}/fill; rm {folder}/fill"
        );
        let written = site.number(&team, &["sh", "-c", &fill])?;
        ensure!(written > 0 && written <= mebibytes << 20, "{folder}: {written} bytes");
    }
    // `/dev` is one of 64 MiB that engines do not let go without: whoever fills it has no memory left.
    let fill = "dd if=/dev/zero of=/dev/fill bs=1M count=120 2>/dev/null && echo filled";
    let came = site.attack(&team, &["sh", "-c", fill])?;
    ensure!(came.is_empty(), "/dev: {came}");
    Ok(())
}

fn files_in_memory_file_systems_are_limited(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    // Podman has no limit for them: there the memory ends, and the program with it.
    let made = site.attack(&team, &["probe", "files", "/tmp", "1000000"])?;
    match kind {
        Kind::Docker => ensure!(made.parse::<i64>().is_ok_and(|made| made < 1024), "{made} files"),
        Kind::Podman => ensure!(made.is_empty(), "{made} files"),
    }
    Ok(())
}

fn a_container_yields_the_processor_to_others(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    let groups = site.attack(&team, &["cat", "/proc/1/cgroup"])?;
    let is_first_version =
        groups.lines().any(|line| line.contains(":cpu,") || line.contains(",cpu:") || line.contains(":cpu:"));
    let read = |name: &str| site.attack(&team, &["sh", "-c", &format!("cat /sys/fs/cgroup/{name}")]);
    if is_first_version {
        ensure!(read("cpu/cpu.shares")? == "128" && read("cpu/cpu.cfs_quota_us")? == "50000", "{groups}");
    } else {
        // 128 of 1024 shares, in the scale of weights that engines use for them.
        ensure!(read("cpu.weight")?.parse::<u32>()? <= 20 && read("cpu.max")? == "50000 100000", "{groups}");
    }
    Ok(())
}

fn a_process_opens_a_thousand_files(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    let count = site.number(&team, &["probe", "descriptors"])?;
    ensure!((1000..1024).contains(&count), "{count} files");
    Ok(())
}

fn a_program_that_crashes_leaves_no_core(kind: Kind) -> Result<()> {
    let site = Hostile::writable(kind)?;
    let team = site.team("ada")?;
    let came = site.attack(&team, &["sh", "-c", "cd /tmp; probe dump; ls -A /tmp | wc -l"])?;
    let mut lines = came.lines();
    let raised = lines.next().context("nothing was tried")?;
    ensure!(raised == "1", "the limit was raised: {came}");
    ensure!(lines.next_back() == Some("0"), "something was written: {came}");
    wait_until("its instance answers", SOON, || Ok(site.answers(&team)))
}
