use canary::evidence::Counts;
use ratatui::backend::TestBackend;

use super::*;
use crate::{
    clock::Moment,
    story::{
        Cast, Compared, Evidence,
        fixture::{BEGAN, bad, cast, function, good, http, sets},
    },
    world::journal::What,
};

/// The plain lines of a rehearsal that is looked at every quarter of a second.
fn transcript(cast: Cast, entries: &[Entry]) -> String {
    let mut story = Story::new(cast, BEGAN);
    let mut lines = Lines::default();
    let mut out = Vec::new();
    let mut rest = entries;
    for quarter in 0..=300 {
        let now = Moment(BEGAN.0 + quarter * 250);
        let (new, later) = rest.split_at(rest.partition_point(|entry| entry.at <= now));
        for entry in new {
            story.add(entry);
        }
        story.until(now);
        print(&mut out, &lines.next(&story, new)).unwrap();
        rest = later;
    }
    String::from_utf8(out).unwrap()
}

fn until(entries: &[Entry], seconds: u64) -> Story {
    until_of(cast(), entries, seconds)
}

fn until_of(cast: Cast, entries: &[Entry], seconds: u64) -> Story {
    let end = Moment(BEGAN.0 + seconds * 1000);
    let mut story = Story::new(cast, BEGAN);
    for entry in entries.iter().filter(|entry| entry.at <= end) {
        story.add(entry);
    }
    story.until(end);
    story
}

fn screen(story: &Story, width: u16) -> String {
    let mut terminal = ratatui::Terminal::new(TestBackend::new(width, panel::HEIGHT)).unwrap();
    terminal
        .draw(|frame| panel::draw(frame, story, None, true))
        .unwrap();
    terminal.backend().to_string()
}

#[test]
fn a_rollback_reads_as_plain_lines() {
    insta::assert_snapshot!(transcript(cast(), &bad().0), @r#"
    +00:00  alarm orders-dead-letters   OK
    +00:00  orders                      tasks        desired 4, running v1 4
    +00:00  orders-canary               tasks        desired 1, running v1 1
    +00:01  note                                     pushed v2
    +00:02  orders-release              STARTED
    +00:02  Source/fetch                InProgress
    +00:02  Source/fetch                Succeeded    9b7c1e2 Ship v2
    +00:03  Build/build                 InProgress
    +00:05  Build/build                 Succeeded    image built
    +00:05  Canary/deploy-canary        InProgress   orders-canary: waiting for v2
    +00:08  orders-canary               tasks        desired 1, running v1 1, v2 1
    +00:10  orders-canary               tasks        desired 1, running v2 1
    +00:11  Canary/deploy-canary        InProgress   orders-canary: 1 of 1 task on v2, 1 still on v1
    +00:12  Canary/deploy-canary        Succeeded    orders-canary runs v2: 1 of 1 task
    +00:13  Canary/shift-weight         InProgress   starting
    +00:13  release record              Shifting     20 % of the work asked
    +00:18  Canary/shift-weight         InProgress   20 % asked, 20 % attained: 1 of 5 tasks; baking 4s of 10s
    +00:21  orders-dead-letters         depth        1 dead letter
    +00:25  alarm orders-dead-letters   ALARM        Threshold Crossed: 1 out of the last 1 datapoints [3.0 (02/10/26 17:05:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).
    +00:25  rollback                    invoked      by alarm
    +00:26  rollback                    changes      ecs:UpdateService service orders-canary, desiredCount 0, taskDefinition orders:7
    +00:26  rollback                    changes      codepipeline:StopPipelineExecution pipelineName orders-release, abandon true
    +00:26  orders-canary               tasks        desired 0, running v2 1
    +00:26  orders-dead-letters         depth        5 dead letters
    +00:26  Canary/shift-weight         Abandoned    20 % asked, 20 % attained: 1 of 5 tasks; baking 8s of 10s
    +00:26  orders-release              STOPPING
    +00:26  orders-release              STOPPED
    +00:27  rollback                    invoked      by events
    +00:27  orders-canary               tasks        desired 0, running none
    +00:29  rollback                    changes      ecs:UpdateService service orders-canary, desiredCount 1, taskDefinition orders:7
    +00:30  rollback                    changes      application-autoscaling:RegisterScalableTarget ResourceId service/main/orders-canary, DynamicScalingInSuspended false, DynamicScalingOutSuspended false
    +00:30  orders-canary               tasks        desired 1, running none
    +00:32  orders-canary               tasks        desired 1, running v1 1
    +00:45  note                                     dead letters sent back to the queue
    +00:45  orders-dead-letters         depth        no dead letters
    +00:47  alarm orders-dead-letters   OK           Threshold Crossed
    "#);
}

#[test]
fn a_summary_in_which_only_time_passes_is_written_once() {
    let transcript = transcript(cast(), &good().0);
    assert_eq!(
        transcript
            .matches("20 % asked, 20 % attained: 1 of 5")
            .count(),
        1
    );
    assert_eq!(
        transcript
            .matches("50 % asked, 50 % attained: 4 of 8")
            .count(),
        1
    );
}

#[test]
fn the_panel_shows_where_a_release_is() {
    insta::assert_snapshot!(screen(&until(&good().0, 35), 100), @r#"
    "── orders-release  v1 → v2  00:35  STARTED ──                                                       "
    " ✓ Source/fetch             00:00  9b7c1e2 Ship v2                                                  "
    " ✓ Build/build              00:02  image built                                                      "
    " ✓ Canary/deploy-canary     00:06  orders-canary runs v2: 1 of 1 task                               "
    " ● Canary/shift-weight      00:21  50 % asked, 50 % attained: 4 of 8 tasks; baking 7s of 12s        "
    "                                                                                                    "
    "                                                                                                    "
    "                                                                                                    "
    " tasks      orders               ■■■■ v1 4  (4 of 4 desired)                                        "
    " tasks      orders-canary        ■■■■ v2 4  (4 of 4 desired)                                        "
    " share      asked 50 %   attained 50 %   measured 46 %                                              "
    " evidence   –                                                                                       "
    " messages   ■ v1 12.6/s, 475 in all   ■ v2 8.4/s, 150 in all                                        "
    " queue      5 waiting, 4 in flight   dead letters 0                                                 "
    " alarms     orders-dead-letters OK                                                                  "
    " Ctrl-C ends the rehearsal and its tasks                                                            "
    "                                                                                                    "
    "#);
}

#[test]
fn the_panel_shows_a_rollback() {
    insta::assert_snapshot!(screen(&until(&bad().0, 28), 100), @r#"
    "── orders-release  v1 → v2  00:28  STOPPED ──                                                       "
    " ✓ Source/fetch             00:00  9b7c1e2 Ship v2                                                  "
    " ✓ Build/build              00:02  image built                                                      "
    " ✓ Canary/deploy-canary     00:06  orders-canary runs v2: 1 of 1 task                               "
    " ✕ Canary/shift-weight      00:13  Abandoned: 20 % asked, 20 % attained: 1 of 5 tasks; baking 8s of "
    "                                                                                                    "
    "                                                                                                    "
    "                                                                                                    "
    " tasks      orders               ■■■■ v1 4  (4 of 4 desired)                                        "
    " tasks      orders-canary        (0 of 0 desired)                                                   "
    " share      asked –   attained 0 %   measured 9 %                                                   "
    " evidence   –                                                                                       "
    " messages   ■ v1 12.6/s, 385 in all   ■ v2 1.0/s, 37 in all   20 failed                             "
    " queue      2 waiting, 4 in flight   dead letters 5                                                 "
    " alarms     orders-dead-letters ALARM                                                               "
    " Ctrl-C ends the rehearsal and its tasks                                                            "
    "                                                                                                    "
    "#);
}

/// Counts of both versions, compared.
fn compared(worse: f64, answer: &'static str) -> Evidence {
    let counts = |failures, attempts| Counts { attempts, failures };
    Evidence {
        answer,
        said: "Canary 5 of 100 failed".to_owned(),
        compared: Some(Compared {
            worse,
            as_good: 0.1,
            needed: 100.0,
            canary: counts(5, 100),
            primary: counts(9, 900),
        }),
        measured: None,
    }
}

#[test]
fn a_bar_shows_how_far_the_evidence_is_on_its_way_to_enough() {
    let mut story = until(&good().0, 35);
    let mut rows = Vec::new();
    let said = |said: &str| Evidence {
        said: said.to_owned(),
        compared: None,
        ..compared(1.0, "no evidence")
    };
    for (second, evidence) in [
        (
            36,
            said("No evidence yet: the first whole minute is settled at 17:07 UTC"),
        ),
        (37, compared(0.2, "not enough evidence")),
        (38, compared(10.0, "not enough evidence")),
        (39, compared(5982.0, "worse")),
    ] {
        let at = Moment(BEGAN.0 + second * 1000);
        story.evidence.push(at, Some(evidence));
        let screen = screen(&story, 100);
        let row = screen.lines().find(|row| row.contains("evidence   "));
        rows.push(row.unwrap().to_owned());
    }
    insta::assert_snapshot!(rows.join("\n"), @r#"
    " evidence   No evidence yet: the first whole minute is settled at 17:07 UTC                         "
    " evidence   ░░░░░░░░░░░░░░░░ 0.2 of 100  not enough evidence  failed ■ v2 5 of 100 ■ v1 9 of 900    "
    " evidence   ████████░░░░░░░░ 10 of 100  not enough evidence  failed ■ v2 5 of 100 ■ v1 9 of 900     "
    " evidence   ████████████████ 5982 of 100  worse  failed ■ v2 5 of 100 ■ v1 9 of 900                 "
    "#);
}

#[test]
fn another_answer_is_a_line_and_the_same_one_with_other_counts_is_none() {
    let mut story = until(&good().0, 35);
    let mut lines = Lines::default();
    let mut told = Vec::new();
    for (second, worse, answer) in [
        (36, 2.0, "not enough evidence"),
        (37, 12.0, "not enough evidence"),
        (38, 120.0, "worse"),
    ] {
        let at = Moment(BEGAN.0 + second * 1000);
        story.evidence.push(at, Some(compared(worse, answer)));
        let new = lines.next(&story, &[]);
        told.extend(new.into_iter().filter(|line| line.subject == "evidence"));
    }
    let tones: Vec<_> = told.iter().map(|line| line.tone).collect();
    assert_eq!(tones, [Tone::Plain, Tone::Bad]);
}

#[test]
fn a_narrow_panel_cuts_off_at_the_right() {
    let screen = screen(&until(&good().0, 35), 40);
    assert!(
        screen.lines().all(|line| line.chars().count() == 42),
        "{screen}"
    );
}

#[test]
fn events_scroll_above_the_panel() {
    let options = TerminalOptions {
        viewport: Viewport::Inline(panel::HEIGHT),
    };
    let backend = TestBackend::new(100, 30);
    let mut terminal = ratatui::Terminal::with_options(backend, options).unwrap();
    let entries = good().0;
    let story = until(&entries, 3);
    let lines = Lines::default().next(&story, &entries[..12]);
    show_panel(&mut terminal, false, &story, None, &lines).unwrap();
    let screen = terminal.backend().to_string();
    let event = screen
        .find("Source/fetch                InProgress")
        .unwrap();
    assert!(
        event < screen.find("── orders-release").unwrap(),
        "{screen}"
    );
}

#[test]
fn a_long_event_continues_below_its_text() {
    let entries = bad().0;
    let story = until(&entries, 26);
    let alarm: Vec<_> = entries
        .into_iter()
        .filter(|entry| matches!(entry.what, What::Alarm { .. }))
        .collect();
    let lines = Lines::default().next(&story, &alarm[1..2]);
    let rows: Vec<String> = styled(&lines[0], 90).iter().map(Line::to_string).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    +00:25  alarm orders-dead-letters   ALARM        Threshold Crossed: 1 out of the last 1
                                                     datapoints [3.0 (02/10/26 17:05:00)] was
                                                     greater than the threshold (0.0) (minimum
                                                     1 datapoint for OK -> ALARM transition).
    "#);
}

#[test]
fn without_colours_nothing_is_coloured() {
    let story = until(&bad().0, 28);
    let mut terminal = ratatui::Terminal::new(TestBackend::new(100, panel::HEIGHT)).unwrap();
    terminal
        .draw(|frame| panel::draw(frame, &story, None, false))
        .unwrap();
    let cells = terminal.backend().buffer().content();
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == ratatui::style::Color::Reset)
    );
}

#[test]
fn a_question_is_put_in_the_panel() {
    let story = until(&good().0, 45);
    let mut terminal = ratatui::Terminal::new(TestBackend::new(100, panel::HEIGHT)).unwrap();
    terminal
        .draw(|frame| panel::draw(frame, &story, Some("Promote v2 to service orders?"), false))
        .unwrap();
    let screen = terminal.backend().to_string();
    assert!(
        screen.contains("Promote v2 to service orders? y approves, n rejects"),
        "{screen}"
    );
}

#[test]
fn where_there_is_no_panel_its_figures_are_told_now_and_then() {
    let entries = good().0;
    let mut lines = Lines::default();
    assert!(lines.figures(&until(&entries, 20)).is_none());
    let figures = lines.figures(&until(&entries, 35)).unwrap();
    insta::assert_snapshot!(figures.text, @"share asked 50 % attained 50 % measured 46 %; evidence –; messages ■ v1 12.6/s, 475 in all ■ v2 8.4/s, 150 in all; queue 5 waiting, 4 in flight dead letters 0");
}

#[test]
fn behind_a_load_balancer_a_rollback_reads_as_plain_lines() {
    insta::assert_snapshot!(transcript(http::cast(), &http::bad().0), @r"
    +00:00  alarm orders-canary-5xx     OK
    +00:00  load balancer               weights      100 primary, 0 canary
    +00:00  orders                      tasks        desired 4, running v1 4
    +00:00  orders-canary               tasks        desired 1, running v1 1
    +00:00  targets of orders-primary   health       4 healthy
    +00:00  targets of orders-canary    health       1 healthy
    +00:01  note                                     pushed v2
    +00:02  orders-release              STARTED
    +00:02  Source/fetch                InProgress
    +00:02  Source/fetch                Succeeded    9b7c1e2 Ship v2
    +00:03  Build/build                 InProgress
    +00:05  Build/build                 Succeeded    image built
    +00:05  Canary/deploy-canary        InProgress   orders-canary: waiting for v2
    +00:08  orders-canary               tasks        desired 1, running v1 1, v2 1
    +00:08  targets of orders-canary    health       1 healthy, 1 initial
    +00:09  targets of orders-canary    health       2 healthy
    +00:10  orders-canary               tasks        desired 1, running v2 1
    +00:10  targets of orders-canary    health       1 healthy
    +00:11  Canary/deploy-canary        InProgress   orders-canary: 1 of 1 task on v2, 1 still on v1
    +00:12  Canary/deploy-canary        Succeeded    orders-canary runs v2: 1 of 1 task
    +00:13  Canary/shift-weight         InProgress   starting
    +00:13  release record              Shifting     20 % of the work asked
    +00:13  load balancer               weights      80 primary, 20 canary
    +00:18  Canary/shift-weight         InProgress   20 % asked, 20 % attained; baking 4s of 20s
    +00:24  targets of orders-canary    health       0 healthy, 1 unhealthy
    +00:25  alarm orders-canary-5xx     ALARM        Threshold Crossed: 23 > 5
    +00:25  rollback                    invoked      by alarm
    +00:26  rollback                    changes      elasticloadbalancing:ModifyRule RuleArn 5e6f, weights orders-primary 100, orders-canary 0
    +00:26  load balancer               weights      100 primary, 0 canary
    +00:26  rollback                    changes      codepipeline:StopPipelineExecution pipelineName orders-release, abandon true
    +00:26  Canary/shift-weight         Abandoned    20 % asked, 20 % attained
    +00:26  orders-release              STOPPING
    +00:26  orders-release              STOPPED
    +00:32  rollback                    changes      ecs:UpdateService service orders-canary, taskDefinition orders:7
    +00:33  orders-canary               tasks        desired 1, running v1 1, v2 1
    +00:33  targets of orders-canary    health       0 healthy, 1 initial, 1 unhealthy
    +00:35  targets of orders-canary    health       1 healthy
    +00:36  orders-canary               tasks        desired 1, running v1 1
    +00:47  alarm orders-canary-5xx     OK           Threshold Crossed
    ");
}

#[test]
fn behind_a_load_balancer_the_panel_shows_where_a_release_is() {
    let story = until_of(http::cast(), &http::good().0, 35);
    insta::assert_snapshot!(screen(&story, 100), @r#"
    "── orders-release  v1 → v2  00:35  STARTED ──                                                       "
    " ✓ Source/fetch             00:00  9b7c1e2 Ship v2                                                  "
    " ✓ Build/build              00:02  image built                                                      "
    " ✓ Canary/deploy-canary     00:06  orders-canary runs v2: 1 of 1 task                               "
    " ● Canary/shift-weight      00:21  50 % asked, 50 % attained; baking 7s of 12s                      "
    "                                                                                                    "
    "                                                                                                    "
    "                                                                                                    "
    " tasks      orders               ■■■■ v1 4  (4 of 4 desired)                                        "
    " tasks      orders-canary        ■■ v2 2  (2 of 2 desired)                                          "
    " share      asked 50 %   attained 50 %   measured 43 %                                              "
    " evidence   –                                                                                       "
    " requests   ■ v1 13.6/s, 574 in all   ■ v2 6.4/s, 126 in all                                        "
    " groups     primary weight 50, 4 of 4 healthy   canary weight 50, 2 of 2 healthy                    "
    " alarms     orders-canary-5xx OK                                                                    "
    " Ctrl-C ends the rehearsal and its tasks                                                            "
    "                                                                                                    "
    "#);
}

#[test]
fn behind_a_load_balancer_the_panel_shows_what_fails() {
    let story = until_of(http::cast(), &http::bad().0, 26);
    insta::assert_snapshot!(screen(&story, 100), @r#"
    "── orders-release  v1 → v2  00:26  STARTED ──                                                       "
    " ✓ Source/fetch             00:00  9b7c1e2 Ship v2                                                  "
    " ✓ Build/build              00:02  image built                                                      "
    " ✓ Canary/deploy-canary     00:06  orders-canary runs v2: 1 of 1 task                               "
    " ● Canary/shift-weight      00:12  20 % asked, 20 % attained; baking 11s of 20s                     "
    "                                                                                                    "
    "                                                                                                    "
    "                                                                                                    "
    " tasks      orders               ■■■■ v1 4  (4 of 4 desired)                                        "
    " tasks      orders-canary        ■ v2 1  (1 of 1 desired)                                           "
    " share      asked –   attained 0 %   measured 20 %                                                  "
    " evidence   –                                                                                       "
    " requests   ■ v1 16.0/s, 472 in all   ■ v2 4.0/s, 48 in all   24 failed   no task 2 failed          "
    " groups     primary weight 100, 4 of 4 healthy   canary weight 0, 0 of 1 healthy                    "
    " alarms     orders-canary-5xx ALARM                                                                 "
    " Ctrl-C ends the rehearsal and its tasks                                                            "
    "                                                                                                    "
    "#);
}

#[test]
fn weights_are_told_whenever_they_change_and_of_the_pairs_rule_only() {
    let transcript = transcript(http::cast(), &http::good().0);
    let told: Vec<_> = transcript
        .lines()
        .filter(|line| line.contains("load balancer"))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    +00:00  load balancer               weights      100 primary, 0 canary
    +00:13  load balancer               weights      80 primary, 20 canary
    +00:27  load balancer               weights      50 primary, 50 canary
    +00:58  load balancer               weights      75 primary, 25 canary
    +01:00  load balancer               weights      100 primary, 0 canary
    ");
    let story = until_of(http::cast(), &http::good().0, 1);
    let other = [("invoices".to_owned(), 1), ("orders-canary".to_owned(), 2)];
    assert_eq!(work::weights_text(&story, &other), None);
}

#[test]
fn behind_a_load_balancer_nothing_is_said_of_queues_and_messages() {
    for entries in [http::good().0, http::bad().0] {
        let story = until_of(http::cast(), &entries, 58);
        let shown = transcript(http::cast(), &entries) + &screen(&story, 120);
        for word in ["message", "queue", "dead letter"] {
            assert!(!shown.contains(word), "{word}: {shown}");
        }
    }
}

#[test]
fn of_a_function_the_panel_shows_what_is_behind_its_alias() {
    let story = until_of(function::cast(), &function::good().0, 30);
    let screen = screen(&story, 100);
    for row in [
        "live   ■■■■■■■■■■ v1 50 %  ■■■■■■■■■■ v2 50 %",
        "v1 is version 1   v2 is version 2",
    ] {
        assert!(screen.contains(row), "{screen}");
    }
    let plain = transcript(function::cast(), &function::bad().0);
    let back = "+00:40  alias orders:live           weights      100 % version 1 (v1)";
    assert!(plain.contains(back), "{plain}");
}

#[test]
fn of_task_sets_the_panel_shows_scale_tasks_group_and_which_one_is_primary() {
    let story = until_of(sets::cast(), &sets::good().0, 30);
    let screen = screen(&story, 140);
    for row in [
        "orders               ■■■■ v1 4  ■■ v2 2  (6 of 4 desired)",
        "■ PRIMARY v1 100 %, 4 of 4 tasks in orders-blue   ■ ACTIVE v2 37.5 %, 2 of 2 tasks in orders-green",
        "orders-blue weight 50, 0 of 0 healthy   orders-green weight 50",
    ] {
        assert!(screen.contains(row), "{screen}");
    }
    let plain = transcript(sets::cast(), &sets::good().0);
    for line in [
        "load balancer               weights      90 orders-blue, 10 orders-green",
        "task sets of orders         scales       ACTIVE v1 0 %, 0 of 0 tasks in orders-blue; PRIMARY v2 100 %, 4 of 4 tasks in orders-green",
    ] {
        assert!(plain.contains(line), "{plain}");
    }
}
