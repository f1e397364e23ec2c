//! A function and what is told of its releases.

mod back;
mod meters;
mod preflight;
mod release;
mod target;

use std::time::Duration;

use super::{
    Before, Candidate, Change, Found, FunctionCode, LambdaAlias, LambdaTraffic, Published, Seen,
    Set, SetRouting, Source, View, target::Split,
};
use crate::{
    aws::{
        function::{
            Alias, Code, Function, Mapping, Provisioned, Routing, Settings, State, Weighted,
        },
        functions::{LATEST, Package},
    },
    clock::Timestamp,
    fixtures::{began, now, release, weight},
    known::Known,
    names::{ReleaseId, Version},
    parts::release::Promotion,
    traffic::model::{Goal, Model, Short},
    weight::Weight,
};

pub(super) fn version(number: &str) -> Version {
    number.try_into().expect("a number")
}

pub(super) fn settings(memory: &str) -> Settings {
    Settings {
        named: [("memory", memory.to_owned())].into(),
        ..Settings::default()
    }
}

pub(super) fn function(number: &str, code: &str) -> Function {
    Function {
        version: version(number),
        code: Code::Package(code.to_owned()),
        settings: settings("128 MB"),
        role: "arn:aws:iam::111122223333:role/orders".to_owned(),
        dead_letters: None,
        timeout: Duration::from_secs(30),
        architecture: "arm64".to_owned(),
        is_program: true,
        state: State::Done,
        update: State::Done,
        revision: "f0".to_owned(),
    }
}

pub(super) fn package() -> Source {
    Source::Code(FunctionCode::Package {
        at: Package {
            bucket: "artifacts".to_owned(),
            key: "orders/17".to_owned(),
            version: None,
        },
        sha256: "new".to_owned(),
    })
}

pub(super) fn model(function: &str) -> LambdaAlias {
    LambdaAlias {
        function: function.try_into().expect("a name"),
        alias: "live".try_into().expect("a name"),
        traffic: Split {
            lambda_alias: LambdaTraffic::default(),
        },
    }
}

/// Everything to version 7, or a part of it to version 8.
fn routing(percent: u8) -> Routing {
    let beside = Weighted {
        version: version("8"),
        weight: f64::from(percent) / 100.0,
    };
    Routing {
        version: version("7"),
        beside: (percent > 0).then_some(beside),
    }
}

/// The alias, at the revision `a1`.
fn alias(routing: Routing) -> Known<Alias> {
    Known::Known(Alias {
        routing,
        revision: "a1".to_owned(),
    })
}

fn seen(routing: Routing) -> Seen {
    Seen {
        alias: alias(routing),
        provisioned: Known::Known(None),
        dead_letters: Known::Known(None),
        published: Known::Known(None),
    }
}

/// What a release has found, and set, at one moment.
struct Told {
    model: LambdaAlias,
    id: ReleaseId,
    found: Found,
    set: Set,
    seen: Seen,
    asked: Option<Weight>,
    now: Timestamp,
    promotion: Promotion,
}

/// A release whose candidate is version 8, which has this share and is asked for it.
fn told(percent: u8) -> Told {
    let set = SetRouting {
        from: routing(0),
        to: routing(percent),
        revision: "a1".to_owned(),
        seen: true,
    };
    Told {
        model: model("orders"),
        id: release(),
        found: Found {
            version: version("7"),
            dead_letters: None,
        },
        set: Set {
            candidate: Some(Candidate::of(package()).published(&function("8", "new"))),
            routing: (percent > 0).then_some(set),
            ..Set::default()
        },
        seen: seen(routing(percent)),
        asked: (percent > 0).then(|| weight(percent)),
        now: now(),
        promotion: Promotion::NotBegun,
    }
}

impl Told {
    fn view(&self) -> View<'_> {
        View {
            now: self.now,
            release: &self.id,
            began: began(),
            since: began(),
            asked: self.asked,
            promotion: self.promotion,
            refused: &[],
            seen: &self.seen,
            found: &self.found,
            set: &self.set,
        }
    }

    /// What is between what is seen and a goal: in words, with what is changed.
    fn toward(&self, goal: Goal) -> String {
        match self.model.toward(goal, self.view()) {
            Ok(attained) => {
                let but = attained.but.join("; ");
                format!("{} {but}", attained.said).trim_end().to_owned()
            }
            Err(Short::Change { doing, changes, .. }) => {
                let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
                format!("{doing} [{}]", changes.join("; "))
            }
            Err(Short::Wait(waiting_on)) => format!("waits: {waiting_on}"),
            Err(Short::Refuse(why)) => format!("refused: {why}"),
        }
    }

    /// The record holds what a look sets.
    fn noting(mut self, goal: Goal) -> Self {
        if let Err(Short::Change { set: Some(set), .. }) = self.model.toward(goal, self.view()) {
            self.set = set;
        }
        self
    }
}

fn share(percent: u8) -> Goal {
    Goal::Share {
        asked: weight(percent),
        tolerance: None,
    }
}
