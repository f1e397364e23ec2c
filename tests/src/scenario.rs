//! What can be rehearsed.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use crate::{
    stage::{
        Behaviour, Defines, Runs, Script, Stage, Step, TASK_DEFINITION, Traffic, Version, Work,
    },
    wire::Interference,
    world::{Fault, events::Delivery, journal::Call},
};

/// A release and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Scenario {
    /// v2 works: it is tried on a growing share, approved and promoted.
    GoodVersion,
    /// v2 fails most of its messages or requests: an alarm or the verdict rolls it back at its first share.
    BadVersion,
    /// v1 fails one attempt in a hundred and v2 four: no alarm fires, and the verdict rolls v2 back.
    SlightlyWorse,
    /// v2 takes messages and is never done with one: it dies of none and its tasks are healthy, but an alarm or the verdict sees that it
    /// ends none, and it is rolled back (--traffic queue, lambda or task-sets).
    HangingVersion,
    /// Every hundredth message or so ends the process of v2 that works on it, which nobody tells: the verdict counts what was received
    /// and never ended, and rolls v2 back (--traffic queue, lambda or task-sets).
    DiesOnMessage,
    /// Both versions fail one in twenty messages, which pass at a later attempt, or requests: no reason to roll v2 back,
    /// so it is released.
    BothFail,
    /// v2 works, and there is hardly any work: not enough to tell whether it is worse, which is said, and it is
    /// released (--traffic queue, lambda or task-sets).
    FewMessages,
    /// v2 ends as soon as it starts: ECS gives its deployment up, the third of its tasks has ended, or an alarm or the verdict sees that
    /// invocations of it fail, and it is rolled back.
    CrashLoop,
    /// A person rejects v2 at the approval, and it is rolled back.
    Rejected,
    /// v3 is pushed while v2 waits for approval: it waits for v2 to be done, then takes its turn.
    Overtaken,
    /// The alarm fires while v2 is being promoted: everything goes back to v1.
    AlarmWhilePromoting,
    /// v2 fails, and no alarm action and no event is delivered: the schedule rolls it back.
    LostEvents,
    /// Every seventh AWS call of everybody is throttled: v2 is released all the same.
    Throttled,
    /// Somebody changes the weights of the load balancer's rule or of the alias, or the scale of v2's task set, in the middle of the release:
    /// it stops, and everything is as the release found it; an alias is left as they have set it (not --traffic queue).
    ForeignWeight,
    /// v2's health check fails as soon as it gets requests: the step stops, and the requests go back
    /// (--traffic alb or task-sets-alb).
    UnhealthyCanary,
    /// v2 takes one request in a hundred and closes its connection without an answer, so that the client gets a 502 of the load
    /// balancer: no alarm sees so few, and the verdict rolls v2 back (--traffic alb or task-sets-alb).
    DropsConnections,
    /// Every task of both versions is taken away while v2 is released, and none can start for a while: the release is rolled
    /// back and people are told (--traffic alb or task-sets-alb).
    AllTargetsGone,
    /// v2 comes with a task definition of its own, with another environment variable and more CPU: it is released as a whole (not with
    /// --traffic lambda).
    NewDefinition,
    /// Automatic scaling wants fewer tasks, then more, then other bounds while v2 is released: no task is missing at any moment, and scaling
    /// is as it was at the end; the task sets of a service follow it (--traffic alb, task-sets or task-sets-alb).
    AutoscalerFights,
}

/// Who answers when v2 asks for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A person at the terminal, or the rehearsal in their place.
    Person,
    /// The rehearsal rejects.
    Rejected,
    /// Nobody does: the release should not come that far.
    Nobody,
}

/// How a release is meant to end if whoever is asked approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both services run it.
    Released,
    /// Both services are as it found them.
    RolledBack,
}

/// Whose answers may be failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailsRequests {
    /// None is.
    Nobody,
    /// Those of the candidate.
    Candidate,
    /// Those of any version; every request gets to one.
    EveryVersion,
    /// Those that the load balancer answers itself.
    LoadBalancer,
}

/// How often a call is throttled in [`Scenario::Throttled`].
const THROTTLED_EVERY: u64 = 7;

impl Scenario {
    /// What it shows, in a sentence.
    #[must_use]
    pub fn sentence(self) -> String {
        let value = self.to_possible_value();
        value
            .and_then(|value| value.get_help().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Whether it can be played with this traffic.
    #[must_use]
    pub fn is_for(self, traffic: Traffic) -> bool {
        let (work, runs) = (traffic.work(), traffic.runs());
        match self {
            Self::UnhealthyCanary | Self::DropsConnections | Self::AllTargetsGone => {
                work == Work::Requests
            }
            Self::ForeignWeight => traffic != Traffic::Queue,
            Self::AutoscalerFights => work == Work::Requests || runs == Runs::TaskSets,
            Self::HangingVersion | Self::FewMessages | Self::DiesOnMessage => {
                work == Work::Messages
            }
            Self::NewDefinition => traffic.has_tasks(),
            _ => true,
        }
    }

    /// The versions of the application.
    #[must_use]
    pub fn script(self) -> Script {
        let behaviour = match self {
            Self::UnhealthyCanary => Behaviour::TurnsUnhealthyAfter(10),
            Self::BadVersion | Self::LostEvents => Behaviour::Fails(60),
            Self::HangingVersion => Behaviour::Hangs,
            Self::DropsConnections => Behaviour::Drops(1),
            Self::SlightlyWorse => Behaviour::FailsAttempts(4),
            Self::DiesOnMessage => Behaviour::DiesOnMessages(1),
            Self::CrashLoop => Behaviour::CrashesAtStart,
            Self::BothFail => Behaviour::FailsAttempts(5),
            Self::GoodVersion
            | Self::FewMessages
            | Self::Rejected
            | Self::Overtaken
            | Self::AlarmWhilePromoting
            | Self::Throttled
            | Self::ForeignWeight
            | Self::AllTargetsGone
            | Self::NewDefinition
            | Self::AutoscalerFights => Behaviour::Works,
        };
        let stable = match self {
            Self::BothFail => behaviour,
            Self::SlightlyWorse => Behaviour::FailsAttempts(1),
            _ => Behaviour::Works,
        };
        let second = Version::new("v2", behaviour);
        let second = match self {
            Self::NewDefinition => second.defining(Defines {
                variable: ("FAST_LANE", "on".to_owned()),
                size: (512, 1024),
            }),
            _ => second,
        };
        let third = Version::new("v3", Behaviour::Works);
        Script::beginning_with(
            Version::new("v1", stable),
            [second]
                .into_iter()
                .chain((self == Self::Overtaken).then_some(third)),
        )
    }

    /// The example's numbers. Where the shares themselves are not the point, they are held briefly.
    #[must_use]
    pub fn stage(self, traffic: Traffic) -> Stage {
        let stage = Stage::live(traffic);
        let steps = match self {
            // Long enough for whole minutes that both versions work side by side.
            Self::GoodVersion | Self::BothFail | Self::FewMessages => return stage,
            // No alarm compares the versions of an alias, or task sets: the verdict does. Errors of whole invocations have one.
            Self::BadVersion if traffic.runs() != Runs::Services => vec![Step::new(10, 300)],
            Self::CrashLoop if traffic.runs() == Runs::Function => vec![Step::new(25, 120)],
            // Long enough for the periods of the alarms.
            Self::BadVersion => vec![Step::new(10, 60), Step::new(50, 60)],
            // Long enough for the verdict.
            Self::SlightlyWorse | Self::DiesOnMessage | Self::DropsConnections => {
                vec![Step::new(10, 300)]
            }
            Self::HangingVersion => match traffic.runs() {
                Runs::Services => vec![Step::new(50, 90)],
                // Its tasks take messages once, as they start. Evidence is of whole minutes since the first share: that of further tasks.
                Runs::TaskSets => vec![Step::new(10, 75), Step::new(50, 200)],
                // So few that hardly a message comes to it alone until it is a dead letter.
                Runs::Function => vec![Step::new(5, 300)],
            },
            // The functions' own gate on dead letters closes before the alarms do. A load balancer has no such
            // gate: the execution ends by the alarms that the functions ask at every look.
            Self::LostEvents => vec![Step::new(50, 60)],
            Self::ForeignWeight | Self::UnhealthyCanary | Self::AllTargetsGone => {
                vec![Step::new(25, 0), Step::new(50, 20)]
            }
            Self::AutoscalerFights => vec![Step::new(25, 10), Step::new(50, 20)],
            Self::AlarmWhilePromoting
            | Self::CrashLoop
            | Self::Rejected
            | Self::Overtaken
            | Self::NewDefinition
            | Self::Throttled => vec![Step::new(25, 0)],
        };
        let stage = Stage {
            steps: Some(steps),
            further_steps: Some(Vec::new()),
            ..stage
        };
        match self {
            // The gate of the functions, which looks more often than the alarms do, lets them go first.
            Self::BadVersion => Stage {
                max_dead_letters: 1000,
                ..stage
            },
            Self::DiesOnMessage if traffic.has_tasks() => {
                let mut stage = stage.whose_work_is_short();
                // A team that does not mind tasks that end by themselves.
                stage.target["maxTaskExits"] = json!(1000);
                stage
            }
            Self::HangingVersion if traffic.runs() == Runs::TaskSets => stage.whose_work_is_short(),
            Self::NewDefinition => Stage {
                task_definition: Some(TASK_DEFINITION.to_owned()),
                ..stage
            },
            Self::AlarmWhilePromoting => Stage {
                promote_bake: Duration::from_secs(30),
                ..stage
            },
            _ => stage,
        }
    }

    /// How often somebody sends a message. Usually twenty a second: at [`Stage::live`]'s 200 ms each, four of them are being worked
    /// on at any time.
    #[must_use]
    pub fn sends_every(self) -> Duration {
        match self {
            Self::FewMessages => Duration::from_secs(2),
            _ => Duration::from_millis(50),
        }
    }

    /// What goes wrong with events.
    #[must_use]
    pub fn delivery(self) -> Delivery {
        match self {
            Self::LostEvents => Delivery::Lost,
            _ => Delivery::Exact,
        }
    }

    /// What happens to the AWS calls.
    pub fn interference(self) -> impl FnMut(&Call) -> Interference + Send + 'static {
        let mut calls = 0_u64;
        move |_| {
            calls += 1;
            if self == Self::Throttled && calls.is_multiple_of(THROTTLED_EVERY) {
                return Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded"));
            }
            Interference::None
        }
    }

    /// Who answers when the first release asks for approval.
    #[must_use]
    pub fn answer(self) -> Answer {
        match self {
            Self::GoodVersion
            | Self::BothFail
            | Self::FewMessages
            | Self::Overtaken
            | Self::AlarmWhilePromoting
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => Answer::Person,
            Self::Rejected => Answer::Rejected,
            Self::BadVersion
            | Self::SlightlyWorse
            | Self::DiesOnMessage
            | Self::HangingVersion
            | Self::CrashLoop
            | Self::LostEvents
            | Self::ForeignWeight
            | Self::DropsConnections
            | Self::AllTargetsGone
            | Self::UnhealthyCanary => Answer::Nobody,
        }
    }

    /// How the last release ends, if it is approved wherever a person is asked.
    #[must_use]
    pub fn end(self) -> End {
        match self {
            Self::GoodVersion
            | Self::BothFail
            | Self::FewMessages
            | Self::Overtaken
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => End::Released,
            Self::BadVersion
            | Self::SlightlyWorse
            | Self::DiesOnMessage
            | Self::HangingVersion
            | Self::CrashLoop
            | Self::Rejected
            | Self::AlarmWhilePromoting
            | Self::LostEvents
            | Self::ForeignWeight
            | Self::DropsConnections
            | Self::AllTargetsGone
            | Self::UnhealthyCanary => End::RolledBack,
        }
    }

    /// Whose requests may fail, if anybody's.
    #[must_use]
    pub fn fails_requests(self) -> FailsRequests {
        match self {
            Self::BadVersion | Self::LostEvents | Self::UnhealthyCanary | Self::CrashLoop => {
                FailsRequests::Candidate
            }
            Self::BothFail | Self::SlightlyWorse => FailsRequests::EveryVersion,
            Self::DropsConnections | Self::AllTargetsGone => FailsRequests::LoadBalancer,
            _ => FailsRequests::Nobody,
        }
    }

    /// Whether messages may end in the dead-letter queue.
    #[must_use]
    pub fn may_have_dead_letters(self, traffic: Traffic) -> bool {
        match self {
            Self::BadVersion | Self::LostEvents => true,
            // Of an invocation that fails, all messages come again.
            Self::CrashLoop => !traffic.has_tasks(),
            _ => false,
        }
    }

    /// What invokes the rollback that comes first, by the source that the journal names; `anybody` where it may be any, and `verdict`
    /// where the gate of the verdict fails the action before.
    #[must_use]
    pub fn rolled_back_by(self, traffic: Traffic) -> Option<&'static str> {
        match self {
            // Whoever is first: the verdict, or the alarm on what fails of both versions.
            Self::BadVersion if traffic.runs() == Runs::TaskSets => Some("anybody"),
            Self::CrashLoop if traffic.runs() == Runs::Function => Some("anybody"),
            Self::BadVersion if traffic.runs() == Runs::Function => Some("verdict"),
            // The alarm that compares both versions is of services.
            Self::HangingVersion if traffic != Traffic::Queue => Some("verdict"),
            Self::BadVersion | Self::HangingVersion | Self::AlarmWhilePromoting => Some("alarm"),
            Self::SlightlyWorse | Self::DiesOnMessage | Self::DropsConnections => Some("verdict"),
            Self::CrashLoop | Self::Rejected | Self::ForeignWeight | Self::UnhealthyCanary => {
                Some("events")
            }
            // Whoever looks first: the step whose targets are gone, the schedule, or the alarm after two bad minutes.
            Self::AllTargetsGone => Some("anybody"),
            Self::LostEvents => Some("schedule"),
            Self::GoodVersion
            | Self::BothFail
            | Self::FewMessages
            | Self::Overtaken
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => None,
        }
    }
}
