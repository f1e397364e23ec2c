//! Who gets which version.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Shop;

/// How many of a thousand invocations of `live` each version got.
fn thousand(shop: &mut Shop) -> BTreeMap<String, u32> {
    let mut shares = BTreeMap::new();
    for _ in 0..1000 {
        let invoked = shop.ask("Invoke", json!({ "Qualifier": "live" }));
        let version = invoked["ExecutedVersion"].as_str().expect("a version");
        *shares.entry(version.to_owned()).or_default() += 1;
    }
    shares
}

fn weights(weights: &Value) -> Value {
    json!({ "Name": "live", "RoutingConfig": { "AdditionalVersionWeights": weights } })
}

#[tokio::test(start_paused = true)]
async fn an_alias_shares_its_invocations_by_chance() {
    let mut shop = Shop::with_two_versions().await;
    assert_eq!(
        thousand(&mut shop),
        BTreeMap::from([("1".to_owned(), 1000)])
    );
    shop.weigh(0.1);
    let shares = thousand(&mut shop);
    assert!((70..130).contains(&shares["2"]), "{shares:?}");
    shop.weigh(1.0);
    assert_eq!(
        thousand(&mut shop),
        BTreeMap::from([("2".to_owned(), 1000)])
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_shift_is_one_call() {
    let shop = Shop::with_two_versions().await;
    shop.weigh(0.5);
    let mut end = weights(&json!({}));
    end["FunctionVersion"] = json!("2");
    let alias = shop.ask("UpdateAlias", end);
    assert_eq!(alias["FunctionVersion"], "2");
    assert!(alias["RoutingConfig"].is_null(), "{alias}");
}

#[tokio::test(start_paused = true)]
async fn every_write_gives_an_alias_another_revision_and_a_stale_one_is_refused() {
    let shop = Shop::with_two_versions().await;
    let found = shop.ask("GetAlias", json!({ "Name": "live" }));
    let mine = shop.weigh(0.1);
    assert_ne!(found["RevisionId"], mine["RevisionId"]);
    let mut stale = weights(&json!({ "2": 0.2 }));
    stale["RevisionId"] = found["RevisionId"].clone();
    let refused = shop.refused("UpdateAlias", stale.clone());
    assert_eq!(
        refused,
        "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the \
         GetFunction/GetAlias API to retrieve the latest Revision Id"
    );
    let after = shop.ask("GetAlias", json!({ "Name": "live" }));
    assert_eq!(after, mine, "nothing has changed");
    stale["RevisionId"] = mine["RevisionId"].clone();
    shop.ask("UpdateAlias", stale);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_shared_is_refused() {
    let mut shop = Shop::with_two_versions().await;
    shop.publish("v3").await;
    for (asked, why) in [
        (
            json!({ "2": 0.1, "3": 0.1 }),
            "InvalidParameterValueException: Number of items in AdditionalVersionWeights cannot be greater than 1",
        ),
        (
            json!({ "1": 0.1 }),
            "InvalidParameterValueException: Invalid function version 1. Function version 1 is already included in \
             routing configuration.",
        ),
        (
            json!({ "9": 0.1 }),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-central-1:111122223333:function:orders:9",
        ),
        (
            json!({ "2": 1.5 }),
            "ValidationException: 1 validation error detected: value at 'RoutingConfig.AdditionalVersionWeights.2' failed \
             to satisfy constraint: Member must have value less than or equal to 1.0",
        ),
    ] {
        assert_eq!(shop.refused("UpdateAlias", weights(&asked)), why);
    }
    let mut latest = weights(&json!({ "2": 0.1 }));
    latest["FunctionVersion"] = json!("$LATEST");
    let refused = shop.refused("UpdateAlias", latest);
    assert!(refused.contains("$LATEST is not supported"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn both_versions_need_the_same_role_and_dead_letters() {
    let mut shop = Shop::with_two_versions().await;
    let dead_letters = "arn:aws:sqs:eu-central-1:111122223333:dead";
    let config = json!({ "DeadLetterConfig": { "TargetArn": dead_letters } });
    shop.ask("UpdateFunctionConfiguration", config);
    shop.passes(3).await;
    assert_eq!(shop.publish("v3").await, "3");
    let refused = shop.refused("UpdateAlias", weights(&json!({ "3": 0.1 })));
    assert!(
        refused.contains("do not have the same execution role and dead-letter configuration"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_aws_leaves_open_of_weights_goes_both_ways() {
    let mut shop = Shop::with_two_versions().await;
    shop.publish("v3").await;
    let version = |shop: &Shop, version: &str| {
        let asked = json!({ "Name": "live", "FunctionVersion": version });
        shop.ask("UpdateAlias", asked)["RoutingConfig"].clone()
    };
    shop.weigh(0.5);
    let kept = json!({ "AdditionalVersionWeights": { "2": 0.5 } });
    assert_eq!(version(&shop, "3"), kept);
    shop.account.with(|world| {
        world.functions.version_resets_weights = true;
        world.functions.refuses_whole_weight = true;
    });
    assert_eq!(version(&shop, "1"), Value::Null);
    let refused = shop.refused("UpdateAlias", weights(&json!({ "2": 1.0 })));
    assert!(
        refused.contains("leaves nothing for version 1"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn aliases_are_made_listed_and_deleted() {
    let shop = Shop::with_two_versions().await;
    let again = json!({ "Name": "live", "FunctionVersion": "2" });
    assert_eq!(
        shop.refused("CreateAlias", again),
        "ResourceConflictException: Alias already exists: arn:aws:lambda:eu-central-1:111122223333:function:orders:live"
    );
    shop.ask(
        "CreateAlias",
        json!({ "Name": "next", "FunctionVersion": "2" }),
    );
    let names = |asked: Value| {
        let listed = shop.ask("ListAliases", asked)["Aliases"].clone();
        let listed = listed.as_array().cloned().unwrap_or_default();
        listed
            .iter()
            .map(|it| it["Name"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["live", "next"]);
    shop.weigh(0.1);
    assert_eq!(names(json!({ "FunctionVersion": "2" })), ["live", "next"]);
    for _ in 0..2 {
        shop.ask("DeleteAlias", json!({ "Name": "next" }));
    }
    assert_eq!(
        shop.refused("GetAlias", json!({ "Name": "next" })),
        "ResourceNotFoundException: Cannot find alias arn: arn:aws:lambda:eu-central-1:111122223333:function:orders:next"
    );
}

#[tokio::test(start_paused = true)]
async fn provisioned_concurrency_of_an_alias_gets_ready_or_fails() {
    let shop = Shop::with_two_versions().await;
    let asked = |qualifier: &str| json!({ "Qualifier": qualifier });
    let put = |shop: &Shop| {
        let mut asked = asked("live");
        asked["ProvisionedConcurrentExecutions"] = json!(5);
        shop.ask("PutProvisionedConcurrencyConfig", asked)
    };
    let status =
        |shop: &Shop| shop.ask("GetProvisionedConcurrencyConfig", asked("live"))["Status"].clone();
    let missing = shop.refused("GetProvisionedConcurrencyConfig", asked("live"));
    assert!(
        missing.starts_with("ProvisionedConcurrencyConfigNotFoundException"),
        "{missing}"
    );
    assert_eq!(put(&shop)["Status"], "IN_PROGRESS");
    shop.passes(60).await;
    assert_eq!(status(&shop), "READY");
    shop.account
        .with(|world| world.functions.failing_provisioning = Some("no capacity".to_owned()));
    put(&shop);
    shop.passes(60).await;
    assert_eq!(status(&shop), "FAILED");
    let mut latest = asked("$LATEST");
    latest["ProvisionedConcurrentExecutions"] = json!(5);
    let refused = shop.refused("PutProvisionedConcurrencyConfig", latest);
    assert!(
        refused.contains("unpublished function versions"),
        "{refused}"
    );
    shop.ask("DeleteProvisionedConcurrencyConfig", asked("live"));
}
