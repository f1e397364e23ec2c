//! What can be wrong with a template.

use std::fmt;

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
    /// Errors are passed on by value.
    cause: Box<Cause>,
}

/// What a template error is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The template itself.
    Template,
    /// The value of a parameter.
    Value {
        /// The parameter's name.
        parameter: String,
        /// What the value is not.
        unmet: Unmet,
        /// What the template says about it: `ConstraintDescription`.
        description: Option<String>,
    },
    /// An assertion of a rule, with its description.
    Rule(String),
}

/// What a parameter's value is held to.
#[derive(Debug, Clone, PartialEq)]
pub enum Unmet {
    /// Type `Number`.
    Number,
    /// `MinValue`.
    LeastValue(f64),
    /// `MaxValue`.
    MostValue(f64),
    /// `MinLength`.
    LeastLength(f64),
    /// `MaxLength`.
    MostLength(f64),
    /// How ids of its type begin.
    Id(&'static str),
    /// `AllowedPattern`.
    Pattern(String),
    /// `AllowedValues`.
    Values(Vec<String>),
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("a number"),
            Self::LeastValue(least) => write!(f, "a number of at least {least}"),
            Self::MostValue(most) => write!(f, "a number of at most {most}"),
            Self::LeastLength(least) => write!(f, "a length of at least {least}"),
            Self::MostLength(most) => write!(f, "a length of at most {most}"),
            Self::Id(prefix) => write!(f, "an id like {prefix}0a1b2c3d"),
            Self::Pattern(pattern) => write!(f, "what matches {pattern}"),
            Self::Values(values) => write!(f, "one of {}", super::source::one_of(values)),
        }
    }
}

impl TemplateError {
    pub(super) fn new(position: String, problem: impl Into<String>) -> Self {
        Self {
            position,
            problem: problem.into(),
            within: String::new(),
            cause: Box::new(Cause::Template),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    pub(super) fn about(mut self, cause: Cause) -> Self {
        self.cause = Box::new(cause);
        self
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
