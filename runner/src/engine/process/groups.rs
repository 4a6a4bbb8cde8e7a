//! Control groups: what a process and all that it starts may use together. Version 2 (cgroups(7)), and version 1 on hosts that
//! have their controllers there.

use super::ProcessError;
use challengectl_common::instance::Limits;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MOUNTED: &str = "/sys/fs/cgroup";
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];
/// The period in which a share of the processor counts, in microseconds: the kernel's default.
const PERIOD: f64 = 100_000.0;
/// The weight against the other programs of the host, as of containers: 128 of 1024, 13 of 100.
const SHARES: &str = "128";
const WEIGHT: &str = "13";
/// The time in which the kernel lets go of a group whose processes have ended.
const REMOVAL: Duration = Duration::from_secs(2);

/// The groups of one engine.
pub(super) struct Groups {
    /// The folders in which each process gets one: one for all controllers, or one for each.
    parents: Vec<(Option<&'static str>, PathBuf)>,
}

impl Groups {
    /// Makes the parents, by this name.
    pub(super) fn new(name: &str) -> Result<Self, ProcessError> {
        Self::below(Path::new(MOUNTED), name)
    }

    fn below(mounted: &Path, name: &str) -> Result<Self, ProcessError> {
        let unable = |why: String| ProcessError::Unable(format!("control groups: {why}"));
        let has = fs::read_to_string(mounted.join("cgroup.controllers")).unwrap_or_default();
        let has_all = CONTROLLERS.iter().all(|controller| has.split_whitespace().any(|it| it == *controller));
        let parents = if has_all {
            enable(mounted).map_err(&unable)?;
            let parent = mounted.join(name);
            make(&parent).map_err(&unable)?;
            enable(&parent).map_err(&unable)?;
            vec![(None, parent)]
        } else {
            let of = |controller: &'static str| (Some(controller), mounted.join(controller).join(name));
            let parents: Vec<_> = CONTROLLERS.map(of).into();
            for (_, parent) in &parents {
                make(parent).map_err(&unable)?;
            }
            parents
        };
        Ok(Self { parents })
    }

    /// Makes the groups of a process, and sets its limits. Returns them, to be joined.
    pub(super) fn make(&self, name: &str, limits: &Limits) -> Result<Vec<PathBuf>, ProcessError> {
        let folders = self.folders(name);
        for (controller, folder) in &folders {
            let made = make(folder).and_then(|()| limit(*controller, folder, limits));
            made.map_err(|why| ProcessError::Unable(format!("control groups: {why}")))?;
        }
        Ok(folders.into_iter().map(|(_, folder)| folder).collect())
    }

    /// Returns the names of all groups.
    pub(super) fn names(&self) -> Vec<String> {
        let Some((_, parent)) = self.parents.last() else { return Vec::new() };
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Sends a signal to all processes of a group but one.
    pub(super) fn signal(&self, name: &str, signal: Signal, except: Option<i32>) {
        for pid in self.processes(name).into_iter().filter(|pid| Some(*pid) != except) {
            // It may have ended.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Removes the groups of a process that has ended. Kills what is left in them.
    pub(super) fn remove(&self, name: &str) -> Result<(), ProcessError> {
        let deadline = Instant::now() + REMOVAL;
        for (_, folder) in self.folders(name) {
            loop {
                match fs::remove_dir(&folder) {
                    Ok(()) => break,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                    Err(error) if Instant::now() > deadline => {
                        return Err(ProcessError::Host(format!("removing {}: {error}", folder.display())));
                    }
                    Err(_) => {
                        self.signal(name, Signal::SIGKILL, None);
                        std::thread::sleep(Duration::from_millis(10));
                    }
                }
            }
        }
        Ok(())
    }

    fn processes(&self, name: &str) -> Vec<i32> {
        // Those of all controllers are the same, once a process has joined.
        let mut all = Vec::new();
        for (_, folder) in self.folders(name) {
            let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            all.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn folders(&self, name: &str) -> Vec<(Option<&'static str>, PathBuf)> {
        self.parents.iter().map(|(controller, parent)| (*controller, parent.join(name))).collect()
    }
}

impl Drop for Groups {
    /// Removes the parents, unless processes go on.
    fn drop(&mut self) {
        for (_, parent) in &self.parents {
            let _ = fs::remove_dir(parent);
        }
    }
}

fn enable(folder: &Path) -> Result<(), String> {
    write(&folder.join("cgroup.subtree_control"), "+cpu +memory +pids")
}

fn make(folder: &Path) -> Result<(), String> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

/// Sets the limits of one controller, or of all if they share the folder.
fn limit(controller: Option<&str>, folder: &Path, limits: &Limits) -> Result<(), String> {
    let memory = (u64::from(limits.memory_mib) << 20).to_string();
    let quota = (limits.cpus * PERIOD) as u64;
    let set = |file: &str, value: &str| write(&folder.join(file), value);
    // Without swap of its own where the kernel does not count it.
    let set_if_there = |file: &str, value: &str| if folder.join(file).exists() { set(file, value) } else { Ok(()) };
    if let None | Some("pids") = controller {
        set("pids.max", &limits.pids.to_string())?;
    }
    match controller {
        None => {
            set("memory.max", &memory)?;
            set_if_there("memory.swap.max", "0")?;
            set("cpu.max", &format!("{quota} {PERIOD}"))?;
            set("cpu.weight", WEIGHT)
        }
        Some("memory") => {
            set("memory.limit_in_bytes", &memory)?;
            set_if_there("memory.memsw.limit_in_bytes", &memory)
        }
        Some("cpu") => {
            set("cpu.cfs_period_us", &PERIOD.to_string())?;
            set("cpu.cfs_quota_us", &quota.to_string())?;
            set("cpu.shares", SHARES)
        }
        Some(_) => Ok(()),
    }
}

fn write(path: &Path, value: &str) -> Result<(), String> {
    fs::write(path, value).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_has_one_group_with_all_limits() {
        let mounted = tempfile::tempdir().unwrap();
        let root = mounted.path();
        fs::write(root.join("cgroup.controllers"), "cpuset cpu io memory hugetlb pids\n").unwrap();
        let groups = Groups::below(root, "challengectl-a").unwrap();
        let limits = Limits { memory_mib: 256, cpus: 0.5, pids: 100 };
        // The kernel makes its files with the folder.
        fs::create_dir(root.join("challengectl-a/s1")).unwrap();
        fs::write(root.join("challengectl-a/s1/memory.swap.max"), "max").unwrap();
        assert_eq!(groups.make("s1", &limits).unwrap(), [root.join("challengectl-a/s1")]);
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        for parent in ["cgroup.subtree_control", "challengectl-a/cgroup.subtree_control"] {
            assert_eq!(read(parent), "+cpu +memory +pids", "{parent}");
        }
        for (file, value) in [
            ("memory.max", "268435456"),
            ("memory.swap.max", "0"),
            ("cpu.max", "50000 100000"),
            ("cpu.weight", "13"),
            ("pids.max", "100"),
        ] {
            assert_eq!(read(&format!("challengectl-a/s1/{file}")), value, "{file}");
        }
        assert_eq!(groups.names(), ["s1"]);
    }

    #[test]
    fn a_host_without_all_controllers_in_version_2_has_a_group_for_each() {
        let mounted = tempfile::tempdir().unwrap();
        let root = mounted.path();
        // As with systemd's hybrid setup: version 2 has none of them.
        fs::write(root.join("cgroup.controllers"), "hugetlb\n").unwrap();
        for controller in CONTROLLERS {
            fs::create_dir(root.join(controller)).unwrap();
        }
        let groups = Groups::below(root, "challengectl-a").unwrap();
        let made = groups.make("s1", &Limits { memory_mib: 256, cpus: 2.0, pids: 100 }).unwrap();
        assert_eq!(made, CONTROLLERS.map(|controller| root.join(controller).join("challengectl-a/s1")));
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(read("cpu/challengectl-a/s1/cpu.cfs_quota_us"), "200000");
        assert_eq!(read("memory/challengectl-a/s1/memory.limit_in_bytes"), "268435456");
        assert_eq!(read("pids/challengectl-a/s1/pids.max"), "100");
    }
}
