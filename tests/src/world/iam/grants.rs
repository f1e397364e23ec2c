//! What roles may do, and what of it they have done.

use std::collections::BTreeSet;

use super::pattern;
use crate::world::World;

/// An action of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The role's name.
    pub role: String,
    /// The action, for example `ecs:UpdateService`; in a grant as written, so it may have wildcards.
    pub action: String,
}

/// A statement of a role that allows something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The role's name.
    pub role: String,
    /// The statement's `Sid`, or its number in its document.
    pub statement: String,
}

/// What roles may do, as written: every action of every statement that allows.
#[must_use]
pub fn grants(world: &World) -> BTreeSet<Use> {
    let mut grants = BTreeSet::new();
    for (name, role) in &world.iam.roles {
        let statements = role.policies.values().flatten();
        for action in statements
            .filter(|one| one.allows)
            .flat_map(|one| &one.actions)
        {
            grants.insert(Use {
                role: name.clone(),
                action: action.clone(),
            });
        }
    }
    grants
}

/// The statements by which roles may do what they may.
#[must_use]
pub fn statements(world: &World) -> BTreeSet<Grant> {
    let mut found = BTreeSet::new();
    for (name, role) in &world.iam.roles {
        let statements = role.policies.values().flatten();
        found.extend(statements.filter(|one| one.allows).map(|one| Grant {
            role: name.clone(),
            statement: one.id.clone(),
        }));
    }
    found
}

impl Use {
    /// Whether this grant allowed that use.
    #[must_use]
    pub fn covers(&self, used: &Self) -> bool {
        self.role == used.role && pattern::covers_action(&self.action, &used.action)
    }
}
