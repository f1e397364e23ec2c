//! AWS's service models: which operations exist and which shape their inputs and outputs have.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use regex::Regex;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Number, Value};

use super::check;
use crate::world::{Fault, SERVICES, service::Endpoint, unknown_operation};

/// The part of a service's model that the local account knows; see `models/trim.py`.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) metadata: Metadata,
    operations: HashMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

/// How the service's protocol looks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// For example `2010-03-31`.
    pub(super) api_version: String,
    /// `1.0` or `1.1`; none in the query protocol.
    pub(super) json_version: Option<String>,
    /// For example `SQS`; in lower case the namespace of its shapes.
    pub(super) service_id: String,
    /// What stands before the operation in `X-Amz-Target`. Also the service's name in
    /// `smithy-rpc-v2-cbor` paths. None in the query protocol.
    pub(super) target_prefix: Option<String>,
    /// Of answers in the query protocol.
    pub(super) xml_namespace: Option<String>,
}

/// An operation by the names of its shapes.
#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    /// How it is asked for over REST; none in other protocols.
    pub(super) http: Option<Http>,
}

/// How an operation is asked for over REST.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    pub(super) method: String,
    /// Its path, with members in braces.
    pub(super) request_uri: String,
    /// The status of its answers.
    pub(super) response_code: u16,
}

/// A shape.
#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    /// Any JSON goes.
    #[serde(default)]
    pub(super) document: bool,
    /// Exactly one member is set.
    #[serde(default)]
    pub(super) union: bool,
    #[serde(default)]
    pub(super) required: Vec<String>,
    #[serde(default)]
    pub(super) members: BTreeMap<String, Member>,
    pub(super) member: Option<Member>,
    pub(super) key: Option<Member>,
    pub(super) value: Option<Member>,
    #[serde(rename = "enum")]
    pub(super) values: Option<Vec<String>>,
    pub(super) min: Option<Number>,
    pub(super) max: Option<Number>,
    #[serde(default, deserialize_with = "anchored")]
    pub(super) pattern: Option<Regex>,
    #[serde(default)]
    pub(super) error: ErrorTraits,
    /// The member that is the whole body over REST.
    pub(super) payload: Option<String>,
}

/// The kinds of shapes that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

/// A member, list member, map key or map value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    pub(super) shape: String,
    /// Its name on the wire, where that is another one.
    pub(super) location_name: Option<String>,
    /// Where it is over REST, if not in the body.
    pub(super) location: Option<Location>,
}

/// Where a member is in a request or an answer over REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Location {
    Uri,
    #[serde(rename = "querystring")]
    Query,
    Header,
    StatusCode,
}

/// What an error shape says about itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorTraits {
    /// The name that clients of the query protocol know.
    pub(super) code: Option<String>,
}

static MODELS: LazyLock<HashMap<&str, Model>> = LazyLock::new(|| {
    let models = SERVICES
        .iter()
        .filter_map(|service| match service.endpoint {
            Endpoint::Model(text) => Some((service.name, text)),
            Endpoint::None | Endpoint::RestXml => None,
        });
    let read = |text| {
        serde_json::from_str(text).expect("the models are compiled in, and a test has read them")
    };
    models.map(|(name, text)| (name, read(text))).collect()
});

impl Model {
    /// The model of a service, by its name in the `SigV4` credential scope.
    pub(super) fn of(service: &str) -> Option<&'static Self> {
        MODELS.get(service)
    }

    /// All operations by name.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&str, &Operation)> {
        let all = self.operations.iter();
        all.map(|(name, operation)| (name.as_str(), operation))
    }

    /// Whether it is called over REST with JSON bodies.
    pub(super) fn is_rest(&self) -> bool {
        self.operations.values().any(|it| it.http.is_some())
    }

    /// An operation of this service.
    pub(super) fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// A shape of this service.
    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// `com.amazonaws.sqs`, what stands before an error's name in the JSON 1.0 and CBOR protocols.
    pub(super) fn namespace(&self) -> String {
        let id = self
            .metadata
            .service_id
            .to_ascii_lowercase()
            .replace(' ', "");
        format!("com.amazonaws.{id}")
    }
}

/// Checks the input of an API call or of a set-up call against the service's model.
///
/// `service` is the name in the `SigV4` credential scope (`monitoring` for `CloudWatch`).
///
/// # Errors
/// `UnknownOperationException`, or `ValidationException` with the path of every bad member. Values
/// are not repeated: they may be secrets.
pub fn check_input(service: &str, operation: &str, input: &Value) -> Result<(), Fault> {
    valid_input(service, operation, &mut input.clone())
}

/// Takes the null members out of an input that fits the model.
pub(super) fn valid_input(service: &str, operation: &str, input: &mut Value) -> Result<(), Fault> {
    let (model, found) = find(service, operation)?;
    check::shape(
        model,
        found.input.as_deref(),
        input,
        check::Strictness::Input,
    )
    .map_err(|problems| Fault::new("ValidationException", sentence(&problems)))
}

/// Takes the null members out of an output that fits the model.
///
/// A misfit is a fault of the local account itself, not of its caller.
pub(super) fn valid_output(
    service: &str,
    operation: &str,
    output: &mut Value,
) -> Result<(), Fault> {
    let (model, found) = find(service, operation)?;
    check::shape(
        model,
        found.output.as_deref(),
        output,
        check::Strictness::Output,
    )
    .map_err(|problems| {
        Fault::with_status(
            "LocalAccountBug",
            format!(
                "the local account answered {service}:{operation} with what AWS's model of it \
                 does not allow: {}",
                problems.join("; ")
            ),
            500,
        )
    })
}

fn find(service: &str, operation: &str) -> Result<(&'static Model, &'static Operation), Fault> {
    Model::of(service)
        .and_then(|model| Some((model, model.operation(operation)?)))
        .ok_or_else(|| unknown_operation(service, operation))
}

fn sentence(problems: &[String]) -> String {
    format!(
        "{} validation error{} detected: {}",
        problems.len(),
        if problems.len() == 1 { "" } else { "s" },
        problems.join("; ")
    )
}

/// A pattern must match all of a value, as in Java's `String.matches`.
fn anchored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let pattern = String::deserialize(deserializer)?;
    Regex::new(&format!("^(?:{pattern})$"))
        .map(Some)
        .map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_model_refers_only_to_shapes_it_has() {
        for (service, model) in MODELS.iter() {
            let operations = model.operations.values();
            let mut named: Vec<_> = operations
                .flat_map(|operation| [&operation.input, &operation.output])
                .flatten()
                .collect();
            for shape in model.shapes.values() {
                let members = shape.members.values();
                let parts = [&shape.member, &shape.key, &shape.value];
                named.extend(members.chain(parts.into_iter().flatten()).map(|m| &m.shape));
            }
            for name in named {
                assert!(model.shapes.contains_key(name), "{service} lacks {name}");
            }
        }
    }

    #[test]
    fn an_operation_outside_the_models_does_not_exist() {
        for (service, operation) in [("ecs", "DeleteCluster"), ("iam", "GetUser")] {
            let fault = check_input(service, operation, &json!({})).unwrap_err();
            assert_eq!(fault.code, "UnknownOperationException");
        }
    }

    #[test]
    fn a_bad_input_is_refused_with_every_bad_member_named() {
        let input = json!({
            "jobId": "not-a-uuid",
            "executionDetails": { "percentComplete": 101, "token": "t" },
        });
        let fault = check_input("codepipeline", "PutJobSuccessResult", &input).unwrap_err();
        assert_eq!(fault.code, "ValidationException");
        assert_eq!(
            fault.message,
            "3 validation errors detected: \
             value at 'jobId' failed to satisfy constraint: Member must satisfy regular expression \
             pattern: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}; \
             unknown member 'executionDetails.token'; \
             value at 'executionDetails.percentComplete' failed to satisfy constraint: Member must \
             have value less than or equal to 100"
        );
    }

    #[test]
    fn an_output_that_does_not_fit_is_our_own_fault() {
        let mut output = json!({ "services": [{ "desired": 1 }] });
        let fault = valid_output("ecs", "DescribeServices", &mut output).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("LocalAccountBug", 500)
        );
        assert!(
            fault
                .message
                .contains("unknown member 'services[0].desired'")
        );
    }
}
