//! Threads that work for those that answer.

/// Has this thread, and those that it starts, give way: that it is woken takes no core from a thread of ours that is at work on it
/// (`SCHED_BATCH` of Linux). So what others want of it gathers until they have nothing else to do, and is done in one go, where it
/// would otherwise run between any two steps of theirs. On a core that is free it runs at once, as ever.
///
/// Where the system does not allow it, or an operator gave the process a priority of its own, everything stays as it is.
pub fn work_in_background() {
    #[cfg(target_os = "linux")]
    linux::work_in_background();
}

#[cfg(target_os = "linux")]
mod linux {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    /// What the library makes a niceness of 0, which it sets with the policy.
    const NO_NICENESS: u8 = 48;

    pub(super) fn work_in_background() {
        if rustix::process::getpriority_process(None) != Ok(0) {
            return;
        }
        let Ok(priority) = ThreadPriorityValue::try_from(NO_NICENESS) else { return };
        let (priority, policy) = (ThreadPriority::Crossplatform(priority), NormalThreadSchedulePolicy::Batch);
        // Refused, it is as it was: slower under load, and nothing else.
        let _ = set_thread_priority_and_policy(thread_native_id(), priority, ThreadSchedulePolicy::Normal(policy));
    }

    #[cfg(test)]
    mod tests {
        use thread_priority::thread_schedule_policy;

        use super::*;

        #[test]
        fn it_is_inherited_and_changes_no_niceness() {
            let nice = || rustix::process::getpriority_process(None);
            let before = nice();
            let seen = std::thread::spawn(move || {
                work_in_background();
                std::thread::spawn(move || (thread_schedule_policy().ok(), nice())).join()
            });
            let (policy, after) = seen.join().expect("it ends").expect("that too");
            assert_eq!(after, before);
            if before == Ok(0) {
                assert_eq!(policy, Some(ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch)));
            }
            let here = thread_schedule_policy().ok();
            assert_eq!(
                here,
                Some(ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other)),
                "others keep theirs"
            );
        }
    }
}
