//! What a process has used, as the kernel counts it.

use std::fs;

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
    fn a_process_that_is_not_there_has_no_usage() {
        assert_eq!((peak_bytes(u32::MAX), processor_seconds(u32::MAX)), (None, None));
    }
}
