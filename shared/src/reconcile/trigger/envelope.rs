//! The envelopes that AWS puts around an event: EventBridge's, and SNS's around a message.
//!
//! Their types are those of `aws_lambda_events`. Every sample and every documented event of AWS has what these types demand, but
//! they demand more than is used here: for a notification ten fields such as `Signature` and `UnsubscribeUrl`, and
//! `SigningCertUrl` and `SigningCertURL` not at once; for an event a `source`, a `detail`, a `time` that is one, `resources` that
//! are all texts. Events made by hand, by another function or by the input transformer of a rule often lack some of it, and a
//! rollback must not fail for a field that nobody reads. Then only what is used is read; the type stays the same.
//!
//! What serde says of such an event is dropped: it quotes values.

use aws_lambda_events::{
    eventbridge::EventBridgeEvent,
    sns::{SnsEvent, SnsRecord},
};
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Timestamp;

/// An event of EventBridge; `None` if it is none. Only `detail` is copied as JSON, at most 256 KB.
pub(super) fn bridged(event: &Value) -> Option<EventBridgeEvent> {
    event["detail-type"].as_str()?;
    Some(EventBridgeEvent::deserialize(event).unwrap_or_else(|_| used_of_bridged(event)))
}

fn used_of_bridged(event: &Value) -> EventBridgeEvent {
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    let resources = event["resources"].as_array().map(|all| {
        let texts = all.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    });
    let mut read = EventBridgeEvent::default();
    read.detail_type = text("detail-type").unwrap_or_default();
    read.source = text("source").unwrap_or_default();
    read.account = text("account");
    read.region = text("region");
    read.time = text("time").and_then(|time| time.parse().ok());
    read.resources = resources;
    read.detail = event["detail"].clone();
    read
}

/// When an event happened, if that is said.
pub(super) fn time(event: &EventBridgeEvent) -> Option<Timestamp> {
    let millis = event.time?.timestamp_millis();
    u64::try_from(millis).ok().map(Timestamp::from_epoch_millis)
}

/// The record of a notification; `None` if there is none, or if it is another service's. SNS sends exactly one.
pub(super) fn notified(event: &Value) -> Option<SnsRecord> {
    let first = event["Records"].get(0)?;
    let record = SnsEvent::deserialize(event)
        .ok()
        .and_then(|event| event.records.into_iter().next())
        .unwrap_or_else(|| used_of_notified(first));
    (record.event_source == "aws:sns").then_some(record)
}

fn used_of_notified(record: &Value) -> SnsRecord {
    let source = record.get("EventSource").or(record.get("eventSource"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut read = SnsRecord::default();
    read.event_source = source.map(text).unwrap_or_default();
    read.sns.message = text(&record["Sns"]["Message"]);
    read
}
