//! What is behind the alias, and what became of its weights.

use super::check;
use crate::{
    rehearse::Theatre,
    scenario::Scenario,
    stage::{ALIAS, FUNCTION},
    story::Story,
    verdict::Check,
    world::functions,
};

/// So many standard deviations hardly ever come by chance: one time in sixteen thousand.
const WIDEST: f64 = 4.0;

/// One version has the alias, or what somebody else has set stays; and chance gave the candidate what was asked for.
pub(super) fn checks(theatre: &Theatre<'_>, story: &Story, version: &str) -> Vec<Check> {
    let behind = theatre
        .account
        .with(|world| functions::shares(world, FUNCTION, ALIAS));
    let found: Vec<_> = behind.iter().map(ToString::to_string).collect();
    let (expected, is_so) = if theatre.rehearsal.scenario == Scenario::ForeignWeight {
        let theirs = matches!(behind.as_slice(), [_, other] if (other.percent - 30.0).abs() < 0.1);
        ("30 % of it v2, as somebody has set it".to_owned(), theirs)
    } else {
        let is_alone = matches!(behind.as_slice(), [only] if only.label == version);
        (format!("100 % {version}"), is_alone)
    };
    let alias = check(
        &format!("alias {FUNCTION}:{ALIAS}"),
        &expected,
        found.join(", "),
        is_so,
    );
    let tells = theatre.script.tells_all();
    let measured = tells.then(|| measured(theatre, story)).flatten();
    [alias].into_iter().chain(measured).collect()
}

/// The share of the attempts at messages at each weight, if there was any. A weight is a coin for each batch.
fn measured(theatre: &Theatre<'_>, story: &Story) -> Option<Check> {
    let batch = theatre.rehearsal.stage.batch_size;
    let drawn = story.drawn();
    let words = drawn.iter().map(|it| {
        format!(
            "{:.1} % at {} % ({} of {}; chance spreads it by {:.1})",
            it.measured(),
            it.asked,
            it.candidate,
            it.all,
            it.spread(batch)
        )
    });
    let words: Vec<_> = words.collect();
    let passed = drawn
        .iter()
        .all(|it| (it.measured() - it.asked).abs() <= WIDEST * it.spread(batch));
    let expected = format!("what is asked, give or take {WIDEST} spreads of chance");
    (!words.is_empty()).then(|| check("measured share", &expected, words.join("; "), passed))
}
