use super::*;
use crate::{
    fixtures::{pair, scaling},
    parts::pair::Suspended,
};

#[test]
fn behind_a_load_balancer_the_primary_loses_no_task_and_may_get_more() {
    let found = FoundService::of(&pair().primary).expect("a deployment");
    let to_hold = |change: fn(Service) -> Service| {
        let primary = change(pair().primary);
        Hold::Tasks.missing(&primary, &found)
    };
    let held = |min, max, scale_out| {
        Some(ScalableTarget {
            suspended: Suspended {
                scale_in: true,
                scheduled: true,
                scale_out,
            },
            ..scaling(min, max)
        })
    };
    assert_eq!(to_hold(|primary| primary), None);
    assert_eq!(to_hold(|primary| primary.scaled(2, 9)), held(2, 9, false));
    assert_eq!(
        to_hold(|primary| primary.tasks(1).scaled(2, 9)),
        held(1, 9, false),
        "a count below the bounds is not pulled up"
    );
    assert_eq!(
        to_hold(|primary| primary.tasks(12).scaled(2, 9)),
        held(2, 12, false),
        "a count above the bounds is not pulled down"
    );
    assert_eq!(
        to_hold(|primary| primary.scaled(2, 9).held()),
        None,
        "what the user had suspended stays"
    );
    let mut partly = pair().primary.scaled(2, 9);
    partly.scaling.as_mut().unwrap().suspended.scale_out = true;
    assert_eq!(Hold::Tasks.missing(&partly, &found), held(2, 9, true));
    assert_eq!(Hold::Floor.missing(&partly, &found), None);
}
