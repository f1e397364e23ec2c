//! Operations that fail for a while, or for ever.

use std::time::Duration;

use super::Interference;
use crate::{
    clock::Moment,
    world::{Fault, Identity, Principal, iam, journal::Call, limits},
};

/// One operation that does not do what it is asked, until it does again.
#[derive(Debug, Clone)]
pub struct Outage {
    /// The operation, for example `UpdateService`.
    pub operation: String,
    /// Whom it fails; `None` for everybody.
    pub principal: Option<Principal>,
    /// How.
    pub how: Ailment,
    /// Until when; `None` for ever.
    pub until: Option<Moment>,
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// Too many calls, in the service's own words.
    Throttled,
    /// The caller may not.
    Denied,
    /// No answer ever comes.
    Hanging,
    /// It is done, and no answer ever comes.
    AnswerLost,
    /// It is done, and the answer takes [`LATE`].
    AnswerLate,
}

/// How late an answer is: soon enough for the functions, which wait for three seconds.
pub const LATE: Duration = Duration::from_secs(2);

impl Outage {
    /// Whether it concerns a call.
    pub(super) fn concerns(&self, call: &Call, now: Moment) -> bool {
        call.operation == self.operation
            && self
                .principal
                .as_ref()
                .is_none_or(|it| *it == call.principal)
            && self.until.is_none_or(|until| now < until)
    }
}

impl Ailment {
    /// What it does to a call.
    pub(super) fn interference(self, call: &Call, identity: &Identity) -> Interference {
        match self {
            Self::Throttled => Interference::Refuse(limits::throttled(&call.service)),
            Self::Denied => Interference::Refuse(denied(call, identity)),
            Self::Hanging => Interference::Hang,
            Self::AnswerLost => Interference::CarryOutAndHang,
            Self::AnswerLate => Interference::CarryOutLate(LATE),
        }
    }
}

fn denied(call: &Call, identity: &Identity) -> Fault {
    let Call {
        principal,
        service,
        operation,
        ..
    } = call;
    let denied = iam::Denied {
        who: format!(
            "User: arn:aws:sts::{}:assumed-role/{1}/{1}",
            identity.account, principal.0
        ),
        action: format!("{service}:{operation}"),
        resource: "*".to_owned(),
        why: iam::Why::DeniedByRole,
    };
    denied.fault(service)
}
