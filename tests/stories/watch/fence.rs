//! A rollback that begins at any point of the watch's look: the canary is not up again afterwards.

use rehearsal_core::{
    wire::Interference,
    world::journal::{Call, Entry},
};

use super::*;

/// How long AWS takes for each call, so that two invocations meet at every point.
const LATENCY: Duration = Duration::from_millis(300);

/// How AWS answers the watch's first call that raises the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Raise {
    /// Like any other.
    Soon,
    /// Never; the SDK calls again after three seconds.
    Never,
}

/// What rollback has asked of the canary since a moment.
fn counts(play: &Play, since: Moment) -> Vec<u64> {
    let journal = play.account.with(|world| world.journal.clone());
    let asked = |call: &Call| {
        let is_it = call.principal.0 == stage::ROLLBACK
            && call.operation == "UpdateService"
            && call.input["service"] == stage::CANARY;
        is_it.then(|| call.input["desiredCount"].as_u64()).flatten()
    };
    let calls = journal.iter().filter_map(|Entry { at, what }| match what {
        What::Called(call) if *at >= since => asked(call),
        _ => None,
    });
    calls.collect()
}

/// An alarm that comes so long after a look of the watch has begun that raises the canary; answers whether the look has raised it
/// after the rollback had stopped it.
async fn meets(stage: &Stage, raise: Raise, after: Duration) -> bool {
    let (play, before, _) = at_approval(stage).await;
    play.suspend_schedule();
    scale(&play, stage::PRIMARY, 8);
    play.pass(Duration::from_mins(2)).await;
    play.account.set_latency(LATENCY);
    let mut hangs = raise == Raise::Never;
    play.interfere(move |call| {
        if hangs && call.operation == "UpdateService" && call.input["desiredCount"] != 0 {
            hangs = false;
            return Interference::Hang;
        }
        Interference::None
    });
    let since = play.account.now();
    let schedule = json!({
        "source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-10-02T17:00:00Z", "detail": {}, "resources": [],
        "id": "1", "version": "0", "account": "111122223333", "region": "eu-central-1",
    });
    play.invoke(stage::ROLLBACK, schedule);
    play.pass(after).await;
    play.alarm("orders fail");
    play.pass(Duration::from_secs(15)).await;
    play.account.set_latency(Duration::ZERO);
    let asked = counts(&play, since);
    if stage.traffic == Traffic::Queue {
        let canary = play.service(stage::CANARY);
        let is_down = canary.contains(" orders:1 ") || canary.contains(" 0/0 ");
        assert!(
            is_down,
            "{after:?}, {canary}: {asked:?}\n{}",
            play.transcript()
        );
    }
    play.resume_schedule();
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(3)).await;
    let primary_grew = before.replace("orders: orders:1 4/4", "orders: orders:1 8/8");
    assert_eq!(
        play.pair(),
        primary_grew,
        "{after:?}\n{}",
        play.transcript()
    );
    let since_stopped = asked.iter().skip_while(|count| **count != 0);
    since_stopped.into_iter().any(|count| *count == 8)
}

/// An alarm at every point; answers how often the look has raised what had been stopped.
async fn at_every_point(stage: &Stage, raise: Raise) -> usize {
    let (from, to, apart) = match raise {
        Raise::Soon => (0, 3_300, 330),
        Raise::Never => (900, 5_700, 600),
    };
    let mut overtaken = 0;
    for after in (from..to).step_by(apart) {
        let meets = meets(stage, raise, Duration::from_millis(after));
        overtaken += usize::from(meets.await);
    }
    overtaken
}

#[tokio::test(start_paused = true)]
async fn a_queues_canary_is_down_whenever_the_fence_comes() {
    let [queue, ..] = pairs();
    at_every_point(&queue, Raise::Soon).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_call_raises_after_it_was_stopped_is_taken_back_at_once() {
    let [queue, ..] = pairs();
    let overtaken = at_every_point(&queue, Raise::Never).await;
    assert!(overtaken > 0, "no call came too late");
}

#[tokio::test(start_paused = true)]
async fn behind_a_load_balancer_everything_is_as_found_whenever_the_fence_comes() {
    let [.., alb] = pairs();
    at_every_point(&alb, Raise::Soon).await;
}
