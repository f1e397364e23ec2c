use super::*;
use crate::fixtures::at;

#[test]
fn whose_doing_the_end_of_a_task_was() {
    let ended = |code, reason| Ended {
        code,
        reason,
        exit_code: None,
        stopping: Some(at(10)),
        execution_stopped: Some(at(10)),
    };
    let scheduler = |reason| ended(Some("ServiceSchedulerInitiated"), reason);
    let exited = |exit_code, stopping, execution_stopped| Ended {
        exit_code: Some(exit_code),
        stopping: Some(at(stopping)),
        execution_stopped: Some(at(execution_stopped)),
        ..ended(
            Some("EssentialContainerExited"),
            "Essential container in task exited",
        )
    };
    let own = Some(Whose::Own);
    let unknown = Some(Whose::Unknown);
    let rows = [
        ("it failed", exited(1, 10, 10), own),
        (
            "it ended well, which a service's task never does",
            exited(0, 10, 10),
            own,
        ),
        (
            "it was killed, perhaps for want of memory",
            exited(137, 10, 10),
            own,
        ),
        ("somebody sent SIGTERM", exited(143, 10, 10), None),
        ("ECS had told it to stop", exited(0, 10, 12), None),
        (
            "its health check",
            scheduler("Task failed container health checks"),
            own,
        ),
        (
            "the load balancer's",
            scheduler("Task failed ELB health checks in (target-group arn:...)"),
            own,
        ),
        (
            "scale-in",
            scheduler("Scaling activity initiated by (deployment ecs-svc/123)"),
            None,
        ),
        (
            "rebalancing",
            scheduler("Task stopped by Availability Zone rebalancing"),
            None,
        ),
        (
            "it did not start: the circuit breaker's",
            ended(Some("TaskFailedToStart"), "CannotPullContainerError"),
            None,
        ),
        ("a person", ended(Some("UserInitiated"), "not needed"), None),
        (
            "Spot",
            ended(Some("SpotInterruption"), "Your Spot Task was interrupted."),
            None,
        ),
        ("the instance", ended(Some("TerminationNotice"), ""), None),
        (
            "a code that is newer than this program",
            ended(Some("CapacityReclaimed"), ""),
            unknown,
        ),
        ("no code at all", ended(None, ""), unknown),
    ];
    for (situation, ended, expected) in rows {
        assert_eq!(ended.whose(), expected, "{situation}");
    }
}

#[test]
fn a_sidecar_that_is_stopped_with_its_task_says_nothing() {
    assert_eq!(exit_code([143, 1]), Some(1));
    assert_eq!(exit_code([1, 143]), Some(1));
    assert_eq!(exit_code([143, 143]), Some(143));
    assert_eq!(exit_code([]), None);
}
