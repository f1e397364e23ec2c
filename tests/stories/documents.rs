//! The documents say what is there: their links, the messages, the parameters, the commands.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use canary::input::BadInput;
use regex::Regex;

use crate::play::shipped;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All documents, by their path from the root.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folders = [
        "",
        ".github",
        "infra/docs",
        "sample-app",
        "shared",
        "shared/docs",
        "tests",
        "tests/benches",
    ];
    for folder in folders {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder of documents");
        for entry in entries {
            let name = entry.expect("an entry").file_name();
            if Path::new(&name).extension().is_some_and(|it| it == "md") {
                found.push(Path::new(folder).join(name));
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// The anchor that GitHub gives a heading: lower case, no punctuation, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    let text: String = heading.to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let heading = pattern(r"(?m)^#+ (.*)$");
    heading
        .captures_iter(text)
        .map(|it| anchor(&it[1]))
        .collect()
}

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let link = pattern(r"\]\(([^)\s]+)\)");
    let mut broken = Vec::new();
    for document in documents() {
        let text = read(&document);
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.starts_with("http") {
                continue;
            }
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let folder = document.parent().expect("a file has a folder");
            let aimed = match path {
                "" => document.clone(),
                path => folder.join(path),
            };
            let exists = Path::new(ROOT).join(&aimed).exists();
            let is_there =
                exists && (fragment.is_empty() || anchors(&read(&aimed)).contains(fragment));
            if !is_there {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_document_is_found_from_the_readme() {
    let readme = read("README.md");
    let missing: Vec<_> = documents()
        .into_iter()
        .filter(|it| it != Path::new("README.md") && it != Path::new("shared/README.md"))
        .filter(|it| !readme.contains(&format!("]({}", it.display())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_readme_can_be_read_in_one_go() {
    assert!(read("README.md").lines().count() <= 150);
}

/// The longest part of each message of a source file that has no names or numbers in it.
fn messages(source: &str) -> Vec<String> {
    let error = pattern(r#"#\[error\(\s*"((?:[^"\\]|\\[\s\S])*)""#);
    let continued = pattern(r"\\\n\s*");
    let placeholder = pattern(r"\{[^{}]*\}");
    error
        .captures_iter(source)
        .filter_map(|found| {
            let text = continued.replace_all(&found[1], "").replace("\\\"", "\"");
            let text = text.replace("{{", "\u{1}").replace("}}", "\u{1}");
            let parts = placeholder
                .split(&text)
                .flat_map(|part| part.split('\u{1}'));
            let part = parts
                .map(|it| it.trim_matches(|c: char| !c.is_alphanumeric()))
                .max_by_key(|it| it.len());
            part.filter(|it| it.len() > 3).map(str::to_owned)
        })
        .collect()
}

/// A file, or all files below a folder, but for tests.
fn sources(path: &Path) -> Vec<PathBuf> {
    let full = Path::new(ROOT).join(path);
    if full.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(&full).expect("a folder of sources");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.filter(|name| name != "tests" && name != "tests.rs");
    names.flat_map(|name| sources(&path.join(name))).collect()
}

#[test]
fn every_message_of_a_function_is_explained() {
    let explained = read("shared/docs/messages.md");
    let mut missing = Vec::new();
    for source in [
        "shared/src/words.rs",
        "shared/src/decision/words.rs",
        "shared/src/evidence",
        "shared/src/gates.rs",
        "shared/src/gates",
        "shared/src/input.rs",
        "shared/src/record/stored.rs",
        "shared/src/weight.rs",
        // Whatever a function, a model or a kit has to say.
        "functions/deploy-canary/src/words.rs",
        "functions/shift-weight/src/words.rs",
        "functions/promote-primary/src/words.rs",
        "functions/rollback/src/words.rs",
        "functions/rollback/src/idle.rs",
        "shared/src/traffic",
        "shared/src/parts",
    ] {
        let found: Vec<_> = sources(Path::new(source))
            .iter()
            .flat_map(|it| messages(&read(it)))
            .collect();
        assert!(!found.is_empty(), "{source} has no messages any more");
        missing.extend(
            found
                .into_iter()
                .filter(|it| !explained.contains(it.as_str())),
        );
    }
    assert_eq!(missing, [""; 0]);
}

/// The parameters whose rows the tables of a document have, up to a heading.
fn parameters_in(document: &str, until: &str) -> BTreeSet<String> {
    let text = read(document);
    let text = text.split(until).next().unwrap_or_default();
    let row = pattern(r"(?m)^\| (`[A-Z][^|]*) \|");
    let name = pattern("`([A-Z][A-Za-z]+)`");
    let cells = row.captures_iter(text);
    let cells = cells.map(|row| row.get(1).map_or("", |it| it.as_str()));
    let names = cells.flat_map(|cell| name.captures_iter(cell));
    names.map(|it| it[1].to_owned()).collect()
}

/// The parameters of root templates that people give.
fn parameters_of(roots: &[&str], of_the_script: &[&str]) -> BTreeSet<String> {
    let mut templates = shipped().clone();
    let mut declared = BTreeSet::new();
    for root in roots {
        let document = templates.document_mut(root).expect("a root template");
        let parameters = document["Parameters"].as_object().expect("parameters");
        declared.extend(parameters.keys().cloned());
    }
    declared.retain(|name| !of_the_script.contains(&name.as_str()));
    declared
}

#[test]
fn every_parameter_of_the_examples_is_documented_and_no_other() {
    const END: &str = "\n## With a pipeline of your own\n";
    let usual = parameters_in("infra/docs/deploy.md", END);
    let declared = parameters_of(&["main.yaml", "http.yaml"], &["Name", "Image"]);
    assert_eq!(usual, declared);
    for (document, until, root, of_the_script) in [
        (
            "infra/docs/lambda.md",
            END,
            "lambda.yaml",
            &["Name", "Version", "PackageBucket", "PackageKey"][..],
        ),
        (
            "infra/docs/task-sets.md",
            "\n## Two approvals\n",
            "task-sets.yaml",
            &["Name", "Image", "Stable"],
        ),
    ] {
        let own = parameters_in(document, until);
        let declared = parameters_of(&[root], of_the_script);
        let foreign: Vec<_> = own.difference(&declared).collect();
        assert!(foreign.is_empty(), "{document}: {foreign:?}");
        let documented = &own | &usual;
        let missing: Vec<_> = declared.difference(&documented).collect();
        assert!(missing.is_empty(), "{document}: {missing:?}");
    }
}

#[test]
fn the_commands_of_the_documents_exist() {
    let scripts = pattern(r"(?:infra|tests)/[a-z-]+\.(?:sh|yaml)");
    let packages = pattern(r"cargo (?:run|bench|test) -p ([a-z-]+)");
    let workspace = read("Cargo.lock");
    let mut missing = Vec::new();
    for document in documents() {
        let text = read(&document);
        for found in scripts.find_iter(&text) {
            if !Path::new(ROOT).join(found.as_str()).exists() {
                missing.push(format!("{}: {}", document.display(), found.as_str()));
            }
        }
        for found in packages.captures_iter(&text) {
            if document != Path::new("CHANGELOG.md")
                && !workspace.contains(&format!("name = \"{}\"", &found[1]))
            {
                missing.push(format!("{}: {}", document.display(), &found[0]));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

/// A target, as short as can be.
const TARGET: &str = r#"{
    "cluster": "orders", "primary": "orders", "canary": "orders-canary", "pipeline": "orders-release",
    "traffic": {"queue": {"url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"}}}"#;

const FUNCTION: &str = r#"{
    "function": "orders", "alias": "live", "pipeline": "orders-release", "traffic": {"lambdaAlias": {}}}"#;

/// The fields that are accepted beside one that is not.
fn accepted<T>(read: Result<T, BadInput>) -> BTreeSet<String> {
    let Err(error) = read else {
        panic!("it is accepted");
    };
    let text = error.to_string();
    let (_, allowed) = text
        .split_once(", expected ")
        .unwrap_or_else(|| panic!("{text}"));
    let name = pattern("`([A-Za-z]+)`");
    name.captures_iter(allowed)
        .map(|it| it[1].to_owned())
        .collect()
}

/// What the first columns of the tables of a section name; of a path the last part.
fn documented(text: &str, heading: &str) -> BTreeSet<String> {
    let from = text.find(heading).unwrap_or_else(|| panic!("{heading}"));
    let section = &text[from + heading.len()..];
    let section = section.split("\n## ").next().unwrap_or_default();
    let row = pattern(r"(?m)^\| (`[^|]*`[^|]*) \|");
    let name = pattern("`([a-zA-Z.]+)`");
    row.captures_iter(section)
        .flat_map(|row| {
            name.captures_iter(row.get(1).map_or("", |it| it.as_str()))
                .map(|it| it[1].rsplit('.').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_field_that_a_function_accepts_is_documented_and_no_other() {
    use canary::{
        parameters::{Raw, RawDeployCanary, RawPromotePrimary, RawShiftWeight, read as given},
        target::resolve,
    };
    fn of_action<R: Raw>(target: &str) -> BTreeSet<String> {
        let unknown = r#"{"x": 1, "release": "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f"}"#;
        accepted(given::<R>("It", Some(unknown), Some(target)))
    }
    let of_target = |json: &str| accepted(resolve(Some(json), None));
    let text = read("shared/docs/parameters.md");
    let mut target = BTreeSet::new();
    for model in ["queue", "alb", "lambdaAlias"] {
        target.extend(of_target(&format!(
            r#"{{"x": 1, "traffic": {{"{model}": {{}}}}}}"#
        )));
        target.extend(of_target(&format!(
            r#"{{"traffic": {{"{model}": {{"x": 1}}}}}}"#
        )));
    }
    for text in [
        r#"{"x": 1, "traffic": {"taskSets": {}}}"#,
        r#"{"traffic": {"taskSets": {"queue": {"x": 1}}}}"#,
        r#"{"traffic": {"taskSets": {"alb": {"x": 1}}}}"#,
    ] {
        target.extend(of_target(text));
    }
    target.remove("traffic");
    let mut deploy = of_action::<RawDeployCanary>(TARGET);
    deploy.extend(of_action::<RawDeployCanary>(FUNCTION));
    for (heading, mut fields) in [
        ("\n## `TARGET`\n", target),
        ("\n## `deploy-canary`\n", deploy),
        ("\n## `shift-weight`\n", of_action::<RawShiftWeight>(TARGET)),
        (
            "\n## `promote-primary`\n",
            of_action::<RawPromotePrimary>(TARGET),
        ),
    ] {
        // Told once, for all of them.
        fields.remove("bakeSeconds");
        fields.remove("evidenceSeconds");
        assert_eq!(documented(&text, heading), fields, "{heading}");
    }
    let of_function = r#"{"traffic": {"lambdaAlias": {"metrics": {"x": 1}}}}"#;
    assert_eq!(
        documented(&read("shared/docs/lambda-alias.md"), "\n## Metrics\n"),
        of_target(of_function)
    );
    let text = read("shared/docs/evidence.md");
    for (heading, place) in [
        (
            "\n## Settings\n",
            TARGET.replacen('{', r#"{"evidence": {"x": 1}, "#, 1),
        ),
        (
            "\n## Metrics\n",
            r#"{"traffic": {"queue": {"metrics": {"x": 1}}}}"#.to_owned(),
        ),
    ] {
        let fields = of_target(&place);
        assert_eq!(documented(&text, heading), fields, "{heading}");
    }
}

#[test]
fn the_table_of_gates_is_that_of_the_code() {
    use canary::gates::{Effect, Gate, When};

    let page = read("shared/docs/gates-and-rollback.md");
    for gate in Gate::ALL {
        let named = format!("| {gate}:");
        let row = page.lines().find(|line| line.starts_with(&named));
        let row = row.unwrap_or_else(|| panic!("{gate} has no row"));
        let told: Vec<&str> = row.split(" | ").skip(1).collect();
        for (when, told) in [When::Action, When::Approval, When::Guard].iter().zip(told) {
            let sign = match gate.effect(*when) {
                Effect::EndsRelease => "●",
                Effect::EndsGuard => "◐",
                Effect::None => "–",
            };
            assert!(
                told.starts_with(sign),
                "{gate}, {when:?}: {told} is not {sign}"
            );
        }
    }
}
