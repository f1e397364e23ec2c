//! What calls need. AWS: Service Authorization Reference, and "Resource types for Lambda API actions": what is done to a
//! function, an alias included, needs the function's own ARN; reading and invoking a version or an alias, and its provisioned
//! concurrency, the ARN with the qualifier.

use super::{mapping, names::Named};
use crate::world::iam::{
    self,
    needs::{Need, Question, text},
};

pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let named = Named::parse(it.world, text(it.input, "FunctionName"));
    let whole = super::arn(it.world, &named.name);
    let given = it.input["Qualifier"].as_str();
    let qualified = given.map_or_else(|| named.clone(), |given| named.with(given));
    let qualified = qualified.arn(it.world);
    Some(match it.operation {
        "CreateAlias"
        | "DeleteAlias"
        | "GetAlias"
        | "ListAliases"
        | "ListVersionsByFunction"
        | "PublishVersion"
        | "UpdateAlias" => vec![Need::new(it.action(), whole)],
        "UpdateFunctionCode" => {
            let mut needs = vec![Need::new(it.action(), whole)];
            needs.extend(package(it));
            needs
        }
        "UpdateFunctionConfiguration" => {
            let role = it.input["Role"].as_str();
            let pass = role.map(|role| it.pass(role, iam::LAMBDA));
            let change = Need::new(it.action(), whole);
            [change].into_iter().chain(pass).collect()
        }
        "GetFunction"
        | "GetFunctionConfiguration"
        | "DeleteProvisionedConcurrencyConfig"
        | "GetProvisionedConcurrencyConfig"
        | "PutProvisionedConcurrencyConfig" => vec![Need::new(it.action(), qualified)],
        "Invoke" => vec![Need::new("lambda:InvokeFunction", qualified)],
        "CreateEventSourceMapping" => {
            vec![Need::new(it.action(), "*").with("lambda:FunctionArn", named.arn(it.world))]
        }
        "ListEventSourceMappings" => it.anything(),
        "DeleteEventSourceMapping" | "GetEventSourceMapping" | "UpdateEventSourceMapping" => {
            let uuid = text(it.input, "UUID");
            let need = Need::new(it.action(), mapping::arn(it.world, uuid));
            match mapping::function_arn(it.world, uuid) {
                Some(function) => vec![need.with("lambda:FunctionArn", function)],
                None => vec![need],
            }
        }
        _ => return None,
    })
}

/// Lambda reads the package in the caller's name.
fn package(it: &Question<'_>) -> Option<Need> {
    let bucket = it.input["S3Bucket"].as_str()?;
    let object = format!("arn:aws:s3:::{bucket}/{}", text(it.input, "S3Key"));
    let of_version = it.input["S3ObjectVersion"].is_string();
    let action = if of_version {
        "s3:GetObjectVersion"
    } else {
        "s3:GetObject"
    };
    Some(Need::new(action, object).via_a_service())
}
