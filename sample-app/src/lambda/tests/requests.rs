//! HTTP requests, by whoever forwards them.

use super::*;

/// A request of a function URL; one of an HTTP API is alike.
fn function_url(path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "*/*", "host": "abcdefg.lambda-url.eu-central-1.on.aws"},
        "requestContext": {
            "accountId": "anonymous",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

/// A request of a load balancer.
fn load_balancer(path: &str) -> Value {
    json!({
        "requestContext": {"elb": {
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/orders/49e9d65c45c6791a",
        }},
        "httpMethod": "GET",
        "path": path,
        "queryStringParameters": {},
        "headers": {"accept": "*/*", "x-amzn-trace-id": "Root=1-5c536348-3d683b8b04734faae651f476"},
        "body": "",
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_request_of_a_function_url_is_answered_with_the_version_that_answers() {
    let stage = Stage::set(&settings());
    let mut answer = stage.handle(&function_url("/orders/7")).await.unwrap();
    let body = answer["body"].take();
    let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"service": "orders", "version": "2.1.0"}));
    assert_eq!(
        answer,
        json!({
            "statusCode": 200,
            "isBase64Encoded": false,
            "headers": {"x-version": "2.1.0", "content-type": "application/json"},
            "body": null,
        })
    );
}

/// What was written of the counts so far, one line each: `Received`, or how it ended.
fn counted(stage: &Stage) -> Vec<(&'static str, u64)> {
    let printed = stage.printed.lock().unwrap();
    let counts = |line: &Value| {
        let count = |name| line[name].as_u64().filter(|count| *count > 0);
        ["Received", "Processed", "Failed"].map(|name| Some((name, count(name)?)))
    };
    printed.iter().flat_map(counts).flatten().collect()
}

#[tokio::test]
async fn requests_are_counted_by_how_they_were_answered_and_health_checks_are_not() {
    let stage = Stage::set(&settings());
    stage.handle(&load_balancer("/health")).await.unwrap();
    assert_eq!(counted(&stage), []);
    stage.handle(&function_url("/orders/7")).await.unwrap();
    assert_eq!(counted(&stage), [("Received", 1), ("Processed", 1)]);
}

#[tokio::test]
async fn a_request_that_is_answered_with_an_error_or_not_at_all_has_failed() {
    let failing = {
        let mut settings = settings();
        settings.answers.demo.failure_percent = 100;
        settings
    };
    let dropping = {
        let mut settings = settings();
        settings.answers.drop_percent = 100;
        settings
    };
    let chosen = {
        let mut settings = settings();
        settings.invocation_failure_percent = 100;
        settings
    };
    for settings in [failing, dropping, chosen] {
        let stage = Stage::set(&settings);
        let _ = stage.handle(&function_url("/orders/7")).await;
        let failed = [("Received", 1), ("Failed", 1)];
        assert_eq!(counted(&stage), failed, "{settings:?}");
    }
}

#[tokio::test]
async fn a_load_balancer_gets_lists_of_values_if_it_has_sent_some() {
    let stage = Stage::set(&settings());
    let mut request = load_balancer("/");
    let answer = stage.handle(&request).await.unwrap();
    assert_eq!(answer["headers"]["x-version"], "2.1.0");
    assert!(answer.get("multiValueHeaders").is_none());

    request["multiValueHeaders"] = json!({"accept": ["*/*"]});
    request.as_object_mut().unwrap().remove("headers");
    let answer = stage.handle(&request).await.unwrap();
    assert_eq!(answer["multiValueHeaders"]["x-version"], json!(["2.1.0"]));
    assert!(answer.get("headers").is_none());
}

#[tokio::test]
async fn health_checks_are_answered_as_the_http_service_does() {
    let mut settings = settings();
    settings.answers.demo.failure_percent = 100;
    settings.answers.health_fails_after = Some(1);
    let stage = Stage::set(&settings);
    let answer = stage.handle(&load_balancer("/health")).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
    let answer = stage.handle(&load_balancer("/orders")).await.unwrap();
    assert_eq!(answer["statusCode"], 500);
    assert_eq!(answer["headers"]["x-version"], "2.1.0");
    let answer = stage.handle(&load_balancer("/health")).await.unwrap();
    assert_eq!(answer["statusCode"], 503);
}

#[tokio::test]
async fn a_request_that_is_dropped_is_an_invocation_that_failed() {
    let mut settings = settings();
    settings.answers.drop_percent = 100;
    let stage = Stage::set(&settings);
    let error = stage.handle(&function_url("/")).await.unwrap_err();
    assert_eq!(error.diagnostic().error_type, "Dropped");
    let answer = stage.handle(&function_url("/health")).await.unwrap();
    assert_eq!(answer["statusCode"], 200);

    settings.invocation_failure_percent = 100;
    let stage = Stage::set(&settings);
    let error = stage.handle(&function_url("/health")).await.unwrap_err();
    assert_eq!(error.diagnostic().error_type, "Chosen");
}
