//! What a candidate's task definition changes, by name: values of variables may be secrets and are never told.
//!
//! A described definition has defaults that its file leaves out, and lists in another order (environment, secrets, ports); neither is a
//! change.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The lists whose members have names or numbers of their own, by what tells them apart.
const KEYED: [(&str, &str); 8] = [
    ("containerDefinitions", "name"),
    ("environment", "name"),
    ("secrets", "name"),
    ("volumes", "name"),
    ("ulimits", "name"),
    ("mountPoints", "containerPath"),
    ("portMappings", "containerPort"),
    ("dependsOn", "containerName"),
];

/// Everything in which the second input of `RegisterTaskDefinition` differs from the first. Of images only `is_running` knows, by
/// container: two names may mean the same image, and the same name another one by now.
pub(super) fn between(
    stable: &Value,
    candidate: &Value,
    is_running: impl Fn(&str) -> bool,
) -> Vec<String> {
    let (before, after) = (normal(stable), normal(candidate));
    let mut changes = Vec::new();
    let containers = [&before, &after].map(|it| members(&it["containerDefinitions"]));
    for name in names(&containers) {
        match (containers[0].get(name), containers[1].get(name)) {
            (Some(before), Some(after)) => {
                changes.extend(of_container(name, before, after, &is_running));
            }
            (None, _) => changes.push(format!("container {name} is new")),
            (_, None) => changes.push(format!("container {name} is gone")),
        }
    }
    let fields = of_fields(&before, &after, &["containerDefinitions", "tags", "family"]);
    changes.extend(fields.map(|field| field.to_string()));
    changes
}

fn of_container(
    name: &str,
    before: &Value,
    after: &Value,
    is_running: impl Fn(&str) -> bool,
) -> Vec<String> {
    const LISTS: [(&str, &str); 2] = [("environment", "variable"), ("secrets", "secret")];
    let image = (!is_running(name)).then(|| format!("image of {name}"));
    let lists = LISTS.into_iter().flat_map(|(list, one)| {
        let both = [before, after].map(|it| members(&it[list]));
        let changed = names(&both).into_iter().filter_map(|member| {
            let how = match (both[0].get(member), both[1].get(member)) {
                (None, _) => "is new",
                (_, None) => "is gone",
                (Some(before), Some(after)) if before != after => "changes",
                _ => return None,
            };
            Some(format!("{one} {member} of {name} {how}"))
        });
        changed.collect::<Vec<_>>()
    });
    let fields = of_fields(before, after, &["name", "image", "environment", "secrets"]);
    let fields = fields.map(|field| format!("{field} of {name}"));
    image.into_iter().chain(lists).chain(fields).collect()
}

/// A field that differs, with its values where they are numbers of AWS's own.
struct Field<'a> {
    name: &'a str,
    values: Option<(String, String)>,
}

impl std::fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.values {
            Some((before, after)) => write!(f, "{} {before} to {after}", self.name),
            None => f.write_str(self.name),
        }
    }
}

fn of_fields<'a>(
    before: &'a Value,
    after: &'a Value,
    but: &'a [&'a str],
) -> impl Iterator<Item = Field<'a>> {
    const SIZES: [&str; 3] = ["cpu", "memory", "memoryReservation"];
    let empty = || {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        &*EMPTY
    };
    let both = [before, after].map(|it| it.as_object().unwrap_or_else(empty));
    let all: BTreeSet<&str> = both
        .iter()
        .flat_map(|it| it.keys().map(String::as_str))
        .collect();
    all.into_iter()
        .filter(move |name| !but.contains(name) && both[0].get(*name) != both[1].get(*name))
        .map(move |name| {
            let value =
                |of: &Map<String, Value>| of.get(name).map_or_else(|| "none".to_owned(), plain);
            let values = SIZES
                .contains(&name)
                .then(|| (value(both[0]), value(both[1])));
            Field { name, values }
        })
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Members of a list by what tells them apart.
fn members(list: &Value) -> BTreeMap<&str, &Value> {
    let members = list.as_array().into_iter().flatten();
    members
        .filter_map(|it| Some((it["name"].as_str()?, it)))
        .collect()
}

fn names<'a>(both: &'a [BTreeMap<&'a str, &'a Value>; 2]) -> BTreeSet<&'a str> {
    both.iter().flat_map(BTreeMap::keys).copied().collect()
}

/// The same without what says nothing: defaults, what is empty, and the order of lists that have none.
fn normal(definition: &Value) -> Value {
    stripped(definition, definition["networkMode"] == "awsvpc")
}

/// Where a task has an address of its own, the host's port is the container's.
fn stripped(value: &Value, has_address: bool) -> Value {
    let normal = |value| stripped(value, has_address);
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, value)| {
                let value = match KEYED.iter().find(|(list, _)| list == name) {
                    Some((_, key)) => sorted(normal(value), key),
                    None => normal(value),
                };
                (!is_default(name, &value, fields, has_address)).then(|| (name.clone(), value))
            });
            Value::Object(fields.collect())
        }
        Value::Array(members) => members.iter().map(normal).collect(),
        other => other.clone(),
    }
}

fn sorted(list: Value, key: &str) -> Value {
    let Value::Array(mut members) = list else {
        return list;
    };
    members.sort_by_key(|member| member[key].to_string());
    Value::Array(members)
}

/// What AWS adds to what is registered (API reference, `ContainerDefinition` and `PortMapping`), and whatever is empty.
fn is_default(name: &str, value: &Value, beside: &Map<String, Value>, has_address: bool) -> bool {
    match value {
        Value::Null => true,
        Value::Array(members) => members.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(value) => *value == (name == "essential"),
        Value::String(value) => value == "tcp" && name == "protocol",
        Value::Number(number) => {
            let is_none = number.as_u64() == Some(0) && ["cpu", "hostPort"].contains(&name);
            is_none
                || has_address && name == "hostPort" && beside.get("containerPort") == Some(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described() -> Value {
        json!({
            "family": "orders", "cpu": "256", "memory": "512", "networkMode": "awsvpc", "volumes": [],
            "placementConstraints": [], "tags": [{"key": "team", "value": "orders"}],
            "containerDefinitions": [{
                "name": "app", "image": "orders:v1", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [],
                "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
                "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:one"}],
            }],
        })
    }

    /// The same as a team writes it.
    fn written() -> Value {
        json!({
            "family": "orders", "cpu": "256", "memory": "512", "networkMode": "awsvpc",
            "containerDefinitions": [{
                "name": "app", "image": "orders:v1", "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:one"}],
            }],
        })
    }

    fn changes(change: impl FnOnce(&mut Value)) -> String {
        let mut candidate = written();
        change(&mut candidate);
        between(&described(), &candidate, |_| true).join(", ")
    }

    #[test]
    fn defaults_and_the_order_of_lists_are_no_change() {
        assert_eq!(changes(|_| ()), "");
        assert_eq!(between(&written(), &described(), |_| true), [""; 0]);
    }

    #[test]
    fn what_changes_is_told_by_name_and_sizes_with_their_numbers() {
        type Change = fn(&mut Value);
        let rows: [(&str, Change); 8] = [
            ("cpu 256 to 512, memory 512 to 1024", |it| {
                it["cpu"] = json!("512");
                it["memory"] = json!("1024");
            }),
            (
                "variable A of app changes, variable C of app is new",
                |it| {
                    it["containerDefinitions"][0]["environment"] = json!([
                        {"name": "A", "value": "planted-secret"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"},
                    ]);
                },
            ),
            (
                "variable A of app is gone, variable B of app is gone",
                |it| {
                    it["containerDefinitions"][0]["environment"] = json!(null);
                },
            ),
            ("secret PASSWORD of app changes", |it| {
                it["containerDefinitions"][0]["secrets"][0]["valueFrom"] =
                    json!("arn:aws:ssm:planted-secret");
            }),
            ("portMappings of app", |it| {
                it["containerDefinitions"][0]["portMappings"][0]["containerPort"] = json!(9090);
            }),
            ("container proxy is new", |it| {
                let proxy = json!({"name": "proxy", "image": "proxy:7"});
                it["containerDefinitions"]
                    .as_array_mut()
                    .unwrap()
                    .push(proxy);
            }),
            ("essential of app", |it| {
                it["containerDefinitions"][0]["essential"] = json!(false);
            }),
            ("newerThanThisProgram", |it| {
                it["newerThanThisProgram"] = json!({"planted-secret": true});
            }),
        ];
        for (expected, change) in rows {
            let told = changes(change);
            assert_eq!(told, expected);
            assert!(!told.contains("planted"), "{told}");
        }
    }

    #[test]
    fn whether_an_image_changes_is_known_by_what_runs() {
        let told = between(&described(), &written(), |_| false);
        assert_eq!(told, ["image of app"]);
    }
}
