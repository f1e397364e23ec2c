//! Expressions: conditions, filters, key conditions, updates and projections.
//!
//! An expression is cut into words (`token`), read by the `grammar`, given its meaning with the names and values of the
//! request (`condition`, `update`, `projection`), and only then applied to items (`evaluate`, `apply`).

mod apply;
mod condition;
mod evaluate;
mod grammar;
mod key_condition;
mod parser;
mod path;
mod placeholders;
mod projection;
mod reserved;
mod token;
mod update;

pub(super) use condition::Condition;
pub(super) use key_condition::{KeyCondition, KeyTests};
pub(super) use placeholders::Placeholders;
pub(super) use projection::Projection;
pub(super) use update::Update;

#[cfg(test)]
mod tests;
