//! A whole task definition in a file, with placeholders for its image as `CodePipeline`'s `CodeDeployToECS` action replaces them
//! (AWS: "Image definitions file reference" and "`CodeDeploy` and Amazon ECS blue/green", `CodePipeline` User Guide).

use std::collections::BTreeSet;

use crate::{
    artifact,
    input::{self, BadInput, USER_PARAMETERS},
    names::Image,
};
use serde_json::{Value, json};

use super::{ANSWER_ONLY, Whole, images::DETAIL};

/// Reads a task definition; `image` takes the place of its placeholder.
pub(super) fn read(name: &str, text: &str, image: Option<&Image>) -> Result<Whole, BadInput> {
    let bad =
        |field: String, problem: String| Err(BadInput::field(name.to_owned(), field, problem));
    let mut input: Value = input::parse(name.to_owned(), text)?;
    if let Some(fields) = input.as_object_mut() {
        fields.retain(|field, _| !ANSWER_ONLY.contains(&field.as_str()));
    }
    if !input["family"].is_string() {
        let problem = "missing; the file is to be the input of RegisterTaskDefinition, as `aws ecs register-task-definition \
                       --generate-cli-skeleton` shows it";
        return bad("family".to_owned(), problem.to_owned());
    }
    place(name, &mut input, image)?;
    let containers = input["containerDefinitions"].as_array();
    for (at, container) in containers.into_iter().flatten().enumerate() {
        let found = container["image"].as_str().unwrap_or_default();
        if let Err(wrong) = Image::try_from(found) {
            return bad(
                format!("containerDefinitions[{at}].image"),
                wrong.to_string(),
            );
        }
    }
    let name = name.to_owned();
    Ok(Whole::File { name, input })
}

/// The file's text, from the first artifact that has it.
pub(super) fn find(name: &str, artifacts: &[Vec<u8>]) -> Result<String, BadInput> {
    for zip in artifacts {
        if let Some(text) = artifact::file(zip, name)? {
            return Ok(text);
        }
    }
    let problem = match artifacts.first() {
        None => format!(
            "{name} is a file of an input artifact, and the action has none; give it the one that holds the file"
        ),
        Some(first) => {
            let names = artifact::names(first)?;
            let some = names.len().min(5);
            format!(
                "no input artifact has {name}; the first one has {}",
                names[..some].join(", ")
            )
        }
    };
    Err(BadInput::field(USER_PARAMETERS, "taskDefinition", problem))
}

/// Puts the image where the definition has a placeholder for it.
fn place(name: &str, input: &mut Value, image: Option<&Image>) -> Result<(), BadInput> {
    let bad = |problem| {
        Err(BadInput::field(
            name.to_owned(),
            "containerDefinitions",
            problem,
        ))
    };
    let Some(containers) = input["containerDefinitions"]
        .as_array_mut()
        .filter(|all| !all.is_empty())
    else {
        return bad("missing, or empty; a task has one container at least".to_owned());
    };
    let found = containers
        .iter()
        .filter_map(|container| placeholder(&container["image"]));
    let found: BTreeSet<String> = found.map(str::to_owned).collect();
    let found: Vec<String> = found.into_iter().collect();
    match (found.as_slice(), image) {
        ([], None) => Ok(()),
        ([], Some(image)) => bad(format!(
            "no image is a placeholder, and {image} is to take the place of one; write \"image\": \"<IMAGE1_NAME>\" there"
        )),
        ([one], None) => bad(format!(
            "{one} is a placeholder, and no image is given for it; add an input artifact with {DETAIL}, or give image in UserParameters"
        )),
        ([one], Some(image)) => {
            let places = containers
                .iter_mut()
                .map(|container| &mut container["image"]);
            for place in places.filter(|it| it.as_str() == Some(one)) {
                *place = json!(image);
            }
            Ok(())
        }
        (several, _) => bad(format!(
            "{} are placeholders, and one image is released at a time; name the others' images there",
            several.join(" and ")
        )),
    }
}

fn placeholder(image: &Value) -> Option<&str> {
    image
        .as_str()
        .filter(|image| image.starts_with('<') && image.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "taskdef.json";

    fn image() -> Image {
        Image::try_from("orders:v2").expect("an image")
    }

    fn definition(images: &[&str]) -> String {
        let containers = images.iter().enumerate();
        let containers: Vec<_> = containers
            .map(|(at, image)| json!({"name": format!("c{at}"), "image": image}))
            .collect();
        json!({"family": "orders", "revision": 7, "containerDefinitions": containers}).to_string()
    }

    #[test]
    fn the_image_takes_the_place_of_every_placeholder_of_one_name() {
        let text = definition(&["<IMAGE1_NAME>", "proxy:7", "<IMAGE1_NAME>"]);
        let Ok(Whole::File { name, input }) = read(FILE, &text, Some(&image())) else {
            panic!("it is read");
        };
        assert_eq!(name, FILE);
        let images: Vec<_> = input["containerDefinitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["image"])
            .collect();
        assert_eq!(images, ["orders:v2", "proxy:7", "orders:v2"]);
        assert!(
            input["revision"].is_null(),
            "what AWS answers only is no input"
        );
    }

    #[test]
    fn a_file_that_cannot_be_registered_says_what_is_wrong_and_where() {
        let given = image();
        let rows = [
            ("{", None, "taskdef.json is not valid JSON: EOF"),
            (
                "[]",
                None,
                "taskdef.json: field family: missing; the file is to be the input of RegisterTaskDefinition",
            ),
            (
                r#"{"family": "orders"}"#,
                None,
                "taskdef.json: field containerDefinitions: missing, or empty",
            ),
            (
                &definition(&["<IMAGE1_NAME>"]),
                None,
                "taskdef.json: field containerDefinitions: <IMAGE1_NAME> is a placeholder, and no image",
            ),
            (
                &definition(&["orders:v1"]),
                Some(&given),
                "taskdef.json: field containerDefinitions: no image is a placeholder, and orders:v2",
            ),
            (
                &definition(&["<A>", "<B>"]),
                Some(&given),
                "taskdef.json: field containerDefinitions: <A> and <B> are placeholders, and one",
            ),
            (
                &definition(&["orders"]),
                None,
                "taskdef.json: field containerDefinitions[0].image: \"orders\" is not an image with a tag",
            ),
        ];
        for (text, image, expected) in rows {
            let error = read(FILE, text, image).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }
}
