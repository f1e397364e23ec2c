//! Sizes of tasks on Fargate.

use serde_json::{Value, json};

use super::stage::Stage;

/// What registering a size answers: CPU units and MiB, or the refusal.
fn register(cpu: &str, memory: &str) -> Result<[String; 2], String> {
    let input = json!({
        "family": "app",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu,
        "memory": memory,
        "containerDefinitions": [{"name": "app", "image": "app:v1"}],
    });
    let answer = Stage::new().call("RegisterTaskDefinition", &input);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    answer
        .map(|it| ["cpu", "memory"].map(|size| text(&it["taskDefinition"][size])))
        .map_err(|fault| format!("{}: {}", fault.code, fault.message))
}

#[test]
fn fargate_has_74_sizes() {
    let units = (6..=15).map(|power| 1_u32 << power);
    let sizes = units.flat_map(|cpu| (1..=512).map(move |halves| (cpu, halves * 512)));
    let mut found = [0; 7];
    for (cpu, memory) in sizes {
        if register(&cpu.to_string(), &memory.to_string()).is_ok() {
            found[usize::try_from(cpu.ilog2() - 8).expect("a size of Fargate")] += 1;
        }
    }
    assert_eq!(found, [3, 4, 7, 13, 23, 12, 12]);
}

#[test]
fn a_size_that_fargate_does_not_have_is_refused() {
    for (cpu, memory) in [
        ("1024", "1024"),
        ("512", "512"),
        ("256", "1536"),
        ("4096", "31744"),
        ("8192", "18432"),
        ("16384", "36864"),
        ("32768", "65536"),
        ("300", "1024"),
    ] {
        let expected = format!(
            "ClientException: No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the \
             Amazon ECS documentation for the valid values."
        );
        assert_eq!(register(cpu, memory), Err(expected));
    }
}

#[test]
fn sizes_in_larger_units_become_units_and_mebibytes() {
    for (cpu, memory, kept) in [
        ("1 vCPU", "2 GB", ["1024", "2048"]),
        (".25 vcpu", "0.5GB", ["256", "512"]),
        ("16vCPU", "120 GB", ["16384", "122880"]),
    ] {
        assert_eq!(register(cpu, memory), Ok(kept.map(str::to_owned)));
    }
    let refused = Err("ClientException: Invalid 'cpu' setting for task.".to_owned());
    assert_eq!(register("half a vCPU", "1024"), refused);
}

#[test]
fn a_task_definition_for_container_instances_may_have_any_size() {
    let input = json!({
        "family": "app",
        "cpu": "300",
        "memory": "700",
        "containerDefinitions": [{"name": "app", "image": "app:v1"}],
    });
    assert!(Stage::new().call("RegisterTaskDefinition", &input).is_ok());
}
