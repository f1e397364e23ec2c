//! Access keys: who signs a request.

use crate::world::{Principal, codepipeline};

/// The access key of the credentials that a `CodePipeline` job carries for its artifacts.
pub const JOB_ACCESS_KEY: &str = "ASIAPIPELINEJOB";

/// The principal behind [`JOB_ACCESS_KEY`].
pub const JOB_PRINCIPAL: &str = codepipeline::JOB_PRINCIPAL;

/// The principal behind any access key that is not from here.
pub const UNKNOWN_PRINCIPAL: &str = "unknown";

const PREFIX: &str = "AKIA";

/// The access key id with which a principal signs: `AKIADEPLOY_CANARY` for `deploy-canary`.
///
/// Principals have names of lower-case letters, digits and dashes; IAM's pattern for access key ids
/// (`[\w]+`) has no dash, hence the underscore. The secret belonging to it is never looked at.
#[must_use]
pub fn access_key(principal: &str) -> String {
    if principal == JOB_PRINCIPAL {
        return JOB_ACCESS_KEY.to_owned();
    }
    let name = principal.to_ascii_uppercase().replace('-', "_");
    format!("{PREFIX}{name}")
}

/// The principal of an access key id; `unknown` if [`access_key`] did not make it.
#[must_use]
pub fn principal(access_key: &str) -> Principal {
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    Principal(match access_key.strip_prefix(PREFIX) {
        _ if access_key == JOB_ACCESS_KEY => JOB_PRINCIPAL.to_owned(),
        Some(name) if !name.is_empty() && name.bytes().all(known) => {
            name.to_ascii_lowercase().replace('_', "-")
        }
        _ => UNKNOWN_PRINCIPAL.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_principal() {
        for name in [
            "deploy-canary",
            "task",
            "rollback",
            "v2-worker",
            "pipeline-job",
        ] {
            assert_eq!(principal(&access_key(name)), Principal(name.to_owned()));
        }
        assert_eq!(access_key("deploy-canary"), "AKIADEPLOY_CANARY");
    }

    #[test]
    fn a_key_from_elsewhere_is_nobody_s() {
        for key in [
            "",
            "AKIA",
            "ASIAEXAMPLE",
            "AKIAlower",
            "AKIAWITH-DASH",
            "test",
        ] {
            assert_eq!(principal(key), Principal("unknown".to_owned()), "{key}");
        }
    }
}
