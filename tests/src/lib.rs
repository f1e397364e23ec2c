//! A whole canary release on one machine.
//!
//! * [`world`] is the local AWS account: plain values, no I/O, no clock of its own. Everything that
//!   happens to it is a call with the time in [`World::now`](world::World), everything it wants done
//!   outside (start a task, invoke a function) is an [`Effect`](world::Effect) in its outbox.
//! * [`wire`] speaks AWS's protocols over that world.
//! * [`live`] carries out effects with real processes on loopback.
//! * [`template`] reads CloudFormation templates and creates their resources in order, through
//!   whoever knows the resource types.
//! * [`provision`] knows the resource types: it creates the resources of templates in the account.
//! * [`stage`] creates the stacks of the shipped templates for the example: a pair of queue consumers,
//!   their pipeline, and what guards them; it plays the pipeline's source and build.
//! * [`story`] folds the account's journal into what people want to see; [`terminal`] shows it while
//!   it happens, [`report`] afterwards, with the [`verdict`].
//! * [`scenario`] says what can be rehearsed, and [`rehearse`] does it; [`cli`] is the command line.

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
