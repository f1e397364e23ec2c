//! What the services are like at the end, and were meanwhile.

use super::{Facts, check, work};
use crate::{
    rehearse::{
        Theatre,
        pair::{Service, defined, names, services},
    },
    story::{Steps, Story},
    verdict::Check,
    world::journal::What,
};

/// Both services: the version, and everything else as the first release found it.
pub(super) fn checks(theatre: &Theatre<'_>, facts: &Facts, version: &str) -> Vec<Check> {
    let now = services(theatre);
    let Some(found) = &facts.found else {
        return vec![never_steady()];
    };
    let same_definition = now[0].task_definition == now[1].task_definition;
    let mut checks = Vec::new();
    for (before, after) in found.iter().zip(&now) {
        let expected = format!("{0} of {0} tasks on {version}", before.desired);
        let is = format!(
            "{} of {} tasks on {} ({}){}",
            after.running,
            after.desired,
            after.version,
            after.task_definition,
            if after.deployments == 1 {
                ""
            } else {
                ", deploying"
            },
        );
        let passed = after.version == version
            && (after.desired, after.running) == (before.desired, before.desired)
            && after.deployments == 1
            && same_definition;
        checks.push(check(
            &format!("service {}", after.name),
            &expected,
            is,
            passed,
        ));
        checks.push(scaling(before, after));
    }
    checks.extend(work::weights(&theatre.story.borrow()));
    checks
}

/// Nothing was compared with what it was.
pub(super) fn never_steady() -> Check {
    check(
        "the services",
        "steady before the release",
        "never steady".to_owned(),
        false,
    )
}

/// Automatic scaling is as it was.
pub(super) fn scaling(before: &Service, after: &Service) -> Check {
    check(
        &format!("scaling of {}", after.name),
        &before.scaling,
        after.scaling.clone(),
        after.scaling == before.scaling,
    )
}

/// The primary never had fewer running tasks than the release found.
pub(super) fn no_task_missing(story: &Story, facts: &Facts) -> Check {
    let found = facts.found.as_ref().map_or(0, |found| found[0].running);
    let begun = story
        .executions
        .first()
        .map_or(story.began, |execution| execution.started);
    let primary = story.services.get(&story.cast.primary);
    let fewest = primary
        .into_iter()
        .flat_map(Steps::iter)
        .filter(|(at, _)| *at >= begun)
        .map(|(_, tasks)| u64::from(tasks.total()))
        .min()
        .unwrap_or(found);
    check(
        "fewest running tasks of the primary",
        &format!("at least {found}"),
        fewest.to_string(),
        found > 0 && fewest >= found,
    )
}

/// What a version defines besides its image runs on the services, and was approved by name.
pub(super) fn definitions(theatre: &Theatre<'_>) -> Vec<Check> {
    let versions = theatre.script.versions();
    let defines = versions.filter_map(|version| version.defines.as_ref());
    let checks = defines.flat_map(|defines| {
        let (name, (cpu, memory)) = (defines.variable.0, defines.size);
        let size = format!("{cpu} CPU units, {memory} MiB");
        let of_services = names(theatre).iter().map(move |service| {
            let found = defined(theatre, service);
            let passed = found.contains(name) && found.ends_with(&size);
            let expected = format!("{name} among its variables; {size}");
            check(
                &format!("{service} is defined as v2 asks"),
                &expected,
                found,
                passed,
            )
        });
        let told = begun(theatre);
        let expected =
            format!("variable {name} of app is new, cpu 256 to {cpu}, memory 512 to {memory}");
        let passed = told.contains(&expected);
        let told = check(
            "the release begins with what changes",
            &expected,
            told,
            passed,
        );
        of_services.chain([told])
    });
    checks.collect()
}

/// What deploy-canary has said as the release began.
fn begun(theatre: &Theatre<'_>) -> String {
    theatre.account.with(|world| {
        let said = world.journal.iter().filter_map(|entry| match &entry.what {
            What::Action { summary, .. } => summary.as_deref(),
            _ => None,
        });
        let mut begun = said.filter(|said| said.starts_with("release begins"));
        begun.next().unwrap_or("nothing").to_owned()
    })
}
