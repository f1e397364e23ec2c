//! What happened, as text for golden files.

use std::collections::{BTreeMap, BTreeSet};

use rehearsal_core::{
    clock::Moment,
    world::journal::{Entry, What},
};

/// Executions, actions, alarms, task counts, task sets, weights, aliases, targets and failed invocations; ids replaced by numbers, times
/// from the beginning, repeated progress of one action folded into its last line.
pub(crate) fn of(journal: &[Entry], begin: Moment) -> String {
    let mut names = Names::default();
    let mut lines: Vec<(String, String)> = Vec::new();
    for Entry { at, what } in journal {
        // Its task sets tell how many run.
        if let What::Service {
            service, desired, ..
        } = what
            && names.sets_of.contains(service)
            && names.counts.insert(service.clone(), *desired) == Some(*desired)
        {
            continue;
        }
        let Some((key, line)) = line(what, &mut names) else {
            continue;
        };
        let seconds = at.since(begin).as_secs();
        let line = format!("{:>3}:{:02}  {line}", seconds / 60, seconds % 60);
        match lines.last_mut() {
            // Progress of the same action: only where it led to.
            Some((last, text)) if *last == key && !key.is_empty() => *text = line,
            _ => lines.push((key, line)),
        }
    }
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

#[derive(Default)]
struct Names {
    executions: BTreeMap<String, usize>,
    sets: BTreeMap<String, usize>,
    /// The services of these sets, and their counts as last told.
    sets_of: BTreeSet<String>,
    counts: BTreeMap<String, u32>,
}

impl Names {
    fn execution(&mut self, id: &str) -> String {
        let next = self.executions.len() + 1;
        format!("#{}", self.executions.entry(id.to_owned()).or_insert(next))
    }

    /// A task set's number.
    fn set(&mut self, id: &str) -> usize {
        let next = self.sets.len() + 1;
        *self.sets.entry(id.to_owned()).or_insert(next)
    }

    /// Ids within a text.
    fn within(&self, text: &str) -> String {
        let executions = self.executions.iter().map(|it| ("#", it));
        let sets = self.sets.iter().map(|it| ("", it));
        let all = executions.chain(sets);
        all.fold(text.to_owned(), |text, (sign, (id, number))| {
            text.replace(id, &format!("{sign}{number}"))
        })
    }
}

fn line(what: &What, names: &mut Names) -> Option<(String, String)> {
    let once = |line: String| Some((String::new(), line));
    match what {
        What::Told(told) => once(format!("-- {told}")),
        What::Execution {
            execution, state, ..
        } => once(format!("{} {state}", names.execution(execution))),
        What::Action {
            execution,
            action,
            status,
            summary,
            ..
        } => {
            let number = names.execution(execution);
            let summary = summary
                .as_deref()
                .map(|text| names.within(text))
                .unwrap_or_default();
            let key = if status == "InProgress" {
                format!("{execution} {action} {}", family(&summary))
            } else {
                String::new()
            };
            Some((
                key,
                format!("{number} {action} {status}  {summary}")
                    .trim_end()
                    .to_owned(),
            ))
        }
        What::Alarm { alarm, state, .. } => once(format!("alarm {alarm} {state}")),
        What::Service {
            service,
            desired,
            running,
        } => {
            let running: Vec<_> = running
                .iter()
                .map(|(version, tasks)| format!("{tasks} {version}"))
                .collect();
            let key = format!("service {service} {desired}");
            Some((
                key,
                format!(
                    "{service}: {desired} desired, running {}",
                    running.join(" + ")
                ),
            ))
        }
        What::Weights { groups, .. } => {
            let groups: Vec<_> = groups
                .iter()
                .map(|(group, weight)| format!("{group} {weight}"))
                .collect();
            once(format!("weights {}", groups.join(", ")))
        }
        What::Sets { service, sets } => {
            names.sets_of.insert(service.clone());
            let told = sets
                .iter()
                .map(|set| format!("{} {set}", names.set(&set.id)));
            let told: Vec<_> = told.collect();
            // Tasks that come and go in a set that stays as it is: only where that led to.
            let kinds = sets.iter();
            let kinds = kinds.map(|set| format!("{} {} {}", set.id, set.status, set.scale));
            let key = format!("sets {}", kinds.collect::<Vec<_>>().join(" "));
            Some((key, format!("task sets: {}", told.join("; "))))
        }
        What::Shares { alias, shares } => {
            let shares: Vec<_> = shares.iter().map(ToString::to_string).collect();
            once(format!("alias {alias}: {}", shares.join(", ")))
        }
        What::Targets {
            group,
            healthy,
            initial,
            ailing,
        } => {
            let states = [
                (healthy, "healthy"),
                (initial, "initial"),
                (ailing, "unhealthy"),
            ];
            let states: Vec<_> = states
                .into_iter()
                .filter(|(many, state)| **many > 0 || *state == "healthy")
                .map(|(many, state)| format!("{many} {state}"))
                .collect();
            Some((
                format!("targets {group}"),
                format!("targets of {group}: {}", states.join(", ")),
            ))
        }
        What::Returned {
            function,
            error: Some(error),
            ..
        } => once(format!("{function} failed: {error}")),
        _ => None,
    }
}

/// What kind of progress a summary tells: its words without numbers.
fn family(summary: &str) -> String {
    summary
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(24)
        .collect()
}
