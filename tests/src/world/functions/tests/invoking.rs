//! What an invocation is, and what is counted of it.

use serde_json::{Value, json};

use super::Shop;
use crate::world::{
    Principal,
    functions::{Failure, State, program_of, set_state},
};

/// The sum of a metric over the last ten minutes; none if there is nothing.
fn counted(shop: &Shop, metric: &str, dimensions: &[(&str, &str)]) -> Option<f64> {
    let dimensions: Vec<Value> = dimensions
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    let until = shop.account.now().epoch_seconds() + 60.0;
    let asked = json!({
        "StartTime": until - 600.0,
        "EndTime": until,
        "MetricDataQueries": [{
            "Id": "counted",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": dimensions,
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }],
    });
    let operator = Principal("operator".to_owned());
    let told = shop
        .account
        .call_as(&operator, "monitoring", "GetMetricData", &asked)
        .expect("data");
    let values = told["MetricDataResults"][0]["Values"].as_array()?;
    let values: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

#[tokio::test(start_paused = true)]
async fn a_version_runs_with_the_code_and_the_environment_that_it_was_published_with() {
    let mut shop = Shop::open();
    let stock = |stock: &str| json!({ "Environment": { "Variables": { "STOCK": stock } } });
    shop.ask("UpdateFunctionConfiguration", stock("old"));
    shop.passes(3).await;
    shop.publish("v1").await;
    shop.ask("UpdateFunctionConfiguration", stock("new"));
    shop.passes(3).await;
    shop.ask("Invoke", json!({ "Qualifier": "1", "Payload": "e30=" }));
    shop.ask("Invoke", json!({}));
    let ran = shop.invocations().into_iter().map(|invocation| {
        shop.account.with(|world| {
            let ran = program_of(world, &invocation).expect("a version");
            (
                ran.version.clone(),
                ran.program.clone(),
                ran.environment["STOCK"].clone(),
            )
        })
    });
    let v1 = "s3://packages/v1".to_owned();
    assert_eq!(
        ran.collect::<Vec<_>>(),
        [
            ("1".to_owned(), v1.clone(), "old".to_owned()),
            ("$LATEST".to_owned(), v1, "new".to_owned()),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_invocation_counts_by_what_was_invoked_and_of_a_shared_alias_by_version() {
    let mut shop = Shop::with_two_versions().await;
    shop.weigh(1.0);
    for _ in 0..3 {
        shop.ask("Invoke", json!({ "Qualifier": "live" }));
    }
    let invocations = shop.invocations();
    let function = ("FunctionName", "orders");
    let live = ("Resource", "orders:live");
    let candidate = ("ExecutedVersion", "2");
    let all = [function, live, candidate];
    assert_eq!(counted(&shop, "Invocations", &all), None, "none has ended");
    shop.answers(&invocations[0], json!({}));
    shop.fails(&invocations[1]);
    shop.answers(&invocations[2], json!({}));
    for depth in 1..=3 {
        assert_eq!(counted(&shop, "Invocations", &all[..depth]), Some(3.0));
        assert_eq!(counted(&shop, "Errors", &all[..depth]), Some(1.0));
    }
    let stable = [function, live, ("ExecutedVersion", "1")];
    assert_eq!(counted(&shop, "Invocations", &stable), None);
}

#[tokio::test(start_paused = true)]
async fn without_weights_no_metric_is_by_version() {
    let mut shop = Shop::with_two_versions().await;
    shop.ask("Invoke", json!({ "Qualifier": "live" }));
    shop.ask("Invoke", json!({}));
    for invocation in shop.invocations() {
        shop.answers(&invocation, json!({}));
    }
    let function = ("FunctionName", "orders");
    for (resource, count) in [("orders:live", 1.0), ("orders", 1.0)] {
        let by = [function, ("Resource", resource)];
        assert_eq!(counted(&shop, "Invocations", &by), Some(count));
        let by = [by[0], by[1], ("ExecutedVersion", "1")];
        assert_eq!(counted(&shop, "Invocations", &by), None);
    }
    assert_eq!(counted(&shop, "Invocations", &[function]), Some(2.0));
}

#[tokio::test(start_paused = true)]
async fn metrics_come_at_the_end_for_the_minute_in_which_it_began() {
    let mut shop = Shop::open();
    shop.ask("Invoke", json!({}));
    let began = shop.account.now();
    let invocation = shop.invocations().remove(0);
    shop.passes(660).await;
    shop.answers(&invocation, json!({}));
    let function = [("FunctionName", "orders")];
    assert_eq!(
        counted(&shop, "Invocations", &function),
        None,
        "it began before the last ten minutes"
    );
    assert!(shop.account.now().since(began).as_secs() >= 660);
}

#[tokio::test(start_paused = true)]
async fn whether_a_good_invocation_is_an_error_of_zero_goes_both_ways() {
    let mut shop = Shop::open();
    let function = [("FunctionName", "orders")];
    for expected in [None, Some(0.0)] {
        shop.ask("Invoke", json!({}));
        let invocation = shop.invocations().remove(0);
        shop.answers(&invocation, json!({}));
        assert_eq!(counted(&shop, "Errors", &function), expected);
        shop.account
            .with(|world| world.functions.reports_zero_errors = true);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_for_an_alias_is_tried_again_and_its_version_drawn_anew() {
    let mut shop = Shop::with_two_versions().await;
    shop.weigh(1.0);
    let event = json!({ "Qualifier": "live", "InvocationType": "Event" });
    assert_eq!(shop.ask("Invoke", event)["StatusCode"], 202);
    let first = shop.invocations().remove(0);
    assert_eq!((first.version.as_str(), first.attempt), ("2", 1));
    shop.fails(&first);
    let routing = json!({ "AdditionalVersionWeights": {} });
    shop.ask(
        "UpdateAlias",
        json!({ "Name": "live", "RoutingConfig": routing }),
    );
    shop.passes(60).await;
    let second = shop.invocations().remove(0);
    assert_eq!((second.version.as_str(), second.attempt), ("1", 2));
    assert_eq!(second.id, first.id);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_invoked_is_refused() {
    let shop = Shop::with_two_versions().await;
    let arn = "arn:aws:lambda:eu-central-1:111122223333:function:orders";
    for (asked, why) in [
        (
            json!({ "FunctionName": "others" }),
            format!("Function not found: {}", arn.replace("orders", "others")),
        ),
        (
            json!({ "Qualifier": "next" }),
            format!("Function not found: {arn}:next"),
        ),
        (
            json!({ "FunctionName": "orders:live", "Qualifier": "1" }),
            "The derived qualifier from the function name does not match the specified qualifier."
                .to_owned(),
        ),
        (
            json!({ "Payload": "ew==" }),
            "Could not parse request body into json: line 1, column 1".to_owned(),
        ),
        (
            json!({ "LogType": "Tail" }),
            "The local account does not have LogType.".to_owned(),
        ),
    ] {
        let refused = shop.refused("Invoke", asked);
        assert!(refused.ends_with(&why), "{refused}");
    }
    for name in [arn, "111122223333:function:orders", "orders:live"] {
        let dry = json!({ "FunctionName": name, "InvocationType": "DryRun" });
        assert_eq!(shop.ask("Invoke", dry)["StatusCode"], 204);
    }
    let failure = Failure {
        code: "ImageAccessDenied",
        reason: "no such image".to_owned(),
    };
    shop.account
        .with(|world| set_state(world, "orders", "1", State::Failed(failure)));
    let refused = shop.refused("Invoke", json!({ "Qualifier": "live" }));
    assert!(
        refused.ends_with("in the following state: Failed"),
        "{refused}"
    );
}
