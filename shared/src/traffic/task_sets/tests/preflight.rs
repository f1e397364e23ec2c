use super::{
    super::{Before, Change},
    *,
};
use crate::{
    aws::task_set::Deployed,
    fixtures::{definition, image},
    parts::{
        NotBegun,
        task_definition::{Asked, Digests, Wanted},
    },
    traffic::begin::Beginning,
    words::Words,
};

fn before(of_releases: &[u32]) -> Before {
    releasing("orders:v2", of_releases)
}

fn releasing(candidate: &str, of_releases: &[u32]) -> Before {
    let stable = definition("orders:v1");
    let wanted = Wanted::of(image(candidate, None), &stable, &orders(7));
    Before {
        stable,
        asked: wanted.map(|wanted| Asked {
            wanted,
            digests: Digests::default(),
        }),
        of_releases: of_releases.iter().map(|number| id(*number)).collect(),
        groups: None,
    }
}

/// A service before a release.
fn idle() -> Told {
    let mut idle = told(Mode::Additive, 4, (4, 0));
    idle.service().sets.pop();
    idle
}

fn begins(idle: &Told, before: &Before) -> String {
    let of = Beginning {
        now: now(),
        release: &idle.id,
        seen: &idle.seen,
        before: Some(before),
    };
    match idle.model.begin(of) {
        Ok(begun) => {
            let changes: Vec<_> = begun.changes.iter().map(ToString::to_string).collect();
            format!(
                "begins on {}: {}",
                begun.released.stable,
                changes.join("; ")
            )
        }
        Err(NotBegun::NothingToDo { item, .. }) => format!("nothing to do: {item}"),
        Err(NotBegun::BadRequest(why)) => format!("bad request: {why}"),
        Err(NotBegun::Wait(waiting_on)) => format!("waits: {waiting_on}"),
        Err(NotBegun::Refuse(why)) => format!("{:?}: {why}", why.failure()),
    }
}

#[test]
fn a_release_begins_beside_a_steady_primary_and_takes_away_what_an_earlier_one_has_kept() {
    let mut idle = idle();
    let registers = "begins on orders:7: the candidate's task definition is registered";
    assert_eq!(begins(&idle, &before(&[1])), registers);
    let kept = set(9, Status::Active, &orders(6), (Scale::NONE, 0));
    idle.service().sets.push(kept);
    assert_eq!(
        begins(&idle, &before(&[1, 9])),
        "begins on orders:7: task set ecs-svc/9 of orders is deleted; the candidate's task definition is registered"
    );
    idle.found.left_over = vec![id(9)];
    assert!(
        idle.toward(Goal::Placed)
            .starts_with("deleting the task sets that earlier releases have left at orders")
    );
    idle.service().sets[1].status = Status::Draining;
    assert_eq!(
        idle.toward(Goal::Placed),
        "waits: waiting for a task set that is being deleted, since AWS counts it until its last task has ended: ecs-svc/9 (DRAINING) on \
         orders:6, 0 of 0 tasks"
    );
    idle.service().sets.pop();
    assert_eq!(
        idle.toward(Goal::Placed),
        format!(
            "creating a task set of orders on orders:8 [orders has a task set {} on orders:8]",
            idle.id
        )
    );
}

#[test]
fn a_set_of_an_earlier_release_that_somebody_has_given_tasks_is_not_deleted() {
    let mut idle = idle();
    let used = set(9, Status::Active, &orders(6), (Scale::of(1, 4), 1));
    idle.service().sets.push(used);
    assert_eq!(
        begins(&idle, &before(&[1, 9])),
        "JobFailed: service orders has a task set of an earlier release that has tasks: ecs-svc/9 (ACTIVE) on orders:6, 1 \
         of 1 tasks. If nobody needs it, scale it to 0 %: the next release then deletes it. Or delete it, then retry"
    );
}

#[test]
fn a_set_is_created_once_whatever_the_service_has_by_then() {
    let mut idle = idle();
    let created = |idle: &Told| match idle.model.toward(Goal::Placed, idle.view()) {
        Err(Short::Change { changes, .. }) => match changes.into_iter().next() {
            Some(Change::Create { set, .. }) => *set,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let once = created(&idle);
    assert_eq!((once.token.len(), &once.replaces), (32, &Some(id(1))));
    idle.service().desired = 9;
    assert_eq!(created(&idle), once);
}

#[test]
fn a_service_without_a_set_gets_its_first_from_the_target() {
    let mut idle = idle();
    idle.service().sets.clear();
    assert_eq!(
        begins(&idle, &before(&[])),
        "bad request: service orders has no PRIMARY task set. Create one, or say in TARGET what its first one is made of (field bootstrap: \
         taskDefinition, launchType or capacityProviders, network), then retry"
    );
    idle.model = bootstrap();
    idle.found.task_set = None;
    for image in ["orders:v2", "orders:v1"] {
        let begins = begins(&idle, &releasing(image, &[]));
        assert!(begins.starts_with("begins on orders:7"), "{begins}");
    }
    assert_eq!(
        idle.toward(Goal::Placed),
        format!(
            "creating a task set of orders on orders:7 [orders has a task set {}-first on orders:7]",
            idle.id
        )
    );
    let mut first = set(3, Status::Active, &orders(7), (Scale::NONE, 0));
    first.external_id = Some(format!("{}-first", idle.id));
    idle.service().sets.push(first);
    assert!(
        idle.toward(Goal::Placed)
            .ends_with("[task set ecs-svc/3 of orders has the scale 100 %]")
    );
    let first = &mut idle.service().sets[0];
    (first.scale, first.computed, first.running) = (Scale::ALL, 4, 4);
    assert!(
        idle.toward(Goal::Placed)
            .ends_with("[task set ecs-svc/3 is the PRIMARY of orders]")
    );
}

/// Something that is wrong with a service.
type Wrong = (&'static str, fn(&mut Told), &'static str);

#[test]
fn what_a_release_would_run_into_is_refused_by_name_before_the_first_write() {
    let cases: [Wrong; 9] = [
        (
            "deployments of ECS",
            |idle| idle.service().deployed = Some(Deployed { connects: true }),
            "bad request: service orders still has deployments of the time when ECS deployed it itself, with Service Connect, which task \
             sets do not have. Delete it and create it anew with the deployment controller EXTERNAL, then retry",
        ),
        (
            "a foreign set",
            |idle| {
                let other = set(5, Status::Active, &orders(7), (Scale::ALL, 4));
                idle.service().sets.push(other);
            },
            "JobFailed: service orders has a task set that no release has made: ecs-svc/5 (ACTIVE) on orders:7, 4 of 4 tasks. Delete it, \
             or let whoever made it, then retry",
        ),
        (
            "two PRIMARY sets",
            |idle| {
                let other = set(5, Status::Primary, &orders(7), (Scale::ALL, 4));
                idle.service().sets.push(other);
            },
            "ConfigurationError: service orders shows two PRIMARY task sets: ecs-svc/1 (PRIMARY) on orders:7, 4 of 4 tasks; ecs-svc/5 \
             (PRIMARY) on orders:7, 4 of 4 tasks. Make one of them the only one, then retry",
        ),
        (
            "too many sets",
            |idle| {
                let draining = (5..8)
                    .map(|number| set(number, Status::Draining, &orders(7), (Scale::NONE, 0)));
                idle.service().sets.extend(draining);
            },
            "JobFailed: service orders has 4 task sets, also counting those that are being deleted; a release begins with 3 at most, since \
             AWS takes no more than 5. Wait until some are gone, then retry",
        ),
        (
            "a part of the tasks",
            |idle| idle.service().sets[0].scale = Scale(50.0),
            "ConfigurationError: the PRIMARY task set ecs-svc/1 of orders has the scale 50 %; a release begins with 100 %. Scale it to \
             that, then retry",
        ),
        (
            "not steady",
            |idle| idle.service().sets[0].is_steady = false,
            "waits: waiting for the task set to be steady before the release begins: ecs-svc/1 (PRIMARY) on orders:7, 4 of 4 tasks, \
             STABILIZING",
        ),
        (
            "no task",
            |idle| idle.service().desired = 0,
            "waits: waiting for a task: the desired count of orders is 0, and without a task nothing can be compared or proven",
        ),
        (
            "a FIFO queue",
            |idle| {
                let Way::Consumers(queue) = &mut idle.model.traffic.task_sets else {
                    panic!("a queue")
                };
                let url = format!("{}.fifo", queue.url.as_str());
                queue.url = url.try_into().expect("a URL");
            },
            "ConfigurationError: queue orders.fifo (TARGET: field traffic.taskSets.queue.url) is a FIFO queue: SQS gives the messages of a \
             group in their order, so what one version holds up the other never gets. A release needs a standard queue",
        ),
        (
            "no room",
            |idle| idle.model = model(Mode::Additive, Some(4)),
            "ConfigurationError: 4 tasks run, and maxTasks is 4 (TARGET: field traffic.taskSets.queue.maxTasks): there is no room for the \
             canary's first. Raise it to 5 or more, then retry",
        ),
    ];
    for (what, wrong, expected) in cases {
        let mut idle = idle();
        wrong(&mut idle);
        assert_eq!(begins(&idle, &before(&[1])), expected, "{what}");
    }
}
