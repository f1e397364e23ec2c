//! What a rehearsal was meant to show, and whether it did.

use std::fmt;

/// The result of one rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The scenario in a few words, for example `good release`.
    pub scenario: String,
    /// Whether the rehearsal showed what it was meant to.
    pub passed: bool,
    /// What was checked, in the order in which it is worth reading.
    pub checks: Vec<Check>,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is about, for example `no message is lost`.
    pub name: String,
    /// What had to be so.
    pub expected: String,
    /// What was so.
    pub found: String,
    /// Whether that is good enough.
    pub passed: bool,
}

impl Verdict {
    /// How many checks hold.
    #[must_use]
    pub fn held(&self) -> usize {
        self.checks.iter().filter(|check| check.passed).count()
    }
}

/// Plain lines: the verdict, then one line per check.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "PASSED" } else { "FAILED" };
        let (held, all) = (self.held(), self.checks.len());
        write!(f, "{word}  {}: {held} of {all} checks hold", self.scenario)?;
        for check in &self.checks {
            let word = if check.passed { "ok  " } else { "FAIL" };
            write!(
                f,
                "\n  {word}  {}: expected {}, found {}",
                check.name, check.expected, check.found
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_told_apart_in_plain_text() {
        let check = |name: &str, found: &str, passed| Check {
            name: name.to_owned(),
            expected: "0".to_owned(),
            found: found.to_owned(),
            passed,
        };
        let verdict = Verdict {
            scenario: "good release".to_owned(),
            passed: false,
            checks: vec![
                check("lost messages", "0", true),
                check("errors", "3", false),
            ],
        };
        insta::assert_snapshot!(verdict, @r"
        FAILED  good release: 1 of 2 checks hold
          ok    lost messages: expected 0, found 0
          FAIL  errors: expected 0, found 3
        ");
    }
}
