//! Services whose task sets somebody else decides on.

mod balanced;
mod deleting;
mod idempotency;
mod random;
mod scaling;
mod services;
mod tasks;

use serde_json::{Value, json};

use super::{
    super::{super::Fault, create_service},
    stage::{Behaviour, Stage},
};

/// The service `app` with an external deployment controller and so many desired tasks.
fn external(desired: u32) -> Stage {
    let mut stage = Stage::new();
    create_service(&mut stage.world, &service(desired)).unwrap();
    stage
}

fn service(desired: u32) -> Value {
    json!({
        "cluster": "orders",
        "serviceName": "app",
        "desiredCount": desired,
        "deploymentController": {"type": "EXTERNAL"},
    })
}

impl Stage {
    /// A call about service `app`.
    fn of_app(&mut self, operation: &str, more: &Value) -> Result<Value, Fault> {
        let mut input = json!({"cluster": "orders", "service": "app"});
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        crate::wire::check_input("ecs", operation, &input).unwrap();
        self.call(operation, &input)
    }

    #[track_caller]
    fn refuses(&mut self, operation: &str, more: &Value) -> (String, String) {
        let fault = self.of_app(operation, more).unwrap_err();
        (fault.code, fault.message)
    }

    /// Creates a set at this percentage; answers its id.
    fn create_set(&mut self, definition: &str, percent: f64) -> String {
        let set = json!({
            "taskDefinition": definition,
            "launchType": "FARGATE",
            "scale": {"value": percent, "unit": "PERCENT"},
        });
        let answer = self.of_app("CreateTaskSet", &set).unwrap();
        answer["taskSet"]["id"].as_str().unwrap().to_owned()
    }

    fn set(&mut self, id: &str) -> Value {
        let answer = self.of_app("DescribeTaskSets", &json!({"taskSets": [id]}));
        answer.unwrap()["taskSets"][0].clone()
    }

    fn scale_set(&mut self, id: &str, percent: f64) -> Value {
        let scale = json!({"taskSet": id, "scale": {"value": percent, "unit": "PERCENT"}});
        self.of_app("UpdateTaskSet", &scale).unwrap()["taskSet"].clone()
    }

    fn make_primary(&mut self, id: &str) -> Value {
        let primary = json!({"primaryTaskSet": id});
        let answer = self.of_app("UpdateServicePrimaryTaskSet", &primary);
        answer.unwrap()["taskSet"].clone()
    }

    fn delete_set(&mut self, id: &str) -> Value {
        let delete = json!({"taskSet": id, "force": true});
        self.of_app("DeleteTaskSet", &delete).unwrap()["taskSet"].clone()
    }

    fn counts_of(&mut self, id: &str) -> (u64, u64) {
        let set = self.set(id);
        let count = |member: &str| set[member].as_u64().unwrap();
        (count("computedDesiredCount"), count("runningCount"))
    }

    fn statuses(&mut self) -> Vec<String> {
        let service = self.described();
        let sets = service["taskSets"].as_array().unwrap().iter();
        sets.map(|set| set["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A PRIMARY set of `v1` at 100 percent that is steady, in a service with so many desired tasks.
    fn stable(desired: u32) -> (Self, String) {
        let mut stage = external(desired);
        let v1 = stage.version("v1", Behaviour::Runs);
        let stable = stage.create_set(&v1, 100.0);
        stage.make_primary(&stable);
        stage.seconds(30);
        assert_eq!(stage.set(&stable)["stabilityStatus"], "STEADY_STATE");
        (stage, stable)
    }
}
