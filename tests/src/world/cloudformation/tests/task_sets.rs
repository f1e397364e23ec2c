//! A service whose task sets a template has.

use serde_json::{Value, json};

use super::Account;
use crate::world::{Effect, Principal, ecs};

const TASK_SETS: &str = "
Parameters:
  Version: {Type: String, Default: v1}
  Share: {Type: Number, Default: 100}
  Grace: {Type: Number, Default: 30}
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: orders}}
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: app
      ContainerDefinitions: [{Name: app, Image: !Sub 'app:${Version}'}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      ServiceName: app
      DesiredCount: 2
      HealthCheckGracePeriodSeconds: !Ref Grace
      DeploymentController: {Type: EXTERNAL}
      DeploymentConfiguration: {MaximumPercent: 200, MinimumHealthyPercent: 100}
  Stable:
    Type: AWS::ECS::TaskSet
    Properties:
      Cluster: !Ref Cluster
      Service: !Ref Service
      TaskDefinition: !Ref Definition
      LaunchType: FARGATE
      Scale: {Unit: PERCENT, Value: !Ref Share}
  Primary:
    Type: AWS::ECS::PrimaryTaskSet
    Properties:
      Cluster: !Ref Cluster
      Service: !Ref Service
      TaskSetId: !GetAtt Stable.Id
Outputs:
  Set: {Value: !Ref Stable}
  Id: {Value: !GetAtt Stable.Id}
";

impl Account {
    fn described(&mut self) -> Value {
        let input = json!({ "cluster": "orders", "services": ["app"], "include": ["TAGS"] });
        let person = Principal("person".to_owned());
        let answer = ecs::call(&mut self.0, "DescribeServices", &input, &person);
        answer.unwrap()["services"][0].take()
    }

    fn output(&mut self, index: usize) -> String {
        let stack = self.stack().unwrap();
        let value = stack["Outputs"][index]["OutputValue"].as_str();
        value.unwrap().to_owned()
    }

    /// Tasks start and stop as they are told to.
    fn runs(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.passes(1);
            for effect in std::mem::take(&mut self.0.outbox) {
                match effect {
                    Effect::StartTask(launch) => ecs::task_running(&mut self.0, &launch.task_arn),
                    Effect::SignalTask { task_arn, .. } => {
                        ecs::task_exited(&mut self.0, &task_arn, Some(0), None);
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_stack_makes_a_service_a_task_set_and_makes_that_primary() {
    let mut account = Account::new();
    assert_eq!(account.deploy(TASK_SETS, &[]), "CREATE_COMPLETE");
    let (reference, id) = (account.output(0), account.output(1));
    assert_eq!(reference, format!("orders|app|{id}"));
    account.runs(30);
    let service = account.described();
    assert_eq!(service["deployments"], json!([]));
    let set = &service["taskSets"][0];
    assert_eq!(set["id"], json!(id));
    assert_eq!(set["status"], "PRIMARY");
    assert_eq!(set["stabilityStatus"], "STEADY_STATE");
    assert_eq!(set["runningCount"], 2);
    assert_eq!(
        set["tags"],
        json!([{"key": "application", "value": "orders"}]),
        "those of the stack"
    );
}

#[test]
fn another_scale_changes_the_task_set_and_another_definition_replaces_it() {
    let mut account = Account::new();
    account.deploy(TASK_SETS, &[]);
    account.runs(30);
    let first = account.output(1);
    assert_eq!(
        account.deploy(TASK_SETS, &[("Share", "50"), ("Grace", "60")]),
        "UPDATE_COMPLETE"
    );
    account.runs(30);
    let service = account.described();
    assert_eq!(service["healthCheckGracePeriodSeconds"], 60);
    assert_eq!(account.output(1), first);
    assert_eq!(service["taskSets"][0]["runningCount"], 1);

    account
        .propose(TASK_SETS, &[("Share", "50"), ("Version", "v2")])
        .unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    account.runs(90);
    assert_eq!(account.status(), "UPDATE_COMPLETE");
    let second = account.output(1);
    assert_ne!(second, first);
    let service = account.described();
    let [set] = service["taskSets"].as_array().unwrap().as_slice() else {
        panic!("{service}");
    };
    assert_eq!(
        (&set["id"], &set["status"]),
        (&json!(second), &json!("PRIMARY"))
    );
    assert_eq!(set["runningCount"], 1);
    let events = account.events("orders");
    let at = |event: &str| events.iter().rposition(|it| it == event);
    assert!(at("Primary UPDATE_COMPLETE") < at("Stable DELETE_COMPLETE"));
}

#[test]
fn a_stack_with_task_sets_is_deleted_from_the_last_to_the_first() {
    let mut account = Account::new();
    account.deploy(TASK_SETS, &[]);
    account.runs(30);
    let id = account.stack().unwrap()["StackId"].take();
    account.call("DeleteStack", &json!({ "StackName": "orders" }));
    account.runs(90);
    let stacks = account.call("DescribeStacks", &json!({ "StackName": id }));
    assert_eq!(stacks["Stacks"][0]["StackStatus"], "DELETE_COMPLETE");
    assert!(ecs::is_gone(&account.0, "orders", "app"));
    assert!(!ecs::has_cluster(&account.0, "orders"));
}
