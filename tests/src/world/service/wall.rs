//! The wall around services: what is a service's own is said in its module and nowhere else.
//!
//! The shared part of the account (everything in `world`, `wire` and `provision` that is no service's module) has neither the
//! names of services, their resource types and operations, nor paths to their modules; a service has not the resource types
//! and operations of another. Tests and comments are free, and so are services to call each other's functions.

use std::{fs, path::Path};

use serde_json::Value;

use super::{Endpoint, Service};
use crate::{
    workspace,
    world::{MODULES, SERVICES},
};

/// What may be said all the same: where, the module that is used or the word that is said, why.
const ALLOWED: [(&str, &str, &str); 17] = [
    ("world/mod.rs", "codepipeline", "an effect"),
    ("world/mod.rs", "ecs", "an effect"),
    ("world/mod.rs", "elb", "an effect"),
    ("world/mod.rs", "functions", "an effect"),
    ("world/service.rs", "iam", "what a need is"),
    ("world/journal.rs", "Query", "a verb that changes nothing"),
    (
        "world/ecs/targets.rs",
        "DescribeTargetHealth",
        "asks the load balancer",
    ),
    ("world/elb/action.rs", "Query", "a part of a URL"),
    ("world/codepipeline/action_types.rs", "Invoke", "a category"),
    ("world/functions/code.rs", "Publish", "a member"),
    ("wire/mod.rs", "iam", "every call is judged"),
    ("wire/outage.rs", "iam", "a denial in its words"),
    ("wire/keys.rs", "codepipeline", "jobs carry credentials"),
    ("wire/server.rs", "ecs", "containers ask for their metadata"),
    ("wire/rest_xml.rs", "s3", "the host of a bucket"),
    (
        "wire/rest_xml/answers.rs",
        "s3",
        "objects are bodies, not JSON",
    ),
    ("provision/mod.rs", "tagging", "what is deleted has no tags"),
];

/// A source file without its comments and tests.
struct Source {
    /// Below `src`.
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = workspace().join("tests/src");
    let mut found = Vec::new();
    for part in ["world", "wire", "provision"] {
        collect(&root, &root.join(part), &mut found);
    }
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if ["tests", "stories", "wall"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_str().unwrap();
        found.push(Source::new(path, &text));
    }
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let (text, _) = text
            .split_once("#[cfg(test)]\nmod tests {")
            .unwrap_or((text, ""));
        let lines = text.lines();
        let code = lines.filter(|line| !line.trim_start().starts_with("//"));
        Self {
            path: path.to_owned(),
            code: code.flat_map(|line| [line, "\n"]).collect(),
        }
    }

    /// The service whose module it is a part of.
    fn home(&self) -> Option<&'static str> {
        let rest = self.path.strip_prefix("world/")?;
        let module = rest.split(['/', '.']).next()?;
        MODULES.iter().copied().find(|known| *known == module)
    }

    fn says(&self, word: &str) -> bool {
        self.code.contains(&format!("\"{word}\""))
    }

    /// Whether it goes into a module or at its state; being in the list is no use.
    fn uses(&self, module: &str) -> bool {
        let code = match self.code.split_once("service::services! {") {
            Some((before, list)) => before.to_owned() + list.split_once("\n}\n").unwrap().1,
            None => self.code.clone(),
        };
        // Not a part of another word, nor of an ARN.
        let is_path = |at: usize| {
            let before = &code[..at];
            !before.ends_with(|it: char| it.is_alphanumeric() || it == '_')
                && (!before.ends_with(':') || before.ends_with("::"))
        };
        let paths = [format!("{module}::"), format!("{module}.")];
        let mut found = paths
            .iter()
            .flat_map(|path| code.match_indices(path.as_str()));
        found.any(|(at, _)| is_path(at))
    }

    fn breaches(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (service, module) in SERVICES.iter().zip(MODULES.iter().copied()) {
            let home = self.home();
            if home == Some(module) {
                continue;
            }
            let words = own_words(service).into_iter();
            found.extend(words.filter(|word| self.says(word)));
            if home.is_none() {
                found.extend(self.says(service.name).then(|| service.name.to_owned()));
                found.extend(self.uses(module).then(|| module.to_owned()));
            }
        }
        let allowed = |word: &String| {
            ALLOWED
                .iter()
                .any(|(file, what, _)| *file == self.path && what == word)
        };
        found.retain(|word| !allowed(word));
        found
    }
}

/// A service's types of resources, and its operations by AWS's model of it.
fn own_words(service: &Service) -> Vec<String> {
    let types = service.resources.iter().map(|kind| kind.name.to_owned());
    let Endpoint::Model(text) = service.endpoint else {
        return types.collect();
    };
    let model: Value = serde_json::from_str(text).unwrap();
    let operations = model["operations"].as_object().unwrap().keys().cloned();
    types.chain(operations).collect()
}

#[test]
fn what_is_a_service_s_own_is_nowhere_else() {
    let sources = sources();
    let breaches = sources.iter().map(|it| (&it.path, it.breaches()));
    let breaches: Vec<_> = breaches.filter(|(_, found)| !found.is_empty()).collect();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_service_says_what_is_its_own_in_its_module() {
    let sources = sources();
    for (service, module) in SERVICES.iter().zip(MODULES) {
        let home: Vec<&Source> = sources
            .iter()
            .filter(|it| it.home() == Some(module))
            .collect();
        for kind in service.resources {
            assert!(
                home.iter().any(|it| it.says(kind.name)),
                "{module}: {}",
                kind.name
            );
        }
        assert!(home.iter().any(|it| it.says(service.name)), "{module}");
    }
}

#[test]
fn what_is_allowed_is_there() {
    let sources = sources();
    for (file, what, _) in ALLOWED {
        let source = sources.iter().find(|it| it.path == file).unwrap();
        assert!(source.says(what) || source.uses(what), "{file}: {what}");
    }
}

#[test]
fn a_breach_is_found() {
    for (path, text) in [
        ("wire/model.rs", "match name { \"sqs\" => 1, _ => 0 }"),
        ("wire/model.rs", "    (\"ReceiveMessage\", 1),"),
        ("provision/mod.rs", "if kind == \"AWS::SQS::Queue\" {}"),
        ("world/limits/mod.rs", "use super::sqs::Queue;"),
        ("world/limits/mod.rs", "world.sqs.queues"),
        ("world/ecs/mod.rs", "let kind = \"AWS::SQS::Queue\";"),
    ] {
        assert_eq!(Source::new(path, text).breaches().len(), 1, "{text}");
    }
}
