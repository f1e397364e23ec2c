//! What a stack has to know of a type of resources.

use super::{Existing, Settled};
use crate::{
    template::{Created, Refused, Resource},
    world::{Fault, World},
};

/// A type of resources that a service has.
pub struct ResourceType {
    /// For example `AWS::SQS::Queue`.
    pub name: &'static str,
    /// Creates one.
    pub create: fn(&mut World, &Resource<'_>) -> Result<Created, Refused>,
    /// Changes one to other properties.
    pub update: Update,
    /// Deletes one. One that is gone already is deleted.
    pub delete: fn(&mut World, &Existing<'_>) -> Result<(), Fault>,
    /// The property that names it, if it has names: one of another name is another resource.
    pub named_by: Option<&'static str>,
    /// Properties of which another value makes another resource, beside its name.
    pub replaced_by: &'static [&'static str],
    /// The name as the service spells it.
    pub spelling: fn(String) -> String,
    /// Whether there is one of that name already that would be in the way.
    pub exists: fn(&World, &str) -> bool,
    /// What the tagging API calls it.
    pub tagged: Tagged,
    /// Whether it has its tags by a property of its own, so that it is told those of the stack.
    pub is_told_tags: bool,
    /// Whether one that was created or changed is ready.
    pub is_ready: fn(&World, &Existing<'_>) -> Settled,
    /// Whether one that was deleted is gone.
    pub is_gone: fn(&World, &Existing<'_>) -> bool,
    /// How a stack tells, with a request's token, that one could not be deleted; `None` for as of most.
    pub not_deleted: Option<fn(&Fault, &str) -> String>,
}

/// How a resource is changed.
pub enum Update {
    /// As it is created: the call puts it in place of what was.
    Again,
    /// Not at all: another is created, which takes its place.
    Anew,
    /// By calls of its own; it stays the same one.
    InPlace(fn(&mut World, &Resource<'_>, &Existing<'_>) -> Result<(), Refused>),
}

/// What the Resource Groups Tagging API calls a resource.
pub enum Tagged {
    /// It has no tags, or the API does not find it.
    Never,
    /// What `Ref` answers.
    Reference,
    /// What `GetAtt` answers of `Arn`.
    Arn,
    /// The ARN that its id makes.
    Made(fn(&World, &str) -> String),
}

impl ResourceType {
    /// A type of resources of which there is nothing more to know than how they are created.
    #[must_use]
    pub const fn new(
        name: &'static str,
        create: fn(&mut World, &Resource<'_>) -> Result<Created, Refused>,
    ) -> Self {
        Self {
            name,
            create,
            update: Update::Again,
            delete: |_, _| Ok(()),
            named_by: None,
            replaced_by: &[],
            spelling: |name| name,
            exists: |_, _| false,
            tagged: Tagged::Never,
            is_told_tags: false,
            is_ready: |_, _| Settled::Yes,
            is_gone: |_, _| true,
            not_deleted: None,
        }
    }

    /// The ARN under which a resource has tags, if it can have any.
    pub(super) fn arn(&self, world: &World, it: &Existing<'_>) -> Option<String> {
        let arn = match self.tagged {
            Tagged::Never => return None,
            Tagged::Reference => it.reference.to_owned(),
            Tagged::Arn => it.attributes.get("Arn")?.as_str()?.to_owned(),
            Tagged::Made(arn) => arn(world, it.reference),
        };
        Some(arn.trim_end_matches(":*").to_owned())
    }
}
