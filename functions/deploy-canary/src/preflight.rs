//! What would go wrong later with a release that begins now. Asked before the first write, of what the first look reads anyway. Pure.

use canary::{
    decision::Unfit,
    names::ServiceName,
    observation::Observation,
    parts::{
        pair::Service,
        task_definition::{Definition, RELEASE_TAGS, Source, Wanted},
    },
    target::{QueueTraffic, Target},
    traffic::queue::{self, Unreachable},
    weight::Weight,
};

use serde_json::Value;

/// As many tags a resource may have (ECS developer guide, "Tagging your Amazon ECS resources").
const MOST_TAGS: usize = 50;

/// Whether a whole definition fits the pair.
pub(crate) fn candidate(
    source: &Source,
    wanted: &Wanted,
    primary: &ServiceName,
    stable: &Definition,
) -> Result<(), Unfit> {
    let from = source.to_string();
    let expected = stable.input();
    let text = |of: &Value, field: &str| of[field].as_str().unwrap_or("none").to_owned();
    let family = |of: &Value| text(of, "family");
    if family(&wanted.input) != family(&expected) {
        return Err(Unfit::CandidateFamily {
            from,
            found: family(&wanted.input),
            expected: family(&expected),
        });
    }
    for field in ["taskRoleArn", "executionRoleArn"] {
        let (found, expected) = (text(&wanted.input, field), text(&expected, field));
        // AWS takes the name for the ARN (API reference, `RegisterTaskDefinition`).
        if found != expected && !expected.ends_with(&format!("/{found}")) {
            return Err(Unfit::CandidateRole {
                from,
                field,
                found,
                service: primary.clone(),
                expected,
            });
        }
    }
    match source {
        Source::Revision(revision) if revision.status().is_some_and(|it| it != "ACTIVE") => {
            let status = revision.status().unwrap_or_default().to_owned();
            Err(Unfit::CandidateNotActive { from, status })
        }
        _ => Ok(()),
    }
}

/// The first thing that a release would run into.
pub(crate) fn check(
    target: &Target,
    pair: &Observation,
    stable: &Definition,
    stable_of_canary: Option<&Definition>,
) -> Result<(), Unfit> {
    let (primary, canary) = (&pair.primary, &pair.canary);
    for (service, definition) in [
        (primary, stable),
        (canary, stable_of_canary.unwrap_or(stable)),
    ] {
        is_active(service, definition)?;
        settings(service)?;
        exchange(service)?;
    }
    families(primary, canary)?;
    if let Some(queue) = target.queue() {
        is_standard(queue)?;
        has_room(target, queue, primary, canary)?;
    }
    Ok(())
}

fn is_active(service: &Service, definition: &Definition) -> Result<(), Unfit> {
    match definition.status() {
        // What AWS does not say is no reason.
        None | Some("ACTIVE") => Ok(()),
        Some(status) => Err(Unfit::NotActive {
            service: service.name.clone(),
            definition: definition.short(),
            status: status.to_owned(),
        }),
    }
}

fn settings(service: &Service) -> Result<(), Unfit> {
    let settings = &service.settings;
    let service = || service.name.clone();
    if settings.scheduling != "REPLICA" {
        let strategy = settings.scheduling.clone();
        return Err(Unfit::Scheduling {
            service: service(),
            strategy,
        });
    }
    if settings.strategy != "ROLLING" {
        let strategy = settings.strategy.clone();
        return Err(Unfit::Strategy {
            service: service(),
            strategy,
        });
    }
    if let Some(field) = settings.rolls_back {
        return Err(Unfit::RollsBack {
            service: service(),
            field,
        });
    }
    if settings.succeeds_early {
        return Err(Unfit::EarlySuccess { service: service() });
    }
    Ok(())
}

/// Whether ECS may start a task beyond the count, or stop one below it; percentages are rounded against it (API reference,
/// `DeploymentConfiguration`). A service without tasks has none to exchange.
fn exchange(service: &Service) -> Result<(), Unfit> {
    let (desired, settings) = (u64::from(service.desired), &service.settings);
    let (least, most) = (settings.min_healthy_percent, settings.max_percent);
    let starts = desired * u64::from(most) / 100 > desired;
    let stops = (desired * u64::from(least)).div_ceil(100) < desired;
    if starts || stops || desired == 0 {
        return Ok(());
    }
    Err(Unfit::CannotExchange {
        service: service.name.clone(),
        desired: service.desired,
        least,
        most,
    })
}

fn families(primary: &Service, canary: &Service) -> Result<(), Unfit> {
    let family = |service: &Service| Some(service.newest()?.task_definition.family().to_owned());
    match (family(primary), family(canary)) {
        (Some(of_primary), Some(of_canary)) if of_primary != of_canary => Err(Unfit::OtherFamily {
            primary: primary.name.clone(),
            of_primary,
            canary: canary.name.clone(),
            of_canary,
        }),
        _ => Ok(()),
    }
}

fn is_standard(queue: &QueueTraffic) -> Result<(), Unfit> {
    let name = queue.url.queue();
    // AWS: the name of a FIFO queue ends with it, and that of no other does (API reference, `CreateQueue`).
    match name.strip_suffix(".fifo") {
        None => Ok(()),
        Some(_) => Err(Unfit::Fifo {
            queue: name.to_owned(),
        }),
    }
}

/// Any share at all has room for it.
fn has_room(
    target: &Target,
    queue: &QueueTraffic,
    primary: &Service,
    canary: &Service,
) -> Result<(), Unfit> {
    let total = primary.desired + canary.desired;
    let least = u32::from(target.floors_primary());
    match queue::plan(queue, Weight::LEAST, primary.desired.max(least), total) {
        Err(Unreachable::NoRoom {
            cap, taken, needed, ..
        }) => Err(Unfit::NoRoom {
            taken,
            most: cap,
            needed,
        }),
        _ => Ok(()),
    }
}

/// Whether what is registered has room for our tags beside those of a definition.
pub(crate) fn tags(definition: String, found: usize) -> Result<(), Unfit> {
    let ours = RELEASE_TAGS.len();
    if found + ours <= MOST_TAGS {
        return Ok(());
    }
    Err(Unfit::TooManyTags {
        definition,
        found,
        ours,
        most: MOST_TAGS,
    })
}

#[cfg(test)]
mod tests;
