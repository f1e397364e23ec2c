use super::*;
use crate::fixtures::{http_target, second_rule};

#[test]
fn a_message_names_the_field_of_the_target_that_is_meant() {
    let one = http_target();
    assert_eq!(
        field(&one.alb().unwrap().place, &rule()),
        "traffic.alb.rule"
    );
    let two = http_target().of_two_rules();
    assert_eq!(
        field(&two.alb().unwrap().place, &second_rule()),
        "traffic.alb.rules[1]"
    );
}
