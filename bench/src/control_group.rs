//! A control group with Lambda's limits, where the machine lets us have one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lambda::{MEMORY_BYTES, PROCESSOR};

/// The time in which the processor's share is granted, in microseconds.
const PERIOD_US: u64 = 20_000;

/// A group for one process. It is removed when it is dropped, after its process has ended.
#[derive(Debug)]
pub struct ControlGroup {
    version: Version,
}

#[derive(Debug)]
enum Version {
    /// A folder for each controller.
    One { memory: PathBuf, processor: Option<PathBuf> },
    /// One folder for all.
    Two { folder: PathBuf },
}

impl ControlGroup {
    /// Makes a group that limits the memory, or `None` where that is not allowed.
    #[must_use]
    pub fn with_memory_limit(name: &str) -> Option<Self> {
        let name = format!("hooklane-limits-{}-{name}", std::process::id());
        Self::of_version_one(&name).or_else(|| Self::of_version_two(&name))
    }

    fn of_version_one(name: &str) -> Option<Self> {
        let memory = Path::new("/sys/fs/cgroup/memory").join(name);
        fs::create_dir(&memory).ok()?;
        let processor = Path::new("/sys/fs/cgroup/cpu").join(name);
        let processor = fs::create_dir(&processor).is_ok().then_some(processor);
        let group = Self { version: Version::One { memory: memory.clone(), processor } };
        fs::write(memory.join("memory.limit_in_bytes"), MEMORY_BYTES.to_string()).ok()?;
        // Without swap, as on Lambda. A kernel that does not count swap has no such file.
        drop(fs::write(memory.join("memory.memsw.limit_in_bytes"), MEMORY_BYTES.to_string()));
        Some(group)
    }

    fn of_version_two(name: &str) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
        // Beside our own group, because a group with processes cannot have children with limits.
        let parent = root.join(own).parent().map(Path::to_path_buf).unwrap_or(root.to_path_buf());
        let folder = [parent.join(name), root.join(name)]
            .into_iter()
            .find(|folder| fs::create_dir(folder).is_ok())?;
        let group = Self { version: Version::Two { folder: folder.clone() } };
        fs::write(folder.join("memory.max"), MEMORY_BYTES.to_string()).ok()?;
        drop(fs::write(folder.join("memory.swap.max"), "0"));
        Some(group)
    }

    /// Removes the groups of this run whose processes have ended after their owner was dropped. Returns
    /// whether none is left.
    #[must_use]
    pub fn remove_left_over() -> bool {
        let prefix = format!("hooklane-limits-{}-", std::process::id());
        let mut none_left = true;
        for root in ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"] {
            for entry in fs::read_dir(root).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(&prefix) {
                    none_left &= fs::remove_dir(entry.path()).is_ok();
                }
            }
        }
        none_left
    }

    /// Puts a process into the group.
    pub fn hold(&self, pid: u32) -> bool {
        let join = |folder: &Path| fs::write(folder.join("cgroup.procs"), pid.to_string()).is_ok();
        match &self.version {
            Version::One { memory, processor } => {
                processor.as_deref().is_none_or(join) && join(memory)
            }
            Version::Two { folder, .. } => join(folder),
        }
    }

    /// Grants the processor's share from now on. Returns whether the kernel does so.
    pub fn limit_processor(&self) -> bool {
        let quota = (PROCESSOR * PERIOD_US as f64).round();
        match &self.version {
            Version::One { processor: Some(folder), .. } => {
                fs::write(folder.join("cpu.cfs_period_us"), PERIOD_US.to_string()).is_ok()
                    && fs::write(folder.join("cpu.cfs_quota_us"), quota.to_string()).is_ok()
            }
            Version::One { processor: None, .. } => false,
            Version::Two { folder, .. } => {
                fs::write(folder.join("cpu.max"), format!("{quota} {PERIOD_US}")).is_ok()
            }
        }
    }

    /// The most memory that the group has had; it counts the binary's own pages, too.
    #[must_use]
    pub fn peak_bytes(&self) -> Option<u64> {
        let file = match &self.version {
            Version::One { memory, .. } => memory.join("memory.max_usage_in_bytes"),
            Version::Two { folder, .. } => folder.join("memory.peak"),
        };
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    /// Whether the kernel has ended a process of the group because of its memory.
    #[must_use]
    pub fn has_killed(&self) -> bool {
        let (file, name) = match &self.version {
            Version::One { memory, .. } => (memory.join("memory.oom_control"), "oom_kill "),
            Version::Two { folder, .. } => (folder.join("memory.events"), "oom_kill "),
        };
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix(name)).any(|count| count.trim() != "0")
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        match &self.version {
            Version::One { memory, processor } => {
                drop(fs::remove_dir(memory));
                if let Some(processor) = processor {
                    drop(fs::remove_dir(processor));
                }
            }
            Version::Two { folder, .. } => drop(fs::remove_dir(folder)),
        }
    }
}
