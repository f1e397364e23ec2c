//! What can be rehearsed.

use std::time::Duration;

use clap::ValueEnum;

use crate::{
    stage::{Behaviour, Defines, Script, Stage, Step, TASK_DEFINITION, Traffic, Version},
    wire::Interference,
    world::{Fault, events::Delivery, journal::Call},
};

/// A release and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Scenario {
    /// v2 works: it is tried on a growing share, approved and promoted.
    GoodVersion,
    /// v2 fails most of its messages or requests: an alarm fires and rolls it back.
    BadVersion,
    /// v2 takes messages and is never done with one: nothing fails and its tasks are healthy, but an alarm sees that it ends none, and
    /// rolls it back (--traffic queue only).
    HangingVersion,
    /// Both versions fail one in twenty messages, which pass at a later attempt, or requests: no reason to roll v2 back,
    /// so it is released.
    BothFail,
    /// v2 ends as soon as it starts: ECS gives its deployment up, and it is rolled back.
    CrashLoop,
    /// A person rejects v2 at the approval, and it is rolled back.
    Rejected,
    /// v3 is pushed while v2 waits for approval: it waits for v2 to be done, then takes its turn.
    Overtaken,
    /// The alarm fires while v2 is being promoted: both services go back to v1.
    AlarmWhilePromoting,
    /// v2 fails, and no alarm action and no event is delivered: the schedule rolls it back.
    LostEvents,
    /// Every seventh AWS call of everybody is throttled: v2 is released all the same.
    Throttled,
    /// Somebody changes the weights of the load balancer's rule in the middle of the release: it stops, and the rule
    /// gets the weights that the release found (--traffic alb only).
    ForeignWeight,
    /// v2's health check fails as soon as it gets requests: the step stops, and the requests go back
    /// (--traffic alb only).
    UnhealthyCanary,
    /// v2 takes requests and closes their connections without an answer, so that clients get a 502 of the load balancer: an
    /// alarm sees it and v2 is rolled back (--traffic alb only).
    DropsConnections,
    /// Every task of both versions is taken away while v2 is released, and none can start for a while: the release is rolled
    /// back and people are told (--traffic alb only).
    AllTargetsGone,
    /// v2 comes with a task definition of its own, with another environment variable and more CPU: it is released as a whole.
    NewDefinition,
    /// Automatic scaling wants fewer tasks, then more, then other bounds while v2 is released: no task is missing
    /// at any moment, and scaling is as it was at the end (--traffic alb only).
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
        match self {
            Self::ForeignWeight
            | Self::UnhealthyCanary
            | Self::DropsConnections
            | Self::AllTargetsGone
            | Self::AutoscalerFights => traffic == Traffic::Alb,
            Self::HangingVersion => traffic == Traffic::Queue,
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
            Self::DropsConnections => Behaviour::Drops(40),
            Self::CrashLoop => Behaviour::CrashesAtStart,
            Self::BothFail => Behaviour::FailsAttempts(5),
            Self::GoodVersion
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
            Self::GoodVersion => return stage,
            // Long enough for the periods of the alarms.
            Self::BadVersion | Self::DropsConnections | Self::BothFail => {
                vec![Step::new(10, 20), Step::new(50, 60)]
            }
            Self::HangingVersion => vec![Step::new(50, 90)],
            // The functions' own gate on dead letters closes before the alarms do. A load balancer has no such
            // gate: the execution ends by the alarms that the functions ask at every look.
            Self::LostEvents => vec![Step::new(50, 60)],
            Self::ForeignWeight
            | Self::UnhealthyCanary
            | Self::AllTargetsGone
            | Self::AutoscalerFights => {
                vec![Step::new(25, 10), Step::new(50, 20)]
            }
            Self::AlarmWhilePromoting
            | Self::CrashLoop
            | Self::Rejected
            | Self::Overtaken
            | Self::NewDefinition
            | Self::Throttled => vec![Step::new(25, 4)],
        };
        let stage = Stage {
            steps: Some(steps),
            ..stage
        };
        match self {
            // The gate of the functions, which looks more often than the alarms do, lets them go first.
            Self::BadVersion => Stage {
                max_dead_letters: 1000,
                ..stage
            },
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
            | Self::Overtaken
            | Self::AlarmWhilePromoting
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => Answer::Person,
            Self::Rejected => Answer::Rejected,
            Self::BadVersion
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
            | Self::Overtaken
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => End::Released,
            Self::BadVersion
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
            Self::BothFail => FailsRequests::EveryVersion,
            Self::DropsConnections | Self::AllTargetsGone => FailsRequests::LoadBalancer,
            _ => FailsRequests::Nobody,
        }
    }

    /// Whether messages may end in the dead-letter queue.
    #[must_use]
    pub fn may_have_dead_letters(self) -> bool {
        matches!(self, Self::BadVersion | Self::LostEvents)
    }

    /// What invokes the rollback that comes first, by the source that the journal names; `anybody` where it may be any.
    #[must_use]
    pub fn rolled_back_by(self) -> Option<&'static str> {
        match self {
            Self::BadVersion
            | Self::DropsConnections
            | Self::HangingVersion
            | Self::AlarmWhilePromoting => Some("alarm"),
            Self::CrashLoop | Self::Rejected | Self::ForeignWeight | Self::UnhealthyCanary => {
                Some("events")
            }
            // Whoever looks first: the step whose targets are gone, the schedule, or the alarm after two bad minutes.
            Self::AllTargetsGone => Some("anybody"),
            Self::LostEvents => Some("schedule"),
            Self::GoodVersion
            | Self::BothFail
            | Self::Overtaken
            | Self::Throttled
            | Self::NewDefinition
            | Self::AutoscalerFights => None,
        }
    }
}
