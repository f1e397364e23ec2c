//! A function and its alias in simulated accounts, for the contract.

use proptest::prelude::*;

use super::{
    Before, Change, FunctionCode, LambdaAlias, Published, Seen, Source,
    tests::{function, model, package, version},
};
use crate::{
    aws::{
        function::{Alias, Function, Provisioned, Routing, State, Weighted},
        functions::LATEST,
    },
    clock::Timestamp,
    fixtures::{EVERY, Harm, Part, Speed},
    known::Known,
    names::Version,
    traffic::contract::{Admitted, Place, Tried, World},
};

const ALIAS: &str = "orders:live";

/// So many looks an account takes that is slow.
const SLOW: usize = 2 * EVERY;

/// A function in Lambda.
#[derive(Debug, Clone)]
pub(in crate::traffic) struct Lambda {
    speed: Speed,
    source: Source,
    latest: Function,
    versions: Vec<Function>,
    alias: Alias,
    /// Whether instances are kept warm, and whether they are.
    warm: Option<bool>,
    /// Looks until what is on its way is there.
    waits: usize,
    writes: usize,
    calls: usize,
    /// Whether a call to take work from the candidate was refused, since the alias was written after it was last seen.
    is_outrun: bool,
}

impl Lambda {
    fn place(
        name: &'static str,
        (source, warm): (Source, bool),
        shares: &[u8],
        speed: Speed,
    ) -> Place<LambdaAlias> {
        let mut versions = vec![function("7", "old")];
        if let Source::Published { version } = &source {
            versions.push(function(version.as_str(), "new"));
        }
        Place {
            name,
            speed,
            model: Tried::new(model("orders")),
            world: Self {
                speed,
                source,
                latest: function(LATEST, "old"),
                versions,
                alias: Alias {
                    routing: Routing::all(version("7")),
                    revision: "a0".to_owned(),
                },
                warm: warm.then_some(true),
                waits: 0,
                writes: 0,
                calls: 0,
                is_outrun: false,
            },
            shares: shares.to_vec(),
        }
    }

    /// Another revision, of whatever was written.
    fn revision(&mut self) -> String {
        self.writes += 1;
        format!("r{}", self.writes)
    }

    fn slowly(&mut self, state: State) -> State {
        if self.speed == Speed::Slow {
            self.waits = SLOW;
            State::Pending
        } else {
            state
        }
    }

    fn published(&self) -> Published {
        let version = match &self.source {
            Source::Published { version } => self.versions.iter().find(|it| it.version == *version),
            Source::Code(_) => self.versions.last(),
        };
        Published {
            latest: self.latest.clone(),
            version: version.cloned(),
        }
    }

    fn route(&mut self, to: &Routing, revision: &str) {
        if self.alias.revision != revision {
            self.is_outrun |= to.beside.is_none();
            return;
        }
        self.alias = Alias {
            routing: to.clone(),
            revision: self.revision(),
        };
        if self.warm.is_some() {
            let is_there = self.slowly(State::Done) == State::Done;
            self.warm = Some(is_there);
        }
    }

    fn put(&mut self, code: &FunctionCode, revision: &str) {
        if self.latest.revision != revision {
            return;
        }
        self.latest.code = code.digest();
        self.latest.revision = self.revision();
        self.latest.update = self.slowly(State::Done);
    }

    fn publish(&mut self, revision: &str) {
        let newest = self.versions.last().map(|it| &it.code);
        let is_ready = self.latest.revision == revision && self.latest.update == State::Done;
        if !is_ready || newest == Some(&self.latest.code) {
            return;
        }
        let number = (7 + self.versions.len()).to_string();
        let state = self.slowly(State::Done);
        self.versions.push(Function {
            version: version(&number),
            state,
            ..self.latest.clone()
        });
    }

    fn gets(&self, version: &Version) -> bool {
        self.alias.routing.share(version) > 0.0
    }
}

impl Admitted for LambdaAlias {
    type World = Lambda;

    // Nothing goes as long as an invocation may use it.
    const DRAINS: bool = false;

    // The alias is all there is.
    const GIVES_BACK_SEVERAL: bool = false;

    fn places(speed: Speed) -> Vec<Place<Self>> {
        let published = Source::Published {
            version: version("8"),
        };
        vec![
            Lambda::place("a package", (package(), false), &[10, 50, 25], speed),
            Lambda::place("kept warm", (package(), true), &[50, 100], speed),
            Lambda::place("a version", (published, false), &[1], speed),
        ]
    }

    fn any(speed: Speed) -> BoxedStrategy<Place<Self>> {
        let source = prop_oneof![
            Just(package()),
            Just(Source::Published {
                version: version("8")
            })
        ];
        let shares = prop::collection::vec(0u8..=100, 1..4);
        let how = (source, any::<bool>(), shares);
        how.prop_map(move |(source, warm, shares)| {
            Lambda::place("any", (source, warm), &shares, speed)
        })
        .boxed()
    }

    fn elsewhere(&self) -> Self {
        model("payments")
    }
}

impl World for Lambda {
    type Seen = Seen;
    type Before = Before;
    type Change = Change;

    fn before(&self) -> Before {
        let stable = self.versions.iter();
        let mut stable = stable.filter(|it| it.version == self.alias.routing.version);
        Before {
            source: self.source.clone(),
            built_for: None,
            stable: stable
                .next()
                .cloned()
                .expect("the version behind the alias")
                .into(),
            published: self.published().into(),
            mappings: Vec::new(),
        }
    }

    fn seen(&self) -> Seen {
        let warm = self.warm.map(|is_there| Provisioned {
            requested: 2,
            available: if is_there { 2 } else { 1 },
            state: if is_there {
                State::Done
            } else {
                State::Pending
            },
        });
        Seen {
            alias: Known::Known(self.alias.clone()),
            provisioned: Known::Known(warm),
            dead_letters: Known::Known(Some(0)),
            published: Known::Known(Some(self.published())),
        }
    }

    fn hidden(&self) -> Vec<(&'static str, Seen)> {
        let whole = || self.seen();
        vec![
            (
                "the alias",
                Seen {
                    alias: Known::nothing(),
                    ..whole()
                },
            ),
            (
                "what is kept warm",
                Seen {
                    provisioned: Known::nothing(),
                    ..whole()
                },
            ),
            (
                "the dead-letter queue",
                Seen {
                    dead_letters: Known::nothing(),
                    ..whole()
                },
            ),
            (
                "the function",
                Seen {
                    published: Known::nothing(),
                    ..whole()
                },
            ),
        ]
    }

    fn hasty(seen: Seen) -> Seen {
        let done = |function: Function| Function {
            state: State::Done,
            update: State::Done,
            ..function
        };
        Seen {
            provisioned: seen.provisioned.map(|warm| {
                warm.map(|warm| Provisioned {
                    available: warm.requested,
                    state: State::Done,
                    ..warm
                })
            }),
            published: seen.published.map(|published| {
                published.map(|it| Published {
                    latest: done(it.latest),
                    version: it.version.map(done),
                })
            }),
            ..seen
        }
    }

    fn right(change: &Change) -> String {
        match change {
            Change::Code { .. } => "lambda:UpdateFunctionCode".to_owned(),
            Change::Publish { .. } => "lambda:PublishVersion".to_owned(),
            Change::Route { .. } => "lambda:UpdateAlias".to_owned(),
        }
    }

    fn may(&self, change: &Change) -> Result<(), Harm> {
        let of = match change {
            Change::Code { function, .. } | Change::Publish { function, .. } => function,
            Change::Route { alias, .. } => alias,
        };
        if ["orders", ALIAS].contains(&of.as_str()) {
            Ok(())
        } else {
            Err(Harm::Elsewhere(of.clone()))
        }
    }

    fn take(&mut self, change: &Change) {
        self.calls += 1;
        let stops = matches!(change, Change::Route { to, .. } if to.beside.is_none());
        let is_lost = self.calls % EVERY == 1 && !stops;
        if self.speed == Speed::Slow && is_lost {
            return;
        }
        match change {
            Change::Code { code, revision, .. } => self.put(code, revision),
            Change::Publish { revision, .. } => self.publish(revision),
            Change::Route { to, revision, .. } => self.route(to, revision),
        }
    }

    fn pass(&mut self, _now: Timestamp) {
        self.waits = self.waits.saturating_sub(1);
        if self.waits > 0 {
            return;
        }
        self.warm = self.warm.map(|_| true);
        self.latest.update = State::Done;
        for version in &mut self.versions {
            version.state = State::Done;
        }
    }

    fn tamper(&mut self) {
        self.alias.routing.beside = Some(Weighted {
            version: version("6"),
            weight: 0.3,
        });
        self.alias.revision = self.revision();
    }

    fn bears(&self, _goes_back: bool) -> Result<(), Harm> {
        let pending = self.versions.iter().filter(|it| it.state == State::Pending);
        let working = pending.map(|it| &it.version).find(|it| self.gets(it));
        match working {
            Some(version) => Err(Harm::Overload(format!(
                "version {version} is invoked and is not ready"
            ))),
            None => Ok(()),
        }
    }

    fn is_stopped(&self) -> bool {
        let others = self.versions.iter().skip(1);
        !others.into_iter().any(|it| self.gets(&it.version))
    }

    // What was written after the last look has to be seen: it may be somebody else's.
    fn is_stopped_blindly(&self) -> bool {
        self.is_stopped() || self.is_outrun
    }

    fn stops_by(&self) -> Vec<String> {
        vec!["lambda:UpdateAlias".to_owned()]
    }

    fn parts(&self) -> Vec<Part> {
        vec![Part {
            what: format!("alias {ALIAS}"),
            is: self.alias.routing.to_string(),
            takes: self.stops_by(),
            is_given_back: false,
            is_left: false,
        }]
    }
}
