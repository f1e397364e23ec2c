//! What a look is for, and so what it reads.

/// What a look is for. Each reads what the gates ask for, and what else its goal is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The gates, and a share.
    Share,
    /// A release that begins, or a candidate that is being placed.
    Placed {
        /// Whether this is the action's first look: it also asks for what the target names and no other look needs.
        is_first: bool,
    },
    /// A promotion.
    Promoted,
    /// A rollback: each part by itself, in time, and none that its gates would need.
    AsFound,
}
