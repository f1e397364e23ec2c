//! Releases in the middle, as the functions find them.

use std::time::Duration;

use anyhow::{Context, bail};
use canary::{clock::Timestamp, job::Bookmark};
use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Script, Stage, Version},
    wire::Account,
    world::{
        World, cloudwatch, codepipeline,
        functions::{self, Function},
        journal::What,
    },
};
use serde_json::{Value, json};

use crate::play::Play;

use super::calls::Recorder;

/// How long an action has been at it, and a share has been held, when a look is taken.
const SO_FAR: Duration = Duration::from_secs(30);

/// A function's look at a release, to be had again and again.
pub(crate) struct Situation {
    /// What the function does then, in words for a table.
    pub(crate) title: &'static str,
    /// The account, which nothing changes any more.
    pub(crate) account: Account,
    /// The calls that it gets.
    pub(crate) recorder: Recorder,
    /// The function in that account.
    pub(crate) function: Function,
    /// What the answer of a look contains, and that of no other.
    pub(crate) answer: &'static str,
    event: Event,
}

enum Event {
    /// A continuation of the action with these parameters; whether its share is being held.
    Job { parameters: String, is_held: bool },
    /// An alarm.
    Alarm(Value),
}

impl Situation {
    /// deploy-canary waits until the canary service runs the candidate.
    pub(crate) fn deploying() -> anyhow::Result<Self> {
        Self::action(
            "waits for the canary's tasks",
            stage::DEPLOY_CANARY,
            "updating orders-canary to",
            "waiting for orders-canary to run",
        )
    }

    /// shift-weight holds a share.
    pub(crate) fn baking() -> anyhow::Result<Self> {
        Self::action("bakes a share", stage::SHIFT_WEIGHT, "baking", "baking")
    }

    /// promote-primary waits until the primary service runs the candidate.
    pub(crate) fn promoting() -> anyhow::Result<Self> {
        Self::action(
            "waits for the primary's tasks",
            stage::PROMOTE_PRIMARY,
            "updating orders to",
            "waiting for orders to run",
        )
    }

    /// An alarm goes off while a release waits for approval.
    pub(crate) fn alarm() -> anyhow::Result<Self> {
        let (account, _) = play(async |play, release| {
            play.until_approval(release).await;
        })?;
        let event = account.with(alarm)?;
        Self::new(
            "rolls back for an alarm",
            account,
            stage::ROLLBACK,
            Event::Alarm(event),
            "rollingBack",
        )
    }

    /// An action of a pipeline that has said something, and what it answers then.
    fn action(
        title: &'static str,
        function: &'static str,
        said: &'static str,
        answer: &'static str,
    ) -> anyhow::Result<Self> {
        let (account, release) = play(async |play, release| {
            if function == stage::PROMOTE_PRIMARY {
                play.until_approval(release).await;
                play.approve();
            }
            play.until(said, |world| says(world, release, said)).await;
        })?;
        let event = Event::Job {
            parameters: account.with(|world| parameters(world, function, &release))?,
            is_held: function == stage::SHIFT_WEIGHT,
        };
        Self::new(title, account, function, event, answer)
    }

    fn new(
        title: &'static str,
        account: Account,
        function: &str,
        event: Event,
        answer: &'static str,
    ) -> anyhow::Result<Self> {
        let found = account.with(|world| functions::function(world, function).cloned());
        let recorder = Recorder::watch(&account);
        account.with(|world| world.journal.clear());
        Ok(Self {
            title,
            recorder,
            function: found.with_context(|| format!("the example has no function {function}"))?,
            account,
            answer,
            event,
        })
    }

    /// The event of a look that is taken now.
    pub(crate) fn event(&self) -> Value {
        match &self.event {
            Event::Alarm(event) => event.clone(),
            Event::Job {
                parameters,
                is_held,
            } => job(&self.function.name, parameters, *is_held),
        }
    }
}

/// A release of a version that works, on a virtual clock until `go` has led it where it is wanted. Nothing goes on
/// afterwards. Answers the account and the pipeline execution.
fn play(go: impl AsyncFnOnce(&Play, &str)) -> anyhow::Result<(Account, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .context("cannot start a runtime with a virtual clock")?;
    Ok(runtime.block_on(async {
        let script = Script::new([Version::new("v2", Behaviour::Works)]);
        let play = Play::begin(&Stage::default(), script).await;
        let release = play.push("v2");
        go(&play, &release).await;
        (play.account.clone(), release)
    }))
}

/// Whether the newest summary of an action of this execution contains a text.
fn says(world: &World, wanted: &str, text: &str) -> bool {
    let newest = world.journal.iter().rev().find_map(|it| match &it.what {
        What::Action {
            execution,
            summary: Some(summary),
            ..
        } if execution == wanted => Some(summary),
        _ => None,
    });
    newest.is_some_and(|summary| summary.contains(text))
}

/// The `UserParameters` of a function's action as the function gets them.
fn parameters(world: &mut World, function: &str, release: &str) -> anyhow::Result<String> {
    let pipeline = json!({ "name": stage::PIPELINE });
    let declared = codepipeline::call(world, "GetPipeline", &pipeline)
        .map_err(|fault| anyhow::anyhow!("GetPipeline: {}: {}", fault.code, fault.message))?;
    let stages = declared["pipeline"]["stages"].as_array();
    let configuration = stages
        .into_iter()
        .flatten()
        .filter_map(|stage| stage["actions"].as_array())
        .flatten()
        .map(|action| &action["configuration"])
        .find(|configuration| configuration["FunctionName"] == function);
    let Some(parameters) = configuration.and_then(|it| it["UserParameters"].as_str()) else {
        bail!("the example's pipeline has no action of {function} with parameters");
    };
    let image = Version::new("v2", Behaviour::Works).image();
    Ok(parameters
        .replace("#{codepipeline.PipelineExecutionId}", release)
        .replace("#{Build.IMAGE_URI}", &image))
}

/// A continuation job, of an action whose times are those of this machine: the functions read its clock.
fn job(function: &str, parameters: &str, is_held: bool) -> Value {
    let Moment(now) = rehearsal_core::cli::now();
    let before = u64::try_from(SO_FAR.as_millis()).unwrap_or_default();
    let began = Timestamp::from_epoch_millis(now - before);
    let bookmark = Bookmark::new("11111111-2222-4333-8444-555555555555", began);
    let bookmark = if is_held {
        bookmark.held(began)
    } else {
        bookmark
    };
    let configuration = json!({ "FunctionName": function, "UserParameters": parameters });
    json!({ "CodePipeline.job": {
        "id": "66666666-7777-4888-8999-aaaaaaaaaaaa",
        "accountId": stage::identity().account,
        "data": {
            "actionConfiguration": { "configuration": configuration },
            "inputArtifacts": [],
            "outputArtifacts": [],
            "artifactCredentials": {
                "accessKeyId": rehearsal_core::wire::keys::JOB_ACCESS_KEY,
                "secretAccessKey": "secret",
                "sessionToken": "token",
            },
            "continuationToken": bookmark.token(),
        },
    }})
}

/// What an alarm sends to the function that is its action.
fn alarm(world: &mut World) -> anyhow::Result<Value> {
    let names = json!({ "AlarmNames": [stage::ALARM] });
    let described = cloudwatch::call(world, "DescribeAlarms", &names)
        .map_err(|fault| anyhow::anyhow!("DescribeAlarms: {}: {}", fault.code, fault.message))?;
    let alarm = &described["MetricAlarms"][0];
    // The machine's time: the account's begins anew when its virtual clock ends.
    let now = rehearsal_core::cli::now().iso_offset();
    let state =
        |value: &str, reason: &str| json!({ "value": value, "reason": reason, "timestamp": now });
    Ok(json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": world.identity.account,
        "time": now,
        "region": world.identity.region,
        "alarmData": {
            "alarmName": stage::ALARM,
            "state": state("ALARM", "Threshold Crossed: 1 datapoint [12.0] was greater than the threshold (0.0)."),
            "previousState": state("OK", "Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold (0.0)."),
            "configuration": { "metrics": [] },
        },
    }))
}
