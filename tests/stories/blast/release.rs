//! Whole releases of a queue's consumer, through the functions.

use std::{collections::BTreeMap, time::Duration};

use canary::{clock::Timestamp, evidence::minutes::ceil};
use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Script, Stage, Step, Version},
    world::{
        World, cloudwatch,
        journal::{Entry, What},
    },
};
use serde_json::json;

use super::{
    minutes::{ARRIVE, Minute},
    ways::Way,
};
use crate::{play::Play, rule::Rule};

const STABLE: &str = "v1";
const CANDIDATE: &str = "v2";

/// How long an approval waits.
const PERSON_READS: Duration = Duration::from_mins(3);

/// What ends a release that is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The verdict and the alarms: as the examples are shipped.
    Shipped,
    /// The alarms; what the verdict says is only told.
    Alarms,
    /// The alarm on dead letters alone, as in AWS's guidance.
    DeadLetters,
    /// Nothing.
    Nothing,
}

/// A release to be played.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// How many percent of the attempts of the stable version and of the candidate fail, each by chance; messages pass at a later one.
    pub(crate) rates: [u8; 2],
    pub(crate) steps: Vec<Step>,
    pub(crate) guard: Guard,
    /// Each is another release.
    pub(crate) seed: u64,
}

/// What became of a release, up to its approval.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// From the minute on in which the candidate got its first messages.
    pub(crate) minutes: Vec<Minute>,
    /// How many of them were not compared: they began before a look had seen the canary at its first share.
    pub(crate) before_evidence: usize,
    /// Whether it was rolled back.
    pub(crate) stopped: Option<Stop>,
    /// From the candidate's first attempt to its last.
    pub(crate) worked: Duration,
    /// In which of the minutes the last one was.
    last: usize,
}

/// What ended a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The verdict.
    Verdict,
    /// An alarm, or the gate on dead letters.
    Alarm,
}

impl Release {
    /// Plays it, to its approval or to its rollback.
    pub(crate) async fn play(&self) -> Played {
        let versions = [STABLE, CANDIDATE].into_iter().zip(self.rates);
        let [stable, candidate] = versions
            .map(|(label, percent)| Version::new(label, Behaviour::FailsAttempts(percent)))
            .collect::<Vec<_>>()
            .try_into()
            .expect("two versions");
        let stage = Stage {
            primary_tasks: 9,
            max_dead_letters: if self.guard == Guard::Nothing {
                1_000_000
            } else {
                0
            },
            steps: Some(self.steps.clone()),
            ..Stage::default()
        };
        let play = Play::begin(&stage, Script::beginning_with(stable, [candidate])).await;
        play.leave_to_chance(self.seed);
        play.messages_arrive_every(
            Duration::from_mins(1) * 2 / u32::try_from(ARRIVE).expect("some"),
        );
        self.guard.set(&play);
        let release = play.push(CANDIDATE);
        while !play.waits_for_approval() && !play.has_ended(&release) {
            play.pass(Duration::from_secs(5)).await;
        }
        // What is said of the last minutes comes while the approval waits.
        play.pass(PERSON_READS).await;
        let is_stopped = !play.waits_for_approval();
        if is_stopped {
            play.until_phase("RolledBack").await;
        }
        let is_worse = play.said(&release, "shift-weight").contains("is worse");
        let evidence = play.record().map(|record| record.evidence);
        let since = evidence.and_then(|evidence| evidence.since);
        let since = since.map(ceil);
        let stop = if is_worse { Stop::Verdict } else { Stop::Alarm };
        play.account
            .with(|world| Played::read(world, since, is_stopped.then_some(stop)))
    }
}

impl Guard {
    fn set(self, play: &Play) {
        let verdict = if self == Self::Shipped { "act" } else { "tell" };
        play.retarget(|target| target["verdict"] = verdict.into());
        let silent: &[&str] = match self {
            Self::Shipped | Self::Alarms => return,
            Self::DeadLetters => &[stage::FAILURES_ALARM, stage::STALLED_ALARM],
            Self::Nothing => &[stage::ALARM, stage::FAILURES_ALARM, stage::STALLED_ALARM],
        };
        play.account
            .with(|world| {
                cloudwatch::call(
                    world,
                    "DisableAlarmActions",
                    &json!({ "AlarmNames": silent }),
                )
            })
            .expect("they are there");
    }
}

impl Played {
    fn read(world: &World, evidence: Option<Timestamp>, stopped: Option<Stop>) -> Self {
        let minute = |at: Moment| cloudwatch::minute(world, at);
        let of_candidate = world.journal.iter().filter(|entry| match &entry.what {
            What::Messages { version, .. } => version == CANDIDATE,
            _ => false,
        });
        let at: Vec<Moment> = of_candidate.map(|entry| entry.at).collect();
        let (first, last) = (at[0], at[at.len() - 1]);
        let mut counted = Counted::default();
        for entry in &world.journal {
            counted.add(minute(entry.at), entry);
        }
        let since = |at: Moment| {
            usize::try_from(minute(at) - minute(first)).expect("a release is not that long")
        };
        let moment = |at: Timestamp| Moment(0) + at.since(Timestamp::from_epoch_millis(0));
        // The last minute is not over.
        let minutes = counted.minutes.range(minute(first)..minute(world.now));
        Self {
            minutes: minutes.map(|(_, minute)| *minute).collect(),
            before_evidence: evidence.map_or(0, |evidence| since(moment(evidence))),
            stopped,
            worked: last.since(first),
            last: since(last),
        }
    }

    /// After how many minutes the first of some ways ends it by what was counted in them, if one does.
    pub(crate) fn ended_by(&self, ways: &[Way], alarm: &Rule) -> Option<usize> {
        let ends = |way: &Way| match way {
            Way::Verdict => {
                let compared = self.minutes.get(self.before_evidence..)?;
                Some(self.before_evidence + way.ends(compared, alarm)?)
            }
            _ => way.ends(&self.minutes, alarm),
        };
        ways.iter().filter_map(ends).min()
    }

    /// Whether the functions did what the minutes say that those ways do: ended it in the last of those minutes or within three more, or
    /// did not end it. What only the last two minutes say comes too late for either.
    pub(crate) fn went_as(&self, ways: &[Way], alarm: &Rule) -> bool {
        match (self.stopped, self.ended_by(ways, alarm)) {
            (Some(_), Some(minutes)) => (minutes - 1..minutes + 3).contains(&self.last),
            (None, Some(minutes)) => minutes + 2 > self.minutes.len(),
            (stopped, None) => stopped.is_none(),
        }
    }
}

/// What the journal has counted so far, by the minute.
#[derive(Default)]
struct Counted {
    minutes: BTreeMap<u64, Minute>,
    tasks: [u32; 2],
    dead_letters: u32,
}

impl Counted {
    fn add(&mut self, at: u64, entry: &Entry) {
        let minute = self.minutes.entry(at).or_default();
        match &entry.what {
            What::Messages {
                version,
                processed,
                failed,
                ..
            } => {
                for is_failed in std::iter::repeat_n(false, *processed as usize)
                    .chain(std::iter::repeat_n(true, *failed as usize))
                {
                    minute.add(version == CANDIDATE, is_failed);
                }
            }
            What::Service {
                service, running, ..
            } => {
                let tasks = running.iter().map(|(_, tasks)| tasks).sum();
                self.tasks[usize::from(service == stage::CANARY)] = tasks;
            }
            What::Depth { queue, visible, .. } if queue == stage::DEAD_LETTERS => {
                minute.dead_letters += u64::from(visible.saturating_sub(self.dead_letters));
                self.dead_letters = *visible;
            }
            _ => {}
        }
        let [primary, canary] = self.tasks.map(f64::from);
        minute.share = minute.share.max(canary / (primary + canary).max(1.0));
    }
}
