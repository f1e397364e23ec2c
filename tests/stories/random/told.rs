//! What became of a story: the journal, and what people and faults did beside it.

use std::{ops::Range, time::Duration};

use canary::{aws::function::Routing, record::Record};
use rehearsal_core::{
    clock::Moment,
    world::journal::{Call, Entry, Set, What},
};

use super::{event::Service, story::Target};
use crate::play::record_of;

/// A story that was told.
pub(super) struct Told {
    pub(super) target: Target,
    /// Everything until the release after it.
    pub(super) journal: Vec<Entry>,
    /// What people and faults did, in order.
    pub(super) deeds: Vec<Deed>,
    /// When the last fault was over.
    pub(super) over: Moment,
    pub(super) before: Shape,
    pub(super) after: Shape,
    /// What the pipeline still had in progress at the end.
    pub(super) open: Vec<String>,
    /// How the release after it ended, and why.
    pub(super) next: (String, String),
    /// Behind a load balancer: where requests or tasks went where they should not, if nobody but the suite can have done that.
    pub(super) astray: Vec<String>,
    /// Versions by their images.
    pub(super) labels: Vec<(String, String)>,
    /// For people.
    pub(super) transcript: String,
}

/// Something that a person or a fault did.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub(super) at: Moment,
    pub(super) what: Did,
}

/// What a person or a fault did.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Did {
    /// Somebody set a count; automatic scaling did.
    Count(Service, u32),
    Scaled(u32),
    /// Somebody put a version on a service, by its short name.
    Version(Service, String),
    /// Somebody set the weights of primary and canary, or of both groups of task sets.
    Weights(u32, u32),
    /// Somebody stopped tasks, Fargate Spot took some, or they end as they start.
    StoppedTasks(Service),
    /// Somebody gave a task set a percentage of its service's tasks, by its id.
    ScaledSet(String, u32),
    /// Somebody made a task set of their own.
    MadeSet(String),
    /// Somebody made a task set PRIMARY.
    MadePrimary(String),
    /// Somebody deleted a task set.
    DeletedSet(String),
    /// The stable task definition became `INACTIVE`.
    Deregistered,
    /// Somebody wrote the alias, or deleted it.
    Routed(Option<Routing>),
    /// Somebody deleted versions of the function.
    DeletedVersions(Vec<String>),
    /// Events to functions got lost until then.
    LostEvents(Moment),
    /// A function was hindered until then.
    Hindered(&'static str, Moment),
}

/// What a target is like.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Pair(Pair),
    /// Where its invocations go, if it exists.
    Alias(Option<Routing>),
    Sets(Sets),
}

/// What two services are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) primary: Half,
    pub(super) canary: Half,
    /// Of primary and canary, behind a load balancer.
    pub(super) weights: Option<(u32, u32)>,
}

/// What a service of task sets is like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sets {
    /// All of them, the oldest first.
    pub(super) all: Vec<Set>,
    /// Of both groups, behind a load balancer.
    pub(super) weights: Option<(u32, u32)>,
    /// Its scalable target.
    pub(super) scaling: String,
}

/// What a service is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Half {
    /// The task definition's short name.
    pub(super) version: String,
    pub(super) desired: u32,
    /// Whether all its tasks run, in one deployment.
    pub(super) is_steady: bool,
    /// Whether ECS has given its newest deployment up.
    pub(super) has_failed: bool,
    /// Its scalable target, if it has one.
    pub(super) scaling: String,
}

impl Shape {
    /// Whether nothing is on its way.
    pub(super) fn is_steady(&self) -> bool {
        match self {
            Self::Pair(pair) => pair.primary.is_steady && pair.canary.is_steady,
            Self::Alias(_) => true,
            Self::Sets(of) => of
                .all
                .iter()
                .all(|it| it.running == it.computed && !is_draining(it)),
        }
    }

    pub(super) fn pair(&self) -> &Pair {
        match self {
            Self::Pair(pair) => pair,
            other => panic!("no pair: {other:?}"),
        }
    }

    pub(super) fn alias(&self) -> Option<&Routing> {
        match self {
            Self::Alias(routing) => routing.as_ref(),
            other => panic!("no alias: {other:?}"),
        }
    }

    pub(super) fn sets(&self) -> &Sets {
        match self {
            Self::Sets(sets) => sets,
            other => panic!("no task sets: {other:?}"),
        }
    }
}

impl Sets {
    pub(super) fn primary(&self) -> Option<&Set> {
        self.all.iter().find(|set| set.is_primary())
    }
}

/// Whether a task set is deleted, and its tasks are on their way out.
pub(super) fn is_draining(set: &Set) -> bool {
    set.status == "DRAINING"
}

impl Pair {
    pub(super) fn of(&self, service: Service) -> &Half {
        match service {
            Service::Primary => &self.primary,
            Service::Canary => &self.canary,
        }
    }
}

/// A record that was written.
pub(super) struct Written {
    pub(super) at: Moment,
    /// Its place in the journal.
    pub(super) place: usize,
    pub(super) by: String,
    pub(super) record: Record,
}

impl Written {
    /// Whether it is about the same release as another, and the same beginning of it.
    pub(super) fn is_of(&self, other: &Record) -> bool {
        self.record.release == other.release && self.record.began == other.began
    }
}

impl Told {
    /// The release records that were written, each once.
    pub(super) fn records(&self) -> Vec<Written> {
        let mut tokens = Vec::new();
        let calls =
            self.calls(|call| call.operation == "TransactWriteItems" && call.fault.is_none());
        let mut written = Vec::new();
        for (place, at, call) in calls {
            let token = &call.input["ClientRequestToken"];
            // A call that was repeated for want of an answer.
            if tokens.contains(&token) {
                continue;
            }
            tokens.push(token);
            let items = call.input["TransactItems"].as_array().into_iter().flatten();
            let current = items
                .map(|item| &item["Put"]["Item"])
                .find(|item| item["item"]["S"] == "current");
            let record = current.map(record_of);
            written.extend(record.map(|record| Written {
                at,
                place,
                by: call.principal.0.clone(),
                record,
            }));
        }
        written
    }

    /// The calls that somebody made, with their places in the journal.
    pub(super) fn calls(
        &self,
        is_wanted: impl Fn(&Call) -> bool,
    ) -> impl Iterator<Item = (usize, Moment, &Call)> {
        let entries = self.journal.iter().enumerate();
        entries.filter_map(move |(place, entry)| match &entry.what {
            What::Called(call) if is_wanted(call) => Some((place, entry.at, call)),
            _ => None,
        })
    }

    /// The version whose image a text names.
    pub(super) fn label_of(&self, text: &str) -> String {
        let label = self.labels.iter().find(|(image, _)| text.contains(image));
        label.map_or_else(String::new, |(_, label)| label.clone())
    }

    /// Whether it was somebody else who wrote the alias then.
    pub(super) fn is_routed_at(&self, at: Moment) -> bool {
        let mut then = self.deeds.iter().filter(|deed| deed.at == at);
        then.any(|deed| matches!(deed.what, Did::Routed(_)))
    }

    /// When a function was hindered: from and until.
    pub(super) fn hindered(&self, whom: &str) -> Vec<Range<Moment>> {
        let deeds = self.deeds.iter().filter_map(|deed| match &deed.what {
            Did::Hindered(function, until) if *function == whom => Some(deed.at..*until),
            _ => None,
        });
        deeds.collect()
    }

    /// From when on nothing hinders these functions for so long.
    pub(super) fn unhindered(&self, whom: &[&str], from: Moment, within: u64) -> Moment {
        let hindered: Vec<_> = whom.iter().flat_map(|it| self.hindered(it)).collect();
        let within = Duration::from_secs(within);
        let mut from = from;
        while let Some(it) = hindered
            .iter()
            .find(|it| it.start < from + within && it.end > from)
        {
            from = it.end;
        }
        from
    }
}
