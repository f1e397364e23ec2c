#![doc = include_str!("../README.md")]

mod brief;
pub mod cli;
pub mod clock;
pub mod live;
pub mod provision;
pub mod rehearse;
pub mod report;
pub mod scenario;
pub mod stage;
pub mod story;
pub mod template;
pub mod terminal;
pub mod verdict;
pub mod wire;
pub mod world;
