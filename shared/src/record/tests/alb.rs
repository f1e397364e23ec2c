use super::*;
use crate::fixtures::{DRAIN_SECONDS, found, http_record_of, http_target, rule, second_rule};

#[test]
fn a_record_with_weights_comes_back_from_dynamodb_as_it_went() {
    let record = http_record_of(&[rule(), second_rule()])
        .shifting(10)
        .finding_rules(|rules| rules.forwards[1] = found(&second_rule(), 300, true));
    for record in [
        record.clone(),
        record.clone().set_weight(0, 10, at(500)),
        record
            .clone()
            .set_weight(10, 0, at(500))
            .live_since(at(510)),
        record.set_weight(10, 0, at(500)).rolling_back(),
    ] {
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&record).unwrap();
        let back: Record = serde_dynamo::from_item(item).unwrap();
        assert_eq!(back, record);
    }
}

#[test]
fn a_new_attempt_knows_no_weight_of_the_one_before() {
    let before = http_record_of(&[rule()])
        .set_weight(10, 0, at(300))
        .rolled_back();
    let phase = record().phase;
    let again = Record::begin(
        Some(&before),
        before.release.clone(),
        http_target(),
        before.item.clone(),
        Body {
            found: before.body.found.clone(),
            ..record().body
        },
        phase,
        at(900),
    );
    assert_eq!((again.weight_set(), again.weight()), (None, weight(0)));
    assert_eq!(again.found_rules().drain_seconds, DRAIN_SECONDS);
}
