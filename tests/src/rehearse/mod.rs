//! A rehearsal from the first task to the verdict.

mod checks;
mod pair;
mod people;
mod producer;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    convert::Infallible,
    path::PathBuf,
    time::Duration,
};

use tokio::sync::mpsc::unbounded_channel;

use crate::{
    clock::Moment,
    live::{Image, Images, Live, LiveError, Setup, Stopped, build, logs::Logs},
    scenario::Scenario,
    stage::{self, Script, SetUpError, Stage},
    story::{Cast, Story},
    verdict::Verdict,
    wire::Account,
    world::{World, journal::Entry},
};

pub use producer::ORDER;

/// How often what happened is shown, and how often people look.
const REFRESH: Duration = Duration::from_millis(200);

/// How often the account ticks: a second of AWS's clockwork at the pace of six.
const TICK: Duration = Duration::from_millis(160);

/// Who answers approvals where the scenario leaves it to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Approve {
    /// The rehearsal approves after a moment.
    Auto,
    /// You are asked: y approves, n rejects.
    Ask,
}

/// What is rehearsed, and how.
pub struct Rehearsal {
    /// What happens.
    pub scenario: Scenario,
    /// The example's numbers.
    pub stage: Stage,
    /// How many times faster than on AWS its clockwork runs.
    pub pace: u32,
    /// Who approves.
    pub approve: Approve,
    /// The programs by name, as [`build::build`] answers them.
    pub programs: BTreeMap<String, PathBuf>,
    /// Where functions and tasks print to.
    pub logs: Logs,
    /// What the pipeline's credentials keep secret, to look for it where it should not be.
    pub secret: String,
    /// The machine's time.
    pub now: Moment,
}

/// Who watches, and is asked.
pub trait View {
    /// Shows the story as it is; `new` is what it was told since the last time.
    fn show(&mut self, story: &Story, new: &[Entry]);
    /// Puts a question that is answered with yes or no.
    fn ask(&mut self, question: &str);
    /// The answer, once there is one.
    fn answer(&mut self) -> Option<Reply>;
    /// Takes a question back.
    fn withdraw(&mut self);
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Yes.
    Yes,
    /// No.
    No,
    /// There is nobody who could answer.
    Nobody,
}

/// A rehearsal that is over.
#[derive(Debug)]
pub struct Ending {
    /// All of it.
    pub story: Story,
    /// What it showed; `None` if it was interrupted.
    pub verdict: Option<Verdict>,
}

/// Why there was no rehearsal, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The example could not be set up.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// The account did not come alive or did not stay so.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// Rehearses. On SIGINT and SIGTERM it ends early; either way no process is left.
pub async fn rehearse(rehearsal: Rehearsal, view: &mut dyn View) -> Result<Ending, RehearsalError> {
    let script = rehearsal.scenario.script();
    let mut world = World::new(stage::identity(), rehearsal.now, rehearsal.pace);
    world.codepipeline.reinvoke_after = REINVOKE_AFTER;
    world.codepipeline.job_secret.clone_from(&rehearsal.secret);
    let scene = rehearsal.stage.set_up(&mut world, &script)?;
    world.events.delivery = rehearsal.scenario.delivery();
    let (send, effects) = unbounded_channel();
    let account = Account::new(world, send);
    account.set_interference(Box::new(rehearsal.scenario.interference()));
    let (playing, plays) = (account.clone(), script.clone());
    let live = Live::start(Setup {
        account: account.clone(),
        effects,
        packages: packages(&rehearsal.programs),
        images: script.images(&rehearsal.programs[build::SAMPLE_APP], rehearsal.stage.work),
        play: Box::new(move |action| playing.with(|world| plays.play(world, &action))),
        logs: rehearsal.logs.clone(),
        tick: TICK,
    })
    .await?;
    let theatre = Theatre {
        story: RefCell::new(Story::new(cast(&script), account.now())),
        account,
        script,
        queue_url: scene.queue_url,
        view: RefCell::new(view),
        told: Cell::new(0),
        rehearsal,
    };
    let mut verdict = None;
    let stopped = live
        .run(async {
            tokio::select! {
                judged = theatre.play() => verdict = Some(judged),
                never = theatre.watch() => match never {},
            }
        })
        .await?;
    theatre.refresh();
    Ok(Ending {
        story: theatre.story.into_inner(),
        verdict: verdict.filter(|_| stopped == Stopped::AsTold),
    })
}

/// On AWS about half a minute, which is nothing that anybody wants to watch.
const REINVOKE_AFTER: Duration = Duration::from_secs(2);

/// The functions' packages by program: the sample application is no function's.
fn packages(programs: &BTreeMap<String, PathBuf>) -> Images {
    programs
        .iter()
        .filter(|(name, _)| *name != build::SAMPLE_APP)
        .map(|(name, program)| (name.clone(), Image::program(program.clone())))
        .collect()
}

fn cast(script: &Script) -> Cast {
    let labels = script
        .versions()
        .map(|version| (version.image(), version.label.clone()));
    let mut released = script.versions().skip(1);
    Cast {
        pipeline: stage::PIPELINE.to_owned(),
        primary: stage::PRIMARY.to_owned(),
        canary: stage::CANARY.to_owned(),
        stable: script.stable().label.clone(),
        candidate: released
            .next()
            .map_or_else(String::new, |version| version.label.clone()),
        labels: labels.collect(),
        queue: stage::QUEUE.to_owned(),
        dead_letters: stage::DEAD_LETTERS.to_owned(),
        rollback: stage::ROLLBACK.to_owned(),
    }
}

/// The account, who acts in it, and who watches.
struct Theatre<'a> {
    rehearsal: Rehearsal,
    account: Account,
    script: Script,
    queue_url: String,
    story: RefCell<Story>,
    view: RefCell<&'a mut dyn View>,
    /// How much of the journal the story has been told.
    told: Cell<usize>,
}

impl Theatre<'_> {
    async fn watch(&self) -> Infallible {
        loop {
            self.refresh();
            tokio::time::sleep(REFRESH).await;
        }
    }

    /// Tells the story what happened, and shows it.
    fn refresh(&self) {
        let (new, now) = self.account.with(|world| {
            let new: Vec<Entry> = world.journal[self.told.get()..].to_vec();
            self.told.set(world.journal.len());
            (new, world.now)
        });
        let mut story = self.story.borrow_mut();
        for entry in &new {
            story.add(entry);
        }
        story.until(now);
        self.view.borrow_mut().show(&story, &new);
    }

    /// Waits until the story has come to where something holds.
    async fn until(&self, holds: impl Fn(&Story) -> bool) {
        while !holds(&self.story.borrow()) {
            tokio::time::sleep(REFRESH).await;
        }
    }
}
