//! The action types of this account.
//!
//! AWS: `CodePipeline` user guide, "Valid action types and providers" and the "Action structure
//! reference" of each.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::declaration::ActionTypeId;

/// How an action is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By whoever drives the world.
    Played,
    /// By a person.
    Approval,
    /// By a function that is given a job.
    Lambda,
}

/// What a declaration of an action of this type may contain.
pub(super) struct ActionType {
    category: &'static str,
    provider: &'static str,
    pub(super) kind: Kind,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    inputs: RangeInclusive<usize>,
    outputs: RangeInclusive<usize>,
}

const ACTION_TYPES: [ActionType; 7] = [
    ActionType {
        category: "Source",
        provider: "S3",
        kind: Kind::Played,
        required: &["S3Bucket", "S3ObjectKey"],
        optional: &["PollForSourceChanges"],
        inputs: 0..=0,
        outputs: 1..=1,
    },
    ActionType {
        category: "Source",
        provider: "CodeStarSourceConnection",
        kind: Kind::Played,
        required: &["ConnectionArn", "FullRepositoryId", "BranchName"],
        optional: &["OutputArtifactFormat", "DetectChanges"],
        inputs: 0..=0,
        outputs: 1..=1,
    },
    ActionType {
        category: "Source",
        provider: "CodeCommit",
        kind: Kind::Played,
        required: &["RepositoryName", "BranchName"],
        optional: &["PollForSourceChanges", "OutputArtifactFormat"],
        inputs: 0..=0,
        outputs: 1..=1,
    },
    code_build("Build"),
    code_build("Test"),
    ActionType {
        category: "Approval",
        provider: "Manual",
        kind: Kind::Approval,
        required: &[],
        optional: &["NotificationArn", "CustomData", "ExternalEntityLink"],
        inputs: 0..=0,
        outputs: 0..=0,
    },
    ActionType {
        category: "Invoke",
        provider: "Lambda",
        kind: Kind::Lambda,
        required: &["FunctionName"],
        optional: &["UserParameters"],
        inputs: 0..=5,
        outputs: 0..=5,
    },
];

const fn code_build(category: &'static str) -> ActionType {
    ActionType {
        category,
        provider: "CodeBuild",
        kind: Kind::Played,
        required: &["ProjectName"],
        optional: &[
            "PrimarySource",
            "BatchEnabled",
            "CombineArtifacts",
            "EnvironmentVariables",
        ],
        inputs: 1..=5,
        outputs: 0..=5,
    }
}

/// The action type of that id; owner AWS, version 1.
pub(super) fn find(id: &ActionTypeId) -> Option<&'static ActionType> {
    ACTION_TYPES.iter().find(|one| {
        one.category == id.category
            && one.provider == id.provider
            && id.owner == "AWS"
            && id.version == "1"
    })
}

impl ActionType {
    pub(super) fn check_artifacts(&self, inputs: usize, outputs: usize) -> Result<(), String> {
        for (what, count, allowed) in [
            ("input", inputs, &self.inputs),
            ("output", outputs, &self.outputs),
        ] {
            if !allowed.contains(&count) {
                return Err(format!(
                    "{count} {what} artifacts; {} to {} are allowed",
                    allowed.start(),
                    allowed.end()
                ));
            }
        }
        Ok(())
    }

    pub(super) fn check_configuration(
        &self,
        configuration: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        if let Some(missing) = self
            .required
            .iter()
            .find(|key| !configuration.contains_key(**key))
        {
            return Err(format!("configuration {missing} is missing"));
        }
        if let Some(unknown) = configuration.keys().find(|key| {
            !self.required.contains(&key.as_str()) && !self.optional.contains(&key.as_str())
        }) {
            return Err(format!("configuration {unknown} is not supported"));
        }
        let wrong = |key: &str, is_wrong: fn(&str) -> bool| {
            configuration.get(key).filter(|value| is_wrong(value))
        };
        // Whether AWS takes an ARN or an alias here is not documented.
        if let Some(name) = wrong("FunctionName", |name| name.contains(':')) {
            return Err(format!("FunctionName {name} is not a plain function name"));
        }
        let is_no_topic =
            |arn: &str| !arn.starts_with("arn:aws") || arn.split(':').nth(2) != Some("sns");
        if let Some(arn) = wrong("NotificationArn", is_no_topic) {
            return Err(format!(
                "NotificationArn {arn} is not the ARN of an SNS topic"
            ));
        }
        Ok(())
    }
}
