//! The machine that measures.

use rustix::time::{ClockId, clock_gettime};
use std::fs::read_to_string;
use std::path::Path;
use std::time::Duration;

/// Processor time of this process so far, all threads and the system's work for them.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Processor, system and file system of a directory, in a line.
pub fn description(directory: &Path) -> String {
    let information = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let release = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{} × {}, Linux {}, {}, load {}",
        cores,
        model.trim_start_matches([' ', '\t', ':']),
        release.trim(),
        file_system(directory),
        load.split(' ').next().unwrap_or_default()
    )
}

fn file_system(directory: &Path) -> String {
    let path = directory.canonicalize().unwrap_or_default();
    let mounts = read_to_string("/proc/self/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holds = fields.filter(|fields| fields.len() > 2 && path.starts_with(fields[1]));
    holds.max_by_key(|fields| fields[1].len()).map_or(String::new(), |fields| fields[2].to_owned())
}
