//! Stories of the rehearsal, in process and on a virtual clock.

mod adapters;
mod alarms;
mod alb;
mod autoscaling;
mod bad_input;
mod connector;
mod crashes;
mod documents;
mod ending;
mod load_balancing;
mod must_hold;
mod notices;
mod play;
mod protected;
mod random;
mod real_binaries;
mod refused;
mod releases;
mod roles;
mod scripts;
mod speed;
mod templates;
mod transcript;
mod truth;
mod watch;
mod wire;
