//! How a version comes about.

use serde_json::json;

use super::Shop;
use crate::world::functions::{Failure, State, function, set_state};

fn code(package: &str) -> serde_json::Value {
    json!({ "S3Bucket": "packages", "S3Key": package })
}

fn failure() -> Failure {
    Failure {
        code: "InternalError",
        reason: "an internal error".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn new_code_runs_once_its_update_is_done() {
    let shop = Shop::open();
    let program = |shop: &Shop| {
        shop.account
            .with(|world| function(world, "orders").map(|it| it.program.clone()))
    };
    let told = shop.ask("UpdateFunctionCode", code("v1"));
    assert_eq!(told["LastUpdateStatus"], "InProgress");
    assert_eq!(
        program(&shop).as_deref(),
        Some("orders"),
        "the old code runs"
    );
    shop.passes(3).await;
    let now = shop.ask("GetFunctionConfiguration", json!({}));
    assert_eq!(now["LastUpdateStatus"], "Successful");
    assert_eq!(now["CodeSha256"], told["CodeSha256"]);
    assert_eq!(program(&shop).as_deref(), Some("s3://packages/v1"));
}

#[tokio::test(start_paused = true)]
async fn while_an_update_is_in_progress_the_function_is_neither_changed_nor_published() {
    let shop = Shop::open();
    shop.ask("UpdateFunctionConfiguration", json!({ "Timeout": 30 }));
    for (operation, input) in [
        ("UpdateFunctionCode", code("v1")),
        ("UpdateFunctionConfiguration", json!({ "MemorySize": 256 })),
        ("PublishVersion", json!({})),
    ] {
        assert_eq!(
            shop.refused(operation, input),
            "ResourceConflictException: The operation cannot be performed at this time. An update is in progress for \
             resource: arn:aws:lambda:eu-central-1:111122223333:function:orders"
        );
    }
    shop.passes(3).await;
    let published = shop.ask("PublishVersion", json!({}));
    assert_eq!(
        (&published["Version"], &published["Timeout"]),
        (&json!("1"), &json!(30))
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_leaves_the_code_as_it_was() {
    let shop = Shop::open();
    let before = shop.ask("GetFunctionConfiguration", json!({}));
    shop.account
        .with(|world| world.functions.failing_update = Some(failure()));
    shop.ask("UpdateFunctionCode", code("v1"));
    shop.passes(3).await;
    let after = shop.ask("GetFunctionConfiguration", json!({}));
    assert_eq!(after["LastUpdateStatus"], "Failed");
    assert_eq!(after["LastUpdateStatusReason"], "an internal error");
    assert_eq!(after["CodeSha256"], before["CodeSha256"]);
}

#[tokio::test(start_paused = true)]
async fn a_version_is_published_once_and_its_number_never_again() {
    let mut shop = Shop::open();
    assert_eq!(shop.publish("v1").await, "1");
    assert_eq!(shop.publish("v1").await, "1", "nothing has changed");
    let described = shop.ask("PublishVersion", json!({ "Description": "again" }));
    assert_eq!(described["Version"], "1", "nor by a description");
    assert_eq!(shop.publish("v2").await, "2");
    let forgotten = shop
        .account
        .with(|world| super::super::version::delete(world, "orders", "2"));
    assert_eq!(forgotten, Ok(()));
    assert_eq!(shop.publish("v3").await, "3");
    let listed = shop.ask("ListVersionsByFunction", json!({ "MaxItems": 2 }));
    let versions = |listed: &serde_json::Value| {
        let versions = listed["Versions"].as_array().expect("a list").iter();
        versions
            .map(|it| it["Version"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&listed), ["$LATEST", "1"]);
    let marker = &listed["NextMarker"];
    let rest = shop.ask("ListVersionsByFunction", json!({ "Marker": marker }));
    assert_eq!(versions(&rest), ["3"]);
    assert!(rest["NextMarker"].is_null());
}

#[tokio::test(start_paused = true)]
async fn only_what_the_publisher_has_seen_is_published() {
    let shop = Shop::open();
    let begun = shop.ask("UpdateFunctionCode", code("v1"));
    shop.passes(3).await;
    let done = shop.ask("GetFunctionConfiguration", json!({}));
    assert_ne!(begun["RevisionId"], done["RevisionId"]);
    let stale = json!({ "RevisionId": begun["RevisionId"] });
    let refused = shop.refused("PublishVersion", stale);
    assert!(
        refused.starts_with("PreconditionFailedException"),
        "{refused}"
    );
    let other = shop.refused("PublishVersion", json!({ "CodeSha256": "b2xk" }));
    assert!(other.contains("CodeSHA256 (b2xk) is different"), "{other}");
    let seen = json!({ "RevisionId": done["RevisionId"], "CodeSha256": done["CodeSha256"] });
    assert_eq!(shop.ask("PublishVersion", seen)["Version"], "1");
}

#[tokio::test(start_paused = true)]
async fn the_revision_stays_at_the_end_of_an_update_if_aws_should_do_so() {
    let shop = Shop::open();
    shop.account
        .with(|world| world.functions.settling_changes_revision = false);
    let begun = shop.ask("UpdateFunctionCode", code("v1"));
    shop.passes(3).await;
    let seen = json!({ "RevisionId": begun["RevisionId"] });
    assert_eq!(shop.ask("PublishVersion", seen)["Version"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_version_is_pending_before_it_is_active_or_has_failed() {
    let mut shop = Shop::open();
    shop.publish("v1").await;
    shop.account
        .with(|world| world.functions.failing_version = Some(failure()));
    let second = json!({ "Publish": true, "S3Bucket": "packages", "S3Key": "v2" });
    let published = shop.ask("UpdateFunctionCode", second);
    assert_eq!(
        (&published["Version"], &published["State"]),
        (&json!("2"), &json!("Pending"))
    );
    let invoked = shop.refused("Invoke", json!({ "Qualifier": "2" }));
    assert!(
        invoked.ends_with("in the following state: Pending"),
        "{invoked}"
    );
    shop.passes(3).await;
    let state = |version: &str| {
        let asked = json!({ "Qualifier": version });
        shop.ask("GetFunctionConfiguration", asked)["State"].clone()
    };
    assert_eq!((state("1"), state("2")), (json!("Active"), json!("Failed")));
}

#[tokio::test(start_paused = true)]
async fn an_idle_version_fails_the_invocation_that_wakes_it() {
    let shop = Shop::with_two_versions().await;
    shop.account
        .with(|world| set_state(world, "orders", "1", State::Inactive));
    let refused = shop.refused("Invoke", json!({ "Qualifier": "live" }));
    assert!(refused.ends_with("state: Inactive"), "{refused}");
    shop.passes(3).await;
    let invoked = shop.ask("Invoke", json!({ "Qualifier": "live" }));
    assert_eq!(invoked["ExecutedVersion"], "1");
}

#[tokio::test(start_paused = true)]
async fn code_is_a_package_in_a_bucket_that_is_there() {
    let shop = Shop::open();
    let dry = json!({ "DryRun": true, "S3Bucket": "packages", "S3Key": "v1" });
    let dry = shop.ask("UpdateFunctionCode", dry);
    assert_eq!(dry["LastUpdateStatus"], "Successful", "nothing was updated");
    for (asked, why) in [
        (code("v9"), "S3 Error Code: NoSuchKey"),
        (json!({}), "Please provide a source for function code."),
        (
            json!({ "ImageUri": "registry/orders:v1" }),
            "Please don't provide ImageUri when updating a function with packageType Zip.",
        ),
        (
            json!({ "ZipFile": "UEs=" }),
            "The local account does not have ZipFile.",
        ),
    ] {
        let refused = shop.refused("UpdateFunctionCode", asked);
        assert!(refused.contains(why), "{refused}");
    }
}
