//! What somebody changes by hand while the approval waits is noticed, ends the release, and stays.

use super::*;

/// Waits until the release is rolled back; answers what the pair is like then.
async fn ended_by(play: &Play, release: &str) -> String {
    let begun = until_rolling_back(play, play.account.now()).await;
    assert!(begun <= Duration::from_mins(2), "{begun:?}");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(3)).await;
    assert!(play.has_ended(release), "{}", play.transcript());
    play.pair()
}

fn line<'a>(pair: &'a str, service: &str) -> &'a str {
    let named = |line: &&str| line.starts_with(&format!("{service}:"));
    pair.lines().find(named).expect("the service")
}

#[tokio::test(start_paused = true)]
async fn another_version_on_the_canary_stays_there_with_its_tasks() {
    for stage in pairs() {
        let (play, before, release) = at_approval(&stage).await;
        let tasks = desired(&play, stage::CANARY);
        let definition = play.definition_like("orders:1");
        play.ecs("RegisterTaskDefinition", &definition);
        update(
            &play,
            stage::CANARY,
            &json!({ "taskDefinition": "orders:3" }),
        );
        let after = ended_by(&play, &release).await;
        let canary = line(&after, stage::CANARY);
        let theirs = format!("orders-canary: orders:3 {tasks}/{tasks} in 1");
        assert!(
            canary.starts_with(&theirs),
            "{canary}\n{}",
            play.transcript()
        );
        assert_eq!(line(&after, stage::PRIMARY), line(&before, stage::PRIMARY));
        let (_, message) = play.notices().pop().expect("it is told");
        assert!(
            message.contains("orders-canary stays on orders:3"),
            "{message}"
        );
        if stage.traffic == Traffic::Queue {
            let stops = play.writes().into_iter().filter(|call| {
                call.principal.0 == stage::ROLLBACK && call.input["desiredCount"] == 0
            });
            assert_eq!(stops.count(), 0, "their tasks were not stopped");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_stays_where_somebody_has_set_it_and_the_candidate_goes() {
    for stage in pairs() {
        for tasks in [0, 7] {
            let (play, _, release) = at_approval(&stage).await;
            play.forgive();
            update(&play, stage::CANARY, &json!({ "desiredCount": tasks }));
            let after = ended_by(&play, &release).await;
            let canary = line(&after, stage::CANARY);
            let theirs = format!("orders-canary: orders:1 {tasks}/{tasks} in 1");
            assert!(
                canary.starts_with(&theirs),
                "{canary}\n{}",
                play.transcript()
            );
            let (_, message) = play.notices().pop().expect("it is told");
            let kept = format!(
                "orders-canary keeps its {}, because somebody has changed it",
                if tasks == 0 { "0 tasks" } else { "7 tasks" }
            );
            assert!(message.contains(&kept), "{message}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn weights_that_somebody_sets_end_the_release_and_the_candidate_loses_its_requests() {
    let [.., stage] = pairs();
    let (play, before, release) = at_approval(&stage).await;
    play.set_weights(20, 80);
    let after = ended_by(&play, &release).await;
    assert_eq!(after, before, "{}", play.transcript());
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_somebody_deletes_ends_the_release() {
    let [stage, ..] = pairs();
    let (play, before, release) = at_approval(&stage).await;
    play.delete_service(stage::CANARY);
    let begun = until_rolling_back(&play, play.account.now()).await;
    assert!(begun <= Duration::from_mins(2), "{begun:?}");
    play.until_phase("RolledBack").await;
    assert!(play.has_ended(&release));
    assert_eq!(play.service(stage::PRIMARY), line(&before, stage::PRIMARY));
}

/// Nobody but the alias's own writer knows who is to get what then.
#[tokio::test(start_paused = true)]
async fn weights_of_an_alias_that_somebody_sets_end_the_release_and_stay() {
    let (play, _, release) = at_approval(&function()).await;
    play.route("1", &[("2", 0.3)]);
    let theirs = play.pair();
    assert_eq!(ended_by(&play, &release).await, theirs);
    let (_, message) = play.notices().pop().expect("it is told");
    let left = "somebody else has changed alias orders:live: it sends its invocations to version 1, 30 % to version 2, and that is left";
    assert!(message.contains(left), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_alias_that_somebody_deletes_ends_the_release() {
    let (play, _, release) = at_approval(&function()).await;
    play.delete_alias();
    ended_by(&play, &release).await;
    let (_, message) = play.notices().pop().expect("it is told");
    assert!(
        message.contains("alias orders:live does not exist any more"),
        "{message}"
    );
}
