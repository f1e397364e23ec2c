//! What happens, one line per event worth reading.

use std::{collections::HashMap, fmt, sync::LazyLock, time::Duration};

use regex::Regex;

use super::{panel, work};
use crate::{
    brief::brief,
    clock::Moment,
    story::{Record, Story, Tasks, changes_what_serves, telling_members},
    world::journal::{Call, Entry, What},
};

/// How often an action may report progress, and dead letters that they are more.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// How often tasks, targets and task sets may: soon enough to be told before what follows from them.
const STATE_INTERVAL: Duration = Duration::from_secs(1);

/// The subject of the release record's lines.
const RECORD: &str = "release record";

/// The subject of the lines of what the counts of both versions say.
const EVIDENCE: &str = "evidence";

/// How often the figures are told.
const FIGURES_INTERVAL: Duration = Duration::from_secs(10);

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Bad,
}

/// A line: `+00:12  Canary/deploy-canary        InProgress   orders-canary: 0 of 1 task on v2`.
#[derive(Debug, Clone)]
pub(super) struct EventLine {
    pub(super) since_start: Duration,
    pub(super) subject: String,
    pub(super) state: String,
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl EventLine {
    /// `+00:12`
    pub(super) fn clock(&self) -> String {
        let seconds = self.since_start.as_secs();
        format!("+{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

impl fmt::Display for EventLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!(
            "{}  {:<26}  {:<11}  {}",
            self.clock(),
            self.subject,
            self.state,
            self.text
        );
        f.write_str(line.trim_end())
    }
}

/// Decides what is worth a line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// By subject: when it last reported, what it said then, without its times.
    reported: HashMap<String, (Moment, String)>,
    /// By action of an execution, the release record or the evidence: its last status.
    statuses: HashMap<String, String>,
    /// When the figures were last told.
    figures_at: Option<Moment>,
}

impl Lines {
    /// The lines for entries that the story has just taken, then those for progress since.
    pub(super) fn next(&mut self, story: &Story, entries: &[Entry]) -> Vec<EventLine> {
        let mut lines: Vec<EventLine> = entries
            .iter()
            .filter_map(|entry| self.event(story, entry))
            .collect();
        lines.extend(self.answer(story));
        lines.extend(self.progress(story));
        lines
    }

    /// The line for another answer than before to whether the canary is worse.
    fn answer(&mut self, story: &Story) -> Option<EventLine> {
        let evidence = story.evidence()?;
        let answer = evidence.answer.to_owned();
        let last = self.statuses.insert(EVIDENCE.to_owned(), answer);
        (last.as_deref() != Some(evidence.answer)).then(|| EventLine {
            since_start: story.elapsed(),
            subject: EVIDENCE.to_owned(),
            state: String::new(),
            text: evidence.said.clone(),
            tone: tone(evidence.answer),
        })
    }

    /// The line for an event, unless it is progress or routine.
    fn event(&mut self, story: &Story, entry: &Entry) -> Option<EventLine> {
        let (subject, state, text, tone) = match &entry.what {
            What::Execution {
                pipeline, state, ..
            } => (pipeline.clone(), state.as_str(), String::new(), tone(state)),
            What::Action {
                execution,
                stage,
                action,
                status,
                summary,
            } => {
                let subject = format!("{stage}/{action}");
                let text = summary.clone().unwrap_or_default();
                let last = self
                    .statuses
                    .insert(format!("{execution}/{subject}"), status.clone());
                if last.as_ref() == Some(status) {
                    return None;
                }
                self.report(&subject, entry.at, &text);
                (subject, status.as_str(), text, tone(status))
            }
            What::Invoked {
                function,
                attempt,
                source,
                ..
            } if *function == story.cast.rollback && source != "schedule" => {
                let text = match attempt {
                    1 => format!("by {source}"),
                    again => format!("by {source}, attempt {again}"),
                };
                (function.clone(), "invoked", text, Tone::Plain)
            }
            What::Returned {
                function,
                error: Some(error),
                ..
            } => (function.clone(), "error", error.clone(), Tone::Bad),
            What::ServiceEvent { service, message } if !is_routine(message) => {
                (service.clone(), "event", message.clone(), Tone::Plain)
            }
            What::Task {
                service,
                version,
                state,
                reason: Some(reason),
                ..
            } if state == "STOPPED" && !reason.starts_with("Scaling activity") => {
                let text = format!("task of {version}: {reason}");
                (service.clone(), "STOPPED", text, Tone::Bad)
            }
            What::Alarm {
                alarm,
                state,
                reason,
            } => (
                format!("alarm {alarm}"),
                state.as_str(),
                reason.clone(),
                tone(state),
            ),
            What::Weights { groups, .. } => (
                "load balancer".to_owned(),
                "weights",
                work::weights_text(story, groups)?,
                Tone::Plain,
            ),
            What::Shares { alias, shares } => {
                let shares: Vec<_> = shares.iter().map(ToString::to_string).collect();
                let subject = format!("alias {alias}");
                (subject, "weights", shares.join(", "), Tone::Plain)
            }
            What::Called(call) => {
                return called(story, entry.at, call).filter(|line| self.is_news(line));
            }
            What::Notified { subject, .. } => {
                ("notice".to_owned(), "sent", subject.clone(), Tone::Plain)
            }
            What::Told(text) => ("note".to_owned(), "", text.clone(), Tone::Plain),
            _ => return None,
        };
        Some(EventLine {
            since_start: entry.at.since(story.began),
            subject,
            state: state.to_owned(),
            text: brief(&text),
            tone,
        })
    }

    /// Lines for what has moved on in substance, at most one per subject and interval.
    fn progress(&mut self, story: &Story) -> Vec<EventLine> {
        let mut actions: Vec<work::Progress> = Vec::new();
        let running = story
            .executions
            .iter()
            .flat_map(|execution| &execution.actions)
            .filter(|action| action.ended.is_none());
        for action in running {
            let text = action.summary.clone().unwrap_or_default();
            actions.push((
                format!("{}/{}", action.stage, action.name),
                "InProgress",
                text,
                Tone::Plain,
            ));
        }
        let mut states = Vec::new();
        for service in [&story.cast.primary, &story.cast.canary] {
            if story.services.contains_key(service) {
                let text = tasks_text(&story.tasks(service));
                states.push((service.clone(), "tasks", text, Tone::Plain));
            }
        }
        states.extend(work::states(story));

        let letters = work::dead_letters(story);
        let mut now: Vec<_> = actions
            .into_iter()
            .map(|it| (it, PROGRESS_INTERVAL))
            .collect();
        now.extend(states.into_iter().map(|it| (it, STATE_INTERVAL)));
        now.extend(letters.map(|it| (it, PROGRESS_INTERVAL)));
        now.retain(|((subject, _, text, _), interval)| {
            self.is_due(subject, story.now, text, *interval)
        });
        now.into_iter()
            .map(|((subject, state, text, tone), _)| {
                self.report(&subject, story.now, &text);
                EventLine {
                    since_start: story.elapsed(),
                    subject,
                    state: state.to_owned(),
                    text: brief(&text),
                    tone,
                }
            })
            .collect()
    }

    /// The figures of the panel, every ten seconds, for where there is none.
    pub(super) fn figures(&mut self, story: &Story) -> Option<EventLine> {
        let last = *self.figures_at.get_or_insert(story.now);
        if story.now.since(last) < FIGURES_INTERVAL {
            return None;
        }
        self.figures_at = Some(story.now);
        Some(EventLine {
            since_start: story.elapsed(),
            subject: "figures".to_owned(),
            state: String::new(),
            text: panel::figures(story),
            tone: Tone::Plain,
        })
    }

    /// Whether a line of the release record tells another phase than the last one.
    fn is_news(&mut self, line: &EventLine) -> bool {
        if line.subject != RECORD {
            return true;
        }
        let told = format!("{} {}", line.state, line.text);
        self.statuses.insert(RECORD.to_owned(), told.clone()) != Some(told)
    }

    fn report(&mut self, subject: &str, at: Moment, text: &str) {
        self.reported
            .insert(subject.to_owned(), (at, substance(text)));
    }

    fn is_due(&self, subject: &str, now: Moment, text: &str, interval: Duration) -> bool {
        self.reported
            .get(subject)
            .is_none_or(|(at, last)| now.since(*at) >= interval && *last != substance(text))
    }
}

/// The line for a new phase of the release record, or for what rollback changes besides.
fn called(story: &Story, at: Moment, call: &Call) -> Option<EventLine> {
    let since_start = at.since(story.began);
    if let Some(record) = Record::written(call) {
        let asked = record
            .asked
            .map(|percent| format!("{percent} % of the work asked"));
        return Some(EventLine {
            since_start,
            subject: RECORD.to_owned(),
            state: record.phase,
            text: record.cause.or(asked).unwrap_or_default(),
            tone: Tone::Plain,
        });
    }
    let telling = call.principal.0 == story.cast.rollback && changes_what_serves(call);
    telling.then(|| EventLine {
        since_start,
        subject: call.principal.0.clone(),
        state: call.fault.clone().unwrap_or_else(|| "changes".to_owned()),
        text: format!(
            "{}:{} {}",
            call.service,
            call.operation,
            telling_members(call)
        ),
        tone: Tone::Plain,
    })
}

/// A summary without what changes in it by itself: the time that passes.
fn substance(text: &str) -> String {
    static DURATIONS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b(?:\d+(?:\.\d+)?(?:ms|h|m|s))+\b").ok());
    DURATIONS.as_ref().map_or_else(
        || text.to_owned(),
        |durations| durations.replace_all(text, "#").into_owned(),
    )
}

/// `desired 4, running v1 3, v2 1`
#[must_use]
pub fn tasks_text(tasks: &Tasks) -> String {
    let running: Vec<String> = tasks
        .running
        .iter()
        .map(|(version, count)| format!("{version} {count}"))
        .collect();
    let running = if running.is_empty() {
        "none".to_owned()
    } else {
        running.join(", ")
    };
    format!("desired {}, running {running}", tasks.desired)
}

/// What ECS says about every task that comes and goes, and every task set that follows its scale.
fn is_routine(message: &str) -> bool {
    [
        "updated computedDesiredCount ",
        "updated state to STEADY_STATE",
        "has started ",
        "has stopped ",
        "has begun draining",
        "registered ",
    ]
    .iter()
    .any(|routine| message.contains(routine))
}

/// How the state of an action, an execution or an alarm is meant.
pub(super) fn tone(state: &str) -> Tone {
    match state {
        "Succeeded" | "SUCCEEDED" | "OK" | "as good" => Tone::Good,
        "Failed" | "Abandoned" | "FAILED" | "STOPPED" | "STOPPING" | "ALARM" | "worse" => Tone::Bad,
        _ => Tone::Plain,
    }
}
