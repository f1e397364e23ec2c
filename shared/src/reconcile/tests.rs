use std::future::pending;

use super::{
    job::guarded,
    report::{held_up, of_decision},
    *,
};
use crate::{
    clock::{FUNCTION_TIMEOUT, Spoken, Timestamp},
    decision::{Decision, Done},
    fixtures::{ACTION, images, now, stable, target},
    job::{Bookmark, FailureType, Report},
    parts::{pair, task_definition},
    words::{self, Said, Shared, Words},
};

fn bookmark() -> Bookmark {
    Bookmark::new(ACTION, now())
}

/// Of a look that may take as long as a function, and of an action that may take fifteen minutes.
async fn report_of(look: impl Future<Output = Report> + Send + 'static, at: Timestamp) -> Report {
    let late = |why| held_up(why, &bookmark(), at, Duration::from_mins(15));
    guarded("shift-weight", FUNCTION_TIMEOUT, look, late).await
}

#[tokio::test]
async fn a_panic_is_reported_without_its_words() {
    let look = async { panic!("planted-secret") };
    assert_eq!(
        report_of(look, now()).await,
        Report::Failed {
            kind: FailureType::JobFailed,
            message:
                "shift-weight has a defect: a look panicked. Its log says where; please report it"
                    .to_owned(),
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_look_that_hangs_is_ended_while_there_is_time_to_report_it() {
    let started = tokio::time::Instant::now();
    assert_eq!(
        report_of(pending(), now()).await,
        Report::Continue {
            token: bookmark().token(),
            summary: "AWS took longer than 19 s to answer; looking again".to_owned(),
            percent: None,
        }
    );
    assert_eq!(started.elapsed().as_secs(), 19);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_ended_does_nothing_more() {
    let (done, seen) = tokio::sync::oneshot::channel::<()>();
    let look = async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        let _ = done.send(());
        pending().await
    };
    report_of(look, now()).await;
    assert!(seen.await.is_err(), "the look went on behind its report");
}

#[tokio::test]
async fn a_look_in_time_is_reported_as_it_is() {
    let report = Report::Succeeded {
        summary: "done".to_owned(),
        variables: Vec::new(),
    };
    let look = {
        let report = report.clone();
        async move { report }
    };
    assert_eq!(report_of(look, now()).await, report);
}

#[tokio::test(start_paused = true)]
async fn an_aws_that_always_hangs_times_the_action_out() {
    let late = now() + Duration::from_mins(15);
    assert_eq!(
        report_of(pending(), late).await,
        Report::Failed {
            kind: FailureType::SystemUnavailable,
            message: "timed out after 15m: AWS took longer than 19 s to answer; looking again"
                .to_owned(),
        }
    );
}

/// Something that takes its time.
#[derive(Debug, thiserror::Error)]
#[error("baking {} of {}", Spoken(*held), Spoken(*bake))]
struct Baking {
    held: Duration,
    bake: Duration,
}

impl Words for Baking {
    fn percent(&self) -> Option<u8> {
        words::percent(self.held, self.bake)
    }
}

#[test]
fn what_is_decided_is_what_codepipeline_shows() {
    let token = || bookmark().token();
    let goes_on = |summary: &str, percent| Report::Continue {
        token: token(),
        summary: summary.to_owned(),
        percent,
    };
    let nothing = Shared::NothingToDo {
        pair: target().name(),
        item: images("orders:v2").into(),
    };
    let baking = |held, bake| {
        Decision::wait(Baking {
            held: Duration::from_secs(held),
            bake: Duration::from_secs(bake),
        })
    };
    let timed_out = |waiting_on: Said| {
        let late = now() + Duration::from_mins(1);
        Decision::Wait(waiting_on).bounded(now(), late, Duration::from_mins(1))
    };
    let failed = |kind, message: &str| Report::Failed {
        kind,
        message: message.to_owned(),
    };
    let rows = [
        (
            Decision::act(pair::Reason::RestoreScaling, Vec::new()),
            goes_on("restoring automatic scaling", None),
        ),
        (baking(75, 300), goes_on("baking 1m15s of 5m", Some(25))),
        (
            Decision::wait(pair::Reason::Registration),
            goes_on(
                "waiting for the candidate's task definition to be registered",
                None,
            ),
        ),
        (
            Decision::Done(Done {
                outcome: nothing.into(),
                record: None,
                variables: vec![("Image", "orders:v2".to_owned())],
            }),
            Report::Succeeded {
                summary: "nothing to do: orders already runs orders:v2".to_owned(),
                variables: vec![("Image", "orders:v2".to_owned())],
            },
        ),
        (
            Decision::refuse(task_definition::Reason::WhichContainer {
                task_definition: stable(),
                containers: vec!["a".to_owned(), "b".to_owned()],
            }),
            failed(
                FailureType::ConfigurationError,
                "UserParameters: field container is missing, and task definition orders:7 has more than one container: \
                 \"a\", \"b\". Name one",
            ),
        ),
        (
            timed_out(pair::Reason::Registration.into()),
            failed(
                FailureType::JobFailed,
                "timed out after 1m: waiting for the candidate's task definition to be registered",
            ),
        ),
        (
            timed_out(Shared::Aws("AWS throttles ecs:UpdateService".to_owned()).into()),
            failed(
                FailureType::SystemUnavailable,
                "timed out after 1m: AWS throttles ecs:UpdateService; looking again",
            ),
        ),
    ];
    for (decision, expected) in rows {
        assert_eq!(of_decision(decision, &bookmark()), expected);
    }
}
