//! What calls need.

use crate::world::iam::needs::{Need, Question, text};

pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let of_version = it.input["VersionId"].is_string();
    let bucket = format!("arn:aws:s3:::{}", text(it.input, "Bucket"));
    let object = format!("{bucket}/{}", text(it.input, "Key"));
    let (action, resource) = match it.operation {
        "GetObject" | "HeadObject" if of_version => ("s3:GetObjectVersion", object),
        "GetObject" | "HeadObject" => ("s3:GetObject", object),
        "PutObject" => ("s3:PutObject", object),
        "DeleteObject" if of_version => ("s3:DeleteObjectVersion", object),
        "DeleteObject" => ("s3:DeleteObject", object),
        "DeleteObjects" => {
            let objects = it.input["Delete"]["Objects"].as_array();
            let needs = objects.into_iter().flatten().map(|object| {
                let of_version = object["VersionId"].is_string();
                let action = if of_version {
                    "s3:DeleteObjectVersion"
                } else {
                    "s3:DeleteObject"
                };
                Need::new(action, format!("{bucket}/{}", text(object, "Key")))
            });
            return Some(needs.collect());
        }
        "ListObjectVersions" => ("s3:ListBucketVersions", bucket),
        "HeadBucket" => ("s3:ListBucket", bucket),
        "GetBucketLocation" => ("s3:GetBucketLocation", bucket),
        _ => return None,
    };
    Some(vec![Need::new(action, resource)])
}
