use super::*;
use crate::fixtures::queue::{pair, record, target};

#[test]
fn a_record_of_every_phase_comes_back_from_dynamodb_as_it_went() {
    let found = pair()
        .dead_letters(3)
        .primary(|primary| primary.scaled(2, 9))
        .canary(|canary| canary.scaled(1, 4).held());
    for record in phases() {
        let record = record
            .of(target().constant_total().at_most(20))
            .having_found(&found);
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(&record).unwrap();
        assert_eq!(item["pair"], AttributeValue::S("orders/orders".to_owned()));
        let revision = AttributeValue::N(record.revision.to_string());
        assert_eq!(item["revision"], revision);
        let back: Record = serde_dynamo::from_item(item).unwrap();
        assert_eq!(back, record);
    }
}

#[test]
fn a_record_of_a_release_that_knew_no_load_balancer_is_still_read() {
    let mut item: serde_json::Value = serde_json::to_value(record().shifting(10)).unwrap();
    assert_eq!(item.get("weight"), None);
    assert_eq!(item["found"].get("alb"), None);
    item["found"]["alb"] = serde_json::Value::Null;
    let back = Record::read(item).unwrap();
    assert_eq!(back.weight(), weight(0));
}
