//! The example of a Lambda function behind an alias, whose live version no update undoes.

use rehearsal_core::world::functions;
use serde_json::{Value, json};

use super::{Desk, deleting::nothing_is_left};

#[test]
fn a_function_is_deployed_keeps_its_released_version_over_an_update_and_is_destroyed() {
    let Some(desk) = Desk::new() else { return };
    let said = desk.run("deploy.sh", &["--lambda"], "").succeeded();
    assert!(said.contains("infra/send-messages.sh"), "{said}");
    assert_eq!(desk.status("orders").as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(alias(&desk), json!({ "version": "1", "weights": null }));
    assert_eq!(released(&desk), "2");
    an_update_keeps_the_version_that_is_live(&desk);
    an_update_is_refused_beside_weights(&desk);
    desk.run("destroy.sh", &["--yes"], "").succeeded();
    nothing_is_left(&desk);
    desk.account.with(|world| {
        let released = functions::function(world, "orders");
        assert!(released.is_none(), "the function is gone");
    });
}

/// What the alias sends its invocations to.
fn alias(desk: &Desk) -> Value {
    let alias = json!({ "FunctionName": "orders", "Name": "live" });
    let alias = desk.call("lambda", "GetAlias", &alias);
    let weights = &alias["RoutingConfig"]["AdditionalVersionWeights"];
    json!({ "version": alias["FunctionVersion"], "weights": weights })
}

/// A person's release: another package, published, and the alias on it. Answers the version.
fn released(desk: &Desk) -> String {
    desk.builds("sample-app-lambda", "second");
    let package = format!("s3://{}/second.zip", desk.parameter("PackageBucket"));
    desk.copies("sample-app-lambda", &package);
    let bucket = desk.parameter("PackageBucket");
    let function = ["--function-name", "orders"];
    let code = ["--s3-bucket", &bucket, "--s3-key", "second.zip"];
    desk.aws(&[&["lambda", "update-function-code"], &function[..], &code].concat());
    desk.aws(&[&["lambda", "wait", "function-updated"], &function[..]].concat());
    desk.aws(&[&["lambda", "publish-version"], &function[..]].concat());
    let to = ["--name", "live", "--function-version", "2"];
    desk.aws(&[&["lambda", "update-alias"], &function[..], &to].concat());
    let version = alias(desk)["version"].take();
    version.as_str().expect("a version").to_owned()
}

fn an_update_keeps_the_version_that_is_live(desk: &Desk) {
    let options = ["--lambda", "--parameter", "MaxDeadLetters=3"];
    desk.run("deploy.sh", &options, "").succeeded();
    assert_eq!(desk.status("orders").as_deref(), Some("UPDATE_COMPLETE"));
    assert_eq!(desk.parameter("MaxDeadLetters"), "3");
    assert_eq!(desk.parameter("Version"), "2");
    assert_eq!(alias(desk), json!({ "version": "2", "weights": null }));
    assert!(desk.is_open(), "executions may enter the stage again");
}

fn an_update_is_refused_beside_weights(desk: &Desk) {
    let weights = [
        "--function-name",
        "orders",
        "--name",
        "live",
        "--routing-config",
        "AdditionalVersionWeights={1=0.1}",
    ];
    desk.aws(&[&["lambda", "update-alias"], &weights[..]].concat());
    desk.run("deploy.sh", &["--lambda"], "").refused(
        1,
        &["alias orders:live has weights although no release is in progress"],
    );
    let weights_stay = json!({ "version": "2", "weights": { "1": 0.1 } });
    assert_eq!(alias(desk), weights_stay);
    assert!(desk.is_open(), "executions may enter the stage again");
}
