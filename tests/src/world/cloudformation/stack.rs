//! A stack: its template, its resources, and what happened to it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{change_set::ChangeSet, work::Work};
use crate::{
    clock::Moment,
    provision::Existing,
    template::{Created, Plan, Policies, Shown, scalar},
    world::World,
};

/// The type of a nested stack, and of a stack in its own events.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";

pub(super) const REVIEW_IN_PROGRESS: &str = "REVIEW_IN_PROGRESS";
pub(super) const CREATE_IN_PROGRESS: &str = "CREATE_IN_PROGRESS";
pub(super) const CREATE_COMPLETE: &str = "CREATE_COMPLETE";
pub(super) const CREATE_FAILED: &str = "CREATE_FAILED";
pub(super) const UPDATE_IN_PROGRESS: &str = "UPDATE_IN_PROGRESS";
pub(super) const UPDATE_COMPLETE: &str = "UPDATE_COMPLETE";
pub(super) const UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: &str = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS";
pub(super) const UPDATE_FAILED: &str = "UPDATE_FAILED";
pub(super) const UPDATE_ROLLBACK_IN_PROGRESS: &str = "UPDATE_ROLLBACK_IN_PROGRESS";
pub(super) const UPDATE_ROLLBACK_COMPLETE: &str = "UPDATE_ROLLBACK_COMPLETE";
pub(super) const UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: &str =
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
pub(super) const DELETE_IN_PROGRESS: &str = "DELETE_IN_PROGRESS";
pub(super) const DELETE_COMPLETE: &str = "DELETE_COMPLETE";
pub(super) const DELETE_FAILED: &str = "DELETE_FAILED";

/// Keys and values.
pub(super) type Tags = BTreeMap<String, String>;

/// A stack.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) id: String,
    pub(super) name: String,
    /// The id of the stack that nests it.
    pub(super) parent: Option<String>,
    /// The id of the outermost stack.
    pub(super) root: Option<String>,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) created: Moment,
    pub(super) updated: Option<Moment>,
    pub(super) deleted: Option<Moment>,
    pub(super) protected: bool,
    /// `None` as long as only a change set was made for it.
    pub(super) content: Option<Content>,
    pub(super) outputs: Vec<Shown>,
    /// In the order in which they were made.
    pub(super) resources: Vec<Owned>,
    /// Resources that the stack has no more, and that are still there.
    pub(super) leftovers: Vec<Leftover>,
    /// Oldest first.
    pub(super) events: Vec<Event>,
    pub(super) change_sets: Vec<ChangeSet>,
    /// The one that was executed last.
    pub(super) change_set: Option<String>,
    pub(super) work: Option<Work>,
}

/// What a stack is made from.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) plan: Plan,
    /// The template as it was given.
    pub(super) body: String,
    /// The values of all parameters.
    pub(super) values: BTreeMap<String, String>,
    pub(super) tags: Tags,
    pub(super) capabilities: Vec<String>,
}

/// A resource of a stack.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    /// Its key in the template.
    pub(super) id: String,
    pub(super) kind: String,
    /// `None`: it could not be made.
    pub(super) created: Option<Created>,
    pub(super) properties: Value,
    pub(super) tags: Tags,
    pub(super) policies: Policies,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) at: Moment,
    /// What was there before the update that is in progress, and still is.
    pub(super) replaced: Option<Box<Owned>>,
}

/// A resource that its stack has no more.
#[derive(Debug, Clone)]
pub(super) struct Leftover {
    pub(super) owned: Owned,
    pub(super) keep: bool,
}

/// What happened.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) number: usize,
    pub(super) at: Moment,
    pub(super) logical: String,
    pub(super) physical: String,
    pub(super) kind: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) properties: Option<String>,
}

impl Owned {
    /// What `Ref` answers; empty if it could not be made.
    pub(super) fn physical(&self) -> &str {
        self.created.as_ref().map_or("", |it| it.reference.as_str())
    }

    /// As something that is there.
    pub(super) fn existing(&self) -> Option<Existing<'_>> {
        let created = self.created.as_ref()?;
        Some(Existing {
            kind: &self.kind,
            reference: &created.reference,
            attributes: &created.attributes,
            properties: &self.properties,
        })
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.status == DELETE_COMPLETE
    }
}

impl Stack {
    pub(super) fn new(id: &str, name: &str, now: Moment) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: None,
            root: None,
            status: REVIEW_IN_PROGRESS,
            reason: None,
            created: now,
            updated: None,
            deleted: None,
            protected: false,
            content: None,
            outputs: Vec::new(),
            resources: Vec::new(),
            leftovers: Vec::new(),
            events: Vec::new(),
            change_sets: Vec::new(),
            change_set: None,
            work: None,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != REVIEW_IN_PROGRESS
    }

    /// Says what the stack is from now on.
    pub(super) fn set(&mut self, status: &'static str, reason: Option<String>, now: Moment) {
        self.status = status;
        self.reason.clone_from(&reason);
        let (name, id) = (self.name.clone(), self.id.clone());
        self.note(name, id, STACK.to_owned(), (status, reason), None, now);
    }

    /// Says what a resource is from now on. `place` is its index.
    pub(super) fn set_resource(
        &mut self,
        place: usize,
        status: &'static str,
        reason: Option<String>,
        now: Moment,
    ) {
        let owned = &mut self.resources[place];
        owned.status = status;
        owned.reason.clone_from(&reason);
        owned.at = now;
        let owned = owned.clone();
        self.tell(&owned, status, reason, now);
    }

    /// Notes what happened to a resource.
    pub(super) fn tell(
        &mut self,
        owned: &Owned,
        status: &'static str,
        reason: Option<String>,
        now: Moment,
    ) {
        let properties = Some(owned.properties.to_string());
        let physical = owned.physical().to_owned();
        let (id, kind) = (owned.id.clone(), owned.kind.clone());
        self.note(id, physical, kind, (status, reason), properties, now);
    }

    fn note(
        &mut self,
        logical: String,
        physical: String,
        kind: String,
        (status, reason): (&'static str, Option<String>),
        properties: Option<String>,
        at: Moment,
    ) {
        self.events.push(Event {
            number: self.events.len(),
            at,
            logical,
            physical,
            kind,
            status,
            reason,
            properties,
        });
    }

    /// What references to its resources answer.
    pub(super) fn made(&self) -> BTreeMap<String, Created> {
        let made = self.resources.iter().filter(|owned| !owned.is_deleted());
        made.filter_map(|owned| Some((owned.id.clone(), owned.created.clone()?)))
            .collect()
    }

    pub(super) fn place(&self, id: &str) -> Option<usize> {
        let mut resources = self.resources.iter();
        resources.position(|owned| owned.id == id && !owned.is_deleted())
    }
}

/// Tags as the API lists them.
pub(super) fn listed(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// A list of tags, as requests and properties have them.
pub(super) fn read_tags(list: &Value) -> Tags {
    let tags = list.as_array().into_iter().flatten();
    tags.filter_map(|tag| {
        let value = scalar(&tag["Value"]);
        Some((tag["Key"].as_str()?.to_owned(), value.unwrap_or_default()))
    })
    .collect()
}

/// The time that a step takes.
pub(super) fn step(world: &World) -> Duration {
    world.paced(world.cloudformation.step)
}
