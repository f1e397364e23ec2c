//! What can be rehearsed.

use std::time::Duration;

use clap::ValueEnum;

use crate::{
    stage::{Behaviour, Script, Stage, Step, Version},
    wire::Interference,
    world::{Fault, events::Delivery, journal::Call},
};

/// A release and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Scenario {
    /// v2 works: it is tried on a growing share, approved and promoted.
    GoodVersion,
    /// v2 fails most of its messages: an alarm fires and rolls it back.
    BadVersion,
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

    /// The versions of the application.
    #[must_use]
    pub fn script(self) -> Script {
        let behaviour = match self {
            Self::BadVersion | Self::LostEvents => Behaviour::Fails(60),
            Self::CrashLoop => Behaviour::CrashesAtStart,
            Self::GoodVersion
            | Self::Rejected
            | Self::Overtaken
            | Self::AlarmWhilePromoting
            | Self::Throttled => Behaviour::Works,
        };
        let second = Version::new("v2", behaviour);
        let third = Version::new("v3", Behaviour::Works);
        Script::new(
            [second]
                .into_iter()
                .chain((self == Self::Overtaken).then_some(third)),
        )
    }

    /// The example's numbers. Where the shares themselves are not the point, they are held briefly.
    #[must_use]
    pub fn stage(self) -> Stage {
        let stage = Stage::live();
        match self {
            Self::GoodVersion => stage,
            // Long enough for the periods of the alarms. The gate of the functions, which looks more
            // often than they do, lets them go first.
            Self::BadVersion => Stage {
                steps: Some(vec![Step::new(10, 20), Step::new(50, 60)]),
                max_dead_letters: 1000,
                ..stage
            },
            Self::LostEvents => Stage {
                steps: Some(vec![Step::new(50, 60)]),
                ..stage
            },
            Self::AlarmWhilePromoting => Stage {
                steps: Some(vec![Step::new(25, 4)]),
                promote_bake: Duration::from_secs(30),
                ..stage
            },
            Self::CrashLoop | Self::Rejected | Self::Overtaken | Self::Throttled => Stage {
                steps: Some(vec![Step::new(25, 4)]),
                ..stage
            },
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
            Self::GoodVersion | Self::Overtaken | Self::AlarmWhilePromoting | Self::Throttled => {
                Answer::Person
            }
            Self::Rejected => Answer::Rejected,
            Self::BadVersion | Self::CrashLoop | Self::LostEvents => Answer::Nobody,
        }
    }

    /// How the last release ends, if it is approved wherever a person is asked.
    #[must_use]
    pub fn end(self) -> End {
        match self {
            Self::GoodVersion | Self::Overtaken | Self::Throttled => End::Released,
            Self::BadVersion
            | Self::CrashLoop
            | Self::Rejected
            | Self::AlarmWhilePromoting
            | Self::LostEvents => End::RolledBack,
        }
    }

    /// Whether messages may end in the dead-letter queue.
    #[must_use]
    pub fn may_have_dead_letters(self) -> bool {
        matches!(self, Self::BadVersion | Self::LostEvents)
    }

    /// What invokes the rollback that comes first, by the source that the journal names.
    #[must_use]
    pub fn rolled_back_by(self) -> Option<&'static str> {
        match self {
            Self::BadVersion | Self::AlarmWhilePromoting => Some("alarm"),
            Self::CrashLoop | Self::Rejected => Some("events"),
            Self::LostEvents => Some("schedule"),
            Self::GoodVersion | Self::Overtaken | Self::Throttled => None,
        }
    }
}
