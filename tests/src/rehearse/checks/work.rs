//! Whether all work was done, and goes where it went before.

use super::{Facts, check};
use crate::{
    live::load::{NO_VERSION, Totals},
    rehearse::Theatre,
    scenario::{FailsRequests, Scenario},
    stage::{self, Work},
    story::Story,
    verdict::Check,
    world::sqs,
};

/// Behind a load balancer: the weights are what the release found, or all of them go where the PRIMARY task set is.
pub(super) fn weights(story: &Story) -> Option<Check> {
    if story.cast.traffic.work() != Work::Requests {
        return None;
    }
    let (names, groups) = (story.cast.names_of_groups(), &story.cast.groups);
    let told = |weights: Option<[u32; 2]>| {
        weights.map_or_else(
            || "none".to_owned(),
            |[one, other]| format!("{one} {}, {other} {}", names[0], names[1]),
        )
    };
    let found = story.weights.iter().next().map(|(_, weights)| *weights);
    let mut sets = story.sets_now().iter();
    let primary = sets.find(|set| set.is_primary());
    let is_swapped = primary.is_some_and(|set| set.group == groups[1]);
    let found = told(match (found, is_swapped) {
        (Some([all, none]), true) => Some([none, all]),
        (found, _) => found,
    });
    let now = told(story.weights.last().copied());
    let passed = found == now && found != "none";
    Some(check("weights of the rule", &found, now, passed))
}

/// No request fails but by a version that fails them, and none is left without an answer.
pub(super) fn requests(story: &Story, scenario: Scenario, totals: &Totals) -> Vec<Check> {
    let Totals {
        sent,
        answered,
        failed,
        first_failures,
    } = totals;
    let every = check(
        "every request is answered",
        &format!("all {sent} sent"),
        format!("{answered} answered"),
        *sent > 0 && sent == answered,
    );
    let failed_by = |version: &str| u64::from(story.traffic.total(version).failed);
    let candidate = story.cast.candidate.as_str();
    let (name, others) = match scenario.fails_requests() {
        FailsRequests::Nobody => {
            let found = match first_failures.first() {
                None => "0".to_owned(),
                Some(first) => format!("{failed}, the first {first}"),
            };
            return vec![every, check("failed requests", "0", found, *failed == 0)];
        }
        FailsRequests::Candidate => {
            let versions = story.traffic.versions();
            let others = versions.filter(|version| *version != candidate);
            let name = format!("failed requests that {candidate} did not answer");
            (name, others.map(failed_by).sum())
        }
        FailsRequests::EveryVersion => {
            let name = "failed requests that no version answered";
            (name.to_owned(), failed_by(NO_VERSION))
        }
        FailsRequests::LoadBalancer => {
            let own = failed_by(NO_VERSION);
            let name = "failed requests that a version answered";
            (name.to_owned(), failed.saturating_sub(own))
        }
    };
    let found = format!("{others} of {failed} failed");
    vec![every, check(&name, "0", found, others == 0)]
}

/// Every message is processed or a dead letter.
pub(super) fn messages(theatre: &Theatre<'_>, facts: &Facts) -> Vec<Check> {
    let ledger = |queue| {
        let found = theatre.account.with(|world| sqs::ledger(world, queue));
        found.unwrap_or_default()
    };
    let (queue, dead) = (ledger(stage::QUEUE), ledger(stage::DEAD_LETTERS));
    let processed = facts.sent.intersection(&queue.deleted).count();
    let waiting = facts.sent.intersection(&queue.held).count();
    let lost = facts
        .sent
        .iter()
        .filter(|id| {
            !queue.deleted.contains(*id) && !queue.held.contains(*id) && !dead.held.contains(*id)
        })
        .count();
    let (sent, letters) = (facts.sent.len(), dead.held.len());
    let accounted = check(
        "no message is lost",
        &format!("all {sent} sent are processed or dead letters"),
        format!("{processed} processed, {letters} dead letters, {waiting} waiting, {lost} lost"),
        sent > 0 && lost == 0 && waiting == 0 && processed + letters == sent,
    );
    // Whether a message that a bad version fails becomes a dead letter depends on who receives it next.
    let traffic = theatre.rehearsal.stage.traffic;
    let none = (!theatre.rehearsal.scenario.may_have_dead_letters(traffic))
        .then(|| check("dead letters", "0", letters.to_string(), letters == 0));
    [accounted].into_iter().chain(none).collect()
}
