//! Sizes of tasks: CPU units and MiB.

use serde_json::{Map, Value, json};

use super::{super::Fault, names::client};

/// A size of Fargate: CPU units, and MiB from, to and in steps of. AWS: developer guide, "Task definition parameters
/// for Fargate", task size.
struct Fargate {
    cpu: u32,
    least: u32,
    most: u32,
    step: u32,
}

const FARGATE: [Fargate; 6] = [
    Fargate::new(512, 1, 4, 1),
    Fargate::new(1024, 2, 8, 1),
    Fargate::new(2048, 4, 16, 1),
    Fargate::new(4096, 8, 30, 1),
    Fargate::new(8192, 16, 60, 4),
    Fargate::new(16384, 32, 120, 8),
];

/// The smallest one has no steps.
const SMALLEST: (u32, [u32; 3]) = (256, [512, 1024, 2048]);

/// Units in a vCPU, and MiB in a GB.
const UNIT: u32 = 1024;

impl Fargate {
    /// From GB.
    const fn new(cpu: u32, least: u32, most: u32, step: u32) -> Self {
        Self {
            cpu,
            least: least * UNIT,
            most: most * UNIT,
            step: step * UNIT,
        }
    }

    fn has(&self, memory: u32) -> bool {
        (self.least..=self.most).contains(&memory) && memory.is_multiple_of(self.step)
    }
}

/// Writes the size of a task as AWS keeps it: `1 vCPU` and `2 GB` become units and MiB. AWS: API reference,
/// `RegisterTaskDefinition`, `cpu` and `memory`.
pub(super) fn normalize(document: &mut Map<String, Value>) -> Result<(), Fault> {
    for (member, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        let Some(given) = document.get(member) else {
            continue;
        };
        let size = given.as_str().and_then(|text| parse(text, unit));
        // AWS: developer guide, "Troubleshoot Amazon ECS task definition invalid CPU or memory errors".
        let size = size.ok_or_else(|| client(format!("Invalid '{member}' setting for task.")))?;
        document.insert(member.to_owned(), json!(size.to_string()));
    }
    Ok(())
}

/// A number, or a decimal number of a larger unit.
fn parse(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let Some(units) = text.strip_suffix(unit) else {
        return text.parse().ok();
    };
    let (whole, part) = units.trim().split_once('.').unwrap_or((units.trim(), ""));
    let digits = u32::try_from(part.len()).ok().filter(|it| *it < 6)?;
    let scaled: u64 = format!("{whole}{part}").parse().ok()?;
    let size = scaled.checked_mul(u64::from(UNIT))? / 10_u64.pow(digits);
    u32::try_from(size).ok()
}

/// Refuses what Fargate has no machine for. The words are those that AWS answers today (for example
/// aws-games/cloud-game-development-toolkit issue 737).
pub(super) fn check_fargate(document: &Map<String, Value>) -> Result<(), Fault> {
    let size = |member: &str| document.get(member)?.as_str()?.parse::<u32>().ok();
    let (cpu, memory) = (
        size("cpu").unwrap_or_default(),
        size("memory").unwrap_or_default(),
    );
    let smallest = SMALLEST.0 == cpu && SMALLEST.1.contains(&memory);
    let exists = FARGATE.iter().any(|it| it.cpu == cpu && it.has(memory));
    if smallest || exists {
        return Ok(());
    }
    Err(client(format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation \
         for the valid values."
    )))
}
