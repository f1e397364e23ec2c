//! Plays a story on the local account, with the real functions.

mod acts;
mod alias;
mod look;
mod pair;
mod services;
mod sets;

use std::{
    cell::Cell,
    sync::{Arc, Mutex},
    time::Duration,
};

use rehearsal_core::{
    clock::Moment,
    stage::{Behaviour, Script, Version},
    wire::Interference,
    world::journal::Call,
};

use super::{
    plant::{Defect, Planted},
    story::{Finally, Story, Target},
    told::{Deed, Did, Told},
};
use crate::play::{Crash, Play};

/// How long AWS takes for each call, so that invocations meet.
const LATENCY: Duration = Duration::from_millis(20);

/// How often people look.
const EVERY: Duration = Duration::from_secs(10);

/// Everything is to be over an hour after the last fault.
const WITHIN: Duration = Duration::from_hours(1);

/// How long nothing has to go on until nothing does.
const QUIET: Duration = Duration::from_mins(3);

/// When somebody does what the notice of a stable version that is INACTIVE says, and looks after their own deployment.
const LOOKS_AFTER: Duration = Duration::from_mins(5);

/// Who plays.
struct Drive {
    play: Play,
    target: Target,
    finally: Finally,
    deeds: Arc<Mutex<Vec<Deed>>>,
    kills: Arc<Mutex<Vec<Kill>>>,
    /// Whether people approve whatever waits.
    approving: Cell<bool>,
    /// When the alarms are set back and nothing is wrong any more.
    over: Moment,
}

/// A function that is killed after so many more writes.
struct Kill {
    function: &'static str,
    writes: u32,
}

/// Tells a story whose versions are all alike; with a defect planted, or none.
pub(super) async fn told(story: &Story, alike: Behaviour, defect: Option<Defect>) -> Told {
    let versions = ["v2", "v3", acts::HOTFIX, look::NEXT];
    let script = Script::beginning_with(
        Version::new("v1", alike),
        versions.map(|label| Version::new(label, alike)),
    );
    let labels = script
        .versions()
        .map(|it| (it.image(), it.label.clone()))
        .collect();
    let play = Play::begin(&story.target.stage(), script).await;
    play.slow_down();
    play.forgive();
    play.account.set_latency(LATENCY);
    let mut drive = Drive {
        over: play.account.now(),
        target: story.target,
        finally: story.finally,
        deeds: Arc::default(),
        kills: Arc::default(),
        approving: Cell::default(),
        play,
    };
    drive.interfere(defect);
    drive.calm();
    drive.until_calm().await;
    let before = drive.shape();
    let begin = drive.play.account.now();
    drive.over = begin + Duration::from_secs(story.over().into());
    drive.play.push("v2");
    for it in &story.events {
        drive
            .until(begin + Duration::from_secs(it.second.into()))
            .await;
        drive.act(it.event);
    }
    drive.until(drive.over).await;
    drive.calm();
    let settled = drive.settle().await;
    let after = drive.shape();
    let journal = drive.play.account.with(|world| world.journal.clone());
    let next = if settled {
        drive.next().await
    } else {
        ("NOT TRIED".to_owned(), String::new())
    };
    // It holds the account that holds it.
    drive.play.interfere(|_| Interference::None);
    let deeds = drive.deeds.lock().unwrap().clone();
    Told {
        target: story.target,
        journal,
        deeds,
        over: drive.over,
        before,
        after,
        open: drive.open(),
        next,
        astray: if story.is_left_alone() {
            drive.play.broken_promises()
        } else {
            Vec::new()
        },
        labels,
        transcript: drive.play.transcript(),
    }
}

impl Drive {
    async fn until(&self, moment: Moment) {
        let left = || moment.since(self.play.account.now());
        while self.approving.get() && !left().is_zero() {
            self.answer(true);
            self.play.pass(EVERY.min(left())).await;
        }
        self.play.pass(left()).await;
    }

    fn note(&self, what: Did) {
        let at = self.play.account.now();
        self.deeds.lock().unwrap().push(Deed { at, what });
    }

    /// What kills functions, and whatever defect is planted.
    fn interfere(&self, defect: Option<Defect>) {
        let (account, crash) = (self.play.account.clone(), self.play.crash());
        let (kills, deeds) = (Arc::clone(&self.kills), Arc::clone(&self.deeds));
        let mut planted = Planted::new(defect, account.clone());
        self.play.interfere(move |call| {
            if let Some(function) = kill(&kills, call, &crash) {
                let at = account.now();
                // Lambda tries again after a minute.
                let what = Did::Hindered(function, at + Duration::from_secs(61));
                deeds.lock().unwrap().push(Deed { at, what });
                return Interference::CarryOutAndHang;
            }
            planted.interferes(call)
        });
    }
}

/// Kills the caller if it is its turn.
fn kill(kills: &Mutex<Vec<Kill>>, call: &Call, crash: &Crash) -> Option<&'static str> {
    let mut kills = kills.lock().unwrap();
    let due = |kill: &Kill| call.principal.0 == kill.function && call.is_write();
    for it in kills.iter_mut().filter(|it| due(it)) {
        it.writes = it.writes.saturating_sub(1);
    }
    let index = kills.iter().position(|it| it.writes == 0)?;
    let Kill { function, .. } = kills.remove(index);
    crash.strike(function);
    Some(function)
}
