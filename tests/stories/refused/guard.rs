//! After the promotion: only what still runs the candidate is touched, and nothing that had been given back.

use super::*;

/// A promoted release, and what the primary has been scaled to since.
async fn promoted(stage: &Stage, tasks: u32) -> Play {
    let (play, _, release) = release(stage, At::Approval).await;
    play.succeeds(&release).await;
    play.account.with(|world| {
        let primary = format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY);
        scaling::scale(world, &primary, tasks).expect("it is scaled");
    });
    play.pass(Duration::from_mins(3)).await;
    play
}

/// The fewest tasks that the primary should have had since a moment.
fn fewest(play: &Play, since: Moment) -> u32 {
    let journal = play.account.with(|world| world.journal.clone());
    let counts = journal
        .into_iter()
        .filter_map(|Entry { at, what }| match what {
            What::Service {
                service, desired, ..
            } if service == stage::PRIMARY && at >= since => Some(desired),
            _ => None,
        });
    counts.min().expect("the primary was seen")
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_was_scaled_out_keeps_its_tasks_however_often_the_alarm_fires() {
    for stage in pairs() {
        for apart in [0, 5, 29, 31, 60] {
            let play = promoted(&stage, 16).await;
            let alarm = play.account.now();
            play.alarm("orders fail");
            play.pass(Duration::from_secs(apart)).await;
            play.alarm("orders still fail");
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(3)).await;
            let pair = play.pair();
            assert!(
                pair.starts_with("orders: orders:1 16/16 in 1, scaled 2..20 ---"),
                "{apart} s: {pair}"
            );
            assert_eq!(fewest(&play, alarm), 16, "{apart} s\n{}", play.transcript());
            if stage.traffic == Traffic::Alb {
                assert_eq!(play.requests().failed(), [""; 0]);
            }
        }
    }
}

/// The fewest tasks that all sets together should have had since a moment.
fn fewest_of_sets(play: &Play, since: Moment) -> u32 {
    let journal = play.account.with(|world| world.journal.clone());
    let counts = journal
        .into_iter()
        .filter_map(|Entry { at, what }| match what {
            What::Sets { sets, .. } if at >= since => {
                Some(sets.iter().map(|set| set.computed).sum())
            }
            _ => None,
        });
    counts.min().expect("the sets were seen")
}

#[tokio::test(start_paused = true)]
async fn a_service_of_task_sets_that_was_scaled_out_is_never_without_its_tasks_however_often_the_alarm_fires()
 {
    for stage in task_sets() {
        for apart in [5, 31] {
            let play = promoted(&stage, 16).await;
            let alarm = play.account.now();
            play.alarm("orders fail");
            play.pass(Duration::from_secs(apart)).await;
            play.alarm("orders still fail");
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(3)).await;
            let pair = play.pair();
            let all = "orders: 16, scaled 2..20 ---\nPRIMARY orders:1 100 % 16/16";
            assert!(pair.starts_with(all), "{apart} s: {pair}");
            assert!(!pair.contains("orders:2"), "{apart} s: {pair}");
            assert_eq!(fewest_of_sets(&play, alarm), 16, "{}", play.transcript());
            if stage.traffic.work() == Work::Requests {
                assert_eq!(play.requests().failed(), [""; 0]);
            }
        }
    }
}

/// What was left of a rollback as it is: in the record, and told.
fn assert_left(play: &Play, left: &str) {
    let Phase::RolledBack { left: recorded, .. } = play.record().expect("a record").phase else {
        panic!("it is rolled back");
    };
    assert_eq!(recorded, [left]);
    let (_, message) = play.notices().pop().expect("a notice");
    assert!(message.contains(left), "{message}");
}

/// In the group of the candidate, which has all requests.
#[tokio::test(start_paused = true)]
async fn a_set_of_somebodys_own_that_is_primary_stays_and_is_told() {
    for stage in task_sets() {
        let play = promoted(&stage, 4).await;
        let fix = play.definition_like("orders:1");
        play.ecs("RegisterTaskDefinition", &fix);
        // The watch would end the guard first.
        play.suspend_schedule();
        let candidate = play.account.with(sets_of_service)[1].clone();
        let mut set = json!({
            "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskDefinition": "orders:3",
            "scale": { "value": 100.0, "unit": "PERCENT" },
        });
        for member in ["launchType", "networkConfiguration", "loadBalancers"] {
            set[member] = candidate[member].clone();
        }
        let made = play.ecs("CreateTaskSet", &set)["taskSet"]["id"].clone();
        play.pass(Duration::from_mins(3)).await;
        let primary = json!({
            "cluster": stage::CLUSTER, "service": stage::PRIMARY, "primaryTaskSet": made,
        });
        play.ecs("UpdateServicePrimaryTaskSet", &primary);
        play.alarm("orders fail");
        play.pass(Duration::from_secs(10)).await;
        play.resume_schedule();
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let pair = play.pair();
        let all = "orders: 4, scaled 2..20 ---\nACTIVE orders:1 0 % 0/0";
        assert!(pair.starts_with(all), "{pair}");
        assert!(pair.contains("\nPRIMARY orders:3 100 % 4/4"), "{pair}");
        assert!(!pair.contains("orders:2"), "{pair}");
        let left = "somebody else has changed the task sets of orders: what they have set stays";
        assert_left(&play, left);
        if stage.traffic.work() == Work::Requests {
            assert_eq!(play.requests().failed(), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hotfix_stays_and_is_told() {
    for stage in pairs() {
        let play = promoted(&stage, 4).await;
        let fix = play.definition_like("orders:1");
        play.ecs("RegisterTaskDefinition", &fix);
        // The watch would end the guard first.
        play.suspend_schedule();
        play.account
            .with(|world| crate::play::update(world, stage::PRIMARY, "orders:3"));
        play.pass(Duration::from_mins(3)).await;
        play.alarm("orders fail");
        play.pass(Duration::from_secs(10)).await;
        play.resume_schedule();
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let pair = play.pair();
        assert!(pair.starts_with("orders: orders:3 4/4 in 1"), "{pair}");
        assert!(pair.contains("orders-canary: orders:1 1/1 in 1"), "{pair}");
        let left = "orders stays on orders:3, which is neither the candidate nor what the release found (orders:1)";
        assert_left(&play, left);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_of_somebodys_own_behind_the_alias_stays_and_is_told() {
    let (play, _, release) = release(&alias(), At::Approval).await;
    play.succeeds(&release).await;
    play.publish_another().await;
    // The watch would end the guard first.
    play.suspend_schedule();
    play.route("3", &[]);
    play.alarm("orders fail");
    play.pass(Duration::from_secs(10)).await;
    play.resume_schedule();
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), "live: 100 % version 3 (v2)");
    let left = "somebody else has changed alias orders:live: it sends its invocations to version 3, and that is left";
    assert_left(&play, left);
}
