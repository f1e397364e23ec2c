//! AWS IAM: roles, who acts as which, and what they may do.
//!
//! Every call of a principal that acts as a role is judged by the role's policies and those of the
//! resource. A principal that acts as no role is a person with all rights, who is bound by the denials
//! of resources alone.
//!
//! Different from AWS: there are no users, groups, permission boundaries, session policies or service
//! control policies; and what a policy names that the local account does not know (an action, a
//! condition key, an operator) is refused when the policy is put, so that no condition goes unjudged.

mod authorize;
mod condition;
mod grants;
mod judge;
pub(super) mod needs;
mod pattern;
mod policy;
mod provision;
mod reference;
mod removal;
mod roles;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{
    Fault, Principal, World, functions,
    service::{Endpoint, Reach, Service},
};
use condition::Context;
use policy::{Kind, Statement};

pub use authorize::{authorize, authorize_key, authorize_role, authorize_service, has_policy};
pub use grants::{Grant, Use, grants, statements};
pub use judge::{Denied, Why};
pub use provision::ACKNOWLEDGED;
pub use reference::can_be_narrowed;
pub use removal::{
    remove_permission, remove_policy, remove_resource_policy, remove_role, replace_policies,
    set_trust,
};
pub use roles::{acts_as, call, has_role};

/// The service that assumes the roles of functions.
pub const LAMBDA: &str = "lambda.amazonaws.com";
/// The service that assumes the roles of tasks.
pub const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";
/// The service that assumes the roles of pipelines.
pub const CODEPIPELINE: &str = "codepipeline.amazonaws.com";

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/iam.json")),
    reach: Reach::Global("us-east-1"),
    call: |world, it| call(world, it.operation, it.input),
    needs: |it| Some(roles::needs(it)),
    condition_keys: &["iam:PassedToService"],
    resources: provision::RESOURCES,
    ..Service::new("iam")
};

/// Roles, who acts as which, and the policies of resources.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "most are questions that AWS leaves open, each by itself"
)]
pub struct Iam {
    /// Whether a role that does not exist is an error, as on AWS. Otherwise whoever is to act as such
    /// a role goes on as a person.
    pub strict: bool,
    /// Whether `aws:ResourceTag` knows nothing of the tags that ECS itself sets on tasks (`aws:ecs:serviceName`,
    /// `aws:ecs:clusterName`). AWS does not say.
    pub hides_managed_tags: bool,
    /// What a registration is judged on.
    pub registration: Registration,
    /// Whether a call of `UpdateService` that names no task definition has the key `ecs:task-definition` all the same: the
    /// definition that the service has. AWS does not say.
    pub shows_running_definition: bool,
    /// Whether what Application Auto Scaling asks in its caller's name looks as if the caller asked: `aws:ViaAWSService` is false.
    /// AWS does not say.
    pub hides_scaling: bool,
    /// What was allowed so far by which role: actions as AWS writes them.
    pub used: BTreeSet<Use>,
    /// Statements without which something would have been denied so far: no other of the role allowed it.
    pub needed: BTreeSet<Grant>,
    roles: BTreeMap<String, Role>,
    /// Roles' names by principal.
    acting: HashMap<Principal, String>,
    /// Service-linked roles by name, with the service.
    linked: BTreeMap<String, String>,
    /// By the resource's ARN.
    resource_policies: BTreeMap<String, Vec<Statement>>,
}

/// What `ecs:RegisterTaskDefinition` is judged on. The Service Authorization Reference says that it is an ARN; AWS's own
/// denials have said `*`. The right to tag with it, `ecs:TagResource`, is judged on an ARN (aws/aws-cdk#25768), and how that
/// ends is not documented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Registration {
    /// All revisions of the family, `task-definition/orders:*`; tags on the same.
    #[default]
    Revisions,
    /// The family, `task-definition/orders`; tags on the same.
    Family,
    /// `*`; tags on the family.
    Everything,
}

#[derive(Debug)]
struct Role {
    trust: Vec<Statement>,
    /// By name.
    policies: BTreeMap<String, Vec<Statement>>,
}

/// A call that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// In which Region.
    pub region: &'a str,
    /// As [`World::call`] names it; also `dynamodb` and `s3`.
    pub service: &'a str,
    /// For example `UpdateService`.
    pub operation: &'a str,
    /// The input as the model names it.
    pub input: &'a Value,
    /// Whether it came over TLS: `aws:SecureTransport`.
    pub secure: bool,
}

/// Who may invoke a function, as `AWS::Lambda::Permission` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// A service, for example `events.amazonaws.com`.
    pub principal: String,
    /// The ARN of what the service acts for, perhaps with wildcards.
    pub source_arn: Option<String>,
    /// The account of what the service acts for.
    pub source_account: Option<String>,
}

impl Permission {
    /// For a service, whatever it acts for.
    #[must_use]
    pub fn of(principal: &str) -> Self {
        Self {
            principal: principal.to_owned(),
            source_arn: None,
            source_account: None,
        }
    }
}

/// Creates a role, or replaces the one of that name; answers its ARN.
///
/// # Errors
/// `MalformedPolicyDocument`, naming document and statement, also for what the local account does not
/// know.
pub fn put_role(
    world: &mut World,
    name: &str,
    trust: &Value,
    policies: &[(String, Value)],
) -> Result<String, Fault> {
    let trust = parse(
        trust,
        Kind::Trust,
        &format!("the trust policy of role {name}"),
    )?;
    let role = Role {
        trust,
        policies: BTreeMap::new(),
    };
    let before = world.iam.roles.insert(name.to_owned(), role);
    for (policy, document) in policies {
        if let Err(fault) = add_policy(world, name, policy, document) {
            world.iam.roles.remove(name);
            world
                .iam
                .roles
                .extend(before.map(|role| (name.to_owned(), role)));
            return Err(fault);
        }
    }
    Ok(role_arn(world, name))
}

/// Adds a policy to a role, or replaces the one of that name.
///
/// # Errors
/// `NoSuchEntity`; `MalformedPolicyDocument` as for [`put_role`].
pub fn add_policy(
    world: &mut World,
    role: &str,
    policy: &str,
    document: &Value,
) -> Result<(), Fault> {
    let place = format!("policy {policy} of role {role}");
    let statements = parse(document, Kind::Identity, &place)?;
    let found = world.iam.roles.get_mut(role).ok_or_else(|| {
        Fault::with_status(
            "NoSuchEntity",
            format!("The role with name {role} cannot be found."),
            404,
        )
    })?;
    found.policies.insert(policy.to_owned(), statements);
    Ok(())
}

/// Puts the policy of a queue, bucket or topic in place of the one it has.
///
/// # Errors
/// `MalformedPolicyDocument` as for [`put_role`].
pub fn put_resource_policy(
    world: &mut World,
    resource_arn: &str,
    document: &Value,
) -> Result<(), Fault> {
    let place = format!("the policy of {resource_arn}");
    let statements = parse(document, Kind::Resource, &place)?;
    world
        .iam
        .resource_policies
        .insert(resource_arn.to_owned(), statements);
    Ok(())
}

/// Puts the policy of an image repository in place of the one it has: it has no `Resource`.
///
/// # Errors
/// `MalformedPolicyDocument` as for [`put_role`].
pub fn put_repository_policy(
    world: &mut World,
    repository_arn: &str,
    document: &Value,
) -> Result<(), Fault> {
    let place = format!("the policy of {repository_arn}");
    let statements = parse(document, Kind::Repository, &place)?;
    world
        .iam
        .resource_policies
        .insert(repository_arn.to_owned(), statements);
    Ok(())
}

/// Lets a service invoke a function, by name or ARN, for a source if one is given.
///
/// AWS: Lambda developer guide, "Granting Lambda function access to AWS services": the function's
/// policy gets a statement with `ArnLike` and `StringEquals`.
///
/// # Errors
/// `MalformedPolicyDocument`: the principal is not a service.
pub fn add_permission(
    world: &mut World,
    function: &str,
    permission: &Permission,
) -> Result<(), Fault> {
    let (function_arn, statements) = permission_statements(world, function, permission)?;
    let policies = &mut world.iam.resource_policies;
    policies.entry(function_arn).or_default().extend(statements);
    Ok(())
}

/// The function's ARN, and the statement that a permission is.
fn permission_statements(
    world: &World,
    function: &str,
    permission: &Permission,
) -> Result<(String, Vec<Statement>), Fault> {
    let function_arn = functions::arn(world, function);
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": permission.principal },
        "Action": "lambda:InvokeFunction",
        "Resource": function_arn,
        "Condition": {},
    });
    if let Some(arn) = &permission.source_arn {
        statement["Condition"]["ArnLike"] = json!({ "aws:SourceArn": arn });
    }
    if let Some(account) = &permission.source_account {
        statement["Condition"]["StringEquals"] = json!({ "aws:SourceAccount": account });
    }
    let document = json!({ "Version": "2012-10-17", "Statement": statement });
    let place = format!("the permission to invoke {function_arn}");
    let statements = parse(&document, Kind::Resource, &place)?;
    Ok((function_arn, statements))
}

fn parse(document: &Value, kind: Kind, place: &str) -> Result<Vec<Statement>, Fault> {
    policy::parse(document, kind).map_err(|problem| {
        let message = format!("{place} is not valid: {problem}");
        Fault::new("MalformedPolicyDocument", message)
    })
}

/// Lets a principal act as a role from now on, in place of any other; `service` assumes it, for the
/// resource `source_arn` if the service says so.
///
/// # Errors
/// `AccessDenied`: the role does not trust the service, or does not exist (see [`Iam::strict`]).
pub fn assume(
    world: &mut World,
    principal: &Principal,
    role_arn: &str,
    service: &str,
    source_arn: Option<&str>,
) -> Result<(), Fault> {
    world.iam.acting.remove(principal);
    let name = check_trust(world, role_arn, service, source_arn)?;
    let acting = name.map(|name| (principal.clone(), name));
    world.iam.acting.extend(acting);
    Ok(())
}

/// Whether a service may assume a role; answers the role's name, or nothing if it does not exist.
///
/// # Errors
/// As [`assume`].
pub fn check_trust(
    world: &World,
    role_arn: &str,
    service: &str,
    source_arn: Option<&str>,
) -> Result<Option<String>, Fault> {
    let name = role_name(world, role_arn);
    let found = name.and_then(|name| world.iam.roles.get_key_value(name));
    let Some((name, role)) = found else {
        return if world.iam.strict {
            Err(not_assumed(service, role_arn, "it does not exist"))
        } else {
            Ok(None)
        };
    };
    let mut context = Context::default();
    if let Some(arn) = source_arn {
        context.put("aws:SourceArn", [arn.to_owned()]);
        context.put("aws:SourceAccount", [world.identity.account.clone()]);
    }
    if !judge::trusts(&role.trust, service, &context) {
        let reason = "its trust policy does not allow it";
        return Err(not_assumed(service, role_arn, reason));
    }
    Ok(Some(name.clone()))
}

fn not_assumed(service: &str, role_arn: &str, reason: &str) -> Fault {
    Fault::with_status(
        "AccessDenied",
        format!("{service} cannot assume role {role_arn}: {reason}"),
        403,
    )
}

fn role_arn(world: &World, name: &str) -> String {
    format!("arn:aws:iam::{}:role/{name}", world.identity.account)
}

/// The name in the ARN of a role of this account.
fn role_name<'a>(world: &World, arn: &'a str) -> Option<&'a str> {
    arn.strip_prefix(&role_arn(world, ""))
}
