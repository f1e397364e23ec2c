//! What is asked of a model at every look of a release that nothing disturbs, beside what the look itself asks.

use super::{
    Admitted, Clause, World,
    release::{Kept, Result, Run, Stage},
};
use crate::{fixtures::release, parts::gate::When, traffic::model::Short};

impl<M: Admitted> Run<'_, M> {
    pub(super) fn examine(&self, kept: &Kept<M>, stage: Stage) -> Result<()> {
        if stage == Stage::Shared {
            self.approves(kept)?;
        }
        self.knows(kept, stage)
    }

    /// What was not seen is unknown: no gate closes, and nothing goes on.
    fn knows(&self, kept: &Kept<M>, stage: Stage) -> Result<()> {
        let (goal, id, model) = (self.goal(stage), release(), &self.place.model);
        let whole = self.world.seen();
        let is_there = model
            .toward(goal, kept.view(&whole, &kept.set, &id, self.now))
            .is_ok();
        for (what, seen) in self.world.hidden() {
            let noted = model
                .noted(When::Action, kept.view(&seen, &kept.set, &id, self.now))
                .set;
            self.gates(kept, &noted, &seen, When::Action, Clause::Knows)
                .map_err(|violation| violation.at(format!("{what} is not seen")))?;
            let wrong = match model.toward(goal, kept.view(&seen, &noted, &id, self.now)) {
                Ok(_) if !is_there => "is attained",
                Err(Short::Refuse(_)) => "is refused",
                _ => continue,
            };
            let what = format!("{what} is not seen, and {goal:?} {wrong}");
            return Err(self.violation(Clause::Knows, what));
        }
        self.knows_nothing(kept, stage)
    }

    fn knows_nothing(&self, kept: &Kept<M>, stage: Stage) -> Result<()> {
        let (goal, id, model) = (self.goal(stage), release(), &self.place.model);
        let seen = model.nothing();
        let view = kept.view(&seen, &kept.set, &id, self.now);
        for when in [When::Action, When::Approval, When::Guard] {
            let noted = model.noted(when, view);
            if noted.news.is_some() || noted.set != kept.set {
                let what = format!("nothing is seen, and something is noted: {noted:?}");
                return Err(self.violation(Clause::Knows, what));
            }
            self.gates(kept, &noted.set, &seen, when, Clause::Knows)
                .map_err(|violation| violation.at("nothing is seen"))?;
        }
        let waits = matches!(model.toward(goal, view), Err(Short::Wait(_)));
        let holds = model.is_held(goal, true, view);
        let approves = !matches!(model.approved(view), Err(Short::Wait(_)));
        let wrong = [
            (!waits, format!("{goal:?} is not waited for")),
            (holds, format!("{goal:?} is held")),
            (model.is_placed(view), "the candidate is placed".to_owned()),
            (
                stage == Stage::Shared && approves,
                "what was approved is not waited for".to_owned(),
            ),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            None => Ok(()),
            Some((_, what)) => {
                Err(self.violation(Clause::Knows, format!("nothing is seen, and {what}")))
            }
        }
    }

    /// What somebody else has put on the canary was not approved, and closes a gate.
    fn approves(&self, kept: &Kept<M>) -> Result<()> {
        let (mut tampered, id, model) = (self.world.clone(), release(), &self.place.model);
        tampered.tamper();
        let seen = tampered.seen();
        let view = kept.view(&seen, &kept.set, &id, self.now);
        if !matches!(model.approved(view), Err(Short::Refuse(_))) {
            let what = "the canary runs what nobody has approved, and it is promoted";
            return Err(self.violation(Clause::Approves, what));
        }
        if model.closed(When::Action, view).is_none() {
            let what = "the canary runs what somebody else has put there, and no gate is closed";
            return Err(self.violation(Clause::Approves, what));
        }
        Ok(())
    }
}
