//! The machine: its cores, and what processes take of it (Linux's `/proc`).

use std::{fs, time::Duration};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

use crate::failure::{Failure, While};

/// Which core the provider has, and which the generator.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// Those that were asked for, else the first two that this process may use. This thread goes to the generator's.
    pub(crate) fn take(asked: Option<(usize, usize)>) -> Result<Self, Failure> {
        let allowed = sched_getaffinity(None).doing(|| "the cores cannot be told".to_owned())?;
        let mut free = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let cores = match asked {
            Some((server, load)) => Self { server, load },
            None => match (free.next(), free.next()) {
                (Some(server), Some(load)) => Self { server, load },
                (Some(only), None) => {
                    eprintln!(
                        "There is one core only: the generator takes from the provider, and the figures are too low."
                    );
                    Self { server: only, load: only }
                }
                _ => return Err(Failure::because("this process may use no core")),
            },
        };
        pin(cores.load)?;
        Ok(cores)
    }

    /// Does `work` on the provider's core: what it starts stays there.
    pub(crate) fn on_the_servers<T>(self, work: impl FnOnce() -> T) -> Result<T, Failure> {
        pin(self.server)?;
        let done = work();
        pin(self.load)?;
        Ok(done)
    }
}

fn pin(core: usize) -> Result<(), Failure> {
    let mut only = CpuSet::new();
    if core < CpuSet::MAX_CPU {
        only.set(core);
    }
    sched_setaffinity(None, &only).doing(|| format!("core {core} cannot be taken"))
}

/// What processes have taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Processor time, in user and in system mode.
    pub(crate) processor: Duration,
    /// Memory that they have now, in KiB.
    pub(crate) resident: u64,
    /// The most that they had, in KiB.
    pub(crate) peak: u64,
}

impl Usage {
    /// Of some processes together; none for one that is gone.
    pub(crate) fn of(pids: &[i32]) -> Self {
        let mut sum = Self::default();
        for pid in pids {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            sum.processor += ticks(processor_ticks(&stat).unwrap_or_default());
            sum.resident += kib(&status, "VmRSS:");
            sum.peak += kib(&status, "VmHWM:");
        }
        sum
    }
}

/// How long a core was busy, whoever had it.
pub(crate) fn busy(core: usize) -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    ticks(busy_ticks(&stat, core).unwrap_or_default())
}

fn ticks(count: u64) -> Duration {
    Duration::from_secs_f64(count as f64 / rustix::param::clock_ticks_per_second().max(1) as f64)
}

/// `utime` and `stime` of proc(5). The program's name stands in brackets before them, and may hold any character.
fn processor_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// What a core did other than wait: all but `idle` and `iowait`. The guests' time is in `user` already.
fn busy_ticks(stat: &str, core: usize) -> Option<u64> {
    let name = format!("cpu{core}");
    let line = stat.lines().find(|line| line.split(' ').next() == Some(&name))?;
    let figures: Vec<u64> = line.split_ascii_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let counted = |index: &usize| !matches!(index, 3 | 4);
    Some((0..figures.len().min(8)).filter(counted).map(|index| figures[index]).sum())
}

fn kib(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_ascii_whitespace().next().and_then(|figure| figure.parse().ok()).unwrap_or_default()
}

/// The processor's name.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a ) 1 (b) S 1 42 42 0 -1 4194304 100 0 0 0 120 30 0 0 20 0 3 0 100 1000 200";
        assert_eq!(processor_ticks(stat), Some(150));
        assert_eq!(processor_ticks(""), None);
        assert_eq!(processor_ticks("42 (x) S 1"), None);
    }

    #[test]
    fn a_core_is_busy_with_all_but_waiting() {
        let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 10 1 5 900 80 2 3 4 7 7\ncpu11 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy_ticks(stat, 1), Some(10 + 1 + 5 + 2 + 3 + 4));
        assert_eq!(busy_ticks(stat, 2), None);
    }

    #[test]
    fn memory_is_read_in_kib() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!((kib(status, "VmRSS:"), kib(status, "VmHWM:"), kib(status, "VmSwap:")), (1024, 2048, 0));
    }

    #[test]
    fn this_process_takes_memory() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(Usage::of(&[pid]).resident > 0);
        assert_eq!(Usage::of(&[i32::MAX]), Usage::default());
    }
}
