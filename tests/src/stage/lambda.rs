//! The example of a Lambda function behind an alias, which a queue invokes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Script, Stage};
use crate::world::{Fault, World, s3};

/// Where the first version's package is put, as `infra/lambda.sh` does with that of a commit.
const FIRST_PACKAGE: &str = "first/v1.zip";

impl Stage {
    pub(super) fn lambda_parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TimeoutSeconds", self.timeout.as_secs().to_string()),
            ("WorkMilliseconds", self.work.as_millis().to_string()),
            ("BatchSize", self.batch_size.to_string()),
            ("MaxDeadLetters", self.max_dead_letters.to_string()),
            (
                "VisibilityTimeoutSeconds",
                self.visibility.as_secs().to_string(),
            ),
        ]
    }
}

/// Puts the stable version's package into the bucket of packages, one of the outputs of the stack that comes first; answers the
/// parameters that name it.
pub(super) fn upload_package(
    world: &mut World,
    script: &Script,
    outputs: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, String>, Fault> {
    for version in script.versions() {
        let labels = &mut world.functions.labels;
        labels.insert(version.package_digest(), version.label.clone());
    }
    let bucket = outputs.get("PackageBucket").and_then(Value::as_str);
    let bucket = bucket.unwrap_or_default();
    s3::put(world, bucket, FIRST_PACKAGE, script.stable().package())?;
    Ok(BTreeMap::from([
        ("PackageBucket".to_owned(), bucket.to_owned()),
        ("PackageKey".to_owned(), FIRST_PACKAGE.to_owned()),
    ]))
}
