use canary::fixtures::{alarm, at, record, release};

use super::*;

/// An alarm of the pair's that a topic or a rule has told of.
fn told(change: impl FnOnce(&mut Firing)) -> Trigger {
    let here = record().stable().and_then(|it| Place::of_version(&it));
    let mut firing = Firing {
        alarm: alarm("orders-dead-letters"),
        place: here,
        reason: "Threshold Crossed: 3 datapoints were greater than 0.".to_owned(),
        at: Some(at(599)),
        first: false,
        direct: false,
    };
    change(&mut firing);
    Trigger::Alarm(firing)
}

fn elsewhere(account: &str, region: &str) -> Option<Place> {
    let arn = format!("arn:aws:ecs:{region}:{account}:task-definition/orders:7");
    Place::of_version(&arn.as_str().try_into().expect("an ARN"))
}

/// What a call at a release that is shifting comes to.
fn said(why: &Trigger, besides: &Besides) -> String {
    match call(Some(&record().shifting(10)), why, besides, at(600)) {
        Call::Idle(idle) => idle.to_string(),
        Call::Fence(doing, _) => doing.to_string(),
        Call::GoOn | Call::Keep(_) => panic!("it neither goes on nor keeps anything"),
    }
}

#[test]
fn an_alarm_that_comes_by_a_topic_or_a_rule_counts_for_the_pairs_own_account_and_region_only() {
    let rolls_back = format!(
        "rolling back release {}: alarm orders-dead-letters went to ALARM: Threshold Crossed: 3 datapoints were greater than 0",
        release()
    );
    let only = "only alarms of the function's own account and Region count";
    let rows = [
        ("its own", told(|_| ()), rolls_back.clone()),
        (
            "another account's of the same name",
            told(|it| it.place = elsewhere("444455556666", "eu-central-1")),
            format!(
                "alarm orders-dead-letters is in account 444455556666, Region eu-central-1, and the pair is not; {only}"
            ),
        ),
        (
            "another Region's of the same name",
            told(|it| it.place = elsewhere("111122223333", "us-east-1")),
            format!(
                "alarm orders-dead-letters is in account 111122223333, Region us-east-1, and the pair is not; {only}"
            ),
        ),
        (
            "one that does not say where it is",
            told(|it| it.place = None),
            format!(
                "alarm orders-dead-letters is in an account and a Region that the event does not name, and the pair is not; {only}"
            ),
        ),
        (
            "one that names the function as its own action, from wherever",
            told(|it| (it.direct, it.place) = (true, elsewhere("444455556666", "us-east-1"))),
            rolls_back,
        ),
    ];
    for (situation, why, expected) in rows {
        assert_eq!(said(&why, &Besides::Nothing), expected, "{situation}");
    }
}

#[test]
fn the_first_state_of_a_new_alarm_counts_only_where_data_say_so() {
    let without_data = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].";
    let new = told(|it| (it.first, it.reason) = (true, without_data.to_owned()));
    assert_eq!(
        said(&new, &Besides::Nothing),
        "alarm orders-dead-letters is new, and ALARM is its first state, for want of data; it has not gone to ALARM"
    );
    let gone_silent = told(|it| without_data.clone_into(&mut it.reason));
    assert!(
        said(&gone_silent, &Besides::Nothing).starts_with("rolling back"),
        "its data have stopped"
    );
    let first_failures = told(|it| it.first = true);
    assert!(
        said(&first_failures, &Besides::Nothing).starts_with("rolling back"),
        "its metric had no data before the canary failed"
    );
}

#[test]
fn an_alarm_whose_actions_are_held_back_does_not_count_and_one_that_cannot_be_asked_does() {
    let silent = Besides::Alarm { is_silent: true };
    assert_eq!(
        said(&told(|_| ()), &silent),
        "alarm orders-dead-letters is in ALARM, but its actions are switched off, suppressed or muted"
    );
    let acts = Besides::Alarm { is_silent: false };
    assert!(said(&told(|_| ()), &acts).starts_with("rolling back"));
}

#[test]
fn only_an_alarm_that_may_roll_back_is_asked_whether_it_acts() {
    let now = at(600);
    let asks = |record: &Record, why: &Trigger| asks_whether_it_acts(record, why, now).is_some();
    let shifting = record().shifting(10);
    assert!(asks(&shifting, &told(|_| ())));
    assert!(
        !asks(&shifting, &told(|it| it.direct = true)),
        "its action has run"
    );
    assert!(!asks(
        &shifting,
        &told(|it| it.alarm = alarm("somebody-elses"))
    ));
    assert!(
        asks(&record().promoted(), &told(|_| ())),
        "within the guard"
    );
    let after_the_guard = at(200 + 3601);
    let (promoted, why) = (record().promoted(), told(|_| ()));
    assert_eq!(asks_whether_it_acts(&promoted, &why, after_the_guard), None);
    assert!(!asks(&shifting.rolling_back(), &told(|_| ())));
}
