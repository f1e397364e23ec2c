//! What calls of ECS need.

use serde_json::Value;

use super::{Call, Need, text, texts};
use crate::world::{ecs, iam::Registration};

impl Call<'_> {
    pub(super) fn ecs(&self) -> Option<Vec<Need>> {
        let operation = self.operation;
        let action = format!("ecs:{operation}");
        let in_cluster = |need: Need| need.with("ecs:cluster", self.cluster_arn());
        let each = |kind: &str, names: Vec<&str>| {
            let arns = names
                .into_iter()
                .map(|name| self.in_cluster_arn(kind, name));
            arns.map(|arn| in_cluster(Need::new(action.clone(), arn)))
                .collect()
        };
        let each_task = |names: Vec<&str>| {
            let needs: Vec<Need> = each("task", names);
            needs.into_iter().map(|need| self.tagged(need)).collect()
        };
        Some(match operation {
            "RegisterTaskDefinition" => self.register_task_definition(),
            // As AWS's own denials of `ListTasks` say: without a container instance it is `*`.
            "ListTasks" => vec![in_cluster(Need::new(action, "*"))],
            "DescribeTaskDefinition" | "DeregisterTaskDefinition" | "ListTaskDefinitions" => {
                vec![Need::new(action, "*")]
            }
            "DescribeServices" => each("service", texts(self.input, "services")),
            "DescribeTasks" | "GetTaskProtection" | "UpdateTaskProtection" => {
                each_task(texts(self.input, "tasks"))
            }
            "StopTask" => each_task(vec![text(self.input, "task")]),
            "UpdateService" | "CreateService" => {
                let member = match operation {
                    "UpdateService" => "service",
                    _ => "serviceName",
                };
                let needs: Vec<Need> = each("service", vec![text(self.input, member)]);
                let needs = needs.into_iter().map(|need| self.set(need));
                self.run_task_definition(needs.collect())
            }
            "TagResource" => vec![
                Need::new(action, text(self.input, "resourceArn")).with_tags(&self.input["tags"]),
            ],
            "UntagResource" => {
                let keys = texts(self.input, "tagKeys");
                let mut need = Need::new(action, text(self.input, "resourceArn"));
                need.context
                    .put("aws:TagKeys", keys.into_iter().map(str::to_owned));
                vec![need]
            }
            "ListTagsForResource" => vec![Need::new(action, text(self.input, "resourceArn"))],
            _ => return None,
        })
    }

    /// A definition with tags needs the right to tag, one with roles the right to pass them. AWS: ECS
    /// developer guide, "Grant permission to tag resources on creation"; IAM user guide, "Grant a
    /// user permissions to pass a role to an AWS service".
    fn register_task_definition(&self) -> Vec<Need> {
        let family = format!("task-definition/{}", text(self.input, "family"));
        let family = self.world.arn("ecs", &family);
        let revisions = format!("{family}:*");
        let (judged, arn) = match self.world.iam.registration {
            Registration::Revisions => (revisions.clone(), revisions),
            Registration::Family => (family.clone(), family),
            Registration::Everything => ("*".to_owned(), family),
        };
        let tags = &self.input["tags"];
        let mut needs = vec![
            Need::new("ecs:RegisterTaskDefinition", judged)
                .with_tags(tags)
                .with("ecs:privileged", self.is_privileged().to_string()),
        ];
        if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
            needs.push(
                Need::new("ecs:TagResource", arn)
                    .with_tags(tags)
                    .with("ecs:CreateAction", "RegisterTaskDefinition"),
            );
        }
        needs.extend(self.passed_roles(self.input));
        needs
    }

    /// Whether a container of the definition asks for the host's rights.
    fn is_privileged(&self) -> bool {
        let containers = self.input["containerDefinitions"].as_array();
        containers
            .into_iter()
            .flatten()
            .any(|container| container["privileged"] == true)
    }

    /// The condition keys of what a call sets of a service: a call that does not name it has no such key. AWS: ECS developer guide,
    /// "Policy condition keys for Amazon ECS", has `true` and `false` for an address that the API calls `ENABLED` and `DISABLED`.
    fn set(&self, mut need: Need) -> Need {
        if let Some(is_on) = self.input["enableExecuteCommand"].as_bool() {
            need = need.with("ecs:enable-execute-command", is_on.to_string());
        }
        let network = &self.input["networkConfiguration"]["awsvpcConfiguration"];
        let subnets = texts(network, "subnets");
        if !subnets.is_empty() {
            let subnets = subnets.into_iter().map(str::to_owned);
            need.context.put("ecs:subnet", subnets);
        }
        if let Some(assigns) = network["assignPublicIp"].as_str() {
            let assigns = (assigns == "ENABLED").to_string();
            need = need.with("ecs:auto-assign-public-ip", assigns);
        }
        need
    }

    /// What a service runs that is given nothing else, where AWS shows that.
    pub(super) fn running(&self, need: Need) -> Need {
        let running = ecs::running_definition(self.world, &need.resource);
        match running.filter(|_| self.world.iam.shows_running_definition) {
            Some(definition) => need.with("ecs:task-definition", definition),
            None => need,
        }
    }

    /// A service that is given a task definition has to be let pass the definition's roles, and one that is not does not have to
    /// (keidarcy/e1s#429).
    fn run_task_definition(&self, mut needs: Vec<Need>) -> Vec<Need> {
        let given = text(self.input, "taskDefinition");
        if given.is_empty() {
            let needs = needs.into_iter();
            return needs.map(|need| self.running(need)).collect();
        }
        let found = ecs::task_definition(self.world, given);
        let arn = match &found {
            Some(definition) => text(definition, "taskDefinitionArn"),
            None => given,
        };
        needs = needs
            .into_iter()
            .map(|need| need.with("ecs:task-definition", arn))
            .collect();
        needs.extend(self.passed_roles(found.as_ref().unwrap_or(&Value::Null)));
        needs
    }

    fn passed_roles(&self, definition: &Value) -> Vec<Need> {
        ["taskRoleArn", "executionRoleArn"]
            .into_iter()
            .map(|member| text(definition, member))
            .filter(|role| !role.is_empty())
            .map(|role| self.pass(role, super::super::ECS_TASKS))
            .collect()
    }

    /// Whether AWS's own tags of a task (`aws:ecs:serviceName`) match is not documented: see [`super::super::Iam`].
    fn tagged(&self, mut need: Need) -> Need {
        let tags = ecs::task_tags(self.world, &need.resource);
        let hides = self.world.iam.hides_managed_tags;
        for (key, value) in tags.into_iter().flatten() {
            if !(hides && key.starts_with("aws:")) {
                need = need.with(&format!("aws:ResourceTag/{key}"), value);
            }
        }
        need
    }

    fn cluster_arn(&self) -> String {
        let given = text(self.input, "cluster");
        match given {
            "" => self.world.arn("ecs", "cluster/default"),
            arn if arn.starts_with("arn:") => arn.to_owned(),
            name => self.world.arn("ecs", &format!("cluster/{name}")),
        }
    }

    /// A service or task by its name or ARN.
    fn in_cluster_arn(&self, kind: &str, given: &str) -> String {
        if given.starts_with("arn:") {
            return given.to_owned();
        }
        let cluster = self.cluster_arn();
        let cluster = cluster.rsplit('/').next().unwrap_or_default();
        self.world.arn("ecs", &format!("{kind}/{cluster}/{given}"))
    }
}
