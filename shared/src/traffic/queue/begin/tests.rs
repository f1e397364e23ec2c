use super::{Queue, Reason};
use crate::{
    fixtures::{
        self, Moment, definition, image, now,
        queue::{pair, target},
        release,
    },
    known::Known,
    names::TaskDefinitionArn,
    parts::{
        self,
        pair::{self, Service, Settings},
        task_definition::{Definition, Digests},
    },
    target::Target,
    traffic::{
        Before, begin,
        door::{Beginning, NotBegun},
        line::Listed,
        model::Model,
        queue,
    },
    words::Shared,
};
use serde_json::json;

/// What the primary runs, `orders:7`, ACTIVE.
fn stable() -> Definition {
    definition("orders:v1")
}

fn inactive() -> Definition {
    let mut definition = stable();
    definition.0["taskDefinition"]["status"] = "INACTIVE".into();
    definition
}

/// The pair with the settings of both services changed.
fn with(change: impl Fn(&mut Settings)) -> Moment {
    let changed = |mut service: Service| {
        change(&mut service.settings);
        service
    };
    pair().primary(changed).canary(changed)
}

fn told(
    target: &Target,
    seen: &Moment,
    stable: &Definition,
    of_canary: Option<&Definition>,
) -> String {
    let source = image("orders:v2", None);
    let before = fixtures::before(stable.clone(), source, Digests::default());
    let before = Before::Queue(pair::Before {
        stable_of_canary: of_canary.cloned(),
        ..before
    });
    let beginning = Beginning {
        now: now(),
        release: &release(),
        seen: &seen.pair(),
        before: Some(&before),
    };
    match target.starting().begin(beginning) {
        Ok(_) => "begins".to_owned(),
        Err(NotBegun::Refuse(refusal)) => refusal.to_string(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_ecs_would_do_by_itself_is_refused_by_the_name_of_its_switch() {
    let rolls_back = |field| with(|settings| settings.rolls_back = Some(field));
    let rows = [
        ("as AWS makes services", with(|_| {}), "begins"),
        (
            "tasks by instances",
            with(|settings| settings.scheduling = "DAEMON".to_owned()),
            "service orders has the scheduling strategy DAEMON, whose tasks cannot be counted; a release needs REPLICA. Create the service \
             anew with that, then retry",
        ),
        (
            "ECS's own blue/green",
            with(|settings| settings.strategy = "BLUE_GREEN".to_owned()),
            "service orders has the deployment strategy BLUE_GREEN: ECS would move its work in steps of its own. Set \
             deploymentConfiguration.strategy to ROLLING, then retry",
        ),
        (
            "a circuit breaker that rolls back",
            rolls_back("deploymentConfiguration.deploymentCircuitBreaker.rollback"),
            "ECS itself takes back deployments of service orders that fail (deploymentConfiguration.deploymentCircuitBreaker.rollback is \
             true), also the one that a rollback makes. Set it to false, then retry; a failed deployment ends the release without it",
        ),
        (
            "a deployment that is complete before its tasks run",
            with(|settings| settings.succeeds_early = true),
            "ECS calls a deployment of service orders COMPLETED before all its tasks run and all older ones are gone \
             (deploymentConfiguration.earlySuccessCriteria). Switch that off, or set healthyPercent to 100 and \
             sourceServiceRevisionCleanup to BLOCKING, then retry",
        ),
    ];
    for (situation, pair, expected) in rows {
        assert_eq!(
            told(&target(), &pair, &stable(), None),
            expected,
            "{situation}"
        );
    }
}

#[test]
fn tasks_can_be_exchanged_where_one_more_may_start_or_one_may_stop() {
    // AWS rounds the least up and the most down.
    let rows = [
        (100, 200, 1, true),
        (100, 134, 2, false),
        (100, 134, 3, true),
        (100, 110, 9, false),
        (100, 110, 10, true),
        (50, 100, 1, false),
        (50, 100, 2, true),
        (99, 100, 100, true),
        (99, 100, 99, false),
        (0, 100, 1, true),
        (100, 110, 0, true),
    ];
    for (least, most, desired, expected) in rows {
        let pair =
            with(|settings| (settings.min_healthy_percent, settings.max_percent) = (least, most));
        let pair = pair.tasks(desired, 0);
        let told = told(&target(), &pair, &stable(), None);
        assert_eq!(
            told == "begins",
            expected,
            "{least}/{most} with {desired}: {told}"
        );
    }
    let pair = with(|settings| settings.max_percent = 134).tasks(2, 1);
    let expected = "with 2 tasks service orders cannot exchange any: minimumHealthyPercent 100 and maximumPercent 134 allow it to stop \
                    none and to start none. Set maximumPercent to 200, then retry";
    assert_eq!(told(&target(), &pair, &stable(), None), expected);
}

#[test]
fn what_could_not_be_put_back_is_not_taken_away() {
    let gone = "which is INACTIVE: no service can be put back on it, so the release could not be rolled back. Register the same \
                definition once more, update the service to that, then retry";
    let of_primary = told(&target(), &pair(), &inactive(), None);
    assert_eq!(of_primary, format!("service orders runs orders:7, {gone}"));
    let of_canary = told(&target(), &pair(), &stable(), Some(&inactive()));
    assert_eq!(
        of_canary,
        format!("service orders-canary runs orders:7, {gone}")
    );
    let other = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders-worker:3";
    let other = TaskDefinitionArn::try_from(other).unwrap();
    let pair = pair().canary(|canary| canary.on(&other));
    assert_eq!(
        told(&target(), &pair, &stable(), Some(&stable())),
        "service orders runs the family orders, and service orders-canary the family orders-worker: the candidate would be a revision of \
         the first for both. Put both on the same family, then retry"
    );
}

#[test]
fn the_candidate_has_room_for_its_first_task_and_its_tags() {
    let full = |most| told(&target().at_most(most), &pair(), &stable(), None);
    assert_eq!(full(4), "begins");
    assert_eq!(
        full(3),
        "3 tasks run, and maxTasks is 3 (TARGET: field traffic.queue.maxTasks): there is no room for the canary's first. Raise it to 4 or \
         more, then retry"
    );
    let moment = |most| {
        told(
            &target().constant_total().at_most(most),
            &pair(),
            &stable(),
            None,
        )
    };
    assert_eq!(
        moment(5),
        "begins",
        "four in all, and one more for a moment"
    );
    assert!(
        moment(4).starts_with("4 tasks run, and maxTasks is 4"),
        "{}",
        moment(4)
    );
    let tagged = |many: usize| {
        let mut stable = stable();
        let tags = (0..many).map(|n| json!({"key": format!("tag{n}"), "value": ""}));
        stable.0["tags"] = tags.collect();
        told(&target(), &pair(), &stable, None)
    };
    assert_eq!(tagged(48), "begins");
    assert_eq!(
        tagged(50),
        "task definition orders:7 has 50 tags; the candidate gets 2 more, and AWS takes 50. Take away 2, then retry"
    );
}

#[test]
fn a_queue_that_keeps_an_order_cannot_be_shared() {
    let mut target = target();
    let crate::traffic::Traffic::Queue(queue) = &mut target.traffic else {
        panic!("a queue")
    };
    let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders.fifo";
    queue.traffic.queue.url = url.try_into().unwrap();
    assert_eq!(
        told(&target, &pair(), &stable(), None),
        "queue orders.fifo (TARGET: field traffic.queue.url) is a FIFO queue: SQS gives the messages of a group in their order, so what \
         one version holds up the other never gets. A release needs a standard queue"
    );
}

#[test]
fn what_was_not_seen_is_waited_for_before_anything_is_found_in_it() {
    let crate::traffic::Traffic::Queue(queue) = target().traffic else {
        panic!("a queue")
    };
    let before = fixtures::before(stable(), image("orders:v2", None), Digests::default());
    let seen = pair().pair();
    let seen = Queue::of_seen(&seen).expect("a queue");
    let begins = |change: fn(&mut queue::Seen)| {
        let mut seen = seen.clone();
        change(&mut seen);
        let begun = queue.begin(begin::Beginning {
            now: now(),
            release: &release(),
            seen: &seen,
            before: Some(&before),
        });
        begun.err()
    };
    assert_eq!(begins(|_| {}), None);
    let rows: [fn(&mut queue::Seen); 3] = [
        |seen| seen.pair.primary = Known::nothing(),
        |seen| seen.pair.canary = Known::nothing(),
        |seen| seen.dead_letters = Known::nothing(),
    ];
    for unseen in rows {
        let why = begins(unseen);
        assert!(
            matches!(
                why,
                Some(parts::NotBegun::Wait(Reason::Pair(pair::Reason::Shared(
                    Shared::Aws(_)
                ))))
            ),
            "{why:?}"
        );
    }
}
