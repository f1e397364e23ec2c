//! Which images run, and which would: by digest, whatever a tag has meant and means.

use std::collections::BTreeMap;

use crate::{
    aws::{Account, AwsError},
    item::Images,
    names::{ClusterName, ContainerName},
};

use super::Definition;

/// What is known of digests, by container. What is not there is unknown: the role may not ask, or there is no such image, no task, or more
/// than one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the images that are to be released.
    pub wanted: BTreeMap<ContainerName, String>,
    /// Of what the primary's tasks run.
    pub running: BTreeMap<ContainerName, String>,
}

impl Digests {
    /// Whether what is wanted is known to run already.
    #[must_use]
    pub fn is_running(&self, container: &str) -> bool {
        let of = |digests: &BTreeMap<ContainerName, String>| {
            let mut found = digests
                .iter()
                .filter(|(name, _)| name.as_str() == container);
            found.next().map(|(_, digest)| digest.clone())
        };
        of(&self.wanted).is_some_and(|wanted| of(&self.running) == Some(wanted))
    }

    /// Images by their digests, where those are known.
    #[must_use]
    pub fn pinned(&self, images: &Images) -> Images {
        let pinned = images.0.iter().map(|(container, image)| {
            let digest = self.wanted.get(container);
            let pinned = digest.and_then(|digest| image.by_digest(digest));
            (container.clone(), pinned.unwrap_or_else(|| image.clone()))
        });
        Images(pinned.collect())
    }

    /// Asks ECR what the tags mean, and ECS what the primary's tasks run.
    pub async fn observe(
        account: &Account,
        cluster: &ClusterName,
        images: &Images,
        stable: &Definition,
        tasks: &[String],
    ) -> Result<Self, AwsError> {
        let wanted = images.0.iter().map(|(container, image)| async move {
            let digest = match image.in_ecr() {
                Some(in_ecr) => account.digest(&in_ecr).await?,
                None => image.digest().map(str::to_owned),
            };
            Ok(digest.map(|digest| (container.clone(), digest)))
        });
        let named = stable.digests();
        let is_named = images
            .0
            .keys()
            .all(|container| named.contains_key(container));
        let of_tasks = async {
            if is_named {
                return Ok(Vec::new());
            }
            account.digests(cluster, tasks).await
        };
        let wanted = futures_util::future::try_join_all(wanted);
        let (wanted, of_tasks) = tokio::try_join!(wanted, of_tasks)?;
        let mut running = common(&of_tasks);
        running.extend(named);
        Ok(Self {
            wanted: wanted.into_iter().flatten().collect(),
            running,
        })
    }
}

/// The digests on which all tasks agree.
fn common(tasks: &[BTreeMap<ContainerName, String>]) -> BTreeMap<ContainerName, String> {
    let Some((first, others)) = tasks.split_first() else {
        return BTreeMap::new();
    };
    let agreed = first.iter().filter(|(container, digest)| {
        others
            .iter()
            .all(|task| task.get(*container) == Some(*digest))
    });
    agreed
        .map(|(container, digest)| (container.clone(), digest.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(digests: &[(&str, &str)]) -> BTreeMap<ContainerName, String> {
        let named = digests.iter().map(|(container, digest)| {
            let container = ContainerName::try_from(*container).expect("a name");
            (container, (*digest).to_owned())
        });
        named.collect()
    }

    #[test]
    fn what_tasks_do_not_agree_on_is_unknown() {
        assert_eq!(common(&[]), of(&[]));
        let both = [
            of(&[("app", "one"), ("proxy", "two")]),
            of(&[("app", "one"), ("proxy", "other")]),
        ];
        assert_eq!(common(&both), of(&[("app", "one")]));
        assert_eq!(common(&[of(&[("app", "one")]), of(&[])]), of(&[]));
    }

    #[test]
    fn only_what_is_known_on_both_sides_and_the_same_runs_already() {
        for (wanted, running, expected) in [
            (of(&[("app", "one")]), of(&[("app", "one")]), true),
            (of(&[("app", "one")]), of(&[("app", "two")]), false),
            (of(&[]), of(&[("app", "one")]), false),
            (of(&[("app", "one")]), of(&[]), false),
            (of(&[]), of(&[]), false),
        ] {
            let digests = Digests { wanted, running };
            assert_eq!(digests.is_running("app"), expected, "{digests:?}");
        }
    }
}
