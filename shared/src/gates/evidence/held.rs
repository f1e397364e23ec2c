//! What is said of a promoted version that is held to its objective.

use std::fmt;

use super::words::{Number, OfCalls, of};
use crate::evidence::{AgainstObjective, Bounds, Withheld};

/// Counts of a promoted version and what they come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    judged: AgainstObjective,
    bounds: Bounds,
    calls: OfCalls,
}

impl Held {
    pub(super) fn new(judged: AgainstObjective, bounds: Bounds, calls: OfCalls) -> Self {
        Self {
            judged,
            bounds,
            calls,
        }
    }
}

/// `30 of 400 attempts failed since the promotion: evidence 40 of the 100 that it takes to call that worse than its objective of at most 2 %
/// failures`
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            judged,
            bounds,
            calls,
        } = self;
        let failed = format!("{} attempts failed since the promotion", of(judged.counts));
        let (worse, needed) = (Number(judged.worse), Number(bounds.needed()));
        let objective = Number(bounds.objective.unwrap_or_default());
        let objective = format!("its objective of at most {objective} % failures");
        if judged.is_worse {
            return write!(
                f,
                "The promoted version is worse than {objective}: {failed}; evidence {worse}, and {needed} is enough (a version that keeps within \
                 it gets there in at most {} % of releases){calls}",
                Number(bounds.alpha * 100.0)
            );
        }
        write!(
            f,
            "{failed}: evidence {worse} of the {needed} that it takes to call that worse than {objective}"
        )?;
        match judged.withheld {
            None => Ok(()),
            Some(Withheld::CanaryFailures) => write!(
                f,
                ", but that is not said: it takes {} failures (minCanaryFailures)",
                bounds.min_canary_failures
            ),
            Some(Withheld::Gap) => write!(
                f,
                ", but that is not said: it takes {} percentage points more than that (minGapPoints)",
                Number(bounds.min_gap_points)
            ),
        }
    }
}
