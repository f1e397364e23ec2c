//! Who is judged, by which statements, and what a denial says.
//!
//! AWS: IAM user guide, "Policy evaluation logic": an explicit deny anywhere wins; within one account
//! an allow of the role or of the resource is enough; between two accounts both have to allow it; else it is denied.

use super::{
    Iam,
    condition::Context,
    needs::Need,
    policy::{Statement, Who},
};
use crate::world::{Fault, service};

/// A call that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who asked: `User: ARN` of a session, or `Resource: ARN` that an AWS service acts for.
    pub who: String,
    /// For example `ecs:UpdateService`.
    pub action: String,
    /// An ARN, or `*` where the action cannot be narrowed.
    pub resource: String,
    /// What forbids it, or does not allow it.
    pub why: Why,
}

/// Why a call is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No statement of the role allows it.
    NotGranted,
    /// A statement of the role denies it.
    DeniedByRole,
    /// No statement of the resource allows it to this service, or to another account.
    NotPermitted,
    /// A statement of the resource denies it.
    DeniedByResource,
}

/// AWS: IAM user guide, "Troubleshoot access denied error messages".
impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            who,
            action,
            resource,
            why,
        } = self;
        write!(
            f,
            "{who} is not authorized to perform: {action} on resource: {resource} "
        )?;
        match why {
            Why::NotGranted => write!(
                f,
                "because no identity-based policy allows the {action} action"
            ),
            Why::DeniedByRole => f.write_str("with an explicit deny in an identity-based policy"),
            Why::NotPermitted => write!(
                f,
                "because no resource-based policy allows the {action} action"
            ),
            Why::DeniedByResource => {
                f.write_str("with an explicit deny in a resource-based policy")
            }
        }
    }
}

impl Denied {
    /// The answer of a service (as [`World::call`](crate::world::World::call) names it), in its own word.
    #[must_use]
    pub fn fault(&self, service: &str) -> Fault {
        let (code, status) = service::of(service).denied;
        Fault::with_status(code, self.to_string(), status)
    }
}

impl Iam {
    /// Judges one need of somebody with these statements of a role, if any, and these names. What is abroad belongs to
    /// another account; whose lack AWS tells first if nobody allows it is not documented.
    pub(super) fn judge(
        &self,
        need: &Need,
        granted: &[&Statement],
        who: &[Who],
        abroad: bool,
        otherwise: Why,
    ) -> Result<(), Why> {
        let Need {
            action,
            resource,
            context,
        } = need;
        let of_resource = self.of_resource(resource, who);
        let decides = |statements: &[&Statement], allows: bool| {
            statements
                .iter()
                .any(|one| one.allows == allows && one.covers(action, resource, context))
        };
        if decides(&of_resource, false) {
            Err(Why::DeniedByResource)
        } else if decides(granted, false) {
            Err(Why::DeniedByRole)
        } else if abroad && !decides(&of_resource, true) {
            Err(Why::NotPermitted)
        } else if decides(granted, true) || !abroad && decides(&of_resource, true) {
            Ok(())
        } else {
            Err(otherwise)
        }
    }

    /// What the resource, or the bucket that it is in, says about somebody.
    fn of_resource(&self, resource: &str, who: &[Who]) -> Vec<&Statement> {
        let holds = |holder: &str| {
            resource
                .strip_prefix(holder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let holders = self.resource_policies.iter();
        holders
            .filter(|(holder, _)| holds(holder))
            .flat_map(|(_, statements)| statements)
            .filter(|statement| statement.is_about(who))
            .collect()
    }
}

/// Whether a trust policy lets a service assume the role.
pub(super) fn trusts(trust: &[Statement], service: &str, context: &Context) -> bool {
    let who = [Who::Service(service.to_owned())];
    let decides = |allows: bool| {
        trust.iter().any(|one| {
            one.allows == allows && one.is_about(&who) && one.covers("sts:AssumeRole", "*", context)
        })
    };
    decides(true) && !decides(false)
}
