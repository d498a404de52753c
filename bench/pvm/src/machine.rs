//! This machine, as far as figures depend on it.

use std::fs::{OpenOptions, read_to_string};

/// Its processor and their count, the system's kernel, and what micro-VMs have here.
pub fn machine() -> String {
    let cpus = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let count = std::thread::available_parallelism().map_or(1, |count| count.get());
    let release = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{}, {count} cores, Linux {}, {}",
        name.unwrap_or("a processor without a name"),
        release.trim(),
        kvm(&cpus)
    )
}

fn kvm(cpus: &str) -> &'static str {
    let flags = |line: &&str| line.starts_with("flags");
    let is_hardware = |line: &str| line.split_whitespace().any(|flag| flag == "vmx" || flag == "svm");
    match OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        Err(_) => "no KVM",
        Ok(_) if cpus.lines().filter(flags).any(is_hardware) => "KVM with hardware behind it",
        Ok(_) => "KVM without hardware behind it: ring 0 is emulated",
    }
}

/// How many processes wanted to run, on average over the last minute, where the system says so.
pub fn load() -> Option<f64> {
    read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Do others want more than half a core beside the bench?
pub fn is_busy(load: Option<f64>) -> bool {
    load.is_some_and(|load| load > 1.5)
}
