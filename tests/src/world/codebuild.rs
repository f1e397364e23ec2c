//! AWS `CodeBuild`: projects. Their builds are actions of pipelines, and who drives the account plays them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{World, iam, service::Service};
use crate::{
    provision::{ResourceType, Tagged, bad, created, name_of, properties},
    template::{Created, Refused, Resource},
};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    resources: &[ResourceType {
        named_by: Some("Name"),
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::CodeBuild::Project", project)
    }],
    ..Service::new("codebuild")
};

/// The projects' buildspecs, by project.
#[derive(Debug, Default)]
pub struct CodeBuild {
    build_specs: BTreeMap<String, String>,
}

/// The path of a project's buildspec in its source.
#[must_use]
pub fn build_spec<'a>(world: &'a World, project: &str) -> Option<&'a str> {
    let found = world.codebuild.build_specs.get(project)?;
    Some(found)
}

/// What else a project's builds are like has no place here: who drives the account plays them.
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
    build_spec: Option<String>,
}

/// `AWS::CodeBuild::Project`: `Ref` is the name.
fn project(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
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
    if let Some(path) = project.source.build_spec {
        world.codebuild.build_specs.insert(name.clone(), path);
    }
    Ok(created(name, [("Arn", arn.into())]))
}
