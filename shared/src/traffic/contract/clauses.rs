//! Releases in which every clause has to hold: whole ones, and such that crash at any write.

use super::{
    Admitted, Clause, Place, Violation, World,
    back::{Obstacle, Obstacles},
    release::{Delivery, Result, Run},
};
use crate::{
    fixtures::{Part, Speed},
    parts::release::Promotion,
};

/// After so many looks an account has done what it was told.
const SETTLES: usize = 12;

/// So many looks something is denied: more than a rollback takes otherwise.
const DENIED: usize = 32;

/// So many looks something is not seen: longer than the fence.
const UNSEEN: usize = 6;

/// The kinds of releases that a model is tried in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::traffic) enum Trial {
    /// Whole ones that nothing disturbs, rolled back and released again.
    Whole,
    /// Such that crash at any write, and then are rolled back; what was under way is late, or lost.
    Crashes,
    /// The same with a rollback that crashes at any of its first writes.
    CrashesTwice,
    /// The same with a rollback that does not see something.
    Unseen,
    /// The same with a rollback to which something is denied.
    Denied,
}

impl Trial {
    /// Whether the contract holds in a place.
    pub(super) fn holds<M: Admitted>(self, place: &Place<M>) -> Result<()> {
        self.tried(place).map_err(|violation| violation.at(place))
    }

    fn tried<M: Admitted>(self, place: &Place<M>) -> Result<()> {
        match self {
            Self::Whole => whole(place),
            Self::Crashes => at_any_write(place, |crashed| {
                stops(crashed)?;
                for (late_after, sees_before) in [(None, true), (Some(0), false), (Some(2), true)] {
                    if late_after.is_none() || !crashed.late.is_empty() {
                        let obstacles = Obstacles {
                            late_after,
                            sees_before,
                            ..Obstacles::default()
                        };
                        rolled_back(&mut crashed.clone(), &obstacles)
                            .map_err(|violation| violation.at(late(late_after)))?;
                    }
                }
                Ok(())
            }),
            Self::CrashesTwice => at_any_write(place, |crashed| {
                for lives in 0..8 {
                    let mut run = crashed.clone();
                    run.lives = lives;
                    rolled_back(&mut run, &Obstacles::default()).map_err(|violation| {
                        violation.at(format!("killed again after {lives} writes"))
                    })?;
                    let was_killed = run.lives == usize::MAX;
                    if !was_killed {
                        break;
                    }
                }
                Ok(())
            }),
            Self::Unseen => at_any_write(place, unseen),
            Self::Denied => at_any_write(place, denied),
        }
    }
}

/// When what was under way arrives.
fn late(after: Option<usize>) -> String {
    after.map_or_else(
        || "what was under way is lost".to_owned(),
        |looks| format!("what was under way arrives at look {looks} of the rollback"),
    )
}

/// A model's contract holds in one kind of releases, fast and slow.
pub(in crate::traffic) fn assert_holds<M: Admitted>(trial: Trial) {
    let places = [Speed::Fast, Speed::Slow].into_iter().flat_map(M::places);
    for place in places {
        if let Err(violation) = trial.holds(&place) {
            panic!("{violation}");
        }
    }
}

/// A release that nothing disturbs, rolled back from its end, and released again.
fn whole<M: Admitted>(place: &Place<M>) -> Result<()> {
    let mut ends: Vec<Vec<Part>> = Vec::new();
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Reversed] {
        let at = |violation: Violation| violation.at(format!("changes arrive {delivery:?}"));
        let mut run = Run::new(place);
        (run.delivery, run.is_examined) = (delivery, true);
        run.release().map_err(at)?;
        ends.push(run.world.parts());
        run.clone().lets_go().map_err(at)?;
        let mut back = run.clone();
        back.roll_back(&Obstacles::default()).map_err(at)?;
        as_found(&back, &run).map_err(at)?;
        let mut again = Run::new(place);
        (again.world, again.now) = (back.world, back.now);
        again.release().map_err(at)?;
    }
    let first = &ends[0];
    match ends
        .iter()
        .find(|end| *end != first)
        .filter(|_| place.world.is_still())
    {
        None => Ok(()),
        Some(other) => Err(Violation::new(
            Clause::Settles,
            format!("changes that arrive otherwise come to {other:?} instead of {first:?}"),
        )),
    }
}

/// A release that crashes after each of its writes.
fn at_any_write<M: Admitted>(
    place: &Place<M>,
    then: impl Fn(&Run<'_, M>) -> Result<()>,
) -> Result<()> {
    for lives in 1.. {
        let mut run = Run::new(place);
        run.lives = lives;
        let is_whole = run.release()?;
        run.lives = usize::MAX;
        then(&run).map_err(|violation| violation.at(format!("killed after {lives} writes")))?;
        if is_whole {
            break;
        }
    }
    Ok(())
}

/// It is rolled back to what it found, and one more look changes nothing.
pub(super) fn rolled_back<M: Admitted>(run: &mut Run<'_, M>, obstacles: &Obstacles) -> Result<()> {
    if run.kept.is_none() {
        return Ok(());
    }
    let before = run.clone();
    run.roll_back(obstacles)?;
    let is_hindered = obstacles.ahead.iter().any(Option::is_some);
    is_back(run, &before, Clause::Restores, |part| {
        !(is_hindered && part.is_left)
    })?;
    let writes = run.writes;
    run.pass()?;
    run.look_back(usize::MAX, &Obstacles::default())?;
    if run.writes > writes && run.world.is_still() {
        let what = "everything is as found, and one more look changes something";
        return Err(run.violation(Clause::Settles, what));
    }
    Ok(())
}

/// What a rollback is to end with: what the release found, or where a promotion had given that back, what there was as it began.
fn expected<M: Admitted>(before: &Run<'_, M>) -> Vec<Part> {
    let promotion = before.kept.as_ref().map(super::release::Kept::promotion);
    let is_given_back = promotion.is_some_and(Promotion::has_given_back);
    let (found, given_back) = (before.place.world.parts(), before.world.parts());
    let parts = found.into_iter().zip(given_back);
    let parts = parts.map(|(found, given_back)| {
        if is_given_back && found.is_given_back {
            given_back
        } else {
            found
        }
    });
    parts.collect()
}

/// Everything is as the release found it.
pub(in crate::traffic) fn as_found<M: Admitted>(
    run: &Run<'_, M>,
    before: &Run<'_, M>,
) -> Result<()> {
    is_back(run, before, Clause::Restores, |_| true)
}

fn is_back<M: Admitted>(
    run: &Run<'_, M>,
    before: &Run<'_, M>,
    clause: Clause,
    counts: impl Fn(&Part) -> bool,
) -> Result<()> {
    // What was given back last may have tasks on their way.
    let mut settled = run.clone();
    settle(&mut settled)?;
    let parts = settled.world.parts().into_iter().zip(expected(before));
    let is_still = run.world.is_still();
    for (now, expected) in parts.filter(|(now, _)| counts(now) && (is_still || !now.is_left)) {
        if now.is != expected.is {
            let what = format!("{} is {}, and was {}", now.what, now.is, expected.is);
            return Err(run.violation(clause, what));
        }
    }
    Ok(())
}

/// The stopping call alone takes work from the candidate; and so do the first looks, whatever else they do.
fn stops<M: Admitted>(crashed: &Run<'_, M>) -> Result<()> {
    let Some(kept) = &crashed.kept else {
        return Ok(());
    };
    let mut blind = crashed.clone();
    blind.pass()?;
    blind.fence();
    let mut seeing = blind.clone();
    for change in blind.stopping() {
        blind.change(&change)?;
    }
    settle(&mut blind)?;
    let is_given_back = kept.promotion().has_given_back();
    if !is_given_back && !blind.world.is_stopped_blindly() {
        let what = "the stopping call alone leaves the candidate at work";
        return Err(blind.violation(Clause::Stops, what));
    }
    let looks = if crashed.place.speed == Speed::Fast {
        1
    } else {
        4
    };
    seeing.look_back_for(looks, &Obstacles::default())?;
    settle(&mut seeing)?;
    if !seeing.world.is_stopped() {
        let what =
            format!("after the first looks ({looks}) of a rollback the candidate is still at work");
        return Err(seeing.violation(Clause::Stops, what));
    }
    Ok(())
}

fn settle<M: Admitted>(run: &mut Run<'_, M>) -> Result<()> {
    (0..SETTLES).try_for_each(|_| run.pass())
}

/// Each part in turn, and everything, is not seen at first.
fn unseen<M: Admitted>(crashed: &Run<'_, M>) -> Result<()> {
    let hidden = crashed.world.hidden().into_iter().enumerate();
    let hidden = hidden.map(|(at, (what, _))| (Obstacle::Hidden(at), what));
    for (obstacle, what) in hidden.chain([(Obstacle::Blind, "everything")]) {
        rolled_back(&mut crashed.clone(), &Obstacles::lasting(obstacle, UNSEEN))
            .map_err(|violation| violation.at(format!("{what} is not seen")))?;
    }
    Ok(())
}

/// Each right in turn is denied: what does not take it is given back all the same, and the rest once it is allowed.
fn denied<M: Admitted>(crashed: &Run<'_, M>) -> Result<()> {
    let Some(_) = &crashed.kept else {
        return Ok(());
    };
    for right in rights(&crashed.world.parts()) {
        let at = |violation: Violation| violation.at(format!("{right} is denied"));
        let obstacles = Obstacles::lasting(Obstacle::Denied(right.clone()), DENIED);
        let mut run = crashed.clone();
        run.pass().map_err(at)?;
        run.fence();
        run.look_back_for(DENIED, &obstacles).map_err(at)?;
        is_back(&run, crashed, Clause::Perseveres, |part| {
            !part.takes.contains(&right)
        })
        .map_err(at)?;
        if !run.world.stops_by().contains(&right) && !run.world.is_stopped() {
            let what = "the candidate is still at work";
            return Err(at(run.violation(Clause::Perseveres, what)));
        }
        run.finish_back().map_err(at)?;
        is_back(&run, crashed, Clause::Perseveres, |_| true).map_err(at)?;
    }
    Ok(())
}

/// Every right that giving something back takes.
pub(super) fn rights(parts: &[Part]) -> Vec<String> {
    let mut rights: Vec<String> = parts.iter().flat_map(|part| part.takes.clone()).collect();
    rights.sort();
    rights.dedup();
    rights
}
