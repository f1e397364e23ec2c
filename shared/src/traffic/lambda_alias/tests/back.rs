use super::*;
use crate::known::Unseen;

const BACK: Goal = Goal::AsFound { fenced: true };

fn stops(release: &Told) -> Vec<String> {
    let nothing = Told {
        seen: Seen {
            alias: Known::nothing(),
            ..seen(routing(0))
        },
        model: release.model.clone(),
        id: release.id.clone(),
        found: release.found.clone(),
        set: release.set.clone(),
        ..told(0)
    };
    let stop = release.model.stop(nothing.view()).into_iter();
    stop.map(|change| match change {
        Change::Route { to, revision, .. } => format!("{to} if at {revision}"),
        other => other.to_string(),
    })
    .collect()
}

#[test]
fn the_stopping_call_needs_nothing_to_be_looked_at_and_writes_over_nobody() {
    assert_eq!(stops(&told(50)), ["version 7 if at a1"]);
    assert!(stops(&told(0)).is_empty(), "the alias was never written");
}

#[test]
fn a_rollback_is_over_once_no_invocation_of_the_candidate_can_go_on() {
    let mut release = told(50);
    assert_eq!(
        release.toward(BACK),
        format!(
            "rollback of release {} goes on [alias orders:live sends its invocations to version 7]",
            release.id
        )
    );
    release.seen = seen(routing(0));
    release = release.noting(BACK);
    assert_eq!(release.set.back_since, Some(now()));
    let told = release.toward(BACK);
    assert!(
        told.starts_with(
            "waits: alias orders:live is as found; invocations of version 8 may go on until"
        ) && told.ends_with("(its timeout is 30 s)"),
        "{told}"
    );
    release.now = now() + Duration::from_secs(30);
    assert_eq!(release.toward(BACK), "as found");
    // A call that was under way arrives late.
    release.seen = seen(routing(50));
    assert!(release.toward(BACK).ends_with("version 7]"));
    release = release.noting(BACK);
    assert_eq!(release.set.back_since, None, "its time begins again");
}

#[test]
fn a_rollback_of_a_candidate_without_a_share_has_nothing_to_wait_for() {
    assert_eq!(told(0).toward(BACK), "as found");
    let told = told(0).toward(Goal::AsFound { fenced: false });
    assert!(told.starts_with("waits: rollback of release"), "{told}");
}

#[test]
fn what_somebody_else_has_written_is_left_and_told() {
    let mut release = told(50);
    release.seen = seen(Routing::all(version("9")));
    assert_eq!(
        release.toward(BACK),
        "as found somebody else has changed alias orders:live: it sends its invocations to version 9, and that is left"
    );
    release.seen.alias = Known::Gone;
    assert_eq!(
        release.toward(BACK),
        "as found alias orders:live does not exist any more"
    );
}

#[test]
fn an_alias_that_cannot_be_seen_is_waited_for() {
    let mut release = told(50);
    release.seen.alias = Known::Unknown(Unseen {
        why: "the function's role may not call lambda:GetAlias".to_owned(),
        is_passing: false,
        error: None,
    });
    let told = release.toward(BACK);
    assert!(
        told.starts_with("waits: rolling back, not everything can be seen: the function's role may not call lambda:GetAlias"),
        "{told}"
    );
}

#[test]
fn people_are_told_what_is_put_back() {
    let release = told(50);
    assert_eq!(
        release.model.restores(release.view()),
        ["alias orders:live: everything to version 7"]
    );
    let in_full = crate::parts::body::Part::of(&release.found);
    assert_eq!(
        release.model.by_hand(&[], &in_full, "releases"),
        [
            "",
            "To send everything back by hand:",
            "  aws lambda update-alias --function-name orders --name live --function-version 7 --routing-config \
             AdditionalVersionWeights={}"
        ]
    );
}
