//! The example of consumers of a queue.

use serde_json::json;

use super::{CANARY, Entrance, Mode, PRIMARY, Runs, SetUpError, Stage};

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

    /// The same of a team that knows that work on a message takes no longer than a few seconds: what was received and has not ended by
    /// then has failed.
    #[must_use]
    pub fn whose_work_is_short(mut self) -> Self {
        let mut metrics = json!({
            "namespace": "CanaryRelease/SampleApp",
            "processed": "Processed",
            "failed": "Failed",
            "received": "Received",
            "released": "Released",
            "bookedOn": "receipt",
            "together": true,
            "endsWithinSeconds": 10,
        });
        let traffic = &mut self.target["traffic"];
        if self.traffic.runs() == Runs::TaskSets {
            metrics["dimensions"] = json!({ "ServiceName": PRIMARY });
            traffic["taskSets"]["queue"]["metrics"] = metrics;
        } else {
            metrics["primary"] = json!({ "ServiceName": PRIMARY });
            metrics["canary"] = json!({ "ServiceName": CANARY });
            traffic["queue"]["metrics"] = metrics;
        }
        self
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
