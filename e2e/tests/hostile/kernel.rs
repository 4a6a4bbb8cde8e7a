//! What a container asks of the kernel.

use anyhow::{Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::Hostile;
use challengectl_e2e::on_both_engines;

on_both_engines!(
    the_hypervisor_is_not_reached_by_vsock,
    io_uring_is_not_there,
    namespaces_keys_and_programs_in_the_kernel_are_refused,
    a_container_has_no_capability_and_gets_none,
);

/// Numbers of errors, in `errno.h`.
const EPERM: i64 = 1;
const ENOSYS: i64 = 38;
const EAFNOSUPPORT: i64 = 97;

fn the_hypervisor_is_not_reached_by_vsock(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    for (family, name) in [(40, "AF_VSOCK"), (38, "AF_ALG"), (17, "AF_PACKET")] {
        let came = site.number(&team, &["probe", "socket", &family.to_string(), "1"])?;
        ensure!(came == EAFNOSUPPORT, "{name}: {came}");
        // By the calls of 32-bit programs.
        let came = site.attack(&team, &["probe", "old-socket", &family.to_string()])?;
        ensure!(came == format!("{EAFNOSUPPORT} {EAFNOSUPPORT}"), "{name}: {came}");
    }
    ensure!(site.number(&team, &["probe", "socket", "2", "1"])? == 0, "programs have no network");
    Ok(())
}

fn io_uring_is_not_there(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    ensure!(site.number(&team, &["probe", "io_uring"])? == ENOSYS);
    Ok(())
}

fn namespaces_keys_and_programs_in_the_kernel_are_refused(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    for call in ["unshare", "clone", "keyctl", "bpf", "perf"] {
        let came = site.number(&team, &["probe", call])?;
        ensure!(came == EPERM, "{call}: {came}");
    }
    Ok(())
}

fn a_container_has_no_capability_and_gets_none(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    let status = site.attack(&team, &["cat", "/proc/self/status"])?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        ensure!(field(set) == "0000000000000000", "{status}");
    }
    ensure!(field("NoNewPrivs") == "1" && field("Seccomp") == "2", "{status}");
    Ok(())
}
