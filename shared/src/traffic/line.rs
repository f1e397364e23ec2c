//! What is made of the list of the models: everything that has one part for each of them.

use super::{Before, Change, Request, Seen, model::Model};

/// A model of the list: its own of what there is for all.
pub(super) trait Listed: Model {
    /// What was seen, if it is this model's.
    fn of_seen(seen: &Seen) -> Option<&Self::Seen>;
    /// The other way.
    fn seen(seen: Self::Seen) -> Seen;
    /// What is asked for, if it is this model's.
    fn of_request(request: &Request) -> Option<&Self::Request>;
    /// What was read for a beginning, if it is this model's.
    fn of_before(before: &Before) -> Option<&Self::Before>;
    /// The other way.
    fn begins(before: Self::Before) -> Before;
    /// A change, if it is this model's.
    fn of_change(change: &Change) -> Option<&Self::Change>;
    /// The other way.
    fn change(change: Self::Change) -> Change;
}

/// Makes it, from the key of each model in `traffic` of a target and its type.
macro_rules! models {
    ($($key:ident: $model:ty),+ $(,)?) => {
        /// What of a target is its model's: where the versions run, and how work is split between them.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Traffic {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key($model),)+
        }

        /// The model's key, and what stands below it.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        enum Key {
            $($key(IgnoredAny),)+
        }

        impl Traffic {
            /// Reads it as people write it.
            pub(crate) fn read(source: &'static str, fields: &Fields) -> Result<Self, BadInput> {
                Ok(match fields.read::<Keyed>(source)?.traffic {
                    $(Key::$key(_) => Self::$key(fields.read::<<$model as Configured>::Input>(source)?.into()),)+
                })
            }

            /// Reads what an action asks to release, as people write it.
            pub(crate) fn request(&self, source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
                Ok(match self {
                    $(Self::$key(_) => Request::$key(<$model as Configured>::request(source, fields)?),)+
                })
            }
        }

        /// As it is stored: fields that are not known are passed over.
        impl<'de> Deserialize<'de> for Traffic {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let fields = Value::Object(Map::deserialize(from)?);
                let read = match Keyed::deserialize(&fields).map_err(D::Error::custom)?.traffic {
                    $(Key::$key(_) => <$model>::deserialize(fields).map(Self::$key),)+
                };
                read.map_err(D::Error::custom)
            }
        }

        /// What an action asks to release, as the target's model is asked.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key(<$model as Configured>::Request),)+
        }

        /// What a look sees, as the target's model sees it.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Seen {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key(<$model as Observed>::Seen),)+
        }

        /// What a release begins with, as the target's model reads it.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Before {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key(<$model as Observed>::Before),)+
        }

        /// One change to how the versions run, or to how work is split between them.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Change {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key(<$model as Model>::Change),)+
        }

        /// What there is once it is made, in words that are the same whenever it is wanted.
        impl fmt::Display for Change {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$key(change) => change.fmt(f),)+
                }
            }
        }

        #[cfg(any(test, feature = "fixtures"))]
        $crate::traffic::staged::staged! { $($key: $model,)+ }

        /// Each keeps the contract.
        #[cfg(test)]
        mod admitted {
            $(#[allow(non_snake_case, reason = "its key is the module's name")]
            mod $key {
                use super::super::*;
                $crate::traffic::contract::tests!($model);
            })+
        }

        /// One line for the ledger.
        impl fmt::Display for Seen {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$key(seen) => seen.fmt(f),)+
                }
            }
        }

        /// Whether a field of a target is one of which a release keeps what it began with.
        pub(crate) fn is_limit(field: &str) -> bool {
            [$(<$model as Configured>::is_limit(field)),+].contains(&true)
        }

        impl Traffic {
            /// The model.
            #[must_use]
            pub fn model(&self) -> &dyn Opened {
                match self {
                    $(Self::$key(model) => model,)+
                }
            }

            /// The same, on which a release is to begin.
            #[must_use]
            pub fn starting(&self) -> &dyn Starting {
                match self {
                    $(Self::$key(model) => model,)+
                }
            }

            /// The same, of which a release ends.
            #[must_use]
            pub fn ending(&self) -> &dyn Ending {
                match self {
                    $(Self::$key(model) => model,)+
                }
            }

            /// The same, of which a release is rolled back.
            #[must_use]
            pub fn restoring(&self) -> &dyn Restoring {
                match self {
                    $(Self::$key(model) => model,)+
                }
            }
        }

        $(
            #[allow(unreachable_patterns, reason = "there may be more models, or no other")]
            impl Listed for $model {
                fn of_seen(seen: &Seen) -> Option<&Self::Seen> {
                    match seen {
                        Seen::$key(seen) => Some(seen),
                        _ => None,
                    }
                }

                fn seen(seen: Self::Seen) -> Seen {
                    Seen::$key(seen)
                }

                fn of_request(request: &Request) -> Option<&Self::Request> {
                    match request {
                        Request::$key(request) => Some(request),
                        _ => None,
                    }
                }

                fn of_before(before: &Before) -> Option<&Self::Before> {
                    match before {
                        Before::$key(before) => Some(before),
                        _ => None,
                    }
                }

                fn begins(before: Self::Before) -> Before {
                    Before::$key(before)
                }

                fn of_change(change: &Change) -> Option<&Self::Change> {
                    match change {
                        Change::$key(change) => Some(change),
                        _ => None,
                    }
                }

                fn change(change: Self::Change) -> Change {
                    Change::$key(change)
                }
            }
        )+
    };
}

pub(super) use models;
