//! Creates, changes and deletes the resources of templates in the local account, as `CloudFormation` does on AWS.
//!
//! What there is to know of a type of resources its service says, in its own module. Properties are as strict as the
//! account: a type or property that is not known here is refused by name.

mod changes;
mod kind;
pub(crate) mod properties;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    template::{Created, Provider, Refused, Resource, physical_name},
    world::{Fault, SERVICES, World, tagging},
};

pub(crate) use changes::{only_changed, unchanged};
pub use kind::{ResourceType, Tagged, Update};

/// Creates resources in an account.
pub struct Provisioner<'a> {
    /// The account.
    pub world: &'a mut World,
}

/// A resource that is there.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// The type.
    pub kind: &'a str,
    /// What `Ref` answers.
    pub reference: &'a str,
    /// What `Fn::GetAtt` answers.
    pub attributes: &'a BTreeMap<String, Value>,
    /// What it was made, or changed last, with.
    pub properties: &'a Value,
}

/// A resource that has been changed.
#[derive(Debug)]
pub enum Updated {
    /// It is the same one.
    InPlace(Created),
    /// Another took its place; the old one is still there.
    Replaced(Created),
}

/// How far a resource is that takes time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is ready, or gone.
    Yes,
    /// Not yet.
    NotYet,
    /// It never will be, and why.
    Failed(String),
}

impl Provider for Provisioner<'_> {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        (known(resource)?.create)(self.world, resource)
    }
}

impl Provisioner<'_> {
    /// Changes a resource to other properties. AWS: `CloudFormation` Template Reference, per property: "Update requires".
    /// What AWS replaces and the local account cannot is refused by name.
    ///
    /// # Errors
    /// As when it is created, and for what cannot be changed here.
    pub fn update(
        &mut self,
        resource: &Resource<'_>,
        before: &Existing<'_>,
    ) -> Result<Updated, Refused> {
        let kind = known(resource)?;
        let mut fixed = kind.replaced_by.iter().chain(&kind.named_by);
        if fixed.any(|property| resource.properties[*property] != before.properties[*property]) {
            return (kind.create)(self.world, resource).map(Updated::Replaced);
        }
        match kind.update {
            Update::Again => (kind.create)(self.world, resource).map(Updated::InPlace),
            Update::Anew => (kind.create)(self.world, resource).map(Updated::Replaced),
            Update::InPlace(change) => {
                change(self.world, resource, before)?;
                Ok(Updated::InPlace(Created {
                    reference: before.reference.to_owned(),
                    attributes: before.attributes.clone(),
                }))
            }
        }
    }

    /// Deletes a resource. One that is gone already is passed over.
    ///
    /// # Errors
    /// The service's own refusal.
    pub fn delete(&mut self, it: &Existing<'_>) -> Result<(), Fault> {
        let Some(kind) = resource_type(it.kind) else {
            return Ok(());
        };
        (kind.delete)(self.world, it)?;
        if let Some(arn) = kind.arn(self.world, it) {
            tagging::forget(self.world, &arn);
        }
        Ok(())
    }
}

/// A type of resources by its name.
#[must_use]
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    let all = SERVICES.iter().flat_map(|service| service.resources);
    all.into_iter().find(|kind| kind.name == name)
}

/// Whether something that the account has already is in the way of a resource: its name.
#[must_use]
pub fn in_the_way(world: &World, resource: &Resource<'_>) -> Option<String> {
    let kind = resource_type(resource.kind)?;
    let given = resource.properties[kind.named_by?].as_str();
    let name = (kind.spelling)(name_of(resource, given));
    (kind.exists)(world, &name).then_some(name)
}

/// The ARN under which a resource has tags, if it can have any.
#[must_use]
pub fn tagged_arn(world: &World, it: &Existing<'_>) -> Option<String> {
    resource_type(it.kind)?.arn(world, it)
}

/// Whether a resource that was created or changed is ready.
#[must_use]
pub fn is_ready(world: &World, it: &Existing<'_>) -> Settled {
    resource_type(it.kind).map_or(Settled::Yes, |kind| (kind.is_ready)(world, it))
}

/// Whether a resource that was deleted is gone.
#[must_use]
pub fn is_gone(world: &World, it: &Existing<'_>) -> bool {
    resource_type(it.kind).is_none_or(|kind| (kind.is_gone)(world, it))
}

fn known(resource: &Resource<'_>) -> Result<&'static ResourceType, Refused> {
    resource_type(resource.kind).ok_or_else(|| Refused {
        property: None,
        message: format!(
            "the local account has no resources of type {}",
            resource.kind
        ),
    })
}

/// What `Ref` and `GetAtt` answer for a resource.
pub(crate) fn created<const N: usize>(
    reference: impl Into<String>,
    attributes: [(&str, Value); N],
) -> Created {
    Created {
        reference: reference.into(),
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// The name that a resource was given, or else one that is made up as `CloudFormation` does.
pub(crate) fn name_of(resource: &Resource<'_>, given: Option<&str>) -> String {
    given.map_or_else(
        || physical_name(resource.stack, resource.logical_id),
        str::to_owned,
    )
}

/// A resource that nothing in the account acts on: it has an id, `PREFIX-` and seventeen hexadecimal digits, and its
/// properties are known by name.
pub(crate) fn inert(
    resource: &Resource<'_>,
    prefix: &str,
    known: &[&str],
) -> Result<Created, Refused> {
    properties::check(resource, known)?;
    let name = physical_name(resource.stack, resource.logical_id);
    let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    Ok(created(format!("{prefix}-0{digest:016x}"), []))
}

/// The account's own refusal, which says which member is meant.
pub(crate) fn refused(fault: &Fault) -> Refused {
    Refused {
        property: None,
        message: format!("{}: {}", fault.code, fault.message),
    }
}

/// A property with a value that cannot be.
pub(crate) fn bad(property: &str, message: impl Into<String>) -> Refused {
    Refused {
        property: Some(property.to_owned()),
        message: message.into(),
    }
}

/// Deletes what may be gone already, which the service says with this code.
pub(crate) fn unless_gone(result: Result<(), Fault>, gone: &str) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.code != gone => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
