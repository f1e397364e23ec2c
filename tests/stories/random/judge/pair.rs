//! What two services are like in the end.

use canary::{
    parts::pair::{self, FoundService},
    record::{Phase, Record},
};
use rehearsal_core::clock::Moment;

use crate::random::{
    event::Service,
    told::{Did, Half, Told},
};

pub(super) fn is_as_it_should_be(told: &Told) -> Option<String> {
    let records = told.records();
    let (found, left) = (told.before.pair(), told.after.pair());
    let mut wrong = Vec::new();
    match records.last().map(|it| &it.record) {
        None => {
            for service in [Service::Primary, Service::Canary] {
                let before = found.of(service);
                let expected =
                    Expected::new(told, service, Moment(0), &before.version, before.desired);
                wrong.extend(expected.misses(left.of(service), &before.scaling));
            }
            wrong.extend(weights(told, found.weights, Moment(0)));
        }
        Some(record) => {
            let began = records
                .iter()
                .find(|it| it.is_of(record))
                .map_or(Moment(0), |it| it.at);
            for service in [Service::Primary, Service::Canary] {
                let expected = expected(told, record, service, began);
                let scaling = &found.of(service).scaling;
                wrong.extend(expected.misses(left.of(service), scaling));
            }
            wrong.extend(weights(told, found.weights, began));
        }
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

pub(super) fn requests_are_answered(told: &Told) -> Option<String> {
    (!told.astray.is_empty()).then(|| told.astray.join("; "))
}

/// What a service may be like.
struct Expected {
    service: Service,
    versions: Vec<String>,
    counts: Vec<u32>,
}

fn expected(told: &Told, record: &Record, service: Service, began: Moment) -> Expected {
    let both: pair::Found = record.body.found.read().expect("what was found");
    let found: &FoundService = match service {
        Service::Primary => &both.primary,
        Service::Canary => &both.canary,
    };
    let version = match &record.phase {
        Phase::Promoted { .. } => record.candidate().expect("a candidate"),
        _ => (&found.task_definition).into(),
    };
    let mut expected = Expected::new(told, service, began, &version.short(), found.desired);
    match &record.phase {
        Phase::Promoted { .. } if service == Service::Canary => {
            let resting =
                serde_json::to_value(&record.target).expect("JSON")["restingTasks"].clone();
            let resting = serde_json::from_value(resting).expect("a count");
            expected.counts.push(both.canary.bounded(resting));
        }
        Phase::RolledBack { left, .. } => expected.counts.extend(kept(left, service)),
        _ => {}
    }
    expected
}

/// The count that a rollback says it has left alone.
fn kept(left: &[String], service: Service) -> Option<u32> {
    let keeps = format!("{} keeps its ", service.name());
    let mut counts = left.iter().filter_map(|it| it.strip_prefix(&keeps));
    let count = counts.next()?.split(' ').next()?;
    count.parse().ok()
}

impl Expected {
    /// What it was given, and whatever others have set since.
    fn new(told: &Told, service: Service, since: Moment, version: &str, desired: u32) -> Self {
        let mut expected = Self {
            service,
            versions: vec![version.to_owned()],
            counts: vec![desired],
        };
        for deed in told.deeds.iter().filter(|deed| deed.at >= since) {
            match &deed.what {
                Did::Count(of, count) if *of == service => expected.counts.push(*count),
                Did::Scaled(count) if service == Service::Primary => expected.counts.push(*count),
                Did::Version(of, version) if *of == service => {
                    expected.versions.push(version.clone());
                }
                _ => {}
            }
        }
        expected
    }

    fn misses(&self, half: &Half, scaling: &str) -> Vec<String> {
        let name = self.service.name();
        let mut wrong = Vec::new();
        if !self.versions.contains(&half.version) {
            wrong.push(format!(
                "{name} runs {} and not {:?}",
                half.version, self.versions
            ));
        }
        if !self.counts.contains(&half.desired) {
            wrong.push(format!(
                "{name} has {} tasks and not {:?}",
                half.desired, self.counts
            ));
        }
        if half.scaling != scaling {
            wrong.push(format!(
                "{name} is scaled {} and not {scaling}",
                half.scaling
            ));
        }
        if !half.is_steady {
            wrong.push(format!("{name} is not steady"));
        }
        wrong
    }
}

fn weights(told: &Told, found: Option<(u32, u32)>, since: Moment) -> Option<String> {
    let theirs = told.deeds.iter().filter(|deed| deed.at >= since);
    let theirs = theirs.filter_map(|deed| match deed.what {
        Did::Weights(primary, canary) => Some((primary, canary)),
        _ => None,
    });
    let allowed: Vec<_> = found.into_iter().chain(theirs).collect();
    let now = told.after.pair().weights?;
    (!allowed.contains(&now)).then(|| format!("the rule has weights {now:?} and not {allowed:?}"))
}
