use serde_json::json;

use super::*;
use crate::parts::gate::{Gate, When};

/// A release whose candidate is not published yet.
fn unpublished(latest: Function, newest: Function) -> Told {
    let published = Published {
        latest,
        version: Some(newest),
    };
    Told {
        set: Set {
            candidate: Some(Candidate::of(package())),
            ..Set::default()
        },
        seen: Seen {
            published: Known::Known(Some(published)),
            ..seen(routing(0))
        },
        ..told(0)
    }
}

fn newest() -> Function {
    function("7", "old")
}

#[test]
fn a_package_is_put_there_published_and_waited_for() {
    let old = function(LATEST, "old");
    let mut release = unpublished(old.clone(), newest());
    assert_eq!(
        release.toward(Goal::Placed),
        "giving function orders the code of package orders/17 (bucket artifacts) [function orders has the code of package orders/17 \
         (bucket artifacts)]"
    );
    release = release.noting(Goal::Placed);
    let mut seeing = |latest: Function, version: Function| {
        release.seen.published = Known::Known(Some(Published {
            latest,
            version: Some(version),
        }));
        release.toward(Goal::Placed)
    };
    let updating = Function {
        update: State::Pending,
        ..function(LATEST, "new")
    };
    assert_eq!(
        seeing(updating, newest()),
        "waits: waiting for function orders to take the code over"
    );
    let new = function(LATEST, "new");
    assert_eq!(
        seeing(new.clone(), newest()),
        format!(
            "publishing function orders [function orders is published for release {}]",
            super::release()
        )
    );
    let pending = Function {
        state: State::Pending,
        ..function("8", "new")
    };
    assert_eq!(
        seeing(new.clone(), pending),
        "waits: version 8 of function orders is published, waiting for it to become active"
    );
    assert_eq!(
        seeing(new, function("8", "new")),
        "version 8 of function orders is the candidate []"
    );
}

#[test]
fn code_that_somebody_else_puts_there_meanwhile_is_not_replaced() {
    let mut release = unpublished(function(LATEST, "old"), newest()).noting(Goal::Placed);
    let published = |code: &str| {
        Known::Known(Some(Published {
            latest: function(LATEST, code),
            version: Some(newest()),
        }))
    };
    release.seen.published = published("old");
    assert!(
        release.toward(Goal::Placed).starts_with("giving function"),
        "the call was lost"
    );
    release.seen.published = published("theirs");
    let told = release.toward(Goal::Placed);
    assert!(
        told.starts_with("refused: somebody else has changed the code of function orders"),
        "{told}"
    );
}

#[test]
fn what_lambda_cannot_take_over_is_told_in_its_words() {
    let failed = Function {
        update: State::Failed("KMS key is disabled".to_owned()),
        ..function(LATEST, "old")
    };
    let begun = unpublished(failed.clone(), newest());
    assert!(
        begun.toward(Goal::Placed).starts_with("giving"),
        "an earlier update has failed"
    );
    let mut release = unpublished(function(LATEST, "old"), newest()).noting(Goal::Placed);
    release.seen.published = Known::Known(Some(Published {
        latest: failed,
        version: Some(newest()),
    }));
    assert_eq!(
        release.toward(Goal::Placed),
        "refused: giving function orders the candidate's code failed: KMS key is disabled"
    );
}

#[test]
fn a_version_with_the_code_and_the_settings_is_not_published_again() {
    let other_settings = Function {
        settings: settings("256 MB"),
        ..function(LATEST, "new")
    };
    let release = unpublished(function(LATEST, "new"), function("8", "new"));
    assert!(release.toward(Goal::Placed).starts_with("version 8"));
    let release = unpublished(other_settings, function("8", "new"));
    assert!(release.toward(Goal::Placed).starts_with("publishing"));
}

#[test]
fn a_share_is_one_call_and_counts_once_it_is_seen() {
    let mut release = told(10);
    assert_eq!(
        release.toward(share(50)),
        "50 % asked: alias orders:live sends its invocations to version 7, 50 % to version 8 [alias orders:live sends its invocations to \
         version 7, 50 % to version 8]"
    );
    release = release.noting(share(50));
    release.asked = Some(weight(50));
    assert!(
        release.toward(share(50)).ends_with("to version 8]"),
        "until it is seen it is sent again"
    );
    release.seen = seen(routing(50));
    assert_eq!(
        release.toward(share(50)),
        "50 % asked, 50 % attained: weight 50 of 100 set; who gets an invocation is chance, so what is measured differs []"
    );
    release = release.noting(share(50));
    assert_eq!(release.toward(share(50)), "50 % attained: weight 50 of 100");
    release.seen.provisioned = Known::Known(Some(Provisioned {
        requested: 4,
        available: 3,
        state: State::Pending,
    }));
    assert!(
        release
            .toward(share(50))
            .starts_with("waits: alias orders:live: 3 of 4 instances")
    );
}

#[test]
fn half_a_percent_is_a_weight() {
    let mut release = told(0);
    release.set.routing = None;
    let half = Goal::Share {
        asked: Weight::try_from(0.5).unwrap(),
        tolerance: None,
    };
    let told = release.toward(half);
    assert!(told.ends_with("version 7, 0.5 % to version 8]"), "{told}");
    let Err(Short::Change { changes, .. }) = release.model.toward(half, release.view()) else {
        panic!("a change");
    };
    let [Change::Route { to, revision, .. }] = &changes[..] else {
        panic!("one call");
    };
    assert!((to.share(&version("8")) - 0.005).abs() < 1e-12);
    assert_eq!(revision, "a1", "if nobody else writes it first");
}

#[test]
fn whatever_else_is_behind_the_alias_closes_the_gate() {
    let closed = |release: &Told| release.model.closed(When::Action, release.view());
    let mut release = told(10);
    assert_eq!(closed(&release), None);
    for routing in [routing(0), routing(11), Routing::all(version("8"))] {
        release.seen = seen(routing);
        let (gate, why) = closed(&release).expect("it is somebody else's");
        assert_eq!(gate, Gate::ForeignWrite);
        assert_eq!(LambdaAlias::changed(&why), Some("orders:live"));
        assert!(
            why.to_string()
                .starts_with("somebody else has changed alias orders:live"),
            "{why}"
        );
    }
    // Between the record and the call both are the release's.
    let mut release = told(10).noting(share(50));
    for percent in [10, 50] {
        release.seen = seen(routing(percent));
        assert_eq!(closed(&release), None, "{percent}");
    }
}

#[test]
fn a_promotion_is_one_call_that_takes_the_weights_away() {
    let goal = Goal::Promoted {
        drain: crate::weight::Drain::default(),
        over: false,
    };
    let mut release = told(50);
    assert_eq!(
        release.toward(goal),
        "promoting: alias orders:live sends everything to version 8 [alias orders:live sends its invocations to version 8]"
    );
    release = release.noting(goal);
    release.seen = seen(Routing::all(version("8")));
    release = release.noting(goal);
    assert_eq!(
        release.toward(goal),
        "alias orders:live sends everything to version 8"
    );
}

#[test]
fn where_a_candidate_comes_from_is_stored_by_its_kind() {
    let package = json!({ "package": { "at": { "bucket": "artifacts", "key": "orders/17" }, "sha256": "new" } });
    let image = json!({ "image": { "image": "orders:v2", "digest": "sha256:ab" } });
    let published = json!({ "published": { "version": "8" } });
    for (stored, told) in [
        (package, "package orders/17 (bucket artifacts)"),
        (image, "image orders:v2"),
        (published, "version 8"),
    ] {
        let source: Source = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(source.to_string(), told);
        assert_eq!(serde_json::to_value(&source).unwrap(), stored);
    }
}
