//! Task sets: others' stay, somebody always works, and what they are like in the end.

use canary::{
    record::{Phase, Reason},
    traffic::task_sets,
};
use rehearsal_core::{
    clock::Moment,
    stage,
    world::journal::{Call, Set, What},
};

use super::{seconds, theirs::LOOK, time};
use crate::random::told::{Deed, Did, Told, Written, is_draining};

/// For how long nothing may work after somebody has taken tasks: a release sees it, is rolled back, and others start.
const TAKEN: u64 = 600;

/// What a release has found, and what it has set.
fn of_release(written: &Written) -> Option<(task_sets::Found, task_sets::Set)> {
    let body = &written.record.body;
    Some((body.found.read().ok()?, body.set.read().ok()?))
}

fn stable(written: &Written) -> Option<String> {
    let (found, _) = of_release(written)?;
    found.task_set.map(|it| it.as_str().to_owned())
}

/// The candidate's set of a release, once it has tasks.
pub(super) fn candidate(records: &[Written], of: &Written) -> Option<String> {
    let all = records.iter().filter(|it| it.is_of(&of.record));
    let scales = all.filter_map(|it| of_release(it)?.1.scales).next_back()?;
    Some(scales.candidate.as_str().to_owned())
}

pub(super) fn theirs_stays(told: &Told) -> Option<String> {
    let records = told.records();
    let mut counts = writes(told, "UpdateService");
    let counted = counts.next().map(|(at, call)| {
        let who = &call.principal.0;
        format!("{} {who} changed the service", time(at))
    });
    let mut deeds = told.deeds.iter();
    counted.or_else(|| {
        deeds.find_map(|deed| match &deed.what {
            Did::MadeSet(id) => touched(told, &records, id),
            Did::ScaledSet(id, percent) => rescaled(told, &records, deed, id, *percent),
            Did::MadePrimary(id) => displaced(told, &records, deed, id),
            _ => None,
        })
    })
}

/// What the functions wrote by an operation.
fn writes<'a>(told: &'a Told, operation: &'a str) -> impl Iterator<Item = (Moment, &'a Call)> {
    let calls = told.calls(move |call| {
        call.operation == operation
            && call.fault.is_none()
            && stage::FUNCTIONS.contains(&call.principal.0.as_str())
    });
    calls.map(|(_, at, call)| (at, call))
}

/// Changes of a task set by the functions.
fn writes_of<'a>(told: &'a Told, id: &'a str) -> impl Iterator<Item = (Moment, &'a Call)> {
    let all = writes(told, "UpdateTaskSet").chain(writes(told, "DeleteTaskSet"));
    all.filter(move |(_, call)| call.input["taskSet"] == id)
}

/// A set of somebody's own is theirs, until a release finds it PRIMARY.
fn touched(told: &Told, records: &[Written], id: &str) -> Option<String> {
    let found = records.iter().find(|it| stable(it).as_deref() == Some(id));
    let mut all = writes_of(told, id);
    let (at, call) = all.find(|(at, _)| found.is_none_or(|found| *at < found.at))?;
    let (who, operation) = (&call.principal.0, &call.operation);
    Some(format!(
        "{} {who} called {operation} of {id}, which somebody had made",
        time(at)
    ))
}

/// Until when what somebody has set is theirs: somebody sets it once more, or another release begins.
fn until(told: &Told, records: &[Written], deed: &Deed, is_same: impl Fn(&Did) -> bool) -> Moment {
    let mut later = told.deeds.iter().filter(|it| it.at > deed.at);
    let again = later.find(|it| is_same(&it.what)).map(|it| it.at);
    let current = current(records, deed);
    let mut others = records.iter().filter(|it| it.at > deed.at);
    let begins = others.find(|it| current.is_none_or(|current| !it.is_of(&current.record)));
    let end = told.journal.last().map_or(deed.at, |it| it.at);
    let begins = begins.map(|it| it.at);
    [again, begins].into_iter().flatten().min().unwrap_or(end)
}

fn current<'a>(records: &'a [Written], deed: &Deed) -> Option<&'a Written> {
    records.iter().rfind(|it| it.at <= deed.at)
}

/// A scale of somebody's own stays, but the candidate's, and where the release has ended for something else meanwhile: that gives
/// back what the release had taken.
fn rescaled(
    told: &Told,
    records: &[Written],
    deed: &Deed,
    id: &str,
    percent: u32,
) -> Option<String> {
    let until = until(
        told,
        records,
        deed,
        |did| matches!(did, Did::ScaledSet(of, _) | Did::DeletedSet(of) | Did::MadePrimary(of) if of == id),
    );
    if let Some(current) = current(records, deed) {
        let is_rolled_back = current.record.rollback().is_some();
        if is_rolled_back || candidate(records, current).as_deref() == Some(id) {
            return None;
        }
        let mut of_release = records.iter().filter(|it| it.is_of(&current.record));
        if of_release.any(|it| has_set(it, percent)) {
            return None;
        }
        let is_fence = |it: &&Written| it.at > deed.at && it.record.rollback().is_some();
        let fence = records.iter().filter(|it| it.at < until).find(is_fence);
        if fence.is_some_and(|it| !is_about(it, id)) {
            return None;
        }
    }
    let from = deed.at + seconds(LOOK);
    let mut all = writes_of(told, id).filter(|(at, _)| *at > from && *at < until);
    let (at, call) = all.find(|(_, call)| call.input["scale"]["value"] != f64::from(percent))?;
    let (who, operation) = (&call.principal.0, &call.operation);
    Some(format!(
        "{} {who} called {operation} of {id}, which somebody had given {percent} % at {}",
        time(at),
        time(deed.at)
    ))
}

/// Whether a release has set the same, or may have: nobody can tell that from its own.
fn has_set(written: &Written, percent: u32) -> bool {
    let scales = of_release(written).and_then(|(_, set)| set.scales);
    let scales = scales.into_iter().flat_map(|it| [it.from, it.to]);
    let mut scales = scales.flat_map(|it| [it.stable, it.candidate]);
    percent == 100 || scales.any(|it| (it.0 - f64::from(percent)).abs() < 0.01)
}

/// Whether a release has ended for what somebody did to a set.
fn is_about(fence: &Written, id: &str) -> bool {
    let cause = fence.record.rollback().map(|it| &it.cause);
    cause.is_some_and(|cause| {
        matches!(cause.reason.as_deref(), Some(Reason::Gate { .. })) && cause.what.contains(id)
    })
}

/// Another set that somebody has made PRIMARY stays so, unless it is the candidate's.
fn displaced(told: &Told, records: &[Written], deed: &Deed, id: &str) -> Option<String> {
    let of_release = current(records, deed).and_then(|it| candidate(records, it));
    if of_release.as_deref() == Some(id) {
        return None;
    }
    let until = until(told, records, deed, |did| {
        matches!(did, Did::MadePrimary(_))
    });
    let from = deed.at + seconds(LOOK);
    let mut all = writes(told, "UpdateServicePrimaryTaskSet");
    let (at, call) =
        all.find(|(at, call)| *at > from && *at < until && call.input["primaryTaskSet"] != id)?;
    let other = &call.input["primaryTaskSet"];
    Some(format!(
        "{} {} made {other} PRIMARY over {id}, which somebody had made so at {}",
        time(at),
        call.principal.0,
        time(deed.at)
    ))
}

pub(super) fn somebody_works(told: &Told) -> Option<String> {
    let takes = |deed: &&Deed| {
        matches!(
            deed.what,
            Did::StoppedTasks(_) | Did::ScaledSet(..) | Did::DeletedSet(_)
        )
    };
    let moments: Vec<_> = told
        .deeds
        .iter()
        .filter(takes)
        .map(|deed| deed.at)
        .collect();
    let is_excused = |at: Moment| {
        let mut moments = moments.iter();
        moments.any(|it| (*it..*it + seconds(TAKEN)).contains(&at))
    };
    let (mut desired, mut has_begun) = (0, false);
    told.journal.iter().find_map(|entry| match &entry.what {
        What::Service {
            service,
            desired: now,
            ..
        } if service == stage::PRIMARY => {
            desired = *now;
            None
        }
        What::Sets { sets, .. } => {
            let running: u32 = sets.iter().map(|it| it.running).sum();
            has_begun |= running > 0;
            let is_idle = has_begun && running == 0 && desired > 0;
            (is_idle && !is_excused(entry.at))
                .then(|| format!("{} no task of {desired} runs", time(entry.at)))
        }
        _ => None,
    })
}

pub(super) fn are_as_they_should_be(told: &Told) -> Option<String> {
    let records = told.records();
    let last = records.last();
    let began = last.and_then(|last| records.iter().find(|it| it.is_of(&last.record)));
    let since = began.map_or(Moment(0), |it| it.at);
    let end = End {
        told,
        records: &records,
        last,
        theirs: told.deeds.iter().filter(|it| it.at >= since).collect(),
    };
    let wrong: Vec<String> = [end.primary(), end.others(), end.weights(), end.rest()]
        .into_iter()
        .flatten()
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// How it has ended.
struct End<'a> {
    told: &'a Told,
    records: &'a [Written],
    /// The last that was written.
    last: Option<&'a Written>,
    /// What others did since its release began.
    theirs: Vec<&'a Deed>,
}

impl End<'_> {
    fn has(&self, did: impl Fn(&Did) -> bool) -> bool {
        self.theirs.iter().any(|it| did(&it.what))
    }

    fn is_repointed(&self) -> bool {
        self.has(|did| matches!(did, Did::MadePrimary(_)))
    }

    fn is_promoted(&self) -> bool {
        let phase = self.last.map(|it| &it.record.phase);
        matches!(phase, Some(Phase::Promoted { .. }))
    }

    /// Whether the candidate's set stays, because nobody else could take its work, or because somebody has made another one PRIMARY
    /// since it was promoted: that rolls nothing back.
    fn keeps_the_candidate(&self) -> bool {
        match self.last.map(|it| &it.record.phase) {
            Some(Phase::Promoted { .. }) => self.is_repointed(),
            Some(Phase::RolledBack { left, .. }) => {
                let mut left = left.iter();
                left.any(|it| it.contains("so the candidate's task set"))
            }
            _ => false,
        }
    }

    fn candidate(&self) -> Option<String> {
        candidate(self.records, self.last?)
    }

    /// The one that is PRIMARY has all tasks, or as many as somebody has given it. Where somebody has made it PRIMARY, what was promoted
    /// has them.
    fn primary(&self) -> Option<String> {
        let after = self.told.after.sets();
        let Some(now) = after.primary() else {
            return Some("no set is PRIMARY".to_owned());
        };
        let before = self.told.before.sets().primary().map(|it| it.id.clone());
        let left = match self.last {
            None => before,
            Some(_) if self.is_promoted() => self.candidate(),
            Some(last) => stable(last),
        };
        let is_theirs = self.has(|did| *did == Did::MadePrimary(now.id.clone()));
        let is_kept = self.keeps_the_candidate() && self.candidate().as_ref() == Some(&now.id);
        if left.as_ref() != Some(&now.id) && !is_theirs && !is_kept {
            return Some(format!("{now} is PRIMARY, and not {left:?}"));
        }
        let promoted = self.candidate().filter(|_| self.is_promoted());
        let mut sets = after.all.iter();
        let works = if is_theirs {
            sets.find(|it| promoted.as_ref() == Some(&it.id))?
        } else {
            now
        };
        let is_given = |did: &Did| match did {
            Did::ScaledSet(id, percent) => {
                *id == works.id && (f64::from(*percent) - works.scale).abs() < 0.01
            }
            _ => false,
        };
        (works.scale < 100.0 && !self.has(is_given)).then(|| format!("{works} lacks tasks"))
    }

    /// No set is left but what is kept for a rollback, and what is somebody else's.
    fn others(&self) -> Option<String> {
        let after = self.told.after.sets();
        let made = |id: &String| {
            let mut deeds = self.told.deeds.iter();
            deeds.any(|it| it.what == Did::MadeSet(id.clone()))
        };
        let of_last = self.last.and_then(of_release);
        let is_kept = |set: &Set| {
            let Some((found, now)) = &of_last else {
                return false;
            };
            let is = |id: &canary::names::TaskSetId| id.as_str() == set.id;
            let is_stable = found.task_set.as_ref().is_some_and(is);
            let has_tasks = self.has(|did| matches!(did, Did::ScaledSet(id, _) if *id == set.id));
            let stays = self.is_promoted() && !now.let_go || self.is_repointed() || has_tasks;
            is_stable && (stays || self.keeps_the_candidate()) || found.left_over.iter().any(is)
        };
        let is_candidate =
            |set: &Set| self.keeps_the_candidate() && self.candidate().as_ref() == Some(&set.id);
        let mut sets = after.all.iter().filter(|it| !it.is_primary());
        let foreign = sets.find(|it| !made(&it.id) && !is_kept(it) && !is_candidate(it))?;
        Some(format!("{foreign} ({}) is left", foreign.id))
    }

    /// Everything goes to the group of the PRIMARY set; where somebody has made another one so, to one that answers.
    fn weights(&self) -> Option<String> {
        let after = self.told.after.sets();
        let (first, second) = after.weights?;
        let groups = self.told.target.stage().traffic.groups();
        let is_meant = |group: &str| {
            let mut sets = after.all.iter().filter(|it| it.group == group);
            sets.any(|it| {
                if self.is_repointed() {
                    it.running > 0
                } else {
                    it.is_primary()
                }
            })
        };
        let is_right = match (first, second) {
            (1.., 0) => is_meant(groups[0]),
            (0, 1..) => is_meant(groups[1]),
            _ => false,
        };
        let is_theirs = self.has(|did| *did == Did::Weights(first, second));
        (!is_right && !is_theirs).then(|| format!("the rule has weights {:?}", (first, second)))
    }

    /// Nothing is on its way, and automatic scaling is as it was.
    fn rest(&self) -> Option<String> {
        let (before, after) = (self.told.before.sets(), self.told.after.sets());
        let draining = after.all.iter().find(|it| is_draining(it));
        let restless = draining.or_else(|| after.all.iter().find(|it| it.running != it.computed));
        let restless = restless.map(|it| format!("{it} is not steady"));
        restless.or_else(|| {
            (before.scaling != after.scaling)
                .then(|| format!("scaled {} and not {}", after.scaling, before.scaling))
        })
    }
}
