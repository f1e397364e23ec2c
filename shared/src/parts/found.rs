//! What a release found, in full, for whoever does not wait for it.

use serde::de::DeserializeOwned;

use crate::{
    aws::Account,
    known::{Known, in_time},
    names::{PairId, ReleaseId},
};

/// What a release found, in full, if it can be read in time.
pub async fn in_full<T: DeserializeOwned>(
    account: &Account,
    pair: &PairId,
    release: &ReleaseId,
) -> Option<T> {
    let read = account.found_in_full(pair, release);
    match in_time("what the release found, in full", read).await {
        Known::Known(found) => found,
        Known::Gone => None,
        Known::Unknown(unseen) => {
            tracing::warn!("{unseen}");
            None
        }
    }
}
