//! Reads an HTTP request: who calls which operation of which service, in which protocol.

use http::{HeaderMap, header, request::Parts};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{
    answer::Protocol,
    cbor, keys,
    model::{Model, valid_input},
    query, rest_json, rest_xml,
};
use crate::world::{
    Fault, Identity, Principal,
    journal::Call,
    service::{self, Endpoint, Reach, Service},
    unknown_operation,
};

/// A request as far as it could be understood.
pub(super) struct Incoming {
    /// In which the answer is written.
    pub(super) protocol: Protocol,
    /// For the journal; `unknown` where the request does not say.
    pub(super) call: Call,
    /// What is asked for, or why it is refused.
    pub(super) wanted: Result<Wanted, Fault>,
}

/// What a well-formed request asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    /// An operation of the world, with checked input.
    World,
    /// An operation on objects.
    RestXml(rest_xml::Asked),
}

/// The credential scope of a `SigV4` signature.
struct Scope<'a> {
    access_key: &'a str,
    region: &'a str,
    service: &'a str,
}

impl Incoming {
    /// Reads a request to the account.
    ///
    /// Signatures are not verified: the access key says who calls.
    pub(super) fn read(
        parts: &Parts,
        body: &Bytes,
        identity: &Identity,
        request_id: String,
    ) -> Self {
        let mut call = Call {
            request_id,
            principal: Principal(keys::UNKNOWN_PRINCIPAL.to_owned()),
            region: identity.region.clone(),
            service: "unknown".to_owned(),
            operation: format!("{} {}", parts.method, parts.uri.path()),
            input: Value::Null,
            fault: None,
        };
        let wanted = read(parts, body, identity, &mut call);
        Self {
            protocol: Protocol::of(Model::of(&call.service), &parts.headers),
            call,
            wanted,
        }
    }
}

/// Fills in the call as far as it gets.
fn read(
    parts: &Parts,
    body: &Bytes,
    identity: &Identity,
    call: &mut Call,
) -> Result<Wanted, Fault> {
    let scope = scope(&parts.headers).ok_or_else(|| {
        Fault::with_status(
            "MissingAuthenticationToken",
            "The request has no SigV4 signature in its Authorization header.",
            403,
        )
    })?;
    call.principal = keys::principal(scope.access_key);
    scope.service.clone_into(&mut call.service);
    let nobody = || {
        Fault::with_status(
            "UnknownOperationException",
            format!("the local account has no service {}", scope.service),
            404,
        )
    };
    let service = service::find(scope.service).ok_or_else(nobody)?;
    if service.endpoint == Endpoint::RestXml {
        return read_rest_xml(parts, body, &scope, identity, call);
    }
    let model = Model::of(service.name).ok_or_else(nobody)?;
    let protocol = Protocol::of(Some(model), &parts.headers);
    let operation = match protocol {
        Protocol::Query => query::operation(model, body),
        Protocol::RestJson => rest_json::operation(model, parts).map(str::to_owned),
        _ => operation(parts, model).map(str::to_owned),
    };
    call.operation = operation.ok_or_else(|| unknown_operation(scope.service, &call.operation))?;
    call.region = region(service, scope.region, identity)?;
    call.input = match protocol {
        Protocol::Query => query::input(model, &call.operation, body)
            .map_err(|problem| Fault::new("MalformedQueryString", problem))?,
        Protocol::RestJson => rest_json::input(model, &call.operation, parts, body, || {
            document(&parts.headers, body)
        })?,
        _ => document(&parts.headers, body)?,
    };
    valid_input(scope.service, &call.operation, &mut call.input)?;
    Ok(Wanted::World)
}

/// The Region whose resources a request is about. Clients of all Regions come here.
fn region(service: &Service, signed_for: &str, identity: &Identity) -> Result<String, Fault> {
    let here = &identity.region;
    match service.reach {
        Reach::Everywhere => Ok(signed_for.to_owned()),
        Reach::Global(global) if signed_for == global => Ok(here.clone()),
        _ if signed_for == here => Ok(here.clone()),
        _ => Err(Fault::with_status(
            "InvalidSignatureException",
            format!(
                "Credential should be scoped to a valid region: this account is in {here}, not {signed_for}."
            ),
            403,
        )),
    }
}

fn read_rest_xml(
    parts: &Parts,
    body: &Bytes,
    scope: &Scope<'_>,
    identity: &Identity,
    call: &mut Call,
) -> Result<Wanted, Fault> {
    let asked = rest_xml::Asked::of(parts, body)?;
    asked.operation.clone_into(&mut call.operation);
    call.input = asked.input.clone();
    if scope.region != identity.region {
        return Err(Fault::new(
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; the region '{}' is wrong; expecting '{}'",
                scope.region, identity.region
            ),
        ));
    }
    Ok(Wanted::RestXml(asked))
}

/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=…`
fn scope(headers: &HeaderMap) -> Option<Scope<'_>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let credential = value
        .strip_prefix("AWS4-HMAC-SHA256 ")?
        .split(',')
        .find_map(|part| part.trim().strip_prefix("Credential="))?;
    let mut parts = credential.split('/');
    let access_key = parts.next()?;
    let (region, service) = (parts.nth(1)?, parts.next()?);
    (parts.next() == Some("aws4_request") && parts.next().is_none()).then_some(Scope {
        access_key,
        region,
        service,
    })
}

/// The operation's name, if the request is in a protocol of the service.
fn operation<'a>(parts: &'a Parts, model: &Model) -> Option<&'a str> {
    let (prefix, json_version) = (
        model.metadata.target_prefix.as_ref()?,
        model.metadata.json_version.as_ref()?,
    );
    let Some(target) = parts.headers.get("x-amz-target") else {
        return parts
            .uri
            .path()
            .strip_prefix("/service/")?
            .strip_prefix(prefix)?
            .strip_prefix("/operation/");
    };
    let operation = target
        .to_str()
        .ok()?
        .strip_prefix(prefix)?
        .strip_prefix('.')?;
    let wanted = format!("application/x-amz-json-{json_version}");
    (content_type(&parts.headers) == Some(&wanted)).then_some(operation)
}

fn document(headers: &HeaderMap, body: &Bytes) -> Result<Value, Fault> {
    let unreadable = |message| Fault::new("SerializationException", message);
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING) {
        return Err(unreadable(format!(
            "the local account reads no body with Content-Encoding {encoding:?}; AWS_DISABLE_REQUEST_COMPRESSION=true turns it off"
        )));
    }
    if body.is_empty() {
        return Ok(json!({}));
    }
    if content_type(headers) == Some("application/cbor") {
        return cbor::to_json(body).map_err(unreadable);
    }
    serde_json::from_slice(body).map_err(|error| {
        // Only the place: serde's sentence may repeat a value.
        unreadable(format!(
            "the body is not JSON: line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        }
    }

    /// A request signed for a scope, `KEY/DATE/REGION/SERVICE`.
    fn signed(scope: &str) -> http::request::Builder {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0"
        );
        http::Request::post("/").header("authorization", authorization)
    }

    fn read(request: http::request::Builder, body: &'static str) -> Incoming {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let body = Bytes::from_static(body.as_bytes());
        Incoming::read(&parts, &body, &identity(), "1".to_owned())
    }

    #[test]
    fn scope_and_target_say_who_calls_what() {
        let request = signed("AKIADEPLOY_CANARY/20260101/eu-central-1/ecs")
            .header(
                "x-amz-target",
                "AmazonEC2ContainerServiceV20141113.DescribeServices",
            )
            .header("content-type", "application/x-amz-json-1.1");
        let incoming = read(request, r#"{"services":["orders"]}"#);
        assert_eq!(incoming.wanted.unwrap(), Wanted::World);
        assert_eq!(incoming.call.principal.0, "deploy-canary");
        assert_eq!(incoming.call.service, "ecs");
        assert_eq!(incoming.call.operation, "DescribeServices");
        assert_eq!(incoming.call.input, json!({ "services": ["orders"] }));
    }

    #[test]
    fn a_path_says_the_operation_of_a_cbor_call() {
        let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        let request = signed("AKIATASK/20260101/eu-central-1/monitoring")
            .uri(path)
            .header("smithy-protocol", "rpc-v2-cbor")
            .header("content-type", "application/cbor");
        let incoming = read(request, "\u{0}");
        assert_eq!(incoming.call.operation, "DescribeAlarms");
        assert!(matches!(incoming.protocol, Protocol::Cbor { .. }));
    }

    #[test]
    fn an_unsigned_request_is_refused() {
        let incoming = read(http::Request::post("/"), "{}");
        let fault = incoming.wanted.unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("MissingAuthenticationToken", 403)
        );
        assert_eq!(incoming.call.principal.0, "unknown");
    }

    #[test]
    fn another_region_is_refused() {
        let request = signed("AKIATASK/20260101/us-east-1/sqs")
            .header("x-amz-target", "AmazonSQS.SendMessage")
            .header("content-type", "application/x-amz-json-1.0");
        let incoming = read(request, "{}");
        let fault = incoming.wanted.unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("InvalidSignatureException", 403)
        );
        assert!(fault.message.contains("eu-central-1"), "{}", fault.message);
    }

    #[test]
    fn images_are_asked_for_in_any_region() {
        let target = "AmazonEC2ContainerRegistry_V20150921.DescribeImages";
        let request = signed("AKIADEPLOY_CANARY/20260101/us-east-1/ecr")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1");
        let incoming = read(request, r#"{"repositoryName":"app"}"#);
        assert_eq!(incoming.wanted.unwrap(), Wanted::World);
        assert_eq!(incoming.call.region, "us-east-1");
    }

    #[test]
    fn a_target_or_content_type_of_another_service_is_no_operation() {
        for (target, content_type) in [
            ("AmazonSQS.SendMessage", "application/x-amz-json-1.1"),
            ("DynamoDB_20120810.GetItem", "application/x-amz-json-1.0"),
        ] {
            let request = signed("AKIATASK/20260101/eu-central-1/sqs")
                .header("x-amz-target", target)
                .header("content-type", content_type);
            let fault = read(request, "{}").wanted.unwrap_err();
            assert_eq!(fault.code, "UnknownOperationException", "{target}");
        }
    }

    #[test]
    fn a_service_that_is_not_here_is_named() {
        let fault = read(signed("AKIATASK/20260101/us-east-1/kms"), "")
            .wanted
            .unwrap_err();
        assert_eq!(fault.message, "the local account has no service kms");
    }

    #[test]
    fn a_body_that_is_not_json_is_refused_without_repeating_it() {
        let request = signed("AKIATASK/20260101/eu-central-1/sqs")
            .header("x-amz-target", "AmazonSQS.SendMessage")
            .header("content-type", "application/x-amz-json-1.0");
        let fault = read(request, r#"{"secret" "hush"}"#).wanted.unwrap_err();
        assert_eq!(fault.code, "SerializationException");
        assert!(!fault.message.contains("hush"), "{}", fault.message);
    }

    #[test]
    fn an_input_that_does_not_fit_the_model_is_refused() {
        let request = signed("AKIATASK/20260101/eu-central-1/sqs")
            .header("x-amz-target", "AmazonSQS.SendMessage")
            .header("content-type", "application/x-amz-json-1.0");
        let incoming = read(request, r#"{"QueueUrl":"u","Body":"b"}"#);
        let fault = incoming.wanted.unwrap_err();
        assert_eq!(fault.code, "ValidationException");
        assert!(
            fault.message.contains("unknown member 'Body'"),
            "{}",
            fault.message
        );
    }
}
