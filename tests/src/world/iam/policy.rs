//! Policy documents.
//!
//! AWS: IAM user guide, "IAM JSON policy element reference". What is not known here (`NotAction`,
//! `NotResource`, `NotPrincipal`, policy variables, other operators) is refused by name.

use serde::Deserialize;
use serde_json::Value;

use super::{
    condition::{self, Condition, Context},
    pattern, reference,
};

/// Where a document hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// At a role, saying what it may do.
    Identity,
    /// At a role, saying who may assume it.
    Trust,
    /// At a resource, saying who may do what with it.
    Resource,
    /// At an image repository: the same, and what it is about is the repository.
    Repository,
}

/// A statement that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its `Sid`, or its number in the document.
    pub(super) id: String,
    pub(super) allows: bool,
    /// Patterns, as written.
    pub(super) actions: Vec<String>,
    /// Patterns; of a trust policy and of a repository's `*`.
    resources: Vec<String>,
    /// Of an identity policy empty.
    principals: Vec<Who>,
    conditions: Vec<Condition>,
}

/// Who a statement of a trust or resource policy is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Everybody,
    /// For example `lambda.amazonaws.com`.
    Service(String),
    /// A role, or the whole account by its root.
    Aws(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Document {
    version: String,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawStatement {
    sid: Option<String>,
    effect: Effect,
    action: OneOrMore<String>,
    resource: Option<OneOrMore<String>>,
    principal: Option<Value>,
    condition: Option<Value>,
}

#[derive(Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// Reads a document; what is wrong with it is told without its place.
pub(super) fn parse(document: &Value, kind: Kind) -> Result<Vec<Statement>, String> {
    let document: Document =
        serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    if document.version != "2012-10-17" {
        return Err(format!(
            "Version is {}; 2012-10-17 is needed",
            document.version
        ));
    }
    let statements = match document.statement {
        Value::Array(statements) if statements.is_empty() => {
            return Err("Statement is empty".to_owned());
        }
        Value::Array(statements) => statements,
        statement => vec![statement],
    };
    (1..)
        .zip(statements)
        .map(|(number, statement): (usize, Value)| {
            let name = statement["Sid"]
                .as_str()
                .map_or_else(|| number.to_string(), str::to_owned);
            serde_json::from_value(statement)
                .map_err(|error| error.to_string())
                .and_then(|raw: RawStatement| raw.check(kind, name.clone()))
                .map_err(|problem| format!("statement {name}: {problem}"))
        })
        .collect()
}

impl RawStatement {
    fn check(self, kind: Kind, id: String) -> Result<Statement, String> {
        let is_sid = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let hangs_at_a_role = matches!(kind, Kind::Identity | Kind::Trust);
        if hangs_at_a_role && self.sid.as_deref().is_some_and(|sid| !is_sid(sid)) {
            return Err("its Sid has other characters than letters and digits".to_owned());
        }
        let actions = self.action.into_vec();
        let covered = covered_actions(&actions)?;
        let resources = match (kind, self.resource.map(OneOrMore::into_vec)) {
            (Kind::Trust | Kind::Repository, None) => vec!["*".to_owned()],
            (Kind::Trust, Some(_)) => return Err("a trust policy has no Resource".to_owned()),
            (Kind::Repository, Some(_)) => {
                return Err("the policy of a repository has no Resource".to_owned());
            }
            (_, Some(resources)) if !resources.is_empty() => resources,
            (..) => return Err("it has no Resource".to_owned()),
        };
        resources.iter().try_for_each(|one| check_resource(one))?;
        let principals = match (kind, &self.principal) {
            (Kind::Identity, None) => Vec::new(),
            (Kind::Identity, Some(_)) => return Err("a role's policy has no Principal".to_owned()),
            (_, Some(principal)) => principals(principal)?,
            (_, None) => return Err("it has no Principal".to_owned()),
        };
        let conditions = match &self.condition {
            Some(block) => condition::parse(block, &covered)?,
            None => Vec::new(),
        };
        Ok(Statement {
            id,
            allows: self.effect == Effect::Allow,
            actions,
            resources,
            principals,
            conditions,
        })
    }
}

/// The actions that patterns stand for. A pattern without any is a misspelling, or an action that
/// the local account's reference lacks. `*` stands for all.
fn covered_actions(patterns: &[String]) -> Result<Vec<&'static str>, String> {
    let mut covered = Vec::new();
    for pattern in patterns {
        let before = covered.len();
        let known = reference::actions().keys().map(String::as_str);
        covered.extend(known.filter(|action| pattern::covers_action(pattern, action)));
        if covered.len() == before {
            return Err(format!(
                "the local account knows no action {pattern}; if AWS does, add it to tests/models/authorization.py"
            ));
        }
    }
    if covered.is_empty() {
        return Err("it has no Action".to_owned());
    }
    Ok(covered)
}

fn check_resource(resource: &str) -> Result<(), String> {
    if resource.contains("${") {
        return Err(format!(
            "resource {resource}: the local account knows no policy variables"
        ));
    }
    let segments: Vec<&str> = resource.splitn(6, ':').collect();
    let is_arn = segments.first() == Some(&"arn")
        && segments
            .get(2)
            .is_some_and(|service| !service.contains(['*', '?']))
        && (segments.len() == 6 || resource.ends_with('*'));
    if resource == "*" || is_arn {
        Ok(())
    } else {
        Err(format!("resource {resource} is neither * nor an ARN"))
    }
}

/// `"*"`, `{"Service": ...}` or `{"AWS": ...}`.
fn principals(value: &Value) -> Result<Vec<Who>, String> {
    if value == "*" {
        return Ok(vec![Who::Everybody]);
    }
    let mut found = Vec::new();
    for (kind, names) in value.as_object().into_iter().flatten() {
        let names = serde_json::from_value::<OneOrMore<String>>(names.clone())
            .map_err(|_| format!("Principal {kind} is neither a text nor a list of texts"))?;
        for name in names.into_vec() {
            found.push(match kind.as_str() {
                "AWS" if name == "*" => Who::Everybody,
                "AWS" => Who::Aws(name),
                "Service" => Who::Service(name),
                _ => return Err(format!("the local account knows no Principal {kind}")),
            });
        }
    }
    if found.is_empty() {
        return Err("Principal names nobody".to_owned());
    }
    Ok(found)
}

impl Statement {
    /// Whether it speaks of such a request; who makes it is another question.
    pub(super) fn covers(&self, action: &str, resource: &str, context: &Context) -> bool {
        let of = |pattern: &String| pattern::covers_action(pattern, action);
        let at = |pattern: &String| pattern::covers_resource(pattern, resource);
        self.actions.iter().any(of)
            && self.resources.iter().any(at)
            && self.conditions.iter().all(|one| one.holds(context))
    }

    /// Whether it speaks of one of these. A statement about an account's root is about everybody in
    /// the account.
    pub(super) fn is_about(&self, who: &[Who]) -> bool {
        self.principals
            .iter()
            .any(|principal| *principal == Who::Everybody || who.contains(principal))
    }
}
