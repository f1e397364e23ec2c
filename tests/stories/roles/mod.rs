//! What the templates grant, protect and refuse, asked of the templates themselves and of the account
//! that they make.

mod alarms;
mod approvals;
mod balanced;
mod either_way;
mod grants;
mod http;
mod judged;
mod lambda;
mod outputs;
mod parameters;
mod policies;
mod protection;
mod rejecting;
mod task_sets;
mod texts;
mod traffic;

use std::{collections::BTreeMap, path::Path};

use rehearsal_core::{
    clock::Moment,
    provision::Provisioner,
    stage::{self, Script},
    template::{Created, Environment, Provider, Refused, Resource, TemplateError, create_stack},
    world::{World, s3},
};
use serde_json::Value;

use crate::play::shipped;

/// An account, and what templates made in it.
pub(crate) struct Deployed {
    pub(crate) world: World,
    made: Vec<Made>,
}

/// A resource, its properties without intrinsic functions.
struct Made {
    kind: String,
    id: String,
    properties: Value,
    created: Created,
}

impl Deployed {
    fn nothing() -> Self {
        let mut world = World::new(stage::identity(), Moment(0), 1);
        world.iam.strict = true;
        let stable = Script::new([]).stable().clone();
        world.ecs.images.insert(stable.image(), stable.label);
        Self {
            world,
            made: Vec::new(),
        }
    }

    /// The whole queue example with its shipped defaults but for these parameters.
    fn example(parameters: &[(&str, &str)]) -> Self {
        Self::root("main.yaml", parameters)
    }

    /// The whole HTTP example with its shipped defaults but for these parameters.
    fn http(parameters: &[(&str, &str)]) -> Self {
        Self::root("http.yaml", parameters)
    }

    /// The whole example of a function with its shipped defaults but for these parameters.
    pub(crate) fn lambda(parameters: &[(&str, &str)]) -> Self {
        Self::root("lambda.yaml", parameters)
    }

    /// The whole example of task sets with its shipped defaults but for these parameters.
    fn task_sets(parameters: &[(&str, &str)]) -> Self {
        Self::root("task-sets.yaml", parameters)
    }

    fn root(file: &str, parameters: &[(&str, &str)]) -> Self {
        let (deployed, made) = Self::tried(file, parameters);
        made.unwrap_or_else(|error| panic!("{file}, {parameters:?}: {error}"));
        deployed
    }

    /// What becomes of a root template's stack where there is what has to be before.
    fn tried(
        file: &str,
        parameters: &[(&str, &str)],
    ) -> (Self, Result<BTreeMap<String, Value>, TemplateError>) {
        let mut deployed = Self::nothing();
        let name = with([("Name", stage::NAME)]);
        let before = deployed.stack("artifacts.yaml", &name).expect("artifacts");
        let mut all = deployed.runs_first(file, &before);
        all.extend(with(parameters.iter().copied()));
        let made = deployed.stack(file, &all);
        (deployed, made)
    }

    /// The parameters of an example that have no default: what it runs at first.
    fn runs_first(
        &mut self,
        file: &str,
        before: &BTreeMap<String, Value>,
    ) -> BTreeMap<String, String> {
        if file != "lambda.yaml" {
            return required(&[]);
        }
        let bucket = before["PackageBucket"].as_str().expect("a bucket");
        let package = Script::new([]).stable().package();
        s3::put(&mut self.world, bucket, PACKAGE, package).expect("the bucket is there");
        with([("PackageBucket", bucket), ("PackageKey", PACKAGE)])
    }

    /// All examples in all their variants.
    fn variants() -> impl Iterator<Item = Self> {
        let queue = VARIANTS.iter().map(|it| Self::example(it));
        let http = HTTP_VARIANTS.iter().map(|it| Self::http(it));
        let lambda = LAMBDA_VARIANTS.iter().map(|it| Self::lambda(it));
        let task_sets = TASK_SETS_VARIANTS.iter().map(|it| Self::task_sets(it));
        queue.chain(http).chain(lambda).chain(task_sets)
    }

    /// Creates a template's stack.
    fn stack(
        &mut self,
        file: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        let region = self.world.identity.region.clone();
        self.stack_in("aws", &region, file, parameters)
    }

    /// The same in a Region of any partition.
    fn stack_in(
        &mut self,
        partition: &str,
        region: &str,
        file: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        let environment = Environment {
            account: self.world.identity.account.clone(),
            region: region.to_owned(),
            partition: partition.to_owned(),
            url_suffix: "amazonaws.com".to_owned(),
        };
        create_stack(shipped(), file, stage::NAME, parameters, &environment, self)
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Made> {
        self.made.iter().filter(move |made| made.kind == kind)
    }

    fn one(&self, kind: &str, id: &str) -> &Made {
        let mut made = self.made.iter();
        made.find(|made| made.kind == kind && made.id == id)
            .unwrap_or_else(|| panic!("there is no {kind} {id}"))
    }
}

impl Provider for Deployed {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        let world = &mut self.world;
        let created = Provisioner { world }.create(resource)?;
        self.made.push(Made {
            kind: resource.kind.to_owned(),
            id: resource.logical_id.to_owned(),
            properties: resource.properties.clone(),
            created: created.clone(),
        });
        Ok(created)
    }
}

/// A file or folder of the repository.
fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Whether an example can be made with these parameters, nested stacks and all.
pub(crate) fn fits(file: &str, parameters: &[(&str, &str)]) -> bool {
    Deployed::tried(file, parameters).1.is_ok()
}

/// Where the function's first package is.
const PACKAGE: &str = "first/v1.zip";

/// The one parameter of the examples with services that has no default, and these.
fn required(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    let image = Script::new([]).stable().image();
    let mut all = with([("Image", image.as_str())]);
    all.extend(with(parameters.iter().copied()));
    all
}

fn with<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

const CONNECTION: &str = "arn:aws:codeconnections:eu-central-1:111122223333:connection/3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";

/// Parameters that together with [`HTTP_VARIANTS`], [`LAMBDA_VARIANTS`] and [`TASK_SETS_VARIANTS`] make every resource and every
/// statement of the templates at least once.
const VARIANTS: [&[(&str, &str)]; 4] = [
    &[],
    &[
        ("Mode", "constantTotal"),
        ("ValidateBuildspec", "tests/buildspec.yml"),
        ("NotificationEmail", "team@example.com"),
    ],
    &[
        ("SourceType", "Connection"),
        ("ConnectionArn", CONNECTION),
        ("Repository", "example/orders"),
        ("VpcId", "vpc-0a1b"),
        ("SubnetIds", "subnet-0a,subnet-0b"),
    ],
    &[("SourceType", "CodeCommit"), ("Repository", "orders")],
];

/// The same of the HTTP example.
const HTTP_VARIANTS: [&[(&str, &str)]; 2] = [
    &[],
    &[
        ("VpcId", "vpc-0a1b"),
        ("SubnetIds", "subnet-0a,subnet-0b"),
        ("Scheme", "internal"),
        ("ClientCidr", "10.0.0.0/8"),
    ],
];

/// The same of the example with a function.
const LAMBDA_VARIANTS: [&[(&str, &str)]; 2] = [
    &[],
    &[
        ("InvokedBy", "url"),
        ("NotificationEmail", "team@example.com"),
    ],
];

/// The same of the example with task sets.
const TASK_SETS_VARIANTS: [&[(&str, &str)]; 2] = [
    &[("Mode", "constantTotal")],
    &[
        ("WorkFrom", "alb"),
        ("Stable", "green"),
        ("VpcId", "vpc-0a1b"),
        ("SubnetIds", "subnet-0a,subnet-0b"),
    ],
];
