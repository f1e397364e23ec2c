//! Where a function's code comes from.

use std::io::Cursor;

use serde_json::Value;
use zip::ZipArchive;

use super::{
    faults,
    function::{Archive, Function},
};
use crate::world::{Fault, World, iam::needs::texts};

/// Whether new code is to be published at once.
pub(super) fn is_published(input: &Value) -> bool {
    input["Publish"] == true
}

/// A function with the code that `UpdateFunctionCode` names. A ZIP file in the request itself is not taken: what runs here is
/// found by name.
pub(super) fn changed(world: &World, before: &Function, input: &Value) -> Result<Function, Fault> {
    faults::refuse_others(
        input,
        &[
            "FunctionName",
            "RevisionId",
            "S3Bucket",
            "S3Key",
            "S3ObjectVersion",
            "ImageUri",
            "Architectures",
            "Publish",
            "DryRun",
        ],
    )?;
    if texts(input, "Architectures")
        .iter()
        .any(|it| *it != "arm64")
    {
        return Err(faults::invalid(
            "The local account runs functions on arm64 only.",
        ));
    }
    let text = |member: &str| input[member].as_str();
    match (text("S3Bucket"), text("S3Key"), text("ImageUri")) {
        (Some(bucket), Some(key), None) if !before.is_image => {
            let (program, archive) = package(world, bucket, key, text("S3ObjectVersion"))?;
            Ok(Function {
                program,
                archive: Some(archive),
                ..before.clone()
            })
        }
        (None, None, Some(image)) if before.is_image => Ok(Function {
            program: image.to_owned(),
            archive: None,
            ..before.clone()
        }),
        (Some(_), Some(_), None) => Err(faults::invalid(
            "Please provide ImageUri when updating a function with packageType Image.",
        )),
        (None, None, Some(_)) => Err(faults::invalid(
            "Please don't provide ImageUri when updating a function with packageType Zip.",
        )),
        _ => Err(faults::invalid(
            "Please provide a source for function code.",
        )),
    }
}

/// The name of a package in a bucket, once it is a ZIP file with a `bootstrap`. AWS checks the first only, and a function
/// without the second fails as it starts.
pub(super) fn package(
    world: &World,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<(String, Archive), Fault> {
    let object = match version {
        Some(version) => world.s3.version(bucket, key, version),
        None => world.s3.object(bucket, key),
    };
    let object = object.map_err(|fault| {
        faults::invalid(format!(
            "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
            fault.code, fault.message
        ))
    })?;
    let unreadable =
        "Could not unzip uploaded file. Please check your file, then try to upload again.";
    let mut archive = ZipArchive::new(Cursor::new(object.body.as_slice()))
        .map_err(|_| faults::invalid(unreadable))?;
    if archive.by_name("bootstrap").is_err() {
        return Err(faults::invalid(format!(
            "s3://{bucket}/{key} has no bootstrap"
        )));
    }
    let program = match version {
        Some(version) => format!("s3://{bucket}/{key}?versionId={version}"),
        None => format!("s3://{bucket}/{key}"),
    };
    Ok((program, Archive::of(&object.body)))
}
