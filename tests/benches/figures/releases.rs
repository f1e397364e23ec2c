//! How many AWS calls a whole release makes as its bake grows, and what that costs at list prices.

use std::time::Duration;

use anyhow::{Context, ensure};
use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Traffic, Version},
    world::journal::{Call, Entry, What},
};

use crate::{
    play::Play,
    table::{Cell, Report, Table},
};

/// The functions that are pipeline actions.
const ACTIONS: [&str; 3] = [
    stage::DEPLOY_CANARY,
    stage::SHIFT_WEIGHT,
    stage::PROMOTE_PRIMARY,
];

/// List prices of us-east-1 in USD as read in 2026, without free allotments.
mod price {
    /// AWS Lambda, a request.
    pub(super) const INVOCATION: f64 = 0.20 / 1e6;
    /// AWS Lambda, a second of 128 MB on arm.
    pub(super) const LAMBDA_SECOND: f64 = 0.125 * 0.000_013_333_4;
    /// What an invocation is billed at least where AWS answers a call in 20 ms: two calls, one after the other, and its own time.
    pub(super) const BILLED_SECONDS: f64 = 0.1;
    /// Amazon DynamoDB on demand, a read unit: 4 KB read consistently.
    pub(super) const READ: f64 = 0.125 / 1e6;
    /// Amazon DynamoDB on demand, a write unit: 1 KB. A transaction takes two for each item.
    pub(super) const WRITE: f64 = 0.625 / 1e6;
    /// Amazon SQS, a request to a standard queue.
    pub(super) const SQS: f64 = 0.40 / 1e6;
    /// Amazon CloudWatch, an API request.
    pub(super) const CLOUDWATCH: f64 = 0.01 / 1e3;
    /// AWS CodePipeline V2, a minute of an action that is no approval.
    pub(super) const ACTION_MINUTE: f64 = 0.002;
}

/// A release that went well.
struct Release {
    looks: u32,
    calls: Vec<Call>,
    sweeps: u32,
    action_minutes: f64,
}

/// Counts releases of a queue consumer and of an HTTP service.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let bakes = [
        ("10 min", Duration::from_mins(10)),
        ("1 h", Duration::from_hours(1)),
        ("12 h", Duration::from_hours(12)),
    ];
    let mut rows = Vec::new();
    for (traffic, of) in [(Traffic::Queue, "queue"), (Traffic::Alb, "load balancer")] {
        let mut releases = Vec::new();
        for (told, bake) in bakes {
            eprintln!("counting the calls of a release, {of}, {told} of bake");
            let release = release(traffic, bake)?;
            rows.push((format!("{of}, {told}"), release.cells()));
            releases.push(release);
        }
        let [.., half_a_day] = &releases[..] else {
            continue;
        };
        report.at_most(
            format!("USD for the calls of a release that bakes for twelve hours, {of}"),
            half_a_day.charged(),
            0.05,
        );
    }
    report.table(Table {
        title: "AWS calls and costs of a release, by the bake time of its one share".to_owned(),
        columns: [
            "release",
            "looks",
            "AWS calls",
            "calls a look",
            "calls charged, USD",
            "Lambda, USD",
            "CodePipeline, USD",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
        note: "Counted in the local account on a virtual clock, from the push to the end; looks of the three functions that are \
               actions. Charged calls are those of DynamoDB, SQS and CloudWatch. Lambda is 128 MB on arm for 0.1 s an \
               invocation, the minute-by-minute schedule of rollback included. CodePipeline is every minute of an action that is no \
               approval. List prices of us-east-1 as read in 2026, without free allotments."
            .to_owned(),
    });
    Ok(())
}

fn release(traffic: Traffic, bake: Duration) -> anyhow::Result<Release> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .context("cannot start a runtime")?
        .block_on(async {
            let stage = Stage {
                traffic,
                steps: Some(vec![Step { weight: 25, bake }]),
                ..Stage::default()
            };
            let script = Script::new([Version::new("v2", Behaviour::Works)]);
            let play = Play::begin(&stage, script).await;
            let before = play.account.with(|world| world.journal.len());
            let release = play.push("v2");
            play.until_approval(&release).await;
            play.approve();
            let ended = play.until_ended(&release).await;
            ensure!(ended == "SUCCEEDED", "the release ended as {ended}");
            play.account
                .with(|world| Ok(Release::read(&world.journal[before..])))
        })
}

impl Release {
    fn read(journal: &[Entry]) -> Self {
        let calls = journal.iter().filter_map(|entry| match &entry.what {
            What::Called(call) if ACTIONS.contains(&call.principal.0.as_str()) => {
                Some(call.clone())
            }
            _ => None,
        });
        let calls: Vec<Call> = calls.collect();
        let invoked = |wanted: &[&str]| {
            let of = |entry: &&Entry| matches!(&entry.what, What::Invoked { function, .. } if wanted.contains(&function.as_str()));
            count(journal.iter().filter(of).count())
        };
        Self {
            looks: invoked(&ACTIONS),
            calls,
            sweeps: invoked(&[stage::ROLLBACK]),
            action_minutes: action_minutes(journal),
        }
    }

    fn many_calls(&self) -> u32 {
        count(self.calls.len())
    }

    /// What AWS charges for its calls, and for the reads of rollback's schedule meanwhile.
    fn charged(&self) -> f64 {
        let calls: f64 = self.calls.iter().map(charge).sum();
        calls + f64::from(self.sweeps) * price::READ
    }

    fn cells(&self) -> Vec<Cell> {
        let invocations = f64::from(self.looks + self.sweeps);
        let lambda = price::INVOCATION + price::BILLED_SECONDS * price::LAMBDA_SECOND;
        let calls = self.many_calls();
        vec![
            Cell::Count(self.looks.into()),
            Cell::Count(calls.into()),
            Cell::Number(f64::from(calls) / f64::from(self.looks), 2),
            Cell::Number(self.charged(), 4),
            Cell::Number(invocations * lambda, 5),
            Cell::Number(self.action_minutes * price::ACTION_MINUTE, 2),
        ]
    }
}

/// What AWS charges for a call.
fn charge(call: &Call) -> f64 {
    match (call.service.as_str(), call.operation.as_str()) {
        ("dynamodb", "GetItem") => price::READ,
        ("dynamodb", "PutItem") => price::WRITE,
        // The record and its entry in the ledger, each up to 2 KB.
        ("dynamodb", _) => 8.0 * price::WRITE,
        ("sqs", _) => price::SQS,
        ("cloudwatch" | "monitoring", _) => price::CLOUDWATCH,
        _ => 0.0,
    }
}

/// From when each action began to when it ended, in minutes of which a part counts as a whole one.
fn action_minutes(journal: &[Entry]) -> f64 {
    let mut minutes = 0.0;
    let mut began = Vec::new();
    for Entry { at, what } in journal {
        let What::Action { action, status, .. } = what else {
            continue;
        };
        let place = began.iter().position(|(name, _)| name == action);
        match (status.as_str(), place) {
            (_, _) if action == "Approval" => {}
            ("InProgress", None) => began.push((action.clone(), *at)),
            ("InProgress", Some(_)) | (_, None) => {}
            (_, Some(place)) => {
                let (_, since) = began.swap_remove(place);
                minutes += (at.since(since).as_secs_f64() / 60.0).ceil();
            }
        }
    }
    minutes
}

fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}
