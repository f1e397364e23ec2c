//! Changes to task sets.

use std::fmt;

use crate::{
    aws::{
        Account, AwsError,
        task_set::{NewSet, Scale, TaskSet},
    },
    names::{ClusterName, ServiceName, TaskSetId},
    parts::rules,
};

/// One change. Absolute, so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A task definition is registered.
    Register {
        /// The input of `RegisterTaskDefinition`.
        definition: String,
    },
    /// A service gets a set, without a task.
    Create {
        /// The service.
        service: ServiceName,
        /// The set.
        set: Box<NewSet>,
    },
    /// A set gets another part of its service's tasks.
    Scale {
        /// The service.
        service: ServiceName,
        /// The set.
        set: TaskSetId,
        /// The part.
        to: Scale,
    },
    /// A set becomes what its service shows as its own.
    MakePrimary {
        /// The service.
        service: ServiceName,
        /// The set.
        set: TaskSetId,
    },
    /// A set goes, with whatever runs in it.
    Delete {
        /// The service.
        service: ServiceName,
        /// The set.
        set: TaskSetId,
    },
    /// The rules of a load balancer.
    Rules(rules::Change),
}

impl From<rules::Change> for Change {
    fn from(change: rules::Change) -> Self {
        Self::Rules(change)
    }
}

impl Change {
    pub(super) fn scale(service: &ServiceName, set: &TaskSet, to: Scale) -> Self {
        Self::Scale {
            service: service.clone(),
            set: set.id.clone(),
            to,
        }
    }

    pub(super) fn make_primary(service: &ServiceName, set: &TaskSet) -> Self {
        Self::MakePrimary {
            service: service.clone(),
            set: set.id.clone(),
        }
    }

    pub(super) fn delete(service: &ServiceName, set: &TaskSetId) -> Self {
        Self::Delete {
            service: service.clone(),
            set: set.clone(),
        }
    }

    /// The call that makes what a record says is missing, in the words of `Display`, for people.
    pub(super) fn by_hand(
        what: &str,
        (cluster, service): (&ClusterName, &ServiceName),
    ) -> Option<String> {
        let words: Vec<_> = what.split(' ').collect();
        let (operation, set, more) = match *words.as_slice() {
            [
                "task",
                "set",
                set,
                "of",
                _,
                "has",
                "the",
                "scale",
                percent,
                "%",
            ] => (
                "update-task-set --task-set",
                set,
                format!(" --scale value={percent},unit=PERCENT"),
            ),
            ["task", "set", set, "is", "the", "PRIMARY", ..] => (
                "update-service-primary-task-set --primary-task-set",
                set,
                String::new(),
            ),
            ["task", "set", set, "of", _, "is", "deleted"] => {
                ("delete-task-set --task-set", set, " --force".to_owned())
            }
            _ => return None,
        };
        Some(format!(
            "  aws ecs {operation} {set} --cluster {cluster} --service {service}{more}"
        ))
    }

    pub(super) async fn apply(
        &self,
        account: &Account,
        cluster: &ClusterName,
    ) -> Result<(), AwsError> {
        match self {
            Self::Register { definition } => {
                let arn = account.register_task_definition(definition).await?;
                tracing::info!("registered {}", arn.short());
                Ok(())
            }
            Self::Create { service, set } => account.create_task_set((cluster, service), set).await,
            Self::Scale { service, set, to } => {
                let at = (cluster, service);
                account.scale_task_set(at, set, *to).await
            }
            Self::MakePrimary { service, set } => {
                account.make_primary((cluster, service), set).await
            }
            Self::Delete { service, set } => account.delete_task_set((cluster, service), set).await,
            Self::Rules(change) => change.apply(account).await,
        }
    }
}

/// What there is once it is made.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register { .. } => f.write_str("the candidate's task definition is registered"),
            Self::Create { service, set } => {
                let version = set.task_definition.short();
                write!(
                    f,
                    "{service} has a task set {} on {version}",
                    set.external_id()
                )
            }
            Self::Scale { service, set, to } => {
                write!(f, "task set {set} of {service} has the scale {to}")
            }
            Self::MakePrimary { service, set } => {
                write!(f, "task set {set} is the PRIMARY of {service}")
            }
            Self::Delete { service, set } => write!(f, "task set {set} of {service} is deleted"),
            Self::Rules(change) => change.fmt(f),
        }
    }
}
