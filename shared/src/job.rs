//! Jobs of CodePipeline: the event in, the result out.
//!
//! The event carries live credentials. Only what is used is read from it, and what is secret has no
//! `Debug` and no `Display`.

use std::{fmt, time::Duration};

use serde_json::Value;

use crate::{clock::Timestamp, input::BadInput};

/// One job: one invocation of an action's function.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id; a continuation is a new job with a new id.
    pub id: String,
    /// The action's `UserParameters`, variables resolved.
    pub user_parameters: Option<String>,
    /// What the last look left for this one.
    pub continuation_token: Option<String>,
    /// The action's input artifacts, the first one first.
    pub inputs: Vec<Artifact>,
}

/// Where an input artifact is, and what opens it.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its name in the pipeline.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The job's credentials for the artifact bucket, if the event has any.
    pub credentials: Option<Credentials>,
}

/// Temporary credentials out of a job event.
#[derive(Clone)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token.
    pub session_token: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(withheld)")
    }
}

/// How a job failed, as CodePipeline files it (botocore `codepipeline.FailureType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureType {
    /// The work itself.
    JobFailed,
    /// What the user wrote.
    ConfigurationError,
    /// What the function's role may not do.
    PermissionError,
    /// AWS, for longer than the action's timeout.
    SystemUnavailable,
}

/// What is reported to CodePipeline for a job, exactly once.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// Look again later.
    Continue {
        /// What the next look gets.
        token: String,
        /// What the console shows.
        summary: String,
        /// How far it is.
        percent: Option<u8>,
    },
    /// The action is done.
    Succeeded {
        /// What the console shows.
        summary: String,
        /// Output variables.
        variables: Vec<(&'static str, String)>,
    },
    /// The action failed.
    Failed {
        /// How CodePipeline files it.
        kind: FailureType,
        /// What the console shows.
        message: String,
    },
}

impl Report {
    /// Something that a person wrote is wrong.
    #[must_use]
    pub fn misconfigured(bad: &BadInput) -> Self {
        Self::Failed {
            kind: FailureType::ConfigurationError,
            message: bad.to_string(),
        }
    }
}

impl Job {
    /// Reads a job event; `None` if it is none.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        let job = event.get("CodePipeline.job")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let data = &job["data"];
        Some(Self {
            id: text(&job["id"])?,
            user_parameters: text(&data["actionConfiguration"]["configuration"]["UserParameters"]),
            continuation_token: text(&data["continuationToken"]),
            inputs: data["inputArtifacts"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|artifact| Artifact::read(artifact, data))
                .collect(),
        })
    }
}

impl Artifact {
    fn read(artifact: &Value, data: &Value) -> Option<Self> {
        let place = &artifact["location"]["s3Location"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let secrets = &data["artifactCredentials"];
        let credentials = || {
            Some(Credentials {
                access_key_id: text(&secrets["accessKeyId"])?,
                secret_access_key: text(&secrets["secretAccessKey"])?,
                session_token: text(&secrets["sessionToken"])?,
            })
        };
        Some(Self {
            name: text(&artifact["name"]).unwrap_or_default(),
            bucket: text(&place["bucketName"])?,
            key: text(&place["objectKey"])?,
            credentials: credentials(),
        })
    }
}

/// What one look leaves for the next: a bookmark, not state. AWS and the record are the state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bookmark {
    /// Version of this schema.
    v: u8,
    /// The id of the action's first job: which run of the action this is.
    pub action: String,
    /// When the action's first look was.
    pub started: Timestamp,
    /// Which step of the action it is at, from 0.
    pub step: usize,
    /// When that step began.
    pub step_started: Timestamp,
    /// The bake of the step, once it has begun.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bake: Option<Bake>,
    /// Whether no look of the action has seen anything yet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub blind: bool,
}

/// For how long something has been held, as far as looks have seen it: the clock stands still while it is not, and never begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bake {
    /// When a look saw it for the first time.
    pub began: Timestamp,
    /// For how long it was held, in milliseconds.
    millis: u64,
    /// The last look, if that saw it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last: Option<Timestamp>,
}

impl Bake {
    /// As much counts between two looks at most: what nobody has looked at for longer is not known to have been held.
    const MOST_BETWEEN: Duration = Duration::from_mins(5);

    /// A bake may take this much longer than twice its time.
    const PATIENCE: Duration = Duration::from_mins(30);

    /// A look sees it held, `before` saw it or not.
    #[must_use]
    pub fn seen(before: Option<Self>, now: Timestamp) -> Self {
        let before = before.unwrap_or(Self {
            began: now,
            millis: 0,
            last: None,
        });
        let since = before.last.map_or(Duration::ZERO, |last| now.since(last));
        let counts = since.min(Self::MOST_BETWEEN).as_millis();
        Self {
            millis: before
                .millis
                .saturating_add(u64::try_from(counts).unwrap_or(u64::MAX)),
            last: Some(now),
            ..before
        }
    }

    /// For how long it was held.
    #[must_use]
    pub fn held(self) -> Duration {
        Duration::from_millis(self.millis)
    }

    /// How long a bake of this time may take in all.
    #[must_use]
    pub fn patience(bake: Duration) -> Duration {
        bake * 2 + Self::PATIENCE
    }
}

impl Bookmark {
    const VERSION: u8 = 2;

    /// The first look of an action.
    #[must_use]
    pub fn new(job: &str, now: Timestamp) -> Self {
        Self {
            v: Self::VERSION,
            action: job.to_owned(),
            started: now,
            step: 0,
            step_started: now,
            bake: None,
            blind: true,
        }
    }

    /// Reads the continuation token of a job, one of our own making.
    ///
    /// A token that a later or earlier version of the suite wrote is read as a first look: then the
    /// waits begin again, and nothing else is lost.
    #[must_use]
    pub fn read(job: &Job, now: Timestamp) -> Self {
        job.continuation_token
            .as_deref()
            .and_then(|token| serde_json::from_str::<Self>(token).ok())
            .filter(|bookmark| bookmark.v == Self::VERSION)
            .unwrap_or_else(|| Self {
                blind: job.continuation_token.is_none(),
                ..Self::new(&job.id, now)
            })
    }

    /// The same for an action of which a look has seen what there is.
    #[must_use]
    pub fn sighted(self) -> Self {
        Self {
            blind: false,
            ..self
        }
    }

    /// The bookmark of the step after this one.
    #[must_use]
    pub fn next_step(self, now: Timestamp) -> Self {
        let next = self.step + 1;
        self.at_step(next, now)
    }

    /// The bookmark of a step that begins.
    #[must_use]
    pub fn at_step(self, step: usize, now: Timestamp) -> Self {
        Self {
            step,
            step_started: now,
            bake: None,
            ..self
        }
    }

    /// The same step, its goal seen held.
    #[must_use]
    pub fn held(self, now: Timestamp) -> Self {
        Self {
            bake: Some(Bake::seen(self.bake, now)),
            ..self
        }
    }

    /// The same step, its goal not seen held: the clock of its bake stands still.
    #[must_use]
    pub fn not_held(self) -> Self {
        let bake = self.bake.map(|bake| Bake { last: None, ..bake });
        Self { bake, ..self }
    }

    /// The continuation token.
    #[must_use]
    pub fn token(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Cuts a text to what an API takes, at a character's border, with an ellipsis where it was cut.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Value {
        serde_json::json!({"CodePipeline.job": {
        "id": "8c6d1f0e-2b3a-4c5d-9e8f-7a6b5c4d3e2f", "accountId": "111122223333",
        "data": {
            "actionConfiguration": {"configuration": {"FunctionName": "deploy-canary", "UserParameters": "{}"}},
            "inputArtifacts": [{"name": "BuildOutput", "revision": null, "location": {"type": "S3",
                "s3Location": {"bucketName": "artifacts", "objectKey": "orders/BuildOutp/AbC"}}}],
            "outputArtifacts": [],
            "artifactCredentials": {"accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "planted-secret",
                "sessionToken": "planted-token", "expirationTime": 1_791_900_000_000_u64}
        }}})
    }

    #[test]
    fn a_job_is_read_without_what_is_not_used() {
        let job = Job::read(&event()).unwrap();
        assert_eq!(job.user_parameters.as_deref(), Some("{}"));
        assert_eq!(job.continuation_token, None);
        assert_eq!(job.inputs[0].key, "orders/BuildOutp/AbC");
    }

    #[test]
    fn a_job_without_artifacts_or_credentials_is_a_job() {
        let mut event = event();
        let data = event["CodePipeline.job"]["data"].as_object_mut().unwrap();
        data.retain(|key, _| key == "actionConfiguration");
        assert!(Job::read(&event).unwrap().inputs.is_empty());
        assert!(Job::read(&serde_json::json!({"Records": []})).is_none());
    }

    #[test]
    fn credentials_do_not_show() {
        let shown = format!("{:?}", Job::read(&event()).unwrap());
        assert!(!shown.contains("planted"), "{shown}");
        assert!(shown.contains("Credentials(withheld)"));
    }

    #[test]
    fn a_bookmark_survives_the_pipeline_and_a_foreign_one_is_a_first_look() {
        let now = Timestamp::from_epoch_millis(1_790_960_680_989);
        let mut job = Job::read(&event()).unwrap();
        let first = Bookmark::new(&job.id, now);
        assert_eq!(Bookmark::read(&job, now), first);
        job.continuation_token = Some("{\"v\":1}".to_owned());
        assert_eq!(Bookmark::read(&job, now), first.clone().sighted());
        let later = first.next_step(now).held(now);
        assert!(later.token().len() < 2048);
        job.continuation_token = Some(later.token());
        job.id = "a continuation is a new job".to_owned();
        assert_eq!(Bookmark::read(&job, now), later);
    }

    /// When, and whether it was seen held.
    type Looks = &'static [(u64, bool)];

    #[test]
    fn a_bake_counts_what_two_looks_in_a_row_have_seen_held() {
        let at = |second: u64| Timestamp::from_epoch_millis(1_790_960_000_000 + second * 1000);
        let rows: [(&str, Looks, u64); 7] = [
            ("seen once", &[(0, true)], 0),
            ("and again", &[(0, true), (30, true)], 30),
            (
                "and not in between",
                &[(0, true), (30, true), (60, false), (90, true), (120, true)],
                60,
            ),
            (
                "the same look twice",
                &[(0, true), (30, true), (30, true)],
                30,
            ),
            (
                "nobody looked for ten minutes",
                &[(0, true), (600, true)],
                300,
            ),
            (
                "it was away then",
                &[(0, true), (30, false), (630, true)],
                0,
            ),
            (
                "again and again",
                &[
                    (0, true),
                    (30, true),
                    (60, false),
                    (90, true),
                    (120, false),
                    (150, true),
                ],
                30,
            ),
        ];
        for (situation, looks, expected) in rows {
            let mut bookmark = Bookmark::new("job", at(0));
            for (second, is_held) in looks {
                bookmark = match is_held {
                    true => bookmark.held(at(*second)),
                    false => bookmark.not_held(),
                };
            }
            let bake = bookmark.bake.unwrap();
            assert_eq!(bake.held(), Duration::from_secs(expected), "{situation}");
            assert_eq!(bake.began, at(0), "{situation}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_characters_border() {
        assert_eq!(cut("große", 4), "gro…");
        assert_eq!(cut("große", 5), "große");
    }
}
