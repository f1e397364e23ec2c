//! What AWS says when it refuses.
//!
//! The words are those of public reports, most of them quoted at the stories of this module; what AWS says around the
//! description of a rule's assertion is not known, so it stands alone.

use crate::{
    provision::{self, Existing},
    template::{Cause, Refused, TemplateError, Unmet},
    world::Fault,
};

pub(super) fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

pub(super) fn no_stack(name: &str) -> Fault {
    validation(format!("Stack with id {name} does not exist"))
}

pub(super) fn not_now(id: &str, status: &str) -> Fault {
    validation(format!(
        "Stack:{id} is in {status} state and can not be updated."
    ))
}

pub(super) fn no_change_set(name: &str) -> Fault {
    Fault::with_status(
        "ChangeSetNotFoundException",
        format!("ChangeSet [{name}] does not exist"),
        404,
    )
}

/// The member that asks for what is not here.
pub(super) fn unsupported(member: &str) -> Fault {
    validation(format!(
        "the local account does not implement {member} of CloudFormation"
    ))
}

/// What is wrong with a template, or with the values for it.
pub(super) fn of_template(error: &TemplateError) -> Fault {
    validation(match error.cause() {
        Cause::Rule(description) => description.clone(),
        Cause::Value {
            parameter,
            description: Some(description),
            ..
        } => format!("Parameter {parameter} failed to satisfy constraint: {description}"),
        Cause::Value {
            parameter, unmet, ..
        } => format!("Parameter '{parameter}' must {}", unmet_words(unmet)),
        Cause::Template => format!("Template format error: {error}"),
    })
}

fn unmet_words(unmet: &Unmet) -> String {
    match unmet {
        Unmet::Number => "be a number".to_owned(),
        Unmet::LeastValue(least) => format!("be a number not less than {least}"),
        Unmet::MostValue(most) => format!("be a number not greater than {most}"),
        Unmet::LeastLength(least) => format!("contain at least {least} characters"),
        Unmet::MostLength(most) => format!("contain at most {most} characters"),
        Unmet::Pattern(pattern) => format!("match pattern {pattern}"),
        Unmet::Values(_) => "be one of AllowedValues".to_owned(),
        Unmet::Id(_) => format!("be {unmet}"),
    }
}

/// Why a resource could not be made or changed.
pub(super) fn refused(refused: &Refused, token: &str) -> String {
    let message = match &refused.property {
        Some(property) => format!("{property}: {}", refused.message),
        None => refused.message.clone(),
    };
    handler(&message, token, "InvalidRequest")
}

pub(super) fn handler(message: &str, token: &str, code: &str) -> String {
    format!(
        "Resource handler returned message: \"{message}\" (RequestToken: {token}, HandlerErrorCode: {code})"
    )
}

/// Why a resource could not be deleted.
pub(super) fn not_deleted(it: &Existing<'_>, fault: &Fault, token: &str) -> String {
    let own = provision::resource_type(it.kind).and_then(|kind| kind.not_deleted);
    if let Some(own) = own {
        return own(fault, token);
    }
    let Fault {
        message, status, ..
    } = fault;
    let service = it.kind.split("::").nth(1).unwrap_or_default();
    let mut letters = service.chars();
    let service: String = letters
        .next()
        .into_iter()
        .chain(letters.flat_map(char::to_lowercase))
        .collect();
    let message =
        format!("{message} (Service: {service}, Status Code: {status}, Request ID: {token})");
    handler(&message, token, "GeneralServiceException")
}

/// `[A, B]`
pub(super) fn list(names: &[String]) -> String {
    format!("[{}]", names.join(", "))
}
