//! Approvals that wait: one that rollback may not answer, several at once, one that was answered.

use rehearsal_core::wire::Ailment;

use super::*;

/// A release at its approval, in a pipeline that has another one.
async fn at_approvals(stage: &Stage, place: i64) -> (Play, String, String) {
    let templates = with_another_approval(place);
    let play = Play::begin_from(&templates, stage, script(), |_| ()).await;
    play.slow_down();
    let before = play.pair();
    let release = play.push("v2");
    let first = if place < 0 {
        "SecurityChanges"
    } else {
        "Approval"
    };
    play.until_action(&release, first, "InProgress").await;
    play.pass(Duration::from_mins(1)).await;
    (play, before, release)
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_rollback_may_not_answer_keeps_no_execution_waiting() {
    for stage in targets() {
        for place in [-1, 0, 1] {
            let (play, before, release) = at_approvals(&stage, place).await;
            if place > 0 {
                play.approve();
                play.until_action(&release, "SecurityChanges", "InProgress")
                    .await;
            }
            play.alarm("orders fail");
            ends(&play, &release, &before).await;
            assert_eq!(mails(&play), 2, "{place}: {:?}", play.notices());
        }
    }
}

/// How many messages people got of rollback.
fn mails(play: &Play) -> usize {
    let name = format!("{}: ", play.name());
    let told = play.notices().into_iter();
    told.filter(|(subject, _)| subject.starts_with(&name))
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_person_who_rejects_one_of_two_approvals_ends_the_execution() {
    for stage in targets() {
        for rejected in ["Approval", "SecurityChanges"] {
            let (play, before, release) = at_approvals(&stage, 0).await;
            answer(&play, rejected, "Rejected");
            ends(&play, &release, &before).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answered_approval_that_keeps_its_token_is_left_alone() {
    let [stage, ..] = pairs();
    for keeps in [true, false] {
        let play = Play::begin_with(&stage, script(), |world| {
            world.codepipeline.answered_keep_tokens = keeps;
        })
        .await;
        play.slow_down();
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.approve();
        play.until_action(&release, "promote-primary", "InProgress")
            .await;
        play.pass(Duration::from_secs(20)).await;
        play.alarm("orders fail");
        ends(&play, &release, &before).await;
        let calls = play.calls(stage::ROLLBACK);
        let mut answers = calls
            .iter()
            .filter(|it| it.operation == "PutApprovalResult");
        assert!(answers.next().is_none(), "{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn where_neither_rejecting_nor_stopping_is_allowed_people_hear_of_it_once_and_it_ends_when_it_is()
 {
    let [stage, ..] = pairs();
    let (play, before, release) = at_approvals(&stage, 0).await;
    for operation in ["PutApprovalResult", "StopPipelineExecution"] {
        play.fail(stage::ROLLBACK, operation, Ailment::Denied, None);
    }
    play.alarm("orders fail");
    play.pass(Duration::from_mins(30)).await;
    assert_eq!(play.phase(), "RollingBack");
    let told = play.notices();
    let about = |(subject, text): &&(String, String)| {
        subject.contains("cannot roll back everything") && text.contains("is stopped, since")
    };
    assert_eq!(told.iter().filter(about).count(), 1, "{told:?}");
    assert_eq!(mails(&play), 2, "{told:?}");
    assert_eq!(play.pair(), before, "everything else is restored");
    play.account.mend();
    ends(&play, &release, &before).await;
}
