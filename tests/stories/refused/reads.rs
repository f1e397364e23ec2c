//! Every operation that rollback reads, one at a time, for the ten minutes after the alarm.

use rehearsal_core::wire::Ailment;

use super::*;

const OUTAGE: Duration = Duration::from_mins(10);

/// What a rollback reads of its execution, whatever the target is.
const OF_EXECUTION: [&str; 2] = ["GetPipelineState", "GetPipelineExecution"];

/// What a rollback reads of its target.
fn reads(stage: &Stage) -> &'static [&'static str] {
    match (stage.traffic.runs(), stage.traffic.work()) {
        (Runs::Function, _) => &["GetAlias"],
        (Runs::TaskSets, Work::Messages) => &["DescribeServices"],
        (Runs::TaskSets, Work::Requests) => {
            &["DescribeServices", "DescribeRules", "DescribeTargetHealth"]
        }
        (_, Work::Messages) => &["DescribeServices", "DescribeScalableTargets"],
        (_, Work::Requests) => &[
            "DescribeServices",
            "DescribeScalableTargets",
            "DescribeRules",
            "DescribeTargetHealth",
        ],
    }
}

/// How soon the candidate loses its work. Where it may have all tasks that a service has, others have to be there first.
fn soon(stage: &Stage, at: At) -> Duration {
    match (stage.traffic.runs(), at) {
        (Runs::TaskSets, At::Promotion) => Duration::from_mins(3),
        _ => Duration::from_mins(1),
    }
}

async fn without(stage: &Stage, at: At, operation: &str, how: Ailment) {
    let (play, before, release) = release(stage, at).await;
    let told = format!(
        "{operation} {how:?} at {at:?} of {:?}, {:?}",
        stage.traffic, stage.mode
    );
    play.fail(stage::ROLLBACK, operation, how, Some(OUTAGE));
    let alarm = play.account.now();
    play.alarm("orders fail");
    play.pass(OUTAGE).await;
    let (stopped, soon) = (stopped(&play, stage, alarm), soon(stage, at));
    let has_the_last = at == At::Promotion && stage.traffic == Traffic::TaskSets;
    if has_the_last && operation == "DescribeServices" {
        assert_eq!(stopped, None, "{told}: the last tasks that are seen");
    } else {
        assert!(
            stopped.is_some_and(|after| after <= soon),
            "{told}: stopped after {stopped:?}\n{}",
            play.transcript()
        );
    }
    if at == At::Promotion {
        let back = sent_back(&play, alarm);
        let one_look = Duration::from_secs(10);
        assert!(
            back.is_some_and(|after| after <= one_look),
            "{told}: sent back after {back:?}"
        );
    }
    // What a task has in its hands when it is told to stop, it may finish.
    let (taken, _) = work_of(&play, "v2", alarm + soon + Duration::from_secs(30));
    let (_, begun) = work_of(&play, "v2", alarm + Duration::from_secs(10));
    if at == At::Approval {
        assert_eq!(taken, 0, "{told}: the canary has got new work");
    }
    assert_eq!(begun, [""; 0], "{told}: tasks of the candidate have begun");
    assert_eq!(errors(&play, alarm), [""; 0], "{told}");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(3)).await;
    assert_eq!(play.pair(), before, "{told}\n{}", play.transcript());
    assert!(play.has_ended(&release), "{told}");
    if stage.traffic.work() == Work::Requests {
        assert_eq!(play.requests().failed(), [""; 0], "{told}");
    }
}

async fn each_of(operations: &[&str], stage: &Stage, how: Ailment) {
    for operation in operations {
        for at in [At::Approval, At::Promotion] {
            without(stage, at, operation, how).await;
        }
    }
}

async fn each(stage: &Stage, how: Ailment) {
    let all = [reads(stage), &OF_EXECUTION].concat();
    each_of(&all, stage, how).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_s_canary_is_stopped_whatever_is_throttled() {
    each(&pairs()[0], Ailment::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_s_canary_is_stopped_whatever_is_denied() {
    each(&pairs()[0], Ailment::Denied).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_s_canary_is_stopped_whatever_hangs() {
    each(&pairs()[0], Ailment::Hanging).await;
}

#[tokio::test(start_paused = true)]
async fn a_constant_total_is_given_back_whatever_is_throttled() {
    each(&pairs()[1], Ailment::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn a_constant_total_is_given_back_whatever_is_denied() {
    each(&pairs()[1], Ailment::Denied).await;
}

#[tokio::test(start_paused = true)]
async fn a_constant_total_is_given_back_whatever_hangs() {
    each(&pairs()[1], Ailment::Hanging).await;
}

#[tokio::test(start_paused = true)]
async fn requests_go_back_whatever_is_throttled() {
    each(&pairs()[2], Ailment::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn requests_go_back_whatever_is_denied() {
    each(&pairs()[2], Ailment::Denied).await;
}

#[tokio::test(start_paused = true)]
async fn requests_go_back_whatever_hangs() {
    each(&pairs()[2], Ailment::Hanging).await;
}

#[tokio::test(start_paused = true)]
async fn an_alias_goes_back_whatever_is_throttled_denied_or_hangs() {
    for how in [Ailment::Throttled, Ailment::Denied, Ailment::Hanging] {
        each(&alias(), how).await;
    }
}

#[tokio::test(start_paused = true)]
async fn consumers_of_task_sets_go_back_whatever_is_throttled_denied_or_hangs() {
    let [additive, constant_total, _] = task_sets();
    each_of(reads(&additive), &additive, Ailment::Denied).await;
    for how in [Ailment::Throttled, Ailment::Denied, Ailment::Hanging] {
        each_of(reads(&constant_total), &constant_total, how).await;
    }
}

#[tokio::test(start_paused = true)]
async fn targets_of_task_sets_go_back_whatever_is_throttled() {
    let [.., balanced] = task_sets();
    each_of(reads(&balanced), &balanced, Ailment::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn targets_of_task_sets_go_back_whatever_is_denied() {
    let [.., balanced] = task_sets();
    each(&balanced, Ailment::Denied).await;
}

#[tokio::test(start_paused = true)]
async fn targets_of_task_sets_go_back_whatever_hangs() {
    let [.., balanced] = task_sets();
    each_of(reads(&balanced), &balanced, Ailment::Hanging).await;
}

/// Without its record a rollback does not know what to stop: nothing is changed, the call fails under a name, and is made good
/// when the record can be read, by the schedule if Lambda has given the event up.
async fn without_record(stage: &Stage, operation: &str) {
    let names = [
        (Ailment::Throttled, "Throttled: "),
        (Ailment::Denied, "PermissionDenied: "),
        (Ailment::Hanging, "NoAnswer: "),
    ];
    for (how, name) in names {
        let bad = Script::new([Version::new("v2", Behaviour::Fails(60))]);
        let play = Play::begin(stage, bad).await;
        let before = play.pair();
        // Nobody but rollback sees the alarms: the release waits for its approval.
        let blind = Ailment::Throttled;
        play.fail(stage::SHIFT_WEIGHT, "DescribeAlarms", blind, None);
        play.fail(stage::ROLLBACK, operation, how, None);
        let release = play.push("v2");
        play.until("an alarm fires", |world| {
            let is_alarm =
                |entry: &Entry| matches!(&entry.what, What::Alarm { state, .. } if state == "ALARM");
            world.journal.iter().any(is_alarm)
        })
        .await;
        let alarm = play.account.now();
        play.pass(OUTAGE).await;
        let told = format!("{operation} {how:?}");
        let writes = asked(&play, alarm).into_iter().map(|(_, call)| call);
        let writes = writes.filter(|call| call.is_write() && call.service != "dynamodb");
        let writes: Vec<_> = writes.map(|call| call.operation).collect();
        assert_eq!(writes, [""; 0], "{told}");
        let errors = errors(&play, alarm);
        assert!(!errors.is_empty(), "{told}");
        assert!(
            errors.iter().all(|it| it.starts_with(name)),
            "{told}: {errors:?}"
        );
        play.account.mend();
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{told}\n{}", play.transcript());
        assert!(play.has_ended(&release), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_named_error_and_a_queue_s_release_is_rolled_back_later()
{
    without_record(&pairs()[1], "GetItem").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_named_error_and_requests_go_back_later() {
    without_record(&pairs()[2], "GetItem").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_named_error_and_an_alias_goes_back_later() {
    without_record(&alias(), "GetItem").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_named_error_and_task_sets_go_back_later() {
    let [_, constant_total, balanced] = task_sets();
    without_record(&constant_total, "GetItem").await;
    without_record(&balanced, "GetItem").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_written_is_a_named_error_and_a_queue_s_release_is_rolled_back_later()
 {
    without_record(&pairs()[0], "TransactWriteItems").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_written_is_a_named_error_and_requests_go_back_later() {
    without_record(&pairs()[2], "TransactWriteItems").await;
}

async fn shown_late(stage: &Stage) {
    for at in [At::Approval, At::Promotion] {
        let late = |world: &mut World| {
            world.ecs.read_lag = Duration::from_secs(20);
            world.elb.read_lag = Duration::from_secs(20);
        };
        let (play, before, release) = release_of(stage, at, late).await;
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let stopped = stopped(&play, stage, alarm);
        assert!(
            stopped.is_some_and(|after| after <= soon(stage, at)),
            "{stopped:?}"
        );
        assert_eq!(play.pair(), before, "{at:?}\n{}", play.transcript());
        assert!(play.has_ended(&release));
    }
}

/// Whatever AWS tells late, the release is rolled back all the same.
#[tokio::test(start_paused = true)]
async fn what_is_shown_late_delays_nothing_that_stops_harm() {
    for stage in pairs() {
        shown_late(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_late_of_task_sets_delays_nothing_that_stops_harm() {
    for stage in task_sets() {
        shown_late(&stage).await;
    }
}
