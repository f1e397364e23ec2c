//! Random stories: whole releases in worlds where much goes wrong, and promises that must hold in every one.
//!
//! A [`story`] is data, made from a seed by [`generate`] at the [`rates`] of the README. [`drive`] plays it on the local account,
//! [`judge`] reads what happened, [`shrink`] finds the least of it that still breaks the promise, and what is printed can be
//! pasted into [`found`]. [`plant`] has defects that the stories must find.

#![expect(clippy::unwrap_used, reason = "a poisoned lock fails the story anyway")]

mod drive;
mod event;
mod found;
mod generate;
mod good;
mod judge;
mod plant;
mod rates;
mod seeds;
mod shrink;
mod story;
mod told;

use judge::Broken;
use plant::Defect;
use rehearsal_core::stage::Behaviour;
use story::{At, Finally, Story, Target};
use told::Told;

/// Tells a story; panics with the promise that it breaks.
fn tell(target: Target, finally: Finally, events: &[At]) {
    let story = Story {
        target,
        finally,
        events: events.to_vec(),
    };
    let told = play(&story, None);
    if let Some(broken) = judge::broken(&told) {
        panic!("{}", report(&story, &broken, &told.transcript));
    }
}

/// How a story is played: in a runtime of its own, on a virtual clock.
fn play(story: &Story, defect: Option<Defect>) -> Told {
    play_alike(story, Behaviour::Works, defect)
}

/// The same with versions that all do this.
fn play_alike(story: &Story, alike: Behaviour, defect: Option<Defect>) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(drive::told(story, alike, defect))
}

/// The promise that a story breaks, if it does.
fn broken(story: &Story, defect: Option<Defect>) -> Option<Broken> {
    judge::broken(&play(story, defect))
}

/// Lines of a transcript that are shown.
const TAIL: usize = 60;

fn tail(transcript: &str) -> String {
    let lines: Vec<_> = transcript.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn report(story: &Story, Broken { promise, words }: &Broken, transcript: &str) -> String {
    let tail = tail(transcript);
    format!("broken: {promise}\n{words}\n\n{tail}\n\n{story};")
}
