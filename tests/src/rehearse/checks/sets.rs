//! What the task sets are like at the end, and were meanwhile.

use super::{
    Facts, check,
    services::{never_steady, scaling},
    work,
};
use crate::{
    rehearse::{Theatre, pair::services},
    story::{Steps, Story},
    verdict::Check,
    world::journal::Set,
};

/// One set is PRIMARY and has all tasks, and what else there is has none.
pub(super) fn checks(theatre: &Theatre<'_>, facts: &Facts, version: &str) -> Vec<Check> {
    let now = services(theatre);
    let (Some([before]), [after]) = (facts.found.as_deref(), now.as_slice()) else {
        return vec![never_steady()];
    };
    let story = theatre.story.borrow();
    let (primary, others): (Vec<_>, Vec<_>) =
        story.sets_now().iter().partition(|set| set.is_primary());
    let tasks = before.desired;
    let is_whole = |set: &&Set| {
        let counts = [set.computed, set.running].map(u64::from);
        set.label == version && counts == [tasks, tasks]
    };
    let whole = check(
        "PRIMARY task set",
        &format!("{tasks} of {tasks} tasks on {version}"),
        told(&primary),
        after.desired == tasks && matches!(primary.as_slice(), [one] if is_whole(one)),
    );
    let was_promoted = version != story.cast.stable;
    let expected = if was_promoted {
        "the one before, kept without a task"
    } else {
        "none"
    };
    let is_kept = |set: &&Set| set.status == "ACTIVE" && set.running == 0 && set.computed == 0;
    let is_expected = match others.as_slice() {
        [] => !was_promoted,
        [kept] => was_promoted && is_kept(kept),
        _ => false,
    };
    let others = check("other task sets", expected, told(&others), is_expected);
    let checks = [whole, others, scaling(before, after)];
    let tells = theatre.script.tells_all();
    let shares = tells.then(|| shares(&story)).flatten();
    let more = work::weights(&story).into_iter().chain(shares);
    checks.into_iter().chain(more).collect()
}

/// By how many percentage points the share of the attempts may differ from that of tasks or weights: whoever looks first takes a message.
const NEAR: f64 = 15.0;
/// What is too little to tell.
const FEW: u32 = 100;

/// The shares as asked, attained and measured, if there was one.
fn shares(story: &Story) -> Option<Check> {
    let held = story.held();
    let words = held.iter().map(|it| {
        format!(
            "{} %: {:.0} % attained, {:.0} % measured ({} of {})",
            it.asked,
            it.attained,
            it.measured(),
            it.candidate,
            it.all
        )
    });
    let words: Vec<_> = words.collect();
    let mut enough = held.iter().filter(|it| it.all >= FEW);
    let passed = enough.all(|it| (it.measured() - it.attained).abs() <= NEAR);
    let expected = format!("what is attained, give or take {NEAR} points");
    (!words.is_empty()).then(|| check("measured share", &expected, words.join("; "), passed))
}

fn told(sets: &[&Set]) -> String {
    if sets.is_empty() {
        return "none".to_owned();
    }
    let told: Vec<_> = sets.iter().map(ToString::to_string).collect();
    told.join("; ")
}

/// Automatic scaling had its way, and both sets followed.
pub(super) fn follow(story: &Story) -> Check {
    let service = story.services.get(&story.cast.primary);
    let counts = service.into_iter().flat_map(Steps::iter);
    let mut counts: Vec<_> = counts.map(|(_, tasks)| tasks.desired).collect();
    counts.dedup();
    let words: Vec<_> = counts.iter().map(ToString::to_string).collect();
    check(
        "the service's count while v2 was released",
        "what automatic scaling wanted",
        words.join(", then "),
        counts.len() > 2,
    )
}
