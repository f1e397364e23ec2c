#![doc = include_str!("../README.md")]

pub mod artifact;
pub mod aws;
pub mod clock;
pub mod decision;
pub mod exits;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
pub mod function;
pub mod gates;
pub mod image;
pub mod input;
pub mod job;
pub mod names;
pub mod notice;
pub mod observation;
pub mod observe;
pub mod parameters;
pub mod parts;
pub mod reconcile;
pub mod record;
pub mod schedule;
pub mod target;
pub mod telemetry;
pub mod traffic;
pub mod weight;
pub mod words;
