//! AWS `CodePipeline` and AWS `CodeBuild`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{World, codepipeline, iam},
};

/// `AWS::CodePipeline::Pipeline`: `Ref` is the name.
pub(super) fn pipeline(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (name, input) = input(resource)?;
    codepipeline::create_pipeline(world, &input).map_err(|fault| refused(&fault))?;
    Ok(created(name, [("Version", json!("1"))]))
}

/// The same, for one that is there.
pub(super) fn change_pipeline(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let (name, input) = input(resource)?;
    codepipeline::update_pipeline(world, &input).map_err(|fault| refused(&fault))?;
    Ok(created(name, [("Version", json!("1"))]))
}

/// Its name, and the input of `CreatePipeline`.
fn input(resource: &Resource<'_>) -> Result<(String, Value), Refused> {
    let mut pipeline: Map<String, Value> =
        resource.properties.as_object().cloned().unwrap_or_default();
    pipeline.remove("Tags");
    let name = name_of(resource, pipeline.get("Name").and_then(Value::as_str));
    pipeline.insert("Name".to_owned(), name.clone().into());
    let input = properties::input_of(
        "codepipeline",
        "CreatePipeline",
        &json!({ "pipeline": pipeline }),
    )
    .map_err(|refused| Refused {
        property: refused
            .property
            .map(|path| path.trim_start_matches("pipeline.").to_owned()),
        ..refused
    })?;
    Ok((name, input))
}

/// What a project's builds are like has no place here: who drives the account plays them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Project {
    name: Option<String>,
    service_role: String,
    source: Source,
    #[serde(rename = "Description")]
    _description: Option<Value>,
    #[serde(rename = "Artifacts")]
    _artifacts: Option<Value>,
    #[serde(rename = "Environment")]
    _environment: Option<Value>,
    #[serde(rename = "EncryptionKey")]
    _encryption_key: Option<Value>,
    #[serde(rename = "LogsConfig")]
    _logs: Option<Value>,
    #[serde(rename = "TimeoutInMinutes")]
    _timeout: Option<Value>,
    #[serde(rename = "QueuedTimeoutInMinutes")]
    _queued_timeout: Option<Value>,
    #[serde(rename = "ConcurrentBuildLimit")]
    _concurrent: Option<Value>,
    #[serde(rename = "Cache")]
    _cache: Option<Value>,
    #[serde(rename = "Visibility")]
    _visibility: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Source {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "BuildSpec")]
    _build_spec: Option<String>,
}

/// `AWS::CodeBuild::Project`: `Ref` is the name.
pub(super) fn project(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let project: Project = properties::parse(resource)?;
    let name = name_of(resource, project.name.as_deref());
    if project.source.kind != "CODEPIPELINE" {
        return Err(bad(
            "Source.Type",
            format!(
                "the local account builds for pipelines only, not {}",
                project.source.kind
            ),
        ));
    }
    // Builds are played, so nothing else looks at who they are.
    let arn = world.arn("codebuild", &format!("project/{name}"));
    iam::check_trust(
        world,
        &project.service_role,
        "codebuild.amazonaws.com",
        Some(&arn),
    )
    .map_err(|fault| bad("ServiceRole", fault.message))?;
    Ok(created(name, [("Arn", arn.into())]))
}
