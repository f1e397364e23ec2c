//! Stories about images and tags.

use serde_json::{Value, json};

use super::*;
use crate::world::Identity;

const ELSEWHERE: &str = "us-east-1";

fn world() -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    World::new(identity, Moment(1_800_000_000_000), 1)
}

/// An account with the repository `app`.
fn with_app(tags: Tags) -> (World, Repository) {
    let mut world = world();
    let app = Repository::here(&world, "app");
    create(&mut world, &app, tags).unwrap();
    (world, app)
}

fn describe(world: &World, region: &str, more: &Value) -> Result<Value, Fault> {
    let mut input = json!({ "repositoryName": "app" });
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    describe::images(world, region, &input)
}

/// The only image with that tag.
fn tagged(world: &World, tag: &str) -> Value {
    let input = json!({ "imageIds": [{ "imageTag": tag }] });
    let mut answer = describe(world, "eu-central-1", &input).unwrap();
    answer["imageDetails"][0].take()
}

#[test]
fn a_tag_moves_to_the_image_that_was_pushed_last_and_the_one_before_stays_without_it() {
    let (mut world, app) = with_app(Tags::Mutable);
    let first = push(&mut world, &app, "latest").unwrap();
    let second = push(&mut world, &app, "latest").unwrap();
    assert_ne!(first, second);
    assert_eq!(tagged(&world, "latest")["imageDigest"], second);
    let by_digest = json!({ "imageIds": [{ "imageDigest": first }] });
    let answer = describe(&world, "eu-central-1", &by_digest).unwrap();
    let before = &answer["imageDetails"][0];
    assert_eq!(before["imageDigest"], first);
    assert_eq!(before.get("imageTags"), None);
}

#[test]
fn a_repository_with_immutable_tags_refuses_to_move_one() {
    let (mut world, app) = with_app(Tags::Immutable);
    let first = push(&mut world, &app, "v1").unwrap();
    let fault = push(&mut world, &app, "v1").unwrap_err();
    assert_eq!(fault.code, "ImageTagAlreadyExistsException");
    assert_eq!(
        fault.message,
        "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository is immutable."
    );
    push(&mut world, &app, "v2").unwrap();
    assert_eq!(tagged(&world, "v1")["imageDigest"], first);
}

#[test]
fn an_image_may_have_several_tags_but_none_of_them_twice() {
    let (mut world, app) = with_app(Tags::Mutable);
    let digest = push(&mut world, &app, "v1").unwrap();
    let media_type = MANIFEST;
    let image = Image { digest, media_type };
    put_image(&mut world, &app, &image, Some("latest")).unwrap();
    assert_eq!(tagged(&world, "v1")["imageTags"], json!(["v1", "latest"]));
    let fault = put_image(&mut world, &app, &image, Some("v1")).unwrap_err();
    assert_eq!(fault.code, "ImageAlreadyExistsException");
}

#[test]
fn a_tag_of_several_platforms_names_the_index_and_not_a_manifest() {
    let (mut world, app) = with_app(Tags::Mutable);
    let index = push_index(&mut world, &app, "v1", 2).unwrap();
    let found = tagged(&world, "v1");
    assert_eq!(found["imageDigest"], index);
    assert_eq!(found["imageManifestMediaType"], INDEX);
    let untagged = json!({ "filter": { "tagStatus": "UNTAGGED" } });
    let answer = describe(&world, "eu-central-1", &untagged).unwrap();
    let manifests = answer["imageDetails"].as_array().unwrap();
    assert_eq!(manifests.len(), 2);
    assert!(
        manifests
            .iter()
            .all(|it| it["imageManifestMediaType"] == MANIFEST)
    );
}

#[test]
fn what_is_not_there_is_told_in_the_words_of_aws() {
    let (world, _) = with_app(Tags::Mutable);
    let input = json!({ "imageIds": [{ "imageTag": "latest" }] });
    let fault = describe(&world, "eu-central-1", &input).unwrap_err();
    assert_eq!(fault.code, "ImageNotFoundException");
    assert_eq!(
        fault.message,
        "The image with imageId {imageDigest:'null', imageTag:'latest'} does not exist within the repository with name 'app' in the registry with id '111122223333'"
    );
    let fault = describe(&world, ELSEWHERE, &input).unwrap_err();
    assert_eq!(fault.code, "RepositoryNotFoundException");
    assert_eq!(
        fault.message,
        "The repository with name 'app' does not exist in the registry with id '111122223333'"
    );
}

#[test]
fn repositories_of_the_same_name_in_other_accounts_and_regions_are_others() {
    let (mut world, app) = with_app(Tags::Mutable);
    let theirs = Repository {
        registry: "222233334444".to_owned(),
        region: ELSEWHERE.to_owned(),
        ..app.clone()
    };
    create(&mut world, &theirs, Tags::Mutable).unwrap();
    let ours = push(&mut world, &app, "latest").unwrap();
    let other = push(&mut world, &theirs, "latest").unwrap();
    let input = json!({ "registryId": "222233334444", "imageIds": [{ "imageTag": "latest" }] });
    let answer = describe(&world, ELSEWHERE, &input).unwrap();
    assert_eq!(answer["imageDetails"][0]["imageDigest"], other);
    assert_eq!(answer["imageDetails"][0]["registryId"], "222233334444");
    assert_eq!(tagged(&world, "latest")["imageDigest"], ours);
}

#[test]
fn images_come_in_pages_unless_they_are_asked_for_by_name() {
    let (mut world, app) = with_app(Tags::Mutable);
    for tag in ["v1", "v2", "v3"] {
        push(&mut world, &app, tag).unwrap();
    }
    let first = describe(&world, "eu-central-1", &json!({ "maxResults": 2 })).unwrap();
    assert_eq!(first["imageDetails"].as_array().unwrap().len(), 2);
    let rest = json!({ "nextToken": first["nextToken"] });
    let rest = describe(&world, "eu-central-1", &rest).unwrap();
    assert_eq!(rest["imageDetails"][0]["imageTags"], json!(["v3"]));
    assert_eq!(rest.get("nextToken"), None);
    let both = json!({ "maxResults": 2, "imageIds": [{ "imageTag": "v1" }] });
    let fault = describe(&world, "eu-central-1", &both).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
}

#[test]
fn an_image_that_was_deleted_is_gone_with_its_tags() {
    let (mut world, app) = with_app(Tags::Immutable);
    let digest = push(&mut world, &app, "v1").unwrap();
    delete_image(&mut world, &app, &digest).unwrap();
    let named = Reference::of(&format!("{}:v1", app.uri())).unwrap();
    assert_eq!(resolve(&world, &named), None);
    push(&mut world, &app, "v1").expect("the tag is free again");
}
