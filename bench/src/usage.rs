//! What a process has used, as the kernel counts it.

use std::fs;
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// The kernel's clock ticks in a second, for `/proc/PID/stat`. It is 100 on every Linux that Rust's
/// standard library supports (*proc(5)*, `sysconf(_SC_CLK_TCK)`).
const TICKS: f64 = 100.0;

/// The most memory that a process has had in RAM so far, in bytes; `None` once it has ended.
#[must_use]
pub fn peak_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The processor seconds of all threads of a process so far, user and system; `None` once its parent has
/// collected it.
#[must_use]
pub fn processor_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program is in brackets and may have blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

/// The processor time of all threads of a process so far, to the nanosecond (*clock_getcpuclockid(3)*).
pub fn processor_time(pid: u32) -> nix::Result<Duration> {
    let pid = i32::try_from(pid).map_err(|_| nix::Error::ESRCH)?;
    read(clock_getcpuclockid(Pid::from_raw(pid))?)
}

/// The same of this process.
pub fn own_processor_time() -> nix::Result<Duration> {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: ClockId) -> nix::Result<Duration> {
    clock.now().map(TimeSpec::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_memory_that_is_gone_again() {
        let own = std::process::id();
        let before = peak_bytes(own).unwrap();
        drop(std::hint::black_box(vec![1_u8; 64 * 1024 * 1024]));
        let after = peak_bytes(own).unwrap();
        assert!(after >= before && after >= 64 * 1024 * 1024, "{before} and {after}");
        assert!(processor_seconds(own).is_some());
    }

    #[test]
    fn processor_time_is_that_of_the_process() {
        let before = own_processor_time().unwrap();
        let mut sum = 0_u64;
        while own_processor_time().unwrap() < before + Duration::from_millis(30) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let (fine, coarse) =
            (processor_time(std::process::id()).unwrap(), processor_seconds(std::process::id()));
        assert!(fine >= before + Duration::from_millis(30));
        assert!((fine.as_secs_f64() - coarse.unwrap()).abs() < 0.2, "{fine:?} and {coarse:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_no_usage() {
        assert_eq!((peak_bytes(u32::MAX), processor_seconds(u32::MAX)), (None, None));
    }
}
