use super::*;
use crate::{
    fixtures::{found, http_record_of, pair, rule, second_rule},
    parts::{
        pair::{self, Kept, Which},
        release::Missing,
        rules::Rest,
    },
};

/// Being rolled back after its promotion, with something that AWS refuses.
fn refused(release: &Record) -> Record {
    let missing = release.clone().promoted().rolling_back();
    let mut missing = missing.setting(|set: &mut pair::Set| {
        set.restoring.kept = Kept::default().with(Which::Primary, &pair().primary);
        set.restoring.forced = set.restoring.forced.again(Which::Canary);
    });
    let Phase::RollingBack(rolling_back) = &mut missing.phase else {
        panic!("it is rolled back")
    };
    rolling_back.missing = vec![Missing {
        what: "orders runs orders:7".to_owned(),
        why: "INACTIVE".to_owned(),
        since: at(410),
        told: at(420),
    }];
    missing
}

/// One of everything that this version stores.
fn present() -> Vec<(&'static str, Record)> {
    let counts = |canary| Counts { primary: 3, canary };
    let alb = http_record_of(&[rule(), second_rule()])
        .shifting(10)
        .finding_rules(|rules| rules.forwards[1] = found(&second_rule(), 300, true));
    let rest = Rest {
        groups: [("arn:of:beta".to_owned(), 10)].into(),
        sticky_seconds: Some(3600),
    };
    let sticky = alb.clone();
    let sticky = sticky.finding_rules(|rules| rules.forwards[0].rest = Some(rest));
    let mut long = alb.clone().rolling_back();
    let Phase::RollingBack(rolling_back) = &mut long.phase else {
        panic!("it is rolled back")
    };
    rolling_back.told = Some(at(1020));
    vec![
        ("rolling-back-missing", refused(&alb)),
        ("rolling-back-long", long),
        (
            "shifting-alb",
            alb.clone()
                .set_weight(0, 10, at(500))
                .counting(counts(1), counts(1), at(490))
                .counted(counts(1)),
        ),
        ("shifting-alb-sticky", sticky),
        (
            "rolling-back-alb",
            alb.set_weight(10, 0, at(500))
                .live_since(at(510))
                .rolling_back(),
        ),
    ]
}

#[test]
fn what_this_version_stores_are_its_golden_records() {
    assert_golden("alb", present());
}
