//! The versions of the application, and the pipeline's source and build.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Cursor, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest as _, Md5};
use serde_json::json;
use sha2::Sha256;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{CONTAINER, NAME, PIPELINE, identity};
use crate::{
    live::{Image, Images},
    world::{
        Fault, Principal, World, codebuild,
        codepipeline::{self, Played, PlayedAction},
        ecr, ecs,
        journal::What,
        s3,
    },
};

/// The file of the source that says which version it builds.
const VERSION_FILE: &str = "VERSION";
/// The file of a version's task definition, if it has one.
pub const TASK_DEFINITION: &str = "taskdef.json";
/// The buildspec whose artifact is a function's package.
const PACKAGE_BUILD: &str = "buildspec-lambda.yml";
/// A function's program in its package.
const PROGRAM: &str = "bootstrap";
/// How a program for Linux on arm64 begins. System V ABI, "ELF Header", up to `e_machine`.
const ARM64: [u8; 20] = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xb7\0";
/// AWS: "Image definitions file reference", the file that the ECS deploy action reads.
const IMAGE_DEFINITIONS: &str = "imagedefinitions.json";

/// A version of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// For people, for example `v1`.
    pub label: String,
    /// What its tasks do.
    pub behaviour: Behaviour,
    /// For how many minutes its tasks protect themselves from scale-in as soon as they run, if they do.
    pub protects_itself: Option<u16>,
    /// What its source changes about the task definition, if it has one of its own.
    pub defines: Option<Defines>,
}

/// What the task definition of a version has that the running one has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defines {
    /// Name and value of an environment variable.
    pub variable: (&'static str, String),
    /// CPU units and MiB of the task.
    pub size: (u32, u32),
}

/// What a version's tasks do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// They process every message or request.
    Works,
    /// They fail this percentage of messages or requests; a message at every attempt.
    Fails(u8),
    /// They fail this percentage of attempts; a message passes at a later one.
    FailsAttempts(u8),
    /// They take messages and are never done with one, which is told nowhere: neither processed nor failed.
    Hangs,
    /// Their process dies at this percentage of messages, and tells nobody; the messages pass at a later attempt.
    DiesOnMessages(u8),
    /// Behind a load balancer: they take this percentage of requests, and close the connection without an answer.
    Drops(u8),
    /// They end with exit code 1 at once.
    CrashesAtStart,
    /// They work, and end with exit code 1 after so many seconds, again and again.
    EndsAfter(u16),
    /// Behind a load balancer: their health check fails once they have had so many requests.
    TurnsUnhealthyAfter(u16),
}

impl Version {
    /// A version by label and behaviour.
    #[must_use]
    pub fn new(label: &str, behaviour: Behaviour) -> Self {
        Self {
            label: label.to_owned(),
            behaviour,
            protects_itself: None,
            defines: None,
        }
    }

    /// The same, with a task definition in its source.
    #[must_use]
    pub fn defining(self, defines: Defines) -> Self {
        Self {
            defines: Some(defines),
            ..self
        }
    }

    /// The same, but its tasks protect themselves from scale-in for so many minutes as soon as they run.
    #[must_use]
    pub fn protected_for(self, minutes: u16) -> Self {
        Self {
            protects_itself: Some(minutes),
            ..self
        }
    }

    /// Whether what it does is told by nobody: it ends before it has begun, or is never done.
    fn tells_nothing(&self) -> bool {
        matches!(self.behaviour, Behaviour::CrashesAtStart | Behaviour::Hangs)
    }

    /// Its image, by digest: the same one for the same label.
    #[must_use]
    pub fn image(&self) -> String {
        let registry = identity();
        format!(
            "{}.dkr.ecr.{}.amazonaws.com/orders@{}",
            registry.account,
            registry.region,
            self.digest()
        )
    }

    /// The digest of its image.
    #[must_use]
    pub fn digest(&self) -> String {
        let half = hex(&Md5::digest(&self.label));
        format!("sha256:{half}{half}")
    }

    /// Its package as a function: the same bytes for the same label.
    #[must_use]
    pub fn package(&self) -> Vec<u8> {
        let program = [&ARM64, self.label.as_bytes()].concat();
        zip(&[(PROGRAM, program)]).unwrap_or_default()
    }

    /// The SHA-256 digest of its package in Base64, as Lambda tells it.
    #[must_use]
    pub fn package_digest(&self) -> String {
        BASE64_STANDARD.encode(Sha256::digest(self.package()))
    }

    fn program(&self, sample_app: &Path, work: Duration) -> Image {
        let mut environment = variables([
            ("APP_VERSION", self.label.clone()),
            ("WORK_MS", work.as_millis().to_string()),
        ]);
        let (command, args) = match self.behaviour {
            Behaviour::Works => (sample_app.to_owned(), Vec::new()),
            Behaviour::Fails(percent) => {
                environment.insert("FAILURE_PERCENT".to_owned(), percent.to_string());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::FailsAttempts(percent) => {
                environment.insert("ATTEMPT_FAILURE_PERCENT".to_owned(), percent.to_string());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::Hangs => {
                environment.insert("WORK_MS".to_owned(), "43200000".to_owned());
                environment.insert("WORK_TIMEOUT_SECONDS".to_owned(), "43200".to_owned());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::DiesOnMessages(percent) => {
                environment.insert("DEATH_PERCENT".to_owned(), percent.to_string());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::Drops(percent) => {
                environment.insert("DROP_PERCENT".to_owned(), percent.to_string());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::TurnsUnhealthyAfter(requests) => {
                environment.insert("HEALTH_FAILS_AFTER".to_owned(), requests.to_string());
                (sample_app.to_owned(), Vec::new())
            }
            Behaviour::EndsAfter(seconds) => {
                // SIGTERM goes on to the application; the exit code is 124.
                let args = vec![
                    seconds.to_string(),
                    sample_app.to_string_lossy().into_owned(),
                ];
                (PathBuf::from("timeout"), args)
            }
            Behaviour::CrashesAtStart => {
                let args = ["-c", "exit 1"].map(str::to_owned).to_vec();
                (PathBuf::from("/bin/sh"), args)
            }
        };
        Image {
            command,
            args,
            environment,
        }
    }
}

/// Which versions there are. The first is the one that runs at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    stable: Version,
    others: Vec<Version>,
}

impl Script {
    /// `v1`, which works and runs, and candidates.
    #[must_use]
    pub fn new(candidates: impl IntoIterator<Item = Version>) -> Self {
        Self::beginning_with(Version::new("v1", Behaviour::Works), candidates)
    }

    /// Another version that runs at the beginning, and candidates.
    #[must_use]
    pub fn beginning_with(stable: Version, candidates: impl IntoIterator<Item = Version>) -> Self {
        Self {
            stable,
            others: candidates.into_iter().collect(),
        }
    }

    /// The version that runs at the beginning.
    #[must_use]
    pub fn stable(&self) -> &Version {
        &self.stable
    }

    /// All versions.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        std::iter::once(&self.stable).chain(&self.others)
    }

    /// Whether every version tells what it does, so that shares can be measured.
    #[must_use]
    pub fn tells_all(&self) -> bool {
        !self.versions().any(Version::tells_nothing)
    }

    /// The version whose package has a digest.
    #[must_use]
    pub fn version_of_package(&self, digest: &str) -> Option<&Version> {
        self.versions()
            .find(|version| version.package_digest() == digest)
    }

    /// The version that the image with a digest holds.
    #[must_use]
    pub fn version_of(&self, digest: &str) -> Option<&Version> {
        self.versions().find(|version| version.digest() == digest)
    }

    /// Pushes the images of all versions, with their labels as tags.
    ///
    /// # Errors
    /// As [`ecr::put_image`].
    pub fn push_images(&self, world: &mut World) -> Result<(), Fault> {
        let repository = ecr::Repository::here(world, NAME);
        self.versions().try_for_each(|version| {
            let image = ecr::Image {
                digest: version.digest(),
                media_type: ecr::MANIFEST,
            };
            ecr::put_image(world, &repository, &image, Some(&version.label))
        })
    }

    /// The images as programs on this machine, given the sample application's and how long it works
    /// on a message.
    #[must_use]
    pub fn images(&self, sample_app: &Path, work: Duration) -> Images {
        self.versions()
            .map(|version| (version.image(), version.program(sample_app, work)))
            .collect()
    }

    /// The packages as programs on this machine, by digest, given the sample function's.
    #[must_use]
    pub fn packages(&self, sample_function: &Path, work: Duration) -> Images {
        self.versions()
            .map(|version| {
                (
                    version.package_digest(),
                    version.program(sample_function, work),
                )
            })
            .collect()
    }

    /// Pushes a version's source, which starts the pipeline. Answers the execution.
    ///
    /// # Errors
    /// When the account refuses, and when the push starts nothing.
    pub fn release(&self, world: &mut World, label: &str) -> Result<String, Fault> {
        let newest =
            |world: &World| codepipeline::newest_execution(world, PIPELINE).map(str::to_owned);
        let before = newest(world);
        let version = self.versions().find(|version| version.label == label);
        let defines = version.and_then(|version| version.defines.as_ref());
        let object = push(world, label, defines)?;
        newest(world)
            .filter(|started| Some(started) != before.as_ref())
            .ok_or_else(|| {
                Fault::new(
                    "NothingStarted",
                    format!(
                        "{object} was pushed, and no rule started {PIPELINE}. The bucket must send \
                         its events to EventBridge, and the pattern of a rule with the pipeline for \
                         its target must match that object"
                    ),
                )
            })
    }

    /// Plays a source, build or test action to its end.
    pub fn play(&self, world: &mut World, action: &PlayedAction) {
        let played = match self.output(world, action) {
            Ok(variables) => Played::Succeeded(variables),
            Err(message) => Played::Failed(message),
        };
        codepipeline::action_finished(world, &action.action_execution, played);
    }

    /// Puts the action's output artifact in its place; answers the output variables.
    fn output(
        &self,
        world: &mut World,
        action: &PlayedAction,
    ) -> Result<BTreeMap<String, String>, String> {
        match action.provider.as_str() {
            "S3" => take_source(world, action),
            "CodeBuild" if action.output_artifacts.is_empty() => test(world, action),
            "CodeBuild" => self.build(world, action),
            provider => Err(format!("nobody plays {provider} actions here")),
        }
    }

    /// Builds what the source artifact says, as the shipped buildspecs do.
    fn build(
        &self,
        world: &mut World,
        action: &PlayedAction,
    ) -> Result<BTreeMap<String, String>, String> {
        let (bucket, key) = only(&action.input_artifacts)?;
        let source = world.s3.get(bucket, key).map_err(|fault| fault.message)?;
        let label = unzip(source, VERSION_FILE)?;
        let version = self
            .versions()
            .find(|version| version.label == label)
            .ok_or_else(|| format!("the script has no version {label}"))?;
        let project = action.configuration.get("ProjectName");
        let build_spec = project.and_then(|it| codebuild::build_spec(world, it));
        if build_spec == Some(PACKAGE_BUILD) {
            put_output(world, action, version.package())?;
            return Ok(BTreeMap::new());
        }
        let definitions = json!([{ "name": CONTAINER, "imageUri": version.image() }]);
        let output = zip(&[(IMAGE_DEFINITIONS, definitions.to_string().into_bytes())])?;
        put_output(world, action, output)?;
        Ok(variables([("IMAGE_URI", version.image())]))
    }
}

/// Makes a version the newest source: puts it where the pipeline takes it from. Answers the place.
fn push(world: &mut World, label: &str, defines: Option<&Defines>) -> Result<String, Fault> {
    let declared = codepipeline::call(world, "GetPipeline", &json!({ "name": PIPELINE }))?;
    let source = &declared["pipeline"]["stages"][0]["actions"][0]["configuration"];
    let configured = |name: &str| source[name].as_str().unwrap_or_default();
    let (bucket, key) = (configured("S3Bucket"), configured("S3ObjectKey"));
    world.note(What::Told(format!("pushed {label}")));
    let definition = defines
        .map(|defines| definition(world, defines))
        .transpose()?;
    let version = (VERSION_FILE, label.to_owned());
    let files = std::iter::once(version).chain(definition.map(|it| (TASK_DEFINITION, it)));
    put_source(world, bucket, key, &files.collect::<Vec<_>>())?;
    Ok(format!("s3://{bucket}/{key}"))
}

fn put_source(
    world: &mut World,
    bucket: &str,
    key: &str,
    files: &[(&str, String)],
) -> Result<(), Fault> {
    let files = files
        .iter()
        .map(|(name, content)| (*name, content.clone().into_bytes()));
    let archive =
        zip(&files.collect::<Vec<_>>()).map_err(|message| Fault::new("InternalError", message))?;
    s3::put(world, bucket, key, archive)
}

/// The task definition as a team has it in its source: the one that runs, changed, with a placeholder for the image.
fn definition(world: &mut World, defines: &Defines) -> Result<String, Fault> {
    let described = ecs::call(
        world,
        "DescribeTaskDefinition",
        &json!({ "taskDefinition": NAME }),
        &Principal("team".to_owned()),
    )?;
    let mut definition = described["taskDefinition"].clone();
    let container = &mut definition["containerDefinitions"][0];
    container["image"] = json!("<IMAGE1_NAME>");
    let (name, value) = &defines.variable;
    let variable = json!({ "name": name, "value": value });
    match container["environment"].as_array_mut() {
        Some(variables) => variables.push(variable),
        None => container["environment"] = json!([variable]),
    }
    let (cpu, memory) = defines.size;
    (definition["cpu"], definition["memory"]) = (json!(cpu.to_string()), json!(memory.to_string()));
    Ok(definition.to_string())
}

/// Copies the newest source. AWS: "Amazon S3 source action reference", the output variables.
fn take_source(
    world: &mut World,
    action: &PlayedAction,
) -> Result<BTreeMap<String, String>, String> {
    let configured = |name: &str| {
        let value = action.configuration.get(name);
        value.ok_or_else(|| format!("action {} has no {name}", action.action))
    };
    let (bucket, key) = (configured("S3Bucket")?, configured("S3ObjectKey")?);
    let source = world.s3.object(bucket, key);
    let source = source.map_err(|fault| fault.message)?.clone();
    // AWS: "Amazon S3 source action reference": the bucket must have versioning.
    let version = source
        .version
        .ok_or_else(|| format!("bucket {bucket} has no versioning, which source actions need"))?;
    put_output(world, action, source.body)?;
    Ok(variables([
        ("ETag", format!("\"{}\"", source.etag)),
        ("VersionId", version),
    ]))
}

/// Tests a running version, which passes.
fn test(world: &World, action: &PlayedAction) -> Result<BTreeMap<String, String>, String> {
    let (bucket, key) = only(&action.input_artifacts)?;
    let source = world.s3.get(bucket, key).map_err(|fault| fault.message)?;
    unzip(source, VERSION_FILE)?;
    Ok(BTreeMap::new())
}

fn put_output(world: &mut World, action: &PlayedAction, body: Vec<u8>) -> Result<(), String> {
    let (bucket, key) = only(&action.output_artifacts)?;
    s3::put(world, bucket, key, body).map_err(|fault| fault.message)
}

/// The example's actions have at most one artifact on each side.
fn only(artifacts: &BTreeMap<String, (String, String)>) -> Result<&(String, String), String> {
    match artifacts.len() {
        1 => artifacts.values().next(),
        _ => None,
    }
    .ok_or_else(|| format!("expected one artifact, not {}", artifacts.len()))
}

fn variables<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// An archive with the same bytes in every run.
fn zip(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, content) in files {
        archive
            .start_file(*name, options)
            .map_err(|error| error.to_string())?;
        archive
            .write_all(content)
            .map_err(|error| error.to_string())?;
    }
    let archive = archive.finish().map_err(|error| error.to_string())?;
    Ok(archive.into_inner())
}

fn unzip(archive: &[u8], name: &str) -> Result<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|error| error.to_string())?;
    let mut file = archive
        .by_name(name)
        .map_err(|error| format!("{name}: {error}"))?;
    let mut content = String::new();
    file.read_to_string(&mut content)
        .map_err(|error| format!("{name}: {error}"))?;
    Ok(content)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    fn script() -> Script {
        Script::new([
            Version::new("v2", Behaviour::Fails(50)),
            Version::new("v3", Behaviour::CrashesAtStart),
        ])
    }

    fn world() -> World {
        let mut world = World::new(identity(), Moment(0), 1);
        world.s3.create_bucket("source");
        world.s3.set_versioning("source", true).unwrap();
        world.s3.create_bucket("artifacts");
        world
    }

    fn action(provider: &str, input: Option<&str>, output: &str) -> PlayedAction {
        let artifact = |key: &str| (key.to_owned(), ("artifacts".to_owned(), key.to_owned()));
        PlayedAction {
            action_execution: "1".to_owned(),
            execution: "2".to_owned(),
            stage: "S".to_owned(),
            action: "A".to_owned(),
            provider: provider.to_owned(),
            configuration: variables([
                ("S3Bucket", "source".to_owned()),
                ("S3ObjectKey", "source.zip".to_owned()),
            ]),
            input_artifacts: input.map(artifact).into_iter().collect(),
            output_artifacts: BTreeMap::from([artifact(output)]),
        }
    }

    #[test]
    fn a_pushed_version_is_built_into_its_image() {
        let (mut world, script) = (world(), script());
        put_source(
            &mut world,
            "source",
            "source.zip",
            &[(VERSION_FILE, "v2".to_owned())],
        )
        .unwrap();

        let source = script
            .output(&mut world, &action("S3", None, "source"))
            .unwrap();
        let build = script
            .output(&mut world, &action("CodeBuild", Some("source"), "build"))
            .unwrap();

        assert!(source.contains_key("VersionId"));
        let image = &build["IMAGE_URI"];
        let (_, digest) = image.split_once('@').unwrap();
        assert_eq!(script.version_of(digest).unwrap().label, "v2");
        let definitions = unzip(
            world.s3.get("artifacts", "build").unwrap(),
            IMAGE_DEFINITIONS,
        );
        assert_eq!(
            definitions.unwrap(),
            json!([{ "name": "app", "imageUri": image }]).to_string()
        );
    }

    #[test]
    fn a_source_that_nobody_pushed_fails_the_action() {
        let error = script()
            .output(&mut world(), &action("S3", None, "source"))
            .unwrap_err();
        assert_eq!(error, "The specified key does not exist.");
    }

    #[test]
    fn a_version_outside_the_script_fails_the_build() {
        let (mut world, script) = (world(), script());
        put_source(
            &mut world,
            "source",
            "source.zip",
            &[(VERSION_FILE, "v9".to_owned())],
        )
        .unwrap();
        script
            .output(&mut world, &action("S3", None, "source"))
            .unwrap();
        let error = script
            .output(&mut world, &action("CodeBuild", Some("source"), "build"))
            .unwrap_err();
        assert_eq!(error, "the script has no version v9");
    }

    #[test]
    fn every_version_has_an_image_of_its_own_named_by_digest() {
        let script = script();
        let images = script.images(Path::new("/bin/sample-app"), Duration::ZERO);
        assert_eq!(images.len(), 3);
        for image in images.keys() {
            let (name, digest) = image.split_once("@sha256:").unwrap();
            assert_eq!(
                name,
                "111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders"
            );
            assert_eq!(digest.len(), 64);
        }
        let failing = &images[&script.others[0].image()];
        assert_eq!(failing.environment["FAILURE_PERCENT"], "50");
        assert_eq!(failing.environment["APP_VERSION"], "v2");
    }
}
