//! The credentials that a function or a task finds in its environment.

use crate::wire::access_key;

/// Credentials of one principal. The secret parts are there to be searched for: in a log they mean
/// a leak. No `Debug`, so that they do not leak from here.
#[derive(Clone)]
pub struct Credentials {
    /// Names the principal to the account.
    pub access_key: String,
    /// The account does not check signatures; the value only has to be recognisable.
    pub secret_key: String,
    /// As for the secret key.
    pub session_token: String,
}

impl Credentials {
    /// The credentials of a principal: the same in every run.
    #[must_use]
    pub fn of(principal: &str) -> Self {
        Self {
            access_key: access_key(principal),
            secret_key: format!("secret-key-of-{principal}"),
            session_token: format!("session-token-of-{principal}"),
        }
    }

    /// The environment by which AWS's SDKs find the account, its Region and these credentials.
    pub(super) fn environment(self, region: &str, endpoint: &str) -> [(&'static str, String); 6] {
        [
            ("AWS_ACCESS_KEY_ID", self.access_key),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key),
            ("AWS_SESSION_TOKEN", self.session_token),
            ("AWS_REGION", region.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ]
    }
}
