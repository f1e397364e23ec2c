//! The versions of a function: `$LATEST`, and what was published of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use serde_json::{Value, json};

use super::{
    alias::Alias,
    configuration::{self, Shown},
    faults,
    function::{DEFAULT_EVENT_AGE, DEFAULT_RETRIES, Function},
    names::{self, Named},
    page,
    provisioned::Provisioned,
    update::Update,
};
use crate::{
    clock::Moment,
    world::{Fault, World, uuid_of},
};

/// The version that changes.
pub const LATEST: &str = "$LATEST";
/// Versions in one answer at most. AWS: API reference, `ListVersionsByFunction`.
const PAGE: usize = 50;

/// A function with its versions and aliases.
#[derive(Debug)]
pub(super) struct Versions {
    pub(super) latest: Version,
    pub(super) published: BTreeMap<u32, Version>,
    /// The last number that was given to a version; numbers are not used again.
    last: u32,
    /// What `$LATEST` was when it was published last.
    last_published: Option<Function>,
    pub(super) update: Update,
    pub(super) aliases: BTreeMap<String, Alias>,
    /// By alias or version.
    pub(super) provisioned: BTreeMap<String, Provisioned>,
    /// The aliases that have a URL; empty is `$LATEST`.
    pub(super) urls: BTreeSet<String>,
}

/// One version.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) function: Function,
    pub(super) revision: String,
    pub(super) modified: Moment,
    pub(super) state: State,
    /// When it is not pending any more, and what it is then.
    pub(super) settles: Option<(Moment, State)>,
}

/// Whether a version can be invoked. AWS: "Lambda function states".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    Pending,
    /// It can.
    Active,
    /// It was idle for so long that Lambda took back what it needs; an invocation makes it pending, and fails.
    Inactive,
    /// Never.
    Failed(Failure),
}

/// Why a version, or an update, has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For example `ImageAccessDenied`, `InvalidConfiguration` or `InternalError`.
    pub code: &'static str,
    /// In words.
    pub reason: String,
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Failed(_) => "Failed",
        }
    }
}

impl Version {
    fn active(function: Function, revision: String, now: Moment) -> Self {
        Self {
            function,
            revision,
            modified: now,
            state: State::Active,
            settles: None,
        }
    }
}

impl Versions {
    pub(super) fn new(function: Function, revision: String, now: Moment) -> Self {
        Self {
            latest: Version::active(function, revision, now),
            published: BTreeMap::new(),
            last: 0,
            last_published: None,
            update: Update::Successful,
            aliases: BTreeMap::new(),
            provisioned: BTreeMap::new(),
            urls: BTreeSet::new(),
        }
    }

    /// Gives `$LATEST` another code and configuration at once.
    pub(super) fn replace(&mut self, function: Function, revision: String, now: Moment) {
        self.latest = Version::active(function, revision, now);
        self.update = Update::Successful;
    }

    /// A version by `$LATEST` or its number.
    pub(super) fn version(&self, version: &str) -> Option<&Version> {
        match version {
            LATEST => Some(&self.latest),
            number => self.published.get(&number.parse().ok()?),
        }
    }

    pub(super) fn version_mut(&mut self, version: &str) -> Option<&mut Version> {
        match version {
            LATEST => Some(&mut self.latest),
            number => self.published.get_mut(&number.parse().ok()?),
        }
    }

    /// What `$LATEST` is, or is to be once its update is done.
    pub(super) fn newest(&self) -> &Function {
        match &self.update {
            Update::InProgress { next, .. } => next,
            Update::Successful | Update::Failed(_) => &self.latest.function,
        }
    }
}

/// A revision that nothing had before. Not one of the world's ids: what is done to a function must not change which ids others
/// get.
pub(super) fn next_revision(world: &mut World) -> String {
    world.functions.revisions += 1;
    uuid_of(world.functions.revisions)
}

/// Makes a version of a function be in some state, as AWS does by itself at times. One that is not there is passed over.
pub fn set_state(world: &mut World, function: &str, version: &str, state: State) {
    let found = world.functions.by_name.get_mut(function);
    if let Some(version) = found.and_then(|versions| versions.version_mut(version)) {
        version.state = state;
        version.settles = None;
    }
}

/// `PublishVersion`: what `$LATEST` is, under a number; unless it is what was published last.
pub(super) fn publish(world: &mut World, input: &Value) -> Result<Value, Fault> {
    faults::refuse_others(
        input,
        &["FunctionName", "CodeSha256", "Description", "RevisionId"],
    )?;
    let named = Named::of_function(world, input)?;
    let versions = names::versions(world, &named.name)?;
    versions.update.check_idle(world, &named.name)?;
    faults::check_revision(input, &versions.latest.revision)?;
    let current = versions.newest().package().sha256;
    if let Some(wanted) = input["CodeSha256"].as_str()
        && wanted != current
    {
        return Err(faults::invalid(format!(
            "CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}). \
             Please try again with the CodeSHA256 in $LATEST."
        )));
    }
    let function = versions.newest().clone();
    let number = add(world, function, input["Description"].as_str());
    let versions = names::versions(world, &named.name)?;
    let shown = Shown::of(versions, &number).ok_or_else(|| faults::no_function(world, &named))?;
    Ok(configuration::whole(world, &shown))
}

/// Publishes a function as it is, with another description if there is one; answers its number, or that of the last version if
/// nothing has changed since.
pub(super) fn add(world: &mut World, function: Function, description: Option<&str>) -> String {
    let settles = world.now + world.paced(world.functions.update_takes);
    let (revision, now) = (next_revision(world), world.now);
    let failing = &mut world.functions.failing_version;
    let Some(versions) = world.functions.by_name.get_mut(&function.name) else {
        return LATEST.to_owned();
    };
    // How events are delivered is not the version's own.
    let function = Function {
        retries: DEFAULT_RETRIES,
        event_age: DEFAULT_EVENT_AGE,
        ..function
    };
    let is_there = versions.published.contains_key(&versions.last);
    if is_there && versions.last_published.as_ref() == Some(&function) {
        return versions.last.to_string();
    }
    versions.last += 1;
    versions.last_published = Some(function.clone());
    let number = versions.last.to_string();
    let description = description.map(str::to_owned);
    let function = Function {
        version: number.clone(),
        description: description.unwrap_or_else(|| function.description.clone()),
        ..function
    };
    let ends = failing.take().map_or(State::Active, State::Failed);
    let version = Version {
        state: State::Pending,
        settles: Some((settles, ends)),
        ..Version::active(function, revision, now)
    };
    versions.published.insert(versions.last, version);
    super::update::settle(world);
    number
}

/// Deletes a published version. One that is not there is passed over.
///
/// # Errors
/// `ResourceConflictException` for one that an alias names.
pub fn delete(world: &mut World, function: &str, version: &str) -> Result<(), Fault> {
    let Some(versions) = world.functions.by_name.get_mut(function) else {
        return Ok(());
    };
    let named: Vec<&str> = versions
        .aliases
        .iter()
        .filter(|(_, alias)| alias.names(version))
        .map(|(name, _)| name.as_str())
        .collect();
    if !named.is_empty() {
        return Err(faults::conflict(format!(
            "Function {function} version {version} is used by alias {}",
            named.join(", ")
        )));
    }
    let number = version.parse().unwrap_or_default();
    drop(versions.published.remove(&number));
    versions.provisioned.remove(version);
    Ok(())
}

/// `ListVersionsByFunction`, without the states: those are in `GetFunctionConfiguration` alone. AWS: API reference,
/// `ListFunctions`.
pub(super) fn list(world: &World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?;
    let versions = names::versions(world, &named.name)?;
    let numbers = versions.published.keys().map(u32::to_string);
    let all: Vec<String> = [LATEST.to_owned()].into_iter().chain(numbers).collect();
    let shown = all
        .iter()
        .filter_map(|version| Shown::of(versions, version));
    let listed = shown.map(|shown| configuration::short(world, &shown));
    let (listed, next) = page::of(listed.collect(), input, PAGE)?;
    Ok(page::answer(json!({ "Versions": listed }), next))
}

/// Ends what is pending and due.
pub(super) fn settle(versions: &mut Versions, now: Moment) {
    for version in versions.published.values_mut() {
        if let Some((_, state)) = version.settles.take_if(|(at, _)| *at <= now) {
            let _ = mem::replace(&mut version.state, state);
        }
    }
}
