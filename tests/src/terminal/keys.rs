//! What a person types.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    sync::mpsc::{Receiver, TryRecvError, channel},
    time::Duration,
};

use ratatui::crossterm::event::{self, Event};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};

use crate::rehearse::Reply;

/// `_POSIX_VDISABLE`: no character is the special one.
const DISABLED: u8 = 0;

/// Keeps what is typed off the screen, one key at a time, while Ctrl-C stays an interrupt. Dropping
/// it restores the terminal.
#[derive(Debug)]
pub(super) struct Echo {
    before: Termios,
}

impl Echo {
    /// `None` if standard input is no terminal.
    pub(super) fn off() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON;
        // Suspended, the screen would stay as it is, and the account's clock would run on.
        quiet.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet).ok()?;
        Some(Self { before })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Keys that nobody asked for are not for the shell.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Where answers come from.
#[derive(Debug)]
pub(super) enum Keys {
    /// Single keys of the terminal. They come with the terminal's own replies about its cursor, which
    /// drawing asks for; so it must be crossterm, not we, who reads them.
    Terminal,
    /// Lines of standard input; `None` for what is neither yes nor no.
    Lines(Receiver<Option<Reply>>),
}

impl Keys {
    /// Reads lines from now on.
    pub(super) fn lines() -> Self {
        let (send, typed) = channel();
        // A thread of its own, for nothing but the end of the process ends a read.
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if send.send(meant(&line)).is_err() {
                    return;
                }
            }
        });
        Self::Lines(typed)
    }

    /// Forgets keys that were typed before anybody asked. Lines may have been prepared.
    pub(super) fn forget(&self) {
        if let Self::Terminal = self {
            while let Ok(Some(_)) = pressed() {}
        }
    }

    /// The first clear answer so far.
    pub(super) fn answer(&self) -> Option<Reply> {
        match self {
            Self::Terminal => loop {
                match pressed() {
                    Ok(Some(key)) if meant(&key).is_some() => return meant(&key),
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(_) => return Some(Reply::Nobody),
                }
            },
            Self::Lines(typed) => loop {
                match typed.try_recv() {
                    Ok(None) => {}
                    Ok(reply) => return reply,
                    Err(TryRecvError::Empty) => return None,
                    Err(TryRecvError::Disconnected) => return Some(Reply::Nobody),
                }
            },
        }
    }
}

/// The next key; `None` if none was pressed.
fn pressed() -> io::Result<Option<String>> {
    if !event::poll(Duration::ZERO)? {
        return Ok(None);
    }
    Ok(Some(match event::read()? {
        Event::Key(key) => key.code.to_string(),
        _ => String::new(),
    }))
}

fn meant(typed: &str) -> Option<Reply> {
    match typed.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(Reply::Yes),
        "n" | "no" => Some(Reply::No),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_answer_is_one() {
        assert_eq!(meant("Yes\r"), Some(Reply::Yes));
        assert_eq!(meant("n"), Some(Reply::No));
        assert_eq!(meant("maybe"), None);
    }
}
