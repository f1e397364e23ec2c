use super::*;

fn moment(text: &str) -> Timestamp {
    Timestamp::read(&format!("{text}:00Z")).expect("a time")
}

fn action(schedule: &str) -> ScheduledAction {
    ScheduledAction {
        name: "scale-up".to_owned(),
        schedule: schedule.to_owned(),
        zone: None,
        start: None,
        end: None,
    }
}

fn window(after: &str, until: &str) -> Window {
    Window {
        after: moment(after),
        until: moment(until),
    }
}

/// The days of a release: Friday, 2 October 2026, from 7:30 to 9:00.
fn release() -> Window {
    window("2026-10-02T07:30", "2026-10-02T09:00")
}

/// `No`, `Perhaps` or when.
fn told(due: Due) -> String {
    match due {
        Due::At(moment) => moment.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn schedules_of_the_user_guide_are_due_when_it_says() {
    for (schedule, expected) in [
        ("at(2026-10-02T08:00:00)", "2026-10-02T08:00:00Z"),
        ("at(2026-10-02T09:00:00)", "2026-10-02T09:00:00Z"),
        ("at(2026-10-02T07:30:00)", "No"),
        ("at(2026-10-02T09:00:01)", "No"),
        ("cron(0 8 * * ? *)", "2026-10-02T08:00:00Z"),
        ("cron(0 10 * * ? *)", "No"),
        ("cron(15 12 * * ? *)", "No"),
        ("cron(0 8 ? * MON-FRI *)", "2026-10-02T08:00:00Z"),
        ("cron(0 8 ? * mon-thu *)", "No"),
        ("cron(0 8 1 * ? *)", "No"),
        ("cron(0 8 2 * ? *)", "2026-10-02T08:00:00Z"),
        ("cron(0/15 * * * ? *)", "2026-10-02T09:00:00Z"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-10-02T09:00:00Z"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-10-02T09:00:00Z"),
        ("cron(0/5 8 ? * MON-FRI *)", "2026-10-02T08:55:00Z"),
        ("cron(30 6,8 * OCT ? 2026-2027)", "2026-10-02T08:30:00Z"),
        ("cron(30 8 * * ? 2027)", "No"),
        ("cron(0 8 ? * 6 *)", "2026-10-02T08:00:00Z"),
    ] {
        assert_eq!(
            told(action(schedule).due(release())),
            expected,
            "{schedule}"
        );
    }
}

#[test]
fn of_a_release_that_lasts_for_days_the_last_time_counts() {
    let days = window("2026-10-02T07:30", "2026-10-05T07:59");
    for (schedule, expected) in [
        ("cron(0 8 * * ? *)", "2026-10-04T08:00:00Z"),
        ("cron(0 8 ? * MON-FRI *)", "2026-10-02T08:00:00Z"),
        ("cron(59 7 ? * MON *)", "2026-10-05T07:59:00Z"),
        ("cron(0 8 ? * THU *)", "No"),
    ] {
        assert_eq!(told(action(schedule).due(days)), expected, "{schedule}");
    }
}

#[test]
fn a_rate_is_due_in_step_with_its_start_if_that_is_known() {
    let since = |start: &str, schedule: &str| {
        let start = Some(moment(start));
        told(
            ScheduledAction {
                start,
                ..action(schedule)
            }
            .due(release()),
        )
    };
    assert_eq!(
        since("2026-10-01T08:15", "rate(1 day)"),
        "2026-10-02T08:15:00Z"
    );
    assert_eq!(
        since("2026-10-02T06:40", "rate(30 minutes)"),
        "2026-10-02T08:40:00Z"
    );
    assert_eq!(since("2026-10-02T07:15", "rate(2 hours)"), "No");
    assert_eq!(
        since("2026-10-02T08:15", "rate(2 hours)"),
        "2026-10-02T08:15:00Z"
    );
    assert_eq!(since("2026-10-03T08:15", "rate(2 hours)"), "No");
    assert_eq!(told(action("rate(1 day)").due(release())), "Perhaps");
}

#[test]
fn start_and_end_bound_what_recurs_and_the_start_is_a_time_too() {
    let bounded = |start: Option<&str>, end: Option<&str>, schedule: &str| {
        let (start, end) = (start.map(moment), end.map(moment));
        told(
            ScheduledAction {
                start,
                end,
                ..action(schedule)
            }
            .due(release()),
        )
    };
    let daily = "cron(0 8 * * ? *)";
    assert_eq!(bounded(None, Some("2026-10-02T07:59"), daily), "No");
    assert_eq!(
        bounded(None, Some("2026-10-02T08:00"), daily),
        "2026-10-02T08:00:00Z"
    );
    assert_eq!(
        bounded(Some("2026-10-02T08:30"), None, daily),
        "2026-10-02T08:30:00Z"
    );
    assert_eq!(bounded(Some("2026-10-03T00:00"), None, daily), "No");
    assert_eq!(
        bounded(Some("2026-10-02T07:45"), None, daily),
        "2026-10-02T08:00:00Z"
    );
    assert_eq!(
        bounded(None, Some("2026-10-01T00:00"), "rate(1 hour)"),
        "No"
    );
    assert_eq!(
        bounded(None, Some("2026-10-01T00:00"), "cron(0 8 L * ? *)"),
        "No"
    );
    assert_eq!(
        bounded(Some("2026-10-03T00:00"), None, "cron(0 8 L * ? *)"),
        "No"
    );
}

#[test]
fn in_other_time_zones_it_may_have_been_due_if_it_was_somewhere() {
    let berlin = |schedule: &str| {
        let zone = Some("Europe/Berlin".to_owned());
        told(
            ScheduledAction {
                zone,
                ..action(schedule)
            }
            .due(release()),
        )
    };
    assert_eq!(berlin("at(2026-10-02T10:00:00)"), "Perhaps");
    assert_eq!(berlin("at(2026-10-02T23:00:00)"), "Perhaps");
    assert_eq!(berlin("at(2026-10-02T23:00:01)"), "No");
    assert_eq!(berlin("at(2026-10-01T19:30:00)"), "No");
    assert_eq!(berlin("cron(0 10 * * ? *)"), "Perhaps");
    assert_eq!(berlin("cron(0 10 ? * SUN *)"), "No");
    let utc = ScheduledAction {
        zone: Some("Etc/UTC".to_owned()),
        ..action("cron(0 8 * * ? *)")
    };
    assert_eq!(told(utc.due(release())), "2026-10-02T08:00:00Z");
}

#[test]
fn of_schedules_that_are_not_known_it_may_have_been_due() {
    for schedule in [
        "cron(0 8 L * ? *)",
        "cron(0 8 ? * 6#1 *)",
        "cron(0 8 15W * ? *)",
        "cron(0 8 ? * FRI-MON *)",
        "cron(0 8 * * *)",
        "cron(0/0 8 * * ? *)",
        "cron(0 24 * * ? *)",
        "rate(0 minutes)",
        "rate(1 week)",
        "at(tomorrow)",
        "",
    ] {
        assert_eq!(action(schedule).due(release()), Due::Perhaps, "{schedule}");
    }
}

#[test]
fn at_most_five_are_named() {
    let orders = "orders";
    let due = |many: usize| {
        let actions = (1..=many).map(|n| {
            let name = format!("scale-up-{n}");
            (
                orders,
                ScheduledAction {
                    name,
                    ..action("at(2026-10-02T08:00:00)")
                },
            )
        });
        missed(&actions.collect::<Vec<_>>(), release())
    };
    let named = "scheduled action scale-up-1 of orders was due at 2026-10-02T08:00:00Z while its scaling was suspended; AWS does \
                 not make up for it";
    assert_eq!(due(0), [""; 0]);
    assert_eq!(due(1), [named]);
    assert_eq!(due(5).len(), 5);
    assert_eq!(due(6)[5], "the same goes for 1 more scheduled action");
    assert_eq!(due(9)[5], "the same goes for 4 more scheduled actions");
    let perhaps = [(orders, action("rate(1 day)"))];
    assert_eq!(
        missed(&perhaps, release()),
        [
            "scheduled action scale-up of orders may have been due while its scaling was suspended; AWS does not make up for it"
        ]
    );
}
