//! Why something cannot be released, in words.

use crate::{
    job::FailureType,
    names::{ServiceName, TaskDefinitionArn},
    words::Words,
};

/// Why something cannot be released. All of it is for people to correct.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A release stays within one family: the functions may pass its roles, and put its revisions on services.
    #[error(
        "the task definition of {from} is of the family {found}, and the pair's services run {expected}. Write that family there, then \
         retry; another family is a deployment of your own"
    )]
    CandidateFamily {
        /// The file or revision.
        from: String,
        /// Its family.
        found: String,
        /// The pair's.
        expected: String,
    },
    /// IAM lets the functions pass the pair's two roles, and no others.
    #[error(
        "the task definition of {from} has the {field} {found}, and the one that {service} runs has {expected}: a release does not change \
         what its tasks may do. Write that role there, then retry; another role is a deployment of your own"
    )]
    CandidateRole {
        /// The file or revision.
        from: String,
        /// `taskRoleArn` or `executionRoleArn`.
        field: &'static str,
        /// What it has.
        found: String,
        /// The primary.
        service: ServiceName,
        /// What that has.
        expected: String,
    },
    /// As for a stable version.
    #[error(
        "the task definition of {from} is {status}: no service can be put on it. Register the same definition once more, name that, then \
         retry"
    )]
    CandidateNotActive {
        /// The revision.
        from: String,
        /// Its status.
        status: String,
    },
    /// AWS: 50 tags a resource (ECS developer guide, "Tagging your Amazon ECS resources").
    #[error(
        "task definition {definition} has {found} tags; the candidate gets {ours} more, and AWS takes {most}. Take away {}, then retry",
        found + ours - most
    )]
    TooManyTags {
        /// `FAMILY:REVISION`.
        definition: String,
        /// How many it has that are not AWS's own.
        found: usize,
        /// How many a release adds.
        ours: usize,
        /// How many there may be.
        most: usize,
    },
    /// The container is not in the task definition.
    #[error(
        "there is no container {container:?} in task definition {}; it has {}. {source_name} names it",
        task_definition.short(), list(containers)
    )]
    NoContainer {
        /// The container asked for.
        container: String,
        /// What the primary runs.
        task_definition: TaskDefinitionArn,
        /// The containers there are.
        containers: Vec<String>,
        /// Where the name comes from.
        source_name: &'static str,
    },
    /// The file does not have the container that the action names.
    #[error(
        "imagedefinitions.json has no image for container {container:?}, which UserParameters names; it has {images}"
    )]
    NoImage {
        /// The container asked for.
        container: String,
        /// What the file has.
        images: String,
    },
    /// Which container is meant is not clear.
    #[error(
        "UserParameters: field container is missing, and task definition {} has more than one container: {}. Name one",
        task_definition.short(), list(containers)
    )]
    WhichContainer {
        /// What the primary runs.
        task_definition: TaskDefinitionArn,
        /// The containers there are.
        containers: Vec<String>,
    },
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        FailureType::ConfigurationError
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}
