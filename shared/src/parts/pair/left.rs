//! What a rollback puts back, and what it leaves because it is somebody else's, in words.

use super::{Back, FoundService, ScalableTarget, Which};
use crate::names::ServiceName;

impl Back<'_> {
    /// What stays as it is, because somebody has put it there since the release began.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let both = [Which::Primary, Which::Canary];
        let versions = both
            .into_iter()
            .filter_map(|which| self.left_version(which));
        let counts = both.into_iter().filter_map(|which| self.left_count(which));
        let protected = both.into_iter().filter_map(|which| {
            let service = self.service(which).get()?;
            let protection = service.protection?;
            Some(format!("of {}, {protection}", service.name))
        });
        versions
            .chain(counts)
            .chain(self.left_bounds())
            .chain(protected)
            .collect()
    }

    fn left_version(&self, which: Which) -> Option<String> {
        let service = self.service(which).get()?;
        let version = service.newest()?.task_definition.short();
        let stable = &self.found(which).task_definition;
        self.is_theirs(service, stable).then(|| {
            format!(
                "{} stays on {version}, which is neither the candidate nor what the release found ({})",
                service.name,
                stable.short()
            )
        })
    }

    /// A count that somebody had set before the rollback began. After a promotion has given them back all counts are theirs.
    fn left_count(&self, which: Which) -> Option<String> {
        let kept = self.view.set.restoring.kept.of(which);
        let (service, tasks) = (self.service(which).get()?, kept?.desired);
        let is_by_hand = !self.promotion.has_given_back();
        (is_by_hand && tasks != self.found(which).desired).then(|| {
            let s = if tasks == 1 { "" } else { "s" };
            format!(
                "{} keeps its {tasks} task{s}, because somebody has changed it",
                service.name
            )
        })
    }

    /// Bounds of automatic scaling that somebody has set since the release began. After a promotion has given them back all are theirs.
    fn left_bounds(&self) -> Vec<String> {
        if self.promotion.has_given_back() {
            return Vec::new();
        }
        self.view.left_of_scaling(self.primary(), self.canary())
    }

    /// What goes back to what it was, one line for each service.
    #[must_use]
    pub fn restores(&self) -> Vec<String> {
        let back = |which| match self.service(which).get() {
            Some(service) => self.found(which).respecting(service),
            None => self.found(which).clone(),
        };
        let (of_primary, of_canary) = (back(Which::Primary), back(Which::Canary));
        let (has_candidate, set) = (self.view.candidate().is_some(), self.view.set.restoring);
        let runs = |found: &FoundService| found.task_definition.short().to_owned();
        let (mut canary, mut primary) = (Vec::new(), Vec::new());
        if has_candidate && !set.spares_canary {
            canary.push(runs(&of_canary));
        }
        if self.promotion.has_begun() {
            primary.push(runs(&of_primary));
        }
        // What had been given back before stays as it is.
        if !self.promotion.has_given_back() {
            if has_candidate && set.kept.canary.is_none() {
                canary.push(tasks(of_canary.desired));
            }
            canary.extend(of_canary.scaling.map(scaled));
            if self.view.holds.primary.owns_count() {
                let is_ours = set.kept.primary.is_none();
                primary.extend(is_ours.then(|| tasks(of_primary.desired)));
                primary.extend(of_primary.scaling.map(scaled));
            }
        }
        let pair = self.view.pair;
        vec![line(&pair.canary, &canary), line(&pair.primary, &primary)]
    }
}

fn line(service: &ServiceName, parts: &[String]) -> String {
    match parts {
        [] => format!("- {service}: was not touched"),
        parts => format!("- {service}: {}", parts.join(", ")),
    }
}

fn scaled(scaling: ScalableTarget) -> String {
    format!(
        "scaled automatically from {} to {}",
        scaling.min, scaling.max
    )
}

fn tasks(count: u32) -> String {
    match count {
        1 => "1 task".to_owned(),
        many => format!("{many} tasks"),
    }
}
