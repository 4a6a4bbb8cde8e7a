//! What a hostile process tries: its owner may run any command in it.

use anyhow::{Context, Result, ensure};
use challengectl_e2e::pair::NICE;
use challengectl_e2e::processes::{Place, Wishes, answer, names, with_form};
use reqwest::Method;
use std::time::{Duration, Instant};

/// Starts a place with the session of a hostile owner and that of another one.
async fn two() -> Result<(Place, String, String)> {
    let place = Place::start(&Wishes::default()).await?;
    let (eve, ada) = (place.open("eve").await?, place.open("ada").await?);
    Ok((place, eve, ada))
}

/// Runs a command that may end its session, and does not care.
async fn attack(place: &Place, id: &str, command: &str) {
    let path = format!("/api/sessions/{id}/proxy/run");
    let request = place.request("eve", Method::POST, &path).body(command.to_owned()).timeout(Duration::from_secs(8));
    let _ = answer(request).await;
}

/// Checks that another session answers, and soon.
async fn is_well(place: &Place, ada: &str) -> Result<()> {
    let began = Instant::now();
    ensure!(place.run("ada", ada, "echo well").await? == "well\n");
    ensure!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    Ok(())
}

/// Ends the session of the hostile owner, whatever it does, and checks that nothing of it is left.
async fn ends(place: &Place, eve: &str) -> Result<()> {
    let began = Instant::now();
    let ended = place.ask("eve", Method::DELETE, &format!("/api/sessions/{eve}")).await?;
    ensure!(ended.status == 200 && began.elapsed() < Duration::from_secs(12), "{ended:?} {:?}", began.elapsed());
    ensure!(place.starts().len() == 1, "{:?}", place.starts());
    Ok(())
}

#[tokio::test]
async fn a_fork_bomb_ends_at_the_limit() -> Result<()> {
    let (place, eve, ada) = two().await?;
    attack(&place, &eve, "f() { f | f & }; f; sleep 2").await;
    is_well(&place, &ada).await?;
    ends(&place, &eve).await
}

#[tokio::test]
async fn memory_ends_at_the_limit_and_others_go_on() -> Result<()> {
    let (place, eve, ada) = two().await?;
    let seen = place.run("eve", &eve, "tail -c 400M /dev/zero | tail -c 1 | wc -c; echo done").await;
    // The hog is killed; the program may live on.
    ensure!(seen.map_or(true, |seen| seen.contains("done") || seen.is_empty()));
    is_well(&place, &ada).await?;
    ends(&place, &eve).await
}

#[tokio::test]
async fn a_process_has_no_priority_though_the_runner_has() -> Result<()> {
    // The runner inherits it, as from its service.
    rustix::process::setpriority_process(None, NICE)?;
    let place = Place::start(&Wishes::default()).await?;
    let eve = place.open("eve").await?;
    let nice = place.run("eve", &eve, "nice").await?;
    ensure!(nice == "0\n", "{nice}");
    Ok(())
}

#[tokio::test]
async fn folders_have_a_size_and_a_number_of_files() -> Result<()> {
    let (place, eve, ada) = two().await?;
    let seen = place.run("eve", &eve, "head -c 40M /dev/zero > /session/a; stat -c %s /session/a").await?;
    ensure!(seen.contains("33554432") || seen.contains("No space left") || seen.contains("File size"), "{seen}");
    attack(&place, &eve, "rm -f /session/a; i=0; while [ $i -lt 30000 ]; do : > /tmp/$i || exit; i=$((i+1)); done")
        .await;
    for folder in ["/", "/usr", "/etc", "/dev", "/proc/sys/kernel", "/lib"] {
        let seen = place.run("eve", &eve, &format!("touch {folder}/x 2>&1; echo $?")).await?;
        ensure!(!seen.ends_with("0\n") || seen.contains("touch"), "{folder}: {seen}");
        ensure!(!seen.starts_with('0'), "{folder}: {seen}");
    }
    is_well(&place, &ada).await?;
    ends(&place, &eve).await
}

#[tokio::test]
async fn nothing_is_reached_by_the_network() -> Result<()> {
    let (place, eve, ada) = two().await?;
    let links = place.run("eve", &eve, "cat /proc/net/dev | tail -n +3 | cut -d: -f1").await?;
    ensure!(links.trim() == "lo", "{links}");
    ensure!(place.run("eve", &eve, "tail -n +2 /proc/net/route").await?.is_empty());
    let shown = place.ask("ada", Method::GET, &format!("/api/sessions/{ada}")).await?;
    let port = shown.session()["port"].as_u64().context("no port")?;
    let server = place.site.url().rsplit(':').next().unwrap_or_default().to_owned();
    for port in [port.to_string(), server] {
        let own = place.ask("eve", Method::GET, &format!("/api/sessions/{eve}")).await?.session()["port"].to_string();
        if port == own {
            continue;
        }
        let seen = place.run("eve", &eve, &format!("bash -c 'echo > /dev/tcp/127.0.0.1/{port}' 2>&1; echo $?")).await?;
        ensure!(seen.contains("refused") && seen.ends_with("1\n"), "{seen}");
    }
    ends(&place, &eve).await
}

#[tokio::test]
async fn a_neighbour_is_neither_seen_nor_signalled_nor_read() -> Result<()> {
    let (place, eve, ada) = two().await?;
    place.run("ada", &ada, "echo secret > /session/secret; chmod 777 /session/secret").await?;
    let users = [place.run("eve", &eve, "id -u").await?, place.run("ada", &ada, "id -u").await?];
    ensure!(users[0] != users[1] && users.iter().all(|user| user.trim().parse::<u32>().is_ok_and(|uid| uid >= 70_000)));
    ensure!(place.run("eve", &eve, "id -G").await? == users[0], "it has no other group");
    let all = place.run("eve", &eve, "ls /proc | grep -c '^[0-9]'").await?;
    ensure!(all.trim().parse::<u32>()? < 8, "{all}");
    for pid in place.pids() {
        let seen = place.run("eve", &eve, &format!("kill -9 {pid} 2>&1; ls /proc/{pid}/root 2>&1")).await?;
        ensure!(seen.contains("No such process") && seen.contains("No such file"), "{seen}");
    }
    // All that it may signal is its own; its first process is not.
    attack(&place, &eve, "kill -9 1; kill -9 -1").await;
    is_well(&place, &ada).await?;
    for path in [
        place.state().display().to_string(),
        place.site.path("server").display().to_string(),
        "/root".to_owned(),
        "/home".to_owned(),
        "/var".to_owned(),
        "/etc/shadow".to_owned(),
        "/etc/passwd".to_owned(),
        "/sys".to_owned(),
        "/run".to_owned(),
    ] {
        let other = place.open("mallory").await?;
        let seen = place.run("mallory", &other, &format!("ls {path} 2>&1")).await?;
        ensure!(seen.contains("No such file"), "{path}: {seen}");
        place.ask("mallory", Method::DELETE, &format!("/api/sessions/{other}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_privilege_is_gained_and_the_kernel_refuses_what_containers_may_not() -> Result<()> {
    let (place, eve, _) = two().await?;
    let status = place.run("eve", &eve, "cat /proc/self/status").await?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    ensure!(field("NoNewPrivs") == "1" && field("Seccomp") == "2", "{status}");
    for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] {
        ensure!(field(set).trim_matches('0').is_empty(), "{set}: {status}");
    }
    for command in
        ["unshare -U true", "unshare -m true", "mount -t tmpfs none /tmp", "su -c true", "nsenter -t 1 -n true"]
    {
        let seen = place.run("eve", &eve, &format!("{command} 2>&1; echo $?")).await?;
        ensure!(!seen.ends_with("\n0\n") && seen != "0\n", "{command}: {seen}");
    }
    Ok(())
}

#[tokio::test]
async fn a_hundred_mebibytes_of_output_hurt_nobody() -> Result<()> {
    let (place, eve, ada) = two().await?;
    // To the standard output of the program itself.
    let flood = "yes 0123456789012345678901234567890123456789 | head -c 100M > /proc/$PPID/fd/1; echo done";
    let seen = place.run("eve", &eve, flood).await?;
    ensure!(seen.contains("done"), "{seen}");
    is_well(&place, &ada).await?;
    let mut bytes = 0;
    for start in place.starts() {
        let folder = place.state().join(start);
        for name in names(&folder).iter().filter(|name| name.starts_with("output")) {
            bytes += std::fs::metadata(folder.join(name))?.len();
        }
    }
    ensure!(bytes < 2 << 20, "{bytes} bytes");
    ensure!(place.site.log("runner.log").len() < 1 << 20);
    ends(&place, &eve).await
}

#[tokio::test]
async fn a_link_in_the_folder_leads_nowhere() -> Result<()> {
    let (place, eve, _) = two().await?;
    let victim = place.site.path("victim");
    std::fs::write(&victim, "kept")?;
    let command = format!(
        "ln -s {} /session/link; ln -s / /session/root; ls /session/root/; cat /session/link",
        victim.display()
    );
    let seen = place.run("eve", &eve, &command).await?;
    ensure!(seen.contains("No such file") && !seen.contains("root:"), "{seen}");
    ends(&place, &eve).await?;
    ensure!(std::fs::read_to_string(&victim)? == "kept");
    // A file that is a link, to be stored under a name of the sender's choice: it is content, and the name is not used.
    let file = [("file", Some("/etc/cron.d/evil.pdb"), b"x".as_slice())];
    let made = answer(with_form(place.request("eve", Method::POST, "/api/sessions"), &file)).await?;
    ensure!(made.status == 201, "{made:?}");
    let id = made.session()["id"].as_str().context("no id")?.to_owned();
    ensure!(place.run("eve", &id, "ls /session").await? == "input.pdb\n");
    Ok(())
}

#[tokio::test]
async fn what_ignores_to_be_ended_is_killed() -> Result<()> {
    let (place, eve, ada) = two().await?;
    attack(&place, &eve, "trap '' TERM; (trap '' TERM; setsid sleep 1000 &) ; sleep 1000 & sleep 1").await;
    ends(&place, &eve).await?;
    is_well(&place, &ada).await
}
