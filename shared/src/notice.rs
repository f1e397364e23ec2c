//! What people are told without having asked.

/// Characters of a subject; SNS takes one line of at most 100 (API reference, `Publish`).
const LONGEST_SUBJECT: usize = 99;

/// A message to people: the subject and the text of an e-mail. To hear it twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    subject: String,
    message: String,
}

impl Notice {
    /// A notice about `about`, a name; it is cut so that `what` fits on one line beside it.
    ///
    /// What is not printable ASCII becomes a question mark in the subject.
    #[must_use]
    pub fn new(about: &str, what: &str, message: String) -> Self {
        let left = LONGEST_SUBJECT.saturating_sub(what.chars().count() + ": ".len());
        let about: String = about.chars().take(left).collect();
        let subject = format!("{about}: {what}")
            .chars()
            .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
            .take(LONGEST_SUBJECT)
            .collect();
        Self { subject, message }
    }

    /// The subject: one line of less than 100 characters of ASCII.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_that_sns_takes_and_loses_nothing_of_what_happened() {
        let about = format!("bestellungen-für-{}", "a".repeat(255));
        let notice = Notice::new(&about, "rolled back\nrelease 7", String::new());
        assert_eq!(notice.subject().len(), 99);
        assert!(notice.subject().is_ascii());
        assert!(notice.subject().starts_with("bestellungen-f?r-aaa"));
        assert!(notice.subject().ends_with("aaa: rolled back?release 7"));
    }
}
