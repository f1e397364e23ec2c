//! The templates of a directory.

use std::{collections::BTreeMap, fs, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{error::TemplateError, place::Place, yaml};

/// The templates of one directory and the folders in it, by file name: `main.yaml`, `traffic/queue.yaml`.
#[derive(Debug, Clone)]
pub struct Templates {
    /// As the directory was given; error texts begin with it.
    directory: String,
    sources: BTreeMap<String, Source>,
}

impl Templates {
    /// Reads all `*.yaml` files of the directory and of the folders in it.
    ///
    /// Fails if the directory or a file cannot be read, and on a file that is no YAML, has a key
    /// twice, or has what CloudFormation does not take in YAML: anchors, aliases, merge keys, null,
    /// and tags that are no intrinsic function.
    pub fn read(directory: &Path) -> Result<Self, TemplateError> {
        let mut texts = Vec::new();
        read_into(&mut texts, directory, "")?;
        let texts = texts.iter().map(|(name, text)| (&**name, &**text));
        Self::parse(&directory.display().to_string(), texts)
    }

    /// The templates of these files, name and text, as if they were in `directory`.
    ///
    /// Fails as [`Self::read`].
    pub fn parse<'a>(
        directory: &str,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TemplateError> {
        let sources = files
            .into_iter()
            .map(|(name, text)| {
                let source = yaml::read(format!("{directory}/{name}"), text)?;
                Ok((name.to_owned(), source))
            })
            .collect::<Result<_, TemplateError>>()?;
        Ok(Self {
            directory: directory.to_owned(),
            sources,
        })
    }

    /// A file's template, to change it. Intrinsic functions are in their long form
    /// (`{"Fn::Sub": ...}`, `{"Fn::GetAtt": ["Queue", "Arn"]}`), keys in the file's order.
    ///
    /// Lines in error texts stay those of the file: what is added has the line of what is around it.
    pub fn document_mut(&mut self, file: &str) -> Option<&mut Value> {
        Some(&mut self.sources.get_mut(file)?.document)
    }

    /// All templates, by file name. Intrinsic functions are in their long form.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &Value)> {
        let sources = self.sources.iter();
        sources.map(|(file, source)| (file.as_str(), &source.document))
    }

    pub(super) fn source(&self, file: &str) -> Result<&Source, TemplateError> {
        self.sources.get(file).ok_or_else(|| {
            let files: Vec<&str> = self.sources.keys().map(String::as_str).collect();
            TemplateError::new(
                format!("{}/{file}", self.directory),
                format!(
                    "there is no such template. The directory has {}.",
                    one_of(&files)
                ),
            )
        })
    }
}

/// Adds all `*.yaml` files, name and text; `within` is what the names begin with.
fn read_into(
    texts: &mut Vec<(String, String)>,
    directory: &Path,
    within: &str,
) -> Result<(), TemplateError> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        TemplateError::new(
            path.display().to_string(),
            format!("cannot be read: {error}. It must be there and readable."),
        )
    };
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let name = format!("{within}{name}");
        if path.is_dir() {
            read_into(texts, &path, &format!("{name}/"))?;
        } else if path.extension().is_some_and(|it| it == "yaml") {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            texts.push((name, text));
        }
    }
    Ok(())
}

/// One file.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Directory and name.
    pub(super) file: String,
    pub(super) document: Value,
    pub(super) lines: BTreeMap<Place, usize>,
}

impl Source {
    pub(super) fn error(&self, place: &Place, problem: impl Into<String>) -> TemplateError {
        TemplateError::new(self.position(place), problem)
    }

    /// `infra/main.yaml:7: resource Queue, property QueueName`
    pub(super) fn position(&self, place: &Place) -> String {
        format!("{}: {place}", self.file_and_line(place))
    }

    pub(super) fn file_and_line(&self, place: &Place) -> String {
        let mut place = Some(place.clone());
        while let Some(here) = place {
            if let Some(line) = self.lines.get(&here) {
                return format!("{}:{line}", self.file);
            }
            place = here.parent();
        }
        self.file.clone()
    }

    /// A section's declarations in their order: none if it is left out.
    pub(super) fn section(&self, name: &str) -> Result<&Map<String, Value>, TemplateError> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        match self.document.get(name) {
            None => Ok(&NONE),
            Some(Value::Object(members)) => Ok(members),
            Some(other) => Err(self.error(
                &Place::default().key(name),
                format!("an object is needed, not {other}."),
            )),
        }
    }

    /// A node as `T`.
    pub(super) fn typed<T: DeserializeOwned>(
        &self,
        value: &Value,
        place: &Place,
    ) -> Result<T, TemplateError> {
        T::deserialize(value).map_err(|error| self.error(place, format!("{error}.")))
    }
}

/// The names in a sentence, or `nothing`.
pub(super) fn one_of<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.join(", ")
}
