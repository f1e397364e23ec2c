mod alb;
mod queue;

use std::time::Duration;

use canary::{
    evidence::Answer,
    fixtures::{
        Moment, World, another_release, at, candidate, check, first_look, foreign, pair, record,
        release, running_tasks, stable, told, verdict, weight,
    },
    parameters,
    parts::pair::{Candidate, Service, Task},
    target::Consequence,
};

use super::*;

fn look() -> Look<PromotePrimary> {
    let look: Look<PromotePrimary> = first_look(parameters::PromotePrimary {
        shown: None,
        despite: None,
        release: release(),
        bake: Duration::ZERO,
        drain: canary::weight::Drain::default(),
        timeout: Duration::from_mins(30),
    });
    look.started(at(300))
}

fn decide(look: &Look<PromotePrimary>, seen: &Seen) -> Decision {
    super::decide(look, seen).decision
}

fn baking() -> Look<PromotePrimary> {
    let mut look = look();
    look.parameters.bake = Duration::from_mins(5);
    look
}

#[expect(clippy::needless_pass_by_value, reason = "tables read better so")]
fn seen(pair: Moment) -> Seen {
    Seen {
        pair: pair.sight(),
        missed: Vec::new(),
    }
}

/// With so many tasks of the candidate listed for the service in question.
fn with_tasks(pair: Moment, many: u32) -> Seen {
    listing(pair, running_tasks(&candidate(), many))
}

fn listing(mut pair: Moment, tasks: Vec<Task>) -> Seen {
    pair.tasks = Some(tasks);
    seen(pair)
}

fn approved(record: Record) -> Moment {
    pair().canary_on_candidate().recorded(record)
}

fn promoting(record: Record) -> Moment {
    pair().both_on_candidate().recorded(record.promoting())
}

const BEGINS: &str = "take: promotion begins: orders:8 is to run on orders | record Promoting";

#[test]
fn it_fits_after_deploy_of_the_same_release() {
    let wrong = "refuse: promote-primary cannot run now: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is in phase Deploying. It can run \
                 after deploy-canary has finished, in the same pipeline execution";
    let not_ours = "refuse: this release does not hold orders/orders: ";
    let being_rolled_back = "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is being rolled back: alarm orders-dead-letters went \
                             to ALARM: 3 messages. This action changed nothing more; once that is done, start a new execution, \
                             or retry from deploy-canary";
    let rolled_back = "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f was rolled back: alarm orders-dead-letters went \
                       to ALARM: 3 messages. This action changed nothing more; start a new execution, or retry from deploy-canary";
    let rows = vec![
        (
            "no release ever",
            pair(),
            format!("{not_ours}no release does. deploy-canary must run first, in the same pipeline execution"),
        ),
        (
            "another release has taken the pair since the approval",
            approved(record().owned_by(another_release()).shifting(10)),
            format!(
                "{not_ours}release 9e8d7c6b-5a49-4837-a615-049382716050 does. deploy-canary must run first, in the same \
                 pipeline execution"
            ),
        ),
        ("not registered", approved(record()), wrong.to_owned()),
        ("being registered", approved(record().registering(at(599))), wrong.to_owned()),
        ("deployed, without any shift", approved(record().registered()), BEGINS.to_owned()),
        ("shifted", approved(record().shifting(50)), BEGINS.to_owned()),
        (
            "promoted",
            approved(record().promoted()),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them".to_owned(),
        ),
        ("being rolled back", approved(record().shifting(10).rolling_back()), being_rolled_back.to_owned()),
        ("rolled back", approved(record().rolled_back()), rolled_back.to_owned()),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&look(), &with_tasks(pair, 1)), &expected);
    }
}

#[test]
fn what_is_promoted_is_what_was_approved_or_nothing_is_changed() {
    let refused = |found: &str| {
        format!(
            "refuse: orders-canary does not run the candidate orders:8 that was approved: {found}. Nothing was changed"
        )
    };
    let shifting = || approved(record().shifting(10));
    let mixed = || {
        let mut tasks = running_tasks(&candidate(), 2);
        tasks[1].task_definition = stable();
        listing(shifting(), tasks)
    };
    let rows = [
        (
            "the canary is on something else",
            seen(shifting().canary(|canary| canary.on(&foreign()))),
            refused("orders-canary on orders:9, 1 of 1 tasks, COMPLETED"),
        ),
        (
            "the canary is being replaced",
            with_tasks(shifting().canary(|canary| canary.replacing(&foreign(), 1)), 1),
            refused("orders-canary on orders:8, 2 of 1 tasks, IN_PROGRESS (and 1 older deployments)"),
        ),
        ("a task of it runs something else", mixed(), refused("task task-1 runs orders:7")),
        ("it is to have no task", with_tasks(shifting().tasks(3, 0), 0), refused("it is to have no task")),
        (
            "Fargate Spot has taken its task back",
            with_tasks(shifting().canary(|canary| canary.running(0)), 0),
            "wait: waiting for orders-canary to run orders:8: 0 of 1 tasks".to_owned(),
        ),
        (
            "an alarm fires since the approval",
            with_tasks(shifting().alarm_firing(), 1),
            "refuse: alarm orders-dead-letters is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.".to_owned(),
        ),
        (
            "a task of it is being replaced at this moment",
            with_tasks(shifting().tasks(3, 2).canary(|canary| canary.running(1)), 1),
            "wait: waiting for orders-canary to run orders:8: 1 of 2 tasks".to_owned(),
        ),
    ];
    for (situation, seen, expected) in rows {
        let decision = decide(&look(), &seen);
        check(situation, &decision, &expected);
        assert!(!matches!(decision, Decision::Take(_)), "{situation}");
    }
}

#[test]
fn the_primary_comes_first_then_the_canary_then_scaling() {
    let primary_only = || {
        pair()
            .canary_on_candidate()
            .tasks(3, 2)
            .recorded(record().promoting())
    };
    let both = || promoting(record()).tasks(3, 2);
    let held = || {
        let found = pair().canary(|canary| canary.scaled(1, 4));
        let pair = found.clone().both_on_candidate();
        pair.canary(Service::held)
            .recorded(record().having_found(&found).promoting())
    };
    let mut stray = running_tasks(&candidate(), 3);
    stray[0].task_definition = stable();
    let mut unwell = running_tasks(&candidate(), 3);
    unwell[0].well = false;
    let waits = "wait: waiting for orders to run orders:8: 3 of 3 tasks, the deployment is still in progress";
    let rows = vec![
        (
            "the primary is on what was found",
            seen(primary_only()),
            "take: updating orders to orders:8 | orders: orders:8",
        ),
        (
            "somebody has deployed to it since the promotion began",
            seen(primary_only().primary(|primary| primary.since(at(300)))),
            "refuse: orders runs orders:7, not orders:8 as this release last set it. The service was changed outside this release",
        ),
        (
            "its tasks are being replaced",
            seen(both().primary(|primary| primary.running(1).replacing(&stable(), 3))),
            "wait: waiting for orders to run orders:8: 1 of 3 tasks",
        ),
        (
            "ECS gives up",
            seen(both().primary(|primary| primary.running(1).broken_down())),
            "refuse: the ECS circuit breaker failed the deployment of orders:8 on orders: tasks failed to start",
        ),
        (
            "ECS says steady, a task of the old version is listed",
            listing(both(), stray),
            waits,
        ),
        (
            "ECS says steady, a task is unhealthy",
            listing(both(), unwell),
            waits,
        ),
        (
            "somebody has set the primary to no tasks, which proves nothing",
            with_tasks(both().tasks(0, 2), 0),
            "wait: waiting for orders to run orders:8: 0 of 0 tasks, the deployment is still in progress",
        ),
        (
            "every task of the primary runs the candidate",
            with_tasks(both(), 3),
            "take: primary runs the candidate; setting orders-canary back to 1 tasks | orders-canary: 1 tasks",
        ),
        (
            "the canary's surplus is stopping",
            with_tasks(both().canary(|canary| canary.tasks(1).running(2)), 3),
            "wait: waiting for orders-canary on orders:8, 2 of 1 tasks, COMPLETED to settle",
        ),
        (
            "counts are right, scaling is held",
            with_tasks(held(), 3),
            "take: restoring automatic scaling | orders-canary: scaled 1 to 4",
        ),
        (
            "everything is right",
            with_tasks(promoting(record()), 3),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&look(), &seen), expected);
    }
}

#[test]
fn a_promotion_is_watched_before_it_counts_and_scaling_is_left_alone_meanwhile() {
    let scaled = |record: Record| {
        let found = pair().canary(|canary| canary.scaled(1, 4));
        let record = record.having_found(&found);
        found.both_on_candidate().recorded(record)
    };
    let rows = [
        (
            "everything is right",
            scaled(record().promoting()),
            "take: promotion complete; health is watched for 5m | record Promoting",
        ),
        (
            "it is being watched",
            scaled(record().watched_since(at(470))),
            "wait: promotion complete; health watched for 2m10s of 5m",
        ),
        (
            "the canary's own scaling adds a task",
            scaled(record().watched_since(at(470))).tasks(3, 2),
            "wait: promotion complete; health watched for 2m10s of 5m",
        ),
        (
            "an alarm fires",
            scaled(record().watched_since(at(470))).alarm_firing(),
            "refuse: alarm orders-dead-letters is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.",
        ),
        (
            "it has been watched",
            scaled(record().watched_since(at(300))),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted",
        ),
    ];
    for (situation, pair, expected) in rows {
        let begun = pair.record.as_ref().map(|record| &record.phase);
        let look = match begun {
            Some(Phase::Promoting {
                baking_since: Some(since),
                ..
            }) => baking().with(baking().bookmark.holding(*since)),
            _ => baking(),
        };
        check(situation, &decide(&look, &with_tasks(pair, 3)), expected);
    }
}

#[test]
fn a_promotion_that_does_not_come_to_an_end_is_given_up() {
    let late = look().started(at(0)).taken_at(at(1800));
    let rows = [
        (
            "tasks do not start",
            seen(promoting(record()).primary(|primary| primary.running(1).rolling_out())),
            "refuse: timed out after 30m: waiting for orders to run orders:8: 1 of 3 tasks",
        ),
        (
            "somebody sets the canary's count again and again",
            with_tasks(promoting(record()).tasks(3, 5), 3),
            "refuse: timed out after 30m: primary runs the candidate; setting orders-canary back to 1 tasks; something outside this release keeps undoing it",
        ),
        (
            "a promotion that is complete is complete",
            with_tasks(promoting(record()), 3),
            "done: promoted: orders and orders-canary run orders:8, tasks and scaling are as the release found them | record \
             Promoted",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&late, &seen), expected);
    }
}

#[test]
fn a_candidate_in_the_record_is_the_only_thing_that_is_ever_promoted() {
    let other = record().registered().having(Candidate::Registered {
        task_definition: foreign(),
        at: at(200),
    });
    check(
        "the record's candidate is another one than the canary's",
        &decide(&look(), &with_tasks(approved(other), 1)),
        "refuse: orders-canary does not run the candidate orders:9 that was approved: orders-canary on orders:8, 1 of 1 tasks, \
         COMPLETED. Nothing was changed",
    );
}

#[test]
fn only_what_the_approval_was_given_to_read_is_promoted() {
    let shown = |candidate: &canary::names::TaskDefinitionArn, share| {
        let mut record = record().shifting(50);
        record.evidence.shown = Some(canary::record::Shown {
            candidate: candidate.into(),
            share: weight(share),
            verdict: "as good".to_owned(),
            said: "No evidence".to_owned(),
            through: None,
            action: String::new(),
            digest: "3f9a1c20b7d4".to_owned(),
        });
        approved(record)
    };
    let advice = "Nothing was promoted: run the last shift-weight action again, which shows what there is now, and have that approved";
    let rows = vec![
        ("the same", shown(&candidate(), 50), BEGINS.to_owned()),
        (
            "another share",
            shown(&candidate(), 10),
            format!(
                "refuse: orders:8 at 50 % is to be promoted, and the approval was given to read of orders:8 at 10 %. {advice}"
            ),
        ),
        (
            "another candidate",
            shown(&foreign(), 50),
            format!(
                "refuse: orders:8 at 50 % is to be promoted, and the approval was given to read of orders:9 at 50 %. {advice}"
            ),
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&look(), &with_tasks(seen, 1)), &expected);
    }
    let approved = |digest: &str| {
        let mut look = look();
        look.parameters.shown = Some(digest.to_owned());
        decide(&look, &with_tasks(shown(&candidate(), 50), 1))
    };
    check("its digest", &approved("3f9a1c20b7d4"), BEGINS);
    check(
        "another digest",
        &approved("000000000000"),
        "refuse: the approval was given to read 000000000000, and the last shift-weight action has shown 3f9a1c20b7d4 (output variable \
         Digest). Nothing was promoted: run that action again, and have what it shows approved",
    );
}

#[test]
fn a_canary_that_is_worse_now_is_not_promoted_but_despite_it() {
    let mut record = record()
        .shifting(50)
        .judged(at(540), verdict(Answer::Worse));
    record.target.verdict = Consequence::Act;
    record.evidence.despite = Some("the shares were to go on".to_owned());
    let seen = approved(record);
    let refused = decide(&look(), &with_tasks(seen.clone(), 1));
    let said = told(&refused);
    assert!(
        said.starts_with("refuse: The canary is worse than the primary: ")
            && said.contains(
                "). To go on all the same, give this action \"despite\": \"worse\" and a \"reason\""
            ),
        "{said}"
    );
    let kept = refused.record().expect("it is kept");
    assert_eq!(kept.evidence.despite, None, "what shift-weight was told");
    let mut despite = seen;
    despite.despite = Some("known, ticket 17".to_owned());
    let begun = decide(&look(), &with_tasks(despite, 1));
    check("despite", &begun, BEGINS);
    let kept = begun
        .record()
        .and_then(|record| record.evidence.despite.clone());
    assert_eq!(kept.as_deref(), Some("known, ticket 17"));
}
