//! Actions of rules: what happens to a request.

use serde_json::{Map, Value, json};

use super::{
    faults::{bad_action, count, text, unsupported, validation},
    forward::Forward,
};
use crate::world::Fault;

/// All actions of a rule.
#[derive(Debug, Clone)]
pub(super) struct Actions {
    /// As `DescribeRules` shows them, in their order. A client secret is never kept: nothing here
    /// signs in anybody.
    pub(super) documents: Vec<Value>,
    /// What comes of them. Whoever has to sign in counts as signed in.
    pub(super) handling: Handling,
}

/// How a request ends up.
#[derive(Debug, Clone)]
pub(super) enum Handling {
    /// With a target.
    Forward(Forward),
    /// With an answer of the load balancer's own.
    Answer(u16),
}

/// What it depends on whether actions are allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Whether the listener's protocol is HTTPS.
    pub(super) https: bool,
    /// Whether the rule has a client secret already.
    pub(super) has_secret: bool,
}

/// The types of actions that end a rule.
const FINAL: [&str; 3] = ["forward", "redirect", "fixed-response"];

/// Per type the member that has its settings.
const CONFIGS: [(&str, &str); 5] = [
    ("forward", "ForwardConfig"),
    ("redirect", "RedirectConfig"),
    ("fixed-response", "FixedResponseConfig"),
    ("authenticate-oidc", "AuthenticateOidcConfig"),
    ("authenticate-cognito", "AuthenticateCognitoConfig"),
];

impl Actions {
    /// Reads actions as the API takes them.
    ///
    /// AWS: API reference, `Action`; ALB user guide, "Action types for listener rules". Which code a
    /// refusal has is documented for few of them; the others have the code that fits best.
    pub(super) fn parse(given: &[Value], place: Place) -> Result<Self, Fault> {
        if given.is_empty() {
            return Err(validation("A rule must have at least one action"));
        }
        let ordered = in_order(given)?;
        let mut documents = Vec::new();
        let mut handling = None;
        for (index, (order, action)) in ordered.into_iter().enumerate() {
            let is_last = index + 1 == given.len();
            let kind = text(action, "Type").unwrap_or_default();
            if FINAL.contains(&kind) != is_last {
                return Err(bad_action(format!(
                    "The last action must be of type forward, redirect or fixed-response, and no \
                     other; action {order} is of type '{kind}'"
                )));
            }
            let (mut document, handles) = one(action, kind, place)?;
            document["Order"] = order.into();
            documents.push(document);
            handling = handles;
        }
        let handling = handling.ok_or_else(|| validation("The last action handles no request"))?;
        Ok(Self {
            documents,
            handling,
        })
    }

    /// Target groups it forwards to, whatever their weights.
    pub(super) fn target_groups(&self) -> impl Iterator<Item = &str> {
        self.weights().map(|(group, _)| group)
    }

    /// Target groups and their weights.
    pub(super) fn weights(&self) -> impl Iterator<Item = (&str, u32)> {
        let forward = match &self.handling {
            Handling::Forward(forward) => Some(forward),
            Handling::Answer(_) => None,
        };
        forward.into_iter().flat_map(Forward::weights)
    }

    /// Whether clients stay with a target group.
    pub(super) fn are_sticky(&self) -> bool {
        matches!(&self.handling, Handling::Forward(forward) if forward.stickiness.is_some())
    }

    /// Whether a client secret was given for them.
    pub(super) fn have_secret(&self) -> bool {
        let oidc = |document: &Value| document["Type"] == "authenticate-oidc";
        self.documents.iter().any(oidc)
    }
}

/// The actions by their order. AWS: API reference, `Action`: `Order` is required with several.
fn in_order(given: &[Value]) -> Result<Vec<(u32, &Value)>, Fault> {
    let alone = given.len() == 1;
    let mut ordered = Vec::new();
    for action in given {
        let order = count(action, "Order").or(alone.then_some(1));
        let order = order.ok_or_else(|| {
            bad_action("You must specify an order for every action of a rule with several actions")
        })?;
        if ordered.iter().any(|(known, _)| *known == order) {
            return Err(bad_action(format!(
                "The orders of actions must differ; {order} appears twice"
            )));
        }
        ordered.push((order, action));
    }
    ordered.sort_by_key(|(order, _)| *order);
    Ok(ordered)
}

/// An action as it is described, and what it does with requests.
fn one(action: &Value, kind: &str, place: Place) -> Result<(Value, Option<Handling>), Fault> {
    let found = CONFIGS.iter().find(|(known, _)| *known == kind);
    let Some((_, config)) = found else {
        return Err(unsupported(
            &format!("actions of type '{kind}'"),
            "It knows forward, redirect, fixed-response, authenticate-oidc and \
             authenticate-cognito.",
        ));
    };
    let mut known = vec!["Type", "Order", *config];
    if kind == "forward" {
        known.push("TargetGroupArn");
    }
    let mut members = action.as_object().into_iter().flatten();
    if let Some((name, _)) = members.find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(bad_action(format!(
            "An action of type '{kind}' must not have {name}"
        )));
    }
    if kind == "forward" {
        let (document, forward) = Forward::parse(action)?;
        return Ok((document, Some(Handling::Forward(forward))));
    }
    let settings = action.get(config).and_then(Value::as_object);
    let mut settings = settings
        .cloned()
        .ok_or_else(|| bad_action(format!("An action of type '{kind}' must have {config}")))?;
    let handling = match kind {
        "redirect" => Some(redirect(&mut settings)),
        "fixed-response" => Some(fixed_response(&settings)?),
        _ => {
            authenticate(kind, &mut settings, place)?;
            None
        }
    };
    let mut document = json!({ "Type": kind });
    document[*config] = settings.into();
    Ok((document, handling))
}

fn redirect(settings: &mut Map<String, Value>) -> Handling {
    fill(
        settings,
        &[
            ("Protocol", "#{protocol}".into()),
            ("Port", "#{port}".into()),
            ("Host", "#{host}".into()),
            ("Path", "/#{path}".into()),
            ("Query", "#{query}".into()),
        ],
    );
    let is_permanent = settings.get("StatusCode").and_then(Value::as_str) == Some("HTTP_301");
    Handling::Answer(if is_permanent { 301 } else { 302 })
}

fn fixed_response(settings: &Map<String, Value>) -> Result<Handling, Fault> {
    let status = settings.get("StatusCode").and_then(Value::as_str);
    let status = status.and_then(|status| status.parse().ok());
    status
        .map(Handling::Answer)
        .ok_or_else(|| validation("StatusCode of FixedResponseConfig is no number"))
}

/// AWS: API reference, `AuthenticateOidcActionConfig`, `AuthenticateCognitoActionConfig`.
fn authenticate(kind: &str, settings: &mut Map<String, Value>, place: Place) -> Result<(), Fault> {
    if !place.https {
        return Err(bad_action(format!(
            "Actions of type '{kind}' are supported only on HTTPS listeners"
        )));
    }
    if kind == "authenticate-oidc" {
        let given = settings.remove("ClientSecret").is_some();
        let existing = settings.remove("UseExistingClientSecret") == Some(Value::Bool(true));
        match (given, existing) {
            (true, true) => {
                return Err(bad_action(
                    "You cannot both specify a client secret and set UseExistingClientSecret to \
                     true",
                ));
            }
            (false, false) => {
                return Err(bad_action(
                    "You must either specify a client secret or set UseExistingClientSecret to \
                     true",
                ));
            }
            (false, true) if !place.has_secret => {
                return Err(bad_action(
                    "UseExistingClientSecret is true, but the rule has no client secret",
                ));
            }
            _ => {}
        }
    }
    fill(
        settings,
        &[
            ("SessionCookieName", "AWSELBAuthSessionCookie".into()),
            ("Scope", "openid".into()),
            ("SessionTimeout", 604_800.into()),
            ("OnUnauthenticatedRequest", "authenticate".into()),
        ],
    );
    Ok(())
}

fn fill(settings: &mut Map<String, Value>, defaults: &[(&str, Value)]) {
    for (name, value) in defaults {
        settings.entry(*name).or_insert_with(|| value.clone());
    }
}
