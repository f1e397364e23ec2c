//! What would go wrong later with a release of two services that begins now. Asked before the first write, of what the first look
//! reads anyway. Pure.

use super::{Service, Unfit};
use crate::parts::task_definition::Definition;

/// The first thing that a release would run into; each service with what it runs.
pub(super) fn check(
    primary: (&Service, &Definition),
    canary: (&Service, &Definition),
) -> Result<(), Unfit> {
    for (service, definition) in [primary, canary] {
        is_active(service, definition)?;
        settings(service)?;
        exchange(service)?;
    }
    families(primary.0, canary.0)
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
