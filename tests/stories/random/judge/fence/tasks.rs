//! Task sets that consume a queue: the candidate's has no task, while the stable set has some; after a promotion, all of its own.

use canary::{parts::release::Promotion, traffic::task_sets};
use rehearsal_core::{
    clock::Moment,
    world::journal::{Entry, Set, What},
};

use super::{Rollback, SCHEDULE, WORK, Work, seconds, time};

pub(super) const TASKS: Work = Work {
    stops: |call| {
        call.operation == "DeleteTaskSet"
            || call.operation == "UpdateTaskSet" && call.input["scale"]["value"] == 0.0
    },
    gets,
};

fn gets(rollback: &Rollback<'_>, deadline: Moment) -> Option<String> {
    let set = rollback.fence.record.body.set.read::<task_sets::Set>();
    let scales = set.ok()?.scales?;
    let is_promoted = rollback.rolling_back.promotion != Promotion::NotBegun;
    let bears = |set: &Set| {
        let is_stable = set.id == scales.stable.as_str();
        let is_whole = set.scale >= 100.0 && set.running >= set.computed;
        (is_stable || set.is_primary())
            && set.id != scales.candidate.as_str()
            && set.running > 0
            && (is_whole || !is_promoted)
    };
    let (mut runs, mut is_borne) = (0, false);
    let mut lacking_until = Moment(0);
    for Entry { at, what } in &rollback.told.journal {
        if *at >= rollback.until {
            break;
        }
        if let What::Sets { sets, .. } = what {
            let candidate = sets.iter().find(|it| it.id == scales.candidate.as_str());
            runs = candidate.map_or(0, |it| it.running);
            is_borne = sets.iter().any(bears);
        }
        if !is_borne {
            lacking_until = *at;
        }
        let is_late =
            rollback.is_late(*at, deadline) && *at > lacking_until + seconds(SCHEDULE + WORK);
        if is_late && runs > 0 {
            return Some(format!("{} {runs} tasks of the candidate run", time(*at)));
        }
    }
    None
}
