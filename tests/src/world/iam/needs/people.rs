//! Services that people call who deploy, and nothing that acts as a role here.

use super::{Call, Need, text};

impl Call<'_> {
    /// Stacks by name or ARN; without one all of them.
    pub(super) fn cloudformation(&self) -> Vec<Need> {
        let resource = match (self.operation, text(self.input, "StackName")) {
            ("ListStacks" | "ValidateTemplate", _) => "*".to_owned(),
            (_, "") => self.world.arn("cloudformation", "stack/*/*"),
            (_, arn) if arn.starts_with("arn:") => arn.to_owned(),
            (_, name) => self.world.arn("cloudformation", &format!("stack/{name}/*")),
        };
        let action = format!("cloudformation:{}", self.operation);
        vec![Need::new(action, resource)]
    }

    pub(super) fn iam(&self) -> Vec<Need> {
        let service = text(self.input, "AWSServiceName");
        let role = match self.operation {
            "CreateServiceLinkedRole" => format!("aws-service-role/{service}/*"),
            _ => text(self.input, "RoleName").to_owned(),
        };
        let resource = crate::world::iam::role_arn(self.world, &role);
        let action = format!("iam:{}", self.operation);
        vec![Need::new(action, resource)]
    }

    /// What cannot be narrowed.
    pub(super) fn anything(&self, prefix: &str) -> Vec<Need> {
        vec![Need::new(format!("{prefix}:{}", self.operation), "*")]
    }
}
