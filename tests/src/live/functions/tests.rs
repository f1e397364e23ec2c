use serde_json::{Value, json};

use super::*;
use crate::live::testing::{Lifelines, account, process};

const LONG: Duration = Duration::from_secs(30);

fn functions(environment: &[(&str, &str)]) -> (Functions, Logs) {
    let logs = Logs::default();
    let functions = Functions::new(
        account(),
        "http://127.0.0.1:1".to_owned(),
        Keeper::start().unwrap(),
        logs.clone(),
        Images::from([("rollback".to_owned(), process("function", environment))]),
    );
    (functions, logs)
}

fn function(timeout: Duration) -> Function {
    Function {
        timeout,
        environment: BTreeMap::from([("RELEASES_TABLE".to_owned(), "releases".to_owned())]),
        ..Function::new("rollback")
    }
}

async fn attempt(functions: &Functions, timeout: Duration, event: Value) -> Ended {
    attempt_of(functions, &function(timeout), event).await
}

async fn attempt_of(functions: &Functions, function: &Function, event: Value) -> Ended {
    let invocation = Invocation {
        id: "8b1a9953-c461-4296-a827-abf8c47804d7".to_owned(),
        run: "1".to_owned(),
        function: function.name.clone(),
        qualifier: None,
        version: function.version.clone(),
        payload: event,
        attempt: 1,
        source: "hand".to_owned(),
    };
    functions.attempt(function, &invocation).await
}

async fn answer(functions: &Functions) -> Value {
    match attempt(functions, LONG, json!({})).await {
        Ended::Answer(answer) => answer,
        Ended::Error(error) => panic!("{error}"),
    }
}

async fn error(functions: &Functions, timeout: Duration, event: Value) -> String {
    match attempt(functions, timeout, event).await {
        Ended::Answer(answer) => panic!("{answer}"),
        Ended::Error(error) => error,
    }
}

#[tokio::test]
async fn an_idle_environment_is_used_again() {
    let (functions, _) = functions(&[]);
    let first = answer(&functions).await;
    let second = answer(&functions).await;
    assert_eq!(first["pid"], second["pid"]);
}

#[tokio::test]
async fn each_version_has_environments_of_its_own_until_it_is_changed() {
    let (functions, _) = functions(&[]);
    let latest = function(LONG);
    let published = Function {
        version: "1".to_owned(),
        ..latest.clone()
    };
    let changed = Function {
        memory: 256,
        ..latest.clone()
    };
    let mut processes = Vec::new();
    for function in [&latest, &published, &latest, &changed, &published] {
        match attempt_of(&functions, function, json!({})).await {
            Ended::Answer(answer) => processes.push(answer["pid"].clone()),
            Ended::Error(error) => panic!("{error}"),
        }
    }
    let [latest, published, again, changed, published_again] = &processes[..] else {
        panic!("five attempts");
    };
    assert_eq!((latest, published), (again, published_again));
    assert_ne!(latest, published);
    assert_ne!(latest, changed);
}

#[tokio::test]
async fn concurrent_invocations_run_in_environments_of_their_own() {
    let lifelines = Lifelines::new().await;
    let (functions, _) = functions(&[("ADDRESS", &lifelines.address())]);
    let meet = || attempt(&functions, LONG, json!({ "do": "meet" }));
    let both_at_once = async {
        let (one, other) = (lifelines.next().await, lifelines.next().await);
        drop((one, other));
    };

    let (one, other, ()) = tokio::join!(meet(), meet(), both_at_once);

    let (Ended::Answer(one), Ended::Answer(other)) = (one, other) else {
        panic!("both should answer");
    };
    assert_ne!(one["pid"], other["pid"]);
}

#[tokio::test]
async fn a_function_error_is_reported_and_the_environment_stays() {
    let (functions, _) = functions(&[]);
    let before = answer(&functions).await;
    assert_eq!(
        error(&functions, LONG, json!({ "do": "fail" })).await,
        "Boom: it failed"
    );
    assert_eq!(answer(&functions).await["pid"], before["pid"]);
}

#[tokio::test]
async fn a_process_that_exits_ends_the_invocation_and_the_environment() {
    let (functions, _) = functions(&[]);
    let before = answer(&functions).await;
    assert_eq!(
        error(&functions, LONG, json!({ "do": "exit" })).await,
        "Runtime exited with error: exit status 7"
    );
    assert_ne!(answer(&functions).await["pid"], before["pid"]);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_before_its_timeout_is_reported() {
    let lifelines = Lifelines::new().await;
    let (functions, _) = functions(&[("ADDRESS", &lifelines.address())]);
    let before = answer(&functions).await;

    let error = error(
        &functions,
        Duration::from_millis(500),
        json!({ "do": "hang" }),
    )
    .await;

    assert_eq!(error, "Task timed out after 0.50 seconds");
    crate::live::testing::dead(lifelines.next().await).await;
    assert_ne!(answer(&functions).await["pid"], before["pid"]);
}

#[tokio::test]
async fn a_failed_start_is_tried_once_more_and_then_is_the_invocations_error() {
    for (init, expected) in [
        ("exit", "Runtime exited with error: exit status 3"),
        ("error", "Config: no table"),
    ] {
        let (functions, logs) = functions(&[("INIT", init)]);
        assert_eq!(error(&functions, LONG, json!({})).await, expected);
        let lines = logs.lines();
        let starts = lines.iter().filter(|line| line.text.ends_with("starting"));
        assert_eq!(starts.count(), 2);
    }
}

#[tokio::test]
async fn an_answer_to_another_request_id_is_refused() {
    let (functions, logs) = functions(&[]);
    let ended = attempt(&functions, LONG, json!({ "do": "wrong id" })).await;
    assert!(matches!(ended, Ended::Answer(_)));
    let refusal = "HTTP/1.1 400 Bad Request";
    while !logs.lines().iter().any(|line| line.text == refusal) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_function_finds_lambdas_environment_and_nothing_of_the_rehearsals() {
    let (functions, _) = functions(&[]);
    let answer = answer(&functions).await;
    let environment = answer["environment"].as_object().unwrap();
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "rollback"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("TZ", ":UTC"),
        ("RELEASES_TABLE", "releases"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    assert!(environment.contains_key("AWS_SECRET_ACCESS_KEY"));
    assert!(
        !environment
            .keys()
            .any(|name| name.starts_with("CARGO") || name == "HOME")
    );
}

#[tokio::test]
async fn an_invocation_carries_its_deadline_function_and_trace() {
    let (functions, _) = functions(&[]);
    let answer = answer(&functions).await;
    let deadline: u64 = answer["deadline"].as_str().unwrap().parse().unwrap();
    // The account of the tests begins at this moment, and an invocation has thirty seconds.
    assert!(deadline >= 1_790_000_030_000, "{deadline}");
    assert_eq!(
        answer["arn"],
        "arn:aws:lambda:eu-central-1:111122223333:function:rollback"
    );
    let trace = answer["trace"].as_str().unwrap();
    assert!(
        trace.starts_with("Root=1-") && trace.ends_with("-8b1a9953c4614296a827abf8;Sampled=0"),
        "{trace}"
    );
}

#[tokio::test]
async fn a_function_without_a_program_is_named() {
    let (functions, _) = functions(&[]);
    let ended = attempt_of(&functions, &Function::new("promote"), json!({})).await;
    assert!(matches!(ended, Ended::Error(error) if error.contains("promote")));
}
