mod alb;
mod queue;

use std::time::Duration;

use canary::{
    evidence::Answer,
    fixtures::{
        ACTION, Moment, World, another_release, at, check, counted, first_look, foreign, now, pair,
        record, release, told, verdict, weight,
    },
    gates::Told,
    parameters,
    parts::pair::{Counts, Service},
    record::Record,
    target::Consequence,
};
use proptest::prelude::*;

use super::*;

/// An action that holds these shares for five minutes each.
fn look(percents: &[u8]) -> Look<ShiftWeight> {
    let step = |percent: &u8| Step {
        weight: weight(*percent),
        bake: Duration::from_mins(5),
    };
    first_look(parameters::ShiftWeight {
        release: release(),
        steps: percents.iter().map(step).collect(),
        tolerance: None,
        timeout: Duration::from_mins(15),
        demand: None,
        despite: None,
    })
}

/// What a look comes to that sees this.
fn decide(look: &Look<ShiftWeight>, seen: &Moment) -> Decided {
    super::decide(look, &seen.sight())
}

/// At a step since a time.
fn at_step(step: usize, since: u64) -> Bookmark {
    let mut bookmark = Bookmark::new(ACTION, at(300));
    (bookmark.step, bookmark.step_started) = (step, at(since));
    bookmark
}

/// The candidate on the canary, in these counts.
fn seen(primary: u32, canary: u32, record: Record) -> Moment {
    pair()
        .canary_on_candidate()
        .tasks(primary, canary)
        .recorded(record)
}

/// With so many canary tasks set beside the four of the primary, instead of so many.
fn counting(from: u32, to: u32, record: Record) -> Record {
    let counts = |canary| Counts { primary: 4, canary };
    record.counting(counts(from), counts(to), at(580))
}

#[test]
fn with_its_first_share_people_hear_what_is_to_come() {
    let doing = |look: &Look<ShiftWeight>, record| {
        let Decision::Take(taken) = decide(look, &seen(3, 1, record)).decision else {
            panic!("a share is set");
        };
        taken.doing.to_string()
    };
    let first = doing(&look(&[10, 50]), record().registered());
    let plan = ". Plan: 10 % until 17:09 UTC, 50 % until 17:14 UTC, at the earliest";
    assert!(first.ends_with(plan), "{first}");
    let later = look(&[10, 50]).with(at_step(1, 400));
    let second = doing(&later, record().shifting(10));
    assert!(!second.contains("Plan"), "{second}");
}

/// Looks every ten seconds until the action is done; the turns of the story without repetitions.
fn until_done(look: &Look<ShiftWeight>, world: &mut World) -> (Vec<String>, Bookmark) {
    let mut bookmark = look.bookmark.clone();
    let mut story: Vec<String> = Vec::new();
    for n in 0..1000 {
        world.pass(Duration::from_secs(10));
        let now = look.now + Duration::from_secs(10 * n);
        world.pair.now = now;
        let look = Look {
            now,
            target: look.target.clone(),
            parameters: look.parameters.clone(),
            bookmark,
            job: look.job.clone(),
        };
        let decided = decide(&look, &world.pair);
        bookmark = decided.bookmark;
        story.push(told(&decided.decision));
        match &decided.decision {
            Decision::Take(taken) => {
                if let Some(record) = &taken.record {
                    world.pair.record = Some(*record.clone());
                }
                taken.steps.iter().for_each(|step| world.take(step));
            }
            Decision::Wait(_) => {}
            Decision::Done(_) | Decision::Refuse(_) => return (story, bookmark),
        }
    }
    panic!("no end: {:?}", story.last());
}
