//! The panel that stays below the events.

use canary::evidence::Counts;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize},
    text::{Line, Span},
};

use super::{
    lines::{self, Tone},
    tone_style, work,
};
use crate::{
    brief::brief,
    story::{Action, Story},
};

/// Rows of the panel.
pub(super) const HEIGHT: u16 = ACTIONS + 11;
/// Rows for actions; the latest ones are shown.
const ACTIONS: u16 = 6;
/// Columns before the values.
const NAMES: usize = 10;
/// Columns of the bar of the evidence.
const BAR: u16 = 16;
/// Draws the panel into all of the frame, with what a person is asked.
pub(super) fn draw(frame: &mut Frame<'_>, story: &Story, question: Option<&str>, coloured: bool) {
    let lines = lines_of(story, question);
    let rows = Layout::vertical(vec![Constraint::Length(1); lines.len()]).split(frame.area());
    for (line, row) in lines.into_iter().zip(rows.iter()) {
        let line = if coloured { line } else { colourless(line) };
        frame.render_widget(line, *row);
    }
    // A visible cursor in the empty last row: nothing to bring back when the process is interrupted,
    // and what the shell or a panic writes then does not run into the panel.
    let Rect { y, height, .. } = frame.area();
    frame.set_cursor_position((0, y + height.saturating_sub(1)));
}

/// A line with its emphasis but without its colours.
pub(super) fn colourless(mut line: Line<'_>) -> Line<'_> {
    for span in &mut line.spans {
        span.style.fg = None;
    }
    line
}

/// The share, the evidence, what was done and where it came from in one line of text.
pub(super) fn figures(story: &Story) -> String {
    let [done, source] = work::rows(story);
    let parts = [share(story), evidence(story), done, source].map(|line| {
        let text = line.to_string();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    parts.join("; ")
}

fn lines_of(story: &Story, question: Option<&str>) -> Vec<Line<'static>> {
    let mut lines = vec![headline(story)];
    lines.extend(actions(story));
    lines.push(Line::default());
    lines.extend(work::runs(story));
    lines.push(share(story));
    lines.push(evidence(story));
    lines.extend(work::rows(story));
    lines.push(alarms(story));
    lines.push(match question {
        Some(question) => Line::from(format!(" {question} y approves, n rejects ")).reversed(),
        None => Line::from(" Ctrl-C ends the rehearsal and its tasks").dim(),
    });
    lines
}

fn headline(story: &Story) -> Line<'static> {
    let seconds = story.elapsed().as_secs();
    let execution = story
        .execution()
        .map_or("not started", |execution| &execution.state)
        .to_owned();
    let style = tone_style(lines::tone(&execution));
    Line::from(vec![
        Span::from(format!("── {}  {} → ", story.cast.pipeline, story.stable())),
        Span::from(story.candidate().to_owned()).bold(),
        Span::from(format!("  {:02}:{:02}  ", seconds / 60, seconds % 60)),
        Span::styled(execution, style),
        Span::from(" ──"),
    ])
}

/// The latest actions, filled up with empty rows.
fn actions(story: &Story) -> Vec<Line<'static>> {
    let all = story.execution().map_or(&[][..], |e| &e.actions);
    let shown = usize::from(ACTIONS);
    let latest = &all[all.len().saturating_sub(shown)..];
    let mut lines: Vec<_> = latest.iter().map(|a| action(story, a)).collect();
    lines.resize(shown, Line::default());
    lines
}

fn action(story: &Story, action: &Action) -> Line<'static> {
    let sign = match action.status.as_str() {
        "Succeeded" => "✓",
        "InProgress" => "●",
        _ => "✕",
    };
    let tone = lines::tone(&action.status);
    let style = tone_style(tone);
    let seconds = action.duration(story.now).as_secs();
    let mut spans = vec![
        Span::styled(format!(" {sign} "), style),
        Span::from(format!(
            "{:<24} ",
            format!("{}/{}", action.stage, action.name)
        )),
        Span::from(format!("{:02}:{:02}  ", seconds / 60, seconds % 60)).dim(),
    ];
    if tone == Tone::Bad {
        spans.push(Span::styled(format!("{}: ", action.status), style));
    }
    let summary = action.summary.as_deref().unwrap_or_default();
    spans.push(Span::from(brief(summary)));
    Line::from(spans)
}

/// What a row is about, before its values.
pub(super) fn name(name: &str) -> Span<'static> {
    Span::from(format!(" {name:<NAMES$} ")).dim()
}

fn share(story: &Story) -> Line<'static> {
    let percent =
        |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{share:.0} %"));
    let asked = story.asked.last().copied().flatten().map(f64::from);
    let attained = story.attained.last().copied().flatten();
    Line::from(vec![
        name("share"),
        Span::from(format!(
            "asked {}   attained {}   measured {}",
            percent(asked),
            percent(attained),
            percent(story.measured())
        )),
    ])
}

/// How far the evidence that the canary is worse is on its way to what is enough, what that comes to, and the counts.
fn evidence(story: &Story) -> Line<'static> {
    let mut spans = vec![name("evidence")];
    let Some(evidence) = story.evidence() else {
        spans.push(Span::from("–"));
        return Line::from(spans);
    };
    let Some(compared) = evidence.compared else {
        spans.push(Span::from(evidence.said.clone()));
        return Line::from(spans);
    };
    let style = tone_style(lines::tone(evidence.answer));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to the length of the bar"
    )]
    let full = (compared.way(compared.worse) * f64::from(BAR)) as usize;
    spans.extend([
        Span::styled("█".repeat(full), style),
        Span::from("░".repeat(usize::from(BAR) - full)).dim(),
        Span::from(format!(
            " {} of {:.0}  ",
            number(compared.worse),
            compared.needed
        )),
        Span::styled(evidence.answer, style),
        Span::from("  failed"),
    ]);
    for (index, version, Counts { attempts, failures }) in [
        (1, story.candidate(), compared.canary),
        (0, story.stable(), compared.primary),
    ] {
        spans.push(Span::styled(" ■", version_style(index)));
        spans.push(Span::from(format!(" {version} {failures} of {attempts}")));
    }
    Line::from(spans)
}

/// Evidence with the digits that tell.
fn number(evidence: f64) -> String {
    if evidence >= 10.0 {
        format!("{evidence:.0}")
    } else {
        format!("{evidence:.1}")
    }
}

fn alarms(story: &Story) -> Line<'static> {
    let mut spans = vec![name("alarms")];
    for (alarm, states) in &story.alarms {
        let state = states.last().map_or("", |state| &state.state).to_owned();
        let style = tone_style(lines::tone(&state));
        spans.push(Span::from(format!("{alarm} ")));
        spans.push(Span::styled(format!("{state}   "), style));
    }
    Line::from(spans)
}

/// Blue and yellow are told apart by everybody.
pub(super) fn version_style(index: usize) -> Style {
    let colour = match index {
        0 => Color::Blue,
        1 => Color::Yellow,
        _ => Color::Magenta,
    };
    Style::new().fg(colour)
}
