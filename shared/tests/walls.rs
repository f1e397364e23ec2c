//! The walls of the house: what may be named where, and how long a thing may be.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A file of the product, by its path in the repository: what is compiled into the functions, without its tests.
struct File {
    path: String,
    /// Its lines, without comments and without what stands in quotes.
    code: Vec<String>,
    /// The same with what stands in quotes.
    text: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn product() -> Vec<File> {
    let mut files = Vec::new();
    for folder in ["shared/src", "functions"] {
        collect(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the product is found");
    files
}

fn collect(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_test = [
            "tests",
            "tests.rs",
            "fixtures",
            "contract",
            "contract.rs",
            "world.rs",
            "staged.rs",
            "any_point.rs",
            "looked.rs",
        ];
        if is_test.contains(&name.as_str()) || name.ends_with("_tests.rs") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let path = path.strip_prefix(root()).expect("below the root");
            files.push(File {
                path: path.to_string_lossy().into_owned(),
                code: code(&text),
                text: without_comments(&text),
            });
        }
    }
}

/// Lines up to the tests at their end, without comments.
fn without_comments(text: &str) -> Vec<String> {
    let product = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = product.unwrap_or_default().lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.map(str::to_owned).collect()
}

/// The same without what stands in quotes.
fn code(text: &str) -> Vec<String> {
    let lines = without_comments(text).into_iter();
    let without_quotes = |line: String| {
        let parts = line.split('"').step_by(2);
        parts.collect::<Vec<_>>().join("\"")
    };
    lines.map(without_quotes).collect()
}

/// Whether a line has a word, and not as a part of another.
fn says(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(at) = line[from..].find(word) {
        let (start, end) = (from + at, from + at + word.len());
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        let ends = !word.ends_with(is_part) || !after.is_some_and(is_part);
        if !before.is_some_and(is_part) && ends {
            return true;
        }
        from = end;
    }
    false
}

/// The models, by their folders.
fn models() -> Vec<String> {
    let folder = root().join("shared/src/traffic");
    let entries = fs::read_dir(folder).expect("the models");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let folders = folders.filter(|path| path.join("mod.rs").is_file());
    let names = folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    names.collect()
}

/// `task_sets` as a type: `TaskSets`.
fn type_of(model: &str) -> String {
    let words = model.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Where one of these words stands in files that may not say it.
fn found(files: &[File], words: &[String], may: impl Fn(&str) -> bool) -> Vec<String> {
    let files = files.iter().filter(|file| !may(&file.path));
    let lines = files.flat_map(|file| {
        let lines = file.code.iter().enumerate();
        let lines = lines.filter(|(_, line)| words.iter().any(|word| says(line, word)));
        lines.map(|(at, line)| format!("{}:{}: {}", file.path, at + 1, line.trim()))
    });
    lines.collect()
}

#[test]
fn only_adapters_speak_the_sdk() {
    let words = ["aws_sdk_", "aws_smithy_", "aws_config"];
    let files = product();
    let is_adapter = |path: &str| {
        path.starts_with("shared/src/aws/")
            || path.starts_with("shared/src/traffic/") && path.ends_with("/aws.rs")
    };
    let speaks = |file: &&File| {
        let mut lines = file.code.iter();
        lines.any(|line| words.iter().any(|word| line.contains(word)))
    };
    let speaking: Vec<_> = files.iter().filter(speaks).map(|file| &file.path).collect();
    assert!(speaking.len() > 5, "adapters are found: {speaking:?}");
    let others: Vec<_> = speaking.iter().filter(|path| !is_adapter(path)).collect();
    assert!(
        others.is_empty(),
        "SDK types outside of adapters: {others:?}"
    );
}

#[test]
fn a_model_is_named_in_its_folder_and_in_the_line_and_nowhere_else() {
    let (files, models) = (product(), models());
    assert!(models.len() > 1, "{models:?}");
    for model in models {
        let own = format!("shared/src/traffic/{model}/");
        let words = [format!("{model}::"), type_of(&model)];
        let said_at_all = found(&files, &words, |path| !path.starts_with(&own));
        assert!(
            !said_at_all.is_empty(),
            "{words:?} is what {model} is called"
        );
        let may = |path: &str| path.starts_with(&own) || path == "shared/src/traffic/mod.rs";
        let elsewhere = found(&files, &words, may);
        assert!(
            elsewhere.is_empty(),
            "{model} is named:\n{}",
            elsewhere.join("\n")
        );
    }
}

/// What a place and a version are made of for a model of two services.
const OF_SERVICES: [&str; 5] = [
    "ClusterName",
    "ServiceName",
    "TaskDefinitionArn",
    "pair::",
    "task_definition::",
];

/// Who may say so: the adapters, the kits, the models, and a few files.
fn may_name_services(path: &str) -> bool {
    let folders = ["shared/src/aws/", "shared/src/parts/"];
    let files = [
        "shared/src/names.rs",
        // Lends the kit what a model is asked about.
        "shared/src/traffic/model.rs",
    ];
    let is_models = |model: &String| path.starts_with(&format!("shared/src/traffic/{model}/"));
    folders.iter().any(|it| path.starts_with(it))
        || files.contains(&path)
        || models().iter().any(is_models)
}

#[test]
fn in_front_of_the_door_nothing_names_services_and_what_they_run() {
    let words = OF_SERVICES.map(str::to_owned);
    let files = product();
    let said = found(&files, &words, may_name_services);
    assert!(said.is_empty(), "services are named:\n{}", said.join("\n"));
    let behind = found(&files, &words, |path| !may_name_services(path));
    assert!(behind.len() > 50, "services are found: {}", behind.len());
}

/// Words of AWS that are true for two services of ECS, and not for a function behind an alias: the models and kits say them.
const WORDS_OF_SERVICES: [&str; 5] = ["cluster", "service", "task", "circuit", "ecs"];

/// Where they stand in front of the door all the same, file by file, and why.
const SAID_ALL_THE_SAME: [(&str, &str); 6] = [
    // The runtime's function of that name.
    ("shared/src/function.rs", "service_fn"),
    // Types of names, and what is wrong with them.
    ("shared/src/names.rs", ""),
    // Names of CodeDeploy's configurations begin with it, or with `Lambda`.
    ("shared/src/parameters/schedule.rs", "ECS"),
    // Records have these names, whatever the model.
    ("shared/src/record.rs", "rename = \"taskDefinition\""),
    ("shared/src/record/evidence.rs", "rename = \"tasks\""),
    ("shared/src/record/stored.rs", "taskDefinition"),
];

/// Whether a file is in front of the door: neither an adapter nor a kit nor a model.
fn is_in_front(path: &str) -> bool {
    let behind = [
        "shared/src/aws/",
        "shared/src/parts/",
        "shared/src/traffic/",
    ];
    !behind.iter().any(|it| path.starts_with(it)) || path.starts_with("shared/src/traffic/door")
}

/// The words of a line, those within names too: `TaskShare` and `task_shares` have `task`.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in line.chars() {
        let begins = !before.is_alphabetic() || before.is_lowercase() && c.is_uppercase();
        match words.last_mut() {
            Some(word) if c.is_alphabetic() && !begins => word.extend(c.to_lowercase()),
            _ if c.is_alphabetic() => words.push(c.to_lowercase().collect()),
            _ => {}
        }
        before = c;
    }
    let singular = words.into_iter().map(|it| match it.strip_suffix('s') {
        Some(one) if it != "ecs" => one.to_owned(),
        _ => it,
    });
    singular.collect()
}

#[test]
fn in_front_of_the_door_nothing_speaks_of_services_and_tasks() {
    let mut files = product();
    files.retain(|file| is_in_front(&file.path));
    let (mut said, mut excused) = (Vec::new(), BTreeSet::new());
    for file in &files {
        for line in &file.text {
            if !words(line)
                .iter()
                .any(|it| WORDS_OF_SERVICES.contains(&it.as_str()))
            {
                continue;
            }
            let excuse = |(path, text): &&(&str, &str)| *path == file.path && line.contains(text);
            if let Some(excuse) = SAID_ALL_THE_SAME.iter().find(excuse) {
                excused.insert(excuse);
            } else {
                said.push(format!("{}: {}", file.path, line.trim()));
            }
        }
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert_eq!(
        excused.len(),
        SAID_ALL_THE_SAME.len(),
        "nothing is excused that nobody says: {excused:?}"
    );
}

/// The layers of the library, the lowest first: a module imports from those below its own, and from itself. What has a folder for each of
/// several things (`parts/pair`) is named by that folder, `traffic/*` is every model; the rest of `parts` and of `traffic` goes by those
/// names alone.
const LAYERS: [&[&str]; 21] = [
    &["clock", "names", "notice"],
    &["evidence", "image", "input", "weight"],
    &["artifact", "job", "schedule"],
    &["item"],
    &["words"],
    &["aws"],
    &["known"],
    &["parts"],
    &["parts/task_definition"],
    &["parts/rules"],
    &["parts/pair"],
    &[
        "traffic/begin",
        "traffic/configured",
        "traffic/model",
        "traffic/observed",
    ],
    &["traffic/*"],
    &["traffic"],
    &["target"],
    &["parameters", "record"],
    &["observation", "telemetry"],
    &["decision", "gates"],
    &["trouble"],
    &["reconcile"],
    &["function", "observe"],
];

/// The module of a path below `crate::`, or below `shared/src/`.
fn module(path: &[&str], models: &[String]) -> String {
    let has_rooms = |room: &str| LAYERS.iter().flat_map(|it| it.iter()).any(|it| *it == room);
    let first = path[0].trim_end_matches(".rs");
    let second = path.get(1).map_or("", |it| it.trim_end_matches(".rs"));
    if first == "traffic" && models.iter().any(|model| model == second) {
        return "traffic/*".to_owned();
    }
    let room = format!("{first}/{second}");
    if has_rooms(&room) {
        return room;
    }
    first.to_owned()
}

/// Every path that a file imports from its crate, in segments.
fn imports(file: &File) -> Vec<Vec<String>> {
    let text = file.code.join(" ");
    let mut imports = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        // Who may see something is no import.
        if text[..at].ends_with("(in ") {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        expand(rest, &mut Vec::new(), &mut imports);
    }
    imports
}

/// The paths of a tree of imports, which ends where its braces do; answers where.
fn expand(text: &str, above: &mut Vec<String>, imports: &mut Vec<Vec<String>>) -> usize {
    let text_from = |at: usize| text[at..].trim_start();
    let begin = text.len() - text_from(0).len();
    if text_from(0).starts_with('{') {
        let mut at = begin + 1;
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            match text[at..].chars().next() {
                None => return at,
                Some('}') => return at + 1,
                Some(',') => at += 1,
                Some(_) => {
                    let step = expand(&text[at..], above, imports);
                    if step == 0 {
                        return text.len();
                    }
                    at += step;
                }
            }
        }
    }
    let word: String = text_from(0)
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let end = begin + word.len();
    if word.is_empty() {
        return 0;
    }
    above.push(word);
    let after = if text[end..].starts_with("::") {
        end + 2 + expand(&text[end + 2..], above, imports)
    } else {
        imports.push(above.clone());
        let rest = text[end..].find([',', '}', ';']).unwrap_or(0);
        end + rest
    };
    above.pop();
    after
}

#[test]
fn every_module_imports_from_below_it_so_that_no_import_goes_in_a_circle() {
    let (files, models) = (product(), models());
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let library = files.iter().filter_map(|file| {
        let path = file.path.strip_prefix("shared/src/")?;
        (path != "lib.rs").then_some((file, path))
    });
    let (mut up, mut edges) = (Vec::new(), 0);
    for (file, path) in library {
        let own = module(&path.split('/').collect::<Vec<_>>(), &models);
        let from = layer(&own).unwrap_or_else(|| panic!("{own} ({path}) has no layer"));
        for import in imports(file) {
            let to = module(
                &import.iter().map(String::as_str).collect::<Vec<_>>(),
                &models,
            );
            edges += 1;
            match layer(&to) {
                Some(below) if below < from || to == own => {}
                _ => up.push(format!("{path} imports {}", import.join("::"))),
            }
        }
    }
    assert!(edges > 500, "imports are found: {edges}");
    assert!(up.is_empty(), "{}", up.join("\n"));
}

#[test]
fn every_file_of_a_function_fits_a_few_screens() {
    let mut files = product();
    files.retain(|file| file.path.starts_with("functions/"));
    let decides = files
        .iter()
        .filter(|file| file.path.ends_with("/decide.rs"));
    assert_eq!(decides.count(), 4, "each function decides");
    let long = files.iter().filter(|file| {
        let is_main = file.path.ends_with("/src/main.rs");
        file.code.len() > if is_main { 25 } else { 250 }
    });
    let long: Vec<_> = long.map(|file| (&file.path, file.code.len())).collect();
    assert!(long.is_empty(), "{long:?}");
}

/// Functions and their lines.
fn functions(file: &File) -> Vec<(String, usize)> {
    let mut functions = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (at, line) in file.code.iter().enumerate() {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let begins = line
            .trim_start()
            .split(' ')
            .take(4)
            .any(|word| word == "fn");
        if begins && !line.trim_end().ends_with(';') {
            open = Some((at, indent, line.trim().to_owned()));
        } else if let Some((from, of, name)) = open.take_if(|(_, of, _)| *line == format!("{of}}}"))
        {
            debug_assert_eq!(of, indent);
            functions.push((name, at - from + 1));
        }
    }
    functions
}

#[test]
fn no_function_is_longer_than_sixty_lines() {
    let files = product();
    let all = files.iter().flat_map(|file| {
        let functions = functions(file).into_iter();
        functions.map(|(name, lines)| (format!("{}: {name}", file.path), lines))
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() > 500, "functions are found");
    let long: Vec<_> = all.iter().filter(|(_, lines)| *lines > 60).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_walls_see_what_is_behind_them() {
    let text = "use a::queue::Queue; // alb::Alb\nlet x = \"alb::Alb\";\nfn f() {\n    g();\n}\n";
    let file = File {
        path: "functions/x/src/decide.rs".to_owned(),
        code: code(text),
        text: without_comments(text),
    };
    assert!(says(&file.code[0], "queue::") && says(&file.code[0], "Queue"));
    assert!(
        !file.code.iter().any(|line| says(line, "Alb")),
        "neither comments nor texts count"
    );
    assert!(
        !says("MyQueue and Queues", "Queue"),
        "a part of a word is another word"
    );
    assert_eq!(functions(&file), [("fn f() {".to_owned(), 3)]);
    assert_eq!(type_of("task_sets"), "TaskSets");
    assert_eq!(file.text[1], "let x = \"alb::Alb\";", "sentences count");
    assert_eq!(
        words("with_tasks(TaskShare) of ECS's"),
        ["with", "task", "task", "share", "of", "ecs", ""]
    );
    let importing = File {
        path: String::new(),
        text: Vec::new(),
        code: code(
            "use crate::{\n    a::{self, b::{C, d}},\n    e as f,\n};\nfn g() -> crate::h::I {}\n",
        ),
    };
    let imports: Vec<_> = imports(&importing).iter().map(|it| it.join("::")).collect();
    assert_eq!(imports, ["a::self", "a::b::C", "a::b::d", "e", "h::I"]);
}
