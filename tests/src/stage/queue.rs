//! The example of consumers of a queue.

use super::{Entrance, Mode, SetUpError, Stage};

impl Stage {
    pub(super) fn queue_parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = self.services_parameters();
        parameters.push(("FloorPrimary", self.floor_primary.to_string()));
        parameters.extend(self.consumers_parameters());
        parameters
    }

    /// Those of consumers, whatever runs them as tasks.
    pub(super) fn consumers_parameters(&self) -> [(&'static str, String); 4] {
        let mode = match self.mode {
            Mode::Additive => "additive",
            Mode::ConstantTotal => "constantTotal",
        };
        [
            ("MaxTasks", self.max_tasks.to_string()),
            ("MaxDeadLetters", self.max_dead_letters.to_string()),
            ("Mode", mode.to_owned()),
            (
                "VisibilityTimeoutSeconds",
                self.visibility.as_secs().to_string(),
            ),
        ]
    }
}

/// Where messages come in, by the outputs of the root stack.
pub(super) fn entrance(
    output: impl Fn(&'static str) -> Result<String, SetUpError>,
) -> Result<Entrance, SetUpError> {
    Ok(Entrance::Queue {
        url: output("QueueUrl")?,
        dead_letter_url: output("DeadLetterQueueUrl")?,
    })
}
