//! Whether what is to be released fits the services that are to run it. Asked before the first write. Pure.

use serde_json::Value;

use super::{Definition, RELEASE_TAGS, Reason, Source, Wanted, source::Whole};
use crate::names::ServiceName;

/// As many tags a resource may have (ECS developer guide, "Tagging your Amazon ECS resources").
const MOST_TAGS: usize = 50;

impl Wanted {
    /// Whether a definition of its own is one for the primary: of its family, with its roles, and one that AWS still deploys. The
    /// stable definition with other images always is.
    pub fn fits(&self, primary: &ServiceName, stable: &Definition) -> Result<(), Reason> {
        let Source::Whole(whole) = &self.source else {
            return Ok(());
        };
        let from = whole.to_string();
        let expected = stable.input();
        let text = |of: &Value, field: &str| of[field].as_str().unwrap_or("none").to_owned();
        let family = |of: &Value| text(of, "family");
        if family(&self.input) != family(&expected) {
            return Err(Reason::CandidateFamily {
                from,
                found: family(&self.input),
                expected: family(&expected),
            });
        }
        for field in ["taskRoleArn", "executionRoleArn"] {
            let (found, expected) = (text(&self.input, field), text(&expected, field));
            // AWS takes the name for the ARN (API reference, `RegisterTaskDefinition`).
            if found != expected && !expected.ends_with(&format!("/{found}")) {
                return Err(Reason::CandidateRole {
                    from,
                    field,
                    found,
                    service: primary.clone(),
                    expected,
                });
            }
        }
        match whole {
            Whole::Revision(revision) if revision.status().is_some_and(|it| it != "ACTIVE") => {
                let status = revision.status().unwrap_or_default().to_owned();
                Err(Reason::CandidateNotActive { from, status })
            }
            Whole::Revision(_) | Whole::File { .. } => Ok(()),
        }
    }

    /// Whether what is registered has room for our tags beside those of a definition.
    pub fn has_room_for_tags(&self, stable: &Definition) -> Result<(), Reason> {
        let definition = match &self.source {
            Source::Images(_) => stable.short(),
            Source::Whole(file @ Whole::File { .. }) => file.to_string(),
            Source::Whole(Whole::Revision(_)) => return Ok(()),
        };
        let (found, ours) = (self.kept_tags().count(), RELEASE_TAGS.len());
        if found + ours <= MOST_TAGS {
            return Ok(());
        }
        Err(Reason::TooManyTags {
            definition,
            found,
            ours,
            most: MOST_TAGS,
        })
    }
}
