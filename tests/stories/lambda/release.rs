//! Releases of a function behind an alias: the traffic model, with AWS's own SDK, against the account's Lambda.

use std::time::Duration;

use aws_sdk_lambda::Client;
use canary::{
    aws::{self, Settings},
    clock::Timestamp,
    job::Artifact,
    parameters::{self, DeployCanary, RawDeployCanary},
    parts::focus::Focus,
    record::{Cause, Phase, Reason, Record},
    target::Target,
    traffic::{
        Change,
        door::{Beginning, Between, NotBegun},
        model::Goal,
    },
    weight::{Drain, Weight},
};
use rehearsal_core::wire::Account;

use super::{account, client, publish, weights};
use crate::play::clients;

const TARGET: &str = r#"{"function": "orders", "alias": "live", "pipeline": "orders-release", "traffic": {"lambdaAlias": {}}}"#;

const ASKED: &str = r#"{"release": "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f"}"#;

const PLACED: Focus = Focus::Placed { is_first: false };

/// More looks than any goal takes.
const MOST_LOOKS: usize = 40;

/// A function whose alias `live` stands on version 1, and the package of the next one.
struct Function {
    account: Account,
    aws: aws::Account,
    operator: Client,
}

async fn function() -> Function {
    let (account, _effects) = account();
    let operator = client!(aws_sdk_lambda, account, "operator");
    publish(&operator, "v1").await;
    let create = operator.create_alias().function_name("orders").name("live");
    create.function_version("1").send().await.unwrap();
    let aws = clients(&account, "operator", Settings::default());
    Function {
        account,
        aws,
        operator,
    }
}

fn asked() -> (Target, DeployCanary) {
    let source = "UserParameters";
    parameters::read::<RawDeployCanary>(source, Some(ASKED), Some(TARGET)).unwrap()
}

impl Function {
    /// A release of the package begins, or this is why it does not.
    async fn begin(&self) -> Result<Record, String> {
        let (target, asked) = asked();
        let inputs = [Artifact {
            name: "Package".to_owned(),
            bucket: "packages".to_owned(),
            key: "v2".to_owned(),
            credentials: None,
        }];
        let seen = target.model().observe(&self.aws, PLACED).await;
        let starting = target.starting();
        let before = starting.before(&self.aws, &seen, &asked.request, &inputs);
        let before = before.await.map_err(|error| error.to_string())?;
        let now = self.aws.now();
        let begun = starting.begin(Beginning {
            now,
            release: &asked.release,
            seen: &seen,
            before: before.as_ref(),
        });
        let begins = begun.map_err(|why| match why {
            NotBegun::NothingToDo { item, .. } => format!("nothing to do: {item}"),
            NotBegun::BadRequest(why) | NotBegun::Wait(why) | NotBegun::Refuse(why) => {
                why.to_string()
            }
        })?;
        let (release, item) = (asked.release, begins.released.item);
        Ok(Record::begin(
            None,
            release,
            target,
            item,
            begins.body,
            Phase::Deploying,
            now,
        ))
    }

    /// Where the alias sends its invocations.
    async fn alias(&self) -> String {
        let (function, alias) = ("orders".try_into().unwrap(), "live".try_into().unwrap());
        let alias = self.aws.alias(&function, &alias).await.unwrap();
        alias.routing.to_string()
    }

    /// One look: what it says, and what it changes; whether the goal is reached.
    async fn look(
        &self,
        record: &mut Record,
        goal: Goal,
        focus: Focus,
    ) -> (String, Vec<Change>, bool) {
        let (target, now) = (record.target.clone(), self.aws.now());
        let model = target.model();
        let seen = model.observe(&self.aws, focus).await;
        let closer = model.closer(&self.aws, focus, record.facts(now), &seen);
        let seen = closer.await.unwrap();
        let toward = record.open(now, &seen).toward(goal);
        match toward {
            Ok(attained) => (attained.said, Vec::new(), true),
            Err(Between::Change {
                doing,
                set,
                changes,
            }) => {
                *record = record.with(set.unwrap_or_else(|| record.body.clone()));
                if let Goal::Share { asked, .. } = goal {
                    let turns = Vec::new();
                    *record = record.advance(Phase::Shifting { asked, turns }, now);
                }
                (doing.to_string(), changes, false)
            }
            Err(Between::Wait(why)) => (format!("waits: {why}"), Vec::new(), false),
            Err(Between::Refuse(why)) => (format!("refused: {why}"), Vec::new(), true),
        }
    }

    /// Look by look to a goal: what is said, each thing once.
    async fn reach(&self, record: &mut Record, goal: Goal, focus: Focus) -> Vec<String> {
        let target = record.target.clone();
        let mut told: Vec<String> = Vec::new();
        for _ in 0..MOST_LOOKS {
            let (said, changes, is_over) = self.look(record, goal, focus).await;
            if told.last() != Some(&said) {
                told.push(said);
            }
            if is_over {
                return told;
            }
            for change in &changes {
                target.model().apply(&self.aws, change).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("no end: {told:?}");
    }

    async fn shared(&self, percent: f64) -> Record {
        let mut record = self.begin().await.unwrap();
        self.reach(&mut record, Goal::Placed, PLACED).await;
        self.reach(&mut record, share(percent), Focus::Share).await;
        record
    }
}

fn share(percent: f64) -> Goal {
    Goal::Share {
        asked: Weight::try_from(percent).unwrap(),
        tolerance: None,
    }
}

const BACK: Goal = Goal::AsFound { fenced: true };

fn back(record: &Record, now: Timestamp) -> Record {
    let by_hand = Reason::Hand { said: None };
    record.roll_back(Cause::new(by_hand, now), false, now)
}

#[tokio::test(start_paused = true)]
async fn a_package_is_released_step_by_step() {
    let function = function().await;
    let mut record = function.begin().await.unwrap();
    let placed = function.reach(&mut record, Goal::Placed, PLACED).await;
    assert_eq!(
        placed,
        [
            "giving function orders the code of package v2 (bucket packages)",
            "waits: waiting for function orders to take the code over",
            "publishing function orders",
            "waits: version 2 of function orders is published, waiting for it to become active",
            "version 2 of function orders is the candidate",
            "version 2 of orders is ready",
        ]
    );
    assert_eq!(function.alias().await, "version 1");
    let shared = function.reach(&mut record, share(0.5), Focus::Share).await;
    assert_eq!(shared.last().unwrap(), "0.5 % attained: weight 50 of 10000");
    assert_eq!(function.alias().await, "version 1, 0.5 % to version 2");
    function.reach(&mut record, share(50.0), Focus::Share).await;
    assert_eq!(function.alias().await, "version 1, 50 % to version 2");
    let goal = Goal::Promoted {
        drain: Drain::default(),
        over: false,
    };
    let phase = Phase::Promoting { baking_since: None };
    record = record.advance(phase, function.aws.now());
    let promoted = function.reach(&mut record, goal, Focus::Promoted).await;
    assert_eq!(
        promoted,
        [
            "promoting: alias orders:live sends everything to version 2",
            "alias orders:live sends everything to version 2",
        ]
    );
    assert_eq!(function.alias().await, "version 2");
    let again = function.begin().await.unwrap_err();
    assert_eq!(again, "nothing to do: package v2 (bucket packages)");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_stops_the_candidate_at_once_and_ends_after_its_timeout() {
    let function = function().await;
    let record = function.shared(50.0).await;
    let mut record = back(&record, function.aws.now());
    let model = record.target.model();
    let nothing = model.nothing();
    let stop = record.open(function.aws.now(), &nothing).stop();
    assert_eq!(stop.len(), 1);
    model.apply(&function.aws, &stop[0]).await.unwrap();
    assert_eq!(
        function.alias().await,
        "version 1",
        "before anything was looked at"
    );
    let told = function.reach(&mut record, BACK, Focus::AsFound).await;
    let waits = told.iter().find(|it| it.contains("may go on until"));
    assert!(
        waits.is_some_and(|it| it.ends_with("(its timeout is 3 s)")),
        "{told:?}"
    );
    assert_eq!(told.last().unwrap(), "as found");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_writes_between_a_look_and_its_call_stays() {
    let function = function().await;
    let mut record = function.shared(10.0).await;
    let (_, changes, _) = function.look(&mut record, share(50.0), Focus::Share).await;
    let update = function.operator.update_alias().function_name("orders");
    let theirs = update.name("live").routing_config(weights("2", 0.3));
    theirs.send().await.unwrap();
    let target = record.target.clone();
    let outrun = target
        .model()
        .apply(&function.aws, &changes[0])
        .await
        .unwrap_err();
    assert!(outrun.is_passing(), "{outrun}");
    assert!(
        outrun
            .to_string()
            .contains("was changed after it was looked at"),
        "{outrun}"
    );
    assert_eq!(function.alias().await, "version 1, 30 % to version 2");
    // A rollback leaves it, too: with the stopping call, and with all others.
    let mut record = back(&record, function.aws.now());
    let nothing = target.model().nothing();
    for change in record.open(function.aws.now(), &nothing).stop() {
        target
            .model()
            .apply(&function.aws, &change)
            .await
            .unwrap_err();
    }
    function.reach(&mut record, BACK, Focus::AsFound).await;
    assert_eq!(function.alias().await, "version 1, 30 % to version 2");
}

#[tokio::test(start_paused = true)]
async fn what_a_release_would_run_into_is_refused_by_name() {
    let weighted = function().await;
    publish(&weighted.operator, "v2").await;
    let update = weighted.operator.update_alias().function_name("orders");
    let update = update.name("live").routing_config(weights("2", 0.25));
    update.send().await.unwrap();
    let told = weighted.begin().await.unwrap_err();
    assert!(
        told.starts_with("alias orders:live has weights already: version 1, 25 % to version 2"),
        "{told}"
    );

    let past = function().await;
    let queue = past.account.with(|world| world.arn("sqs", "orders"));
    let create = past.operator.create_event_source_mapping();
    let create = create.event_source_arn(&queue).function_name("orders");
    create.send().await.unwrap();
    let told = past.begin().await.unwrap_err();
    assert!(
        told.contains("past alias orders:live: its work is not shared"),
        "{told}"
    );

    let gone = function().await;
    let delete = gone.operator.delete_alias().function_name("orders");
    delete.name("live").send().await.unwrap();
    let told = gone.begin().await.unwrap_err();
    assert!(
        told.starts_with("alias orders:live does not exist (TARGET: fields function and alias)"),
        "{told}"
    );
}
