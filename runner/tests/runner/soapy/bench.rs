//! Simulated radios, and what was done to them.

use crate::support::{program, until};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A modulation that lasts a tenth of a second.
pub const EVENT: &str =
    "challenges:\n  - {name: E, modulation: cw, frequency: 145550000, text: E, parameters: {wpm: 60}}\n";

/// How long drivers that hang are waited for. A machine that also builds is not to be taken for one.
pub const TIMES: &str = "watchdog_seconds: 3\nopen_seconds: 4\n";

/// One that lasts minutes.
pub const LONG_EVENT: &str = concat!(
    "challenges:\n  - {name: LONG, modulation: cw, frequency: 145550000, text: \"",
    "PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS\"}\n"
);

/// The radios that the module knows.
pub const DRIVERS: [&str; 5] = ["hackrf", "bladerf", "lime", "uhd", "plutosdr"];

/// Simulated radios, plugged in as long as this lives.
pub struct Bench {
    pub dir: TempDir,
    /// Drivers and serial numbers.
    devices: Vec<(&'static str, String)>,
}

/// One call that a radio recorded.
#[derive(Debug, Clone)]
pub struct Call {
    pub serial: String,
    pub name: String,
    pub arguments: String,
}

impl Bench {
    /// Plugs one radio of each driver in.
    pub fn new(drivers: &[&'static str]) -> Self {
        // A device's lock is the machine's, so that each test has serial numbers of its own.
        let serial = |(number, driver): (usize, &&'static str)| {
            (*driver, format!("{:08x}{number:04x}{:08x}", std::process::id(), rand::random::<u32>()))
        };
        let bench = Self { dir: TempDir::new().unwrap(), devices: drivers.iter().enumerate().map(serial).collect() };
        std::fs::write(bench.path("log"), "").unwrap();
        std::fs::write(bench.path("event.yml"), EVENT).unwrap();
        bench.plug_all_in();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn serial(&self, index: usize) -> &str {
        &self.devices[index].1
    }

    /// What `device` in runner.yml says of a radio.
    pub fn device(&self, index: usize) -> String {
        format!("driver={},serial={}", self.devices[index].0, self.devices[index].1)
    }

    pub fn plug_all_in(&self) {
        let lines: String = self.devices.iter().map(|(driver, serial)| format!("{driver} {serial}\n")).collect();
        // Not for a moment half a file: the module reads it with each call.
        std::fs::write(self.path("devices.new"), lines).unwrap();
        std::fs::rename(self.path("devices.new"), self.path("devices")).unwrap();
    }

    pub fn unplug_all(&self) {
        std::fs::write(self.path("devices.new"), "").unwrap();
        std::fs::rename(self.path("devices.new"), self.path("devices")).unwrap();
    }

    /// Makes calls go wrong from now on, one fault a line.
    pub fn set_faults(&self, index: usize, faults: &str) {
        std::fs::write(self.path(&format!("{}.faults", self.serial(index))), faults).unwrap();
    }

    /// What a program needs in its environment to find these radios and no others.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SIMULATED_RADIOS", self.dir.path().display().to_string()),
            ("SOAPY_SDR_ROOT", "/nonexistent".to_owned()),
            ("SOAPY_SDR_PLUGIN_PATH", module().display().to_string()),
        ]
    }

    /// Runs the program here, without a server.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.dir.path()).envs(self.environment()).args(arguments);
        command
    }

    /// Puts the event on air with radio `r0`; `settings` are more keys of it.
    pub fn transmit(&self, settings: &str) -> Output {
        std::fs::write(self.path("runner.yml"), format!("{TIMES}{}", self.radios(settings))).unwrap();
        self.run(&["transmit", "event.yml", "--radio", "r0"])
    }

    /// The radios for runner.yml, as `r0` and so on.
    pub fn radios(&self, settings: &str) -> String {
        let radio =
            |index| format!("  - {{id: r{index}, driver: soapy, device: \"{}\"{settings}}}\n", self.device(index));
        format!("radios:\n{}", (0..self.devices.len()).map(radio).collect::<String>())
    }

    /// All that was recorded of a radio.
    pub fn calls(&self, index: usize) -> Vec<Call> {
        let log = std::fs::read_to_string(self.path("log")).unwrap();
        let all = log.lines().filter_map(parse);
        all.filter(|call| call.serial == self.serial(index)).collect()
    }

    /// The names of what was recorded of a radio, each once where it repeats.
    pub fn story(&self, index: usize) -> Vec<String> {
        let mut names: Vec<String> = self.calls(index).into_iter().map(|call| call.name).collect();
        names.retain(|name| name != "readStreamStatus");
        names.dedup();
        names
    }

    pub fn count(&self, index: usize, name: &str) -> usize {
        self.calls(index).iter().filter(|call| call.name == name).count()
    }

    /// Whether a radio transmits. A USRP needs its process for that, the others go on without.
    pub fn is_on_air(&self, index: usize) -> bool {
        let state = std::fs::read_to_string(self.path(&format!("{}.state", self.serial(index)))).unwrap_or_default();
        let claimed = || is_locked(&self.path(&format!("{}.claim", self.serial(index))));
        state.trim() == "on" && (self.devices[index].0 != "uhd" || claimed())
    }

    pub fn wait_until_on_air(&self, index: usize) {
        until("it is on air", || self.is_on_air(index) && self.count(index, "writeStream") > 2);
    }

    pub fn wait_until_off(&self, index: usize) {
        until("it is off", || !self.is_on_air(index));
    }
}

/// What the first radio was told with each call of this name.
pub fn arguments_of(bench: &Bench, name: &str) -> Vec<String> {
    bench.calls(0).into_iter().filter(|call| call.name == name).map(|call| call.arguments).collect()
}

fn is_locked(path: &Path) -> bool {
    std::fs::File::open(path).is_ok_and(|file| file.try_lock().is_err())
}

fn parse(line: &str) -> Option<Call> {
    let mut words = line.splitn(5, ' ');
    let (_time, _process) = (words.next()?, words.next()?);
    Some(Call {
        serial: words.next()?.to_owned(),
        name: words.next()?.to_owned(),
        arguments: words.next().unwrap_or_default().to_owned(),
    })
}

/// The folder of the module, which is built when its sources have changed.
pub fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soapy/module/build.sh");
        let output = Command::new(script).arg(env!("CARGO_TARGET_TMPDIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}
