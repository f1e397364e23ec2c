//! What a process has used so far, as Linux tells it.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context;

/// CPU time, user and system, of all threads that a process has now; of those with a name if one is given.
///
/// # Errors
/// The process is gone.
pub(crate) fn cpu(process: u32, name: Option<&str>) -> anyhow::Result<Duration> {
    let mut nanoseconds = 0;
    let threads = format!("/proc/{process}/task");
    for thread in fs::read_dir(&threads).with_context(|| format!("cannot read {threads}"))? {
        let thread: PathBuf = thread?.path();
        if let Some(name) = name
            && fs::read_to_string(thread.join("comm"))?.trim_end() != name
        {
            continue;
        }
        // Linux, Documentation/scheduler/sched-stats: the first field is the time on a CPU.
        let stat = fs::read_to_string(thread.join("schedstat"))?;
        let on_cpu = stat.split_whitespace().next().unwrap_or_default();
        nanoseconds += on_cpu
            .parse::<u64>()
            .with_context(|| format!("not the CPU time of a thread: {stat:?}"))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The most memory that a process has had resident, in MB of 10⁶ bytes.
///
/// # Errors
/// The process is gone.
pub(crate) fn peak_memory(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let kibibytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix(" kB"))
        .and_then(|amount| amount.trim().parse().ok())
        .with_context(|| format!("{path} names no peak of resident memory"))?;
    Ok(kibibytes * 1024.0 / 1e6)
}
