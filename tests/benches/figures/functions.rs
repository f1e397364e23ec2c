//! What a function takes: to start, to look, with calls that take as long as on AWS, and over TLS.
//!
//! Every function is the release binary, started as Lambda starts it, beside a release that waits for it in the local
//! account. The same is measured of Python functions that do the same with boto3, and of a function that does nothing.

mod calls;
mod endpoint;
mod process;
mod run;
mod situation;
mod subject;
mod tables;
mod tls;

use std::{collections::BTreeMap, rc::Rc};

use anyhow::Context;

use crate::{programs::Programs, table::Report};
use run::Run;
use situation::Situation;
use subject::{Served, Subject, Way};
use tls::Tls;

/// Looks of one process after its first.
const WARM_LOOKS: usize = 5;

/// What was measured of one subject.
struct Measured {
    subject: Subject,
    runs: BTreeMap<Way, Vec<Run>>,
}

/// Measures every function this often, in turn.
pub(crate) fn measure(
    programs: &Programs,
    repetitions: u16,
    report: &mut Report,
) -> anyhow::Result<()> {
    let situations = [
        Situation::deploying()?,
        Situation::baking()?,
        Situation::promoting()?,
        Situation::alarm()?,
    ];
    let runtime = tokio::runtime::Runtime::new().context("cannot start a runtime")?;
    let measured = runtime.block_on(async {
        let mut measured: Vec<Measured> = subjects(programs, situations)
            .await?
            .into_iter()
            .map(|subject| Measured {
                subject,
                runs: BTreeMap::new(),
            })
            .collect();
        for repetition in 1..=repetitions {
            eprintln!("functions: repetition {repetition} of {repetitions}");
            repeat(&mut measured).await?;
        }
        anyhow::Ok(measured)
    })?;
    tables::add(&measured, report);
    Ok(())
}

async fn subjects(programs: &Programs, situations: [Situation; 4]) -> anyhow::Result<Vec<Subject>> {
    let tls = Tls::new()?;
    let [deploying, baking, promoting, alarm] = situations;
    let deploying = Rc::new(Served::new(deploying, &tls).await?);
    let baking = Rc::new(Served::new(baking, &tls).await?);
    let promoting = Rc::new(Served::new(promoting, &tls).await?);
    let alarm = Rc::new(Served::new(alarm, &tls).await?);
    Ok(vec![
        Subject::floor(programs)?,
        Subject::rust("deploy-canary", programs, &deploying)?,
        Subject::rust("shift-weight", programs, &baking)?,
        Subject::python("shift_weight.py", programs, &baking),
        Subject::rust("promote-primary", programs, &promoting)?,
        Subject::rust("rollback", programs, &alarm)?,
        Subject::python("rollback.py", programs, &alarm),
    ])
}

/// One process of every subject on every way.
async fn repeat(measured: &mut [Measured]) -> anyhow::Result<()> {
    for way in Way::ALL {
        for Measured { subject, runs } in &mut *measured {
            if subject.served.is_none() && way != Way::Plain {
                continue;
            }
            let run = Run::measure(subject, way, WARM_LOOKS).await;
            let run = run.with_context(|| format!("cannot measure {}", subject.name))?;
            runs.entry(way).or_default().push(run);
        }
    }
    Ok(())
}
