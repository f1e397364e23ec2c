//! Whether the counts of both versions said what they had to.

use super::{check, stopped_with};
use crate::{
    rehearse::Theatre,
    story::{Minute, Story},
    verdict::Check,
    world::journal::What,
};

/// Both versions were compared, and the canary was never called worse.
pub(super) fn is_never_worse(story: &Story) -> Check {
    let mut answers: Vec<_> = story
        .evidence
        .iter()
        .filter_map(|(_, evidence)| Some(evidence.as_ref()?.answer))
        .collect();
    answers.dedup();
    let passed = !answers.contains(&"worse") && !story.minutes.is_empty();
    check(
        "what the counts of both versions say",
        "anything but worse",
        answers.join(", then "),
        passed,
    )
}

/// The verdict has stopped the release.
pub(super) fn stops(story: &Story) -> Check {
    stopped_with(story, &["worse than the primary", "is enough"])
}

/// No greater share was ever asked for.
pub(super) fn ends_at(story: &Story, percent: u8) -> Check {
    let asked = story.asked.iter().filter_map(|(_, asked)| *asked);
    let most = asked.max().unwrap_or_default();
    check(
        "the greatest share asked for",
        &format!("{percent} %"),
        format!("{most} %"),
        most == percent,
    )
}

/// The approval says how little there is.
pub(super) fn is_told(theatre: &Theatre<'_>) -> Check {
    let told = theatre.account.with(|world| {
        let mut told = world.journal.iter().filter_map(|entry| match &entry.what {
            What::Told(text) => text.strip_prefix("the approver reads: "),
            _ => None,
        });
        told.next_back().unwrap_or("nothing").to_owned()
    });
    let expected = "not enough evidence";
    let passed = told.contains(expected);
    check("the approver reads it", expected, told, passed)
}

/// `CloudWatch` counts failures of the canary, and the application itself has told of none.
pub(super) fn fails_unseen(story: &Story) -> Check {
    let failures = |of: fn(&Minute) -> u64| story.minutes.iter().map(of).sum::<u64>();
    let canary = failures(|minute| minute.canary.failures);
    let primary = failures(|minute| minute.primary.failures);
    let told = story.traffic.total(&story.cast.candidate).failed;
    check(
        "failures that nobody but CloudWatch has counted",
        "some of the canary, none of the primary",
        format!("{canary} of the canary, {primary} of the primary; {told} told by v2"),
        canary > 0 && primary == 0 && told == 0,
    )
}
