use super::*;
use crate::{
    fixtures::{http_target, second_rule},
    target::Target,
};

fn at(target: &Target) -> At<'_> {
    At {
        place: &target.alb().unwrap().place,
        within: "traffic.alb",
        groups: ["primaryTargetGroup", "canaryTargetGroup"],
    }
}

#[test]
fn a_message_names_the_field_of_the_target_that_is_meant() {
    let one = http_target();
    assert_eq!(field(at(&one), &rule()), "traffic.alb.rule");
    let two = http_target().of_two_rules();
    assert_eq!(field(at(&two), &second_rule()), "traffic.alb.rules[1]");
}
