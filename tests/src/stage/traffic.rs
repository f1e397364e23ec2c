//! Which examples there are, and what follows from which one it is.

use super::{
    ALARM, BLUE_GROUP, CANARY_GROUP, ERRORS_ALARM, FAILURES_ALARM, GREEN_ERRORS_ALARM, GREEN_GROUP,
    GREEN_LATENCY_ALARM, LATENCY_ALARM, PRIMARY_GROUP, SETS_ALARM, STALLED_ALARM,
};

/// How work reaches both versions: which of the examples is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Traffic {
    /// Messages of one queue, which both services consume.
    Queue,
    /// HTTP requests through an application load balancer with a target group for each service.
    Alb,
    /// Messages of one queue, which invoke an alias of a Lambda function.
    Lambda,
    /// Messages of one queue, which both task sets of one service consume.
    TaskSets,
    /// HTTP requests through an application load balancer with a target group for each task set of one service.
    TaskSetsAlb,
}

/// What the versions work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Messages of a queue.
    Messages,
    /// HTTP requests through a load balancer.
    Requests,
}

impl Work {
    /// Its plural.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Requests => "requests",
        }
    }
}

/// What runs the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Two services, each with tasks of its own.
    Services,
    /// Two task sets of one service.
    TaskSets,
    /// A function, by its versions behind an alias.
    Function,
}

impl Traffic {
    /// The root template of the example.
    #[must_use]
    pub fn root(self) -> &'static str {
        match self {
            Self::Queue => "main.yaml",
            Self::Alb => "http.yaml",
            Self::Lambda => "lambda.yaml",
            Self::TaskSets | Self::TaskSetsAlb => "task-sets.yaml",
        }
    }

    /// What the versions work on.
    #[must_use]
    pub fn work(self) -> Work {
        match self {
            Self::Queue | Self::Lambda | Self::TaskSets => Work::Messages,
            Self::Alb | Self::TaskSetsAlb => Work::Requests,
        }
    }

    /// What runs the versions.
    #[must_use]
    pub fn runs(self) -> Runs {
        match self {
            Self::Queue | Self::Alb => Runs::Services,
            Self::TaskSets | Self::TaskSetsAlb => Runs::TaskSets,
            Self::Lambda => Runs::Function,
        }
    }

    /// Whether the versions run as tasks.
    #[must_use]
    pub fn has_tasks(self) -> bool {
        self.runs() != Runs::Function
    }

    /// The target groups, where there is a load balancer: the primary's and the canary's, or both that task sets use by turns.
    #[must_use]
    pub fn groups(self) -> [&'static str; 2] {
        match self.runs() {
            Runs::TaskSets => [BLUE_GROUP, GREEN_GROUP],
            Runs::Services | Runs::Function => [PRIMARY_GROUP, CANARY_GROUP],
        }
    }

    /// The alarms that a bad candidate sets off, and that roll it back.
    #[must_use]
    pub fn alarms(self) -> &'static [&'static str] {
        match self {
            Self::Queue => &[ALARM, FAILURES_ALARM, STALLED_ALARM],
            Self::Alb => &[FAILURES_ALARM, ERRORS_ALARM, LATENCY_ALARM],
            Self::Lambda => &[ALARM],
            Self::TaskSets => &[ALARM, SETS_ALARM, STALLED_ALARM],
            Self::TaskSetsAlb => &[GREEN_ERRORS_ALARM, GREEN_LATENCY_ALARM],
        }
    }

    /// The alarm that a person sets by hand to have a release rolled back.
    #[must_use]
    pub fn alarm(self) -> &'static str {
        match self {
            Self::Queue | Self::Lambda | Self::TaskSets => ALARM,
            Self::Alb => ERRORS_ALARM,
            Self::TaskSetsAlb => GREEN_ERRORS_ALARM,
        }
    }

    /// How it is chosen on the command line.
    #[must_use]
    pub fn option(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self);
        let value = value.map(|value| value.get_name().to_owned());
        format!("--traffic {}", value.unwrap_or_default())
    }
}
