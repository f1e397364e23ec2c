//! A queue's consumers in the record, in what is seen, and in what is read.

use super::{
    Queue, Seen, View,
    target::{Input, Mode, QueueTraffic},
};
use crate::{
    aws::{Account, AwsError, Trouble},
    input::BadInput,
    names::TargetGroupArn,
    parts::{pair, rules, task_definition::Source},
    target::Target,
    traffic::{
        Before,
        joined::{Besides, Joined},
        model::Goal,
        sight::Sight,
    },
    weight::Weight,
};

impl Joined for Queue {
    type Traffic = QueueTraffic;

    fn of(target: &Target, traffic: &QueueTraffic) -> Self {
        Self {
            pair: target.services(),
            traffic: traffic.clone(),
        }
    }

    fn seen(seen: &Sight) -> Option<Seen> {
        Some(Seen {
            pair: seen.pair.clone(),
            dead_letters: seen.dead_letters.clone(),
        })
    }

    #[allow(
        unreachable_patterns,
        clippy::match_wildcard_for_single_variants,
        reason = "there may be more models, or no other"
    )]
    fn before(before: &Before) -> Option<&pair::Before> {
        match before {
            Before::Queue(before) => Some(before),
            _ => None,
        }
    }

    fn begins(before: pair::Before) -> Before {
        Before::Queue(before)
    }

    type Input = Input;
    const LIMITS: &'static [&'static str] = &["maxDeadLetters", "guardMaxDeadLetters", "maxTasks"];

    fn check(traffic: &QueueTraffic, source: &'static str) -> Result<(), BadInput> {
        traffic.check(source)
    }

    fn admits(traffic: &QueueTraffic, goal: Goal) -> Result<(), &'static str> {
        match (traffic.mode, goal) {
            (
                Mode::Additive,
                Goal::Share {
                    asked: Weight::ALL, ..
                },
            ) => Err(
                "100 % cannot be reached while the primary keeps its tasks (mode additive); allowed is 0 to 99, and promote-primary for \
                 everything",
            ),
            _ => Ok(()),
        }
    }

    fn drains() -> Result<(), &'static str> {
        Err("there is no weight to lower: the pair consumes a queue; leave the field out")
    }

    fn has_left_over(&self, view: View<'_>) -> bool {
        let back = self.back(false, view);
        back.canary()
            .is_some_and(|canary| back.has_left_over(canary))
    }

    async fn exists(&self, account: &Account) -> Result<(), AwsError> {
        account.messages(&self.traffic.url, "url").await?;
        Ok(())
    }

    async fn begin_with(
        &self,
        account: &Account,
        seen: &Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> Result<Option<pair::Before>, Trouble> {
        pair::Before::observe(account, &self.pair, &seen.pair, source).await
    }

    async fn besides(traffic: &QueueTraffic, account: &Account) -> Besides {
        let dead_letters = match &traffic.dead_letter_url {
            Some(url) => account.dead_letters(url).await.map(Some),
            None => Ok(None),
        };
        Besides {
            dead_letters,
            rules: Ok(None),
        }
    }

    async fn rules(_traffic: &QueueTraffic, _account: &Account) -> Option<rules::Seen> {
        None
    }

    fn nothing(_traffic: &QueueTraffic) -> Option<rules::Seen> {
        None
    }

    fn groups(_traffic: &QueueTraffic) -> Option<(&TargetGroupArn, &TargetGroupArn)> {
        None
    }
}
