mod alb;
mod deploying;
mod queue;

use std::{collections::BTreeMap, time::Duration};

use canary::{
    aws::pipeline::ExecutionStatus,
    clock::Timestamp,
    decision::Step,
    fixtures::{
        self, Changes, Moment, World, another_release, at, began, candidate, check, definition,
        first_look, foreign, image, images, now, pair, record, release, request, running_tasks,
        stable, told,
    },
    parameters,
    parts::{
        pair::{Candidate, Change, ScalableTarget, Service, Suspended, Task},
        task_definition::{Definition, Digests, NamedImages, Source, Wanted},
    },
    traffic,
};
use serde_json::json;

use super::*;

/// What a look reads beside what every look does.
#[derive(Debug, Clone)]
enum Detail {
    /// Nothing.
    Nothing,
    /// What there is to begin with.
    Start(Box<Start>),
    /// The same as its model reads it.
    Read(Box<crate::Start>),
    /// How another release's pipeline execution stands.
    Other(Option<ExecutionStatus>),
    /// The family's latest revision.
    Latest(Definition),
    /// The canary's running tasks.
    Tasks(Vec<Task>),
}

/// What there is to begin with.
#[derive(Debug, Clone)]
struct Start {
    stable: Definition,
    source: Source,
    digests: Digests,
    execution: Option<ExecutionStatus>,
}

fn look() -> Look<DeployCanary> {
    first_look(parameters::DeployCanary {
        release: release(),
        request: request("orders:v2"),
        timeout: Duration::from_mins(15),
    })
}

fn started() -> Start {
    Start {
        stable: definition("orders:v1"),
        source: image("orders:v2", None),
        digests: Digests::default(),
        execution: Some("InProgress".into()),
    }
}

fn start() -> Detail {
    Detail::Start(Box::new(started()))
}

/// What the image means, and what the primary's tasks run.
fn digests(wanted: char, running: char) -> Digests {
    let of = |digit: char| {
        let digest = format!("sha256:{}", String::from(digit).repeat(64));
        BTreeMap::from([("app".try_into().unwrap(), digest)])
    };
    Digests {
        wanted: of(wanted),
        running: of(running),
    }
}

fn seen(mut pair: Moment, detail: Detail) -> Seen {
    let detail = match detail {
        Detail::Nothing => crate::Detail::Nothing,
        Detail::Start(start) => {
            let before = fixtures::before(start.stable, start.source, start.digests);
            crate::Detail::Start(Box::new(crate::Start {
                execution: start.execution,
                before: Some(pair.pair().before(before)),
            }))
        }
        Detail::Read(start) => crate::Detail::Start(start),
        Detail::Other(status) => crate::Detail::Other(status),
        Detail::Latest(latest) => {
            pair.latest = Some(latest);
            crate::Detail::Nothing
        }
        Detail::Tasks(tasks) => {
            pair.tasks = Some(tasks);
            crate::Detail::Nothing
        }
    };
    Seen {
        pair: pair.sight(),
        detail,
    }
}

/// The latest revision of the family, registered by the release's attempt that began at a time.
fn latest(attempt: Timestamp) -> Detail {
    let source = Source::Images(NamedImages::Artifact {
        images: images("orders:v2"),
        container: None,
    });
    let wanted = Wanted::of(source, &definition("orders:v1"), &stable());
    let input = wanted.unwrap().definition(&release(), attempt);
    let mut answer: serde_json::Value = serde_json::from_str(&input).unwrap();
    answer["taskDefinitionArn"] = json!(candidate());
    let tags = answer["tags"].take();
    Detail::Latest(Definition(json!({"taskDefinition": answer, "tags": tags})))
}

const BEGINS: &str = "take: release begins: orders:v2 is to replace orders:7. Changes: image of app. The canary has to run it steadily by 17:19 UTC | record Deploying | register";

#[test]
fn a_release_begins_only_where_everything_is_in_order() {
    let unsettled = |change: fn(Service) -> Service| pair().canary(change);
    let rows = [
        ("a steady pair that never had a release", pair(), BEGINS),
        (
            "a pair whose last release is promoted",
            pair().recorded(record().owned_by(another_release()).promoted()),
            BEGINS,
        ),
        (
            "a pair whose last release was rolled back",
            pair().recorded(record().owned_by(another_release()).rolled_back()),
            BEGINS,
        ),
        (
            "a canary that rests on no tasks",
            unsettled(|canary| canary.tasks(0)),
            BEGINS,
        ),
        (
            "a canary whose task is still starting",
            unsettled(|canary| canary.running(0)),
            "wait: waiting for orders-canary on orders:7, 0 of 1 tasks, COMPLETED to settle before the release begins",
        ),
        (
            "a deployment of somebody else in progress",
            unsettled(Service::rolling_out),
            "refuse: the pair is not steady: orders-canary on orders:7, 1 of 1 tasks, IN_PROGRESS. Wait until its \
             deployment is COMPLETED, then retry",
        ),
        (
            "a service without any deployment",
            pair().primary(|primary| Service {
                deployments: Vec::new(),
                ..primary
            }),
            "refuse: the pair is not steady: orders without a deployment, 3 of 3 tasks. Wait until its deployment is \
             COMPLETED, then retry",
        ),
        (
            "an alarm that is firing already",
            pair().alarm_firing(),
            "refuse: alarm orders-dead-letters is in ALARM. Threshold Crossed: 3 datapoints were greater than 0.",
        ),
    ];
    for (situation, pair, expected) in rows {
        check(situation, &decide(&look(), &seen(pair, start())), expected);
    }
}

#[test]
fn an_image_that_runs_already_is_a_success_with_nothing_to_do_even_while_an_alarm_fires() {
    let running = Detail::Start(Box::new(Start {
        stable: definition("orders:v2"),
        digests: digests('a', 'a'),
        ..started()
    }));
    check(
        "the image runs",
        &decide(&look(), &seen(pair().alarm_firing(), running.clone())),
        "done: nothing to do: orders already runs orders:v2 | record Promoted",
    );
    let last = record().owned_by(another_release()).promoted();
    let beside = |record| {
        let pair = pair().alarm_firing().recorded(record);
        let Decision::Done(done) = decide(&look(), &seen(pair, running.clone())) else {
            panic!("there is nothing to do");
        };
        done.record
    };
    let admitted = *beside(last.clone()).expect("it is admitted");
    assert_eq!(
        admitted.beside.as_ref().map(|it| &it.release),
        Some(&release())
    );
    let unchanged = Record {
        revision: last.revision,
        beside: None,
        ..admitted.clone()
    };
    assert_eq!(
        unchanged, last,
        "the last promotion, its guard and its findings"
    );
    assert_eq!(beside(admitted), None, "once");
    check(
        "that was said before",
        &decide(
            &look(),
            &seen(pair().recorded(record().promoted()), Detail::Nothing),
        ),
        "done: nothing to do: orders already runs orders:v2",
    );
}

#[test]
fn what_runs_is_known_by_its_digest_whatever_the_tag_says() {
    let begins = |stable: &str, digests| {
        let start = Start {
            stable: definition(stable),
            digests,
            ..started()
        };
        told(&decide(
            &look(),
            &seen(pair(), Detail::Start(Box::new(start))),
        ))
    };
    let unknown = |of: fn(&mut Digests)| {
        let mut digests = digests('a', 'a');
        of(&mut digests);
        digests
    };
    for (situation, stable, digests, is_release) in [
        (
            "the same tag means something else",
            "orders:v2",
            digests('b', 'a'),
            true,
        ),
        (
            "the same tag means the same",
            "orders:v2",
            digests('a', 'a'),
            false,
        ),
        (
            "another tag means the same",
            "orders:v1",
            digests('a', 'a'),
            false,
        ),
        (
            "nobody may ask ECR",
            "orders:v2",
            unknown(|it| it.wanted.clear()),
            true,
        ),
        (
            "no task runs, or not all the same",
            "orders:v2",
            unknown(|it| it.running.clear()),
            true,
        ),
    ] {
        let told = begins(stable, digests);
        assert_eq!(
            told.contains("release begins"),
            is_release,
            "{situation}: {told}"
        );
        assert_eq!(
            told.contains("nothing to do"),
            !is_release,
            "{situation}: {told}"
        );
    }
}

#[test]
fn what_is_registered_is_named_by_its_digest_where_that_is_known() {
    let start = Start {
        digests: digests('b', 'a'),
        ..started()
    };
    let Decision::Take(taken) = decide(&look(), &seen(pair(), Detail::Start(Box::new(start))))
    else {
        panic!("the release does not begin");
    };
    let pinned = format!("orders@sha256:{}", "b".repeat(64));
    let record = taken.record.unwrap();
    assert_eq!(record.item.to_string(), pinned);
    assert_eq!(record.changes, ["image of app"]);
    let Changes::Pair(Change::Register { definition }) = taken.steps[0].changes() else {
        panic!("nothing is registered");
    };
    assert!(definition.contains(&pinned), "{definition}");
}

#[test]
fn an_image_without_a_container_to_run_in_is_refused_before_anything_else() {
    let two = {
        let mut two = definition("orders:v1");
        two.0["taskDefinition"]["containerDefinitions"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "proxy", "image": "proxy:7"}));
        two
    };
    let of = |name: &str, image: &str| {
        let (name, image) = (name.try_into().unwrap(), image.try_into().unwrap());
        canary::item::Images(BTreeMap::from([(name, image)]))
    };
    let file = |images, container: Option<&str>| {
        let container = container.map(|name| name.try_into().unwrap());
        Source::Images(NamedImages::Artifact { images, container })
    };
    let rows = [
        (
            "a container that is not there",
            image("orders:v2", Some("worker")),
            "refuse: there is no container \"worker\" in task definition orders:7; it has \"app\", \"proxy\". \
             UserParameters names it",
        ),
        (
            "two containers and none named",
            image("orders:v2", None),
            "refuse: UserParameters: field container is missing, and task definition orders:7 has more than one \
             container: \"app\", \"proxy\". Name one",
        ),
        (
            "a file that names a container that is not there",
            file(of("worker", "orders:v2"), None),
            "refuse: there is no container \"worker\" in task definition orders:7; it has \"app\", \"proxy\". \
             imagedefinitions.json names it",
        ),
        (
            "a file without the container that is named",
            file(of("proxy", "proxy:8"), Some("app")),
            "refuse: imagedefinitions.json has no image for container \"app\", which UserParameters names; it has \
             proxy:8",
        ),
        (
            "a file for a container that is there",
            file(of("proxy", "proxy:8"), None),
            "take: release begins: proxy:8 is to replace orders:7. Changes: image of proxy. The canary has to run it steadily by 17:19 UTC | record Deploying | register",
        ),
        (
            "the container named",
            image("orders:v2", Some("app")),
            BEGINS,
        ),
    ];
    for (situation, source, expected) in rows {
        let detail = Detail::Start(Box::new(Start {
            stable: two.clone(),
            source,
            ..started()
        }));
        check(
            situation,
            &decide(&look(), &seen(pair(), detail.clone())),
            expected,
        );
        if expected.starts_with("refuse") {
            let firing = seen(pair().alarm_firing(), detail);
            check(situation, &decide(&look(), &firing), expected);
        }
    }
}

#[test]
fn a_pair_that_another_release_has_is_refused_waited_for_or_taken_over() {
    let other = |record: Record| pair().recorded(record.owned_by(another_release()));
    let status = |text: &str| Detail::Other(Some(ExecutionStatus::from(text)));
    let refused = "refuse: orders/orders is locked by release 9e8d7c6b-5a49-4837-a615-049382716050 (phase Shifting), whose \
                   pipeline execution is still running. Let it finish, reject its approval or stop it, then retry";
    let taken_over = |status: &str| {
        format!(
            "take: release 9e8d7c6b-5a49-4837-a615-049382716050 was left unfinished by its pipeline execution ({status}); \
             it is rolled back first | record RollingBack"
        )
    };
    let rows = [
        ("InProgress", record().shifting(10), refused.to_owned()),
        ("Stopping", record().shifting(10), refused.to_owned()),
        ("Failed", record().shifting(10), taken_over("Failed")),
        (
            "Superseded",
            record().registered(),
            taken_over("Superseded"),
        ),
        ("Stopped", record().promoting(), taken_over("Stopped")),
        ("Succeeded", record().shifting(50), taken_over("Succeeded")),
    ];
    for (text, record, expected) in rows {
        check(
            text,
            &decide(&look(), &seen(other(record), status(text))),
            &expected,
        );
    }
    check(
        "an execution that the pipeline does not know",
        &decide(
            &look(),
            &seen(other(record().shifting(10)), Detail::Other(None)),
        ),
        "refuse: orders/orders is locked by release 9e8d7c6b-5a49-4837-a615-049382716050 (phase Shifting), and pipeline \
         orders-release knows no execution of that id. If it is over, invoke rollback by hand with {\"release\": \
         \"9e8d7c6b-5a49-4837-a615-049382716050\"}, then retry",
    );
    let rolling_back = other(record().shifting(10).rolling_back());
    let waiting = "waiting for the rollback of release 9e8d7c6b-5a49-4837-a615-049382716050: alarm orders-dead-letters \
                   went to ALARM: 3 messages";
    check(
        "its rollback goes on",
        &decide(&look(), &seen(rolling_back.clone(), Detail::Nothing)),
        &format!("wait: {waiting}"),
    );
    let late = look().started(at(0)).taken_at(at(900));
    check(
        "its rollback does not end",
        &decide(&late, &seen(rolling_back, Detail::Nothing)),
        &format!("refuse: timed out after 15m: {waiting}"),
    );
}

#[test]
fn a_retried_release_begins_again_and_an_attempt_that_was_rolled_back_does_not() {
    let rolled_back = || pair().recorded(record().rolled_back());
    let refused = "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f was rolled back: alarm orders-dead-letters went to \
                   ALARM: 3 messages. This action changed nothing more; start a new execution, or retry from deploy-canary";
    let rows = [
        ("the first look of a retry", look(), rolled_back(), BEGINS),
        (
            "a later look of a retry that had to wait",
            look().started(at(500)),
            rolled_back(),
            &BEGINS.replace("17:19", "17:17"),
        ),
        (
            "a look of the attempt that was rolled back",
            look().started(at(110)),
            rolled_back(),
            refused,
        ),
        (
            "the first look of a retry that comes while the rollback is at work",
            look(),
            pair().recorded(record().registered().rolling_back()),
            "wait: waiting for the rollback of release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to \
             ALARM: 3 messages",
        ),
        (
            "a look of the attempt that is being rolled back",
            look().started(at(110)),
            pair().recorded(record().registered().rolling_back()),
            "refuse: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is being rolled back: alarm orders-dead-letters went to \
             ALARM: 3 messages. This action changed nothing more; once that is done, start a new execution, or retry from \
             deploy-canary",
        ),
    ];
    for (situation, look, pair, expected) in rows {
        check(situation, &decide(&look, &seen(pair, start())), expected);
    }
    let Decision::Take(taken) = decide(&look(), &seen(rolled_back(), start())) else {
        panic!("the retry does not begin");
    };
    let again = taken.record.unwrap();
    assert_eq!(
        (again.revision, again.began),
        (record().revision + 1, now())
    );
}

#[test]
fn a_release_begins_only_while_its_execution_is_in_progress() {
    let with = |execution: Option<&str>| {
        Detail::Start(Box::new(Start {
            execution: execution.map(Into::into),
            ..started()
        }))
    };
    for (status, expected) in [
        (
            Some("Stopping"),
            "refuse: pipeline execution 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is Stopping; a release begins only while its \
             execution is InProgress. Nothing was changed",
        ),
        (
            None,
            "refuse: pipeline orders-release (TARGET: field pipeline) has no execution 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f \
             (UserParameters: field release). A release's id is \"#{codepipeline.PipelineExecutionId}\" of that pipeline",
        ),
    ] {
        for pair in [pair(), pair().recorded(record().rolled_back())] {
            check(
                "a late event",
                &decide(&look(), &seen(pair, with(status))),
                expected,
            );
        }
    }
}

#[test]
fn a_release_that_is_further_on_is_not_deployed_again() {
    for (phase, record) in [
        ("Shifting", record().shifting(10)),
        ("Promoting", record().promoting()),
    ] {
        check(
            phase,
            &decide(&look(), &seen(pair().recorded(record), Detail::Nothing)),
            &format!(
                "refuse: deploy-canary cannot run now: release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f is in phase {phase}. The \
                 canary is deployed; retry only the failed actions, or start a new execution"
            ),
        );
    }
}
