//! What people are told of a rollback: that it begins, and that everything is as the release found it. Pure.

use canary::{
    decision::{Decision, Doing, Notice, Outcome},
    job::cut,
    observation::ScalableTarget,
    record::{Cause, FoundService, Phase, Record},
};

use crate::{Seen, decide::Why};

/// Characters of a cause in a notice; alarms' reasons are at most as long.
const LONGEST_CAUSE: usize = 1024;

/// What is to be told once the record says what was decided; nothing of what only goes on.
#[must_use]
pub fn of(seen: &Seen, why: &Why, decision: &Decision) -> Option<Notice> {
    let before = seen.pair.record.as_ref()?;
    match decision {
        Decision::Take(taken) => match (&taken.doing, &taken.record) {
            (Doing::RollBack { cause, .. }, Some(after)) => Some(begun(before, after, cause, why)),
            _ => None,
        },
        Decision::Done(done) => match &done.outcome {
            Outcome::RolledBack { cause, .. } => Some(finished(before, cause)),
            _ => None,
        },
        Decision::Wait(_) | Decision::Refuse(_) => None,
    }
}

fn begun(before: &Record, after: &Record, cause: &Cause, why: &Why) -> Notice {
    let mut lines = about(after);
    lines.push(format!("Phase: {} until now", before.phase));
    lines.push(format!("Asked for by: {}", asker(why)));
    lines.push("What happens now:".to_owned());
    lines.extend(restored(after));
    if matches!(
        &after.phase,
        Phase::RollingBack {
            ends_execution: true,
            ..
        }
    ) {
        lines.push("- the pipeline execution is ended".to_owned());
    }
    lines.push("Another message follows when that is done.".to_owned());
    notice(after, "rolling back", "is being rolled back", cause, &lines)
}

fn finished(rolling_back: &Record, cause: &Cause) -> Notice {
    let mut lines = about(rolling_back);
    lines.push("What was restored:".to_owned());
    lines.extend(restored(rolling_back));
    notice(rolling_back, "rolled back", "is rolled back", cause, &lines)
}

fn notice(record: &Record, doing: &str, is: &str, cause: &Cause, lines: &[String]) -> Notice {
    let (primary, release) = (&record.target.primary, &record.release);
    let cause = cut(&cause.what, LONGEST_CAUSE);
    let cause = cause.trim_end_matches('.');
    let message = format!(
        "Release {release} of {primary} {is}: {cause}.\n\n{}\n",
        lines.join("\n")
    );
    Notice::new(
        primary.as_str(),
        &format!("{doing} release {release}"),
        message,
    )
}

fn about(record: &Record) -> Vec<String> {
    vec![
        format!("Pair: {}", record.pair),
        format!("Release: {}", record.release),
        format!("Pipeline: {}", record.target.pipeline),
    ]
}

fn asker(why: &Why) -> String {
    match why {
        Why::Action(_) => "an action of its pipeline".to_owned(),
        Why::Hand(_) => "a person".to_owned(),
        Why::Alarm(firing) => format!("alarm {}", firing.alarm),
        Why::Ended(_) => "the end of its pipeline execution, or of its approval".to_owned(),
        Why::Schedule => "the schedule, which found its pipeline execution ended".to_owned(),
    }
}

/// What goes back to what it was, one line each. The record is that of a release being rolled back.
fn restored(record: &Record) -> Vec<String> {
    let Phase::RollingBack {
        candidate,
        promotion_begun,
        ..
    } = &record.phase
    else {
        return Vec::new();
    };
    let (target, found) = (&record.target, &record.found);
    let runs = |found: &FoundService| found.task_definition.short().to_owned();
    let mut canary = Vec::new();
    if candidate.is_some() {
        canary.extend([runs(&found.canary), tasks(found.canary.desired)]);
    }
    canary.extend(found.canary.scaling.map(scaled));
    let mut primary = Vec::new();
    if *promotion_begun {
        primary.push(runs(&found.primary));
    }
    if record.owns_primary_count() {
        primary.push(tasks(found.primary.desired));
        primary.extend(found.primary.scaling.map(scaled));
    }
    [(&target.canary, canary), (&target.primary, primary)]
        .into_iter()
        .map(|(service, parts)| match &parts[..] {
            [] => format!("- {service}: was not touched"),
            parts => format!("- {service}: {}", parts.join(", ")),
        })
        .collect()
}

fn scaled(scaling: ScalableTarget) -> String {
    format!(
        "scaled automatically from {} to {}",
        scaling.min, scaling.max
    )
}

fn tasks(count: u32) -> String {
    match count {
        1 => "1 task".to_owned(),
        many => format!("{many} tasks"),
    }
}

#[cfg(test)]
mod tests;
