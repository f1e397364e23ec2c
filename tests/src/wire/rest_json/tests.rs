use super::*;

fn parts(method: &str, uri: &str) -> Parts {
    let request = http::Request::builder().method(method).uri(uri);
    request.body(()).unwrap().into_parts().0
}

fn model() -> &'static Model {
    Model::of("lambda").unwrap()
}

/// The operation of a request without a body, and its input.
fn read(method: &str, uri: &str) -> (&'static str, Result<Value, Fault>) {
    let parts = parts(method, uri);
    let operation = operation(model(), &parts).unwrap();
    let nothing = || Ok(json!({}));
    let input = input(model(), operation, &parts, &Bytes::new(), nothing);
    (operation, input)
}

#[test]
fn method_and_path_say_the_operation_and_the_path_some_of_its_input() {
    let arn = "arn%3Aaws%3Alambda%3Aeu-central-1%3A111122223333%3Afunction%3Aorders";
    let (operation, input) = read("GET", &format!("/2015-03-31/functions/{arn}/aliases/live"));
    assert_eq!(operation, "GetAlias");
    let name = "arn:aws:lambda:eu-central-1:111122223333:function:orders";
    assert_eq!(
        input.unwrap(),
        json!({ "FunctionName": name, "Name": "live" })
    );
    let delete = read("DELETE", "/2015-03-31/functions/orders/aliases/live");
    assert_eq!(delete.0, "DeleteAlias");
}

#[test]
fn a_slash_at_the_end_of_a_path_makes_no_difference() {
    for path in ["event-source-mappings", "event-source-mappings/"] {
        let (operation, input) = read("GET", &format!("/2015-03-31/{path}?MaxItems=7"));
        assert_eq!(operation, "ListEventSourceMappings");
        assert_eq!(input.unwrap(), json!({ "MaxItems": 7 }));
    }
}

#[test]
fn what_the_operation_does_not_know_is_refused_by_name() {
    let elsewhere = parts("GET", "/2015-03-31/functions/orders/policy");
    assert_eq!(operation(model(), &elsewhere), None);
    let (_, input) = read("GET", "/2015-03-31/functions/orders?Version=3");
    let fault = input.unwrap_err();
    assert_eq!(
        fault.message,
        "GetFunction has no parameter 'Version' in its query"
    );
}

#[test]
fn a_payload_is_the_whole_body_and_goes_beside_headers() {
    let mut parts = parts(
        "POST",
        "/2015-03-31/functions/orders/invocations?Qualifier=live",
    );
    let kind = "RequestResponse".parse().unwrap();
    parts.headers.insert("x-amz-invocation-type", kind);
    let body = Bytes::from_static(b"{}");
    let asked = input(model(), "Invoke", &parts, &body, || unreachable!()).unwrap();
    assert_eq!(
        asked,
        json!({
            "FunctionName": "orders",
            "Qualifier": "live",
            "InvocationType": "RequestResponse",
            "Payload": "e30=",
        })
    );

    let told = json!({ "StatusCode": 200, "ExecutedVersion": "3", "Payload": "e30=" });
    let answer = output(model(), "Invoke", &told);
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    let version = ("X-Amz-Executed-Version".to_owned(), "3".to_owned());
    assert_eq!(answer.headers, [version]);
}

#[test]
fn a_fault_has_its_name_in_a_header_and_its_message_where_its_shape_has_it() {
    for (code, member) in [
        ("ResourceNotFoundException", "Message"),
        ("PreconditionFailedException", "message"),
        ("AccessDeniedException", "Message"),
    ] {
        let answer = fault(Some(model()), &Fault::with_status(code, "why", 412));
        assert_eq!(answer.status, 412);
        let name = ("x-amzn-ErrorType".to_owned(), code.to_owned());
        assert_eq!(answer.headers, [name]);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body, json!({ member: "why", "Type": "User" }), "{code}");
    }
}
