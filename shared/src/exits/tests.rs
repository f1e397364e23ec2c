use super::*;
use crate::fixtures::{at, candidate, foreign, stable};

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

fn exit(task: &str, task_definition: TaskDefinitionArn, second: u64, whose: Whose) -> Exit {
    Exit {
        task: task.to_owned(),
        task_definition,
        at: at(second),
        whose,
    }
}

#[test]
fn every_task_counts_once_for_the_version_that_it_ran() {
    let (stable_one, candidate_one) = (stable(), candidate());
    let watched = Watched {
        began: at(100),
        candidate: Some(&candidate_one),
        stable: [&stable_one, &stable_one],
    };
    let began = 100;
    let seen = [
        exit("a", candidate(), began + 10, Whose::Own),
        exit("b", stable(), began + 20, Whose::Own),
        exit("c", candidate(), began + 30, Whose::Unknown),
        exit("before the release", stable(), 1, Whose::Own),
        exit("somebody's version", foreign(), began + 40, Whose::Own),
    ];
    let told = |exits: &Exits| (exits.candidate.many, exits.stable.many, exits.unknown.many);
    let once = Exits::default().seeing(&seen, &watched, at(200));
    assert_eq!(told(&once), (1, 1, 1));
    let twice = once.clone().seeing(&seen, &watched, at(230));
    assert_eq!(twice, once, "the same tasks");
    let more = [exit("d", candidate(), began + 50, Whose::Own)];
    let later = once.clone().seeing(&more, &watched, at(260));
    assert_eq!(
        told(&later),
        (2, 1, 1),
        "ECS need not list the first ones any more"
    );
    assert!(later.says_more_than(&once));
    let days = later.seeing(&[], &watched, at(200_000));
    assert_eq!(told(&days), (2, 1, 1));
    assert!(
        days.candidate.newest.is_empty(),
        "ids are not kept for ever"
    );
}
