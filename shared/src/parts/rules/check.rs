//! What people write about rules, as far as one field cannot know it.

use super::Place;
use crate::input::BadInput;

/// Most rules that one target may name: as many as an application load balancer has by default (AWS: "Quotas for your
/// Application Load Balancers").
const MOST_RULES: usize = 100;

impl Place {
    /// Checks what one field cannot know.
    ///
    /// # Errors
    /// Rules are named in no way or in more than one, twice, or as something else than they are.
    pub fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let bad =
            |field: &'static str, problem: String| Err(BadInput::field(source, field, problem));
        let given = [
            self.rule.is_some(),
            !self.rules.is_empty(),
            self.listener.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let problem = "what forwards requests to the two target groups is given in no way or in more than one; allowed is \
                           one of \"rule\", \"rules\" (at least one), \"listener\"";
            return bad("", problem.to_owned());
        }
        if let Some(rule) = self.rule.as_ref().filter(|rule| rule.is_listener()) {
            return bad(
                "rule",
                format!(
                    "{rule} is a listener; name it in \"listener\" if its default action is meant"
                ),
            );
        }
        if let Some(listener) = self.listener.as_ref().filter(|it| !it.is_listener()) {
            return bad(
                "listener",
                format!("{listener} is a rule; name it in \"rule\""),
            );
        }
        if self.rules.len() > MOST_RULES {
            return bad(
                "rules",
                format!(
                    "{} rules; at most {MOST_RULES} are allowed",
                    self.rules.len()
                ),
            );
        }
        let mut rules = self.rules.iter().enumerate();
        match rules.find(|(at, rule)| self.rules[..*at].contains(rule)) {
            Some((_, twice)) => bad("rules", format!("{twice} appears twice")),
            None => Ok(()),
        }
    }
}
