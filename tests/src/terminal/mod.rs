//! The rehearsal while it happens, on the terminal.
//!
//! On a terminal, lines of events scroll above a panel that stays; elsewhere the lines alone, each
//! flushed. The terminal keeps its mode and its cursor all the time, and the cursor rests below the
//! panel, so nothing has to be restored when the process ends, however it ends. Only while a question
//! waits for its answer, keys are taken one by one and unseen. What cannot be written is dropped: a
//! rehearsal does not depend on being watched.

mod keys;
mod lines;
mod panel;
mod work;

use std::io::{self, Stdout, Write};

use ratatui::{
    TerminalOptions, Viewport,
    backend::{Backend, CrosstermBackend},
    style::{Style, Stylize},
    text::{Line, Span},
    widgets::Widget,
};
use rustix::{process::getpgrp, termios::tcgetpgrp};

use crate::{
    rehearse::{Reply, View},
    story::Story,
    verdict::Verdict,
    world::journal::Entry,
};
use keys::{Echo, Keys};
use lines::{EventLine, Lines, Tone};

pub use lines::tasks_text;

/// Shows a rehearsal.
pub struct Terminal {
    lines: Lines,
    screen: Screen<CrosstermBackend<Stdout>>,
    question: Option<Question>,
    keys: Option<Keys>,
}

/// What a person is asked.
struct Question {
    text: String,
    /// Keeps the keys off the panel, if there is one.
    _echo: Option<Echo>,
}

/// Where it is shown.
enum Screen<B: Backend> {
    Panel {
        terminal: ratatui::Terminal<B>,
        coloured: bool,
    },
    Plain,
}

impl Terminal {
    /// A view on standard output: a panel if that is a terminal that can move its cursor, plain
    /// lines otherwise. Without colours if `NO_COLOR` is set to anything (<https://no-color.org>).
    #[must_use]
    pub fn new(is_tty: bool) -> Self {
        // A terminal that somebody else has in the foreground must not be asked anything.
        let ours = tcgetpgrp(io::stdout()).is_ok_and(|group| group == getpgrp());
        let able = is_tty && ours && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let options = TerminalOptions {
            viewport: Viewport::Inline(panel::HEIGHT),
        };
        let terminal = able
            .then(|| ratatui::Terminal::with_options(CrosstermBackend::new(io::stdout()), options));
        let screen = match terminal {
            Some(Ok(terminal)) => Screen::Panel { terminal, coloured },
            // A terminal that does not answer where its cursor is gets plain lines.
            Some(Err(_)) | None => Screen::Plain,
        };
        Self {
            lines: Lines::default(),
            screen,
            question: None,
            keys: None,
        }
    }

    /// Leaves the panel as it is and writes the verdict below.
    pub fn finish(self, verdict: &Verdict) {
        let _ = writeln!(io::stdout(), "\n{verdict}");
    }
}

impl View for Terminal {
    fn show(&mut self, story: &Story, new_entries: &[Entry]) {
        let lines = self.lines.next(story, new_entries);
        match &mut self.screen {
            Screen::Panel { terminal, coloured } => {
                // What cannot be shown is not worth ending a release for.
                let question = self
                    .question
                    .as_ref()
                    .map(|question| question.text.as_str());
                let _ = show_panel(terminal, *coloured, story, question, &lines);
            }
            Screen::Plain => {
                let lines: Vec<_> = lines.into_iter().chain(self.lines.figures(story)).collect();
                let _ = print(&mut io::stdout().lock(), &lines);
            }
        }
    }

    fn ask(&mut self, question: &str) {
        let echo = match self.screen {
            Screen::Panel { .. } => Echo::off(),
            Screen::Plain => {
                let _ = writeln!(io::stdout(), "{question} Type y to approve or n to reject.");
                None
            }
        };
        let keys = self.keys.get_or_insert_with(|| match &echo {
            Some(_) => Keys::Terminal,
            None => Keys::lines(),
        });
        keys.forget();
        self.question = Some(Question {
            text: question.to_owned(),
            _echo: echo,
        });
    }

    fn answer(&mut self) -> Option<Reply> {
        let reply = self.keys.as_ref().map_or(Some(Reply::Nobody), Keys::answer);
        if reply.is_some() {
            self.question = None;
        }
        reply
    }

    fn withdraw(&mut self) {
        self.question = None;
    }
}

/// Writes lines above the panel and draws it anew.
fn show_panel<B: Backend>(
    terminal: &mut ratatui::Terminal<B>,
    coloured: bool,
    story: &Story,
    question: Option<&str>,
    lines: &[EventLine],
) -> Result<(), B::Error> {
    let width = usize::from(terminal.size()?.width);
    for line in lines.iter().flat_map(|line| styled(line, width)) {
        let line = if coloured {
            line
        } else {
            panel::colourless(line)
        };
        terminal.insert_before(1, |buffer| line.render(buffer.area, buffer))?;
    }
    terminal.draw(|frame| panel::draw(frame, story, question, coloured))?;
    Ok(())
}

/// Writes plain lines, each flushed, so that a log shows them when they happen.
fn print(out: &mut impl Write, lines: &[EventLine]) -> io::Result<()> {
    for line in lines {
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}

/// An event in as many lines as its text needs.
fn styled(line: &EventLine, width: usize) -> Vec<Line<'_>> {
    let head = vec![
        Span::from(line.clock()).dim(),
        Span::from(format!("  {:<26}", line.subject)),
        Span::styled(format!("  {:<11}  ", line.state), tone_style(line.tone)),
    ];
    let indent: usize = head.iter().map(Span::width).sum();
    let mut heads = [head].into_iter();
    wrapped(&line.text, width.saturating_sub(indent).max(20))
        .into_iter()
        .map(|text| {
            let mut spans = heads
                .next()
                .unwrap_or_else(|| vec![Span::from(" ".repeat(indent))]);
            spans.push(Span::from(text));
            Line::from(spans)
        })
        .collect()
}

/// Text in rows of at most so many characters, unless a word is longer; one row at least.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split_whitespace() {
        let last = rows.len() - 1;
        let used = rows[last].chars().count();
        if used == 0 {
            rows[last].push_str(word);
        } else if used + 1 + word.chars().count() <= width {
            rows[last].push(' ');
            rows[last].push_str(word);
        } else {
            rows.push(word.to_owned());
        }
    }
    rows
}

fn tone_style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => Style::new().green(),
        Tone::Bad => Style::new().red().bold(),
    }
}

#[cfg(test)]
mod tests;
