//! Which operations share a bucket, how much it holds and how fast it fills.

/// Operations of a service that share a bucket. Only operations that the local account has are listed.
#[derive(Debug)]
pub struct Group {
    /// One that ends in `*` stands for all that begin like it.
    operations: &'static [&'static str],
    /// Tokens in a full bucket.
    pub(super) burst: u32,
    /// Thousandths of a token that come back in a second.
    pub(super) refill: u32,
}

impl Group {
    /// A bucket of so many tokens, of which so many thousandths come back in a second.
    #[must_use]
    pub const fn new(operations: &'static [&'static str], burst: u32, refill: u32) -> Self {
        Self {
            operations,
            burst,
            refill,
        }
    }

    /// Whether an operation takes its tokens from it.
    pub(super) fn has(&self, operation: &str) -> bool {
        let is_listed = |listed: &&str| match listed.strip_suffix('*') {
            Some(beginning) => operation.starts_with(beginning),
            None => operation == *listed,
        };
        self.operations.iter().any(is_listed)
    }
}
