//! Reads that a look does not wait for longer than it can.

use std::time::Duration;

use super::Trouble;
use crate::observation::{Known, Unseen};

/// For how long one read may keep a look of a rollback: half of what an operation may take, so that one that hangs leaves time for
/// what is to be changed.
const LONGEST_READ: Duration = Duration::from_secs(5);

/// What a read brings within half of the time that an operation may take; what does not come by then is unknown.
pub async fn in_time<T, E: Into<Trouble>>(
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
            trouble: None,
        }),
    }
}
