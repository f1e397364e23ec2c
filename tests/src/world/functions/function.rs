//! A function's code and configuration, as a version of it has them.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::version::{LATEST, Versions, next_revision};
use crate::world::{Fault, Principal, World, iam};

/// Second attempts at an event, where nothing says how many. AWS: API reference, `PutFunctionEventInvokeConfig`.
pub(super) const DEFAULT_RETRIES: u8 = 2;
/// How old an event may grow. AWS: same page.
pub(super) const DEFAULT_EVENT_AGE: Duration = Duration::from_hours(6);

/// A function, as one version of it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// `$LATEST`, or the number of a published version.
    pub version: String,
    /// The program in its package, or the image.
    pub program: String,
    /// Whether its package is a container image.
    pub is_image: bool,
    /// Its package, if its bytes are known.
    pub archive: Option<Archive>,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Megabytes.
    pub memory: u32,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// What people say of it.
    pub description: String,
    /// The ARN of where events go that Lambda gives up.
    pub dead_letters: Option<String>,
    /// `MaximumRetryAttempts` of its `EventInvokeConfig`, 0 to 2.
    pub retries: u8,
    /// `MaximumEventAgeInSeconds`.
    pub event_age: Duration,
    /// The ARN of the role that it acts as.
    pub role: Option<String>,
}

/// What is known of a package's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The SHA-256 digest in Base64.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}

impl Archive {
    /// That of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: BASE64_STANDARD.encode(Sha256::digest(bytes)),
            size: bytes.len(),
        }
    }
}

impl Function {
    /// A function with a program of its own name and Lambda's defaults. AWS: API reference, `CreateFunction`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: LATEST.to_owned(),
            program: name.to_owned(),
            is_image: false,
            archive: None,
            timeout: Duration::from_secs(3),
            memory: 128,
            environment: BTreeMap::new(),
            description: String::new(),
            dead_letters: None,
            retries: DEFAULT_RETRIES,
            event_age: DEFAULT_EVENT_AGE,
            role: None,
        }
    }

    /// Its package: one that is not known has the digest of its program's name.
    pub(super) fn package(&self) -> Archive {
        let made_up = || Archive::of(self.program.as_bytes());
        self.archive.clone().unwrap_or_else(made_up)
    }
}

/// Creates a function, or replaces `$LATEST` of the one of that name at once. From now on it acts as its role.
///
/// # Errors
/// `InvalidParameterValueException`: Lambda cannot assume the role, or there is none where
/// [`Iam::strict`](iam::Iam::strict) wants one.
pub fn create_function(world: &mut World, function: Function) -> Result<(), Fault> {
    assume_role(world, &function)?;
    let revision = next_revision(world);
    let now = world.now;
    if let Some(known) = world.functions.by_name.get_mut(&function.name) {
        known.replace(function, revision, now);
    } else {
        let name = function.name.clone();
        let created = Versions::new(function, revision, now);
        world.functions.by_name.insert(name, created);
    }
    Ok(())
}

/// Lets a function act as its role.
pub(super) fn assume_role(world: &mut World, function: &Function) -> Result<(), Fault> {
    let refused = |reason: &str| {
        Fault::new(
            "InvalidParameterValueException",
            format!(
                "The role defined for the function {} cannot be assumed by Lambda: {reason}",
                function.name
            ),
        )
    };
    let principal = Principal(function.name.clone());
    match &function.role {
        Some(role) => iam::assume(world, &principal, role, iam::LAMBDA, None)
            .map_err(|fault| refused(&fault.message)),
        None if world.iam.strict => Err(refused("there is none")),
        None => Ok(()),
    }
}

/// Deletes a function with its versions and aliases. What runs goes on to its end. One that is not there is passed over.
pub fn delete_function(world: &mut World, name: &str) {
    world.functions.by_name.remove(name);
}

/// The ARN of a function by name or ARN.
#[must_use]
pub fn arn(world: &World, function: &str) -> String {
    if function.starts_with("arn:") {
        function.to_owned()
    } else {
        world.arn("lambda", &format!("function:{function}"))
    }
}

/// The function of that name as `$LATEST` is.
#[must_use]
pub fn function<'a>(world: &'a World, name: &str) -> Option<&'a Function> {
    let found = world.functions.by_name.get(name)?;
    Some(&found.latest.function)
}

/// The environment of `$LATEST`, to change it as `UpdateFunctionConfiguration` does, but at once.
pub fn environment<'a>(
    world: &'a mut World,
    name: &str,
) -> Option<&'a mut BTreeMap<String, String>> {
    let found = world.functions.by_name.get_mut(name)?;
    Some(&mut found.latest.function.environment)
}
