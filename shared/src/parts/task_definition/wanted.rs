//! The candidate's task definition: the stable one with images replaced and everything else kept, or one of its own.

use crate::{
    clock::Timestamp,
    item::Images,
    names::{ContainerName, ReleaseId, TaskDefinitionArn},
};
use serde_json::{Value, json};

use super::{
    BEGAN_TAG, Definition, Digests, RELEASE_TAG, Reason, Source, difference, images_of,
    source::Whole, tags,
};

/// What is to be released: everything that its tasks would run.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The images, by container: those that are replaced, or all of a definition of its own.
    pub images: Images,
    /// The input of `RegisterTaskDefinition`, with these images, without our tags.
    pub(super) input: Value,
    /// Where it comes from.
    pub(super) source: Source,
}

impl Wanted {
    /// What a source asks for, beside what the primary runs.
    ///
    /// # Errors
    /// It names images without a container that the stable definition has.
    pub fn of(
        source: Source,
        stable: &Definition,
        stable_arn: &TaskDefinitionArn,
    ) -> Result<Self, Reason> {
        let whole = match &source {
            Source::Images(named) => {
                let images = named.beside(stable, stable_arn)?;
                let mut input = stable.input();
                input["tags"] = stable.kept_tags().cloned().collect();
                let wanted = Self {
                    images: Images::default(),
                    input,
                    source,
                };
                return Ok(wanted.running(images));
            }
            Source::Whole(whole) => whole,
        };
        let input = whole.input();
        let containers = input["containerDefinitions"].as_array();
        Ok(Self {
            images: Images(images_of(containers.map_or(&[], Vec::as_slice))),
            input,
            source,
        })
    }

    /// The revision, if it is registered already.
    #[must_use]
    pub fn revision(&self) -> Option<TaskDefinitionArn> {
        match &self.source {
            Source::Whole(Whole::Revision(definition)) => definition.arn(),
            Source::Whole(Whole::File { .. }) | Source::Images(_) => None,
        }
    }

    /// What it changes of what runs, by name; nothing where it runs already, whatever tags mean.
    #[must_use]
    pub fn changes(
        &self,
        stable: &Definition,
        stable_arn: &TaskDefinitionArn,
        digests: &Digests,
    ) -> Vec<String> {
        if self.revision().as_ref() == Some(stable_arn) {
            // ECS makes no deployment of what a service is on, whatever its tags mean by now.
            return Vec::new();
        }
        let is_running = |container: &str| self.runs(container, digests);
        difference::between(&stable.input(), &self.input, is_running)
    }

    /// Whether a container's image is known to run already. Where only some are replaced the others stay.
    fn runs(&self, container: &str, digests: &Digests) -> bool {
        let is_named = self.images.0.keys().any(|name| name.as_str() == container);
        digests.is_running(container) || !is_named && matches!(self.source, Source::Images(_))
    }

    /// The same with its images by their digests, where those are known; what is registered already stays.
    #[must_use]
    pub fn with(self, digests: &Digests) -> Self {
        if self.revision().is_some() {
            return self;
        }
        let pinned = digests.pinned(&self.images);
        self.running(pinned)
    }

    fn running(mut self, images: Images) -> Self {
        let containers = self.input["containerDefinitions"].as_array_mut();
        for container in containers.into_iter().flatten() {
            let name = container["name"].as_str();
            let name = name.and_then(|name| ContainerName::try_from(name).ok());
            if let Some(image) = name.and_then(|name| images.0.get(&name)) {
                container["image"] = json!(image);
            }
        }
        self.images = images;
        self
    }

    /// The input of `RegisterTaskDefinition` for one attempt of a release.
    #[must_use]
    pub fn definition(&self, release: &ReleaseId, began: Timestamp) -> String {
        let ours = [
            json!({"key": RELEASE_TAG, "value": release}),
            json!({"key": BEGAN_TAG, "value": began.to_string()}),
        ];
        let mut input = self.input.clone();
        let kept = self.kept_tags().cloned();
        input["tags"] = kept.chain(ours).collect();
        input.to_string()
    }

    /// Tags that are nobody's but the user's.
    pub(super) fn kept_tags(&self) -> impl Iterator<Item = &Value> {
        tags(&self.input)
    }
}
