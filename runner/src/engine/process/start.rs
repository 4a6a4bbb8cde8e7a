//! Starting processes.

use super::record::Record;
use super::sandbox::{self, Job, LAUNCH, WORK};
use super::{PAUSE, ProcessError, Processes, name, name_of, output, reach};
use crate::engine::IsWanted;
use challengectl_common::instance::ProcessSpec;
use challengectl_common::wire::instances::{Order, ProcessOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

/// Time for the first stage of a sandbox.
const LAUNCH_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two looks at a process that starts.
const LOOK: Duration = Duration::from_millis(50);
/// The name of the file of the owner in the state folder.
const FILE: &str = "file";

/// A process that answers.
pub(crate) struct Answering {
    /// Its process id on the host.
    pub(crate) pid: i32,
    /// Its port, in its own network.
    pub(crate) port: u16,
}

impl Processes {
    /// Makes the state folder of a start. Returns where the file of its owner belongs.
    pub(crate) fn prepare(&self, order: &Order) -> Result<PathBuf, ProcessError> {
        let folder = self.folder.join(name(order.session_id, order.fence));
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| ProcessError::Host(format!("{}: {error}", folder.display())))?;
        Ok(folder.join(FILE))
    }

    /// Starts the process of an order, of which nothing but the state folder is there, and waits until it answers.
    pub(crate) async fn start(
        &self,
        order: &Order,
        run: &ProcessOrder,
        is_wanted: IsWanted<'_>,
    ) -> Result<Answering, ProcessError> {
        let record = {
            // Never closed.
            let _permit = self.starts.acquire().await;
            self.launch(order, run).await?
        };
        self.wait_until_it_answers(record, &run.spec, is_wanted).await
    }

    /// Returns the process of an order if it runs, and waits until it answers unless it has.
    pub(crate) async fn resume(
        &self,
        order: &Order,
        run: &ProcessOrder,
        is_wanted: IsWanted<'_>,
    ) -> Option<Result<Answering, ProcessError>> {
        let record = self.get(order.session_id).filter(|it| it.fence == order.fence && it.is_alive())?;
        match record.port {
            Some(port) => Some(Ok(Answering { pid: record.pid, port })),
            None => Some(self.wait_until_it_answers(record, &run.spec, is_wanted).await),
        }
    }

    async fn launch(&self, order: &Order, run: &ProcessOrder) -> Result<Record, ProcessError> {
        let name = name(order.session_id, order.fence);
        let folder = self.folder.join(&name);
        let user = self.free_user()?;
        let groups = self.groups.make(&name, &run.spec.limits)?;
        let job = self.job(run, &folder, user.uid, groups);
        let pid = self.launch_sandbox(&job).await?;
        let ended = || ProcessError::Ended(reason(&folder).unwrap_or_else(|| "it ended at once".to_owned()));
        let record = Record::of(order.session_id, order.fence, pid, user.uid).ok_or_else(ended)?;
        record.write(&folder)?;
        self.known.lock().insert(order.session_id, record.clone());
        Ok(record)
    }

    fn job(&self, run: &ProcessOrder, folder: &Path, uid: u32, groups: Vec<PathBuf>) -> Job {
        let spec = &run.spec;
        let inside = run.file.as_ref().map(|file| format!("{WORK}/{}", file.name));
        let mut environment = BTreeMap::from([
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), WORK.to_owned()),
            ("TMPDIR".to_owned(), "/tmp".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ]);
        if let Some(port) = spec.port.assigned() {
            environment.insert("PORT".to_owned(), port.to_string());
        }
        environment.extend(inside.clone().map(|file| ("SESSION_FILE".to_owned(), file)));
        environment.extend(run.pdb_id.clone().map(|id| ("SESSION_PDB_ID".to_owned(), id)));
        environment.extend(spec.environment.clone());
        Job {
            groups,
            folder: folder.to_owned(),
            uid,
            program: spec.program.clone(),
            arguments: spec.command(WORK, inside.as_deref(), run.pdb_id.as_deref()),
            environment,
            readable: self.readable.clone(),
            disk_mib: spec.disk_mib,
            file: run.file.as_ref().map(|file| (folder.join(FILE), file.name.clone())),
        }
    }

    /// Takes a user that no process has.
    fn free_user(&self) -> Result<User<'_>, ProcessError> {
        let mut reserved = self.reserved.lock();
        let taken: BTreeSet<u32> = self.known.lock().values().map(|record| record.uid).collect();
        let is_free = |uid: &u32| !taken.contains(uid) && !reserved.contains(uid);
        let free = (self.users.first..=self.users.last).find(is_free);
        let uid = free
            .ok_or_else(|| ProcessError::Host("all users of the engine are taken (users in runner.yml)".to_owned()))?;
        reserved.insert(uid);
        Ok(User { processes: self, uid })
    }

    /// Starts a sandbox. Returns the id of its first process.
    async fn launch_sandbox(&self, job: &Job) -> Result<i32, ProcessError> {
        let host = |error: &dyn std::fmt::Display| ProcessError::Host(format!("starting a sandbox: {error}"));
        let text = serde_json::to_vec(job).map_err(|error| host(&error))?;
        let mut command = Command::new(&self.program);
        command.arg(LAUNCH).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| host(&error))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&text).await.map_err(|error| host(&error))?;
        }
        let ended = timeout(LAUNCH_TIMEOUT, child.wait_with_output()).await;
        let output = ended.map_err(|error| host(&error))?.map_err(|error| host(&error))?;
        if !output.status.success() {
            return Err(ProcessError::Unable(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let pid = String::from_utf8_lossy(&output.stdout).trim().parse();
        pid.map_err(|error| host(&error))
    }

    /// Waits until the port of a process is known, and answers. Records it.
    async fn wait_until_it_answers(
        &self,
        mut record: Record,
        spec: &ProcessSpec,
        is_wanted: IsWanted<'_>,
    ) -> Result<Answering, ProcessError> {
        let folder = self.folder.join(name_of(&record));
        let deadline = Instant::now() + Duration::from_secs(spec.start_seconds.into());
        let mut last = "it has not printed its port".to_owned();
        loop {
            if let Some(port) = spec.port.find(&output::read(&folder)) {
                match reach::connect(&record, port).await {
                    Ok(_) => {
                        record.port = Some(port);
                        record.write(&folder)?;
                        let answering = Answering { pid: record.pid, port };
                        self.known.lock().insert(record.session, record);
                        return Ok(answering);
                    }
                    Err(error) => last = error.to_string(),
                }
            }
            if !is_wanted() {
                return Err(ProcessError::Superseded);
            }
            if !record.is_alive() {
                // What it has to say is written before it ends.
                sleep(PAUSE).await;
                let how = self.end_of(record.session).unwrap_or_else(|| "it has ended".to_owned());
                return Err(ProcessError::Ended(format!("it did not start: {how}")));
            }
            if Instant::now() >= deadline {
                let seconds = spec.start_seconds;
                return Err(ProcessError::Ended(format!("it did not answer within {seconds} seconds: {last}")));
            }
            sleep(LOOK).await;
        }
    }
}

/// A user that is taken, until the record of its process has it.
struct User<'a> {
    processes: &'a Processes,
    uid: u32,
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        self.processes.reserved.lock().remove(&self.uid);
    }
}

fn reason(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(sandbox::ENDED)).ok().filter(|text| !text.is_empty())
}
