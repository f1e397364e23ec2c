use super::*;
use crate::world::Identity;

fn account() -> (World, String) {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_960_680_989), 1);
    let arn = create_topic(&mut world, "orders", &Map::new()).unwrap();
    (world, arn)
}

fn person() -> Principal {
    Principal("person".to_owned())
}

fn published(world: &mut World, input: &Value) -> Result<Value, Fault> {
    call(world, "Publish", input, &person())
}

fn refusal(world: &mut World, input: &Value) -> String {
    let fault = published(world, input).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("InvalidParameterException", 400)
    );
    fault.message
}

fn last_note(world: &World) -> &What {
    &world.journal.last().unwrap().what
}

#[test]
fn what_is_published_is_kept_and_noted() {
    let (mut world, topic) = account();
    subscribe(&mut world, &topic, "email", "ops@example.com").unwrap();
    assert_eq!(readers(&world, &topic), ["ops@example.com"]);
    let input = json!({ "TopicArn": topic, "Subject": "orders: all well", "Message": "Yes." });
    let answer = published(&mut world, &input).unwrap();
    assert!(answer["MessageId"].is_string());
    let kept = &world.sns.published[0];
    assert_eq!(kept.subject.as_deref(), Some("orders: all well"));
    assert_eq!((kept.message.as_str(), kept.at), ("Yes.", world.now));
    assert!(matches!(
        last_note(&world),
        What::Notified { subject, .. } if subject == "orders: all well"
    ));
}

#[test]
fn a_subject_is_one_line_of_at_most_a_hundred_characters() {
    let (mut world, topic) = account();
    let mut publish = |subject: &str| {
        let input = json!({ "TopicArn": topic, "Subject": subject, "Message": "m" });
        published(&mut world, &input)
    };
    assert!(publish(&"s".repeat(100)).is_ok());
    for bad in ["", "two\nlines", &"s".repeat(101)] {
        let fault = publish(bad).unwrap_err();
        assert_eq!(fault.message, "Invalid parameter: Subject", "{bad:?}");
    }
}

#[test]
fn a_message_is_there_and_fits_in_256_kib() {
    let (mut world, topic) = account();
    let empty = json!({ "TopicArn": topic, "Message": "" });
    assert_eq!(
        refusal(&mut world, &empty),
        "Invalid parameter: Empty message"
    );
    let long = json!({ "TopicArn": topic, "Message": "m".repeat(262_145) });
    assert_eq!(
        refusal(&mut world, &long),
        "Invalid parameter: Message too long"
    );
}

#[test]
fn a_topic_that_does_not_exist_is_not_found() {
    let (mut world, topic) = account();
    let nobody = json!({ "TopicArn": format!("{topic}-2"), "Message": "m" });
    let fault = published(&mut world, &nobody).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("NotFoundException", 404)
    );
    let none = json!({ "TopicArn": "orders", "Message": "m" });
    assert_eq!(refusal(&mut world, &none), "Invalid parameter: TopicArn");
}

#[test]
fn what_the_account_does_not_have_is_refused_by_name() {
    let (mut world, topic) = account();
    let number = json!({ "PhoneNumber": "+1", "Message": "m" });
    assert!(refusal(&mut world, &number).contains("PhoneNumber"));
    let fault = subscribe(&mut world, &topic, "sms", "+1").unwrap_err();
    assert!(fault.message.contains("Protocol sms"), "{}", fault.message);
    let fifo = json!({ "FifoTopic": "true" });
    let fault = create_topic(&mut world, "o", fifo.as_object().unwrap()).unwrap_err();
    assert!(fault.message.contains("FifoTopic"), "{}", fault.message);
}

#[test]
fn a_service_cannot_publish_to_a_topic_under_the_key_that_aws_manages() {
    let (mut world, _) = account();
    let managed = json!({ "KmsMasterKeyId": "alias/aws/sns" });
    let topic = create_topic(&mut world, "sealed", managed.as_object().unwrap()).unwrap();
    let alarms = Publisher::Service {
        name: "cloudwatch.amazonaws.com",
        source_arn: "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:orders",
    };
    notify(&mut world, alarms, &topic, None, "lost");
    assert_eq!(world.sns.published, []);
    assert!(matches!(
        last_note(&world),
        What::Told(why) if why.contains("cloudwatch.amazonaws.com may not use alias/aws/sns")
    ));
    let person = person();
    notify(
        &mut world,
        Publisher::Principal(&person),
        &topic,
        None,
        "heard",
    );
    assert_eq!(world.sns.published.len(), 1);
}
