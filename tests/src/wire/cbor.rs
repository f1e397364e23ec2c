//! CBOR as the `smithy-rpc-v2-cbor` protocol writes it, from and to JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::model::{Kind, Member, Model};

/// RFC 8949: epoch-based date/time.
const TIMESTAMP: u64 = 1;

/// The JSON form of a CBOR document: timestamps become numbers, byte strings base64.
///
/// Needs no model: what has the wrong type is found when the JSON is checked.
pub(super) fn to_json(bytes: &[u8]) -> Result<Value, String> {
    let value = ciborium::from_reader(bytes).map_err(|error| format!("not CBOR: {error}"))?;
    json(value)
}

fn json(value: Cbor) -> Result<Value, String> {
    match value {
        Cbor::Null => Ok(Value::Null),
        Cbor::Bool(value) => Ok(Value::Bool(value)),
        Cbor::Text(text) => Ok(Value::String(text)),
        Cbor::Bytes(bytes) => Ok(Value::String(BASE64_STANDARD.encode(bytes))),
        Cbor::Integer(number) => Number::from_i128(number.into())
            .map(Value::Number)
            .ok_or_else(|| "an integer beyond 64 bits".to_owned()),
        Cbor::Float(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| "a number that is not finite".to_owned()),
        Cbor::Tag(TIMESTAMP, number) => json(*number),
        Cbor::Array(items) => items.into_iter().map(json).collect(),
        Cbor::Map(entries) => entries.into_iter().map(entry).collect(),
        Cbor::Tag(tag, _) => Err(format!("a CBOR tag {tag} that no shape has")),
        _ => Err("CBOR that no shape has".to_owned()),
    }
}

fn entry((key, value): (Cbor, Cbor)) -> Result<(String, Value), String> {
    let key = key
        .into_text()
        .map_err(|_| "a map with a key that is no text")?;
    Ok((key, json(value)?))
}

/// A checked JSON value as CBOR, in the types that its shape asks for.
pub(super) fn from_json(model: &Model, shape: &str, value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&cbor(model, shape, value), &mut bytes)
        .expect("writing to memory does not fail");
    bytes
}

/// An error document.
pub(super) fn error(code: &str, message: &str) -> Vec<u8> {
    let text = |text: &str| Cbor::Text(text.to_owned());
    let document = Cbor::Map(vec![
        (text("__type"), text(code)),
        (text("message"), text(message)),
    ]);
    let mut bytes = Vec::new();
    ciborium::into_writer(&document, &mut bytes).expect("writing to memory does not fail");
    bytes
}

fn cbor(model: &Model, name: &str, value: &Value) -> Cbor {
    let shape = model.shape(name);
    match (shape.map(|shape| shape.kind), value) {
        (_, Value::Null) => Cbor::Null,
        (_, Value::Bool(value)) => Cbor::Bool(*value),
        (Some(Kind::Timestamp), Value::Number(number)) => {
            Cbor::Tag(TIMESTAMP, Box::new(Cbor::Float(float(number))))
        }
        (Some(Kind::Double), Value::Number(number)) => Cbor::Float(float(number)),
        (_, Value::Number(number)) => number
            .as_i64()
            .map_or_else(|| Cbor::Float(float(number)), Cbor::from),
        (Some(Kind::Blob), Value::String(text)) => BASE64_STANDARD
            .decode(text)
            .map_or_else(|_| Cbor::Text(text.clone()), Cbor::Bytes),
        (_, Value::String(text)) => Cbor::Text(text.clone()),
        (_, Value::Array(items)) => {
            let member = shape.and_then(|shape| shape.member.as_ref());
            let items = items.iter().map(|item| part(model, member, item));
            Cbor::Array(items.collect())
        }
        (_, Value::Object(members)) => object(model, name, members),
    }
}

fn object(model: &Model, name: &str, members: &Map<String, Value>) -> Cbor {
    let shape = model.shape(name);
    let entries = members.iter().map(|(key, value)| {
        let member = shape.and_then(|shape| shape.members.get(key).or(shape.value.as_ref()));
        (Cbor::Text(key.clone()), part(model, member, value))
    });
    Cbor::Map(entries.collect())
}

fn part(model: &Model, member: Option<&Member>, value: &Value) -> Cbor {
    cbor(model, member.map_or("", |member| &member.shape), value)
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alarm_comes_back_as_it_went() {
        let model = Model::of("monitoring").unwrap();
        let output = json!({ "MetricAlarms": [{
            "AlarmName": "orders-dead-letters",
            "ActionsEnabled": true,
            "StateUpdatedTimestamp": 1_790_960_680.989,
            "Threshold": 0.0,
            "Period": 60,
            "Dimensions": [{ "Name": "QueueName", "Value": "dead" }],
        }] });
        let bytes = from_json(model, "DescribeAlarmsOutput", &output);
        assert_eq!(to_json(&bytes).unwrap(), output);
    }

    #[test]
    fn numbers_take_the_type_of_their_shape() {
        let model = Model::of("monitoring").unwrap();
        let alarm = json!({ "Threshold": 5, "Period": 60, "StateUpdatedTimestamp": 7 });
        let bytes = from_json(model, "MetricAlarm", &alarm);
        let value: Cbor = ciborium::from_reader(bytes.as_slice()).unwrap();
        let entries = value.into_map().unwrap();
        let of = |name: &str| {
            &entries
                .iter()
                .find(|(key, _)| key.as_text() == Some(name))
                .unwrap()
                .1
        };
        assert_eq!(of("Threshold"), &Cbor::Float(5.0));
        assert_eq!(of("Period"), &Cbor::Integer(60.into()));
        assert_eq!(
            of("StateUpdatedTimestamp"),
            &Cbor::Tag(1, Box::new(Cbor::Float(7.0)))
        );
    }

    #[test]
    fn what_json_cannot_say_is_an_error() {
        for value in [Cbor::Float(f64::NAN), Cbor::Tag(42, Box::new(Cbor::Null))] {
            let mut bytes = Vec::new();
            ciborium::into_writer(&value, &mut bytes).unwrap();
            assert!(to_json(&bytes).is_err(), "{value:?}");
        }
        assert!(to_json(b"\xff").is_err());
    }
}
