//! A function's binary as a process under Lambda's limits.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::clock::Stopwatch;
use crate::control_group::ControlGroup;
use crate::lambda::{MAX_PAYLOAD, MEMORY_BYTES, Name, PROCESSOR};
use crate::runtime_api::{Reply, RuntimeApi};
use crate::usage::{peak_bytes, processor_seconds, processor_time};

/// Which limits hold for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Those of Lambda: by the kernel where it can, and measured everywhere.
    Lambda,
    /// None: the process prepares data for others.
    None,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum End {
    Answered(Value),
    /// The function reported an error.
    Failed(String),
    /// The process has ended: why.
    Died(String),
    /// It was stopped at its time limit.
    TimedOut,
}

/// One invocation.
#[derive(Debug)]
pub struct Invocation {
    pub end: End,
    /// The processor seconds that it took.
    pub processor_seconds: f64,
    /// The process's peak memory so far.
    pub peak_bytes: u64,
    pub answer_bytes: usize,
    pub took: Duration,
}

impl Invocation {
    /// The seconds that the processor time takes at the deployed size.
    #[must_use]
    pub fn deployed_seconds(&self) -> f64 {
        self.processor_seconds / PROCESSOR
    }

    /// The answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Value> {
        match &self.end {
            End::Answered(answer) => Some(answer),
            _ => None,
        }
    }
}

/// A running process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Function {
    pub name: Name,
    child: Child,
    pid: u32,
    runtime: RuntimeApi,
    limits: Limits,
    /// What the process has logged last.
    log: Arc<Mutex<VecDeque<String>>>,
    logged_bytes: Arc<AtomicU64>,
    readers: Vec<tokio::task::JoinHandle<()>>,
    /// After the process, so that it is dropped after it.
    group: Option<ControlGroup>,
    /// Whether the kernel grants only the deployed share of a processor.
    slowed: bool,
}

/// The lines of its log that are kept of a process.
const LOG_LINES: usize = 200;
/// How often the usage of a process is looked at while it works.
const LOOK: Duration = Duration::from_millis(50);
/// The time limit of Lambda's initialisation.
const START: Duration = Duration::from_secs(10);
/// The same under another program, which may slow it down.
const SLOW_START: Duration = Duration::from_secs(120);

impl Function {
    /// Starts the binary in `folder` and waits until it asks for its first invocation.
    pub async fn start(
        folder: &Path,
        name: Name,
        environment: &[(String, String)],
        limits: Limits,
    ) -> anyhow::Result<Self> {
        Self::start_by(&[], folder, name, environment, limits).await
    }

    /// As [`Function::start`], by another program such as valgrind.
    pub async fn start_by(
        by: &[&str],
        folder: &Path,
        name: Name,
        environment: &[(String, String)],
        limits: Limits,
    ) -> anyhow::Result<Self> {
        let runtime = RuntimeApi::start(name.text()).await?;
        let group = match limits {
            Limits::Lambda => {
                ControlGroup::with_memory_limit(&format!("{}-{:x}", name.text(), fastrand::u32(..)))
            }
            Limits::None => None,
        };
        let path = program(folder, name);
        let mut command = match by.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&path);
                command
            }
            None => Command::new(&path),
        };
        command
            .env_clear()
            // For the program that starts it.
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", name.text())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", (MEMORY_BYTES / 1024 / 1024).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", path.display()))?;
        let pid = child.id().context("the process has ended at once")?;
        let (log, logged_bytes) = (Arc::default(), Arc::default());
        let out = child.stdout.take().map(|output| keep_log(output, &log, &logged_bytes));
        let err = child.stderr.take().map(|output| keep_log(output, &log, &logged_bytes));
        let readers = out.into_iter().chain(err).collect();
        let group = group.filter(|group| group.hold(pid));
        let mut function = Self {
            name,
            child,
            pid,
            runtime,
            limits,
            log,
            logged_bytes,
            readers,
            group,
            slowed: false,
        };
        tokio::select! {
            () = function.runtime.asked(1) => {}
            ended = function.child.wait() => {
                let ended = ended.map(|status| status.to_string()).unwrap_or_default();
                bail!("{} did not start: {ended}\n{}", name.text(), function.log_tail(20));
            }
            () = tokio::time::sleep(if by.is_empty() { START } else { SLOW_START }) => {
                bail!("{} did not start in time\n{}", name.text(), function.log_tail(20));
            }
        }
        // Only now: Lambda gives the initialisation more.
        if let Some(group) = &function.group {
            function.slowed = group.limit_processor();
        }
        Ok(function)
    }

    /// Whether the kernel limits memory and processor of this process.
    #[must_use]
    pub const fn is_held(&self) -> (bool, bool) {
        (self.group.is_some(), self.slowed)
    }

    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// The last lines of the log.
    #[must_use]
    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = log.len().saturating_sub(lines);
        log.iter().skip(skipped).cloned().collect::<Vec<_>>().join("\n")
    }

    /// The kept lines of the log that hold `text`.
    #[must_use]
    pub fn logged(&self, text: &str) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// The bytes that the process has logged.
    #[must_use]
    pub fn logged_bytes(&self) -> u64 {
        self.logged_bytes.load(Ordering::Relaxed)
    }

    /// The processor time of the process so far.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        processor_time(self.pid).with_context(|| format!("no clock of {}", self.name.text()))
    }

    /// Starts a program, and ends it when it asks for its first invocation. Returns how long that took.
    pub async fn cold_start(
        name: &str,
        program: &Path,
        environment: &[(String, String)],
    ) -> anyhow::Result<Duration> {
        let runtime = RuntimeApi::start(name).await?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", (MEMORY_BYTES / 1024 / 1024).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let watch = Stopwatch::start();
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let taken = tokio::select! {
            () = runtime.asked(1) => watch.elapsed(),
            ended = child.wait() => bail!("{name} did not start: {ended:?}"),
            () = tokio::time::sleep(START) => bail!("{name} did not start in time"),
        };
        child.kill().await?;
        Ok(taken)
    }

    /// Whether the process runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs one invocation to its end. At the time limit the process is killed, as Lambda does. Where the
    /// kernel does not slow the process down, its processor seconds decide about that.
    pub async fn invoke(&mut self, payload: &Value) -> anyhow::Result<Invocation> {
        let payload = serde_json::to_vec(payload)?;
        if payload.len() > MAX_PAYLOAD {
            bail!("a payload of {} bytes, more than Lambda takes", payload.len());
        }
        let time_limit = self.name.time_limit();
        let asked = self.runtime.times_asked();
        let before = processor_seconds(self.pid).unwrap_or_default();
        let (mut spent, mut peak) = (before, peak_bytes(self.pid).unwrap_or_default());
        let watch = Stopwatch::start();
        let mut reply = self.runtime.invoke(Bytes::from(payload), time_limit);
        let mut looks = tokio::time::interval(LOOK);
        let mut answer_bytes = 0;
        let end = loop {
            tokio::select! {
                biased;
                replied = &mut reply => {
                    let Ok(replied) = replied else { break End::Died("no reply".to_owned()) };
                    // Work after the answer counts, too: the function is done when it asks for more.
                    let done = self.runtime.asked(asked + 1);
                    drop(tokio::time::timeout(Duration::from_secs(2), done).await);
                    break match replied {
                        Reply::Response(body) => {
                            answer_bytes = body.len();
                            match serde_json::from_slice(&body) {
                                Ok(answer) => End::Answered(answer),
                                Err(error) => End::Failed(format!("the answer is not JSON: {error}")),
                            }
                        }
                        Reply::Error(body) => {
                            End::Failed(String::from_utf8_lossy(&body).chars().take(300).collect())
                        }
                    };
                }
                ended = self.child.wait() => {
                    let status = ended.map(|status| status.to_string()).unwrap_or_default();
                    let memory = self.group.as_ref().is_some_and(ControlGroup::has_killed);
                    if memory {
                        let group = self.group.as_ref().and_then(ControlGroup::peak_bytes);
                        peak = group.unwrap_or(peak).max(peak);
                    }
                    break End::Died(if memory { format!("out of memory ({status})") } else { status });
                }
                _ = looks.tick() => {
                    spent = processor_seconds(self.pid).unwrap_or(spent);
                    peak = peak_bytes(self.pid).unwrap_or(peak).max(peak);
                    let limit = time_limit.as_secs_f64();
                    let used_up = (spent - before) / PROCESSOR > limit || watch.elapsed() > time_limit;
                    if used_up && self.limits == Limits::Lambda {
                        self.child.kill().await?;
                        break End::TimedOut;
                    }
                }
            }
        };
        spent = processor_seconds(self.pid).unwrap_or(spent).max(spent);
        peak = peak_bytes(self.pid).unwrap_or(peak).max(peak);
        Ok(Invocation {
            end,
            processor_seconds: spent - before,
            peak_bytes: peak,
            answer_bytes,
            took: watch.elapsed(),
        })
    }

    /// Asks the process to end, and waits until it has ended and everything that it logged is read.
    pub async fn terminate(&mut self) -> anyhow::Result<()> {
        let mut kill = Command::new("kill");
        kill.arg("-TERM").arg(self.pid.to_string()).status().await?;
        self.child.wait().await?;
        for reader in self.readers.drain(..) {
            drop(reader.await);
        }
        Ok(())
    }

    /// Ends the process and waits until it has ended.
    pub async fn stop(mut self) {
        drop(self.child.kill().await);
    }
}

/// The program of a function in a folder of built functions, or in one as `cargo lambda` makes them.
#[must_use]
pub fn program(folder: &Path, name: Name) -> PathBuf {
    let one = folder.join(name.binary());
    let packed = one.join("bootstrap");
    if packed.is_file() { packed } else { one }
}

fn keep_log(
    output: impl AsyncRead + Unpin + Send + 'static,
    log: &Arc<Mutex<VecDeque<String>>>,
    bytes: &Arc<AtomicU64>,
) -> tokio::task::JoinHandle<()> {
    let (log, bytes) = (Arc::clone(log), Arc::clone(bytes));
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            bytes.fetch_add(line.len() as u64 + 1, Ordering::Relaxed);
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.len() >= LOG_LINES {
                log.pop_front();
            }
            log.push_back(line.chars().take(2_000).collect());
        }
    })
}
