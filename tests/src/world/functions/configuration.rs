//! What is told of a function's versions.

use serde_json::{Value, json};

use super::{
    faults,
    function::Function,
    names::{self, Named},
    routing,
    update::Update,
    version::{LATEST, Version, Versions},
};
use crate::world::{Fault, World};

/// A version as it is told: of `$LATEST` what it is to be.
pub(super) struct Shown<'a> {
    function: &'a Function,
    version: &'a Version,
    /// Of `$LATEST` only.
    update: Option<&'a Update>,
    /// The version or alias that was asked for.
    qualifier: Option<String>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(versions: &'a Versions, version: &str) -> Option<Self> {
        let is_latest = version == LATEST;
        let found = versions.version(version)?;
        Some(Self {
            function: if is_latest {
                versions.newest()
            } else {
                &found.function
            },
            version: found,
            update: is_latest.then_some(&versions.update),
            qualifier: (!is_latest).then(|| version.to_owned()),
        })
    }
}

/// `GetFunctionConfiguration`.
pub(super) fn get_configuration(world: &World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_call(world, input)?;
    Ok(whole(world, &shown(world, &named)?))
}

/// `GetFunction`.
pub(super) fn get(world: &World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_call(world, input)?;
    let shown = shown(world, &named)?;
    let program = &shown.function.program;
    let code = if shown.function.is_image {
        json!({ "RepositoryType": "ECR", "ImageUri": program, "ResolvedImageUri": program })
    } else {
        // A place that nobody can read from.
        json!({ "RepositoryType": "S3", "Location": format!("https://local.invalid/{program}") })
    };
    Ok(json!({ "Configuration": whole(world, &shown), "Code": code }))
}

/// The version that a name means; of an alias with weights the first.
fn shown<'a>(world: &'a World, named: &Named) -> Result<Shown<'a>, Fault> {
    let versions = names::versions(world, &named.name)?;
    let version = routing::version(versions, named.qualifier.as_deref());
    let found = version.and_then(|version| Shown::of(versions, &version));
    let shown = found.ok_or_else(|| faults::no_function(world, named))?;
    Ok(Shown {
        qualifier: named.qualifier.clone(),
        ..shown
    })
}

/// A version with the state that it is in.
pub(super) fn whole(world: &World, shown: &Shown<'_>) -> Value {
    let mut told = short(world, shown);
    let state = &shown.version.state;
    told["State"] = json!(state.name());
    match state {
        super::State::Pending => reason(
            &mut told,
            "State",
            "Creating",
            "The function is being created.",
        ),
        super::State::Inactive => reason(&mut told, "State", "Idle", "The function is idle."),
        super::State::Failed(failure) => reason(&mut told, "State", failure.code, &failure.reason),
        super::State::Active => {}
    }
    match shown.update {
        None | Some(Update::Successful) => told["LastUpdateStatus"] = json!("Successful"),
        Some(Update::InProgress { .. }) => {
            told["LastUpdateStatus"] = json!("InProgress");
            let words = "The function is being created.";
            reason(&mut told, "LastUpdateStatus", "Creating", words);
        }
        Some(Update::Failed(failure)) => {
            told["LastUpdateStatus"] = json!("Failed");
            reason(&mut told, "LastUpdateStatus", failure.code, &failure.reason);
        }
    }
    told
}

fn reason(told: &mut Value, of: &str, code: &str, words: &str) {
    told[format!("{of}ReasonCode")] = json!(code);
    told[format!("{of}Reason")] = json!(words);
}

/// A version without its state.
pub(super) fn short(world: &World, shown: &Shown<'_>) -> Value {
    let Shown {
        function, version, ..
    } = shown;
    let named = Named {
        name: function.name.clone(),
        qualifier: shown.qualifier.clone(),
    };
    let package = function.package();
    let mut told = json!({
        "FunctionName": function.name,
        "FunctionArn": named.arn(world),
        "Version": version.function.version,
        "Role": function.role,
        "PackageType": if function.is_image { "Image" } else { "Zip" },
        "Architectures": ["arm64"],
        "CodeSize": package.size,
        "CodeSha256": package.sha256,
        "Description": function.description,
        "Timeout": function.timeout.as_secs(),
        "MemorySize": function.memory,
        "LastModified": version.modified.iso_offset(),
        "RevisionId": version.revision,
    });
    if !function.is_image {
        told["Runtime"] = json!("provided.al2023");
        told["Handler"] = json!("bootstrap");
    }
    if !function.environment.is_empty() {
        told["Environment"] = json!({ "Variables": function.environment });
    }
    if let Some(target) = &function.dead_letters {
        told["DeadLetterConfig"] = json!({ "TargetArn": target });
    }
    told
}
