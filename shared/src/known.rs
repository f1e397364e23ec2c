//! What is known of what AWS was asked for. What was not seen is unknown: neither zero, nor empty, nor healthy.

use std::{fmt, time::Duration};

use crate::aws::{AwsError, LookError};

/// What a look knows of something that it asked AWS for.
#[derive(Debug, Clone, PartialEq)]
pub enum Known<T> {
    /// It was seen.
    Known(T),
    /// It does not exist.
    Gone,
    /// It could not be seen: neither zero, nor empty, nor healthy.
    Unknown(Unseen),
}

/// Why something could not be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// A sentence that names what.
    pub why: String,
    /// Whether that may pass without anybody doing anything.
    pub is_passing: bool,
    /// What AWS has answered, if it has.
    pub error: Option<Box<LookError>>,
}

/// What kept a look from going on: what AWS has answered, or that it has not.
impl From<Unseen> for LookError {
    fn from(unseen: Unseen) -> Self {
        match unseen.error {
            Some(error) => *error,
            None => AwsError::unusable("a look", "the pair", unseen.why).into(),
        }
    }
}

impl From<LookError> for Unseen {
    fn from(error: LookError) -> Self {
        Self {
            is_passing: error.is_passing(),
            why: error.to_string(),
            error: Some(Box::new(error)),
        }
    }
}

/// What is not there is gone; whatever else keeps something from being seen leaves it unknown.
impl<T, E: Into<LookError>> From<Result<T, E>> for Known<T> {
    fn from(answer: Result<T, E>) -> Self {
        match answer.map_err(Into::into) {
            Ok(seen) => Self::Known(seen),
            Err(error) if error.is_missing() => Self::Gone,
            Err(error) => Self::Unknown(error.into()),
        }
    }
}

impl Unseen {
    /// Whether AWS says that it does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.is_missing())
    }
}

impl<T: fmt::Display> Known<T> {
    /// It in words, or what there is not of it.
    #[must_use]
    pub fn said(&self, what: &str) -> String {
        match self {
            Self::Known(seen) => seen.to_string(),
            Self::Gone => format!("{what} is gone"),
            Self::Unknown(unseen) => format!("{what} not seen: {unseen}"),
        }
    }
}

impl<T> Known<T> {
    /// What was seen, if it was.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(seen) => Some(seen),
            Self::Gone | Self::Unknown(_) => None,
        }
    }

    /// Why it could not be seen, if it could not.
    pub fn unseen(&self) -> Option<&Unseen> {
        match self {
            Self::Unknown(unseen) => Some(unseen),
            Self::Known(_) | Self::Gone => None,
        }
    }

    /// What a look that needs all of it makes of an answer: what is not there is no more seen than what AWS does not tell.
    pub fn needed(answer: Result<T, impl Into<LookError>>) -> Self {
        answer.map_or_else(|error| Self::Unknown(error.into().into()), Self::Known)
    }

    /// It was not looked at.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Unknown(Unseen {
            why: "it was not looked at".to_owned(),
            is_passing: true,
            error: None,
        })
    }

    /// Whether it does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }

    /// The same of a part of it.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Known(seen) => Known::Known(of(seen)),
            Self::Gone => Known::Gone,
            Self::Unknown(unseen) => Known::Unknown(unseen),
        }
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// For how long one read may keep a look of a rollback: half of what an operation may take, so that one that hangs leaves time for
/// what is to be changed.
const LONGEST_READ: Duration = Duration::from_secs(5);

/// What a read brings within half of the time that an operation may take; what does not come by then is unknown.
pub async fn in_time<T, E: Into<LookError>>(
    what: &str,
    read: impl Future<Output = Result<T, E>>,
) -> Known<T> {
    match tokio::time::timeout(LONGEST_READ, read).await {
        Ok(answer) => answer.into(),
        Err(_late) => Known::Unknown(Unseen {
            why: format!(
                "AWS does not answer {what} within {} s",
                LONGEST_READ.as_secs()
            ),
            is_passing: true,
            error: None,
        }),
    }
}
