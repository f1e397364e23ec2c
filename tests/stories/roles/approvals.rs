//! A pipeline in which people decide twice, and what rollback may answer of it.

use rehearsal_core::stage::{self, ROLLBACK};
use serde_json::json;

use super::{Deployed, judged::may, texts};

fn names(deployed: &Deployed) -> Vec<&str> {
    let actions = texts::actions(deployed);
    let mut ordered: Vec<_> = actions
        .map(|it| {
            (
                it["RunOrder"].as_i64(),
                it["Name"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    ordered.sort_unstable();
    ordered.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn people_decide_twice_and_what_is_promoted_is_what_the_second_was_given_to_read() {
    let deployed = Deployed::task_sets(&[]);
    let expected = [
        "deploy-canary",
        "shift-weight",
        "Approval",
        "shift-weight-further",
        "Approval-to-promote",
        "promote-primary",
    ];
    assert_eq!(names(&deployed), expected);
    let configured = |deployed: &Deployed, action: &str, member: &str| {
        let mut actions = texts::actions(deployed);
        let action = actions.find(|it| it["Name"] == action).expect("an action");
        let text = action["Configuration"][member].as_str();
        text.unwrap_or_default().to_owned()
    };
    let asked = |action| configured(&deployed, action, "CustomData");
    assert!(asked("Approval").starts_with(
        "Go on with #{Deploy.Image} for orders? Next: [{\"weight\":50,\"bakeMinutes\":10}]. Verdict: #{Shift.Verdict}."
    ));
    assert!(
        asked("Approval-to-promote")
            .starts_with("Promote #{Deploy.Image} to orders? Verdict: #{ShiftFurther.Verdict}.")
    );
    let shown = configured(&deployed, "promote-primary", "UserParameters");
    assert!(
        shown.contains("\"shown\":\"#{ShiftFurther.Digest}\""),
        "{shown}"
    );

    let once = Deployed::task_sets(&[("FurtherSteps", "")]);
    assert_eq!(
        names(&once),
        [
            "deploy-canary",
            "shift-weight",
            "Approval",
            "promote-primary"
        ]
    );
    assert!(
        configured(&once, "Approval", "CustomData")
            .starts_with("Promote #{Deploy.Image} to orders?")
    );
    let shown = configured(&once, "promote-primary", "UserParameters");
    assert!(shown.contains("\"shown\":\"#{Shift.Digest}\""), "{shown}");
}

#[test]
fn rollback_may_answer_the_approvals_of_the_release_and_no_others() {
    for (parameters, second) in [(&[][..], true), (&[("FurtherSteps", "")], false)] {
        let mut deployed = Deployed::task_sets(parameters);
        for (stage, action, is_its_own) in [
            ("Canary", "Approval", true),
            ("Canary", "Approval-to-promote", second),
            ("Canary", "Budget", false),
            ("Production", "Approval", false),
        ] {
            let input = json!({ "pipelineName": stage::PIPELINE, "stageName": stage, "actionName": action });
            let operation = "PutApprovalResult";
            let may = may(
                &mut deployed.world,
                ROLLBACK,
                "codepipeline",
                operation,
                &input,
            );
            assert_eq!(may, is_its_own, "{stage}/{action}");
        }
    }
}
