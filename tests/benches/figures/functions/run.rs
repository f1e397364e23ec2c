//! One process from its start through its first looks.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;

use super::{
    calls::Calls,
    process::{Answered, Process},
    subject::{Subject, Way},
};
use crate::table::Samples;

/// What one process took. Times in milliseconds.
pub(crate) struct Run {
    /// From its start until it asked for its first event.
    pub(crate) ready: f64,
    /// CPU time until then.
    pub(crate) cpu_ready: f64,
    /// The first event.
    pub(crate) first: Look,
    /// CPU time until it asked for the event after that.
    pub(crate) cpu: f64,
    /// The looks after the first.
    pub(crate) warm: Vec<Look>,
    /// The most memory that was resident, in MB.
    pub(crate) peak: f64,
    /// Connections of the first look.
    pub(crate) connections: u64,
    /// Full TLS handshakes of the first look.
    pub(crate) handshakes: u64,
}

/// One event.
pub(crate) struct Look {
    /// From the event to the answer, in milliseconds.
    pub(crate) took: f64,
    /// The calls; none for the function that does nothing.
    pub(crate) calls: Option<Calls>,
}

impl Run {
    /// Starts a subject's program, gives it one event and then some more.
    ///
    /// # Errors
    /// An answer is not the one that is wanted, or a call was refused: then nothing was measured.
    pub(crate) async fn measure(subject: &Subject, way: Way, warm: usize) -> anyhow::Result<Self> {
        if let Some(served) = &subject.served {
            served.situation.account.set_latency(way.latency());
            served
                .situation
                .recorder
                .take(&served.situation.account, Instant::now())?;
            served.connections.take();
        }
        let (process, ready) = Process::start(&subject.program(way)).await?;
        let cpu_ready = process.cpu()?;
        let (mut process, first) = look(process, subject).await?;
        let cpu = process.cpu()?;
        let (connections, handshakes) = subject
            .served
            .as_ref()
            .map_or((0, 0), |served| served.connections.take());
        let mut looks = Vec::new();
        for _ in 0..warm {
            let (waiting, taken) = look(process, subject).await?;
            process = waiting;
            looks.push(taken);
        }
        let peak = process.peak_memory()?;
        process.end().await?;
        Ok(Self {
            ready: milliseconds(ready),
            cpu_ready: milliseconds(cpu_ready),
            first,
            cpu: milliseconds(cpu),
            warm: looks,
            peak,
            connections,
            handshakes,
        })
    }

    /// The median time of a look after the first.
    pub(crate) fn warm_look(&self) -> f64 {
        self.warm_median(|look| look.took)
    }

    /// The median of something about the looks after the first.
    pub(crate) fn warm_median(&self, of: impl Fn(&Look) -> f64) -> f64 {
        Samples::new(self.warm.iter().map(of).collect()).median()
    }
}

/// Milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

async fn look(process: Process, subject: &Subject) -> anyhow::Result<(Process, Look)> {
    let Some(served) = &subject.served else {
        let (process, answered) = process.invoke(&Value::Null).await?;
        return Ok((process, Look::of(&answered, None)));
    };
    let situation = &served.situation;
    let (process, answered) = process.invoke(&situation.event()).await?;
    let answer = answered.answer.to_string();
    ensure!(
        answer.contains(situation.answer),
        "{}: the answer {answer} is not about {:?}; {}",
        subject.name,
        situation.answer,
        process.printed()
    );
    let calls = situation
        .recorder
        .take(&situation.account, answered.began)?;
    Ok((process, Look::of(&answered, Some(calls))))
}

impl Look {
    fn of(answered: &Answered, calls: Option<Calls>) -> Self {
        Self {
            took: milliseconds(answered.took),
            calls,
        }
    }
}
