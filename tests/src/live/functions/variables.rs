//! The environment of a function's process.

use std::collections::BTreeMap;

use crate::{
    live::credentials::Credentials,
    world::{Identity, functions::Function},
};

/// The variables that a function's process gets from Lambda, over its own ones.
///
/// `endpoint` is where it finds the account, `log_stream` the log stream of its execution environment. Left out is what
/// depends on where the program is, and the address of the Runtime API. AWS: "Using Lambda environment variables", the
/// defined runtime environment variables that an OS-only runtime gets.
#[must_use]
pub fn variables(
    function: &Function,
    identity: &Identity,
    endpoint: &str,
    log_stream: String,
) -> BTreeMap<String, String> {
    let name = function.name.as_str();
    let mut variables = function.environment.clone();
    for (variable, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", function.version.clone()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory.to_string(),
        ),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
    ]
    .into_iter()
    .chain(Credentials::of(name).environment(&identity.region, endpoint))
    {
        variables.insert(variable.to_owned(), value);
    }
    variables
}
