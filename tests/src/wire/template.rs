//! Template properties as the input of an API call.
//!
//! `CloudFormation` spells members in its own case and takes numbers as text (parameters are text);
//! the services' models say how the API has them. AWS: `CloudFormation` user guide, "Parameters":
//! "CloudFormation validates the parameter value as a number; however, when you use the parameter
//! elsewhere, the parameter value becomes a string".

use serde_json::{Map, Number, Value};

use super::model::{Kind, Member, Model, Shape};

/// A property that the API has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its path as the template spells it, for example `ContainerDefinitions[0].StopTimeout`.
    pub property: String,
    /// What is wrong.
    pub message: String,
}

/// The properties of a template's resource as the input of an operation. What the model checks
/// beyond names and types is left to [`check_input`](super::check_input).
///
/// # Errors
/// A member that the operation does not have, text that is no number or boolean where one is due.
pub fn template_input(service: &str, operation: &str, properties: &Value) -> Result<Value, Misfit> {
    let found = Model::of(service)
        .and_then(|model| Some((model, model.operation(operation)?.input.as_deref()?)));
    let Some((model, input)) = found else {
        return Err(Misfit {
            property: String::new(),
            message: format!("the local account has no model of {service}:{operation}"),
        });
    };
    Fitting { model }.shape(input, properties, "")
}

struct Fitting {
    model: &'static Model,
}

impl Fitting {
    fn shape(&self, name: &str, value: &Value, path: &str) -> Result<Value, Misfit> {
        let Some(shape) = self.model.shape(name) else {
            return Ok(value.clone());
        };
        let misfit = |wanted: &str| Misfit {
            property: path.to_owned(),
            message: format!("it is {value}, not {wanted}"),
        };
        match (shape.kind, value) {
            _ if shape.document => Ok(value.clone()),
            (Kind::Structure, Value::Object(members)) => self.structure(shape, members, path),
            (Kind::Map, Value::Object(members)) => self.map(shape, members, path),
            (Kind::List, Value::Array(elements)) => self.list(shape, elements, path),
            (Kind::Structure | Kind::Map, _) => Err(misfit("an object")),
            (Kind::List, _) => Err(misfit("a list")),
            (Kind::String, Value::Number(_) | Value::Bool(_)) => Ok(value.to_string().into()),
            (Kind::Integer | Kind::Long, Value::String(text)) => match text.parse::<i64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => Err(misfit("a whole number")),
            },
            (Kind::Double, Value::String(text)) => text
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number)
                .ok_or_else(|| misfit("a number")),
            (Kind::Boolean, Value::String(text)) => match text.as_str() {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => Err(misfit("true or false")),
            },
            _ => Ok(value.clone()),
        }
    }

    fn structure(
        &self,
        shape: &Shape,
        members: &Map<String, Value>,
        path: &str,
    ) -> Result<Value, Misfit> {
        members
            .iter()
            .map(|(name, value)| {
                let path = join(path, name);
                let (known, member) = shape
                    .members
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name))
                    .ok_or_else(|| Misfit {
                        property: path.clone(),
                        message: "there is no such property here".to_owned(),
                    })?;
                Ok((known.clone(), self.shape(&member.shape, value, &path)?))
            })
            .collect::<Result<_, _>>()
            .map(Value::Object)
    }

    /// Keys of maps are data.
    fn map(
        &self,
        shape: &Shape,
        members: &Map<String, Value>,
        path: &str,
    ) -> Result<Value, Misfit> {
        members
            .iter()
            .map(|(key, value)| {
                let value = self.part(shape.value.as_ref(), value, &join(path, key))?;
                Ok((key.clone(), value))
            })
            .collect::<Result<_, _>>()
            .map(Value::Object)
    }

    fn list(&self, shape: &Shape, elements: &[Value], path: &str) -> Result<Value, Misfit> {
        (0..)
            .zip(elements)
            .map(|(index, element): (usize, _)| {
                self.part(shape.member.as_ref(), element, &format!("{path}[{index}]"))
            })
            .collect::<Result<_, _>>()
            .map(Value::Array)
    }

    fn part(&self, member: Option<&Member>, value: &Value, path: &str) -> Result<Value, Misfit> {
        match member {
            Some(member) => self.shape(&member.shape, value, path),
            None => Ok(value.clone()),
        }
    }
}

/// The path of a member.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_spelled_and_typed_as_the_api_has_them() {
        let properties = json!({
            "Family": "orders",
            "Cpu": 256,
            "ContainerDefinitions": [{
                "Name": "app",
                "Image": "app@sha256:1",
                "StopTimeout": "30",
                "Essential": "true",
                "LogConfiguration": {
                    "LogDriver": "awslogs",
                    "Options": { "awslogs-group": "/ecs/orders" },
                },
            }],
        });
        let input = template_input("ecs", "RegisterTaskDefinition", &properties).unwrap();
        assert_eq!(
            input,
            json!({
                "family": "orders",
                "cpu": "256",
                "containerDefinitions": [{
                    "name": "app",
                    "image": "app@sha256:1",
                    "stopTimeout": 30,
                    "essential": true,
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": { "awslogs-group": "/ecs/orders" },
                    },
                }],
            })
        );
    }

    #[test]
    fn what_the_api_has_no_place_for_is_named_as_the_template_spells_it() {
        let misfit =
            |properties| template_input("ecs", "RegisterTaskDefinition", &properties).unwrap_err();
        let unknown = misfit(json!({ "ContainerDefinitions": [{ "StopTimout": 30 }] }));
        assert_eq!(unknown.property, "ContainerDefinitions[0].StopTimout");
        let text = misfit(json!({ "ContainerDefinitions": [{ "StopTimeout": "long" }] }));
        assert_eq!(text.property, "ContainerDefinitions[0].StopTimeout");
        assert_eq!(text.message, "it is \"long\", not a whole number");
    }
}
