//! Writes HTTP answers, in the protocol of the request.

use http::{HeaderMap, HeaderName, Response, header};
use hyper::body::Bytes;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{cbor, model::Model, query, rest_json, rest_xml};
use crate::{
    clock::Moment,
    world::{Fault, service},
};

/// The protocol of a request, judged by its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// awsJson 1.0 and 1.1.
    Json {
        /// Whether the client still knows errors by their names in the query protocol.
        query_errors: bool,
    },
    /// smithy-rpc-v2-cbor.
    Cbor {
        /// As above.
        query_errors: bool,
    },
    /// awsQuery.
    Query,
    /// restJson1.
    RestJson,
    /// restXml, and whatever is in no known protocol.
    Xml,
}

impl Protocol {
    /// That of a request to a service.
    pub(super) fn of(model: Option<&Model>, headers: &HeaderMap) -> Self {
        let query_errors = headers.contains_key("x-amzn-query-mode");
        if model.is_some_and(Model::is_rest) {
            Self::RestJson
        } else if headers
            .get("smithy-protocol")
            .is_some_and(|value| value == "rpc-v2-cbor")
        {
            Self::Cbor { query_errors }
        } else if headers.contains_key("x-amz-target") {
            Self::Json { query_errors }
        } else if is_form(headers) {
            Self::Query
        } else {
            Self::Xml
        }
    }

    fn query_errors(self) -> bool {
        matches!(
            self,
            Self::Json { query_errors: true } | Self::Cbor { query_errors: true }
        )
    }
}

/// Whether the body is a form; some clients say its character set too.
fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.split(';').next() == Some(query::CONTENT_TYPE))
}

/// What every answer says.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) protocol: Protocol,
    pub(super) request_id: String,
    pub(super) now: Moment,
}

/// How a call went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With the output of an operation.
    Output {
        service: String,
        operation: String,
        output: Value,
    },
    /// With an object.
    RestXml(rest_xml::Answer),
    /// With a fault of a service.
    Fault { service: String, fault: Fault },
}

impl Envelope {
    /// The answer.
    pub(super) fn answer(&self, outcome: Outcome) -> Response<Bytes> {
        match outcome {
            Outcome::Output {
                service,
                operation,
                output,
            } => self.output(&service, &operation, &output),
            Outcome::RestXml(told) => {
                let content_type = told.content_type.unwrap_or("binary/octet-stream");
                let mut answer = self.response(200, content_type, told.body);
                for (name, value) in told.headers {
                    insert(&mut answer, name, &value);
                }
                answer
            }
            Outcome::Fault { service, fault } => self.fault(&service, &fault),
        }
    }

    fn output(&self, service: &str, operation: &str, output: &Value) -> Response<Bytes> {
        let found = Model::of(service)
            .and_then(|model| Some((model, model.operation(operation)?.output.as_deref()?)));
        if let (Protocol::RestJson, Some(model)) = (self.protocol, Model::of(service)) {
            return self.rest(service, rest_json::output(model, operation, output));
        }
        // AWS sends no body for an operation whose model has no output, but for the query protocol's envelope.
        let Some((model, shape)) = found else {
            let body = match (self.protocol, Model::of(service)) {
                (Protocol::Query, Some(model)) => {
                    query::output(model, operation, output, &self.request_id)
                }
                _ => String::new(),
            };
            return self.response(200, &self.content_type(service), body.into());
        };
        let body = match self.protocol {
            Protocol::Cbor { .. } => cbor::from_json(model, shape, output),
            Protocol::Query => {
                query::output(model, operation, output, &self.request_id).into_bytes()
            }
            Protocol::Json { .. } | Protocol::RestJson | Protocol::Xml => {
                output.to_string().into_bytes()
            }
        };
        self.response(200, &self.content_type(service), body.into())
    }

    fn fault(&self, service: &str, fault: &Fault) -> Response<Bytes> {
        let model = Model::of(service);
        let body = match self.protocol {
            Protocol::Json { .. } => json_fault(model, fault),
            Protocol::Cbor { .. } => cbor::error(&shape_id(model, &fault.code), &fault.message),
            Protocol::Query => {
                let code = query_code(service, &fault.code);
                query::error(model, &code, fault, &self.request_id).into_bytes()
            }
            Protocol::RestJson => return self.rest(service, rest_json::fault(model, fault)),
            Protocol::Xml => self.xml(fault).into_bytes(),
        };
        let content_type = self.content_type(service);
        let mut answer = self.response(fault.status, &content_type, body.into());
        if self.protocol.query_errors() {
            let side = query::side(fault);
            let code = query_code(service, &fault.code);
            insert(&mut answer, "x-amzn-query-error", &format!("{code};{side}"));
        }
        answer
    }

    fn rest(&self, service: &str, told: rest_json::Answer) -> Response<Bytes> {
        let content_type = self.content_type(service);
        let mut answer = self.response(told.status, &content_type, told.body.into());
        for (name, value) in told.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }

    fn xml(&self, fault: &Fault) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
             <RequestId>{}</RequestId></Error>",
            escaped(&fault.code),
            escaped(&fault.message),
            self.request_id
        )
    }

    fn content_type(&self, service: &str) -> String {
        match self.protocol {
            Protocol::Json { .. } => {
                let version = Model::of(service).and_then(|m| m.metadata.json_version.as_deref());
                let version = version.unwrap_or("1.0");
                format!("application/x-amz-json-{version}")
            }
            Protocol::Cbor { .. } => "application/cbor".to_owned(),
            Protocol::Query => "text/xml".to_owned(),
            Protocol::RestJson => "application/json".to_owned(),
            Protocol::Xml => "application/xml".to_owned(),
        }
    }

    fn response(&self, status: u16, content_type: &str, body: Bytes) -> Response<Bytes> {
        let length = body.len().to_string();
        let mut answer = Response::new(body);
        insert(&mut answer, header::CONTENT_LENGTH.as_str(), &length);
        *answer.status_mut() =
            http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        insert(&mut answer, header::CONTENT_TYPE.as_str(), content_type);
        insert(&mut answer, header::DATE.as_str(), &http_date(self.now));
        let id_header = match self.protocol {
            Protocol::Xml => "x-amz-request-id",
            Protocol::Json { .. }
            | Protocol::Cbor { .. }
            | Protocol::Query
            | Protocol::RestJson => "x-amzn-requestid",
        };
        insert(&mut answer, id_header, &self.request_id);
        if matches!(self.protocol, Protocol::Cbor { .. }) {
            insert(&mut answer, "smithy-protocol", "rpc-v2-cbor");
        }
        answer
    }
}

fn json_fault(model: Option<&Model>, fault: &Fault) -> Vec<u8> {
    let mut body = json!({
        "__type": shape_id(model, &fault.code),
        "message": fault.message,
    });
    for (member, value) in &fault.members {
        body[*member] = value.clone();
    }
    body.to_string().into_bytes()
}

/// Faults of JSON 1.1 services go by their bare name, others by their shape's id.
fn shape_id(model: Option<&Model>, code: &str) -> String {
    match model {
        Some(model) if model.metadata.json_version.as_deref() == Some("1.0") => {
            format!("{}#{code}", model.namespace())
        }
        _ => code.to_owned(),
    }
}

/// An error's name in the query protocol, which clients of services that once spoke it still match
/// on. The model knows most; the others are as in the answers of AWS.
fn query_code(service: &str, code: &str) -> String {
    let model = Model::of(service);
    let of_model = model.and_then(|model| model.shape(code)?.error.code.clone());
    let of_service = || (service::of(service).former_code)(code);
    let is_query = model.is_some_and(|model| model.metadata.target_prefix.is_none());
    of_model.or_else(of_service).unwrap_or_else(|| match code {
        "AccessDeniedException" => "AccessDenied".to_owned(),
        "ValidationException" if is_query => "ValidationError".to_owned(),
        _ => code.to_owned(),
    })
}

fn insert(answer: &mut Response<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
}

/// `Fri, 02 Oct 2026 17:04:40 GMT`
fn http_date(now: Moment) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.0) * 1_000_000)
        .ok()
        .and_then(|now| now.format(FORMAT).ok())
        .unwrap_or_default()
}

/// Text as XML takes it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(protocol: Protocol) -> Envelope {
        Envelope {
            protocol,
            request_id: "00000000-0000-4000-8000-000000000001".to_owned(),
            now: Moment(1_790_960_680_989),
        }
    }

    fn fault(service: &str, code: &str, protocol: Protocol) -> Response<Bytes> {
        envelope(protocol).answer(Outcome::Fault {
            service: service.to_owned(),
            fault: Fault::new(code, "why <&>"),
        })
    }

    fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
        answer.headers()[name].to_str().unwrap()
    }

    #[test]
    fn a_fault_says_all_that_its_shape_has() {
        let reasons = json!([{ "Code": "None" }]);
        let fault = Fault::new("TransactionCanceledException", "cancelled");
        let answer = envelope(Protocol::Json {
            query_errors: false,
        })
        .answer(Outcome::Fault {
            service: "dynamodb".to_owned(),
            fault: fault.with("CancellationReasons", reasons.clone()),
        });
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "__type": "com.amazonaws.dynamodb#TransactionCanceledException",
                "message": "cancelled",
                "CancellationReasons": reasons,
            })
        );
    }

    #[test]
    fn a_fault_of_a_json_service_has_a_type_and_a_message() {
        let answer = fault(
            "ecs",
            "ServiceNotFoundException",
            Protocol::Json {
                query_errors: false,
            },
        );
        assert_eq!(answer.status(), 400);
        assert_eq!(
            header(&answer, "content-type"),
            "application/x-amz-json-1.1"
        );
        assert_eq!(
            header(&answer, "x-amzn-requestid"),
            "00000000-0000-4000-8000-000000000001"
        );
        assert_eq!(header(&answer, "date"), "Fri, 02 Oct 2026 17:04:40 GMT");
        assert!(!answer.headers().contains_key("x-amzn-query-error"));
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        let wanted = json!({ "__type": "ServiceNotFoundException", "message": "why <&>" });
        assert_eq!(body, wanted);
    }

    #[test]
    fn a_fault_of_a_service_that_spoke_query_carries_its_old_name() {
        let answer = fault(
            "sqs",
            "QueueDoesNotExist",
            Protocol::Json { query_errors: true },
        );
        assert_eq!(
            header(&answer, "x-amzn-query-error"),
            "AWS.SimpleQueueService.NonExistentQueue;Sender"
        );
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");

        let answer = fault(
            "monitoring",
            "LimitExceededFault",
            Protocol::Cbor { query_errors: true },
        );
        assert_eq!(
            header(&answer, "x-amzn-query-error"),
            "LimitExceeded;Sender"
        );
        assert_eq!(header(&answer, "smithy-protocol"), "rpc-v2-cbor");
        let body = cbor::to_json(answer.body()).unwrap();
        assert_eq!(
            body["__type"],
            "com.amazonaws.cloudwatch#LimitExceededFault"
        );
    }

    #[test]
    fn a_fault_of_s3_is_xml() {
        let answer = fault("s3", "NoSuchKey", Protocol::Xml);
        assert_eq!(header(&answer, "content-type"), "application/xml");
        let body = std::str::from_utf8(answer.body()).unwrap();
        assert!(
            body.contains("<Code>NoSuchKey</Code><Message>why &lt;&amp;&gt;</Message>"),
            "{body}"
        );
    }

    #[test]
    fn a_form_is_one_whether_its_character_set_is_said_or_not() {
        for said in ["", "; charset=utf-8"] {
            let mut headers = HeaderMap::new();
            let content_type = format!("{}{said}", query::CONTENT_TYPE).parse().unwrap();
            headers.insert(header::CONTENT_TYPE, content_type);
            assert_eq!(Protocol::of(None, &headers), Protocol::Query, "{said}");
        }
    }

    #[test]
    fn an_operation_without_output_has_no_body() {
        let answer = envelope(Protocol::Json {
            query_errors: false,
        })
        .answer(Outcome::Output {
            service: "sqs".to_owned(),
            operation: "DeleteMessage".to_owned(),
            output: json!({}),
        });
        assert!(answer.status().is_success() && answer.body().is_empty());
    }
}
