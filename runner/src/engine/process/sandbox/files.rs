//! The root of the sandbox: the system folders of the host to read, and folders in memory to write to. Nothing else of the
//! host is there, neither the runner's state nor other sessions'.

use super::{Failure, Job, ROOT, WORK, at};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{Gid, Uid, chdir, chown, pivot_root};
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What programs need of a system. Of `/etc` only what has no secrets.
const SYSTEM: [&str; 15] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ssl/certs",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Files in a folder in memory.
const MAX_FILES: u32 = 20_000;
/// MiB of shared memory, as of containers.
const SHM_MIB: u32 = 8;

/// Makes the root, and enters it.
pub(super) fn enter(job: &Job) -> Result<(), Failure> {
    let root = job.folder.join(ROOT);
    // Nothing of what follows is seen by the host.
    put(None, Path::new("/"), None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
    at("making the root", fs::create_dir_all(&root))?;
    memory(&root, MsFlags::empty(), "size=1m,nr_inodes=1000,mode=0755")?;
    // First: a folder that is shown may be in one of them.
    let own = format!("size={}m,nr_inodes={MAX_FILES},mode=0700,uid={},gid={}", job.disk_mib, job.uid, job.uid);
    for place in [WORK, "/tmp"] {
        memory(&made(&root, place)?, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, &own)?;
    }
    for place in SYSTEM.iter().map(Path::new).chain(job.readable.iter().map(PathBuf::as_path)) {
        show(&root, place)?;
    }
    devices(&root, job)?;
    let proc = made(&root, "/proc")?;
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    put(Some("proc"), &proc, Some("proc"), safe, Some("hidepid=2"))?;
    if let Some((file, name)) = &job.file {
        give(file, &root.join(WORK.trim_start_matches('/')).join(name), job.uid)?;
    }
    at("closing the root", mount(none(), &root, none(), MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none()))?;
    at("entering the root", chdir(&root))?;
    // The old root is put over the new one, and taken away (pivot_root(2)).
    at("entering the root", pivot_root(".", "."))?;
    at("leaving the host's files", umount2(".", MntFlags::MNT_DETACH))?;
    at("entering the root", chdir("/"))
}

/// Shows a place of the host, to read. One that is not there is left out; a link becomes a link.
fn show(root: &Path, place: &Path) -> Result<(), Failure> {
    let Ok(meta) = place.symlink_metadata() else { return Ok(()) };
    let target = inside(root, place);
    if target.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        at(format!("making {}", parent.display()), fs::create_dir_all(parent))?;
    }
    if meta.is_symlink() {
        let to = at(format!("reading {}", place.display()), fs::read_link(place))?;
        return at(format!("making {}", target.display()), symlink(to, &target));
    }
    let made = if meta.is_dir() { fs::create_dir_all(&target) } else { File::create(&target).map(drop) };
    at(format!("making {}", target.display()), made)?;
    put(place.to_str(), &target, None, MsFlags::MS_BIND | MsFlags::MS_REC, None)?;
    let read_only =
        MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    put(None, &target, None, read_only, None)
}

fn devices(root: &Path, job: &Job) -> Result<(), Failure> {
    let dev = made(root, "/dev")?;
    for device in DEVICES {
        let target = dev.join(device);
        at(format!("making {}", target.display()), File::create(&target))?;
        let source = format!("/dev/{device}");
        put(Some(&source), &target, None, MsFlags::MS_BIND, None)?;
    }
    for (name, to) in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")] {
        at(format!("making /dev/{name}"), symlink(to, dev.join(name)))?;
    }
    let own = format!("size={SHM_MIB}m,nr_inodes=1000,mode=0700,uid={},gid={}", job.uid, job.uid);
    memory(&made(root, "/dev/shm")?, MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, &own)
}

/// Copies the file of the owner, which belongs to the process from then on.
fn give(file: &Path, target: &Path, uid: u32) -> Result<(), Failure> {
    at("copying the file of the session", fs::copy(file, target))?;
    at("copying the file of the session", fs::set_permissions(target, Permissions::from_mode(0o600)))?;
    at("copying the file of the session", chown(target, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid))))
}

fn memory(target: &Path, flags: MsFlags, options: &str) -> Result<(), Failure> {
    put(Some("tmpfs"), target, Some("tmpfs"), flags, Some(options))
}

fn put(
    source: Option<&str>,
    target: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    options: Option<&str>,
) -> Result<(), Failure> {
    at(format!("mounting {}", target.display()), mount(source, target, kind, flags, options))
}

fn none<'a>() -> Option<&'a str> {
    None
}

fn made(root: &Path, place: &str) -> Result<PathBuf, Failure> {
    let path = inside(root, Path::new(place));
    at(format!("making {place}"), DirBuilder::new().recursive(true).mode(0o755).create(&path))?;
    Ok(path)
}

fn inside(root: &Path, place: &Path) -> PathBuf {
    root.join(place.strip_prefix("/").unwrap_or(place))
}
