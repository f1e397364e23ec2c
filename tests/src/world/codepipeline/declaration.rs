//! What a pipeline is declared to be, and the checks that AWS makes when one is created.
//!
//! Members that the model has but this account does not carry out (conditions, triggers, commands,
//! other Regions, ...) are refused by name.
//! AWS: `CodePipeline` user guide, "Pipeline structure reference" and "Quotas".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::action_types::{self, Kind};
use crate::world::Fault;

/// AWS: "Quotas in `CodePipeline`", length of a configuration value, before variables are resolved.
const LONGEST_CONFIGURATION_VALUE: usize = 1000;
/// AWS: same page.
const STAGES: std::ops::RangeInclusive<usize> = 2..=50;
/// AWS: same page.
const ACTIONS_OF_A_STAGE: std::ops::RangeInclusive<usize> = 1..=50;
/// AWS: same page, timeout of a manual approval, minutes.
const APPROVAL_TIMEOUT: std::ops::RangeInclusive<u32> = 5..=86_400;

/// A pipeline's declaration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) role_arn: String,
    pub(super) artifact_store: ArtifactStore,
    pub(super) stages: Vec<Stage>,
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
    #[serde(default)]
    pub(super) pipeline_type: PipelineType,
    #[serde(default)]
    pub(super) execution_mode: ExecutionMode,
}

/// Where artifacts are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ArtifactStore {
    #[serde(rename = "type")]
    kind: String,
    /// A bucket.
    pub(super) location: String,
    /// The customer's key, passed on to jobs as it is.
    pub(super) encryption_key: Option<Value>,
}

/// A stage.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) actions: Vec<Action>,
}

/// An action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) name: String,
    #[serde(rename = "actionTypeId")]
    pub(super) type_id: ActionTypeId,
    #[serde(default = "first")]
    pub(super) run_order: u32,
    #[serde(default)]
    pub(super) configuration: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) input_artifacts: Vec<ArtifactName>,
    #[serde(default)]
    pub(super) output_artifacts: Vec<ArtifactName>,
    pub(super) namespace: Option<String>,
    pub(super) timeout_in_minutes: Option<u32>,
    pub(super) role_arn: Option<String>,
}

fn first() -> u32 {
    1
}

/// An action's type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ActionTypeId {
    pub(super) category: String,
    pub(super) owner: String,
    pub(super) provider: String,
    pub(super) version: String,
}

/// An artifact by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArtifactName {
    pub(super) name: String,
}

/// A pipeline-level variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) default_value: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// AWS: V1 unless said otherwise; V2 has variables and queues.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum PipelineType {
    #[default]
    V1,
    V2,
}

/// What becomes of executions that meet.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ExecutionMode {
    /// One that waits between stages gives way to a newer one.
    #[default]
    Superseded,
    /// First in, first out, before each stage.
    Queued,
}

impl ExecutionMode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::Queued => "QUEUED",
        }
    }
}

impl Declaration {
    /// Reads a `PipelineDeclaration` and checks it as a whole.
    pub(super) fn parse(declared: &Value) -> Result<Self, Fault> {
        let declaration: Self = serde_json::from_value(declared.clone()).map_err(|error| {
            structure(&format!(
                "the declaration of pipeline {} is not supported: {error}",
                declared["name"]
            ))
        })?;
        declaration.check()?;
        Ok(declaration)
    }

    pub(super) fn stage_named(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.name == name)
    }

    /// The stage that a call names.
    pub(super) fn called_stage(&self, name: &str) -> Result<usize, Fault> {
        self.stage_named(name).ok_or_else(|| {
            Fault::new(
                "StageNotFoundException",
                format!("there is no stage {name}"),
            )
        })
    }

    fn check(&self) -> Result<(), Fault> {
        if !(self.role_arn.starts_with("arn:aws") && self.role_arn.contains(":role/")) {
            return Err(validation(&format!(
                "roleArn {} is not the ARN of a role",
                self.role_arn
            )));
        }
        if self.artifact_store.kind != "S3" {
            return Err(validation("artifactStore.type is not S3"));
        }
        if self.pipeline_type == PipelineType::V1
            && (self.execution_mode != ExecutionMode::Superseded || !self.variables.is_empty())
        {
            return Err(validation(
                "executionMode QUEUED and variables need pipelineType V2",
            ));
        }
        self.check_variables()?;
        self.check_stages()?;
        self.check_artifacts()
    }

    fn check_variables(&self) -> Result<(), Fault> {
        unique("variable", self.variables.iter().map(|one| &one.name))
            .map_err(|m| validation(&m))?;
        for variable in &self.variables {
            if let Some(value) = &variable.default_value {
                check_variable_value(&variable.name, value)?;
            }
        }
        Ok(())
    }

    fn check_stages(&self) -> Result<(), Fault> {
        if !STAGES.contains(&self.stages.len()) {
            return Err(structure(&format!(
                "pipeline {} has {} stages; 2 to 50 are allowed",
                self.name,
                self.stages.len()
            )));
        }
        unique("stage", self.stages.iter().map(|one| &one.name)).map_err(|m| structure(&m))?;
        let actions = || self.stages.iter().flat_map(|stage| &stage.actions);
        unique(
            "namespace",
            actions().filter_map(|one| one.namespace.as_ref()),
        )
        .map_err(|m| structure(&m))?;
        for (index, stage) in self.stages.iter().enumerate() {
            if !ACTIONS_OF_A_STAGE.contains(&stage.actions.len()) {
                return Err(Fault::new(
                    "InvalidStageDeclarationException",
                    format!(
                        "stage {} has {} actions; 1 to 50 are allowed",
                        stage.name,
                        stage.actions.len()
                    ),
                ));
            }
            unique("action", stage.actions.iter().map(|one| &one.name))
                .map_err(|m| structure(&m))?;
            for action in &stage.actions {
                action
                    .check(index == 0)
                    .map_err(|reason| bad_action(stage, action, &reason))?;
            }
        }
        Ok(())
    }

    /// Every input artifact is the output of an action that runs before.
    fn check_artifacts(&self) -> Result<(), Fault> {
        let outputs = |action: &Action| -> Vec<String> {
            action
                .output_artifacts
                .iter()
                .map(|one| one.name.clone())
                .collect()
        };
        let mut earlier: BTreeSet<String> = BTreeSet::new();
        for stage in &self.stages {
            for action in &stage.actions {
                let before: BTreeSet<String> = stage
                    .actions
                    .iter()
                    .filter(|other| other.run_order < action.run_order)
                    .flat_map(outputs)
                    .collect();
                let missing = action
                    .input_artifacts
                    .iter()
                    .find(|input| !earlier.contains(&input.name) && !before.contains(&input.name));
                if let Some(input) = missing {
                    let reason = format!("no earlier action puts out artifact {}", input.name);
                    return Err(bad_action(stage, action, &reason));
                }
            }
            for (action, name) in stage
                .actions
                .iter()
                .flat_map(|action| outputs(action).into_iter().map(move |name| (action, name)))
            {
                if !earlier.insert(name.clone()) {
                    let reason = format!("artifact {name} is put out by another action too");
                    return Err(bad_action(stage, action, &reason));
                }
            }
        }
        Ok(())
    }
}

impl Action {
    pub(super) fn kind(&self) -> Kind {
        action_types::find(&self.type_id).map_or(Kind::Played, |one| one.kind)
    }

    fn check(&self, in_first_stage: bool) -> Result<(), String> {
        let action_type = action_types::find(&self.type_id).ok_or_else(|| {
            let id = &self.type_id;
            format!(
                "action type {}/{}/{}/{} is not supported",
                id.category, id.owner, id.provider, id.version
            )
        })?;
        if in_first_stage != (self.type_id.category == "Source") {
            return Err(
                "the first stage, and only the first, consists of source actions".to_owned(),
            );
        }
        if !(1..=999).contains(&self.run_order) {
            return Err(format!("runOrder {} is not in 1 to 999", self.run_order));
        }
        action_type.check_artifacts(self.input_artifacts.len(), self.output_artifacts.len())?;
        action_type.check_configuration(&self.configuration)?;
        for (key, value) in &self.configuration {
            let length = value.chars().count();
            if !(1..=LONGEST_CONFIGURATION_VALUE).contains(&length) {
                return Err(format!(
                    "configuration value {key} has {length} characters; 1 to 1000 are allowed"
                ));
            }
            if in_first_stage && value.contains("#{variables.") {
                return Err(format!(
                    "configuration value {key} uses a pipeline variable, which source actions cannot"
                ));
            }
        }
        match (self.timeout_in_minutes, action_type.kind) {
            (None, _) => Ok(()),
            (Some(minutes), Kind::Approval) if APPROVAL_TIMEOUT.contains(&minutes) => Ok(()),
            (Some(minutes), Kind::Approval) => {
                Err(format!("timeoutInMinutes {minutes} is not in 5 to 86400"))
            }
            (Some(_), _) => Err("only a manual approval may have timeoutInMinutes".to_owned()),
        }
    }
}

/// AWS: `PipelineVariableValue`, 1 to 1000 characters.
pub(super) fn check_variable_value(name: &str, value: &str) -> Result<(), Fault> {
    if (1..=1000).contains(&value.chars().count()) {
        return Ok(());
    }
    Err(validation(&format!(
        "the value of variable {name} does not have 1 to 1000 characters"
    )))
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{what} {name} is declared twice"));
        }
    }
    Ok(())
}

fn structure(message: &str) -> Fault {
    Fault::new("InvalidStructureException", message)
}

fn validation(message: &str) -> Fault {
    Fault::new("ValidationException", message)
}

fn bad_action(stage: &Stage, action: &Action, reason: &str) -> Fault {
    Fault::new(
        "InvalidActionDeclarationException",
        format!("action {} of stage {}: {reason}", action.name, stage.name),
    )
}
