//! What can be wrong with a template.

/// A template that cannot be read or created. Its text names the file, the line where it is known,
/// the resource (or parameter, output, ...) and the property, then what is wrong:
/// `infra/application.yaml:87: resource Queue, property RedrivePolicy.maxReceiveCount: ...`.
///
/// The value of a `NoEcho` parameter is never part of it.
#[derive(Debug, thiserror::Error)]
#[error("{position}: {problem}{within}")]
pub struct TemplateError {
    position: String,
    problem: String,
    /// The stacks that nest the one with the problem, from the inside out.
    within: String,
}

impl TemplateError {
    pub(super) fn new(position: String, problem: impl Into<String>) -> Self {
        Self {
            position,
            problem: problem.into(),
            within: String::new(),
        }
    }

    pub(super) fn nested_by(mut self, position: &str) -> Self {
        self.within = format!("{} (nested by {position})", self.within);
        self
    }

    /// The error without these texts.
    pub(super) fn without(mut self, secrets: &[String]) -> Self {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            self.problem = self.problem.replace(secret, "****");
        }
        self
    }
}
