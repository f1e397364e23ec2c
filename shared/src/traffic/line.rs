//! What is made of the list of the models: everything that has one part for each of them.

/// Makes it, from the key of each model in `traffic` of a target and its type.
macro_rules! models {
    ($($key:ident: $model:ty),+ $(,)?) => {
        /// How work is split between the two versions, by model.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum Traffic {
            $(#[doc = concat!("By `", stringify!($model), "`.")] $key(<$model as Joined>::Traffic),)+
        }

        /// The same as people write it.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) enum Input {
            $($key(<$model as Joined>::Input),)+
        }

        /// What a release begins with, as the target's model reads it.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Before {
            $(#[doc = concat!("Of `", stringify!($model), "`.")] $key(<$model as Model>::Before),)+
        }

        /// Each keeps the contract.
        #[cfg(test)]
        mod admitted {
            $(#[allow(non_snake_case, reason = "its key is the module's name")]
            mod $key {
                use super::super::*;
                $crate::traffic::contract::tests!($model);
            })+
        }

        impl From<Input> for Traffic {
            fn from(input: Input) -> Self {
                match input {
                    $(Input::$key(input) => Self::$key(input.into()),)+
                }
            }
        }

        /// Whether a field of a target is one of which a release keeps what it began with.
        pub(crate) fn is_limit(field: &str) -> bool {
            [$(<$model as Joined>::LIMITS),+].iter().any(|limits| limits.contains(&field))
        }

        impl Traffic {
            /// Checks what one field cannot know.
            pub(crate) fn check(&self, source: &'static str) -> Result<(), BadInput> {
                match self {
                    $(Self::$key(traffic) => <$model>::check(traffic, source),)+
                }
            }

            /// What an action may ask of the model.
            pub(crate) fn admits(&self, goal: Goal) -> Result<(), &'static str> {
                match self {
                    $(Self::$key(traffic) => <$model>::admits(traffic, goal),)+
                }
            }

            /// Whether work goes back to a promoted primary in steps that an action may choose.
            pub(crate) fn drains(&self) -> Result<(), &'static str> {
                match self {
                    $(Self::$key(_) => <$model as Joined>::drains(),)+
                }
            }

            /// The versions that a release is about; `None` where its record cannot be read.
            pub(crate) fn versions(&self, body: &Body) -> Option<Versions> {
                match self {
                    $(Self::$key(_) => door::versions::<$model>(body),)+
                }
            }

            /// Whether the model reads what a record says.
            pub(crate) fn reads(&self, record: &Record) -> Result<(), serde_json::Error> {
                match self {
                    $(Self::$key(_) => door::reads::<$model>(record),)+
                }
            }

            fn open<'a>(
                &self,
                record: &'a Record,
                now: Timestamp,
                seen: &Sight,
            ) -> Option<Box<dyn Asked + 'a>> {
                match self {
                    $(Self::$key(traffic) => door::join::<$model>(traffic, record, now, seen),)+
                }
            }

            fn begin(&self, beginning: door::Beginning<'_>) -> Result<door::Begins, door::NotBegun> {
                match self {
                    $(Self::$key(traffic) => door::begin::<$model>(beginning, traffic),)+
                }
            }

            fn nothing(&self) -> Option<rules::Seen> {
                match self {
                    $(Self::$key(traffic) => <$model>::nothing(traffic),)+
                }
            }

            fn groups(&self) -> Option<(&TargetGroupArn, &TargetGroupArn)> {
                match self {
                    $(Self::$key(traffic) => <$model as Joined>::groups(traffic),)+
                }
            }

            /// Reads what a look takes beside what every model takes.
            pub(crate) async fn besides(&self, account: &Account) -> Besides {
                match self {
                    $(Self::$key(traffic) => <$model>::besides(traffic, account).await,)+
                }
            }

            async fn rules(&self, account: &Account) -> Option<rules::Seen> {
                match self {
                    $(Self::$key(traffic) => <$model>::rules(traffic, account).await,)+
                }
            }

            async fn exists(&self, target: &Target, account: &Account) -> Result<(), AwsError> {
                match self {
                    $(Self::$key(traffic) => <$model>::of(target, traffic).exists(account).await,)+
                }
            }

            async fn before(
                &self,
                target: &Target,
                account: &Account,
                seen: &Sight,
                source: impl Future<Output = Result<Source, Trouble>> + Send,
            ) -> Result<Option<Before>, Trouble> {
                match self {
                    $(Self::$key(traffic) => {
                        let Some(seen) = <$model>::seen(seen) else {
                            return Ok(None);
                        };
                        let model = <$model>::of(target, traffic);
                        let before = model.begin_with(account, &seen, source).await?;
                        Ok(before.map(<$model>::begins))
                    })+
                }
            }
        }
    };
}

pub(super) use models;
