//! A rehearsal from the first task to the verdict.

mod alias;
mod checks;
mod counted;
mod disturb;
mod pair;
mod people;
mod work;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::Ipv4Addr,
    path::PathBuf,
    time::Duration,
};

use tokio::sync::mpsc::unbounded_channel;

use crate::{
    clock::Moment,
    live::{Image, Images, Live, LiveError, Setup, Stopped, build, logs::Logs},
    scenario::Scenario,
    stage::{self, Entrance, Script, SetUpError, Stage, Traffic},
    story::{Cast, Story},
    verdict::Verdict,
    wire::Account,
    world::{World, journal::Entry},
};

pub use work::ORDER;
use work::Work;

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
    /// The programs by name, as [`build::beside_this_program`] answers them.
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
    /// The tasks have nowhere to listen.
    #[error(
        "the tasks cannot listen on port {port} of loopback addresses such as {address}. Something else on this machine has \
         that port on all addresses, or another rehearsal is under way; end it and try again"
    )]
    Port {
        /// The container's port.
        port: u16,
        /// One of the addresses.
        address: Ipv4Addr,
        /// What the machine says.
        #[source]
        source: io::Error,
    },
    /// Nothing forwards requests to the tasks.
    #[error(
        "the load balancer of the example has no listener that could be opened on this machine"
    )]
    NoListener,
}

/// The address that the first task behind a load balancer gets, and its port.
const CONTAINER: (Ipv4Addr, u16) = (Ipv4Addr::new(127, 10, 0, 1), 8080);

/// Whether tasks can listen where they will be told to.
fn check_port() -> Result<(), RehearsalError> {
    let (address, port) = CONTAINER;
    match std::net::TcpListener::bind((address, port)) {
        Ok(_) => Ok(()),
        Err(source) => Err(RehearsalError::Port {
            port,
            address,
            source,
        }),
    }
}

/// Rehearses. On SIGINT and SIGTERM it ends early; either way no process is left.
pub async fn rehearse(rehearsal: Rehearsal, view: &mut dyn View) -> Result<Ending, RehearsalError> {
    let script = rehearsal.scenario.script();
    if rehearsal.stage.traffic.work() == stage::Work::Requests {
        check_port()?;
    }
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
        packages: packages(&rehearsal, &script),
        images: script.images(&rehearsal.programs[build::SAMPLE_APP], rehearsal.stage.work),
        play: Box::new(move |action| playing.with(|world| plays.play(world, &action))),
        logs: rehearsal.logs.clone(),
        tick: TICK,
    })
    .await?;
    let every = rehearsal.scenario.sends_every();
    let work =
        Work::of(&scene.entrance, every, &account, &live).ok_or(RehearsalError::NoListener)?;
    let cast = cast(&script, rehearsal.stage.traffic);
    let theatre = Theatre {
        story: RefCell::new(Story::new(cast, account.now())),
        account,
        script,
        entrance: scene.entrance,
        work,
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

/// The suite's packages by program, and those of the versions by digest.
fn packages(rehearsal: &Rehearsal, script: &Script) -> Images {
    let programs = rehearsal.programs.iter();
    let applications = [build::SAMPLE_APP, build::SAMPLE_FUNCTION];
    let mut packages: Images = programs
        .filter(|(name, _)| !applications.contains(&name.as_str()))
        .map(|(name, program)| (name.clone(), Image::program(program.clone())))
        .collect();
    let function = &rehearsal.programs[build::SAMPLE_FUNCTION];
    packages.extend(script.packages(function, rehearsal.stage.work));
    packages
}

fn cast(script: &Script, traffic: Traffic) -> Cast {
    let labels = script.versions().flat_map(|version| {
        [version.image(), version.package_digest()].map(|name| (name, version.label.clone()))
    });
    let mut released = script.versions().skip(1);
    Cast {
        traffic,
        pipeline: stage::PIPELINE.to_owned(),
        primary: stage::PRIMARY.to_owned(),
        canary: stage::CANARY.to_owned(),
        stable: script.stable().label.clone(),
        candidate: released
            .next()
            .map_or_else(String::new, |version| version.label.clone()),
        labels: labels.collect(),
        groups: traffic.groups().map(str::to_owned),
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
    entrance: Entrance,
    work: Work,
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
