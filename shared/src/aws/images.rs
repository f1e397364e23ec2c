//! Amazon ECR: what the tags of images mean now.

use aws_sdk_ecr::{
    config::{Config, Region},
    types::ImageIdentifier,
};

use super::{Account, AwsError};
use crate::image::InEcr;

impl Account {
    /// The digest that a tag stands for, in the registry of whichever account and Region; `None` where nobody can tell: the role may not
    /// ask, or ECR has no such image.
    ///
    /// # Errors
    /// What passes by itself.
    pub async fn digest(&self, image: &InEcr<'_>) -> Result<Option<String>, AwsError> {
        let id = ImageIdentifier::builder().image_tag(image.tag).build();
        let there = Config::builder().region(Region::new(image.region.to_owned()));
        let answer = self
            .ecr
            .describe_images()
            .registry_id(image.account)
            .repository_name(image.repository)
            .image_ids(id)
            .customize()
            .config_override(there)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer.image_details().first();
                Ok(found.and_then(|image| image.image_digest().map(str::to_owned)))
            }
            Err(error) => {
                let what = format!("repository {} of {}", image.repository, image.account);
                let error = AwsError::of("ecr:DescribeImages", what, &error);
                if error.is_passing() {
                    return Err(error);
                }
                tracing::info!("what the tag {} means is unknown: {error}", image.tag);
                Ok(None)
            }
        }
    }
}
