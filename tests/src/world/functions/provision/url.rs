//! Function URLs. Nobody calls one here: that it is there, and of what, is all there is of it.

use serde::Deserialize;
use serde_json::json;

use super::find;
use crate::{
    provision::{Existing, ResourceType, Update, bad, created, properties, refused, unchanged},
    template::{Created, Refused, Resource},
    world::{
        World,
        functions::{
            faults,
            names::{self, Named},
        },
    },
};

pub(super) const URL: ResourceType = ResourceType {
    update: Update::InPlace(change),
    delete: |world, it| {
        take_away(world, it);
        Ok(())
    },
    ..ResourceType::new("AWS::Lambda::Url", make)
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Url {
    target_function_arn: String,
    qualifier: Option<String>,
    #[serde(rename = "AuthType")]
    _auth_type: Auth,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Auth {
    AwsIam,
    None,
}

impl Url {
    /// Of an alias, or of `$LATEST`. AWS: "Creating and managing Lambda function URLs": not of a version.
    fn of(&self, world: &World) -> Result<Named, Refused> {
        let function = find(world, &self.target_function_arn)?.name;
        let named = Named {
            name: function,
            qualifier: self.qualifier.clone(),
        };
        let versions = names::versions(world, &named.name).map_err(|fault| refused(&fault))?;
        match &self.qualifier {
            Some(alias) if !versions.aliases.contains_key(alias) => {
                Err(bad("Qualifier", faults::no_alias(world, &named).message))
            }
            _ => Ok(named),
        }
    }
}

/// `AWS::Lambda::Url`: `Ref` is the ARN of the function.
fn make(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let url: Url = properties::parse(resource)?;
    let named = url.of(world)?;
    let id = world.uuid().replace('-', "");
    let region = &world.identity.region;
    let address = format!("https://{id}.lambda-url.{region}.on.aws/");
    let arn = named.arn(world);
    let qualifier = named.qualifier.clone().unwrap_or_default();
    let versions = names::versions_mut(world, &named.name).map_err(|fault| refused(&fault))?;
    if !versions.urls.insert(qualifier) {
        return Err(refused(&faults::conflict(format!(
            "Failed to create function url config for [functionArn = {arn}]. Error message: FunctionUrlConfig exists for this Lambda function"
        ))));
    }
    let attributes = [("FunctionUrl", json!(address)), ("FunctionArn", json!(arn))];
    Ok(created(arn.clone(), attributes))
}

/// Whoever may call it is not judged here.
fn change(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["TargetFunctionArn", "Qualifier"])?;
    let url: Url = properties::parse(resource)?;
    url.of(world).map(|_| ())
}

/// With its function it is gone already.
fn take_away(world: &mut World, it: &Existing<'_>) {
    let named = Named::parse(world, it.reference);
    if let Ok(versions) = names::versions_mut(world, &named.name) {
        versions.urls.remove(&named.qualifier.unwrap_or_default());
    }
}
