//! Scaling that is given back: bounds that somebody has set meanwhile stay, and scheduled actions that fell into the release are named.

use canary::record::Phase;
use rehearsal_core::{wire::Ailment, world::Principal};
use serde_json::Value;

use super::*;

/// A pair, the service of it whose scaling a release holds, and what that is like before and after somebody's change.
struct Case {
    stage: Stage,
    service: &'static str,
    had: (u32, u32),
    theirs: (u32, u32),
}

fn cases() -> [Case; 3] {
    let primary = |stage| Case {
        stage,
        service: stage::PRIMARY,
        had: (2, MOST.0),
        theirs: (3, 30),
    };
    let additive = Stage {
        steps: Some(vec![Step::new(50, 60)]),
        canary_scaling: Some((1, MOST.1)),
        ..Stage::default()
    };
    let canary = Case {
        stage: additive,
        service: stage::CANARY,
        had: (1, MOST.1),
        theirs: (2, 30),
    };
    [primary(stage()), primary(constant_total()), canary]
}

impl Case {
    async fn at_approval(&self) -> (Play, String) {
        let play = Play::begin(&self.stage, v2(Behaviour::Works)).await;
        play.slow_down();
        let release = play.push("v2");
        play.until_approval(&release).await;
        (play, release)
    }

    /// Calls Application Auto Scaling as the team does.
    fn call(&self, play: &Play, operation: &str, change: &Value) -> Value {
        let mut input = change.clone();
        input["ServiceNamespace"] = "ecs".into();
        input["ResourceId"] = format!("service/orders/{}", self.service).into();
        input["ScalableDimension"] = "ecs:service:DesiredCount".into();
        let (team, scaling) = (Principal("team".to_owned()), "application-autoscaling");
        let answer = play.account.call_as(&team, scaling, operation, &input);
        answer.expect("it is scaled")
    }

    /// Somebody sets other bounds, as a stack does that says nothing of suspensions, or one that says there are none.
    fn set_bounds(&self, play: &Play, resumes: bool) {
        let mut change = json!({ "MinCapacity": self.theirs.0, "MaxCapacity": self.theirs.1 });
        if resumes {
            change["SuspendedState"] = json!({});
        }
        self.call(play, "RegisterScalableTarget", &change);
    }

    /// An action that is due in a minute; answers when.
    fn schedule(&self, play: &Play) -> String {
        let soon = (play.account.now() + Duration::from_mins(1)).iso_seconds();
        let action = json!({
            "ScheduledActionName": "fair",
            "Schedule": format!("at({})", soon.trim_end_matches('Z')),
            "ScalableTargetAction": { "MinCapacity": 9 },
        });
        self.call(play, "PutScheduledAction", &action);
        soon
    }

    fn left(&self) -> String {
        let (service, theirs, had) = (self.service, self.theirs, self.had);
        format!(
            "{service} keeps the bounds {}..{} that somebody has set; it had {}..{}",
            theirs.0, theirs.1, had.0, had.1
        )
    }

    fn missed(&self, when: &str) -> String {
        let service = self.service;
        format!(
            "scheduled action fair of {service} was due at {when} while its scaling was suspended; AWS does not make up for it"
        )
    }

    /// How many tasks the service is to have, and how it is to be scaled.
    fn scaled(&self, play: &Play, bounds: (u32, u32)) {
        let pair = play.pair();
        let service = pair
            .lines()
            .find(|line| line.starts_with(&format!("{}:", self.service)));
        let scaled = format!(", scaled {}..{} ---", bounds.0, bounds.1);
        assert!(service.is_some_and(|it| it.ends_with(&scaled)), "{pair}");
    }
}

const PROMOTED: &str = "promoted: orders and orders-canary run orders:2, tasks and scaling are as the release found them";

#[tokio::test(start_paused = true)]
async fn bounds_that_somebody_sets_during_a_release_that_is_promoted_stay() {
    for case in cases() {
        let (play, release) = case.at_approval().await;
        case.set_bounds(&play, false);
        play.pass(Duration::from_mins(2)).await;
        play.succeeds(&release).await;
        let said = play.said(&release, "promote-primary");
        assert_eq!(said, format!("{PROMOTED}, but {}", case.left()));
        case.scaled(&play, case.theirs);
        let before = play.pair();
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.pair(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_that_somebody_sets_during_a_release_that_is_rolled_back_stay() {
    for case in cases() {
        let (play, _) = case.at_approval().await;
        case.set_bounds(&play, true);
        play.pass(Duration::from_mins(2)).await;
        play.reject("latency doubled");
        play.until_phase("RolledBack").await;
        let Phase::RolledBack { left, missed, .. } = play.record().unwrap().phase else {
            panic!("it is rolled back");
        };
        assert_eq!((left, missed), (vec![case.left()], Vec::new()));
        let (_, message) = play.notices().pop().expect("a notice");
        assert!(message.contains(&case.left()), "{message}");
        let (min, max) = case.had;
        let found = format!("scaled automatically from {min} to {max}\n");
        assert!(!message.contains(&found), "{message}");
        play.pass(Duration::from_mins(5)).await;
        case.scaled(&play, case.theirs);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_that_falls_into_a_release_that_is_promoted_is_named() {
    for case in cases() {
        let (play, release) = case.at_approval().await;
        let when = case.schedule(&play);
        play.pass(Duration::from_mins(2)).await;
        play.succeeds(&release).await;
        let said = play.said(&release, "promote-primary");
        assert_eq!(said, format!("{PROMOTED}. {}", case.missed(&when)));
        play.pass(Duration::from_mins(2)).await;
        case.scaled(&play, case.had);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_that_falls_into_a_release_that_is_rolled_back_is_named() {
    for case in cases() {
        let (play, _) = case.at_approval().await;
        let when = case.schedule(&play);
        play.pass(Duration::from_mins(2)).await;
        play.reject("latency doubled");
        play.until_phase("RolledBack").await;
        let Phase::RolledBack { left, missed, .. } = play.record().unwrap().phase else {
            panic!("it is rolled back");
        };
        assert_eq!((left, missed), (Vec::new(), vec![case.missed(&when)]));
        let (_, message) = play.notices().pop().expect("a notice");
        let listed = format!("What did not happen meanwhile:\n- {}\n", case.missed(&when));
        assert!(message.contains(&listed), "{message}");
        case.scaled(&play, case.had);
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_whose_scheduled_actions_cannot_be_seen_ends_all_the_same_and_says_so() {
    const UNSEEN: &str = "whether scheduled actions of orders were due while its scaling was suspended could not be seen: ";
    let [case, ..] = cases();
    let unseen = async || {
        let (play, release) = case.at_approval().await;
        for (function, how) in [
            (stage::PROMOTE_PRIMARY, Ailment::Denied),
            (stage::ROLLBACK, Ailment::Hanging),
        ] {
            play.fail(function, "DescribeScheduledActions", how, None);
        }
        (play, release)
    };
    let (play, release) = unseen().await;
    play.succeeds(&release).await;
    let said = play.said(&release, "promote-primary");
    assert!(said.starts_with(&format!("{PROMOTED}. {UNSEEN}")), "{said}");
    let (play, _) = unseen().await;
    play.reject("latency doubled");
    play.until_phase("RolledBack").await;
    let (_, message) = play.notices().pop().expect("a notice");
    let said = format!("{UNSEEN}AWS does not answer within 5 s\n");
    assert!(message.contains(&said), "{message}");
}
