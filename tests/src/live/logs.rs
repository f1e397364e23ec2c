//! What functions and tasks print.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::world::Principal;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who printed it: a function's name, or `task`.
    pub principal: Principal,
    /// The log stream: the function's name, or the task's service and id.
    pub stream: String,
    /// The line, without its end.
    pub text: String,
}

/// Everything that functions and tasks have printed, in the order of arrival. Clones are one store.
#[derive(Clone, Default)]
pub struct Logs {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<Line>,
    directory: Option<PathBuf>,
    files: BTreeMap<String, File>,
    failure: Option<io::Error>,
}

impl Logs {
    /// A store that also writes each stream to a file in a directory, which is created.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn in_directory(directory: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let kept = Kept {
            directory: Some(directory),
            ..Kept::default()
        };
        Ok(Self {
            kept: Arc::new(Mutex::new(kept)),
        })
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lock().lines.clone()
    }

    /// The first error in writing a file since the last call. No file is written after it.
    #[must_use]
    pub fn take_failure(&self) -> Option<io::Error> {
        self.lock().failure.take()
    }

    pub(super) fn write(&self, line: Line) {
        let mut kept = self.lock();
        if let Err(failure) = kept.write_file(&line) {
            kept.directory = None;
            kept.failure = Some(failure);
        }
        kept.lines.push(line);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn write_file(&mut self, line: &Line) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        if !self.files.contains_key(&line.stream) {
            let file = File::create(directory.join(format!("{}.log", line.stream)))?;
            self.files.insert(line.stream.clone(), file);
        }
        match self.files.get_mut(&line.stream) {
            Some(file) => writeln!(file, "{}", line.text),
            None => Ok(()),
        }
    }
}
