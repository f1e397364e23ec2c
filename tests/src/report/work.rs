//! What depends on how work reaches the versions: words, and which panels there are.

use super::{balancing, chart::Canvas, colour, depths, evidence, panels, rates, routing};
use crate::{
    live::load::NO_VERSION,
    stage::{Runs, Traffic, Work},
    story::Story,
};

/// Words for the work and what becomes of it.
pub(super) struct Words {
    /// `Messages`
    pub(super) work: &'static str,
    /// `Messages processed`: what [`Story::done`] counts.
    pub(super) done: &'static str,
    /// The head of a column of these.
    pub(super) done_head: &'static str,
    /// What the attained share is the candidate's part of.
    pub(super) attained_of: &'static str,
    /// What the measured share is its part of.
    pub(super) measured_of: &'static str,
}

/// The words for a kind of traffic.
pub(super) fn words(traffic: Traffic) -> Words {
    let attained_of = match (traffic.runs(), traffic.work()) {
        (Runs::Function, _) => "the weights of the alias",
        (_, Work::Requests) => "the weights of both target groups",
        (Runs::Services, Work::Messages) => "the running tasks of both services",
        (Runs::TaskSets, Work::Messages) => "the running tasks of the service",
    };
    match traffic.work() {
        Work::Messages => Words {
            work: "Messages",
            done: "Messages processed",
            done_head: "Processed",
            attained_of,
            measured_of: "the messages processed",
        },
        Work::Requests => Words {
            work: "Requests",
            done: "Requests",
            done_head: "Requests",
            attained_of,
            measured_of: "the requests answered, whatever the answer,",
        },
    }
}

/// The panels of the drawing below the pipeline's.
pub(super) fn panels(canvas: &mut Canvas<'_>) {
    let traffic = canvas.story.cast.traffic;
    rates::done(canvas);
    evidence::panels(canvas);
    if traffic.work() == Work::Requests {
        rates::failed(canvas);
    }
    panels::share(canvas);
    if traffic.work() == Work::Requests {
        balancing::weights(canvas);
        balancing::targets(canvas);
    }
    match traffic.runs() {
        Runs::Services => panels::tasks(canvas),
        Runs::TaskSets => {
            panels::tasks(canvas);
            routing::sets(canvas);
        }
        Runs::Function => routing::versions(canvas),
    }
    if traffic.work() == Work::Messages {
        depths::depths(canvas);
    }
}

/// Where a version may be at the end.
pub(super) struct Place<'a> {
    /// The head of its column.
    pub(super) head: String,
    /// What a version has of it.
    pub(super) has: Box<dyn Fn(&str) -> String + 'a>,
}

/// The services, the task sets, or the alias and what CloudWatch has counted behind it.
pub(super) fn places(story: &Story) -> Vec<Place<'_>> {
    let tasks = |service| Place {
        head: format!("Tasks of {service} at the end"),
        has: Box::new(move |label: &str| story.tasks(service).of(label).to_string()),
    };
    match story.cast.traffic.runs() {
        Runs::Services => vec![tasks(&story.cast.primary), tasks(&story.cast.canary)],
        Runs::TaskSets => vec![
            tasks(&story.cast.primary),
            Place {
                head: "Task set at the end".to_owned(),
                has: Box::new(|label| {
                    let own = story.sets_now().iter().filter(|set| set.label == label);
                    let told = own.map(|set| format!("{}, {} %", set.status, set.percent()));
                    let told: Vec<_> = told.collect();
                    told.join("; ")
                }),
            },
        ],
        Runs::Function => {
            let invoked = |label: &str| story.invocations.get(label).copied().unwrap_or_default();
            vec![
                Place {
                    head: "Weight at the end".to_owned(),
                    has: Box::new(|label| format!("{} %", story.weight_of(label))),
                },
                Place {
                    head: "Invocations while it shared the alias".to_owned(),
                    has: Box::new(move |label| invoked(label).all.to_string()),
                },
                Place {
                    head: "Errors of these".to_owned(),
                    has: Box::new(move |label| invoked(label).errors.to_string()),
                },
            ]
        }
    }
}

/// Whoever work went to.
pub(super) struct Worker<'a> {
    /// As the journal names it.
    pub(super) label: &'a str,
    /// As people read it.
    pub(super) name: &'a str,
    /// What part it has.
    pub(super) role: &'static str,
    /// The class of its colour.
    pub(super) class: String,
}

/// Stable version, candidate, other versions, and last what reached none of them, if there was any.
pub(super) fn workers(story: &Story) -> Vec<Worker<'_>> {
    let versions = story.versions().into_iter().enumerate();
    let mut workers: Vec<_> = versions
        .map(|(index, version)| Worker {
            label: version,
            name: version,
            role: match index {
                0 => "stable",
                1 => "candidate",
                _ => "other",
            },
            class: format!("v{}", colour(index)),
        })
        .collect();
    if story.traffic.versions().any(|label| label == NO_VERSION) {
        workers.push(Worker {
            label: NO_VERSION,
            name: "no task",
            role: "answered by the load balancer, or not at all",
            class: "untaken".to_owned(),
        });
    }
    workers
}
